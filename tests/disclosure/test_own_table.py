"""A table of one's own is guarded by the rule that its columns ask for."""

from decimal import Decimal

import polars as pl
import pytest

from evalkit.disclosure import protect_own
from evalkit.errors import DisclosureError

ABOUT = {"name": "own", "source": "made up"}


def test_estimates_that_rest_on_few_are_withheld_with_their_number():
    table = pl.DataFrame(
        {"group": ["a", "b"], "n_persons": [42, 14], "estimate": [5.53, 9.1], "verdict": ["x", "y"]}
    )

    published = protect_own(table, **ABOUT)

    assert published.keys == ("group",)
    assert published.rules == ("rounded:5", "min_persons:20", "one_person")
    assert published.data.drop("row_id").rows() == [
        ("a", 40, 5.5, "x", "ok"),
        ("b", None, None, None, "suppressed"),
    ]


def test_of_several_numbers_of_persons_the_fewest_decide():
    table = pl.DataFrame({"a": ["x"], "estimate": [1.0], "n_persons": [50], "n_starters": [3]})

    assert protect_own(table, **ABOUT).data["status"].to_list() == ["suppressed"]


def test_counts_are_rounded_whatever_they_are_called():
    table = pl.DataFrame(
        {"group": ["a", "b", "all"], "n_persons": [41, 3, 44], "women": [22, 1, 23]}
    )

    published = protect_own(table, **ABOUT)

    assert published.data.drop("row_id", "status").rows() == [
        ("a", 40, 20),
        ("all", 45, 25),
        ("b", 5, 0),
    ]
    assert published.rules == ("rounded:5",)
    assert published.counted == {"n_persons", "women"}


def test_a_group_of_one_or_two_people_is_not_listed():
    ages = {"sex": ["f", "f", "f", "m"], "age": [18, 19, 40, 18]}
    table = pl.DataFrame({**ages, "n_persons": [40, 2, 1, 3]})

    data = protect_own(table, **ABOUT).data

    assert data.select("sex", "age", "n_persons").rows() == [("f", 18, 40), ("m", 18, 5)]


def test_what_may_be_a_share_is_rounded_until_five_people_move_it():
    # One of 40 has it, or none, or five: 0.025 is not told from 0.
    table = pl.DataFrame(
        {"group": ["a", "b", "c"], "n_persons": 40, "with_it": [0.025, 0.0, 0.125]}
    )

    assert protect_own(table, **ABOUT).data["with_it"].to_list() == [0.0, 0.0, 0.2]


def test_a_column_of_whole_numbers_names_rows_only_where_they_would_not_be_told_apart():
    ages = pl.DataFrame(
        {"sex": ["f", "f"], "age": [18, 19], "n_persons": [40, 50], "estimate": [2.0, 3.0]}
    )
    cases = pl.DataFrame(
        {"sex": ["f", "m"], "cases": [1, 7], "n_persons": [40, 50], "mean": [2.0, 3.0]}
    )

    assert protect_own(ages, **ABOUT).keys == ("sex", "age")
    assert protect_own(cases, **ABOUT).keys == ("sex",)
    assert protect_own(cases, **ABOUT).data["cases"].to_list() == [0, 5]


def test_a_curve_stands_at_quoted_months_in_fives_of_those_at_risk():
    table = pl.DataFrame(
        {
            "group": ["a"] * 4 + ["b"] * 4,
            "time": [0, 1, 2, 3] * 2,
            "estimate": [1.0, 0.98, 0.9, 0.81] * 2,
            "n_at_risk": [50, 50, 49, 45, 20, 20, 19, 18],
        }
    )

    published = protect_own(table, **ABOUT)

    assert published.keys == ("group", "time")
    assert published.rules == ("rounded:5", "curve_of:30", "quoted_months")
    assert published.data.drop("row_id").rows() == [
        ("a", 0, 1.0, 50, "ok"),
        ("a", 3, 0.8, 45, "ok"),
    ]


def test_a_curve_is_named_by_no_number_that_is_measured():
    table = pl.DataFrame(
        {
            "group": ["a", "a"],
            "mean_age": [43.21, 43.21],
            "ci_lower": [0.9, 0.7],
            "time": [0, 3],
            "estimate": [1.0, 0.8],
            "n_at_risk": [50, 45],
        }
    )

    assert protect_own(table, **ABOUT).data.columns == [
        *("row_id", "group", "time", "estimate", "ci_lower", "n_at_risk", "status")
    ]


def test_one_curve_alone_needs_no_name():
    table = pl.DataFrame({"time": [0, 3], "estimate": [1.0, 0.8], "n_at_risk": [50, 45]})

    assert protect_own(table, **ABOUT).keys == ("time",)


def test_a_table_without_names_gets_numbers():
    published = protect_own(pl.DataFrame({"estimate": [5.5], "n_persons": [42]}), **ABOUT)

    assert published.data.drop("row_id").rows() == [(1, 5.5, 40, "ok")]


def test_decimals_are_rounded_as_other_numbers():
    table = pl.DataFrame({"a": ["x"], "income": [Decimal("12345.67")], "n_persons": [400]})

    assert protect_own(table, **ABOUT).data["income"].to_list() == [12300.0]


@pytest.mark.parametrize(
    "columns",
    [
        {"term": ["age"], "estimate": [0.1]},
        {"time": [1], "estimate": [0.1], "n_events": [40]},
        {"group": ["a"], "estimate": [0.1], "n_persons": [40.5]},
        {"group": ["a"], "estimate": [0.1], "n_spells": [40]},
    ],
)
def test_what_does_not_say_on_how_many_it_rests_cannot_leave(columns):
    with pytest.raises(DisclosureError) as refused:
        protect_own(pl.DataFrame(columns), **ABOUT)

    what, where, why, fix = str(refused.value).splitlines()
    assert what == "A table that does not say how many persons it rests on cannot leave."
    assert where == f"  where: columns found: {', '.join(columns)}"
    assert "what one person can change" in why
    assert "n_persons or n_starters" in fix


def test_cells_that_hold_several_values_cannot_leave():
    table = pl.DataFrame({"a": ["x"], "n_persons": [40], "months": [[3, 7, 11]]})

    with pytest.raises(DisclosureError) as refused:
        protect_own(table, **ABOUT)

    what, where, *_ = str(refused.value).splitlines()
    assert what == "A table whose cells hold more than one value cannot leave."
    assert where == "  where: columns: months"


@pytest.mark.parametrize("times", [[202601, 202602], [-1, 0], [0, None], ["2026-01", "2026-02"]])
def test_a_curve_by_anything_else_than_months_cannot_leave(times):
    table = pl.DataFrame({"time": times, "estimate": [1.0, 0.9], "n_at_risk": [50, 45]})

    with pytest.raises(DisclosureError) as refused:
        protect_own(table, **ABOUT)

    what, where, why, _ = str(refused.value).splitlines()
    assert what == "The time of a curve is not in months since its start."
    assert where == '  where: column "time"' and "quoted months" in why


def test_negative_numbers_of_people_are_refused():
    table = pl.DataFrame({"a": ["x"], "n_persons": [40], "n_women": [-1]})

    with pytest.raises(DisclosureError, match="below zero in: n_women"):
        protect_own(table, **ABOUT)


def test_ids_of_persons_never_leave():
    table = pl.DataFrame({"person_id": ["p1"], "estimate": [0.1], "n_persons": [40]})

    with pytest.raises(DisclosureError, match="identifiers of persons: person_id"):
        protect_own(table, **ABOUT)
