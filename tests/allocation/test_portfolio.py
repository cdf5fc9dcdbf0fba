from datetime import date
from itertools import pairwise, product

import numpy as np
import polars as pl
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.allocation import (
    Limits,
    allocate,
    joint_measures,
    marginal_returns,
    place_exchange,
    settlement_list,
    yearly_settlement,
)
from evalkit.allocation.program import MOST_NODES
from evalkit.errors import EstimationError, ParameterError

# HiGHS works to about 1e-7.
SOLVER = 1e-5
KEYS = ["district", "intervention_id", "target_group"]


def make_offers(rows):
    """district, intervention, eligible, places, cost."""
    return pl.DataFrame(
        [(d, i, "all", n, places, cost) for d, i, n, places, cost in rows],
        schema=["district", "intervention_id", "target_group", "n_eligible", "places", "cost"],
        orient="row",
    )


def make_values(offers, values, *, spread=0.0, n_draws=4):
    rng = np.random.default_rng(5)
    rows = [
        (*keys, draw, value + (spread[n] * rng.normal() if draw and spread else 0.0))
        for n, (keys, value) in enumerate(zip(offers.select(KEYS).iter_rows(), values, strict=True))
        for draw in range(n_draws + 1)
    ]
    return pl.DataFrame(rows, schema=[*KEYS, "draw", "value"], orient="row")


SMALL = make_offers(
    [("Harbour", "train", 10, 4, 10), ("Harbour", "coach", 10, 9, 5), ("Hill", "train", 10, 4, 10)]
)
WORTH = [100.0, 30.0, 60.0]


def starts(portfolio):
    return {
        tuple(row[:2]): row[2]
        for row in portfolio.starts.select("district", "intervention_id", "n_starts").rows()
    }


def test_allocate_by_hand():
    # Harbour's 60: four places of training (40), then four of coaching (20). Hill's 25: two.
    found = allocate(SMALL, make_values(SMALL, WORTH), Limits({"Harbour": 60, "Hill": 25}))

    assert starts(found) == {("Harbour", "train"): 4, ("Harbour", "coach"): 4, ("Hill", "train"): 2}
    assert found.value == pytest.approx(4 * 100 + 4 * 30 + 2 * 60)


def test_shadow_prices_by_hand():
    found = allocate(SMALL, make_values(SMALL, WORTH), Limits({"Harbour": 60, "Hill": 20}))

    # A krona more in Harbour buys coaching: 30 for 5. A further place of training there takes 10
    # from coaching: 100 - 60.
    krona = dict(found.budgets.select("district", "shadow_price").rows())
    places = {
        tuple(row[:2]): row[2]
        for row in found.places.select("district", "intervention_id", "shadow_price").rows()
    }
    assert krona == pytest.approx({"Harbour": 6, "Hill": 6}, abs=SOLVER)
    assert places[("Harbour", "train")] == pytest.approx(40, abs=SOLVER)
    assert places[("Harbour", "coach")] == pytest.approx(0, abs=SOLVER)


def brute_force(offers, worth, budgets):
    best = 0.0
    rows = offers.rows(named=True)
    for counts in product(*[range(int(min(row["places"], row["n_eligible"])) + 1) for row in rows]):
        spent = {
            d: sum(
                n * row["cost"] for n, row in zip(counts, rows, strict=True) if row["district"] == d
            )
            for d in budgets
        }
        people = {
            d: sum(n for n, row in zip(counts, rows, strict=True) if row["district"] == d)
            for d in budgets
        }
        eligible = {
            d: max(row["n_eligible"] for row in rows if row["district"] == d) for d in budgets
        }
        if all(spent[d] <= budgets[d] and people[d] <= eligible[d] for d in budgets):
            best = max(best, sum(n * value for n, value in zip(counts, worth, strict=True)))
    return best


