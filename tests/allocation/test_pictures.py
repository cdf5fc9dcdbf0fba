"""What a plan shows of itself, as a line with a table and as a picture."""

import polars as pl
import pytest

from evalkit import allocation
from evalkit.sketch import NOT_FOR_RELEASE

OFFERS = pl.DataFrame(
    {
        "district": ["Harbour", "Hill"],
        "intervention_id": ["train", "train"],
        "target_group": ["all", "all"],
        "n_eligible": [40.0, 20.0],
        "places": [24.0, 12.0],
        "cost": [1_000.0, 1_000.0],
    }
)
VALUES = OFFERS.select("district", "intervention_id", "target_group").with_columns(
    draw=pl.lit(0), value=pl.Series([5_000.0, 4_000.0])
)


@pytest.fixture
def plan():
    return allocation.allocate(
        OFFERS, VALUES, allocation.Limits({"Harbour": 10_000.0, "Hill": 5_000.0})
    )


def test_a_plan_is_a_line_and_its_starts(plan):
    assert plan.headline.startswith("Allocation of 15 starts for 15,000: worth 70,000")
    assert plan.table is plan.starts
    assert len(repr(plan).splitlines()) < 12
    assert "<table>" in plan._repr_html_()


def test_a_plan_is_drawn_by_district(plan):
    rows = [
        row
        for rows in plan.plot().chart.to_dict()["datasets"].values()
        for row in rows
        if "n_starts" in row
    ]

    assert {row["row"]: row["n_starts"] for row in rows} == {"Harbour": 10.0, "Hill": 5.0}
    assert NOT_FOR_RELEASE in plan.plot().svg


def test_starts_as_they_are_stand_beside_those_of_a_plan():
    moves = pl.DataFrame(
        {
            "district": ["Harbour", "Hill"],
            "intervention_id": ["train"] * 2,
            "n_starts_now": [5.0, 8.0],
            "n_starts_planned": [10.0, 5.0],
        }
    )

    drawn = [
        row for rows in allocation.plot(moves).chart.to_dict()["datasets"].values() for row in rows
    ]
    assert {row["end"] for row in drawn if "end" in row} == {"n_starts_now", "n_starts_planned"}
