"""State intervals: everybody from the first month to the last, each month from the first source
that knows it, neighbours merged.
"""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.line.tables import table
from evalkit.spells import Extent, build_state_intervals, build_support_spells, state_sources

NORTHERN_IRELAND = {"first_month": date(1993, 7, 1), "data_through": date(1999, 6, 1)}
YEAR = {"first_month": date(2026, 1, 1), "data_through": date(2026, 12, 1)}
CUTS = st.tuples(st.integers(1, 12), st.sampled_from(["work", "school", "support"]))


NAMES = ("income_support", "household_member", "livelihood", "person")


def intervals_of(tables, *, outcome_groups=False, extent=YEAR, gap=0, participation=None):
    return build_state_intervals(
        *[tables[name] for name in NAMES],
        extent=Extent(**extent, max_gap_months=gap),
        outcome_groups=outcome_groups,
        participation=participation,
    )


def rows_of(intervals):
    return intervals.select(
        "person_id", "start_month", "stop_month", "from_state", "to_state"
    ).rows()


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
    tables = paid_tables(
        {"A": []}, [("A", -5, 0, "school"), ("A", 0, 14, "work"), ("A", 14, None, "pension")]
    )

    intervals = intervals_of(tables)

    assert rows_of(intervals) == [("A", 0, 12, "work", None)]


@pytest.mark.parametrize(
    ("outcome_groups", "expected"),
    [
        (
            False,
            [
                ("A", 0, 2, "school", "higher_education"),
                ("A", 2, 5, "higher_education", "work"),
                ("A", 5, 12, "work", None),
            ],
        ),
        (True, [("A", 0, 5, "studies", "work"), ("A", 5, 12, "work", None)]),
    ],
)
def test_state_intervals_merge_neighbours_in_the_same_outcome_group(
    paid_tables, outcome_groups, expected
):
    states = [
        ("A", 1, 3, "school"),
        ("A", 3, 6, "higher_education"),
        ("A", 6, 9, "work"),
        ("A", 9, None, "work"),
    ]

    intervals = intervals_of(paid_tables({"A": []}, states), outcome_groups=outcome_groups)

    assert rows_of(intervals) == expected


def test_state_intervals_keep_every_month_of_northern_ireland(northern_ireland):
    intervals = intervals_of(northern_ireland, outcome_groups=True, extent=NORTHERN_IRELAND)

    months = (
        intervals.group_by("from_state")
        .agg((pl.col("stop_month") - pl.col("start_month")).sum())
        .sort("from_state")
        .rows()
    )

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
def test_state_intervals_cover_the_extract_without_gap_or_overlap(
    paid_tables, cuts, outcome_groups
):
    starts = sorted(cuts)
    ends = [start for start, _ in starts[1:]] + [None]
    states = [("A", start, end, state) for (start, state), end in zip(starts, ends, strict=True)]

    rows = rows_of(intervals_of(paid_tables({"A": []}, states), outcome_groups=outcome_groups))

    assert [row[1] for row in rows] == [0, *[row[2] for row in rows[:-1]]]
    assert rows[-1][2] == 12
    assert [row[4] for row in rows] == [*[row[3] for row in rows[1:]], None]
    assert all(row[3] != row[4] for row in rows)


def with_reasons(tables, **reasons):
    """The tables with exit reasons in the given months: A_3="work" is a reason in A's row for month
    3.
    """
    column = pl.format("{}_{}", pl.col("household_id").str.slice(1), pl.col("month").dt.month())
    told = column.replace_strict(reasons, default=None, return_dtype=pl.String)
    return {**tables, "income_support": tables["income_support"].with_columns(exit_reason=told)}


def test_paid_months_are_support_where_no_livelihood_covers_them(paid_tables):
    tables = paid_tables(
        {"A": [2, 3, 4, 5], "B": []}, [("A", 4, 5, "work"), ("A", 6, None, "pension")]
    )

    intervals = intervals_of(tables)

    # What the livelihood register knows goes first, in the paid fourth month too.
    assert rows_of(intervals) == [
        ("A", 0, 1, "unknown", "support"),
        ("A", 1, 3, "support", "work"),
        ("A", 3, 4, "work", "support"),
        ("A", 4, 5, "support", "pension"),
        ("A", 5, 12, "pension", None),
        ("B", 0, 12, "unknown", None),
    ]


