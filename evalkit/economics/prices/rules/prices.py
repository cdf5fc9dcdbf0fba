"""What the prices and rates of a book must satisfy: names, units, currency, year and range."""

from collections import Counter
from collections.abc import Iterator
from math import inf

from evalkit.economics.prices.rules.rule import Rule
from evalkit.errors import nearest
from evalkit.line.price_book import MONEY_UNITS, RATE_UNITS, TIME_UNITS, PriceBook, PriceRecord
from evalkit.vocabulary import is_unwritten


def _repeated(book: PriceBook) -> Iterator[str]:
    for kind, names in (
        ("price", [record.key for record in book.prices]),
        ("posting", [posting.posting for posting in book.postings]),
        ("livelihood", [livelihood.state for livelihood in book.livelihoods]),
    ):
        yield from (f"{kind} {name}" for name, count in Counter(names).items() if count > 1)


def _unnamed(book: PriceBook) -> Iterator[str]:
    named = [(f"price {r.key}", r.name) for r in book.prices] + [
        (f"posting {p.posting}", p.name) for p in book.postings
    ]
    yield from (what for what, name in named if is_unwritten(name))


def _unknown_units(book: PriceBook) -> Iterator[str]:
    units = (*RATE_UNITS, *MONEY_UNITS, *TIME_UNITS)
    yield from (
        f"price {r.key} ({nearest(r.unit, units)})" for r in book.prices if r.unit not in units
    )


def _incomparable(book: PriceBook) -> Iterator[str]:
    for record in book.prices:
        if record.is_money:
            missing = [
                name
                for name, value in (
                    ("currency", record.currency),
                    ("price year", record.price_year),
                )
                if value is None
            ]
            if missing:
                yield f"price {record.key} (no {' and no '.join(missing)})"
        elif record.currency is not None:
            yield f"price {record.key} (a {record.unit} with a currency)"


def _other_currency(book: PriceBook) -> Iterator[str]:
    for record in (price for price in book.prices if price.is_money):
        if record.currency != book.currency:
            yield f"price {record.key} ({record.currency}; the book is in {book.currency})"


def _other_year(book: PriceBook) -> Iterator[str]:
    for record in (price for price in book.prices if price.is_money):
        if record.price_year != book.price_year:
            yield (
                f"price {record.key} ({record.price_year}; the book is in prices of "
                f"{book.price_year})"
            )


def _negative(book: PriceBook) -> Iterator[str]:
    yield from (
        f"price {record.key}"
        for record in book.prices
        if not all(0 <= end < inf for end in _ends(record))
    )


def _above_one(book: PriceBook) -> Iterator[str]:
    yield from (
        f"price {record.key} ({record.unit})"
        for record in book.prices
        if record.unit in RATE_UNITS and not max(_ends(record)) <= 1
    )


def _outside(book: PriceBook) -> Iterator[str]:
    for record in book.prices:
        fault = record.distribution.fault(record.value)
        if fault:
            yield f"price {record.key} ({fault})"


def _ends(record: PriceRecord) -> list[float]:
    return [
        value
        for value in (record.value, record.distribution.low, record.distribution.high)
        if value is not None
    ]


PRICE_RULES = (
    Rule(
        "Names that stand more than once",
        _repeated,
        "Only one could be used, and nobody would know which.",
        "keep one of each.",
    ),
    Rule(
        "Names missing or empty",
        _unnamed,
        "The report shows them to its readers.",
        "write the name in every language of the report.",
    ),
    Rule(
        "Prices with an unknown unit",
        _unknown_units,
        f"Money is priced {' or '.join(MONEY_UNITS)}; a rate is a {' or a '.join(RATE_UNITS)}. "
        "Postings multiply by these units.",
        "write one of these units, and convert the value if needed.",
    ),
    Rule(
        "Prices that cannot be compared",
        _incomparable,
        "An amount without currency and price year cannot be added to another; a rate has no "
        "currency.",
        "declare currency and price_year on every amount, and on no rate a currency.",
    ),
    Rule(
        "Prices in another currency",
        _other_currency,
        "One ledger adds up one currency.",
        "take them from dated records by reference, with a file of exchange rates under defaults, "
        "or keep one book per currency.",
    ),
    Rule(
        "Prices of another year",
        _other_year,
        "Amounts of different years differ by inflation alone.",
        "name a file with a price index under defaults, which moves them, or write them in the "
        "book's price year.",
    ),
    Rule(
        "Prices that are negative or not finite",
        _negative,
        "A price is an amount; who pays and who receives is said by the posting.",
        "turn paid_by and received_by round instead.",
    ),
    Rule(
        "Rates above one", _above_one, "A share lies between 0 and 1.", "write 20 per cent as 0.20."
    ),
    Rule(
        "Distributions that do not contain their value",
        _outside,
        "Draws around a range that leaves out the value would contradict the point estimate.",
        "give low <= value <= high with low < high for uniform and triangular, and no range for "
        "fixed.",
    ),
)
