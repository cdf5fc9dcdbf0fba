"""The advice for every intervention of the register in every district, from what a run has
published of effects and value.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from evalkit.disclosure import Published, read_published
from evalkit.disclosure.rounding import share_of_error, step_above, to_step
from evalkit.economics.results.advice import (
    BESIDE_ANOTHER,
    FEW_STARTERS,
    LIVELIHOOD_UNKNOWN,
    NO_PRICE_BOOK,
    NOT_ASKED,
    Figures,
    GainProbabilities,
    advice_from,
    readings_of,
)
from evalkit.economics.results.own_figures import effect_sizes, starters_needed
from evalkit.economics.results.trial import TrialPrior, best_trial, prior_of_draws
from evalkit.economics.results.two_readings import readings_of_totals
from evalkit.economics.results.uncertainty import evpi
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import load_protocols, without_livelihood
from evalkit.line.tables import published, table
from evalkit.params import Run
from evalkit.run_rules import AdviceRules
from evalkit.tables import CITY, read_table

_KEYS = ["district", "intervention_id"]
_MONTHS_PER_YEAR = 12
# What a row of advice takes from the figures it rests on.
_FIGURES = (
    *("probability_society", "probability_purse", "probability_observed", "probability_district"),
    *("district_result", "district_lower", "district_upper", "worth_of_knowing"),
    *("horizon_months", "followed_months", "currency", "n_starters"),
)
# Between expanding, keeping and stopping: where a trial was thought of.
_UNDECIDED = ("worth_a_trial", "too_unsure", "readings_differ", "loses_less_surely")
_TRIAL = ("trial_persons", "trial_months", "trial_worth")


def advice_of_run(run: Run, offers: Published) -> pl.DataFrame:
    """The advice of a run, from what it has published: `advice_table` with the run's rules.

    Without protocols there is no effect, and without a price book no value; nothing is read of what
    the run does not have.

    Parameters
    ----------
    run : Run
        The run.
    offers : Published
        The table offers.
    """
    protocols = load_protocols(run)
    is_priced = run.params.value.price_book is not None
    status, summary, readings, parts = (
        read_published(run.run_dir, name).data if is_there else published(name).empty()
        for name, is_there in (
            *((name, bool(protocols)) for name in ("effect_status", "effect_summary")),
            ("effect_readings", bool(protocols)),
            ("value_parts", bool(protocols) and is_priced),
        )
    )
    totals, second = (
        read_table(run.run_dir, name) if protocols and is_priced else table(name).empty()
        for name in ("value_totals", "second_totals")
    )
    return advice_table(
        offers.data,
        _of_primary(status, protocols),
        parts,
        totals=totals,
        second=second,
        sizes=effect_sizes(
            _of_primary(summary, protocols),
            _of_primary(readings, protocols),
            protocols,
        ),
        rules=run.params.value.advice,
        is_priced=is_priced,
        unseen=without_livelihood(protocols),
    )


def _of_primary(effects: pl.DataFrame, protocols: Sequence[Protocol]) -> pl.DataFrame:
    """The rows of each intervention's primary comparison."""
    primary = {protocol.intervention_id: protocol.primary_estimand for protocol in protocols}
    estimand = pl.col("intervention_id").replace_strict(
        primary, default=None, return_dtype=pl.String
    )
    return effects.filter(pl.col("estimand") == estimand)


