"""Months for which support was paid, by adult: what every count of time on support begins with."""

import polars as pl

from evalkit.months import month_number_expr


def paid_months(income_support: pl.DataFrame | pl.LazyFrame, household_member: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """The months FOR which support was paid, once for each adult: a back payment counts in the month that it is for.

    Parameters
    ----------
    income_support, household_member : DataFrame or LazyFrame
        Admitted tables. A row without an amount counts as paid, one with the amount zero does not.

    Returns
    -------
    LazyFrame
        person_id, month (number, see `months`), household_id (the first by name of those that paid).
    """
    paid = income_support.lazy().filter(pl.col("amount").is_null() | (pl.col("amount") > 0))
    return (
        household_member.lazy()
        .filter(pl.col("role") != "child")
        .join(paid, on=["household_id", "month"], how="semi")
        .group_by("person_id", month=month_number_expr("month"))
        .agg(pl.col("household_id").min())
    )
