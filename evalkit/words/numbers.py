"""How a number becomes text: rounded once, then written with the signs of a locale. The one place
where numbers are written for readers; `Words` says in which language.
"""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)

NBSP, MINUS = "\u00a0", "\u2212"
_NUMBERS_KEPT = 20_000  # more than the two pages of a district hold
# Below a size, an amount has so many decimals; larger ones are rounded to hundreds.
MONEY_DIGITS = ((100, 0), (10_000, -1))
_MONEY_DIGITS_OF_LARGE = -2


def rounded(value: float, digits: int) -> Decimal:
    """A number to so many decimals, halves to even; negative `digits` rounds to tens, hundreds and
    so on. Zero has no sign.
    """
    nearest = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return nearest or Decimal(0)


def money_digits(*amounts: float | None) -> int:
    """The decimals of an amount with its range: tens from a hundred, hundreds from ten thousand;
    more digits would pretend to more knowledge.
    """
    size = max((abs(amount) for amount in amounts if amount is not None), default=0)
    return next((digits for below, digits in MONEY_DIGITS if size < below), _MONEY_DIGITS_OF_LARGE)


# The same numbers stand in many places of a page: in a sentence, a table, a range.
@lru_cache(maxsize=_NUMBERS_KEPT)
def decimal_text(value: Decimal, digits: int, locale: str) -> str:
    """A rounded number as text, with so many decimals if that is more than none."""
    pattern = "#,##0." + "0" * digits if digits > 0 else "#,##0"
    return _typographic(format_decimal(value, pattern, locale=_parsed(locale)))


@lru_cache(maxsize=_NUMBERS_KEPT)
def money_text(value: Decimal, currency: str, pattern: str, locale: str) -> str:
    """A rounded amount as text, in the pattern of the locale."""
    return _typographic(
        format_currency(
            value, currency, format=pattern, locale=_parsed(locale), currency_digits=False
        )
    )


@cache
def symbol_of(currency: str, locale: str) -> str:
    """A currency's symbol in a locale, or its code."""
    return get_currency_symbol(currency, locale=locale)


@cache
def has_symbol(currency: str, locale: str) -> bool:
    """Whether a currency has a symbol in a locale, and is not written as its code."""
    return symbol_of(currency, locale) != currency


def d3_locale(locale: str, percent: str) -> dict[str, object]:
    """The signs of a locale as d3 reads them, for the numbers on the axes of charts."""
    return {
        "decimal": get_decimal_symbol(locale),
        "thousands": _typographic(get_group_symbol(locale)),
        "grouping": [3],
        "currency": ["", ""],
        "percent": percent.format(number=""),
        "minus": MINUS,
    }


@cache
def _parsed(locale: str) -> Locale:
    return Locale.parse(locale)


def _typographic(text: str) -> str:
    return text.replace("-", MINUS).replace(" ", NBSP).replace("\u202f", NBSP)