def advice_table(
    offers: pl.DataFrame,
    status: pl.DataFrame,
    parts: pl.DataFrame,
    *,
    totals: pl.DataFrame,
    second: pl.DataFrame,
    sizes: pl.DataFrame,
    rules: AdviceRules,
    is_priced: bool,
    unseen: Collection[str] = (),
) -> pl.DataFrame:
    """The advice for every intervention of the register in every district.

    A district's own figures hold from `min_starters` starters on; below that, and where it has
    none, those of all districts together do, and their advice with them. Figures that were
    withheld are none.

    Parameters
    ----------
    offers : DataFrame
        district, intervention_id, n_starts (a year): the rows of the result.
    status : DataFrame
        The published table effect_status, of each intervention's primary comparison.
    parts : DataFrame
        The published table value_parts.
    totals, second : DataFrame
        The tables value_totals and second_totals.
    sizes : DataFrame
        intervention_id, size, detectable (`effect_sizes`).
    rules : AdviceRules
        The thresholds.
    is_priced : bool
        Whether the run names a price book.
    unseen : collection of str
        Interventions of whose people it is not known what they live on. Nothing is advised of them,
        since society's value cannot be said; the district's own result stands, whose figures it is
        as in other rows.

    Returns
    -------
    DataFrame
        The table advice and n_starters, the persons behind a row's figures: empty in rows without
        figures, which hold words alone; words follow the numbers that are shown.
        Both readings of an effect count alike in what knowing is worth, since which of them holds
        is not known: `worth_of_knowing` (money) is what it would be worth to know for certain,
        before choosing between the intervention and nothing, what a start is worth: per start,
        times a year's starts, times the years of the horizon. Where neither
        expanding, keeping nor stopping is clear, `trial_worth` (money) is that of the best trial
        with today's starts (`best_trial`), 0 where none is worth anything, and `trial_persons` and
        `trial_months` are its size and length. `own_starters_needed` is how many starters a
        district needs for a figure of its own to find an effect as large as that of all districts
        together, with a power of 80 per cent, at least `min_starters`; empty where that effect may
        be none.
    """
    draws = readings_of_totals(totals, second)
    known = (
        offers.select(*_KEYS, "n_starts")
        .join(_status(status), on=_KEYS, how="left")
        .join(_gains(parts, unseen), on=_KEYS, how="left")
        .join(_worth_per_start(draws), on=_KEYS, how="left")
        .join(sizes, on="intervention_id", how="left")
    )
    by_key = {
        (row["district"], row["intervention_id"]): row | _worth_of_knowing(row)
        for row in known.iter_rows(named=True)
    }
    priors = _trial_priors(draws, by_key)
    by_key = {key: row | _trial(row, priors.get(key)) for key, row in by_key.items()}
    rows = [
        {"district": district, "intervention_id": intervention}
        | _advice_row(
            row,
            by_key[CITY, intervention],
            rules,
            is_priced=is_priced,
            is_unseen=intervention in unseen,
        )
        for (district, intervention), row in by_key.items()
    ]
    return pl.DataFrame(rows, schema=published("advice").schema).sort(_KEYS)


def _status(status: pl.DataFrame) -> pl.DataFrame:
    return status.select(
        *_KEYS,
        "estimand",
        "effect_state",
        "n_starters",
        "pooling",
        effect_reason="reason",
        has_status=pl.lit(True),
    )


def _gains(parts: pl.DataFrame, unseen: Collection[str]) -> pl.DataFrame:
    """The figures of each intervention that is compared with not starting it: society's, the
    purse's and the district's; of those that are unseen, the district's.
    """

    def of(column: str, perspective: str, part: str = "total") -> pl.Expr:
        return pl.col(column).filter(perspective=perspective, part=part).first()

    is_unseen = pl.col("intervention_id").is_in(list(unseen))
    has_all = pl.all_horizontal(
        pl.col(f"probability_{name}").is_not_null() for name in ("society", "purse", "observed")
    )
    return (
        parts.filter(pl.col("estimand") != ESTIMANDS["other"])
        .group_by(_KEYS)
        .agg(
            probability_society=of("probability_positive", "society"),
            probability_purse=of("probability_positive", "public_purse"),
            probability_observed=of("probability_positive", "society", "observed"),
            probability_district=of("probability_positive", "district"),
            plain=of("probability_plain", "society"),
            second=of("probability_second", "society"),
            district_result=of("estimate", "district"),
            district_lower=of("ci_lower", "district"),
            district_upper=of("ci_upper", "district"),
            horizon_months=of("horizon_months", "district"),
            followed_months=of("followed_months", "district"),
            currency=of("currency", "district"),
        )
        .filter(
            pl.when(is_unseen).then(pl.col("probability_district").is_not_null()).otherwise(has_all)
        )
        .with_columns(has_figures=pl.lit(True))
    )


