"""Prices that are a district's own: a municipality's tax, or its county rate of equalisation."""

from collections.abc import Collection

import numpy as np

from evalkit.errors import LedgerError, first_few, nearest
from evalkit.line.price_book import PriceBook


def in_district(
    book: PriceBook, drawn: dict[str, np.ndarray], district: str
) -> tuple[PriceBook, dict[str, np.ndarray]]:
    """The book and its drawn prices as a district has them: its own prices under the keys that
    postings use.

    Parameters
    ----------
    book : PriceBook
        The book.
    drawn : dict of ndarray
        By price key (`draw_prices`).
    district : str
        A district; one without prices of its own, and all together, have the common ones.
    """
    own = {entry.district: entry.prices for entry in book.districts}.get(district)
    if not own:
        return book, drawn
    records = book.records
    prices = tuple(
        records[own.get(record.key, record.key)].model_copy(update={"key": record.key})
        for record in book.prices
    )
    there = book.model_copy(update={"prices": prices, "districts": ()})
    return there, drawn | {key: drawn[substitute] for key, substitute in own.items()}


def refuse_unknown_districts(book: PriceBook, districts: Collection[str]) -> None:
    """Refuse prices of districts that the run does not have.

    Raises
    ------
    LedgerError
        Naming the book's file and the districts.
    """
    unknown = [entry.district for entry in book.districts if entry.district not in districts]
    if unknown:
        faults = [f"{district} ({nearest(district, districts)})" for district in unknown]
        raise LedgerError(
            f"Prices of districts that the run does not have: {len(unknown)}.",
            where=f"{book.file}, districts: {first_few(faults, 6)}",
            why="They would be used for nobody.",
            fix="name districts as the run file does, or leave them out.",
        )
