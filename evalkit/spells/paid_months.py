"""Months for which support was paid, by adult: what every count of time on support begins with."""

import polars as pl

from evalkit.months import month_number_expr
from evalkit.payments import support_months
from evalkit.spells.extent import Extent


def paid_months(
    income_support: pl.DataFrame | pl.LazyFrame, household_member: pl.DataFrame | pl.LazyFrame
) -> pl.LazyFrame:
    """The months FOR which support was paid, once for each adult: a back payment counts in the
    month that it is for.

    Parameters
    ----------
    income_support, household_member : DataFrame or LazyFrame
        Admitted tables; `payments` tells which payments count.

    Returns
    -------
    LazyFrame
        person_id, month (number, see `months`), household_id (the first by name of those that
        paid).
    """
    return (
        adults_of(household_member, support_months(income_support))
        .group_by("person_id", "month")
        .agg(pl.col("household_id").min())
    )


def adults_of(household_member: pl.DataFrame | pl.LazyFrame, months: pl.LazyFrame) -> pl.LazyFrame:
    """The adults of households in some of their months.

    Parameters
    ----------
    household_member : DataFrame or LazyFrame
        Admitted table.
    months : LazyFrame
        household_id, month (first day).

    Returns
    -------
    LazyFrame
        One row per adult, household and month: person_id, household_id, month (number).
    """
    return (
        household_member.lazy()
        .filter(pl.col("role") != "child")
        .join(months, on=["household_id", "month"], how="semi")
        .select("person_id", "household_id", month=month_number_expr("month"))
    )


def paid_runs(
    income_support: pl.DataFrame | pl.LazyFrame,
    household_member: pl.DataFrame | pl.LazyFrame,
    extent: Extent,
) -> pl.LazyFrame:
    """Runs of paid months of the extract whose unpaid gaps are bridged up to the extent's limit.

    Returns
    -------
    LazyFrame
        One row per run: person_id, household_id (in its first month), first_paid, last_paid (month
        numbers).
    """
    is_new_person = pl.col("person_id") != pl.col("person_id").shift(1)
    is_after_gap = pl.col("month") - pl.col("month").shift(1) > extent.max_gap_months + 1
    return (
        paid_months(income_support, household_member)
        .filter(pl.col("month").is_between(extent.first, extent.last))
        .sort("person_id", "month")
        .with_columns(run=(is_new_person | is_after_gap).fill_null(True).cum_sum())
        .group_by("run")
        .agg(
            pl.first("person_id", "household_id"),
            first_paid=pl.col("month").min(),
            last_paid=pl.col("month").max(),
        )
        .drop("run")
    )
