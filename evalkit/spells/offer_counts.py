"""What is offered today: how many start each intervention of the register, in each district and in
all together, and how many stay as long as planned.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.months import add_months, month_number, month_number_expr
from evalkit.params import RunFile
from evalkit.spells.occupancy import placed_starts
from evalkit.spells.treatment import free_from
from evalkit.tables import CITY, with_city

_KEYS = ["district", "intervention_id"]
_MONTHS_PER_YEAR = 12


def offer_counts(
    tables: Mapping[str, pl.DataFrame], params: RunFile, *, counted: pl.DataFrame
) -> pl.DataFrame:
    """Who starts each intervention, as today: in the months that are counted of it.

    Parameters
    ----------
    tables : mapping of DataFrame
        episodes, support_spells, person and intervention.
    params : RunFile
        The districts and the months of the extract.
    counted : DataFrame
        intervention_id, first_month, last_month (`effects.trial_months`): the months in which the
        starts of an effect were counted. Of interventions without a row every month is counted.

    Returns
    -------
    DataFrame
        One row per district (and "all") and intervention of the register: name (as delivered),
        n_persons (who start),
        n_starts (a year; every start counts, of those on support or not, in the district of
        `starts_by_district`), n_months_counted, counted_from, counted_through (first and last month
        counted), mean_planned_months, n_due (starts whose planned time is over), n_kept (those of
        them that lasted at least as long).
    """
    months = _counted_months(tables["intervention"], params, counted)
    starts = placed_starts(*(tables[name] for name in ("episodes", "support_spells", "person")))
    in_months = starts.join(months, on="intervention_id").filter(
        pl.col("month").is_between("counted_from", "counted_through")
    )
    is_due, is_kept = _plan(month_number(add_months(params.extract.follow_up_through, 1)))
    by_offer = (
        with_city(in_months)
        .group_by(_KEYS)
        .agg(
            n_persons=pl.col("person_id").n_unique(),
            n_started=pl.len(),
            mean_planned_months=pl.col("planned_months").mean(),
            n_due=is_due.sum(),
            n_kept=(is_due & is_kept).sum(),
        )
    )
    districts = pl.DataFrame({"district": [CITY, *params.districts]})
    n_months = (month_number_expr("counted_through") - month_number_expr("counted_from") + 1).cast(
        pl.Int32
    )
    offers = (
        months.join(districts, how="cross")
        .join(by_offer, on=_KEYS, how="left")
        .with_columns(pl.col("n_persons", "n_started", "n_due", "n_kept").fill_null(0))
        .with_columns(n_months_counted=n_months)
    )
    return offers.select(
        *_KEYS,
        "name",
        pl.col("n_persons").cast(pl.Int32),
        n_starts=pl.col("n_started") * _MONTHS_PER_YEAR / pl.col("n_months_counted"),
        n_months_counted="n_months_counted",
        counted_from="counted_from",
        counted_through="counted_through",
        mean_planned_months="mean_planned_months",
        n_due=pl.col("n_due").cast(pl.Int32),
        n_kept=pl.col("n_kept").cast(pl.Int32),
    ).sort(_KEYS)


def _counted_months(
    intervention: pl.DataFrame, params: RunFile, counted: pl.DataFrame
) -> pl.DataFrame:
    extract = params.extract
    return (
        intervention.select("intervention_id", pl.col("name").fill_null(pl.col("intervention_id")))
        .join(counted, on="intervention_id", how="left")
        .select(
            "intervention_id",
            "name",
            counted_from=pl.col("first_month").fill_null(extract.first_month),
            counted_through=pl.col("last_month").fill_null(extract.follow_up_through),
        )
    )


def _plan(close: int) -> tuple[pl.Expr, pl.Expr]:
    """Whether the planned time of an episode is over by the first month not known, and whether the
    episode lasted at least as long. False where nothing was planned.
    """
    start, planned = month_number_expr("start"), pl.col("planned_months")
    until = pl.when("is_running").then(close).otherwise(free_from())
    is_due = (start + planned <= close).fill_null(False)
    return is_due, (until - start >= planned).fill_null(False)
