"""Budget and bookings by area of costs, as booked and as re-coded, and beside what reports have
printed.
"""

import polars as pl

from evalkit.line.accounts import BOOKED, BUDGET, ELSEWHERE, REST, AccountsFile, ReportedYear
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring_rules import MonitoringRules
from evalkit.tables import CITY

_YEAR = ("district", "year", "currency")
_VIEWS = ("budget", "booked", "recoded")
_MONTHS = 12
# Use and cost of filled places are published in steps of at most 2.5 times what one person moves
# them by (`disclosure.rounding.step_above`), so that each is off by at most 1.25 filled places.
_OFF_BY = 2.5


def account_areas(
    postings: pl.DataFrame, reading: AccountsFile, rules: MonitoringRules
) -> pl.DataFrame:
    """What was budgeted and booked by district, year and area of costs.

    Parameters
    ----------
    postings : DataFrame
        `mapped_postings`.
    reading : AccountsFile
        Which areas are other activities.
    rules : MonitoringRules
        Which districts are shown together.

    Returns
    -------
    DataFrame
        The table account_areas. `booked` as the accounts say, `recoded` as the rules do; the area
        "all" is all but other activities, what is not mapped included. Amounts of different
        currencies stand in rows of their own. A side that nobody delivered for a district and year
        is empty, not 0.
    """
    keys = [*_YEAR, "cost_area"]
    views = (
        ("budget", "budget", "recoded_area"),
        ("booked", "booked", "booked_area"),
        ("recoded", "booked", "recoded_area"),
    )
    long = pl.concat(
        postings.filter(pl.col("side") == side).select(
            *_YEAR, cost_area=area, view=pl.lit(view), amount="amount"
        )
        for view, side, area in views
    )
    inside = long.filter(~pl.col("cost_area").is_in(reading.outside))
    every = pl.concat([long, inside.with_columns(cost_area=pl.lit(CITY))])
    sums = (
        in_areas(every, rules)
        .group_by(*keys)
        .agg(pl.col("amount").filter(pl.col("view") == view).sum().alias(view) for view in _VIEWS)
    )
    sides = (
        in_areas(every, rules)
        .group_by(_YEAR)
        .agg((pl.col("view") == view).any().alias(f"has_{view}") for view in _VIEWS)
    )
    unspent = pl.col("budget") - pl.col("recoded")
    return (
        sums.join(sides, on=_YEAR)
        .with_columns(pl.when(f"has_{view}").then(view).alias(view) for view in _VIEWS)
        .with_columns(
            unspent=unspent,
            unspent_share=pl.when(pl.col("budget") > 0).then(unspent / pl.col("budget")),
        )
        .select(list(published("account_areas").schema))
        .sort(keys)
    )


def reported_accounts(areas: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    """What reports have printed of a year, beside the accounts.

    Parameters
    ----------
    areas : DataFrame
        `account_areas`.
    reading : AccountsFile
        What reports have printed.

    Returns
    -------
    DataFrame
        The table reported_accounts: the parts, what they leave of the whole (rest), the whole
        (booked), the budget and what was used elsewhere. `implied_total` is the whole that an
        amount is the printed share of; `recoded` is what the accounts say, re-coded (of the budget
        the budget), and empty where they were not delivered.
    """
    rows = [row for one in reading.reported for row in _printed(one)]
    declared = published("reported_accounts").schema
    kinds = {name: kind for name, kind in declared.items() if name != "recoded"}
    printed = pl.DataFrame(rows, schema=kinds, orient="row")
    known = areas.with_columns(cost_area=pl.col("cost_area").replace({CITY: BOOKED}))
    whole = areas.filter(pl.col("cost_area") == CITY)
    budget = whole.with_columns(cost_area=pl.lit(BUDGET), recoded=pl.col("budget"))
    elsewhere = whole.with_columns(cost_area=pl.lit(ELSEWHERE), recoded=pl.col("unspent"))
    keys = [*_YEAR, "cost_area"]
    beside = pl.concat([known, budget, elsewhere]).select(*keys, "recoded")
    return printed.join(beside, on=keys, how="left").select(list(declared)).sort(keys)


def account_places(
    areas: pl.DataFrame, place_costs: pl.DataFrame, reading: AccountsFile
) -> pl.DataFrame:
    """What the places of an area cost in a year beside what was booked on it.

    Parameters
    ----------
    areas : DataFrame
        `account_areas`.
    place_costs : DataFrame
        The published table: it is rounded to what no single person moves, so nothing that is made
        of it tells more.
    reading : AccountsFile
        Which interventions are paid from which area.

    Returns
    -------
    DataFrame
        The table account_places, of all districts together. An area is left out where a place's
        cost is missing for one of its interventions in the year, or is in the prices of another
        year or in another currency.
    """
    area_of = {name: area.key for area in reading.areas for name in area.interventions}
    a_year = _MONTHS * pl.col("cost_per_filled_place")
    of_year = pl.when(pl.col("price_year") == pl.col("year"))
    costs = (
        place_costs.filter(pl.col("intervention_id").is_in(list(area_of)))
        .with_columns(
            cost_area=pl.col("intervention_id").replace_strict(
                area_of, default=None, return_dtype=pl.String
            ),
            cost=of_year.then(a_year * pl.col("places") * pl.col("utilisation_share")),
            off=_OFF_BY * a_year,
        )
        .group_by("year", "cost_area")
        .agg(
            pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost", "off").sum()),
            pl.when(pl.col("currency").n_unique() == 1).then(pl.col("currency").first()),
        )
        .drop_nulls()
        .rename({"cost": "places_cost"})
    )
    cost, off = pl.col("places_cost"), pl.col("off")
    return (
        areas.filter(pl.col("district") == CITY, pl.col("recoded").is_not_null())
        .join(costs, on=["year", "currency", "cost_area"])
        .with_columns(
            low=cost - off,
            high=cost + off,
            covered_share=pl.when(pl.col("recoded") > 0).then(cost / pl.col("recoded")),
        )
        .select(list(published("account_places").schema))
        .sort("year", "currency", "cost_area")
    )


def _printed(one: ReportedYear) -> list[tuple]:
    place = (one.district, one.year, one.currency)
    rows = [
        (*place, part.cost_area, part.amount, part.share, part.amount / part.share)
        if part.share
        else (*place, part.cost_area, part.amount, None, None)
        for part in one.parts
    ]
    wholes = ((BUDGET, one.budget), (BOOKED, one.booked), (ELSEWHERE, one.elsewhere))
    rows += [(*place, key, amount, None, None) for key, amount in wholes if amount is not None]
    if one.parts and one.booked is not None and not one.are_all_parts:
        rest = one.booked - sum(part.amount for part in one.parts)
        rows.append((*place, REST, rest, None, None))
    return rows
