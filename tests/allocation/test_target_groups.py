"""Allocation by target group: counts and values by hand, overlaps and unknown groups refused,
groups that cannot be said left with the others.
"""

import polars as pl
import pytest

from evalkit.allocation import Limits, allocate, allocate_city, by_target_group
from evalkit.errors import EstimationError, ParameterError
from evalkit.run_rules import AllocationRules

SOLVER = 1e-5
# 60 started over five years, 20 of them near work; 40 a year may start, 10 of them near work.
OFFERS = pl.DataFrame(
    {
        "district": ["Harbour"],
        "intervention_id": ["train"],
        "target_group": ["all"],
        "n_eligible": [40.0],
        "places": [12.0],
        "cost": [10.0],
        "n_now": [12.0],
        "n_months_counted": [60],
        "n_starters": [60],
    }
)
VALUES = pl.DataFrame(
    {
        "district": ["Harbour"] * 2,
        "intervention_id": ["train"] * 2,
        "draw": [0, 1],
        "value": [100.0, 90.0],
    }
)


def make_counts(rows):
    columns = ["district", "intervention_id", "subgroup", "also_in", "n_starters", "n_eligible"]
    counts = pl.DataFrame(
        [("Harbour", "train", *row) for row in rows], schema=columns, orient="row"
    )
    return counts.with_columns(n_eligible_per_year=pl.col("n_eligible") / 5)


COUNTS = make_counts(
    [
        ("near", "near", 20, 50),
        ("near", "far", 0, 0),
        ("near", "young", 5, 9),
        ("far", "far", 30, 100),
        ("far", "young", 8, 20),
        ("young", "young", 13, 29),
    ]
)


def make_group_values(**by_group):
    rows = [
        ("train", group, draw, value)
        for group, values in by_group.items()
        for draw, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=["intervention_id", "subgroup", "draw", "value"], orient="row")


GROUP_VALUES = make_group_values(all=(200.0, 190.0), near=(260.0, 250.0), far=(180.0, 150.0))


def split(groups, group_values=GROUP_VALUES):
    return by_target_group(OFFERS, VALUES, counts=COUNTS, group_values=group_values, groups=groups)


def test_one_group_and_the_others_add_up_to_everybody():
    found = split(["near"])

    offers = {row["target_group"]: row for row in found.offers.iter_rows(named=True)}
    worth = {
        (group, draw): value
        for group, draw, value in found.values.select("target_group", "draw", "value").iter_rows()
    }
    assert (
        offers["near"]["n_eligible"],
        offers["near"]["n_now"],
        offers["near"]["n_starters"],
    ) == (10, 4, 20)
    assert (
        offers["others"]["n_eligible"],
        offers["others"]["n_now"],
        offers["others"]["n_starters"],
    ) == (30, 8, 40)
    # Near work a start is worth 60 more than everybody's in the city; the 40 others bear that: 60 *
    # 20 / 40 less.
    assert worth[("near", 0)] == pytest.approx(160) and worth[("others", 0)] == pytest.approx(70)
    assert all(
        (20 * worth[("near", b)] + 40 * worth[("others", b)]) / 60 == pytest.approx(v)
        for b, v in ((0, 100), (1, 90))
    )


def test_others_who_are_fewer_than_the_smallest_group_are_not_offered():
    found = split(["near", "far"])

    # Ten others, twenty near work.
    assert found.offers["target_group"].to_list() == ["far", "near"]
    assert dict(
        found.values.filter(draw=0).select("target_group", "value").iter_rows()
    ) == pytest.approx({"far": 80, "near": 160})


def test_a_group_whose_effect_cannot_be_said_is_counted_with_the_others():
    found = split(["near", "far"], make_group_values(all=(200.0, 190.0), far=(180.0, 150.0)))

    assert dict(found.offers.select("target_group", "n_starters").iter_rows()) == {
        "far": 30,
        "others": 30,
    }


def test_groups_valued_in_fewer_draws_than_everybody_are_refused():
    found = split(["near"], make_group_values(all=(200.0,), near=(260.0,)))

    with pytest.raises(EstimationError, match="the same draws of their value"):
        allocate(*found, Limits({"Harbour": 60}))


def test_without_groups_nothing_is_changed():
    found = split([])

    assert found.offers.equals(OFFERS) and found.values.equals(VALUES)


def test_the_group_that_gains_most_is_served_first():
    found = split(["near"])

    plan = allocate_city(
        found.offers,
        found.values,
        AllocationRules(budgets={"Harbour": 60.0}, further_money=(10.0,)),
    )

    starts = dict(plan.offers.select("target_group", "n_starts").iter_rows())
    assert starts == pytest.approx({"near": 6, "others": 0}, abs=SOLVER)
    assert plan.offers["n_starters"].to_list() == [20, 40]


def test_a_floor_gives_a_group_its_share():
    found = split(["near"])

    rules = AllocationRules(
        budgets={"Harbour": 60.0}, target_groups=("near",), group_floors={"others": 0.5}
    )
    plan = allocate_city(found.offers, found.values, rules)

    assert dict(plan.offers.select("target_group", "n_starts").iter_rows()) == pytest.approx(
        {"near": 3, "others": 3}, abs=SOLVER
    )


@pytest.mark.parametrize(
    ("groups", "what", "named"),
    [
        (["nearly"], "Target groups that were not declared: 1.", 'nearly (did you mean "near"?)'),
        (
            ["young", "near", "far"],
            "Target groups with people in common: 2.",
            "far and young, near and young",
        ),
    ],
)
def test_groups_that_cannot_be_told_apart_are_refused(groups, what, named):
    with pytest.raises(ParameterError) as fault:
        split(groups)

    assert fault.value.what == what
    assert fault.value.where == f"allocation.target_groups of the run file: {named}"
    assert fault.value.why and fault.value.fix


def test_a_floor_for_a_group_that_nothing_is_offered_is_refused():
    with pytest.raises(ParameterError) as fault:
        allocate(
            OFFERS.drop("n_now", "n_starters"),
            VALUES.with_columns(target_group=pl.lit("all")),
            Limits({"Harbour": 60.0}, group_floors={"near": 0.5}),
        )

    assert fault.value.what == "Floors for groups that nothing is offered: 1."
    assert fault.value.where == "allocate: near" and fault.value.why and fault.value.fix
