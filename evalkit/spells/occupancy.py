"""How many people fill an intervention's places, month by month: a count, from which no person can be told."""

import polars as pl

from evalkit.months import month_number_expr, month_of_number_expr


def occupied_places(episodes: pl.DataFrame) -> pl.DataFrame:
    """People in each intervention by month.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes: intervention_id, start, end (half-open, [start, end)). Those without an end run through the last month in which
        any episode runs or begins.

    Returns
    -------
    DataFrame
        intervention_id, month, n_occupied (episodes running in the month), n_started (episodes starting in it).
    """
    running = (
        _months(episodes, _close(episodes))
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
    close = _close(episodes)
    months = _months(episodes.join(homes, on="person_id"), close).filter(pl.col("provider_district") != pl.col("home_district"))
    by = ["month", "home_district", "provider_district", "intervention_id"]
    return (
        months.filter(pl.col("number") >= close - n_months)
        .with_columns(month_of_number_expr("number").alias("month"))
        .group_by(by)
        .agg(n_place_months=pl.len().cast(pl.Int32))
        .sort(by)
    )


def _close(episodes: pl.DataFrame) -> int:
    """The month after the last in which any episode runs or begins; 0 without episodes."""
    begun, ended = month_number_expr("start").max() + 1, month_number_expr("end").max()
    return episodes.select(pl.max_horizontal(begun, ended)).item() or 0


def _months(episodes: pl.DataFrame, close: int) -> pl.DataFrame:
    """One row for each month of each episode; what is still running has not ended before the close."""
    spans = episodes.with_columns(first=month_number_expr("start"), stop=month_number_expr("end").fill_null(close))
    months = spans.filter(pl.col("stop") > pl.col("first")).with_columns(number=pl.int_ranges("first", "stop"))
    return months.explode("number", empty_as_null=False)
