"""The tables that a run publishes, declared once: what identifies a row, what is shown, and which rule of gate 2 guards it.

A table of a single district carries the district's file name: exit_curves-belfast; the city's own is exit_curves-all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import polars as pl

from evalkit.disclosure.protect import protect_counts, protect_curve, protect_estimates
from evalkit.disclosure.published import Published
from evalkit.disclosure.release import publish, read_published
from evalkit.errors import DisclosureError, nearest
from evalkit.params import Run
from evalkit.tables import CITY, slug


@dataclass(frozen=True)
class Declared:
    """A published table: the rule that guards it, its keys and values, the unit, the columns that the rule looks at, and its usual grade.

    Counts and curves are read off the register (H); effects are derived from it by a model (M).
    """

    rule: Literal["counts", "curve", "estimates"]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    unit: str
    n_persons: str | None = None
    total_over: tuple[str, ...] = ()
    is_per_district: bool = False
    grade: str = "H"


_RANGE = ("estimate", "ci_lower", "ci_upper")
_CURVE = ("estimate", "std_error", "ci_lower", "ci_upper", "n_at_risk", "n_events")
_EFFECT = ("district", "intervention_id", "estimand")

DECLARED: Mapping[str, Declared] = MappingProxyType(
    {
        "intake": Declared("estimates", ("table", "rule"), ("n_delivered", "n_accepted", "n_rejected"), "rows"),
        "people": Declared("counts", ("district", "measure"), ("count",), "persons, spells", "n_persons", ("district",)),
        "exits": Declared(
            "counts", ("district", "exit"), ("n_spells", "n_persons", "share"), "spells, persons, shares", "n_persons", ("district", "exit")
        ),
        "time_on_support": Declared(
            "estimates", ("district", "horizon_months"), (*_RANGE, "std_error", "n_spells", "n_persons"), "months", "n_persons"
        ),
        "exit_curves": Declared("curve", ("district", "exit", "month"), _CURVE, "share of spells", is_per_district=True),
        "states": Declared("counts", ("district", "state", "month"), _RANGE, "share of people", "n_persons", ("state",), True),
        "balance": Declared(
            "estimates",
            ("district", "intervention_id", "covariate"),
            ("smd_before", "smd_after", "variance_ratio_before", "variance_ratio_after"),
            "standard deviations, ratios",
            "n_starters",
            grade="M",
        ),
        "effect_sensitivity": Declared(
            "estimates",
            ("district", "intervention_id", "convention"),
            ("difference", "ci_lower", "ci_upper"),
            "months",
            "n_starters",
            grade="M",
        ),
        "effect_checks": Declared(
            "estimates",
            ("district", "intervention_id", "check"),
            ("value", "limit", "verdict"),
            "as named per check",
            "n_starters",
            grade="M",
        ),
        "district_checks": Declared(
            "estimates",
            ("district", "intervention_id", "check"),
            ("value", "limit", "verdict"),
            "as named per check",
            "n_starters",
            is_per_district=True,
            grade="M",
        ),
        "trial_flow": Declared(
            "counts",
            ("district", "intervention_id", "trial_month"),
            ("n_eligible", "n_starters"),
            "persons",
            "n_starters",
            ("trial_month",),
        ),
        "balance_by_period": Declared(
            "estimates",
            ("district", "intervention_id", "from_month", "to_month", "covariate"),
            ("smd_before", "smd_after"),
            "standard deviations",
            "n_starters",
            grade="M",
        ),
        "overlap": Declared(
            "estimates",
            ("district", "intervention_id", "bin"),
            ("propensity_from", "propensity_to", "share_treated", "share_comparison", "share_comparison_weighted"),
            "probability, shares",
            "n_fewest",
            grade="M",
        ),
        "weight_sensitivity": Declared(
            "estimates",
            ("district", "intervention_id", "cut"),
            ("difference", "ci_lower", "ci_upper", "effective_sample_size", "max_weight", "top_1_percent_share", "max_abs_smd"),
            "months, person-trials, shares, standard deviations",
            "n_starters",
            grade="M",
        ),
        "placebo": Declared(
            "estimates",
            ("district", "intervention_id", "test"),
            ("difference", "ci_lower", "ci_upper", "p_value", "p_holm", "verdict"),
            "shares, months, probabilities",
            "n_starters",
            grade="M",
        ),
        "effect_readings": Declared(
            "estimates", (*_EFFECT, "reading"), (*_RANGE, "information"), "shares, months, ratios", "n_starters", grade="M"
        ),
        "effect_status": Declared(
            "estimates",
            _EFFECT,
            (
                "effect_state",
                "reason",
                "n_starters",
                "n_eligible",
                "effective_sample_size",
                "max_weight",
                "n_draws",
                "n_draws_without_starters",
                "pooling",
                "n_districts_pooled",
            ),
            "persons, weights, draws",
            "n_eligible",
            grade="M",
        ),
        "effect_curves": Declared("estimates", (*_EFFECT, "state", "arm", "month"), _RANGE, "share of people", "n_starters", grade="M"),
        "effect_summary": Declared(
            "estimates",
            (*_EFFECT, "outcome"),
            ("treated", "comparison", "difference", "ci_lower", "ci_upper"),
            "months, shares",
            "n_starters",
            grade="M",
        ),
        "group_effects": Declared(
            "estimates",
            (*_EFFECT, "subgroup"),
            (
                *("raw", "raw_lower", "raw_upper", "shrunk", "shrunk_lower", "shrunk_upper"),
                *("p_value", "p_holm", "max_abs_smd", "effect_state", "reason"),
            ),
            "months, probabilities, standard deviations",
            "n_starters",
            grade="M",
        ),
        "targeting_rule": Declared(
            "estimates",
            ("district", "intervention_id", "condition"),
            ("covariate", "side", "threshold"),
            "as the covariate",
            "n_starters",
            grade="M",
        ),
        "targeting_value": Declared(
            "estimates",
            ("district", "intervention_id", "policy"),
            (*_RANGE, "share_of_starters"),
            "months per place, share",
            "n_starters",
            grade="M",
        ),
        "district_ranks": Declared(
            "estimates",
            _EFFECT,
            (
                *("raw", "raw_lower", "raw_upper", "shrunk", "shrunk_lower", "shrunk_upper", "reliability"),
                *("probability_best", "rank", "rank_lower", "rank_upper", "n_districts"),
            ),
            "months, probabilities, ranks",
            "n_starters",
            grade="M",
        ),
        "funnel": Declared(
            "estimates",
            ("district", "intervention_id"),
            (
                *("n_persons", "observed", "expected", "adjusted", "z"),
                *("lower_95", "upper_95", "lower_998", "upper_998", "overdispersion", "verdict"),
            ),
            "persons, shares",
            "n_persons",
            grade="M",
        ),
        "rollout_effects": Declared(
            "estimates",
            ("action_id", "outcome"),
            ("effect", "ci_lower", "ci_upper", "p_value", "trend_before", "p_trend", "verdict", "n_adopted", "n_districts"),
            "logarithm of a monthly rate",
            "n_persons",
            grade="M",
        ),
        "rollout_events": Declared(
            "estimates",
            ("action_id", "outcome", "event_period"),
            ("effect", "n_adopted"),
            "logarithm of a monthly rate",
            "n_persons",
            grade="M",
        ),
        "effect_timing": Declared(
            "estimates",
            (*_EFFECT, "measure"),
            ("treated", "comparison", *_RANGE),
            "months, shares",
            "n_starters",
            grade="M",
        ),
        "effect_moments": Declared(
            "estimates",
            ("district", "intervention_id", "decision", "month"),
            ("difference", "ci_lower", "ci_upper", "moment_state", "reason"),
            "months",
            "n_starters",
            grade="M",
        ),
        "value_summary": Declared(
            "estimates", (*_EFFECT, "perspective"), (*_RANGE, "probability_positive", "currency", "price_year"), "money", "n_starters"
        ),
        "value_by_actor": Declared("estimates", (*_EFFECT, "actor", "posting", "kind"), (*_RANGE, "currency"), "money", "n_starters"),
        "value_displacement": Declared(
            "estimates", (*_EFFECT, "displacement", "perspective"), (*_RANGE, "probability_positive", "currency"), "money", "n_starters"
        ),
        "prices": Declared(
            "estimates",
            ("price",),
            ("value", "low", "high", "unit", "price_year", "currency", "source", "value_grade", "name_en", "name_sv"),
            "as declared per price",
        ),
    }
)


def release(table: pl.DataFrame, name: str, run: Run, *, district: str | None = None, grade: str | None = None) -> Published:
    """Pass a table through its declared rule and publish it in the run's folder.

    Parameters
    ----------
    table : DataFrame
        The declared keys and values, and the column of persons that its rule looks at.
    name : str
        A name of `DECLARED`.
    district : str, optional
        For tables of a single district: which ("all": the city).
    grade : {"H", "M", "L"}, optional
        How sure the numbers are: as sure as the least sure of what they are made from. Default: as declared.

    Raises
    ------
    DisclosureError
        If the name is not declared, or a column is missing.
    """
    declared = _declared(name)
    full_name = f"{name}-{slug(district or CITY)}" if declared.is_per_district else name
    about = {
        "name": full_name,
        "unit": declared.unit,
        "source": run.params.title["en"],
        "grade": grade or declared.grade,
        "min_count": run.params.min_count,
    }
    if declared.rule == "counts":
        published = protect_counts(
            table, keys=declared.keys, counts=declared.values, n_persons=declared.n_persons, total_over=declared.total_over, **about
        )
    elif declared.rule == "curve":
        *by, cause, time = declared.keys
        published = protect_curve(table, by=by, time=time, cause=cause, **about)
    else:
        published = protect_estimates(table, keys=declared.keys, values=declared.values, n_persons=declared.n_persons, **about)
    publish(published, run.run_dir)
    return published


def read_unit(run: Run, district: str = CITY) -> dict[str, Published]:
    """The published tables that a district's page (or, for "all", the city's) may show, by declared name.

    A district's own curves stand under their plain names; city-wide tables hold all districts and the city. Tables not published are left out.
    """
    own = {name: f"{name}-{slug(district)}" if declared.is_per_district else name for name, declared in DECLARED.items()}
    folder = Path(run.run_dir) / "published"
    return {name: read_published(run.run_dir, full_name) for name, full_name in own.items() if (folder / f"{full_name}.json").exists()}


def _declared(name: str) -> Declared:
    if name not in DECLARED:
        raise DisclosureError(
            f"The table {name} is not declared for publication.",
            where=f"release(name={name!r}): {nearest(name, DECLARED)}",
            why="Which rule guards a table is decided where all published tables are declared, not where it is made.",
            fix="declare it in evalkit/disclosure/declared.py with its keys, values and rule.",
        )
    return DECLARED[name]
