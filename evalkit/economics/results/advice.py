"""What is advised for an intervention: expand, keep, try out, stop, or that it cannot be said.

The rule looks at how sure it is that society gains, that the public purse gains, and that society
gains already in the months that were observed; and at what knowing more would be worth beside what
a trial costs. Its thresholds stand in the run file (`AdviceRules`). Who lives in a district is no
part of it, and no district is held against another. What the district itself gains or loses stands
beside the advice and not in it: a district that loses on what society gains is a matter of who
pays.
"""

from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure import Published, read_published
from evalkit.economics.results.uncertainty import evpi
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import load_protocols
from evalkit.line.tables import published, table
from evalkit.params import AdviceRules, Run
from evalkit.tables import CITY, read_table
from evalkit.vocabulary import band_of

Advice = Literal["expand", "keep", "try_out", "stop", "cannot_be_said"]
AdviceReason = Literal[
    "gains_everywhere",
    "gains_less_surely",
    "purse_less_sure",
    "gain_is_projected",
    "loses",
    "loses_less_surely",
    "worth_a_trial",
    "too_unsure",
]
Figures = Literal["own", "pooled", "city_few_starters", "city_no_effect", "none"]
# Why there is no figure, beside the reasons why an effect cannot be said (`reason.` in the words).
NOT_COMPUTED, FEW_STARTERS = "not_computed", "few_starters"
NO_PRICE_BOOK, BESIDE_ANOTHER = "no_price_book", "compared_with_another"

_KEYS = ["district", "intervention_id"]
_MONTHS_PER_YEAR = 12
# What a row of advice takes from the figures it rests on.
_FIGURES = (
    *("probability_society", "probability_purse", "probability_observed", "probability_district"),
    *("district_result", "district_lower", "district_upper", "worth_of_knowing"),
    *("horizon_months", "followed_months", "currency", "n_starters"),
)


class GainProbabilities(NamedTuple):
    """How sure it is that society gains up to the horizon, the public purse does, and society does
    in the observed months only. Between 0 and 1.
    """

    society: float
    purse: float
    observed: float


def advice_from(
    gains: GainProbabilities, worth_of_knowing: float | None, rules: AdviceRules
) -> tuple[Advice, AdviceReason]:
    """The advice, and what decides it.

    Expand where all three probabilities reach their thresholds; keep where society probably gains;
    stop where it is sure enough that society loses. Between those, try out where knowing more is
    worth more than a trial costs; otherwise stop where society probably loses, and where it is
    unclear nothing can be said.

    Parameters
    ----------
    gains : GainProbabilities
        The probabilities.
    worth_of_knowing : float or None
        What it is worth to know the value of a start, for all starts up to the horizon; None where
        it is not known, and then no trial is advised. Money.
    rules : AdviceRules
        The thresholds.
    """
    band = band_of(gains.society)
    if band in ("yes", "probably"):
        reason = _short_of_expanding(gains, rules)
        return ("keep", reason) if reason else ("expand", "gains_everywhere")
    if gains.society <= rules.stop_up_to:
        return "stop", "loses"
    if worth_of_knowing is not None and worth_of_knowing > rules.trial_cost:
        return "try_out", "worth_a_trial"
    if band == "unclear":
        return "cannot_be_said", "too_unsure"
    return "stop", "loses_less_surely"


def _short_of_expanding(gains: GainProbabilities, rules: AdviceRules) -> AdviceReason | None:
    if gains.society < rules.expand_from:
        return "gains_less_surely"
    if gains.purse < rules.expand_purse_from:
        return "purse_less_sure"
    return "gain_is_projected" if gains.observed < rules.expand_observed_from else None


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
    primary = {
        protocol.intervention_id: protocol.primary_estimand for protocol in load_protocols(run)
    }
    is_priced = run.params.value.price_book is not None
    status, parts = (
        read_published(run.run_dir, name).data if is_there else published(name).empty()
        for name, is_there in (
            ("effect_status", bool(primary)),
            ("value_parts", bool(primary) and is_priced),
        )
    )
    totals = (
        read_table(run.run_dir, "value_totals")
        if primary and is_priced
        else table("value_totals").empty()
    )
    estimand = pl.col("intervention_id").replace_strict(
        primary, default=None, return_dtype=pl.String
    )
    return advice_table(
        offers.data,
        status.filter(pl.col("estimand") == estimand),
        parts,
        totals=totals,
        rules=run.params.value.advice,
        is_priced=is_priced,
    )