def test_paid_months_are_support_where_the_livelihood_is_recorded_as_unknown(paid_tables):
    intervals = intervals_of(paid_tables({"A": [1, 2, 3]}, [("A", 1, None, "unknown")]))

    assert rows_of(intervals) == [("A", 0, 3, "support", "unknown"), ("A", 3, 12, "unknown", None)]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (0, ["support", "unknown", "support", "unknown"]),
        (1, ["support", "unknown"]),
        (2, ["support", "unknown"]),
    ],
)
def test_a_gap_that_spells_bridge_is_support_in_states_too(paid_tables, gap, expected):
    intervals = intervals_of(paid_tables({"A": [1, 2, 4]}), gap=gap)

    assert intervals["from_state"].to_list() == expected


def test_a_bridged_month_with_a_livelihood_keeps_it(paid_tables):
    intervals = intervals_of(paid_tables({"A": [1, 2, 4]}, [("A", 3, 4, "work")]), gap=2)

    assert intervals["from_state"].to_list() == ["support", "work", "support", "unknown"]


@pytest.mark.parametrize(
    ("reason", "livelihood", "expected"),
    [
        ("work", [], [("support", 0, 3), ("work", 3, 4), ("unknown", 4, 12)]),
        ("moved", [], [("support", 0, 3), ("moved", 3, 12)]),
        (
            "work",
            [("A", 4, 8, "school")],
            [("support", 0, 3), ("school", 3, 7), ("unknown", 7, 12)],
        ),
        ("work", [("A", 4, 8, "unknown")], [("support", 0, 3), ("work", 3, 4), ("unknown", 4, 12)]),
        ("own_income", [], [("support", 0, 3), ("unknown", 3, 12)]),
        ("support", [], [("support", 0, 3), ("unknown", 3, 12)]),
    ],
)
def test_an_exit_reason_tells_the_month_after_support_where_no_livelihood_does(
    paid_tables, reason, livelihood, expected
):
    tables = with_reasons(paid_tables({"A": [1, 2, 3]}, livelihood), A_3=reason)

    assert intervals_of(tables).select("from_state", "start_month", "stop_month").rows() == expected


def episodes_ended(month, *rows):
    """Participation of (person, first month, month after the last, reason)."""
    columns = table("participation").schema
    filled = [
        {
            "person_id": person,
            "intervention_id": "course",
            "start": month(start),
            "end": month(end),
            "end_reason": reason,
        }
        for person, start, end, reason in rows
    ]
    return pl.DataFrame(filled, schema=columns)


@pytest.mark.parametrize(
    ("reason", "end", "livelihood", "exit_reason", "expected"),
    [
        # The episode ends with support: the month after is told, and no more.
        ("work", 4, [], None, [("support", 0, 3), ("work", 3, 4), ("unknown", 4, 12)]),
        ("dead", 4, [], None, [("support", 0, 3), ("dead", 3, 12)]),
        # It ended while support went on: nothing is told, not even afterwards.
        ("work", 3, [], None, [("support", 0, 3), ("unknown", 3, 12)]),
        ("moved", 3, [], None, [("support", 0, 3), ("unknown", 3, 12)]),
        # It went on after support.
        ("work", 7, [], None, [("support", 0, 3), ("unknown", 3, 6), ("work", 6, 7)]),
        # What is known better goes first.
        ("work", 4, [], "studies", [("support", 0, 3), ("studies", 3, 4), ("unknown", 4, 12)]),
        (
            *("work", 4, [("A", 4, 6, "pension")], None),
            [("support", 0, 3), ("pension", 3, 5), ("unknown", 5, 12)],
        ),
        ("dropped_out", 4, [], None, [("support", 0, 3), ("unknown", 3, 12)]),
        ("work", None, [], None, [("support", 0, 3), ("unknown", 3, 12)]),
    ],
)
def test_an_end_reason_tells_the_month_after_the_episode_where_nothing_else_does(
    paid_tables, month, reason, end, livelihood, exit_reason, expected
):
    tables = with_reasons(paid_tables({"A": [1, 2, 3]}, livelihood), A_3=exit_reason)

    intervals = intervals_of(tables, participation=episodes_ended(month, ("A", 1, end, reason)))

    found = intervals.select("from_state", "start_month", "stop_month").rows()
    assert found[: len(expected)] == expected


def test_an_episode_that_ends_within_a_month_tells_the_next_one(paid_tables, month):
    ended = episodes_ended(month, ("A", 1, 3, "work")).with_columns(end=pl.lit(date(2026, 3, 20)))

    intervals = intervals_of(paid_tables({"A": [1, 2, 3]}), participation=ended)

    assert intervals["from_state"].to_list() == ["support", "work", "unknown"]


