"""How many people fill an intervention's places, month by month: a count, from which no person can
be told.
"""

from datetime import date

import polars as pl

from evalkit.disclosure.rounding import step_above, to_step
from evalkit.months import month_number, month_number_expr, month_of_number_expr
from evalkit.spells.treatment import free_from


def occupied_places(episodes: pl.DataFrame, data_through: date) -> pl.DataFrame:
    """People in each intervention by month.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes: intervention_id, start, end (half-open, [start, end); null: running).
    data_through : date
        Last month known: running episodes fill their places up to it. Month.

    Returns
    -------
    DataFrame
        intervention_id, month, n_occupied (episodes running in the month), n_started (episodes
        starting in it).
    """
    running = (
        _months(episodes, data_through)
        .group_by("intervention_id", "number")
        .agg(
            n_occupied=pl.len().cast(pl.Int32),
            n_started=(pl.col("number") == pl.col("first")).sum().cast(pl.Int32),
        )
    )
    return running.select(
        "intervention_id", month_of_number_expr("number").alias("month"), "n_occupied", "n_started"
    ).sort("intervention_id", "month")


def shared_places(
    episodes: pl.DataFrame, person: pl.DataFrame, *, data_through: date, n_months: int = 12
) -> pl.DataFrame:
    """Places that people of one district filled in another's interventions, month by month: counts,
    from which a settlement is made.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes, with provider_district.
    person : DataFrame
        person_id, district (home).
    data_through : date
        As in `occupied_places`.
    n_months : int
        How many months, up to the last one known.

    Returns
    -------
    DataFrame
        month, home_district, provider_district, intervention_id, n_place_months, n_persons (the
        people who filled them in all these months); providers outside the districts of the people
        are there too.
    """
    homes = person.select("person_id", home_district="district")
    months = _months(episodes.join(homes, on="person_id"), data_through).filter(
        pl.col("provider_district") != pl.col("home_district")
    )
    by = ["month", "home_district", "provider_district", "intervention_id"]
    n_persons = pl.col("person_id").n_unique().over(by[1:]).cast(pl.Int32)
    return (
        months.filter(pl.col("number") > month_number(data_through) - n_months)
        .with_columns(month_of_number_expr("number").alias("month"), n_persons=n_persons)
        .group_by(by)
        .agg(pl.len().cast(pl.Int32).alias("n_place_months"), pl.col("n_persons").first())
        .sort(by)
    )


def months_per_start(occupied: pl.DataFrame, first_month: date) -> pl.DataFrame:
    """How many months a place is filled for each start: intervention_id, months_per_start.

    Months filled over starts, both from the first month on: as many who began earlier are counted
    in part as who are still there at the end. It is public with the price of a start, so it stands
    in a step that one person cannot move it by; where that leaves nothing there is no row.

    Parameters
    ----------
    occupied : DataFrame
        `occupied_places`.
    first_month : date
        The extract's first month: what ran before is known of some alone. Month.
    """
    counted = (
        occupied.filter(pl.col("month") >= first_month)
        .group_by("intervention_id")
        .agg(pl.col("n_occupied", "n_started").sum())
    )
    used = counted.filter(pl.col("n_started") > 0)
    mean = used["n_occupied"].to_numpy() / used["n_started"].to_numpy()
    rounded = to_step(mean, step_above(2 * mean / used["n_started"].to_numpy()))
    months = used.select("intervention_id", months_per_start=pl.Series(rounded, dtype=pl.Float64))
    return months.filter(pl.col("months_per_start") > 0).sort("intervention_id")


def starts_by_district(
    episodes: pl.DataFrame, spells: pl.DataFrame, person: pl.DataFrame
) -> pl.DataFrame:
    """People who start each intervention, by month and the district that sends them.

    Parameters
    ----------
    episodes, spells, person : DataFrame
        The tables episodes, support_spells and person.

    Returns
    -------
    DataFrame
        district, intervention_id, month, n_started: every episode counts, of those on support or
        not. The district is that of the period of support that runs in the month of the start or
        ends with the month before; else the person's home.
    """
    by = ["district", "intervention_id", "month"]
    return (
        placed_starts(episodes, spells, person)
        .group_by(by)
        .agg(n_started=pl.len().cast(pl.Int32))
        .sort(by)
    )


def placed_starts(
    episodes: pl.DataFrame, spells: pl.DataFrame, person: pl.DataFrame
) -> pl.DataFrame:
    """The table episodes with the `month` of the start and the `district` that sends the person, as
    `starts_by_district` counts them.
    """
    starts = episodes.with_columns(month=pl.col("start").dt.truncate("1mo")).sort("month")
    periods = spells.select(
        "person_id", support_end="end", month="start", of_support="district"
    ).sort("month")
    homes = person.select("person_id", home="district")
    placed = starts.join_asof(periods, on="month", by="person_id", check_sortedness=False).join(
        homes, on="person_id", how="left"
    )
    is_of_support = pl.col("month") <= pl.col("support_end")
    district = pl.coalesce(pl.when(is_of_support).then("of_support"), "home")
    return placed.select(*episodes.columns, "month", district=district)


def _months(episodes: pl.DataFrame, data_through: date) -> pl.DataFrame:
    """One row for each month of each episode."""
    stop = free_from().fill_null(month_number(data_through) + 1)
    spans = episodes.with_columns(first=month_number_expr("start"), stop=stop)
    months = spans.filter(pl.col("stop") > pl.col("first")).with_columns(
        number=pl.int_ranges("first", "stop")
    )
    return months.explode("number", empty_as_null=False)