def _worth_per_start(draws: pl.DataFrame) -> pl.DataFrame:
    """What it is worth to know an intervention's value before choosing between it and nothing; the
    error of that value, the larger one of its readings; and how much of a change in it what knowing
    is worth follows.
    """
    rows = []
    for keys, of_effect in draws.group_by(_KEYS):
        value = of_effect["net_benefit"].to_numpy()
        of_readings = of_effect.partition_by("reading")
        errors = [draws["net_benefit"].to_numpy().std() for draws in of_readings]
        gains = (value > 0).mean()
        worth = evpi(np.column_stack([np.zeros_like(value), value]))
        error = max(value.std(), *errors)
        rows.append((*keys, worth, float(error), min(gains, 1 - gains)))
    columns = ("worth_per_start", "value_error", "followed_by_worth")
    schema = dict.fromkeys(_KEYS, pl.String) | dict.fromkeys(columns, pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _worth_of_knowing(row: dict[str, Any]) -> dict[str, float | None]:
    """Of all starts up to the horizon, in a step that is not below what one person does to it, and
    what one does to the value of a start. Empty where few start.
    """
    known = [row[name] for name in ("worth_per_start", "n_starts", "n_starters", "horizon_months")]
    if None in known or not row["n_starts"]:
        return {"worth_of_knowing": None, "one_person": None}
    worth, n_starts, n_starters, months = known
    n_decided = n_starts * months / _MONTHS_PER_YEAR
    one_person = float(share_of_error(np.array(float(n_starters)))) * row["value_error"]
    step = step_above(one_person * row["followed_by_worth"] * n_decided)
    return {"worth_of_knowing": float(to_step(worth * n_decided, step)), "one_person": one_person}


def _trial_priors(
    draws: pl.DataFrame, by_key: Mapping[tuple[str, str], dict[str, Any]]
) -> dict[tuple[str, str], TrialPrior | None]:
    """What is known of a start's value in each district before a trial. How much people differ is
    seen in the plain reading.
    """
    by_effect = {
        (key[0], key[1]): of_effect.sort("reading", "draw")
        for key, of_effect in draws.group_by(_KEYS)
    }
    priors = {}
    for (district, intervention), of_effect in by_effect.items():
        city, status = by_effect.get((CITY, intervention)), by_key.get((CITY, intervention), {})
        if city is not None and status.get("n_starters"):
            priors[district, intervention] = prior_of_draws(
                of_effect["net_benefit"].to_numpy(),
                of_effect["work_months"].to_numpy(),
                city_work_months=city.filter(reading="plain")["work_months"].to_numpy(),
                n_starters=status["n_starters"],
            )
    return priors


def _trial(row: dict[str, Any], prior: TrialPrior | None) -> dict[str, Any]:
    """The trial that is worth most; without persons and months where none is worth anything."""
    known = [row[name] for name in ("one_person", "followed_months", "horizon_months")]
    if prior is None or None in known:
        return dict.fromkeys(_TRIAL)
    best, *others = (
        best_trial(
            prior._replace(mean=prior.mean + moved),
            starts_per_year=row["n_starts"],
            followed_months=row["followed_months"],
            horizon_months=row["horizon_months"],
        )
        for moved in (0.0, -row["one_person"], row["one_person"])
    )
    worths = [trial.worth if trial else 0.0 for trial in (best, *others)]
    worth = float(to_step(worths[0], step_above(max(abs(one - worths[0]) for one in worths[1:]))))
    if best is None or not worth:
        return {"trial_persons": None, "trial_months": None, "trial_worth": 0.0}
    return {"trial_persons": best.n_persons, "trial_months": best.n_months, "trial_worth": worth}


def _own_starters_needed(
    row: dict[str, Any], city: dict[str, Any], rules: AdviceRules
) -> int | None:
    if row["district"] == CITY or row["size"] is None or not city["n_starters"]:
        return None
    needed = starters_needed(city["n_starters"], row["size"], row["detectable"])
    return max(rules.min_starters, needed)


def _advice_row(
    row: dict[str, Any],
    city: dict[str, Any],
    rules: AdviceRules,
    *,
    is_priced: bool,
    is_unseen: bool,
) -> dict[str, Any]:
    figures = _figures_of(row, city, rules)
    if figures == "none":
        return {
            "advice": "cannot_be_said",
            "advice_reason": _why_no_figures(city, is_priced=is_priced, is_unseen=is_unseen),
            "figures": figures,
        }
    basis = row if figures in ("own", "pooled") else city
    if is_unseen:
        return {
            "advice": "cannot_be_said",
            "advice_reason": LIVELIHOOD_UNKNOWN,
            "figures": figures,
            "own_starters_needed": _own_starters_needed(row, city, rules),
            **{name: basis[name] for name in _FIGURES},
        }
    gains = GainProbabilities(
        *(basis[f"probability_{name}"] for name in ("society", "purse", "observed")),
        readings_of(basis["plain"], basis["second"]),
    )
    advice, reason = advice_from(gains, basis["trial_worth"], rules)
    trial = _TRIAL if reason in _UNDECIDED else ()
    return {
        "advice": advice,
        "advice_reason": reason,
        "figures": figures,
        "own_starters_needed": _own_starters_needed(row, city, rules),
        **{name: basis[name] for name in (*_FIGURES, *trial)},
    }


def _figures_of(row: dict[str, Any], city: dict[str, Any], rules: AdviceRules) -> Figures:
    has_figures, n_starters = bool(row["has_figures"]), row["n_starters"] or 0
    if has_figures and (row["district"] == CITY or n_starters >= rules.min_starters):
        return "pooled" if row["pooling"] == "pooled" else "own"
    if not city["has_figures"]:
        return "none"
    return "city_few_starters" if n_starters < rules.min_starters else "city_no_effect"


def _why_no_figures(city: dict[str, Any], *, is_priced: bool, is_unseen: bool) -> str:
    """Of all districts together, whose figures would have stood in."""
    if not city["has_status"]:
        return NOT_ASKED
    if city["effect_state"] != "estimated":
        return city["effect_reason"] or FEW_STARTERS
    if city["estimand"] == ESTIMANDS["other"]:
        return BESIDE_ANOTHER
    if is_priced and is_unseen:
        return LIVELIHOOD_UNKNOWN
    return FEW_STARTERS if is_priced else NO_PRICE_BOOK
