from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.allocation import (
    allocate_city,
    offers_from,
    settled_bookings,
    starts_per_year,
    value_per_start,
)
from evalkit.allocation.offers import budgets_now
from evalkit.errors import ParameterError
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.tables import published
from evalkit.records import validate
from evalkit.run_rules import AllocationRules

EFFECT = {"estimand": "start_now_rather_than_wait", "subgroup": "all", "source": "raw"}


def make_status(rows):
    """district, intervention, status, starters, eligible a year."""
    columns = ["district", "intervention_id", "status", "n_starters", "n_eligible_per_year"]
    return pl.DataFrame(rows, schema=columns, orient="row").with_columns(
        **{k: pl.lit(v) for k, v in EFFECT.items()}
    )


STATUS = make_status(
    [
        ("Harbour", "train", "estimated", 60, 40.0),
        ("Hill", "train", "estimated", 30, 20.0),
        ("Marsh", "train", "cannot_be_said", 10, 10.0),
        ("all", "train", "estimated", 100, 70.0),
    ]
)
COSTS = pl.DataFrame({"intervention_id": ["train"], "cost": [1000.0], "currency": ["SEK"]})
YEARLY = pl.DataFrame({"intervention_id": ["train"], "starts_per_year": [40.0]})


# Sixty months of trials with a start a month in Harbour, one every other month in Hill, ten in
# Marsh; before and after nothing is counted.
COUNTED = pl.DataFrame(
    {
        "intervention_id": ["train"],
        "first_month": [date(2012, 1, 1)],
        "last_month": [date(2016, 12, 1)],
    }
)
MONTHS = [date(2011 + n // 12, n % 12 + 1, 1) for n in range(84)]
STARTED = pl.DataFrame(
    [("Harbour", month, 1) for month in MONTHS]
    + [("Hill", month, 1) for month in MONTHS[::2]]
    + [("Marsh", month, 2) for month in MONTHS[12:72:12]],
    schema=["district", "month", "n_started"],
    orient="row",
).with_columns(intervention_id=pl.lit("train"))


def make_offers(status=STATUS, costs=COSTS, yearly=YEARLY):
    return offers_from(status, costs, yearly, started=STARTED, months=COUNTED)


@pytest.fixture
def offers():
    return make_offers()


@pytest.fixture
def worth(offers):
    rng = np.random.default_rng(2)
    keys = offers.select("district", "intervention_id").rows()
    rows = [
        (*key, draw, 5000.0 + (rng.normal(0, 800) if draw else 0))
        for key in keys
        for draw in range(31)
    ]
    return pl.DataFrame(rows, schema=["district", "intervention_id", "draw", "value"], orient="row")


def test_offers_are_a_year_s_and_leave_out_what_cannot_be_said(offers):
    # Harbour has 60 of the city's 100 starters, so 24 of its 40 starts a year.
    assert offers.select("district", "n_eligible", "places", "n_now").rows() == [
        ("Harbour", 40.0, 24.0, 12.0),
        ("Hill", 20.0, 12.0, 6.0),
    ]


def test_starts_are_those_of_the_months_counted_whoever_started(offers):
    # Two months in three of the extract are counted; a third start a month in Harbour was of
    # somebody who was not eligible.
    more = pl.concat([STARTED, STARTED.filter(pl.col("district") == "Harbour")])

    assert offers["n_months_counted"].unique().to_list() == [60]
    assert offers_from(STATUS, COSTS, YEARLY, started=more, months=COUNTED).select(
        "district", "n_now", "n_starters"
    ).rows() == [
        ("Harbour", 24.0, 60),
        ("Hill", 6.0, 30),
    ]


def test_without_delivered_places_there_are_as_many_as_start_now():
    offers = make_offers(yearly=YEARLY.clear())

    assert offers["places"].to_list() == offers["n_now"].to_list()


def test_an_intervention_compared_with_another_one_is_not_offered():
    # Its worth is the difference from the other, not from nothing.
    assert make_offers(STATUS.with_columns(estimand=pl.lit(ESTIMANDS["other"]))).is_empty()
    assert not make_offers(STATUS.with_columns(estimand=pl.lit(ESTIMANDS["never"]))).is_empty()


def test_starts_without_a_cost_are_not_offered():
    assert make_offers(costs=COSTS.with_columns(cost=pl.lit(0.0))).is_empty()


def test_budgets_are_what_is_spent_now(offers):
    assert budgets_now(offers) == {"Harbour": 12_000, "Hill": 6000}


def test_starts_per_year_follow_from_places_and_the_months_that_a_start_fills_one():
    costs = pl.DataFrame(
        {"intervention_id": ["train"] * 2, "year": [2019, 2020], "places": [10.0, 20.0]}
    )
    lengths = pl.DataFrame({"intervention_id": ["train"], "months_per_start": [4.0]})

    assert starts_per_year(costs, lengths)["starts_per_year"].to_list() == [60.0]


def test_allocate_city_shows_today_and_what_more_money_gives(offers, worth):
    plan = allocate_city(offers, worth, AllocationRules(further_money=(2000.0,)))

    plans = {row["plan"]: row for row in plan.plans.iter_rows(named=True)}
    assert plans["now"]["value"] == pytest.approx(18 * 5000)
    assert plans["own_places"]["value"] == pytest.approx(18 * 5000)
    assert plans["shared_places"]["value"] >= plans["own_places"]["value"] - 1e-6
    assert plan.returns["added_value"].to_list() == pytest.approx([0, 2 * 5000])
    assert plan.exchange["receives"].sum() == pytest.approx(0, abs=1e-6)


def test_allocate_city_publishes_declared_columns(offers, worth):
    plan = allocate_city(offers, worth, AllocationRules()).for_publication(STATUS, COSTS, worth)

    for name, table in plan.items():
        assert set(published(name).schema) <= set(table.columns)


def test_allocate_city_is_empty_where_nothing_can_be_offered(offers, worth):
    plan = allocate_city(offers.clear(), worth, AllocationRules())

    assert all(table.is_empty() for table in plan)
    assert all(
        table.is_empty() for table in plan.for_publication(STATUS, COSTS.clear(), worth).values()
    )


def test_a_start_is_worth_what_society_gains_whatever_it_is_compared_with():
    totals = pl.DataFrame(
        {
            "district": ["Harbour", "all"],
            "intervention_id": ["train"] * 2,
            "estimand": ["start_this_rather_than_other"] * 2,
        }
    )

    totals = totals.with_columns(draw=0, net_benefit=pl.Series([9.0, 1.0]))

    assert value_per_start(totals, totals.clear())["value"].to_list() == [9.0]


def test_a_start_has_its_value_by_the_second_reading_where_there_is_one():
    keys = {"district": ["Harbour", "Hill"], "intervention_id": ["train"] * 2, "draw": [0, 0]}
    totals = pl.DataFrame(keys | {"net_benefit": [9.0, 4.0]})

    values = value_per_start(totals, totals.head(1).with_columns(net_benefit=pl.lit(2.0)))

    assert values.select("value", "second").rows() == [(9.0, 2.0), (4.0, 4.0)]


def test_bookings_without_a_known_cost_are_not_settled():
    bookings = pl.DataFrame(
        {"intervention_id": ["train", "weave", "sow"], "n_place_months": [1, 2, 3]}
    )
    costs = pl.DataFrame(
        {"intervention_id": ["train", "train", "sow"], "cost_per_filled_place": [900.0, None, None]}
    )

    assert settled_bookings(bookings, costs)["intervention_id"].to_list() == ["train"]


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (
            {"budgets": {"Farsta": -1}},
            '"budgets.Farsta": Input should be greater than or equal to 0',
        ),
        ({"further_money": [-1]}, '"further_money.0": Input should be greater than or equal to 0'),
        (
            {"group_floors": {"young": 0.2}},
            "group_floors names groups that target_groups does not: young (known: all)",
        ),
        (
            {"target_groups": ["young"], "group_floors": {"yung": 0.2}},
            'yung (did you mean "young"?)',
        ),
        (
            {"target_groups": ["young"], "group_floors": {"young": 0.7, "others": 0.6}},
            "group_floors come to 1.3 together",
        ),
    ],
)
def test_rules_that_no_allocation_can_keep_are_refused_at_the_door(rules, named):
    with pytest.raises(ParameterError) as fault:
        validate(rules, AllocationRules, where="run.yaml")

    assert fault.value.where.startswith("run.yaml: ") and named in fault.value.where
    assert "before anything runs" in fault.value.why and fault.value.fix
