"""The official classes of long-term support: at least 10 of the 12 months of a calendar year, and
at least 27 of 36.

The numerator and the denominator are adults: those with support in at least one month of the year.
Published shares that count children, or everybody with support in three years, are higher or lower
(Socialstyrelsen, Statistik om ekonomiskt bistånd; Öppna jämförelser).
"""

import polars as pl

from evalkit.months import add_months
from evalkit.spells.extent import Extent
from evalkit.spells.paid_months import paid_months
from evalkit.tables import with_city

LONG_TERM_MONTHS = 10
VERY_LONG_TERM_MONTHS = 27
WINDOW_YEARS = 3
LONG_TERM, VERY_LONG_TERM = "long_term_10_of_12", "very_long_term_27_of_36"


def long_term_classes(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    person: pl.DataFrame,
    *,
    extent: Extent,
    long_term_months: int = LONG_TERM_MONTHS,
    very_long_term_months: int = VERY_LONG_TERM_MONTHS,
) -> pl.DataFrame:
    """Which adults with support in a year had it long-term: in the year itself, and in the three
    years that end with it.

    Parameters
    ----------
    income_support, household_member, person : DataFrame
        Admitted tables.
    extent : Extent
        Years that do not lie whole between its first month and the last one that lacks no payments
        are left out.
    long_term_months, very_long_term_months : int
        Months with support, of 12 and of 36, from which support is long-term and very long-term.

    Returns
    -------
    DataFrame
        One row per adult and year with support: person_id, district, year, months (1-12),
        months_of_36, is_long_term, is_very_long_term; the latter and months_of_36 are null in years
        before which the extract does not hold two whole years.
    """
    first_year = extent.first_month.year + (extent.first_month.month > 1)
    last_known = add_months(extent.data_through, -extent.reporting_lag_months)
    last_year = last_known.year - (last_known.month < 12)
    yearly = (
        paid_months(income_support, household_member)
        .group_by("person_id", year=pl.col("month") // 12)
        .agg(months=pl.len().cast(pl.Int32))
        .filter(pl.col("year").is_between(first_year, last_year))
        .collect()
    )
    window = pl.concat(
        [yearly.with_columns(pl.col("year") + later) for later in range(WINDOW_YEARS)]
    )
    of_36 = window.group_by("person_id", "year").agg(
        months_of_36=pl.col("months").sum().cast(pl.Int32)
    )
    is_whole = pl.col("year") - WINDOW_YEARS + 1 >= first_year
    return (
        yearly.join(of_36, on=["person_id", "year"], how="left")
        .with_columns(months_of_36=pl.when(is_whole).then("months_of_36"))
        .with_columns(
            is_long_term=pl.col("months") >= long_term_months,
            is_very_long_term=pl.col("months_of_36") >= very_long_term_months,
        )
        .join(person.select("person_id", "district"), on="person_id", how="inner")
        .select(
            "person_id",
            "district",
            "year",
            "months",
            "months_of_36",
            "is_long_term",
            "is_very_long_term",
        )
        .sort("person_id", "year")
    )


def long_term_counts(classes: pl.DataFrame) -> pl.DataFrame:
    """The number of adults with support in a year who had it long-term, per district and for the
    city.

    Parameters
    ----------
    classes : DataFrame
        As `long_term_classes` gives it.

    Returns
    -------
    DataFrame
        district, year, measure (long_term_10_of_12, very_long_term_27_of_36), answer (all, yes),
        n_persons, n_whole (the adults with support in the year), share (of these, 0-1). Years
        without whole windows have no row.
    """
    everywhere = with_city(classes)
    measures = everywhere.unpivot(
        on=["is_long_term", "is_very_long_term"],
        index=["district", "year"],
        variable_name="measure",
        value_name="is_reached",
    ).with_columns(
        pl.col("measure").replace_strict(
            {"is_long_term": LONG_TERM, "is_very_long_term": VERY_LONG_TERM}
        )
    )
    keys = ["district", "year", "measure"]
    counted = (
        measures.drop_nulls("is_reached")
        .group_by(keys)
        .agg(
            n_whole=pl.len().cast(pl.Int32),
            all=pl.len().cast(pl.Int32),
            yes=pl.col("is_reached").sum().cast(pl.Int32),
        )
    )
    long = counted.unpivot(
        on=["all", "yes"],
        index=[*keys, "n_whole"],
        variable_name="answer",
        value_name="n_persons",
    )
    return long.with_columns(share=pl.col("n_persons") / pl.col("n_whole")).sort(*keys, "answer")
