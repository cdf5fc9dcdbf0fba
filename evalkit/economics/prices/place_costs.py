"""What a place costs: fixed and variable, by how far the places are used; and from that each
intervention's own price of a place and month.
"""

from collections.abc import Mapping
from math import prod
from pathlib import Path

import polars as pl

from evalkit.economics.prices.conversion import (
    convert_currency,
    convert_price_year,
    exchange_rate,
    has_exchange_rate,
)
from evalkit.economics.prices.dated import DatedRecord, load_dated
from evalkit.economics.prices.households import household_parts, with_household_parts
from evalkit.economics.prices.price_book_file import declare_price_book, load_price_book
from evalkit.errors import LedgerError, ParameterError, first_few
from evalkit.line.columns import schema_of
from evalkit.line.price_book import Distribution, InterventionPrices, PriceBook, PriceRecord
from evalkit.line.tables import published
from evalkit.params import Run
from evalkit.tables import has_table, read_table, read_tables


def place_costs(capacity: pl.DataFrame, occupied: pl.DataFrame) -> pl.DataFrame:
    """Cost of a filled place in a month, on average and at the margin, by intervention and year.

    Parameters
    ----------
    capacity : DataFrame
        The table capacity: fixed_cost is for all places together, variable_cost for one filled
        place, both a month.
    occupied : DataFrame
        intervention_id, month, n_occupied (`spells.occupied_places`). In a month without a row,
        between the first and the last of any intervention, nobody filled a place.

    Returns
    -------
    DataFrame
        The table place_costs, one row per intervention and year: n_occupied (mean persons a month),
        places (mean), utilisation_share (filled over places; above 1 where more people were booked
        than there were places), cost_per_filled_place, cost_at_full_use, marginal_cost (money a
        month), currency, price_year. Years in which nobody filled a place have no row. A kind of
        cost that an intervention never has is none; months that lack one that it has otherwise are
        left out of the costs, which are empty where no month is left.

    Raises
    ------
    LedgerError
        If a cost lacks currency or price year, or an intervention mixes them; or a cost is
        negative.
    """
    _refuse_unfit(capacity)
    within = capacity.filter(
        pl.col("month").is_between(occupied["month"].min(), occupied["month"].max())
    )
    counts = occupied.select("intervention_id", "month", "n_occupied")
    months = within.join(counts, on=["intervention_id", "month"], how="left").with_columns(
        pl.col("n_occupied").fill_null(0),
        *(_of_the_intervention(column) for column in (*_MONEY, *_COSTS)),
    )
    priced = pl.all_horizontal(pl.col(column).is_not_null() for column in _COSTS)
    fixed, variable, n, places = (
        pl.col(column).filter(priced) for column in (*_COSTS, "n_occupied", "places")
    )
    by_year = months.group_by("intervention_id", *_MONEY, year=pl.col("month").dt.year()).agg(
        pl.col("n_occupied").mean().alias("mean_occupied"),
        pl.col("places").mean(),
        (pl.col("n_occupied").sum() / pl.col("places").sum()).alias("utilisation_share"),
        (fixed.sum() / _above_zero(n.sum())).alias("fixed"),
        (fixed.sum() / _above_zero(places.sum())).alias("fixed_at_full"),
        ((variable * n).sum() / _above_zero(n.sum())).alias("marginal_cost"),
    )
    return (
        by_year.filter(pl.col("mean_occupied") > 0)
        .with_columns(
            n_occupied=pl.col("mean_occupied").round().cast(pl.Int32),
            cost_per_filled_place=pl.col("fixed") + pl.col("marginal_cost"),
            cost_at_full_use=pl.col("fixed_at_full") + pl.col("marginal_cost"),
        )
        .select(list(published("place_costs").schema))
        .sort("intervention_id", "year")
    )


def _of_the_intervention(column: str) -> pl.Expr:
    """Currency and price year of every month, and no cost where the intervention never has that
    kind but has the other.
    """
    known = pl.col(column)
    if column in _MONEY:
        return known.drop_nulls().first().over("intervention_id").alias(column)
    never = known.is_null().all().over("intervention_id") & pl.any_horizontal(
        pl.col(*_COSTS).is_not_null().any().over("intervention_id")
    )
    return pl.when(never).then(0.0).otherwise(known).alias(column)


def _above_zero(amount: pl.Expr) -> pl.Expr:
    return pl.when(amount > 0).then(amount)


