"""The price book that a run values with: the declared one, as far as delivered tables say more.

Where places and their costs were delivered, each intervention has its own price of a place; where
households were delivered, their money is split as measured.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from evalkit.economics.prices.conversion import (
    convert_currency,
    convert_price_year,
    exchange_rate,
    has_exchange_rate,
)
from evalkit.economics.prices.dated import DatedRecord
from evalkit.economics.prices.households import (
    household_parts,
    rounded_parts,
    with_household_parts,
)
from evalkit.economics.prices.place_costs import run_place_costs
from evalkit.economics.prices.price_book_file import (
    dated_records,
    declare_price_book,
    load_price_book,
)
from evalkit.errors import LedgerError, ParameterError, first_few
from evalkit.line.price_book import Distribution, InterventionPrices, PriceBook, PriceRecord
from evalkit.params import Run
from evalkit.tables import has_table, read_delivered, read_tables
from evalkit.words import languages, words


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
    return with_place_costs(book, costs, read_delivered(run.run_dir, "intervention"))


def _with_delivered_households(book: PriceBook, run: Run) -> PriceBook:
    names = ("income_support", "household_member", "episodes")
    if not book.appraisal.household_split or not all(
        has_table(run.run_dir, name) for name in names
    ):
        return book
    shares = household_parts(*read_tables(run.run_dir, *names).values())
    # Fewer couples than may be published would show through the shares.
    if shares is None or shares.n_people < run.params.disclosure.min_persons:
        return book
    return with_household_parts(book, rounded_parts(shares))


def with_place_costs(
    book: PriceBook, costs: pl.DataFrame, interventions: pl.DataFrame
) -> PriceBook:
    """The book in which every intervention whose places' cost is known has its own price of a place
    per month.

    It is a filled place's average monthly cost over all years; the range is that of the years.

    Parameters
    ----------
    book : PriceBook
        Its postings on programme months with the role programme_cost have a single price.
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
    records = dated_records(
        (Path(book.file).parent / path for path in book.defaults),
        book.carry_forward,
        where=book.file,
    )
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
    n_filled = (years["utilisation_share"] * years["places"]).clip(1)
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
        source={
            language: words(language).text("price_source.capacity", period=period) + exchanged
            for language in languages()
        },
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
