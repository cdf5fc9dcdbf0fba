"""What in the accounts contradicts itself, row by row: nothing is summed silently."""

from collections.abc import Iterator

import polars as pl

from evalkit.line.accounts import BOOKED, BUDGET, NOT_MAPPED, AccountsFile, ReportedYear
from evalkit.line.tables import published
from evalkit.tables import CITY

_SAME = ("district", "year", "side", "account_code", "activity_code", "cost_area", "currency")
_MONTHS = 12


def contradictions(
    postings: pl.DataFrame,
    areas: pl.DataFrame,
    places: pl.DataFrame,
    place_costs: pl.DataFrame,
    reading: AccountsFile,
) -> pl.DataFrame:
    """Everything in postings, reports and places that does not go together.

    Parameters
    ----------
    postings : DataFrame
        `mapped_postings`.
    areas : DataFrame
        `account_areas`.
    places : DataFrame
        `account_places`.
    place_costs : DataFrame
        The published table: places, their use and cost.
    reading : AccountsFile
        What reports have printed.

    Returns
    -------
    DataFrame
        The table account_faults, one row per fault: `item` is the posting, area or intervention,
        `other_item` the posting that it is compared with, `amount` what stands there,
        `other_amount` what should, or what stands elsewhere; `low` and `high` are its limits where
        it has some.
    """
    declared = published("account_faults")
    known = (
        _not_mapped(postings),
        _stated_otherwise(postings, reading),
        _posting_twice(postings),
        _budget_twice(postings),
        _two_currencies(postings),
        _more_people_than_places(place_costs),
        _dear_or_cheap_places(place_costs, reading),
        _dearer_than_booked(places),
        _printed(areas, reading),
    )
    empty = declared.empty()
    return (
        pl.concat([empty, *(rows.cast({}) for rows in known)], how="diagonal_relaxed")
        .with_columns(pl.col("other_item", "currency").fill_null(""))
        .select(pl.col(name).cast(kind) for name, kind in declared.schema.items())
        .sort(declared.keys)
    )


def _not_mapped(postings: pl.DataFrame) -> pl.DataFrame:
    rows = postings.filter(pl.col("recoded_area") == NOT_MAPPED)
    return _of_postings(rows, "not_mapped", other_item="account_code")