def test_a_spells_exit_is_told_by_an_episode_that_ended_with_it(paid_tables, month):
    tables = with_reasons(paid_tables({key: [2, 3] for key in "ABC"}), C_3="studies")
    ended = episodes_ended(
        month, ("A", 2, 4, "work"), ("B", 2, 3, "work"), ("C", 2, 4, "work"), ("C", 1, 4, "moved")
    )

    spells = build_support_spells(
        *[tables[name] for name in NAMES],
        extent=Extent(**YEAR, max_gap_months=0),
        participation=ended,
    )

    assert spells["exit_state"].to_list() == ["work", "unknown", "studies"]


def test_a_reason_before_the_last_payment_tells_nothing(paid_tables):
    tables = with_reasons(paid_tables({"A": [1, 2, 4], "B": [1, 2, 6, 7]}), A_2="dead", B_2="dead")

    intervals = intervals_of(tables, gap=1)

    # A's spell goes on over the gap; B came back, so that the reason holds no longer.
    assert intervals.select("person_id", "from_state").rows() == [
        ("A", "support"),
        ("A", "unknown"),
        ("B", "support"),
        ("B", "dead"),
        ("B", "support"),
        ("B", "unknown"),
    ]


def test_a_final_reason_is_overtaken_by_what_comes_later(paid_tables):
    tables = with_reasons(paid_tables({"A": [1, 2, 6, 7]}), A_2="moved", A_7="work")

    found = intervals_of(tables).select("from_state", "start_month", "stop_month").rows()

    assert found == [
        ("support", 0, 2),
        ("moved", 2, 5),
        ("support", 5, 7),
        ("work", 7, 8),
        ("unknown", 8, 12),
    ]


def test_exits_of_spells_are_the_states_that_reasons_tell(paid_tables):
    tables = with_reasons(
        paid_tables({"A": [2, 3], "B": [2, 3], "C": [2, 3]}, [("B", 4, None, "school")]),
        A_3="work",
        B_3="work",
        C_2="work",
    )

    spells = build_support_spells(
        *[tables[name] for name in NAMES], extent=Extent(**YEAR, max_gap_months=0)
    )

    # B's livelihood goes first; C's reason does not stand in the last month of support.
    assert spells.select("person_id", "exit_state").rows() == [
        ("A", "work"),
        ("B", "school"),
        ("C", "unknown"),
    ]


def test_sources_of_states_add_up_to_every_month_of_everybody(paid_tables):
    tables = with_reasons(
        paid_tables({"A": [2, 3], "B": [5]}, [("A", 6, 8, "work"), ("B", 1, 3, "unknown")]),
        A_3="studies",
    )

    sources = state_sources(
        *[tables[name] for name in NAMES], extent=Extent(**YEAR, max_gap_months=0)
    )

    assert dict(sources.select("source", "n_person_months").iter_rows()) == {
        "livelihood": 2,
        "payment": 3,
        "exit_reason": 1,
        "end_reason": 0,
        "unknown": 18,
        "all": 24,
    }
    assert sources.filter(source="unknown")["share"].item() == 0.75


@settings(max_examples=25)
@given(
    cuts=st.lists(CUTS, unique_by=lambda cut: cut[0]),
    paid=st.lists(st.integers(1, 12), unique=True),
    gap=st.integers(0, 3),
    reason=st.sampled_from([None, "work", "dead"]),
)
def test_every_month_has_one_state_whatever_the_sources_say(paid_tables, cuts, paid, gap, reason):
    starts = sorted(cuts)
    ends = [
        min(start + 2, later)
        for (start, _), (later, _) in zip(starts, [*starts, (99, "")][1:], strict=True)
    ]
    states = [("A", start, end, state) for (start, state), end in zip(starts, ends, strict=True)]
    tables = paid_tables({"A": paid}, states)
    tables = with_reasons(tables, **{f"A_{max(paid)}": reason}) if paid and reason else tables

    rows = rows_of(intervals_of(tables, gap=gap))

    months = [(month, row[3]) for row in rows for month in range(row[1] + 1, row[2] + 1)]
    known = {
        month: state for _, start, end, state in states for month in range(start, min(end, 13))
    }
    assert [month for month, _ in months] == list(range(1, 13))
    assert all(
        state == known.get(month, "support")
        for month, state in months
        if month in known or month in paid
    )
