"""A large allocation solved district by district: the same as the whole program gives, every limit
kept, the gap proven.
"""

import numpy as np
import polars as pl
import pytest

from evalkit.allocation import Limits, allocate, constraints, portfolio

KEYS = ["district", "intervention_id", "target_group"]
# Both searches stop within a thousandth of their optimum at most.
GAP = 1e-3
# Starts are rounded to six decimals, and cost up to 20 each.
SOLVER = 1e-3
FLOOR, SMALLEST = 0.9, 4


def make_country(seed, n_districts=12):
    """Offers in which money is short in every third district, so that the equality floor binds
    there.
    """
    rng = np.random.default_rng(seed)
    names = [
        (f"d{d:02}", f"i{i}", f"g{g}")
        for d in range(n_districts)
        for i in range(3)
        for g in range(2)
    ]
    offers = pl.DataFrame(names, schema=KEYS, orient="row").with_columns(
        n_eligible=pl.Series(rng.integers(8, 40, len(names))),
        places=pl.Series(np.repeat(rng.integers(5, 30, n_districts * 3), 2)),
        cost=pl.Series(rng.uniform(5, 20, len(names))),
    )
    values = pl.concat(
        [
            offers.select(KEYS).with_columns(
                draw=pl.lit(0), value=pl.Series(rng.normal(20, 30, len(names)))
            )
        ]
    )
    return offers, values, {f"d{d:02}": 60.0 if d % 3 == 0 else 300.0 for d in range(n_districts)}


@pytest.fixture(autouse=True)
def _counts_as_large(monkeypatch):
    monkeypatch.setattr(constraints, "MOST_WHOLE_OFFERS", 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_districts_alone_reach_what_the_whole_program_reaches(seed, monkeypatch):
    offers, values, budgets = make_country(seed)
    limits = Limits(budgets, smallest_group=SMALLEST, equality_floor=FLOOR)

    found = allocate(offers, values, limits, gap=1e-6)
    monkeypatch.setattr(portfolio, "_by_district", lambda *arguments: None)
    whole = allocate(offers, values, limits, gap=1e-6)

    # What is proven holds: the whole program's optimum lies between the value found and its bound.
    assert found.value * (1 - 1e-6) <= whole.value <= found.value / (1 - found.gap) + 1e-6
    assert found.value == pytest.approx(whole.value, rel=5 * GAP)


def test_every_limit_is_kept():
    offers, values, budgets = make_country(7)

    found = allocate(
        offers, values, Limits(budgets, smallest_group=SMALLEST, equality_floor=FLOOR), gap=GAP
    )

    served = (
        found.starts.group_by("district")
        .agg(pl.col("n_starts").sum())
        .sort("district")["n_starts"]
        .to_numpy()
    )
    people = (
        offers.unique(["district", "target_group"])
        .group_by("district")
        .agg(pl.col("n_eligible").sum())
        .sort("district")
    )
    shares = served / people["n_eligible"].to_numpy()
    mean = served.sum() / people["n_eligible"].sum()
    own = found.places.filter(pl.col("n_own") > 0)
    # A start less is allowed, since starts are whole.
    assert np.all(
        shares * people["n_eligible"].to_numpy()
        >= FLOOR * mean * people["n_eligible"].to_numpy() - 1
    )
    assert np.any(shares < FLOOR * mean * 1.2)
    assert own.filter(
        (pl.col("n_own") < SMALLEST - 1e-6) | (pl.col("n_own") > pl.col("places") + 1e-6)
    ).is_empty()
    assert all(
        spent <= budgets[district] + SOLVER
        for district, spent in found.budgets.select("district", "spent").iter_rows()
    )


def test_districts_that_share_places_or_money_are_solved_together():
    offers, values, budgets = make_country(7)

    alone, together, richer = (
        allocate(offers, values, Limits(budgets, smallest_group=SMALLEST, **more), gap=GAP).value
        for more in ({}, {"is_pooled": True}, {"free_budget": 100.0})
    )

    assert together > alone and richer > alone
