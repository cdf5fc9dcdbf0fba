"""Support spells: equal to the published ones, by hand at every edge of the extract, and
indifferent to order, names and files.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.spells import Extent, build_support_spells

PUBLISHED = Path(__file__).parents[1] / "published" / "joblessness_spells.csv"
NORTHERN_IRELAND = {"first_month": date(1993, 7, 1), "data_through": date(1999, 6, 1)}
YEAR = {"first_month": date(2026, 1, 1), "data_through": date(2026, 12, 1)}
TABLES = ("income_support", "household_member", "livelihood", "person")
PROPERTY = settings(max_examples=25)
PAID = st.dictionaries(
    st.sampled_from(["A", "B", "C"]), st.lists(st.integers(1, 12), unique=True), min_size=1
)


def spells_of(tables, **arguments):
    return build_support_spells(*[tables[name] for name in TABLES], extent=Extent(**arguments))


def months_of(spells):
    """Spells as (person, first month, last month, exit), months counted from January 2026 = 1."""
    rows = spells.select("person_id", "start", "months", "exit").rows()
    return [
        (person, start.month, start.month + length - 1, exit_)
        for person, start, length, exit_ in rows
    ]


def test_support_spells_equal_the_published_spells_row_by_row(northern_ireland):
    published = pl.read_csv(PUBLISHED).sort("id", "start_month")
    exits = {0: None, 1: "work", 2: "studies", 3: "training"}
    states = {
        "employment": "work",
        "FE": "further_education",
        "HE": "higher_education",
        "censored": None,
    }

    spells = spells_of(northern_ireland, max_gap_months=0, **NORTHERN_IRELAND)

    expected = published.select(
        person_id="NI-" + pl.col("id").cast(pl.String).str.zfill(4),
        district="region",
        start=pl.lit(date(1993, 7, 1)).dt.offset_by(pl.format("{}mo", pl.col("start_month") - 1)),
        months=pl.col("length").cast(pl.Int32),
        exit_state=pl.col("next_state").replace(states),
        exit=pl.col("exit").replace_strict(exits, return_dtype=pl.String),
        is_start_known=pl.col("start_month") > 1,
        weight="weight",
    )
    assert spells.select(expected.columns).equals(expected)


def test_support_spells_count_as_published(northern_ireland):
    spells = spells_of(northern_ireland, max_gap_months=0, **NORTHERN_IRELAND)

    exits = dict(spells.group_by("exit").len().iter_rows())

    assert (spells.height, spells["person_id"].n_unique()) == (507, 342)
    assert exits == {"work": 182, "studies": 168, "training": 64, None: 93}


@pytest.mark.parametrize(
    ("max_gap_months", "expected"),
    [(0, [(2, 3), (5, 5), (8, 8)]), (1, [(2, 5), (8, 8)]), (2, [(2, 8)])],
)
def test_support_spells_bridge_gaps_up_to_the_limit(paid_tables, max_gap_months, expected):
    tables = paid_tables({"A": [2, 3, 5, 8]})

    spells = spells_of(tables, max_gap_months=max_gap_months, **YEAR)

    assert [(start, end) for _, start, end, _ in months_of(spells)] == expected


@pytest.mark.parametrize(
    ("max_gap_months", "known"), [(0, [False, True]), (1, [False, False]), (2, [False, False])]
)
def test_support_spells_flag_starts_that_may_lie_before_the_extract(
    paid_tables, max_gap_months, known
):
    tables = paid_tables({"A": [1, 5], "B": [2]})

    spells = spells_of(tables, max_gap_months=max_gap_months, **YEAR).filter(
        pl.col("spell_no") == 1
    )

    assert spells["is_start_known"].to_list() == known


def test_support_spells_begin_at_the_first_month_where_everybody_did(paid_tables):
    tables = paid_tables({"A": [1, 5], "B": [2]})

    spells = spells_of(tables, max_gap_months=2, everybody_began_at_first_month=True, **YEAR)

    assert spells.select("start", "entry", "is_start_known").rows() == [
        (date(2026, 1, 1), 0, True),
        (date(2026, 5, 1), 0, True),
        (date(2026, 2, 1), 0, True),
    ]


@pytest.mark.parametrize(
    ("paid_in", "since", "expected"),
    [
        (
            [1, 2, 3],
            date(2025, 6, 1),
            (date(2025, 6, 1), 7, 10, True),
        ),  # seven months gone by, three paid in sight
        (
            [2, 3],
            date(2025, 12, 1),
            (date(2025, 12, 1), 2, 4, True),
        ),  # the unpaid first month is bridged
        (
            [1, 2],
            date(2026, 1, 1),
            (date(2026, 1, 1), 0, 2, True),
        ),  # told to have begun with the extract
        ([1, 2], None, (date(2026, 1, 1), 0, 2, False)),
        (
            [4, 5],
            date(2025, 6, 1),
            (date(2026, 4, 1), 0, 2, True),
        ),  # three unpaid months stand before it: another period
    ],
)
def test_support_spells_take_their_beginning_from_what_the_sender_tells(
    paid_tables, paid_in, since, expected
):
    tables = paid_tables({"A": paid_in})
    told = tables["income_support"].with_columns(support_since=pl.lit(since, pl.Date))

    spells = spells_of({**tables, "income_support": told}, max_gap_months=2, **YEAR)

    assert spells.select("start", "entry", "months", "is_start_known").row(0) == expected


@pytest.mark.parametrize(
    ("max_gap_months", "reporting_lag_months", "expected"),
    [
        (0, 0, [("A", 8, 10, "work"), ("B", 11, 12, None), ("C", 3, 9, "unknown")]),
        (1, 0, [("A", 8, 10, "work"), ("B", 11, 11, None), ("C", 3, 9, "unknown")]),
        (2, 0, [("A", 8, 10, None), ("C", 3, 9, "unknown")]),
        (0, 3, [("A", 8, 9, None), ("C", 3, 9, None)]),
        (1, 3, [("A", 8, 8, None), ("C", 3, 8, None)]),
        (2, 3, [("C", 3, 7, None)]),
    ],
)
def test_support_spells_end_follow_up_where_exits_are_no_longer_known(
    paid_tables, max_gap_months, reporting_lag_months, expected
):
    paid = {"A": [8, 9, 10], "B": [11, 12], "C": [3, 4, 5, 6, 7, 8, 9]}
    tables = paid_tables(paid, [("A", 11, None, "work"), ("B", 11, None, "support")])

    spells = spells_of(
        tables, max_gap_months=max_gap_months, reporting_lag_months=reporting_lag_months, **YEAR
    )

    assert months_of(spells) == expected


def test_last_month_with_known_exits_lies_gap_and_lag_before_the_last_month():
    extent = Extent(**YEAR, max_gap_months=2, reporting_lag_months=4)

    assert extent.last_month_with_known_exits == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("states", "exit_state", "exit_group"),
    [
        ([("A", 4, None, "school")], "school", "studies"),
        ([("A", 1, 4, "support"), ("A", 4, 5, "training")], "training", "training"),
        ([("A", 5, None, "work")], "unknown", "unknown"),
        ([("A", 1, 4, "work")], "unknown", "unknown"),
        ([("A", 1, None, "support")], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)
def test_support_spells_take_the_exit_from_the_first_month_after(
    paid_tables, states, exit_state, exit_group
):
    tables = paid_tables({"A": [2, 3]}, states)

    spells = spells_of(tables, max_gap_months=0, **YEAR)

    assert spells.select("exit_state", "exit").row(0) == (exit_state, exit_group)


def test_support_spells_follow_the_adults_of_a_household_and_not_its_children(paid_tables, month):
    tables = paid_tables({"A": [1, 2], "B": [], "C": []})
    others = [
        ("HA", "B", month(2), "co_applicant", None, None),
        ("HA", "C", month(2), "child", None, None),
    ]
    filled = dict(list(tables["household_member"].schema.items())[: len(others[0])])
    tables["household_member"] = pl.concat(
        [tables["household_member"], pl.DataFrame(others, schema=filled, orient="row")],
        how="diagonal",
    )

    spells = spells_of(tables, max_gap_months=0, **YEAR)

    assert months_of(spells) == [("A", 1, 2, "unknown"), ("B", 2, 2, "unknown")]
    assert spells["household_id"].to_list() == ["HA", "HA"]


def test_support_spells_leave_out_months_with_nothing_paid(paid_tables):
    tables = paid_tables({"A": [3, 4, 5]})
    amounts = pl.Series("amount", [9000.0, 0.0, 9000.0])

    spells = spells_of(
        {**tables, "income_support": tables["income_support"].with_columns(amounts)},
        max_gap_months=0,
        **YEAR,
    )

    assert months_of(spells) == [("A", 3, 3, "unknown"), ("A", 5, 5, "unknown")]


def test_support_spells_count_everybody_once_without_survey_weights(paid_tables):
    spells = spells_of(paid_tables({"A": [3]}), max_gap_months=0, **YEAR)

    assert spells["weight"].to_list() == [1.0]


@PROPERTY
@given(paid=PAID)
def test_support_spells_conserve_person_months_without_gaps(paid_tables, paid):
    spells = spells_of(paid_tables(paid), max_gap_months=0, **YEAR)

    assert spells["months"].sum() == sum(len(months) for months in paid.values())


@PROPERTY
@given(paid=PAID)
def test_support_spells_never_grow_in_number_with_the_gap(paid_tables, paid):
    tables = paid_tables(paid)

    n_spells = [spells_of(tables, max_gap_months=gap, **YEAR).height for gap in range(5)]

    assert n_spells == sorted(n_spells, reverse=True)


@PROPERTY
@given(paid=PAID, seed=st.integers(0, 1000), gap=st.integers(0, 3))
def test_support_spells_do_not_depend_on_row_order_or_names(paid_tables, paid, seed, gap):
    tables = paid_tables(paid, [(person, 6, None, "work") for person in paid])
    renamed = {
        name: table.sample(fraction=1, shuffle=True, seed=seed).with_columns(
            pl.col("^person_id$").replace({"A": "Z", "B": "Y"})
        )
        for name, table in tables.items()
    }

    spells, others = (
        spells_of(version, max_gap_months=gap, **YEAR) for version in (tables, renamed)
    )

    assert sorted(
        months_of(others.with_columns(pl.col("person_id").replace({"Z": "A", "Y": "B"})))
    ) == months_of(spells)


@PROPERTY
@given(paid=PAID, seed=st.integers(0, 1000), gap=st.integers(0, 3), n_parts=st.integers(1, 4))
def test_support_spells_do_not_depend_on_how_the_files_are_split(
    paid_tables, paid, seed, gap, n_parts
):
    tables = paid_tables(paid)
    parts = {
        name: pl.concat(
            [
                table.sample(fraction=1, shuffle=True, seed=seed).gather_every(n_parts, part)
                for part in range(n_parts)
            ]
        )
        for name, table in tables.items()
    }

    spells, others = (spells_of(version, max_gap_months=gap, **YEAR) for version in (tables, parts))

    assert others.equals(spells)


@PROPERTY
@given(paid=PAID, late_by=st.lists(st.integers(0, 6), min_size=36, max_size=36))
def test_support_spells_book_back_payments_in_the_month_for_which_they_were_paid(
    paid_tables, month, paid, late_by
):
    tables = paid_tables(paid)
    number = pl.col("month").dt.month().cast(pl.Int64)
    delays = pl.Series(late_by[: tables["income_support"].height] or [], dtype=pl.Int64)
    paid_late = tables["income_support"].with_columns(
        month_paid=pl.date(2026 + (number + delays - 1) // 12, (number + delays - 1) % 12 + 1, 1)
    )

    spells = spells_of({**tables, "income_support": paid_late}, max_gap_months=1, **YEAR)

    assert spells.equals(spells_of(tables, max_gap_months=1, **YEAR))


@PROPERTY
@given(paid=PAID, gap=st.integers(0, 3), lag=st.integers(0, 2))
def test_support_spells_hold_every_paid_month_with_known_exits_once(paid_tables, paid, gap, lag):
    known = 12 - gap - lag

    spells = months_of(
        spells_of(paid_tables(paid), max_gap_months=gap, reporting_lag_months=lag, **YEAR)
    )

    held = sorted(
        (person, k) for person, start, end, _ in spells for k in paid[person] if start <= k <= end
    )
    assert held == sorted(
        (person, k) for person, months in paid.items() for k in months if k <= known
    )
