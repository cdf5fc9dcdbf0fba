"""Money of one year or currency in that of another; both conversions follow a dated record and can
be reversed.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from evalkit.economics.prices.dated import DatedRecord, value_at
from evalkit.errors import LedgerError, ParameterError

PRICE_INDEX = "price_index.cpi"


def convert_price_year(
    amount: ArrayLike,
    *,
    from_year: int,
    to_year: int,
    records: Mapping[str, DatedRecord],
    index: str = PRICE_INDEX,
) -> np.ndarray:
    """An amount of one year in the prices of another.

    Parameters
    ----------
    amount : array_like
        Amounts in prices of `from_year`.
    from_year, to_year : int
        Years that the index holds.
    records : mapping of str to DatedRecord
        From `load_dated`, with the index among them.
    index : str
        Key of the index.

    Returns
    -------
    ndarray
        amount * index(to_year) / index(from_year).

    Raises
    ------
    ParameterError
        If the index lacks a year; names the nearest.
    """
    ratio = value_at(records, index, to_year).value / value_at(records, index, from_year).value
    return np.asarray(amount, dtype=float) * ratio


def convert_currency(
    amount: ArrayLike,
    *,
    currency: str,
    to: str,
    year: int | None,
    records: Mapping[str, DatedRecord],
) -> np.ndarray:
    """An amount in another currency at a year's exchange rate.

    The rate's record is called exchange_rate.EUR.SEK: how many SEK one EUR costs; it serves both
    ways.

    Raises
    ------
    ParameterError
        If no rate between the two is there, or none for that year.
    LedgerError
        If a rate is zero.
    """
    amount = np.asarray(amount, dtype=float)
    if currency == to:
        return amount
    key = exchange_rate(currency, to, records)
    rate = value_at(records, key, year).value
    if rate == 0:
        raise LedgerError(
            "An exchange rate is zero.",
            where=f"{key}, {year}",
            why="Nothing could be turned back.",
            fix="mend the record.",
        )
    return amount * rate if key.endswith(f".{to}") else amount / rate


def exchange_rate(currency: str, to: str, records: Mapping[str, DatedRecord]) -> str:
    """The key of the record that holds the exchange rate between two currencies, either way round.

    Raises
    ------
    ParameterError
        If there is none; names the rates that there are.
    """
    keys = _rate_keys(currency, to)
    for key in keys:
        if key in records:
            return key
    known = sorted(key for key in records if key.startswith("exchange_rate."))
    raise ParameterError(
        f"There is no exchange rate between {currency} and {to}.",
        where=f'"{keys[0]}" or "{keys[1]}"; found: {", ".join(known) or "none"}',
        why="Amounts of two currencies cannot be added without a rate and its source.",
        fix="add the record to params/rates/ with year, source and grade, and name the file "
        "under defaults.",
    )


def has_exchange_rate(currency: str, to: str, records: Mapping[str, DatedRecord]) -> bool:
    """Whether a record holds the exchange rate between two currencies."""
    return any(key in records for key in _rate_keys(currency, to))


def _rate_keys(currency: str, to: str) -> tuple[str, str]:
    return f"exchange_rate.{currency}.{to}", f"exchange_rate.{to}.{currency}"