def _stated_otherwise(postings: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    """Postings whose sender gives them another area than the chart does, and no rule moves them."""
    is_other = (
        pl.col("cost_area").is_not_null()
        & (pl.col("cost_area") != pl.col("recoded_area"))
        & (pl.col("recoded_area") != NOT_MAPPED)
        & bool(reading.areas)
    )
    return _of_postings(postings.filter(is_other), "stated_otherwise", other_item="cost_area")


def _posting_twice(postings: pl.DataFrame) -> pl.DataFrame:
    """Postings that are the same as another in everything but their number."""
    by = [*_SAME, "amount"]
    rows = postings.filter(pl.col("amount") != 0).sort("posting_id")
    first = rows.with_columns(first=pl.col("posting_id").first().over(by))
    again = first.filter(pl.col("first") != pl.col("posting_id"))
    return _of_postings(again, "posting_twice", other_item="first")


def _budget_twice(postings: pl.DataFrame) -> pl.DataFrame:
    """Budgets of a district, year and account that differ: only one can hold."""
    rows = postings.filter(pl.col("side") == "budget").sort("posting_id")
    first = rows.with_columns(
        first=pl.col("posting_id").first().over(_SAME), other=pl.col("amount").first().over(_SAME)
    )
    again = first.filter(
        pl.col("first") != pl.col("posting_id"), pl.col("other") != pl.col("amount")
    )
    return _of_postings(again, "budget_twice", other_item="first", other_amount="other")


def _two_currencies(postings: pl.DataFrame) -> pl.DataFrame:
    by = ["district", "year"]
    several = postings.group_by(by).agg(pl.col("currency").unique().sort())
    return several.filter(pl.col("currency").list.len() > 1).select(
        *by, fault=pl.lit("two_currencies"), item=pl.col("currency").list.join(", ")
    )


def _of_postings(rows: pl.DataFrame, fault: str, **others: str) -> pl.DataFrame:
    named = {name: pl.col(column) for name, column in others.items()}
    return rows.select(
        *("district", "year", "amount", "currency"),
        fault=pl.lit(fault),
        item="posting_id",
        **named,
    )


def _more_people_than_places(costs: pl.DataFrame) -> pl.DataFrame:
    return costs.filter(pl.col("utilisation_share") > 1).select(
        "year",
        district=pl.lit(CITY),
        fault=pl.lit("places_below"),
        item="intervention_id",
        amount="places",
        other_amount="utilisation_share",
    )


def _dearer_than_booked(places: pl.DataFrame) -> pl.DataFrame:
    """Areas whose places cost more than was booked, by more than what is published of them is
    rounded by.
    """
    return places.filter(pl.col("low") > pl.col("recoded")).select(
        *("year", "currency", "low", "high"),
        district=pl.lit(CITY),
        fault=pl.lit("places_above"),
        item="cost_area",
        amount="places_cost",
        other_amount="recoded",
    )


def _dear_or_cheap_places(costs: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    """Places whose cost lies outside what reports say, in the same year's prices."""
    last = costs.sort("year").group_by("intervention_id").last()
    yearly = last.with_columns(amount=_MONTHS * pl.col("cost_at_full_use"))
    found = [
        yearly.filter(
            pl.col("price_year") == one.year,
            pl.col("currency") == one.currency,
            ~pl.col("amount").is_between(*one.cost_per_place),
        ).with_columns(low=pl.lit(one.cost_per_place[0]), high=pl.lit(one.cost_per_place[1]))
        for one in reading.places
    ]
    if not found:
        return pl.DataFrame()
    return pl.concat(found).select(
        *("year", "amount", "currency", "low", "high"),
        district=pl.lit(CITY),
        fault=pl.lit("cost_outside"),
        item="intervention_id",
    )


def _printed(areas: pl.DataFrame, reading: AccountsFile) -> pl.DataFrame:
    names = ("district", "year", "currency", "fault", "item")
    numbers = ("amount", "other_amount", "low", "high")
    rows = [
        (one.district, one.year, one.currency, *fault)
        for one in reading.reported
        for fault in (*_within(one), *_against(one, areas))
    ]
    kinds = dict.fromkeys(names, pl.String) | dict.fromkeys(numbers, pl.Float64)
    return pl.DataFrame(rows, schema=kinds | {"year": pl.Int32}, orient="row")


def _within(one: ReportedYear) -> Iterator[tuple]:
    """What of a printed year does not go together, beyond what rounding explains: parts and their
    sum, shares and the whole, budget and bookings and what was used elsewhere.
    """
    half = one.step / 2
    if one.booked is None:
        return
    total = sum(part.amount for part in one.parts)
    slack = half * (len(one.parts) + 1)
    is_short = one.are_all_parts and total < one.booked - slack
    if one.parts and (is_short or total > one.booked + slack):
        yield ("parts_total", BOOKED, total, one.booked, None, None)
    for part in one.parts:
        if not part.share:
            continue
        low = (part.amount - half) / (part.share + one.share_step / 2)
        high = (part.amount + half) / (part.share - one.share_step / 2)
        if not low - half <= one.booked <= high + half:
            implied = part.amount / part.share
            yield ("share_total", part.cost_area, implied, one.booked, low, high)
    if one.budget is not None and one.elsewhere is not None:
        left = one.budget - one.booked
        if abs(left - one.elsewhere) > 3 * half:
            yield ("elsewhere", BUDGET, one.elsewhere, left, None, None)


def _against(one: ReportedYear, areas: pl.DataFrame) -> Iterator[tuple]:
    """Printed amounts that differ from the accounts, re-coded, by more than they were rounded."""
    known = {
        area: (budget, recoded)
        for area, budget, recoded in areas.filter(
            pl.col("district") == one.district,
            pl.col("year") == one.year,
            pl.col("currency") == one.currency,
        )
        .select("cost_area", "budget", "recoded")
        .iter_rows()
    }
    budget, booked = known.get(CITY, (None, None))
    compared = [(BUDGET, one.budget, budget), (BOOKED, one.booked, booked)]
    compared += [
        (part.cost_area, part.amount, known.get(part.cost_area, (None, None))[1])
        for part in one.parts
    ]
    for item, printed, amount in compared:
        if printed is not None and amount is not None and abs(printed - amount) > one.step / 2:
            yield ("printed_otherwise", item, printed, amount, None, None)
