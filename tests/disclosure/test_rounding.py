"""The arithmetic of gate 2, number by number."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure.rounding import (
    BASE,
    nearest_five,
    round_counts,
    round_measures,
    step_above,
)

counts = st.integers(0, 2**31 - 1)


def _fives(*numbers, kind=pl.Int32):
    table = pl.DataFrame({"n_persons": pl.Series(numbers, dtype=kind)})
    return round_counts(table, ["n_persons"])["n_persons"].to_list()


def test_zero_one_and_two_become_zero_and_three_becomes_five():
    assert _fives(0, 1, 2, 3, 7, 8, 46, None) == [0, 0, 0, 5, 5, 10, 45, None]


def test_numbers_per_year_go_by_the_half():
    assert _fives(2.4999, 2.5, 7.4, kind=pl.Float64) == [0.0, 5.0, 5.0]


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt8, pl.Int16, pl.UInt32, pl.Int32])
def test_largest_number_of_a_type_is_rounded_within_the_type(kind):
    (largest,) = pl.select(kind.max()).row(0)

    assert 0 <= abs(_fives(largest, kind=kind)[0] - largest) <= 2


@given(st.lists(counts, min_size=1, max_size=20))
def test_every_count_is_a_multiple_of_five_within_two(numbers):
    shown = pl.DataFrame({"n": numbers}).select(nearest_five(pl.col("n"))).to_series()

    assert (shown % BASE == 0).all()
    assert (shown - pl.Series(numbers)).abs().max() <= 2


def test_a_column_of_people_is_known_by_its_unit_and_one_of_nobody_by_its_type():
    table = pl.DataFrame({"n_persons": [7], "n_women": [7], "month": [7], "mean_age": [7.3]})

    assert round_counts(table, table.columns).row(0) == (5, 5, 7, 7.3)


@pytest.mark.parametrize(
    ("size", "step"),
    [(1, 1), (1.01, 2), (2, 2), (2.01, 5), (5.01, 10), (0.2, 0.2), (0.3, 0.5), (1000, 1000)],
)
def test_a_step_is_the_next_of_one_two_and_five_above(size, step):
    assert float(step_above(np.array(size))) == pytest.approx(step)


@given(st.floats(1e-9, 1e12))
def test_a_step_is_never_below_the_influence_nor_far_above_it(size):
    step = float(step_above(np.array(size)))

    assert size * (1 - 1e-9) <= step <= 2.5 * size * (1 + 1e-9)


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan])
def test_without_an_influence_there_is_no_step(size):
    assert math.isnan(step_above(np.array(size)))


def _measured(n=400, *, one_person=None, spans=None, exact=(), **columns):
    rows = pl.DataFrame({name: [value] for name, value in columns.items()}, strict=False)
    rounded = round_measures(
        rows,
        rows.columns,
        n_persons=np.array([float(n)]),
        one_person=None if one_person is None else np.array([one_person]),
        spans={name: np.array([float(span)]) for name, span in (spans or {}).items()},
        exact=exact,
    )
    return rounded.row(0)


def test_limits_go_outwards_to_the_step_of_their_number():
    # SE 1, 400 people: one of them is two standard deviations off, a tenth of an SE.
    assert _measured(estimate=4.1988, ci_lower=4.1988 - 1.96, ci_upper=4.1988 + 1.96) == (
        4.2,
        2.2,
        6.2,
    )


def test_the_measured_influence_of_one_person_counts_before_the_assumed():
    assert _measured(one_person=0.6, estimate=4.1988, ci_lower=2.2388, ci_upper=6.1588) == (
        4.0,
        2.0,
        7.0,
    )


def test_an_unknown_influence_is_that_of_people_of_equal_weight():
    assert _measured(one_person=np.nan, estimate=4.1988, ci_lower=2.2388, ci_upper=6.1588) == (
        4.2,
        2.2,
        6.2,
    )


def test_a_range_of_two_readings_has_a_step_of_its_own_and_its_number_keeps_the_finer():
    rows = pl.DataFrame({"difference": [1.527], "ci_lower": [0.138], "ci_upper": [2.703]})
    given = {"change": np.array([0.04]), "n_persons": np.array([1_000.0]), "spans": {}}
    changes = dict.fromkeys(("ci_lower", "ci_upper"), np.array([0.095]))

    alone, both = (
        round_measures(rows, rows.columns, **given, changes=own).row(0) for own in ({}, changes)
    )

    assert alone == (1.55, 0.1, 2.75)
    assert both == (1.55, 0.1, 2.8)


def test_the_ends_of_a_range_of_no_single_number_go_outwards():
    rows = pl.DataFrame({"plain": [1.527], "span_lower": [0.138], "span_upper": [2.703]})
    given = {"change": np.array([0.04]), "n_persons": np.array([1_000.0]), "spans": {}}

    found = round_measures(rows, rows.columns, **given)

    assert found.row(0) == (1.55, 0.1, 2.75)


def test_two_numbers_with_one_range_give_it_one_step():
    estimate, difference, lower, upper = _measured(
        estimate=4.1988, difference=0.1234, ci_lower=2.2388, ci_upper=6.1588
    )

    assert (estimate, lower, upper) == (4.2, 2.2, 6.2)
    assert difference == 0.2


def test_a_mean_goes_by_how_far_two_people_can_be_apart():
    assert _measured(spans={"estimate": 24}, estimate=7.3219) == (7.3,)
    assert _measured(30, spans={"estimate": 24}, estimate=7.3219) == (7.0,)


def test_a_median_stands_in_whole_months():
    assert _measured(median_months=7.4) == (7.0,)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_number_stays_none(value):
    (shown,) = _measured(estimate=value)

    assert shown is None or not math.isfinite(shown)


def test_words_dates_and_what_is_declared_exact_stay_as_they_are():
    assert _measured(limit=0.12345, exact=("limit",)) == (0.12345,)
    assert _measured(reason="few_starters", horizon_months=24) == ("few_starters", 24)


def test_a_number_that_nobody_declared_is_rounded_too():
    assert _measured(income=12345.678) == (12300.0,)


def test_an_empty_table_keeps_its_columns():
    rows = pl.DataFrame(schema={"estimate": pl.Float64, "ci_lower": pl.Float64})

    rounded = round_measures(rows, rows.columns, n_persons=np.array([]), spans={})

    assert rounded.equals(rows)


@given(
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e5),
    st.integers(20, 100_000),
)
def test_a_range_still_holds_its_number_and_more_than_the_true_one(estimate, error, n):
    lower, upper = estimate - 1.96 * error, estimate + 1.96 * error

    shown, low, high = _measured(n, estimate=estimate, ci_lower=lower, ci_upper=upper)

    step = float(step_above(np.array(error * min(1, 2 / math.sqrt(n)))))
    slack = 1e-6 * max(1.0, abs(estimate))
    assert low <= shown <= high
    assert low <= lower + slack and upper - slack <= high
    assert abs(shown - estimate) <= step / 2 + slack


@given(
    st.floats(0, 24),
    st.floats(0, 24),
    st.floats(0.01, 5),
    st.integers(20, 5_000),
)
def test_what_a_reader_subtracts_is_the_difference_that_is_shown(with_it, without, error, n):
    rows = pl.DataFrame(
        {
            "treated": [with_it],
            "comparison": [without],
            "difference": [with_it - without],
            "ci_lower": [with_it - without - 2 * error],
            "ci_upper": [with_it - without + 2 * error],
        }
    )

    shown = round_measures(rows, rows.columns, n_persons=np.array([float(n)]), spans={})

    treated, comparison, difference = shown.row(0)[:3]
    assert treated >= 0 and comparison >= 0
    assert treated - comparison == pytest.approx(difference, abs=1e-9)


def test_shares_that_differ_stay_within_all_of_them():
    rows = pl.DataFrame(
        {
            "treated": [0.98, 0.02, None],
            "comparison": [0.36, 0.44, 0.4],
            "estimate": [0.62, -0.42, None],
            "ci_lower": [0.3, -0.8, None],
            "ci_upper": [0.9, -0.1, None],
        }
    )

    shown = round_measures(rows, rows.columns, n_persons=np.full(3, 30.0), spans={})

    # In steps of 0.1: 0.4 + 0.6 and 0.4 - 0.4.
    assert shown["treated"].to_list() == [1.0, 0.0, None]
    assert shown["comparison"].to_list() == [0.4, 0.4, 0.4]
