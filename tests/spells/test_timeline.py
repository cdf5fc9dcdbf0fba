"""Each fault of a timeline by its name, and who is believed where sources disagree."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.line.states import LIVELIHOOD_PRIORITY
from evalkit.spells import (
    Extent,
    build_state_intervals,
    livelihood_collisions,
    timeline_faults,
)
from evalkit.spells.timeline import without_overlaps

EXTENT = Extent(first_month=date(2026, 1, 1), data_through=date(2026, 12, 1), max_gap_months=0)
PERIOD = st.tuples(
    st.integers(0, 11), st.integers(1, 12), st.sampled_from(["work", "support", "school"])
)


def faults_of(tables):
    faults = timeline_faults(tables["livelihood"], tables["person"], extent=EXTENT)
    return {row[0]: row[1:] for row in faults.rows() if row[1]}


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([("A", 1, None, "work")], {}),
        ([("A", 1, 6, "work"), ("A", 4, None, "support")], {"overlap": (1, 2, 1)}),
        ([("A", 1, 4, "work"), ("A", 6, None, "work")], {"gap": (1, 2, 1)}),
        ([("A", 1, 4, "work"), ("A", 6, None, "support")], {"jump": (1, 2, 1)}),
        (
            [("A", 1, 6, "work"), ("A", 6, 8, "unknown"), ("A", 8, None, "work")],
            {"unknown_state": (1, 2, 1)},
        ),
        ([("A", 3, 11, "work")], {"open_ended": (1, 4, 1)}),
        ([], {"open_ended": (1, 12, 1)}),
        # Nested: the outer period reaches the hole, so the state on its near side is the outer one.
        (
            [("A", 1, 6, "work"), ("A", 2, 3, "support"), ("A", 8, None, "work")],
            {"overlap": (1, 1, 1), "gap": (1, 2, 1)},
        ),
    ],
)
def test_faults_have_names(paid_tables, states, expected):
    assert faults_of(paid_tables({"A": []}, states)) == expected


def test_state_intervals_believe_the_state_that_stands_first(paid_tables):
    tables = paid_tables(
        {"A": []}, [("A", 1, None, "support"), ("A", 3, 6, "work"), ("A", 5, 8, "school")]
    )

    names = ("income_support", "household_member", "livelihood", "person")
    intervals = build_state_intervals(
        *[tables[name] for name in names], extent=EXTENT, outcome_groups=False
    )

    assert intervals.select("start_month", "stop_month", "from_state").rows() == [
        (0, 2, "support"),
        (2, 5, "work"),
        (5, 7, "school"),
        (7, 12, "support"),
    ]


@settings(max_examples=25)
@given(periods=st.lists(PERIOD, max_size=6), seed=st.integers(0, 99))
def test_periods_without_overlaps_hold_every_month_once_whatever_their_order(periods, seed):
    rows = [("A", state, start, stop) for start, stop, state in periods if stop > start]
    table = pl.DataFrame(
        rows,
        schema={"person_id": pl.String, "state": pl.String, "start": pl.Int32, "stop": pl.Int32},
        orient="row",
    )

    found = without_overlaps(table.sample(fraction=1, shuffle=True, seed=seed)).sort("start")

    months = [
        month
        for start, stop in found.select("start", "stop").rows()
        for month in range(start, stop)
    ]
    believed = {
        month: state
        for state, start, stop in found.select("state", "start", "stop").rows()
        for month in range(start, stop)
    }
    by_hand = {}
    for _, state, start, stop in sorted(rows, key=lambda row: -LIVELIHOOD_PRIORITY.index(row[1])):
        by_hand |= dict.fromkeys(range(start, stop), state)
    assert len(months) == len(set(months))
    assert believed == by_hand


def test_collisions_say_what_was_believed_and_what_was_set_aside(paid_tables):
    states = [
        ("A", 1, 4, "support"),
        ("A", 4, None, "work"),
        ("B", 1, None, "support"),
        ("B", 10, 12, "pension"),
    ]
    tables = paid_tables({"A": [1, 2, 3, 4, 5], "B": [1, 2, 3, 4, 5, 6, 7, 8]}, states)
    names = ("income_support", "household_member", "livelihood")

    collisions = livelihood_collisions(*[tables[name] for name in names], extent=EXTENT)

    assert collisions.rows() == [
        ("paid_and_another_state", "support", "work", 2, 1),
        ("support_without_payment", "support", "no_payment", 2, 1),
        ("two_states", "pension", "support", 2, 1),
    ]
