"""State intervals: everybody from the first month to the last, gaps named unknown, neighbours merged."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.spells import build_state_intervals

NORTHERN_IRELAND = {"first_month": date(1993, 7, 1), "data_through": date(1999, 6, 1)}
YEAR = {"first_month": date(2026, 1, 1), "data_through": date(2026, 12, 1)}
CUTS = st.tuples(st.integers(1, 12), st.sampled_from(["work", "school", "support"]))


def intervals_of(tables, *, outcome_groups=False, extent=YEAR):
    return build_state_intervals(tables["livelihood"], tables["person"], outcome_groups=outcome_groups, **extent)


def rows_of(intervals):
    return intervals.select("person_id", "start", "stop", "from_state", "to_state").rows()


def test_state_intervals_count_months_from_the_first_month(paid_tables):
    tables = paid_tables({"A": []}, [("A", 1, 4, "support"), ("A", 4, None, "work")])

    intervals = intervals_of(tables)

    assert rows_of(intervals) == [("A", 0, 3, "support", "work"), ("A", 3, 12, "work", None)]


def test_state_intervals_name_uncovered_months_unknown(paid_tables):
    tables = paid_tables({"A": [], "B": []}, [("A", 2, 4, "support"), ("A", 6, 8, "work")])

    intervals = intervals_of(tables)

    assert rows_of(intervals) == [
        ("A", 0, 1, "unknown", "support"),
        ("A", 1, 3, "support", "unknown"),
        ("A", 3, 5, "unknown", "work"),
        ("A", 5, 7, "work", "unknown"),
        ("A", 7, 12, "unknown", None),
        ("B", 0, 12, "unknown", None),
    ]


def test_state_intervals_cut_periods_at_the_edges_of_the_extract(paid_tables):
    tables = paid_tables({"A": []}, [("A", -5, 0, "school"), ("A", 0, 14, "work"), ("A", 14, None, "pension")])

    intervals = intervals_of(tables)

    assert rows_of(intervals) == [("A", 0, 12, "work", None)]


@pytest.mark.parametrize(
    ("outcome_groups", "expected"),
    [
        (False, [("A", 0, 2, "school", "higher_education"), ("A", 2, 5, "higher_education", "work"), ("A", 5, 12, "work", None)]),
        (True, [("A", 0, 5, "studies", "work"), ("A", 5, 12, "work", None)]),
    ],
)
def test_state_intervals_merge_neighbours_in_the_same_outcome_group(paid_tables, outcome_groups, expected):
    states = [("A", 1, 3, "school"), ("A", 3, 6, "higher_education"), ("A", 6, 9, "work"), ("A", 9, None, "work")]

    intervals = intervals_of(paid_tables({"A": []}, states), outcome_groups=outcome_groups)

    assert rows_of(intervals) == expected


def test_state_intervals_keep_every_month_of_northern_ireland(northern_ireland):
    intervals = intervals_of(northern_ireland, outcome_groups=True, extent=NORTHERN_IRELAND)

    months = intervals.group_by("from_state").agg((pl.col("stop") - pl.col("start")).sum()).sort("from_state").rows()

    assert months == [("studies", 18656), ("support", 4399), ("training", 5272), ("work", 22937)]
    assert sum(n for _, n in months) == 712 * 72


def test_state_intervals_hold_as_many_spells_as_published(northern_ireland):
    intervals = intervals_of(northern_ireland, extent=NORTHERN_IRELAND)

    assert intervals.height == 2526
    assert intervals["to_state"].null_count() == 712


@settings(max_examples=40)
@given(
    cuts=st.lists(CUTS, min_size=1, unique_by=lambda cut: cut[0]),
    outcome_groups=st.booleans(),
)
def test_state_intervals_cover_the_extract_without_gap_or_overlap(paid_tables, cuts, outcome_groups):
    starts = sorted(cuts)
    ends = [start for start, _ in starts[1:]] + [None]
    states = [("A", start, end, state) for (start, state), end in zip(starts, ends, strict=True)]

    rows = rows_of(intervals_of(paid_tables({"A": []}, states), outcome_groups=outcome_groups))

    assert [row[1] for row in rows] == [0, *[row[2] for row in rows[:-1]]]
    assert rows[-1][2] == 12
    assert [row[4] for row in rows] == [*[row[3] for row in rows[1:]], None]
    assert all(row[3] != row[4] for row in rows)
