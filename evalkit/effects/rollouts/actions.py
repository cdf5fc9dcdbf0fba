"""The roll-outs of a run: every action that districts adopted at different times."""

from dataclasses import dataclass
from datetime import date
from typing import get_args

import polars as pl

from evalkit.effects.rollouts.effect import Adoption, Outcome, change_by_one, rollout_effect
from evalkit.effects.rollouts.panel import rollout_panel
from evalkit.line.tables import published
from evalkit.months import month_number
from evalkit.params import Extract
from evalkit.results import Tables

_CHANGES = {"effect": "change", "ci_lower": "change_lower", "ci_upper": "change_upper"}


@dataclass(frozen=True, repr=False, eq=False)
class RollOuts(Tables):
    """rollout_effects: one row per roll-out and outcome. rollout_events: one row per roll-out,
    outcome and period since adoption.
    """

    rollout_effects: pl.DataFrame
    rollout_events: pl.DataFrame


def roll_outs(
    action: pl.DataFrame,
    *,
    support_spells: pl.DataFrame,
    state_intervals: pl.DataFrame,
    extract: Extract,
    seed: int,
    period_months: int = 6,
    n_permutations: int = 499,
) -> RollOuts:
    """The effect of every action that districts adopted at different times, on exits to work and on
    entries (see `rollout_effect`).

    change, change_lower, change_upper: the effect as a relative change of the monthly rate.

    Only ways of working are looked at: what a district does for some people (kind general or local)
    changes no rate of all. An action that every district adopts at once, or only in the extract's
    first periods, has nothing to be compared with and is left out. A district that adopts another
    way of working is left out from then on.

    Parameters
    ----------
    action : DataFrame
        The table of the same name: district, action_id, start; kind where there are other actions
        than ways of working.
    """
    panel = rollout_panel(
        support_spells,
        state_intervals,
        first_month=extract.first_month,
        n_months=extract.n_months,
        period_months=period_months,
    )
    adopted = _adoptions(
        action, panel, first_month=extract.first_month, period_months=period_months
    )
    effects, events = published("rollout_effects").empty(), published("rollout_events").empty()
    n_persons = pl.lit(support_spells["person_id"].n_unique()).alias("n_persons")
    changes = [(pl.col(name).exp() - 1).alias(change) for name, change in _CHANGES.items()]
    for action_id, periods in sorted(adopted.items()):
        adoption = Adoption(periods, _other_changes(adopted, action_id))
        about = [pl.lit(action_id).alias("action_id"), n_persons]
        for outcome in get_args(Outcome):
            estimated = rollout_effect(
                panel, adoption, outcome=outcome, n_permutations=n_permutations, seed=seed
            )
            effects = _with_rows(effects, estimated.summary.with_columns(*about, *changes))
            change = pl.lit(change_by_one(panel, outcome)).alias("person_change")
            events = _with_rows(events, estimated.by_event_time.with_columns(*about, change))
    return RollOuts(effects, events)


def _with_rows(table: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The table with further rows below it, as far as their columns are its own."""
    return pl.concat([table, rows.select(table.columns).cast(dict(table.schema))])


def _other_changes(adopted: dict[str, dict[str, int]], action_id: str) -> dict[str, int]:
    """The period in which each district first adopted any other action."""
    first: dict[str, int] = {}
    for other, periods in adopted.items():
        for district, period in periods.items() if other != action_id else ():
            first[district] = min(period, first.get(district, period))
    return first


def _adoptions(
    action: pl.DataFrame, panel: pl.DataFrame, *, first_month: date, period_months: int
) -> dict[str, dict[str, int]]:
    """Periods of adoption by action and district, of the actions that leave somebody to compare
    with.
    """
    districts, last = set(panel["district"]), int(panel["period"].to_numpy().max(initial=0))
    adopted: dict[str, dict[str, int]] = {}
    is_way = pl.col("kind").fill_null("way_of_working") == "way_of_working"
    ways = action.filter(is_way) if "kind" in action.columns else action
    starts = ways.select("district", "action_id", "start").drop_nulls()
    for district, action_id, start in starts.iter_rows():
        if district in districts:
            period = (month_number(start) - month_number(first_month)) // period_months
            periods = adopted.setdefault(action_id, {})
            periods[district] = min(period, periods.get(district, period))
    # The first period of the panel has no period before it to start from.
    return {
        action_id: periods
        for action_id, periods in adopted.items()
        if any(
            1 < period <= last and any(periods.get(other, last + 1) > period for other in districts)
            for period in periods.values()
        )
    }
