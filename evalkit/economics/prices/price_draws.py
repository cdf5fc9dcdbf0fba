"""Prices in each draw: draw 0 holds the values themselves, draws 1..B a quantile of each record's
distribution.

The quantile of a price in draw b depends on its key, the seed and b alone: all districts,
interventions and scenarios share it, and neither the order of rows or records nor the number of
draws moves it.
"""

import hashlib
from collections.abc import Collection

import numpy as np

from evalkit.line.price_book import Posting, PriceBook, PriceRecord


def draw_prices(price_book: PriceBook, draws: np.ndarray, *, seed: int) -> dict[str, np.ndarray]:
    """Every price of a book in the given draws.

    Parameters
    ----------
    price_book : PriceBook
        The book.
    draws : ndarray
        Numbers of draws, >= 0; shape (n,).
    seed : int
        The run's seed, >= 0.

    Returns
    -------
    dict of ndarray
        By price key, in the record's own unit; shape (n,).
    """
    return {
        record.key: np.where(
            draws == 0, record.value, _quantiles(record, _uniforms(record.key, draws, seed))
        )
        for record in price_book.prices
    }


def own_prices(
    drawn: dict[str, np.ndarray],
    price_book: PriceBook,
    intervention_id: str,
    draws: np.ndarray,
    *,
    keys: Collection[str] | None = None,
) -> dict[str, np.ndarray]:
    """An intervention's prices in the draws of an effect: its own where the book gives it some,
    else the common ones; of `keys` alone, if given.
    """
    substitutes = price_book.own_prices(intervention_id)
    wanted = drawn if keys is None else keys
    return {key: drawn[substitutes.get(key, key)][draws] for key in wanted}


def unit_amount(posting: Posting, prices: dict[str, np.ndarray]) -> np.ndarray:
    """A posting's amount per unit of its driver, per draw."""
    return sum(np.prod([prices[key] for key in term], axis=0) for term in posting.terms)


def _uniforms(key: str, draws: np.ndarray, seed: int) -> np.ndarray:
    key_number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, key_number]).random(int(draws.max(initial=0)) + 1)[draws]


def _quantiles(record: PriceRecord, u: np.ndarray) -> np.ndarray:
    if record.distribution.ends is None:
        return np.full(u.shape, record.value)
    low, high = record.distribution.ends
    if record.distribution.kind == "uniform":
        return low + u * (high - low)
    width, below = high - low, record.value - low
    rising = low + np.sqrt(u * width * below)
    falling = high - np.sqrt((1 - u) * width * (high - record.value))
    return np.where(u * width < below, rising, falling)
