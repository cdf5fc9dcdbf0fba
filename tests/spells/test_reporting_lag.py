"""Why the bridged gap and the reporting lag add up: exits booked from an extract with late
payments, against those of a later extract.
"""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.months import month_of_number
from evalkit.spells import Extent, build_support_spells

N_PERSONS, N_MONTHS, N_LATER = 2_000, 48, 6
FIRST = 12 * 2020
LATE_SHARE = 0.2


def _payments(lag: int) -> pl.DataFrame:
    """Months on support of people who come and go and miss a month now and then; one payment in
    five arrives up to `lag` months late.
    """
    rng = np.random.default_rng(20260401)
    n_months = N_MONTHS + N_LATER
    chance, missed = rng.random((N_PERSONS, n_months)), rng.random((N_PERSONS, n_months)) < 0.05
    delay = np.where(
        rng.random((N_PERSONS, n_months)) < LATE_SHARE,
        rng.integers(1, lag + 1, (N_PERSONS, n_months)),
        0,
    )
    in_need = np.zeros((N_PERSONS, n_months), bool)
    for month in range(1, n_months):
        in_need[:, month] = np.where(
            in_need[:, month - 1], chance[:, month] > 0.08, chance[:, month] < 0.04
        )
    person, month = np.nonzero(in_need & ~missed)
    return pl.DataFrame(
        {"person": person, "month": month, "arrives": month + delay[person, month]}
    ).with_columns(pl.format("P{}", "person").alias("person"))


def _ended(payments: pl.DataFrame, last: int, *, gap: int, lag: int) -> set[tuple]:
    dates = pl.Series([month_of_number(FIRST + month) for month in range(N_MONTHS + N_LATER)])
    months = payments.select(household_id="person", month=dates.gather(payments["month"]))
    paid = months.with_columns(district=pl.lit("Norr"), amount=pl.lit(None, pl.Float64))
    members = months.with_columns(person_id="household_id", role=pl.lit("lead"))
    people = (
        payments.select(person_id="person")
        .unique()
        .with_columns(district=pl.lit("Norr"), weight=pl.lit(None, pl.Float64))
    )
    spells = build_support_spells(
        paid,
        members,
        table("livelihood").empty(),
        people,
        extent=Extent(
            first_month=month_of_number(FIRST),
            data_through=month_of_number(FIRST + last),
            max_gap_months=gap,
            reporting_lag_months=lag,
        ),
    )
    return set(
        spells.filter(pl.col("exit").is_not_null()).select("person_id", "start", "end").rows()
    )


@pytest.mark.parametrize(("gap", "lag"), [(1, 1), (2, 2), (2, 4), (0, 3)])
def test_no_exit_is_undone_by_payments_that_arrive_later(gap, lag):
    payments = _payments(lag)
    arrived = payments.filter(pl.col("arrives") < N_MONTHS)

    booked = _ended(arrived, N_MONTHS - 1, gap=gap, lag=lag)

    later = _ended(
        payments.filter(pl.col("month") < N_MONTHS + N_LATER - 1),
        N_MONTHS + N_LATER - 1,
        gap=gap,
        lag=0,
    )
    assert len(booked) > 1_000
    assert booked <= later


def test_the_longer_of_gap_and_lag_would_book_exits_that_later_payments_undo():
    payments = _payments(1)
    arrived = payments.filter(pl.col("arrives") < N_MONTHS)

    # Without the lag, follow-up ends at the longer of one month and one month.
    booked = _ended(arrived, N_MONTHS - 1, gap=1, lag=0)

    later = _ended(payments, N_MONTHS + N_LATER - 1, gap=1, lag=0)
    assert len(booked - later) >= 3


def test_follow_up_is_shorter_by_both_gap_and_lag():
    extent = Extent(
        first_month=date(2026, 1, 1),
        data_through=date(2026, 12, 1),
        max_gap_months=2,
        reporting_lag_months=3,
    )

    assert extent.last_month_with_known_exits == date(2026, 7, 1)
