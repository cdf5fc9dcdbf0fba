"""A city's allocation with everything that is shown of it: now, best, pooled, with more money, and
what the places are worth.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.allocation.constraints import KEYS, Limits
from evalkit.allocation.marginal_return import marginal_returns
from evalkit.allocation.offers import budgets_now
from evalkit.allocation.portfolio import allocate
from evalkit.allocation.shared_places import joint_measures, place_exchange
from evalkit.line.tables import published
from evalkit.params import AllocationRules


class CityAllocation(NamedTuple):
    """Tables by district and intervention: `offers` (now and best, with the worth of another
    place), `exchange` (places lent and borrowed when they are shared); `joint` by intervention;
    `returns` by further money; `plans` compares now, own places, shared places, and says in how
    many months starts were counted (in the intervention with the fewest)."""

    offers: pl.DataFrame
    exchange: pl.DataFrame
    joint: pl.DataFrame
    returns: pl.DataFrame
    plans: pl.DataFrame

    def for_publication(
        self, status: pl.DataFrame, start_costs: pl.DataFrame
    ) -> dict[str, pl.DataFrame]:
        """The tables by their published names, with the number of starters that a row rests on and
        the currency.

        Parameters
        ----------
        status : DataFrame
            The table effect_status.
        start_costs : DataFrame
            intervention_id, cost, currency.
        """
        keys = ["district", "intervention_id"]
        starters = (
            status.filter(pl.col("source") == "raw").group_by(keys).agg(pl.col("n_starters").max())
        )
        currency = pl.lit(
            start_costs["currency"].first() if start_costs.height else None, dtype=pl.String
        ).alias("currency")
        tables = self._replace(exchange=self.exchange.join(starters, on=keys, how="left"))
        return {
            f"allocation_{name}": table.with_columns(currency)
            for name, table in tables._asdict().items()
        }


def allocate_city(
    offers: pl.DataFrame, values: pl.DataFrame, rules: AllocationRules
) -> CityAllocation:
    """What a year's money would best be spent on, with each district on its own and with shared
    places.

    Parameters
    ----------
    offers : DataFrame
        `offers_from`, or split by `by_target_group`: with n_now and n_starters.
    values : DataFrame
        district, intervention_id, draw, value (money per start), and target_group where offers are
        split.
    rules : AllocationRules
        The run's. Without budgets each district has what it spends now.

    Returns
    -------
    CityAllocation
        Empty tables where nothing can be offered by calculation.
    """
    if offers.is_empty():
        return _nothing_allocated()
    shared_keys = [key for key in KEYS if key in values.columns]
    worth = (
        _thinned(values, rules.n_draws)
        .join(offers.select(KEYS).unique(), on=shared_keys)
        .select(*KEYS, "draw", "value")
    )
    limits = _limits(offers, rules)
    pooled = replace(limits, is_pooled=True)
    alone, together = allocate(offers, worth, limits), allocate(offers, worth, pooled)
    prices = offers.group_by("intervention_id").agg(pl.col("cost").mean().alias("price_per_start"))
    now = (
        offers.join(worth.filter(pl.col("draw") == 0), on=KEYS)
        .select((pl.col("n_now") * pl.col("value")).sum())
        .item()
    )
    plans = pl.DataFrame(
        [
            (
                "now",
                now,
                None,
                offers["n_now"].sum(),
                (offers["n_now"] * offers["cost"]).sum(),
                None,
            ),
            *[
                (
                    name,
                    plan.value,
                    plan.downside,
                    plan.starts["n_starts"].sum(),
                    plan.starts["cost"].sum(),
                    plan.gap,
                )
                for name, plan in (("own_places", alone), ("shared_places", together))
            ],
        ],
        schema=["plan", "value", "downside", "n_starts", "cost", "gap"],
        orient="row",
    ).with_columns(n_months_counted=pl.lit(offers["n_months_counted"].min(), dtype=pl.Int32))
    best = alone.starts.join(together.starts.select(*KEYS, n_shared="n_starts"), on=KEYS).join(
        alone.places.select("district", "intervention_id", "shadow_price"), on=KEYS[:2]
    )
    budget_price = alone.budgets.select("district", krona_price="shadow_price")
    offered = offers.join(best.select(*KEYS, "n_starts", "n_shared", "shadow_price"), on=KEYS).join(
        budget_price, on="district"
    )
    return CityAllocation(
        offered,
        place_exchange(together, prices),
        joint_measures(alone, together),
        marginal_returns(offers, worth, pooled, rules.further_money),
        plans,
    )


def _nothing_allocated() -> CityAllocation:
    tables = {name: published(f"allocation_{name}").empty() for name in CityAllocation._fields}
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