def price_book_of_run(run: Run, occupied: pl.DataFrame) -> PriceBook:
    """The run's price book, as far as delivered tables say more: each intervention's own price of a
    place where places and their costs were delivered (table capacity), and the split of a
    household's money where the book declares one and households were delivered.

    Parameters
    ----------
    run : Run
        The run.
    occupied : DataFrame
        As in `place_costs`.

    Raises
    ------
    ParameterError
        If the run names no price book.
    ParameterError, LedgerError
        As `load_price_book`, `place_costs` and `with_place_costs`.
    """
    if run.params.value.price_book is None:
        raise ParameterError(
            "The run names no price book.",
            where=f"{run.run_file}, value.price_book",
            why="Nothing can be valued without prices and postings.",
            fix="name one, for example: value: {price_book: unit_costs/stockholm.yaml}.",
        )
    book = _with_delivered_households(load_price_book(run.path(run.params.value.price_book)), run)
    costs = run_place_costs(run, occupied)
    if costs.is_empty():
        return book
    return with_place_costs(book, costs, read_table(run.run_dir, "intervention"))


def _with_delivered_households(book: PriceBook, run: Run) -> PriceBook:
    names = ("income_support", "household_member", "episodes")
    if not book.appraisal.household_split or not all(
        has_table(run.run_dir, name) for name in names
    ):
        return book
    shares = household_parts(*read_tables(run.run_dir, *names).values())
    # Fewer couples than may be published would show through the shares.
    if shares is None or shares.n_people < run.params.min_count:
        return book
    return with_household_parts(book, shares)


def run_place_costs(run: Run, occupied: pl.DataFrame) -> pl.DataFrame:
    """`place_costs` of a run; no rows where no capacity was delivered."""
    if not has_table(run.run_dir, "capacity"):
        return published("place_costs").empty()
    return place_costs(read_table(run.run_dir, "capacity"), occupied)


def start_costs(book: PriceBook, lengths: pl.DataFrame) -> pl.DataFrame:
    """What a start of each intervention is expected to cost: the months that it is used at the
    price of a place, and what a start itself costs.

    Parameters
    ----------
    book : PriceBook
        Its postings with the role programme_cost, at the prices' own values, without discounting.
    lengths : DataFrame
        intervention_id, months_per_start (`spells.months_per_start`).

    Returns
    -------
    DataFrame
        intervention_id, cost, currency; 0 where the book prices no programme.
    """
    values = {record.key: record.value for record in book.prices}
    postings = [posting for posting in book.postings if posting.role == "programme_cost"]
    rows = []
    for intervention, months in (
        lengths.select("intervention_id", "months_per_start").sort("intervention_id").iter_rows()
    ):
        substitutes = book.own_prices(intervention)
        paid = [
            (months if posting.driver == "programme_months" else 1.0)
            * prod(values[substitutes.get(key, key)] for key in term)
            for posting in postings
            if posting.pays_for(intervention)
            for term in posting.terms
        ]
        rows.append((intervention, float(sum(paid)), book.currency))
    return pl.DataFrame(
        rows,
        schema=schema_of("intervention_id", "cost", "currency"),
        orient="row",
    )


def place_prices(costs: pl.DataFrame) -> pl.DataFrame:
    """The internal price of a place and month, for settlements: the last known year's average cost
    of a filled place, by intervention.
    """
    last = (
        costs.drop_nulls("cost_per_filled_place")
        .sort("year")
        .group_by("intervention_id")
        .last()
        .sort("intervention_id")
    )
    return last.select(
        "intervention_id", pl.col("cost_per_filled_place").alias("price_per_month"), "currency"
    )


def with_place_costs(
    book: PriceBook, costs: pl.DataFrame, interventions: pl.DataFrame
) -> PriceBook:
    """The book with an own price of a place and month for every intervention whose places' cost is
    known.

    It is a filled place's average monthly cost over all years; the range is that of the years.

    Parameters
    ----------
    book : PriceBook
        Its postings on programme months with the role programme_cost have one single price.
    costs : DataFrame
        `place_costs`.
    interventions : DataFrame
        intervention_id, name.

    Raises
    ------
    LedgerError
        If the costs are in another currency, or the book's cost of a programme month is not a
        single price.
    ParameterError
        If the book names no price index for the costs' price year.
    """
    replaced, costs = _place_price(book), costs.drop_nulls("cost_per_filled_place")
    records = load_dated(Path(book.file).parent / path for path in book.defaults)
    _refuse_currency(book, costs, records)
    entries, prices = [], []
    for row in interventions.sort("intervention_id").iter_rows(named=True):
        years = costs.filter(pl.col("intervention_id") == row["intervention_id"])
        if years.height:
            record = _place_record(book, replaced, years, row, records)
            prices.append(record)
            substitutes = book.own_prices(row["intervention_id"]) | {replaced: record.key}
            entries.append(
                InterventionPrices(intervention_id=row["intervention_id"], prices=substitutes)
            )
    renewed = {entry.intervention_id for entry in entries}
    kept = [entry for entry in book.interventions if entry.intervention_id not in renewed]
    content = book.model_dump() | {
        "prices": [record.model_dump() for record in (*book.prices, *prices)],
        "interventions": [entry.model_dump() for entry in (*kept, *entries)],
    }
    return declare_price_book(content, where=book.file)


