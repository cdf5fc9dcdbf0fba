"""An allocation as it may be shown: what it costs is the price of the starts that are shown."""

import numpy as np
import polars as pl
import pytest

from evalkit.allocation import allocate_city
from evalkit.disclosure.rounding import nearest_five, share_of_error
from evalkit.run_rules import AllocationRules

COST = 1_000.0


@pytest.fixture
def worth():
    rng = np.random.default_rng(2)
    rows = [
        (district, "train", draw, 5_000.0 + (rng.normal(0, 800) if draw else 0))
        for district in ("Harbour", "Hill")
        for draw in range(101)
    ]
    return pl.DataFrame(rows, schema=["district", "intervention_id", "draw", "value"], orient="row")


@pytest.fixture
def shown(worth):
    offers = pl.DataFrame(
        {
            "district": ["Harbour", "Hill"],
            "intervention_id": ["train"] * 2,
            "target_group": ["all"] * 2,
            "n_eligible": [40.0, 20.0],
            "places": [24.0, 13.0],
            "cost": [COST] * 2,
            "n_now": [12.3, 6.4],
            "n_months_counted": pl.Series([60, 60], dtype=pl.Int32),
            "n_starters": [60, 30],
        }
    )
    status = offers.select("district", "intervention_id", "n_starters").with_columns(
        source=pl.lit("raw")
    )
    costs = pl.DataFrame({"intervention_id": ["train"], "cost": [COST], "currency": ["SEK"]})
    plan = allocate_city(offers, worth, AllocationRules(further_money=(4_000.0,)))
    return plan.for_publication(status, costs, worth)


def test_costs_are_those_of_the_starts_that_are_shown(shown):
    moves = shown["allocation_moves"]
    for when in ("now", "planned"):
        starts = moves.select(nearest_five(pl.col(f"n_starts_{when}"))).to_series()
        assert moves[f"cost_{when}"].to_list() == (starts * COST).to_list()

    plans = {row["plan"]: row for row in shown["allocation_plans"].iter_rows(named=True)}
    # 18.7 starts are shown as 20.
    assert plans["now"]["cost"] == 20 * COST


def test_places_lent_are_told_to_the_nearest_five(shown):
    lent = shown["allocation_exchange"]

    assert (lent["n_lent"] % 5 == 0).all()
    assert lent["receives"].to_list() == (lent["n_lent"] * lent["price_per_start"]).to_list()


def test_what_a_plan_is_worth_stands_in_steps_of_what_one_person_does_to_it(shown, worth):
    now = shown["allocation_plans"].filter(plan="now").row(0, named=True)

    sums = (
        worth.filter(pl.col("draw") > 0)
        .with_columns(n=pl.when(district="Harbour").then(12.3).otherwise(6.4))
        .group_by("draw")
        .agg((pl.col("n") * pl.col("value")).sum())["n"]
    )
    one_person = sums.std() * float(share_of_error(np.array(90.0)))
    value, exact = now["value"], 18.7 * 5_000
    assert value != exact and abs(value - exact) <= 5 * one_person
    assert len(str(int(value)).rstrip("0")) <= 3
    assert now["n_starters"] == 90
