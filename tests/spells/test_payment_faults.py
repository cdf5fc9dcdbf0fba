"""Months that are no months on support, and reasons that stand before the last payment, by hand."""

from datetime import date

import polars as pl

from evalkit.payments import PAYMENT_FAULTS
from evalkit.spells import Extent
from evalkit.spells.paid_months import paid_months
from evalkit.spells.payment_faults import payment_faults

EXTENT = Extent(first_month=date(2026, 1, 1), data_through=date(2026, 12, 1), max_gap_months=1)


def with_decisions(tables, *decisions):
    """The tables with a decision and an amount for each payment, in their order."""
    kinds, amounts = zip(*decisions, strict=True)
    told = tables["income_support"].with_columns(
        decision=pl.Series(kinds, dtype=pl.String), amount=pl.Series(amounts, dtype=pl.Float64)
    )
    return {**tables, "income_support": told}


def faults_of(tables):
    counted = payment_faults(tables["income_support"], tables["household_member"], extent=EXTENT)
    return dict(counted.select("fault", "n_faults").iter_rows())


def test_payments_without_decisions_and_reasons_have_no_faults(paid_tables):
    assert faults_of(paid_tables({"A": [1, 2]})) == dict.fromkeys(PAYMENT_FAULTS, 0)


def test_months_are_counted_by_what_their_decisions_leave_of_them(paid_tables):
    tables = paid_tables({"A": [1, 1, 2, 2, 3, 4], "B": [5]})
    tables["household_member"] = tables["household_member"].unique(maintain_order=True)
    tables = with_decisions(
        tables,
        ("support", 100.0),
        ("recovery", -100.0),
        ("support", 100.0),
        ("recovery", -40.0),
        ("advance", 50.0),
        ("support", 10.0),
        ("recovery", 10.0),
    )

    months = paid_months(tables["income_support"], tables["household_member"]).collect()

    assert faults_of(tables) == {
        "recovered_in_full": 1,
        "recovered_in_part": 1,
        "no_decision_on_support": 2,
        "exit_before_last_payment": 0,
        "exit_without_support": 0,
    }
    assert sorted(months["month"] % 12 + 1) == [2, 4]


def test_a_reason_before_the_last_payment_is_counted(paid_tables, month):
    tables = paid_tables({"A": [1, 2, 4], "B": [1, 2, 5], "C": [1, 2]})
    reasons = tables["income_support"].with_columns(
        exit_reason=pl.when(pl.col("month") == month(2)).then(pl.lit("work"))
    )

    # A's support goes on over a gap that is bridged, B's begins anew, C's has ended.
    assert faults_of({**tables, "income_support": reasons})["exit_before_last_payment"] == 1


def test_a_reason_in_a_month_that_was_not_paid_is_counted(paid_tables, month):
    tables = paid_tables({"A": [1, 2, 3], "B": [1, 2, 3, 6]})
    is_last = pl.col("month") == month(3)
    unpaid = tables["income_support"].with_columns(
        amount=pl.when(is_last).then(0.0).otherwise(100.0),
        exit_reason=pl.when(is_last).then(pl.lit("work")),
    )

    # The third month is nobody's on support; B is paid again later.
    faults = faults_of({**tables, "income_support": unpaid})
    assert faults["exit_without_support"] == 2 and faults["exit_before_last_payment"] == 0
