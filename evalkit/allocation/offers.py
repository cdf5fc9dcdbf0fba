"""From what is known of each district to the table of offers: who may start, how many places there are, what a start costs."""

import polars as pl

from evalkit.months import month_number
from evalkit.params import Run
from evalkit.tables import CITY

EVERYBODY = "all"
PRIMARY_ESTIMAND = "start_now_rather_than_wait"
MONTHS_PER_YEAR = 12


def offers_from(status: pl.DataFrame, start_costs: pl.DataFrame, places: pl.DataFrame, *, n_years: float) -> pl.DataFrame:
    """The offers of a year: every intervention of every district whose effect can be said.

    Parameters
    ----------
    status : DataFrame
        The table effect_status of one estimand: district, intervention_id, subgroup, source, status, n_starters, n_eligible over all years.
    start_costs : DataFrame
        intervention_id, cost (money a start).
    places : DataFrame
        intervention_id, starts_per_year (starts that the places of all districts allow in a year); interventions without a row have as many as start
        now.
    n_years : float
        Years that the counts cover, > 0.

    Returns
    -------
    DataFrame
        district, intervention_id, target_group, n_eligible (a year), places (starts a year; a district has the share of the city's places that it
        has of the starters), cost, n_now (starts a year as they were), n_starters (over all years). Offers without a cost above zero are left out:
        money does not limit them.
    """
    own = status.filter((pl.col("source") == "raw") & (pl.col("district") != CITY))
    shares = own.with_columns(n_city=pl.col("n_starters").sum().over("intervention_id", "subgroup"))
    said = shares.filter((pl.col("status") == "estimated") & (pl.col("n_starters") > 0))
    now = pl.col("n_starters") / n_years
    starts = pl.coalesce(pl.col("starts_per_year") * pl.col("n_starters") / pl.col("n_city"), now)
    return (
        said.join(places.select("intervention_id", "starts_per_year"), on="intervention_id", how="left")
        .join(start_costs.select("intervention_id", "cost"), on="intervention_id")
        .filter(pl.col("cost") > 0)
        .select(
            "district",
            "intervention_id",
            pl.col("subgroup").alias("target_group"),
            (pl.col("n_eligible") / n_years).alias("n_eligible"),
            starts.alias("places"),
            "cost",
            now.alias("n_now"),
            "n_starters",
        )
        .sort("district", "intervention_id", "target_group")
    )


def primary_status(status: pl.DataFrame) -> pl.DataFrame:
    """The rows of effect_status that are allocated by: the primary estimand, everybody."""
    return status.filter((pl.col("estimand") == PRIMARY_ESTIMAND) & (pl.col("subgroup") == EVERYBODY))


def worth_of(totals: pl.DataFrame) -> pl.DataFrame:
    """What a start is worth to society, draw by draw, from the table value_totals: district, intervention_id, draw, value."""
    own = totals.filter((pl.col("estimand") == PRIMARY_ESTIMAND) & (pl.col("district") != CITY))
    return own.select("district", "intervention_id", "draw", pl.col("net_benefit").alias("value"))


def years_of(run: Run) -> float:
    """Years through which the extract follows people."""
    extract = run.params.extract
    return (month_number(extract.follow_up_through) - month_number(extract.first_month) + 1) / MONTHS_PER_YEAR


def priced(bookings: pl.DataFrame, place_costs: pl.DataFrame) -> pl.DataFrame:
    """The bookings of interventions whose places' cost was delivered; others cannot be settled."""
    return bookings.join(place_costs.drop_nulls("cost_per_filled_place"), on="intervention_id", how="semi")


def budgets_now(offers: pl.DataFrame) -> dict[str, float]:
    """What each district spends in a year on the offers as they are used now."""
    spent = offers.group_by("district").agg((pl.col("n_now") * pl.col("cost")).sum().alias("spent"))
    return dict(spent.sort("district").iter_rows())


def starts_per_year(place_costs: pl.DataFrame, interventions: pl.DataFrame) -> pl.DataFrame:
    """How many starts a year the places allow: places times twelve over the planned months, last year with a count.

    Parameters
    ----------
    place_costs : DataFrame
        intervention_id, year, places.
    interventions : DataFrame
        intervention_id, planned_months.
    """
    last = place_costs.sort("year").group_by("intervention_id").last()
    return (
        last.join(interventions.select("intervention_id", "planned_months"), on="intervention_id")
        .filter(pl.col("planned_months") > 0)
        .select("intervention_id", (pl.col("places") * MONTHS_PER_YEAR / pl.col("planned_months")).alias("starts_per_year"))
        .sort("intervention_id")
    )