def advice_table(
    offers: pl.DataFrame,
    status: pl.DataFrame,
    parts: pl.DataFrame,
    *,
    totals: pl.DataFrame,
    rules: AdviceRules,
    is_priced: bool,
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
    totals : DataFrame
        The table value_totals.
    rules : AdviceRules
        The thresholds.
    is_priced : bool
        Whether the run names a price book.

    Returns
    -------
    DataFrame
        The table advice and n_starters, the persons behind a row's figures: empty in rows without
        figures, which hold words alone. `worth_of_knowing` (money) is what it would be worth to
        know for certain, before choosing between the intervention and nothing, what a start is
        worth: per start, times a year's starts, times the years of the horizon.
    """
    known = (
        offers.select(*_KEYS, "n_starts")
        .join(_status(status), on=_KEYS, how="left")
        .join(_gains(parts), on=_KEYS, how="left")
        .join(_worth_per_start(totals), on=_KEYS, how="left")
        .with_columns(
            worth_of_knowing=pl.col("worth_per_start")
            * pl.col("n_starts")
            * pl.col("horizon_months")
            / _MONTHS_PER_YEAR
        )
    )
    by_key = {(row["district"], row["intervention_id"]): row for row in known.iter_rows(named=True)}
    rows = [
        {"district": district, "intervention_id": intervention}
        | _advice_row(row, by_key[CITY, intervention], rules, is_priced=is_priced)
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


def _gains(parts: pl.DataFrame) -> pl.DataFrame:
    """The figures of each intervention that is compared with not starting it."""

    def of(column: str, perspective: str, part: str = "total") -> pl.Expr:
        return pl.col(column).filter(perspective=perspective, part=part).first()

    return (
        parts.filter(pl.col("estimand") != ESTIMANDS["other"])
        .group_by(_KEYS)
        .agg(
            probability_society=of("probability_positive", "society"),
            probability_purse=of("probability_positive", "public_purse"),
            probability_observed=of("probability_positive", "society", "observed"),
            probability_district=of("probability_positive", "district"),
            district_result=of("estimate", "district"),
            district_lower=of("ci_lower", "district"),
            district_upper=of("ci_upper", "district"),
            horizon_months=of("horizon_months", "society"),
            followed_months=of("followed_months", "society"),
            currency=of("currency", "society"),
        )
        .drop_nulls(["probability_society", "probability_purse", "probability_observed"])
    )


def _worth_per_start(totals: pl.DataFrame) -> pl.DataFrame:
    """What it is worth to know an intervention's value before choosing between it and nothing."""
    rows = []
    for keys, draws in totals.filter(pl.col("draw") > 0).group_by(_KEYS):
        value = draws["net_benefit"].to_numpy()
        rows.append((*keys, evpi(np.column_stack([np.zeros_like(value), value]))))
    schema = {"district": pl.String, "intervention_id": pl.String, "worth_per_start": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _advice_row(
    row: dict[str, Any], city: dict[str, Any], rules: AdviceRules, *, is_priced: bool
) -> dict[str, Any]:
    figures = _figures_of(row, city, rules)
    if figures == "none":
        return {
            "advice": "cannot_be_said",
            "advice_reason": _why_no_figures(city, is_priced=is_priced),
            "figures": figures,
        }
    basis = row if figures in ("own", "pooled") else city
    gains = GainProbabilities(
        *(basis[f"probability_{name}"] for name in ("society", "purse", "observed"))
    )
    advice, reason = advice_from(gains, basis["worth_of_knowing"], rules)
    told = {"advice": advice, "advice_reason": reason, "figures": figures}
    return told | {name: basis[name] for name in _FIGURES}


def _figures_of(row: dict[str, Any], city: dict[str, Any], rules: AdviceRules) -> Figures:
    has_figures, n_starters = row["probability_society"] is not None, row["n_starters"] or 0
    if has_figures and (row["district"] == CITY or n_starters >= rules.min_starters):
        return "pooled" if row["pooling"] == "pooled" else "own"
    if city["probability_society"] is None:
        return "none"
    return "city_few_starters" if n_starters < rules.min_starters else "city_no_effect"


def _why_no_figures(city: dict[str, Any], *, is_priced: bool) -> str:
    """Of all districts together, whose figures would have stood in."""
    if not city["has_status"]:
        return NOT_COMPUTED
    if city["effect_state"] != "estimated":
        return city["effect_reason"] or FEW_STARTERS
    if city["estimand"] == ESTIMANDS["other"]:
        return BESIDE_ANOTHER
    return FEW_STARTERS if is_priced else NO_PRICE_BOOK