@pytest.mark.slow
@given(
    worth=st.lists(st.integers(-20, 100), min_size=4, max_size=4),
    cost=st.lists(st.integers(1, 20), min_size=4, max_size=4),
    budgets=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
@settings(max_examples=25)
def test_allocate_finds_what_trying_everything_finds(worth, cost, budgets):
    places = [(d, i) for d in ("Harbour", "Hill") for i in ("coach", "train")]
    offers = make_offers([(d, i, 4, 3, c) for (d, i), c in zip(places, cost, strict=True)])
    budgets = dict(zip(("Harbour", "Hill"), budgets, strict=True))

    found = allocate(offers, make_values(offers, worth), Limits(budgets), gap=0.0)

    assert found.value == pytest.approx(brute_force(offers, worth, budgets), abs=SOLVER)


def test_sharing_places_is_never_worth_less_and_balances():
    values, limits = make_values(SMALL, [100.0, 30.0, 150.0]), {"Harbour": 200, "Hill": 200}

    alone, together = (
        allocate(SMALL, values, Limits(limits, is_pooled=pooled)) for pooled in (False, True)
    )

    assert together.value > alone.value
    prices = pl.DataFrame({"intervention_id": ["train", "coach"], "price_per_start": [10.0, 5.0]})
    exchange = place_exchange(together, prices)
    assert exchange["n_lent"].sum() == pytest.approx(0, abs=SOLVER)
    assert exchange["receives"].sum() == pytest.approx(0, abs=SOLVER)
    assert exchange.filter(district="Hill", intervention_id="train")[
        "n_lent"
    ].item() == pytest.approx(-4, abs=SOLVER)


def test_a_measure_too_small_for_each_district_becomes_possible_together():
    offers = make_offers([(d, "workshop", 3, 10, 10) for d in ("Harbour", "Hill", "Marsh")])
    values, budgets = (
        make_values(offers, [50.0] * 3),
        dict.fromkeys(("Harbour", "Hill", "Marsh"), 100),
    )

    table = joint_measures(
        *(
            allocate(offers, values, Limits(budgets, smallest_group=5, is_pooled=pooled))
            for pooled in (False, True)
        )
    )

    row = table.row(0, named=True)
    assert (row["n_districts_alone"], row["n_districts_together"], row["is_only_together"]) == (
        0,
        3,
        True,
    )
    assert row["n_starts_together"] == pytest.approx(9)


def test_an_open_door_holds_at_least_the_smallest_group():
    found = allocate(
        SMALL, make_values(SMALL, WORTH), Limits({"Harbour": 60, "Hill": 25}, smallest_group=3)
    )

    used = found.starts.filter(pl.col("n_starts") > 0)["n_starts"]
    assert used.min() >= 3
    assert starts(found)[("Hill", "train")] == 0


def test_another_place_behind_a_closed_door_gives_nothing():
    # Hill's ten people would be worth 60 each in training, yet its money is enough for three and a
    # group is four.
    found = allocate(
        SMALL, make_values(SMALL, WORTH), Limits({"Harbour": 60, "Hill": 30}, smallest_group=4)
    )

    closed = found.places.filter(district="Hill", intervention_id="train")
    assert closed.select("n_used", "shadow_price").row(0) == (0.0, 0.0)


def test_the_equality_floor_moves_money_to_who_would_get_none():
    offers = make_offers([("Harbour", "train", 10, 10, 10), ("Hill", "train", 10, 10, 10)])
    values = make_values(offers, [100.0, 1.0])

    without, with_floor = (
        allocate(
            offers, values, Limits({"Harbour": 0, "Hill": 0}, free_budget=100, equality_floor=floor)
        )
        for floor in (0.0, 0.8)
    )

    assert starts(without) == {("Harbour", "train"): 10, ("Hill", "train"): 0}
    assert starts(with_floor) == {("Harbour", "train"): 6, ("Hill", "train"): 4}


def test_a_district_too_small_to_serve_anybody_does_not_stop_the_others():
    offers = make_offers([("Harbour", "train", 10, 10, 10), ("Hill", "train", 2, 2, 10)])
    limits = Limits({"Harbour": 100, "Hill": 100}, smallest_group=5, equality_floor=0.8)

    found = allocate(offers, make_values(offers, [100.0, 90.0]), limits)

    assert starts(found) == {("Harbour", "train"): 10, ("Hill", "train"): 0}


def test_a_group_gets_its_floor():
    offers = make_offers([("Harbour", "train", 10, 10, 10)] * 2).with_columns(
        pl.Series("target_group", ["men", "women"])
    )
    values = make_values(offers, [100.0, 90.0])

    found = allocate(offers, values, Limits({"Harbour": 100}, group_floors={"women": 0.4}))

    assert dict(found.starts.select("target_group", "n_starts").rows()) == {"men": 6, "women": 4}


def test_the_downside_spreads_money_over_what_is_unsure():
    offers = make_offers([("Harbour", "bold", 100, 100, 1), ("Harbour", "calm", 100, 100, 1)])
    values = make_values(offers, [20.0, 9.0], spread=(30.0, 0.5), n_draws=40)

    bold, careful = (
        allocate(offers, values, Limits({"Harbour": 100}, downside_weight=weight))
        for weight in (0.0, 0.8)
    )

    assert careful.downside > bold.downside
    assert (
        careful.starts.filter(intervention_id="calm")["n_starts"].item()
        > bold.starts.filter(intervention_id="calm")["n_starts"].item()
    )


def test_further_money_never_gives_less_and_gives_less_and_less():
    table = marginal_returns(
        SMALL, make_values(SMALL, WORTH), Limits({"Harbour": 20, "Hill": 0}), [10, 20, 40, 80]
    )

    per_krona = table["per_krona"].drop_nulls().to_list()
    assert table["free_budget"].to_list() == [0, 10, 20, 40, 80]
    assert all(earlier >= later - SOLVER for earlier, later in pairwise(per_krona))
    assert table["added_value"].to_list() == sorted(table["added_value"].to_list())


def test_the_curve_of_further_money_is_the_money_s_not_the_search_s():
    # A start costs 3 and is worth 6, a group is at least four: whole starts would give 0 for the
    # first krona and 24 for the twelfth.
    offers = make_offers([("Harbour", "train", 50, 50, 3.0)])
    limits = Limits({"Harbour": 0.0}, smallest_group=4)

    table = marginal_returns(offers, make_values(offers, [6.0]), limits, [1, 2, 12, 13])

    assert table["added_value"].to_list() == pytest.approx([0, 2, 4, 24, 26], abs=SOLVER)
    assert table["per_krona"].drop_nulls().to_list() == pytest.approx([2, 2, 2, 2], abs=SOLVER)


def test_a_search_ends_by_a_count_and_never_by_the_clock(monkeypatch):
    asked = []
    milp = scipy.optimize.milp
    monkeypatch.setattr(
        scipy.optimize,
        "milp",
        lambda *args, options, **rest: (
            asked.append(dict(options)) or milp(*args, options=options, **rest)
        ),
    )
    offers = make_offers([("Harbour", "train", 50, 9, 3.0), ("Hill", "train", 50, 9, 3.0)])
    limits = Limits({"Harbour": 20.0, "Hill": 20.0}, smallest_group=4, downside_weight=0.5)

    allocate(offers, make_values(offers, [6.0, 5.0], spread=[3.0, 3.0]), limits)

    assert asked and all(
        options["node_limit"] == MOST_NODES and "time_limit" not in options for options in asked
    )


def test_the_settlement_list_is_paid_by_the_user_and_balances():
    bookings = pl.DataFrame(
        [
            ("2021-03", "Harbour", "Hill", "train", 3),
            ("2021-03", "Harbour", "Hill", "train", 2),
            ("2021-03", "Hill", "Hill", "train", 9),
        ],
        schema=["month", "home_district", "provider_district", "intervention_id", "n_place_months"],
        orient="row",
    )
    prices = pl.DataFrame(
        {"intervention_id": ["train"], "price_per_month": [4000.0], "currency": ["SEK"]}
    )

    table = settlement_list(bookings, prices)

    assert table.rows() == [("2021-03", "Harbour", "Hill", "train", 5, 4000.0, 20000.0, "SEK")]


def test_a_year_is_settled_in_a_step_that_nobody_s_year_in_a_place_moves():
    settled = pl.DataFrame(
        [
            (date(2021, month, 1), "Harbour", "Hill", "train", 21, 4000.0, 84_000.0, "SEK")
            for month in range(1, 13)
        ],
        schema=[
            *("calendar_month", "home_district", "provider_district", "intervention_id"),
            *("n_place_months", "price_per_month", "amount", "currency"),
        ],
        orient="row",
    )
    bookings = settled.select(
        "home_district", "provider_district", "intervention_id", n_persons=pl.lit(40)
    )

    (row,) = yearly_settlement(settled, bookings).iter_rows(named=True)

    # 1 008 000, and one person's year costs 48 000.
    assert (row["amount"], row["n_persons"]) == (1_000_000, 40)
    assert (row["counted_from"], row["counted_through"]) == (date(2021, 1, 1), date(2021, 12, 1))


def test_a_shared_place_without_a_price_is_refused():
    bookings = pl.DataFrame(
        [("2021-03", "Harbour", "Hill", "weave", 3)],
        schema=["month", "home_district", "provider_district", "intervention_id", "n_place_months"],
        orient="row",
    )

    with pytest.raises(ParameterError) as fault:
        settlement_list(
            bookings,
            pl.DataFrame(
                {"intervention_id": ["train"], "price_per_month": [1.0], "currency": ["SEK"]}
            ),
        )

    assert fault.value.what == "Places that cannot be settled."
    assert (
        "weave" in fault.value.where
        and "internal price" in fault.value.why
        and "give a price" in fault.value.fix
    )


@pytest.mark.parametrize(
    ("offers", "limits", "what", "named"),
    [
        (SMALL, Limits({"Harbour": 60}), "Districts without a budget: 1.", "Hill"),
        (
            SMALL.with_columns(cost=-1),
            Limits({"Harbour": 1, "Hill": 1}),
            "Negative or missing numbers: 1.",
            "cost",
        ),
        (
            SMALL,
            Limits({"Harbour": -1, "Hill": 1}),
            "Negative or missing numbers: 1.",
            "budget of Harbour",
        ),
        (
            SMALL,
            Limits({"Harbour": 1, "Hill": 1}, equality_floor=2),
            "Shares that are not between 0 and 1: 1.",
            "equality_floor",
        ),
        (
            pl.concat([SMALL, SMALL]),
            Limits({"Harbour": 1, "Hill": 1}),
            "Offers that stand more than once: 3.",
            "argument offers",
        ),
    ],
)
def test_faulty_limits_are_refused_in_words(offers, limits, what, named):
    with pytest.raises(ParameterError) as fault:
        allocate(offers, make_values(SMALL, WORTH), limits)

    assert fault.value.what == what
    assert named in fault.value.where
    assert fault.value.why and fault.value.fix


def test_an_offer_without_a_value_is_refused():
    values = make_values(SMALL, WORTH).filter(pl.col("district") == "Harbour")

    with pytest.raises(EstimationError) as fault:
        allocate(SMALL, values, Limits({"Harbour": 1, "Hill": 1}))

    assert fault.value.where == "allocate: Hill, train, all"
    assert (
        "cannot be said" in fault.value.why
        and "leave offers without a value out" in fault.value.fix
    )
