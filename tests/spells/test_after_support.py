"""Whether work lasted, and whether support began again: by hand at every edge of what is known."""

from datetime import date

import polars as pl
import pytest

from evalkit.spells import (
    Extent,
    after_support,
    after_support_counts,
    build_state_intervals,
    build_support_spells,
)

YEARS = {"first_month": date(2026, 1, 1), "data_through": date(2027, 12, 1)}
NAMES = ("income_support", "household_member", "livelihood", "person")


def after_of(tables, *, gap=0):
    extent, admitted = Extent(**YEARS, max_gap_months=gap), [tables[name] for name in NAMES]
    spells = build_support_spells(*admitted, extent=extent)
    intervals = build_state_intervals(*admitted, extent=extent, outcome_groups=True)
    return after_support(spells, intervals, extent=extent)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([("A", 4, 7, "work")], "yes"),
        ([("A", 4, 6, "work"), ("A", 6, None, "school")], "no"),
        ([("A", 4, 6, "work")], "unknown"),
        ([("A", 4, 5, "work"), ("A", 6, None, "work")], "unknown"),
        ([("A", 4, None, "work")], "yes"),
        ([("A", 5, None, "work")], "unknown"),
        ([("A", 4, None, "subsidised_work")], "no"),
    ],
)
def test_an_exit_is_sustained_by_three_months_of_unsubsidised_work_in_a_row(
    paid_tables, states, expected
):
    after = after_of(paid_tables({"A": [2, 3]}, states))

    assert after["sustained_work"].to_list() == [expected]


@pytest.mark.parametrize(("last_paid", "expected"), [(21, "yes"), (22, None)])
def test_sustained_work_is_not_asked_where_the_extract_ends_too_soon(
    paid_tables, last_paid, expected
):
    after = after_of(paid_tables({"A": [last_paid]}, [("A", last_paid + 1, None, "work")]))

    assert after["sustained_work"].to_list() == [expected]


def test_months_without_support_are_the_whole_months_before_it_began_again(paid_tables):
    after = after_of(paid_tables({"A": [2, 6, 7]}))

    assert after.select("spell_no", "months_without_support", "months_followed").rows() == [
        (1, 3, 22),
        (2, None, 17),
    ]


def test_what_came_after_is_asked_of_spells_whose_beginning_is_known(paid_tables):
    after = after_of(paid_tables({"A": [1, 2, 6], "B": [3]}))

    # A's first spell was running when the extract began; its return is counted where it is a spell
    # of its own.
    assert after.select("person_id", "spell_no").rows() == [("A", 2), ("B", 1)]


def test_death_and_moving_away_cannot_be_followed_by_a_return(paid_tables):
    after = after_of(
        paid_tables({"A": [2], "B": [2]}, [("A", 3, None, "dead"), ("B", 3, None, "moved")])
    )

    assert after.is_empty()


@pytest.mark.parametrize(
    ("back_in", "expected"),
    [(8, [1, 1]), (9, [0, 1]), (14, [0, 1]), (15, [0, 0])],
)
def test_back_within_six_months_means_paid_in_one_of_the_first_six(paid_tables, back_in, expected):
    counts = after_support_counts(
        after_of(paid_tables({"A": [2, back_in]})).filter(pl.col("spell_no") == 1)
    )

    found = counts.filter(
        (pl.col("district") == "all")
        & (pl.col("answer") == "yes")
        & pl.col("measure").str.starts_with("back_within")
    )
    assert found.sort(pl.col("measure").str.len_chars())["n_spells"].to_list() == expected


def test_counts_leave_out_spells_that_are_not_followed_long_enough(paid_tables):
    # A is followed for 8 months after the spell, B for 14; B comes back in the third.
    counts = after_support_counts(
        after_of(
            paid_tables({"A": [16], "B": [10, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]})
        )
    )

    rows = {
        (row[0], row[1]): row[2]
        for row in counts.filter(pl.col("district") == "all")
        .select("measure", "answer", "n_spells")
        .rows()
    }
    assert rows["back_within_6", "all"] == 2 and rows["back_within_6", "yes"] == 1
    assert rows["back_within_12", "all"] == 1 and rows["back_within_12", "yes"] == 1


def test_all_are_the_whole_and_no_answer_is_what_others_leave_of_it(paid_tables):
    states = [("A", 3, 9, "work"), ("B", 3, 4, "work"), ("C", 3, None, "work")]

    counts = after_support_counts(after_of(paid_tables({"A": [2, 9], "B": [2], "C": [2]}, states)))

    assert (counts.filter(answer="all")["share"] == 1).all()
    assert set(counts["answer"]) == {"all", "yes", "unknown"}
    can_be_unknown = set(counts.filter(pl.col("answer") == "unknown")["measure"])
    assert can_be_unknown == {"sustained_work", "sustained_any_work"}


@pytest.mark.parametrize(
    ("states", "narrow", "wide"),
    [
        ([("A", 4, 7, "work")], "yes", "yes"),
        ([("A", 4, 5, "work"), ("A", 5, 7, "subsidised_work")], None, "yes"),
        ([("A", 4, 7, "subsidised_work")], None, "yes"),
        ([("A", 4, 7, "sheltered_work")], None, None),
        ([("A", 4, 5, "subsidised_work"), ("A", 5, 7, "school")], None, None),
        ([("A", 4, 6, "subsidised_work")], None, "unknown"),
    ],
)
def test_sustained_work_is_counted_by_both_definitions(paid_tables, states, narrow, wide):
    counts = after_support_counts(after_of(paid_tables({"A": [2, 3]}, states)))

    yes = counts.filter(
        pl.col("district") == "all", pl.col("n_spells") == 1, pl.col("answer") != "all"
    )
    answers = dict(yes.select("measure", "answer").iter_rows())
    assert (answers.get("sustained_work"), answers.get("sustained_any_work")) == (narrow, wide)


@pytest.mark.parametrize(
    ("back_in", "gap", "expected"),
    [(8, 0, ["no"]), (9, 0, ["yes"]), (None, 0, ["yes"]), (None, 5, ["yes"]), (None, 6, [None])],
)
def test_where_work_is_not_observed_an_exit_is_sustained_by_six_months_without_support(
    paid_tables, back_in, gap, expected
):
    paid = [8, *([back_in + 6] if back_in else [])]

    after = after_of(paid_tables({"A": paid}), gap=gap).filter(pl.col("spell_no") == 1)

    assert after["sustained_without_support"].to_list() == expected
