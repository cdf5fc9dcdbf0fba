"""Every change of a way of working that districts adopted at different times, by the estimator of
one roll-out (`evalkit.effects.rollouts.effect`).
"""

from datetime import date
from typing import NamedTuple

import polars as pl

from evalkit.effects.rollouts.effect import Adoption, rollout_effect
from evalkit.effects.rollouts.panel import rollout_panel
from evalkit.line.tables import published
from evalkit.months import month_number
from evalkit.params import Extract


class RollOuts(NamedTuple):
    """rollout_effects (a row a roll-out and outcome) and rollout_events (by period since
    adoption).
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
    """Every action that districts adopted at different times, on exits to work and on entries (see
    `rollout_effect`).

    change, change_lower, change_upper say the effect as a reader meets it: by what share of itself
    the monthly rate changes.

    An action that every district adopts at once, or only in the extract's first periods, has
    nothing to be compared with and is left out. A district that adopts another action is no longer
    looked at from then on.

    Parameters
    ----------
    action : DataFrame
        The table of the same name: district, action_id, start.
    """
    first_month = extract.first_month
    n_months = month_number(extract.data_through) - month_number(first_month) + 1
    panel = rollout_panel(
        support_spells,
        state_intervals,
        first_month=first_month,
        n_months=n_months,
        period_months=period_months,
    )
    dates = _adoptions(action, panel, first_month=first_month, period_months=period_months)
    summaries, events = (
        [published("rollout_effects").empty()],
        [published("rollout_events").empty()],
    )
    n_persons = support_spells["person_id"].n_unique()
    for name, adopted in sorted(dates.items()):
        others = [
            (district, when)
            for other, table in dates.items()
            if other != name
            for district, when in table.items()
        ]
        until = {
            district: min(when for other, when in others if other == district)
            for district, _ in others
        }
        for outcome in ("exit", "entry"):
            found = rollout_effect(
                panel,
                Adoption(adopted, until),
                outcome=outcome,
                n_permutations=n_permutations,
                seed=seed,
            )
            columns = [
                pl.lit(name).alias("action_id"),
                pl.lit(n_persons, dtype=pl.Int32).alias("n_persons"),
            ]
            change = [
                (pl.col(name).exp() - 1).alias(new)
                for name, new in (
                    ("effect", "change"),
                    ("ci_lower", "change_lower"),
                    ("ci_upper", "change_upper"),
                )
            ]
            summaries.append(
                found.summary.with_columns(columns + change).select(
                    list(published("rollout_effects").schema)
                )
            )
            events.append(
                found.by_event_time.with_columns(columns).select(
                    list(published("rollout_events").schema)
                )
            )
    return RollOuts(
        pl.concat(summaries, how="vertical_relaxed"), pl.concat(events, how="vertical_relaxed")
    )


def _adoptions(
    action: pl.DataFrame, panel: pl.DataFrame, *, first_month: date, period_months: int
) -> dict[str, dict[str, int]]:
    """Periods of adoption by action and district, of the actions that leave somebody to compare
    with.
    """
    known, last = set(panel["district"].unique()), int(panel["period"].max())
    found: dict[str, dict[str, int]] = {}
    for district, name, start in (
        action.select("district", "action_id", "start").drop_nulls().iter_rows()
    ):
        if district in known:
            period = (month_number(start) - month_number(first_month)) // period_months
            found.setdefault(name, {})[district] = min(
                period, found.get(name, {}).get(district, period)
            )
    # The first period of the panel has no period before it to start from.
    return {
        name: table
        for name, table in found.items()
        if any(
            1 < when <= last and any(table.get(other, last + 1) > when for other in known)
            for when in table.values()
        )
    }
