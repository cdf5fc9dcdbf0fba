"""What one who enters through outreach costs."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from evalkit.disclosure import Published
from evalkit.disclosure.rounding import nearest_five
from evalkit.line.tables import published
from evalkit.monitoring.offer.outreach import OUTREACH, outreach_interventions
from evalkit.params import RunFile
from evalkit.tables import CITY


def outreach_costs(
    tables: Mapping[str, pl.DataFrame],
    funnel: Published,
    offers: Published,
    *,
    params: RunFile,
) -> pl.DataFrame:
    """What one who enters through outreach costs, by each source that says something of it.

    Parameters
    ----------
    tables : mapping of DataFrame
        action, outreach and intervention as delivered; any may be empty.
    funnel, offers : Published
        The tables outreach_funnel and offers.
    params : RunFile
        What the run declares (`monitoring.outreach_costs`).

    Returns
    -------
    DataFrame
        The table outreach_costs. One row per target group and source: "declared" (the run file),
        "place" (what a start of the group's intervention of outreach costs; the cheapest and the
        dearest as low and high where it has several), "action" (money set aside for actions with
        the theme outreach, for each who entered where and while they ran, in the nearest five;
        "all" of actions that name no group).
        cost, low, high (money per person who enters), currency, value_grade.
    """
    declared = [
        (group, "declared", one.central, one.low, one.high, one.currency, one.grade)
        for group, one in params.monitoring.outreach_costs.items()
    ]
    for_group = outreach_interventions(tables["intervention"]).filter(
        pl.col("target_group").is_in(funnel.data["target_group"].unique().to_list())
    )
    places = (
        offers.data.filter(pl.col("district") == CITY, pl.col("cost").is_not_null())
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
        _by_action(tables, params).cast(dict(schema)),
    ]
    return pl.concat(rows).sort("target_group", "source")


def _by_action(tables: Mapping[str, pl.DataFrame], params: RunFile) -> pl.DataFrame:
    """Money of the actions with the theme outreach, for each who entered where and while they ran;
    actions that name no group are for all of them.
    """
    through = params.extract.follow_up_through
    paid = (
        tables["action"]
        .filter(
            pl.col("theme") == OUTREACH,
            pl.col("amount") > 0,
            pl.col("start") <= through,
            pl.col("status").ne_missing("planned"),
        )
        .with_columns(group=pl.col("target_group").fill_null(CITY))
    )
    rows = []
    for (group, currency), own in paid.group_by("group", "currency", maintain_order=True):
        entered = tables["outreach"].filter((pl.col("target_group") == group) | (group == CITY))
        places = own.select("district", "start", pl.col("end").fill_null(date.max))
        met = entered.join(places, on="district").filter(
            pl.col("month").is_between("start", "end", closed="left")
        )
        counted = met.unique(["district", "month", "target_group"])
        n_entered = counted.select(nearest_five(pl.col("n_entered").sum())).item()
        if n_entered:
            cost = own.select(pl.col("amount").sum() / n_entered).item()
            rows.append((group, "action", cost, None, None, currency, "M"))
    return pl.DataFrame(rows, schema=[*published("outreach_costs").schema], orient="row")
