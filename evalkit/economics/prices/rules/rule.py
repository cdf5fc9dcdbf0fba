"""One rule of a price book, as data."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from evalkit.line.price_book import PriceBook


class Rule(NamedTuple):
    """What is wrong, how the faults are found, why it matters and how to mend them."""

    what: str
    find: Callable[[PriceBook], Iterator[str]]
    why: str
    fix: str