def _place_record(
    book: PriceBook,
    replaced: str,
    years: pl.DataFrame,
    intervention: dict,
    records: Mapping[str, DatedRecord],
) -> PriceRecord:
    # Less than half a person a month is rounded to nobody.
    n_filled = years["n_occupied"].clip(1)
    filled = float((n_filled * years["cost_per_filled_place"]).sum()) / float(n_filled.sum())
    by_year = years["cost_per_filled_place"].to_numpy()
    low, high = float(by_year.min()), float(by_year.max())
    scale = _in_book_money(book, years["currency"][0], years["price_year"][0], records)
    period = f"{years['year'].min()}-{years['year'].max()}"
    exchanged = (
        ""
        if years["currency"][0] == book.currency
        else f"; {exchange_rate(years['currency'][0], book.currency, records)}"
    )
    name = book.records[replaced].name
    return PriceRecord(
        key=f"{replaced}.{intervention['intervention_id']}",
        name={
            language: f"{text}: {intervention['name'] or intervention['intervention_id']}"
            for language, text in name.items()
        },
        value=filled * scale,
        unit=book.records[replaced].unit,
        price_year=book.price_year,
        currency=book.currency,
        source=f"delivered capacity, {period}: fixed and variable cost over filled "
        f"places{exchanged}",
        # An exchange rate's own grade may be lower than the delivery's.
        grade="L" if exchanged else "M",
        distribution=Distribution(kind="triangular", low=low * scale, high=high * scale)
        if high > low
        else Distribution(),
    )


def _place_price(book: PriceBook) -> str:
    terms = {
        term
        for posting in book.postings
        if posting.role == "programme_cost" and posting.driver == "programme_months"
        for term in posting.terms
    }
    term = next(iter(terms)) if len(terms) == 1 else ()
    if len(term) != 1:
        raise LedgerError(
            "The cost of a programme month is not a single price.",
            where=f"{book.file}, postings with role programme_cost and driver programme_months",
            why="An intervention's own price, made from its places, takes the place of one price "
            "per month.",
            fix="let all of them have the same amount, one price per month.",
        )
    return term[0]


def _in_book_money(
    book: PriceBook, currency: str, price_year: int, records: Mapping[str, DatedRecord]
) -> float:
    """What one unit of another currency and year is in the book's: exchanged at its own year's
    rate, then moved by the price index.
    """
    exchanged = convert_currency(
        1.0, currency=currency, to=book.currency, year=price_year, records=records
    )
    if price_year == book.price_year:
        return float(exchanged)
    return float(
        convert_price_year(
            exchanged, from_year=price_year, to_year=book.price_year, records=records
        )
    )


def _refuse_unfit(capacity: pl.DataFrame) -> None:
    paid = capacity.filter(pl.any_horizontal(pl.col(*_COSTS).is_not_null()))
    unnamed = (
        paid.filter(pl.any_horizontal(pl.col(*_MONEY).is_null()))["intervention_id"].unique().sort()
    )
    money = (
        paid.group_by("intervention_id")
        .agg(pl.struct(_MONEY).n_unique().alias("n"))
        .filter(pl.col("n") > 1)
    )
    negative = (
        capacity.filter((pl.col("fixed_cost") < 0) | (pl.col("variable_cost") < 0))[
            "intervention_id"
        ]
        .unique()
        .sort()
    )
    for what, names, fix in (
        (
            "Costs of places without currency or price year",
            unnamed,
            "ask the sender for the table with currency and price_year on every row.",
        ),
        (
            "Costs of places in mixed currencies or price years",
            money["intervention_id"].sort(),
            "ask the sender for one currency and one price year an intervention.",
        ),
        (
            "Costs of places that are negative",
            negative,
            "ask the sender for the costs; income from a place is no negative cost.",
        ),
    ):
        if len(names):
            raise LedgerError(
                f"{what}: {len(names)} interventions.",
                where=f"capacity: {first_few(names, 6)}",
                why="Amounts are compared in one currency and one year's prices, and a cost is not "
                "negative.",
                fix=fix,
            )


def _refuse_currency(
    book: PriceBook, costs: pl.DataFrame, records: Mapping[str, DatedRecord]
) -> None:
    foreign = sorted(
        currency
        for currency in set(costs["currency"].unique()) - {book.currency}
        if not has_exchange_rate(currency, book.currency, records)
    )
    if foreign:
        paid = costs.filter(pl.col("currency").is_in(foreign))
        raise LedgerError(
            f"The places are paid in another currency than the book's: {', '.join(foreign)}.",
            where=f"capacity: {first_few(paid['intervention_id'].unique().sort(), 6)}; {book.file} "
            f"is in {book.currency}",
            why="One ledger adds up one currency, and no exchange rate between the two is "
            "declared.",
            fix="convert the delivered costs, or name a file with the rate, its source and grade "
            "under the book's defaults.",
        )


_MONEY, _COSTS = ("currency", "price_year"), ("fixed_cost", "variable_cost")
