"""A city's allocation with everything that is shown of it: now, best, pooled, with more money, and
what the places are worth.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from evalkit.allocation.constraints import KEYS, Limits
from evalkit.allocation.marginal_return import marginal_returns
from evalkit.allocation.moves import READINGS, added_value, moves
from evalkit.allocation.offers import budgets_now
from evalkit.allocation.pictures import plot
from evalkit.allocation.portfolio import Portfolio, allocate
from evalkit.allocation.shared_places import joint_measures, place_exchange
from evalkit.allocation.shown import rounded_for_publication
from evalkit.images import Sketch
from evalkit.line.tables import published
from evalkit.results import Tables
from evalkit.run_rules import AllocationRules


@dataclass(frozen=True, repr=False, eq=False)
class CityAllocation(Tables):
    """Tables by district and intervention: `offers` (now and best, with the worth of another
    place), `moves` (from now to the best on own places), `exchange` (places lent and borrowed when
    they are shared); `joint` by intervention; `returns` by further money; `plans` compares now, own
    places, shared places, and says in how many months starts were counted (in the intervention with
    the fewest)."""

    offers: pl.DataFrame
    moves: pl.DataFrame
    exchange: pl.DataFrame
    joint: pl.DataFrame
    returns: pl.DataFrame
    plans: pl.DataFrame

    def plot(self, **labels: Any) -> Sketch:
        """Starts now and in the best allocation."""
        return plot(self.moves, **labels)

    def for_publication(
        self, status: pl.DataFrame, start_costs: pl.DataFrame, values: pl.DataFrame
    ) -> dict[str, pl.DataFrame]:
        """The tables by their published names, with the number of starters that a row rests on and
        the currency; what gate 2 cannot round by itself is rounded (`evalkit.allocation.shown`).

        Parameters
        ----------
        status : DataFrame
            The table effect_status.
        start_costs : DataFrame
            intervention_id, cost, currency.
        values : DataFrame
            As in `allocate_city`.
        """
        keys = ["district", "intervention_id"]
        starters = (
            status.filter(pl.col("source") == "raw").group_by(keys).agg(pl.col("n_starters").max())
        )
        currency = pl.lit(
            start_costs["currency"].first() if start_costs.height else None, dtype=pl.String
        ).alias("currency")
        tables = replace(self, exchange=self.exchange.join(starters, on=keys, how="left"))
        return {
            f"allocation_{name}": table.with_columns(currency)
            for name, table in rounded_for_publication(tables.tables, values).items()
        }


def allocate_city(
    offers: pl.DataFrame,
    values: pl.DataFrame,
    rules: AllocationRules,
    *,
    n_independent: int | None = None,
) -> CityAllocation:
    """What a year's money would best be spent on, with each district on its own and with shared
    places.

    Parameters
    ----------
    offers : DataFrame
        `offers_from`, or split by `by_target_group`: with n_now and n_starters.
    values : DataFrame
        district, intervention_id, draw, value (money per start), target_group where offers are
        split, and second, the same by the second reading of effects, where ranges are to hold it.
    rules : AllocationRules
        The run's. Without budgets each district has what it spends now. The search takes as many
        draws as they say; ranges take all.
    n_independent : int, optional
        How many of the draws are draws of their own, where they were recycled.

    Returns
    -------
    CityAllocation
        Empty tables where nothing can be offered by calculation.
    """
    if offers.is_empty():
        return _nothing_allocated()
    shared_keys = [key for key in KEYS if key in values.columns]
    readings = [name for name in READINGS if name in values.columns]
    every_draw = values.join(offers.select(KEYS).unique(), on=shared_keys).select(
        *KEYS, "draw", *readings
    )
    worth = _thinned(every_draw, rules.n_draws).select(*KEYS, "draw", "value")
    limits = _limits(offers, rules)
    pooled = replace(limits, is_pooled=True)
    alone, together = allocate(offers, worth, limits), allocate(offers, worth, pooled)
    prices = offers.group_by("intervention_id").agg(pl.col("cost").mean().alias("price_per_start"))
    best = alone.starts.join(together.starts.select(*KEYS, n_shared="n_starts"), on=KEYS).join(
        alone.places.select("district", "intervention_id", "shadow_price"), on=KEYS[:2]
    )
    budget_price = alone.budgets.select("district", krona_price="shadow_price")
    offered = offers.join(best.select(*KEYS, "n_starts", "n_shared", "shadow_price"), on=KEYS).join(
        budget_price, on="district"
    )
    ranged = {"values": every_draw, "n_independent": n_independent}
    return CityAllocation(
        offered,
        moves(offered, **ranged),
        place_exchange(together, prices),
        joint_measures(alone, together),
        marginal_returns(
            offers,
            worth,
            pooled,
            rules.further_money,
            every_draw=every_draw,
            n_independent=n_independent,
        ),
        _plans(offers, {"own_places": alone, "shared_places": together}, **ranged),
    )


def _plans(
    offers: pl.DataFrame,
    plans: Mapping[str, Portfolio],
    *,
    values: pl.DataFrame,
    n_independent: int | None,
) -> pl.DataFrame:
    """The table allocation_plans without its currency: what is done now, and what each plan adds to
    it.
    """
    point = offers.join(values.filter(pl.col("draw") == 0), on=KEYS)
    rows = [
        {
            "plan": "now",
            "value": (point["n_now"] * point["value"]).sum(),
            "n_starts": offers["n_now"].sum(),
            "cost": (offers["n_now"] * offers["cost"]).sum(),
        }
    ]
    for name, plan in plans.items():
        moved = offers.join(plan.starts.select(*KEYS, "n_starts"), on=KEYS).select(
            *KEYS, n_moved=pl.col("n_starts") - pl.col("n_now")
        )
        added = added_value(moved, values, n_independent=n_independent)
        rows.append(
            {
                "plan": name,
                "value": plan.value,
                "downside": plan.downside,
                "n_starts": plan.starts["n_starts"].sum(),
                "cost": plan.starts["cost"].sum(),
                "gap": plan.gap,
                **added.row(0, named=True),
            }
        )
    schema = published("allocation_plans").empty().drop("currency", "n_starters").schema
    n_months = pl.lit(offers["n_months_counted"].min(), dtype=pl.Int32)
    return pl.DataFrame(rows, schema=schema).with_columns(n_months_counted=n_months)


def _nothing_allocated() -> CityAllocation:
    tables = {name: published(f"allocation_{name}").empty() for name in CityAllocation.names()}
    # The persons behind an exchange are added with its publication.
    return CityAllocation(**tables | {"exchange": tables["exchange"].drop("n_starters")})


def _limits(offers: pl.DataFrame, rules: AllocationRules) -> Limits:
    return Limits(
        budgets={**budgets_now(offers), **rules.budgets},
        smallest_group=rules.smallest_group,
        equality_floor=rules.equality_floor,
        group_floors=rules.group_floors,
        downside_weight=rules.downside_weight,
        downside_level=rules.downside_level,
    )


def _thinned(values: pl.DataFrame, n_draws: int) -> pl.DataFrame:
    """The point estimate and evenly spaced draws."""
    draws = np.sort(values["draw"].unique().to_numpy())
    replicates = draws[draws > 0]
    kept = (
        replicates[
            np.linspace(0, len(replicates) - 1, min(n_draws, len(replicates))).round().astype(int)
        ]
        if len(replicates)
        else replicates
    )
    return values.filter(pl.col("draw").is_in([0, *kept.tolist()]))
