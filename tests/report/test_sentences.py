"""Sentences are chosen by estimates and ranges: where zero lies inside, the answer is that the data
cannot tell.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.report.parts.numbers import Row
from evalkit.report.parts.sentences import (
    are_apart,
    clear_leader,
    conventions_that_differ,
    largest_imbalance,
    lock_in,
    side_of_zero,
)


def row(status="ok", **values):
    return Row("table", 0, status, "L", values)


def month(number, estimate, low, high):
    return row(month=number, estimate=estimate, ci_lower=low, ci_upper=high)


@pytest.mark.parametrize(
    ("low", "high", "side"),
    [
        (0.1, 2, "above"),
        (-2, -0.1, "below"),
        (-1, 1, "unclear"),
        (0, 1, "unclear"),
        (-1, 0, "unclear"),
    ],
)
def test_side_of_zero_is_unclear_when_the_range_holds_zero(low, high, side):
    assert side_of_zero(row(ci_lower=low, ci_upper=high)) == side


def test_side_of_zero_is_unclear_without_a_range():
    assert side_of_zero(row(ci_lower=None, ci_upper=None)) == "unclear"


def test_side_of_zero_is_unclear_when_withheld():
    assert side_of_zero(row("suppressed", ci_lower=1, ci_upper=2)) == "unclear"


@given(st.floats(-10, 10), st.floats(0, 10))
def test_side_of_zero_turns_with_the_sign(low, width):
    turned = {"above": "below", "below": "above", "unclear": "unclear"}

    assert (
        side_of_zero(row(ci_lower=-(low + width), ci_upper=-low))
        == turned[side_of_zero(row(ci_lower=low, ci_upper=low + width))]
    )


def test_lock_in_is_seen_in_the_first_unbroken_months_below_zero():
    months = [
        month(0, 0, 0, 0),
        month(1, -0.1, -0.2, -0.05),
        month(2, -0.3, -0.4, -0.2),
        month(3, -0.9, -1, 1),
        month(4, -0.1, -0.2, -0.1),
    ]
    months += [month(m, 0.1, -0.1, 0.2) for m in range(5, 9)]

    finding = lock_in(months)

    assert (finding.verdict, finding.months, finding.lowest["month"]) == ("seen", (1, 2), 2)


def test_lock_in_runs_over_the_months_that_are_shown():
    months = [month(m, -0.1, -0.2, -0.05) for m in (3, 6, 9)] + [month(12, 0, -1, 1)]

    finding = lock_in([*months, month(24, 0.1, 0, 0.2)])

    assert finding is not None and finding.months == (3, 6, 9)


def test_lock_in_names_the_lowest_month_when_nothing_is_certain():
    finding = lock_in([month(m, -0.1 * m, -1, 1) for m in range(1, 5)])

    assert (finding.verdict, finding.months, finding.lowest["month"]) == ("unclear", (), 2)


def test_lock_in_looks_at_the_first_half_only():
    months = [month(m, 0.0, -0.1, 0.1) for m in range(1, 6)] + [
        month(m, -0.2, -0.3, -0.1) for m in range(6, 11)
    ]

    assert lock_in(months).verdict == "unclear"


def test_lock_in_is_not_seen_when_all_early_months_lie_above_zero():
    assert lock_in([month(m, 0.2, 0.1, 0.3) for m in range(1, 9)]).verdict == "not_seen"


def test_lock_in_says_nothing_without_months():
    assert lock_in([month(0, 0, 0, 0)]) is None


def test_clear_leader_needs_a_range_above_all_others():
    low, high = (
        row(estimate=0.2, ci_lower=0.1, ci_upper=0.3),
        row(estimate=0.5, ci_lower=0.4, ci_upper=0.6),
    )

    assert clear_leader([low, high]) is high


def test_clear_leader_is_none_when_ranges_meet():
    first, second = (
        row(estimate=0.35, ci_lower=0.2, ci_upper=0.5),
        row(estimate=0.5, ci_lower=0.4, ci_upper=0.6),
    )

    assert clear_leader([first, second]) is None


@pytest.mark.parametrize(("second", "apart"), [((5, 6), True), ((3, 6), False)])
def test_are_apart_when_two_ranges_do_not_meet(second, apart):
    rows = [row(ci_lower=1, ci_upper=4), row(ci_lower=second[0], ci_upper=second[1])]

    assert are_apart(rows) is apart


def test_are_apart_is_unknown_with_one_range():
    assert (
        are_apart([row(ci_lower=1, ci_upper=2), row("suppressed", ci_lower=None, ci_upper=None)])
        is None
    )


def test_largest_imbalance_looks_at_size_after_weighting():
    small, large = (
        row(covariate="a", smd_before=0.9, smd_after=0.05),
        row(covariate="b", smd_before=0.1, smd_after=-0.2),
    )

    assert largest_imbalance([small, large]) == (large, False)


def test_conventions_that_differ_leaves_the_naive_figure_out():
    rows = [
        row(convention="declared", difference=1, ci_lower=-1, ci_upper=3),
        row(convention="leavers_excluded", difference=2, ci_lower=0.5, ci_upper=4),
        row(convention="unweighted_survey", difference=1, ci_lower=-1, ci_upper=2),
        row(convention="naive", difference=-5, ci_lower=-6, ci_upper=-4),
    ]

    assert conventions_that_differ(rows) == ["leavers_excluded"]


def test_conventions_about_never_are_held_beside_never():
    rows = [
        row(convention="declared", difference=1, ci_lower=-1, ci_upper=3),
        row(convention="doubly_robust", difference=1, ci_lower=-1, ci_upper=3),
        row(convention="never", difference=3, ci_lower=1, ci_upper=5),
        row(convention="never_doubly_robust", difference=3, ci_lower=1, ci_upper=5),
    ]
    apart = [
        *rows[:3],
        row(convention="never_doubly_robust", difference=0, ci_lower=-1, ci_upper=1),
    ]

    assert conventions_that_differ(rows) == []
    assert conventions_that_differ(apart) == ["never_doubly_robust"]


def test_conventions_that_differ_is_none_with_nothing_beside():
    assert (
        conventions_that_differ([row(convention="declared", difference=1, ci_lower=-1, ci_upper=3)])
        is None
    )
