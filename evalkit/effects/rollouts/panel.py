"""Who left support for work and who came onto it, by district and period."""

from datetime import date

import numpy as np
import polars as pl

from evalkit.months import month_number, month_number_expr


def rollout_panel(
    support_spells: pl.DataFrame,
    state_intervals: pl.DataFrame,
    *,
    first_month: date,
    n_months: int,
    period_months: int = 6,
) -> pl.DataFrame:
    """Who left support for work and who came onto it, by district and period: counts and months at
    risk.

    A person is at risk of leaving in the month after each month on support, and of coming in every
    known month not on support.

    Returns
    -------
    DataFrame
        district, period (0: the extract's first), months_on_support, n_exits_to_work,
        months_off_support, n_entries. The last period is left out where it is not whole.
    """
    origin = month_number(first_month)
    spells = support_spells.select(
        "district",
        "exit",
        "is_start_known",
        begin=month_number_expr("start") - origin,
        end=month_number_expr("end") - origin,
    )
    known = state_intervals.filter(~pl.col("from_state").is_in(["support", "out", "dead", "moved"]))
    counts = [
        _months_of(spells, "begin", "end", shift=1, name="months_on_support"),
        _count(spells.filter(pl.col("exit") == "work"), "end", "n_exits_to_work"),
        _months_of(known, "start_month", "stop_month", shift=0, name="months_off_support"),
        _count(spells.filter("is_start_known"), "begin", "n_entries"),
    ]
    n_periods = n_months // period_months
    grid = pl.DataFrame({"district": support_spells["district"].unique().sort()}).join(
        pl.DataFrame({"month": np.arange(n_periods * period_months)}), how="cross"
    )
    for count in counts:
        grid = grid.join(count, on=["district", "month"], how="left")
    by_period = (
        grid.fill_null(0)
        .with_columns(period=(pl.col("month") // period_months).cast(pl.Int32))
        .drop("month")
    )
    # Spells that begin in the first month began before it: entries are known from the second period
    # on.
    return (
        by_period.group_by("district", "period")
        .sum()
        .sort("district", "period")
        .filter(pl.col("period") > 0)
    )


def _months_of(table: pl.DataFrame, begin: str, end: str, *, shift: int, name: str) -> pl.DataFrame:
    months = pl.int_ranges(pl.col(begin) + shift, pl.col(end) + shift, dtype=pl.Int64)
    return _count(
        table.select("district", month=months).explode("month").drop_nulls(), "month", name
    )


def _count(table: pl.DataFrame, month: str, name: str) -> pl.DataFrame:
    return table.group_by("district", month=pl.col(month).cast(pl.Int64)).agg(
        pl.len().cast(pl.Float64).alias(name)
    )
