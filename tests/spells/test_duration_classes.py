"""Long-term support by the official definitions: at the very edge of ten of twelve months, and of
twenty-seven of thirty-six.
"""

from datetime import date

import polars as pl
import pytest

from evalkit.months import add_months
from evalkit.spells import Extent, long_term_classes, long_term_counts

FOUR_YEARS = {
    "first_month": date(2026, 1, 1),
    "data_through": date(2029, 12, 1),
    "max_gap_months": 0,
}


def classes_of(tables, **changed):
    names = ("income_support", "household_member", "person")
    extent = Extent(**(FOUR_YEARS | changed))
    return long_term_classes(*[tables[name] for name in names], extent=extent)


@pytest.mark.parametrize(
    ("months", "expected"),
    [(range(1, 10), False), (range(1, 11), True), ([*range(1, 6), *range(8, 13)], True)],
)
def test_ten_months_of_a_calendar_year_are_long_term_in_a_row_or_not(paid_tables, months, expected):
    classes = classes_of(paid_tables({"A": list(months)}))

    assert classes.select("year", "is_long_term").rows() == [(2026, expected)]


def test_months_around_the_turn_of_the_year_make_neither_year_long_term(paid_tables):
    classes = classes_of(paid_tables({"A": list(range(4, 22))}))

    assert classes.select("year", "months", "is_long_term").rows() == [
        (2026, 9, False),
        (2027, 9, False),
    ]


@pytest.mark.parametrize(("n_months", "expected"), [(26, False), (27, True)])
def test_twenty_seven_of_the_thirty_six_months_that_end_with_the_year_are_very_long_term(
    paid_tables, n_months, expected
):
    classes = classes_of(paid_tables({"A": list(range(37 - n_months, 37))}))

    assert classes.filter(pl.col("year") == 2028).select("months_of_36", "is_very_long_term").row(
        0
    ) == (n_months, expected)


def test_years_without_a_whole_window_have_no_very_long_term_class(paid_tables):
    classes = classes_of(paid_tables({"A": list(range(1, 49))}))

    assert classes["is_very_long_term"].to_list() == [None, None, True, True]


def test_years_that_are_not_whole_in_the_extract_are_left_out(paid_tables):
    tables = paid_tables({"A": list(range(1, 49))})

    cut = classes_of(tables, first_month=date(2026, 2, 1), data_through=date(2029, 11, 1))
    late = classes_of(tables, reporting_lag_months=1)

    assert cut["year"].to_list() == [2027, 2028]
    assert late["year"].to_list() == [2026, 2027, 2028]


def test_classes_count_months_for_which_support_was_paid_not_the_month_of_payment(paid_tables):
    tables = paid_tables({"A": list(range(3, 13))})
    late = tables["income_support"].with_columns(
        month_paid=pl.lit(add_months(date(2026, 1, 1), 15))
    )

    assert classes_of(tables | {"income_support": late}).rows() == classes_of(tables).rows()


def test_counts_give_numerator_and_denominator_of_every_share(paid_tables):
    tables = paid_tables({"A": list(range(1, 12)), "B": [1, 2], "C": list(range(1, 49)), "D": [13]})

    counts = long_term_counts(classes_of(tables))

    year = counts.filter((pl.col("year") == 2026) & (pl.col("district") == "all")).select(
        "measure", "answer", "n_persons", "share"
    )
    assert year.rows() == [
        ("long_term_10_of_12", "all", 3, 1.0),
        ("long_term_10_of_12", "yes", 2, 2 / 3),
    ]
    assert counts.filter(pl.col("measure") == "very_long_term_27_of_36")[
        "year"
    ].unique().to_list() == [2028, 2029]
