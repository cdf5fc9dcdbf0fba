"""How many people fill an intervention's places, month by month: a count, from which no person can be told."""

import polars as pl

from evalkit.months import month_number_expr, month_of_number_expr


def occupied_places(episodes: pl.DataFrame) -> pl.DataFrame:
    """People in each intervention by month.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes: intervention_id, start, end (half-open, [start, end)).

    Returns
    -------
    DataFrame
        intervention_id, month, n_occupied (episodes running in the month), n_started (episodes starting in it).
    """
    running = (
        _months(episodes)
        .group_by("intervention_id", "number")
        .agg(n_occupied=pl.len().cast(pl.Int32), n_started=(pl.col("number") == pl.col("first")).sum().cast(pl.Int32))
    )
    return running.select("intervention_id", month_of_number_expr("number").alias("month"), "n_occupied", "n_started").sort(
        "intervention_id", "month"
    )


def shared_places(episodes: pl.DataFrame, person: pl.DataFrame, *, n_months: int = 12) -> pl.DataFrame:
    """Places that people of one district filled in another's interventions, month by month: counts, from which a settlement is made.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes, with provider_district.
    person : DataFrame
        person_id, district (home).
    n_months : int
        How many months, up to the last that any episode covers.

    Returns
    -------
    DataFrame
        month, home_district, provider_district, intervention_id, n_place_months; providers outside the districts of the people are there too.
    """
    homes = person.select("person_id", home_district="district")
    months = _months(episodes.join(homes, on="person_id")).filter(pl.col("provider_district") != pl.col("home_district"))
    last = episodes.select(month_number_expr("end").max()).item()
    by = ["month", "home_district", "provider_district", "intervention_id"]
    return (
        months.filter(pl.col("number") >= (last or 0) - n_months)
        .with_columns(month_of_number_expr("number").alias("month"))
        .group_by(by)
        .agg(n_place_months=pl.len().cast(pl.Int32))
        .sort(by)
    )


def _months(episodes: pl.DataFrame) -> pl.DataFrame:
    """One row for each month of each episode."""
    spans = episodes.with_columns(first=month_number_expr("start"), stop=month_number_expr("end"))
    months = spans.filter(pl.col("stop") > pl.col("first")).with_columns(number=pl.int_ranges("first", "stop"))
    return months.explode("number", empty_as_null=False)
