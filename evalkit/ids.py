"""Personal identity numbers: found by form and check digit, in text or as numbers, never shown.

A personnummer is a birth date and four digits whose last is a Luhn check digit; a samordningsnummer
adds 60 to the day. Both are written with or without century and with '-', '+' (from the year of the
hundredth birthday), a space or nothing before the four digits. Source: Skatteverket, SKV 704.
"""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

PERSONAL_NUMBER = (
    r"(?:^|[^0-9])((?:(?:18|19|20)[0-9]{2}|[0-9]{2})(?:0[1-9]|1[0-2])(?:[0-9]{2})[-+ "
    r"]?[0-9]{4})(?:\.0)?(?:$|[^0-9])"
)
# Cells looked at for shortened numbers.
_SAMPLE = 1000
_CANDIDATE = re.compile(
    r"(?<![0-9])(?P<year>(?:18|19|20)?[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-9]{2})[-+ "
    r"]?(?P<last>[0-9]{4})(?![0-9])"
)


def count_personal_numbers(text: str) -> int:
    """How many personnummer or samordningsnummer stand in a text."""
    return sum(_is_personal_number(match) for match in _CANDIDATE.finditer(text))


def ten_digits_of(text: str) -> str | None:
    """The ten digits of a text that is one personal number and nothing else, without century and
    sign; else None.
    """
    match = _CANDIDATE.fullmatch(_without_decimals(text.strip()))
    if not match or not _is_personal_number(match):
        return None
    return match["year"][-2:] + match["month"] + match["day"] + match["last"]


def replace_personal_numbers(text: str, replace: Callable[[str], str]) -> str:
    """The text with each personal number in it replaced."""
    return _CANDIDATE.sub(
        lambda match: replace(match[0]) if _is_personal_number(match) else match[0], text
    )


def name_to_show(name: str) -> str:
    """A name of a file, sheet or column as it may be shown: not at all if a personal number stands
    in it.
    """
    return (
        f"a name with a number in it ({Path(name).suffix or 'no suffix'})"
        if count_personal_numbers(name)
        else name
    )


def looks_like_shortened_numbers(column: pl.Series) -> bool:
    """Whether a column's cells are mostly personal numbers without century that lost their leading
    zeros, as numbers do (born 2000-09).
    """
    text = column.drop_nulls().head(_SAMPLE).cast(pl.String, strict=False).str.strip_suffix(".0")
    short = text.filter(text.str.contains(r"^[0-9]{7,9}$"))
    if 2 * len(short) < len(text) or short.is_empty():
        return False
    return 2 * sum(count_personal_numbers(cell.zfill(10)) for cell in short.to_list()) > len(text)


def rows_with_personal_numbers(column: pl.Series) -> list[int]:
    """Positions (0-based) of the cells of a column that hold a personnummer or samordningsnummer.

    A fast pattern narrows the column down; date and check digit decide. Of real numbers only those
    with four decimals at most are asked: as typed, YYMMDD.NNNN has no more, and among the sixteen
    digits of a measured value ten that pass are chance.
    """
    if column.dtype.is_float():
        column = column.set(column != column.round(4), None)
    text = column.cast(pl.String, strict=False)
    candidates = (text.str.contains(PERSONAL_NUMBER)).fill_null(False).arg_true()
    return [
        row for row in candidates.to_list() if count_personal_numbers(_without_decimals(text[row]))
    ]


def _without_decimals(text: str) -> str:
    return text.removesuffix(".0")


def _is_personal_number(match: re.Match) -> bool:
    year, month, day, last = match["year"], match["month"], int(match["day"]), match["last"]
    day -= 60 if day > 60 else 0
    # Without a century any leap year will do: 29 February exists in some century.
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    try:
        date(full_year, int(month), day)
    except ValueError:
        return False
    return _luhn_holds(year[-2:] + month + match["day"] + last)


def _luhn_holds(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(digits):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return total % 10 == 0
