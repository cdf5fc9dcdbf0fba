"""What one who enters through outreach costs."""

from collections.abc import Mapping

import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.offer.outreach import OUTREACH, outreach_interventions
from evalkit.params import RunFile
from evalkit.tables import CITY


def outreach_costs(
    tables: Mapping[str, pl.DataFrame],
    funnel: pl.DataFrame,
    offers: pl.DataFrame,
    *,
    params: RunFile,
) -> pl.DataFrame:
    """What one who enters through outreach costs, by each source that says something of it.

    Parameters
    ----------
    tables : mapping of DataFrame
        action and intervention as delivered; either may be empty.
    funnel : DataFrame
        The published table outreach_funnel.
    offers : DataFrame
        The published table offers: district, intervention_id, cost (money per start), currency.
    params : RunFile
        What the run declares (`monitoring.outreach_costs`).

    Returns
    -------
    DataFrame
        The table outreach_costs. One row per target group and source: "declared" (the run file),
        "place" (what a start of the group's intervention of outreach costs; the cheapest and the
        dearest as low and high where it has several), "action" (money set aside for actions with
        the theme outreach, for each who entered in the years in which they ran; of all groups
        together).
        cost, low, high (money per person who enters), currency, value_grade.
    """
    declared = [
        (group, "declared", one.central, one.low, one.high, one.currency, one.grade)
        for group, one in params.monitoring.outreach_costs.items()
    ]
    for_group = outreach_interventions(tables["intervention"]).filter(
        pl.col("target_group").is_in(funnel["target_group"].unique().to_list())
    )
    places = (
        offers.filter(pl.col("district") == CITY, pl.col("cost").is_not_null())
        .join(for_group, on="intervention_id")
        .group_by("target_group")
        .agg(
            pl.col("cost").mean(),
            low=pl.when(pl.len() > 1).then(pl.col("cost").min()),
            high=pl.when(pl.len() > 1).then(pl.col("cost").max()),
            currency=pl.col("currency").first(),
        )
        .with_columns(source=pl.lit("place"), value_grade=pl.lit("M"))
    )
    schema = published("outreach_costs").schema
    rows = [
        pl.DataFrame(declared, schema=[*schema], orient="row").cast(dict(schema)),
        places.select(*schema).cast(dict(schema)),
        _by_action(tables["action"], funnel, params).cast(dict(schema)),
    ]
    return pl.concat(rows).sort("target_group", "source")


def _by_action(action: pl.DataFrame, funnel: pl.DataFrame, params: RunFile) -> pl.DataFrame:
    """Money of the actions with the theme outreach, for each who entered while they ran."""
    last_year = params.extract.follow_up_through.year
    paid = action.filter(
        pl.col("theme") == OUTREACH, pl.col("amount") > 0, pl.col("start").dt.year() <= last_year
    )
    entered = funnel.filter(pl.col("district") == CITY)
    rows = []
    for (currency,), own in paid.group_by("currency", maintain_order=True):
        years = own.select(
            first=pl.col("start").dt.year().min(),
            last=pl.col("end").dt.year().fill_null(last_year).max(),
        ).row(0)
        n_entered = entered.filter(pl.col("year").is_between(*years))["n_entered"].sum()
        if n_entered:
            cost = own.select(pl.col("amount").sum() / n_entered).item()
            rows.append((CITY, "action", cost, None, None, currency, "M"))
    return pl.DataFrame(rows, schema=[*published("outreach_costs").schema], orient="row")
