"""From what is known of each district to the table of offers: who may start, how many places there
are, what a start costs.
"""

import polars as pl

from evalkit.line.estimands import ESTIMANDS
from evalkit.months import month_number_expr
from evalkit.tables import CITY

MONTHS_PER_YEAR = 12


def offers_from(
    status: pl.DataFrame,
    start_costs: pl.DataFrame,
    places: pl.DataFrame,
    *,
    started: pl.DataFrame,
    months: pl.DataFrame,
) -> pl.DataFrame:
    """The offers of a year: every intervention of every district whose effect can be said, compared
    with not starting.

    What an intervention is worth beside another one is not what a start of it is worth: those are
    left out.

    Parameters
    ----------
    status : DataFrame
        The rows of the primary comparisons in the table effect_status: district, intervention_id,
        estimand, subgroup, source, status, n_starters, n_eligible_per_year.
    start_costs : DataFrame
        intervention_id, cost (money per start).
    places : DataFrame
        intervention_id, starts_per_year (starts that the places of all districts allow in a year);
        interventions without a row have as many as start now.
    started : DataFrame
        district, intervention_id, month, n_started (`spells.starts_by_district`): all starts in
        participation, whoever they were.
    months : DataFrame
        intervention_id, first_month, last_month (`effects.trial_months`): the months in which the
        starts of an effect were counted.

    Returns
    -------
    DataFrame
        district, intervention_id, target_group, n_eligible (a year), places (starts per year; a
        district has the share of the city's places that it has of the starts), cost, n_now (starts
        in participation in those months, a year), n_months_counted (how many months they are),
        n_starters (those behind the effect, over all its months). Offers without a cost above zero
        are left out: money does not limit them.
    """
    estimated = status.filter(
        (pl.col("source") == "raw")
        & (pl.col("district") != CITY)
        & (pl.col("estimand") != ESTIMANDS["other"])
        & (pl.col("status") == "estimated")
        & (pl.col("n_starters") > 0)
    )
    starts = pl.coalesce(pl.col("starts_per_year") * pl.col("n_now") / pl.col("n_city"), "n_now")
    return (
        estimated.join(_starts_now(started, months), on=["district", "intervention_id"])
        .join(places.select("intervention_id", "starts_per_year"), on="intervention_id", how="left")
        .join(start_costs.select("intervention_id", "cost"), on="intervention_id")
        .filter(pl.col("cost") > 0)
        .select(
            "district",
            "intervention_id",
            pl.col("subgroup").alias("target_group"),
            pl.col("n_eligible_per_year").alias("n_eligible"),
            starts.alias("places"),
            "cost",
            "n_now",
            "n_months_counted",
            "n_starters",
        )
        .sort("district", "intervention_id", "target_group")
    )


def _starts_now(started: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """Starts per year in a district and the city (n_now, n_city), in the n_months_counted months of
    an intervention that are counted.
    """
    n_months = month_number_expr("last_month") - month_number_expr("first_month") + 1
    counted = started.join(months, on="intervention_id").filter(
        pl.col("month").is_between("first_month", "last_month")
    )
    by_district = counted.group_by("district", "intervention_id", n_months_counted=n_months).agg(
        pl.col("n_started").sum()
    )
    return by_district.with_columns(
        n_now=pl.col("n_started") * MONTHS_PER_YEAR / pl.col("n_months_counted")
    ).with_columns(n_city=pl.col("n_now").sum().over("intervention_id"))


def value_per_start(totals: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """What a start is worth to society in each district, draw by draw and by both readings.

    Parameters
    ----------
    totals, second : DataFrame
        The tables value_totals and second_totals.

    Returns
    -------
    DataFrame
        One row per district, intervention_id and draw: `value` (money), by which plans are made,
        and `second`, the same by the second reading; where there is none, the value.
    """
    return _both_readings(totals, second).filter(pl.col("district") != CITY)


def value_by_city(totals: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """What a start is worth to society in all districts together, draw by draw: intervention_id,
    draw, value, second (as `value_per_start`).
    """
    return _both_readings(totals, second).filter(pl.col("district") == CITY).drop("district")


def _both_readings(totals: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    keys = ["district", "intervention_id", "draw"]
    other = second.select(*keys, second="net_benefit")
    return (
        totals.select(*keys, value="net_benefit")
        .join(other, on=keys, how="left", maintain_order="left")
        .with_columns(pl.col("second").fill_null(pl.col("value")))
    )


def settled_bookings(bookings: pl.DataFrame, place_costs: pl.DataFrame) -> pl.DataFrame:
    """The bookings of interventions whose places' cost was delivered; others cannot be settled."""
    return bookings.join(
        place_costs.drop_nulls("cost_per_filled_place"), on="intervention_id", how="semi"
    )


def budgets_now(offers: pl.DataFrame) -> dict[str, float]:
    """What each district spends per year on the offers as they are used now. Money."""
    spent = offers.group_by("district").agg((pl.col("n_now") * pl.col("cost")).sum().alias("spent"))
    return dict(spent.sort("district").iter_rows())


def starts_per_year(place_costs: pl.DataFrame, lengths: pl.DataFrame) -> pl.DataFrame:
    """How many starts per year the places allow: places times twelve over the months per start, in
    the last year with a count.

    Parameters
    ----------
    place_costs : DataFrame
        intervention_id, year, places.
    lengths : DataFrame
        intervention_id, months_per_start (`spells.months_per_start`): who leaves early frees the
        place.
    """
    last = place_costs.sort("year").group_by("intervention_id").last()
    return (
        last.join(lengths.select("intervention_id", "months_per_start"), on="intervention_id")
        .filter(pl.col("months_per_start") > 0)
        .select(
            "intervention_id",
            (pl.col("places") * MONTHS_PER_YEAR / pl.col("months_per_start")).alias(
                "starts_per_year"
            ),
        )
        .sort("intervention_id")
    )
