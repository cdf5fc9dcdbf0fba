"""Personal identity numbers: found by form and check digit, in text or as numbers, never shown.

A personnummer is a birth date and four digits whose last is a Luhn check digit; a samordningsnummer adds 60 to the day.
Both are written with or without century and with '-', '+' (from the year of the hundredth birthday), a space or nothing before the four
digits. Source: Skatteverket, SKV 704.
"""

import re
from datetime import date

import polars as pl

PERSONAL_NUMBER = r"(?:^|[^0-9])((?:(?:18|19|20)[0-9]{2}|[0-9]{2})(?:0[1-9]|1[0-2])(?:[0-9]{2})[-+ ]?[0-9]{4})(?:\.0)?(?:$|[^0-9])"
_CANDIDATE = re.compile(
    r"(?<![0-9])(?P<year>(?:18|19|20)?[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-9]{2})[-+ ]?(?P<last>[0-9]{4})(?![0-9])"
)


def count_personal_numbers(text: str) -> int:
    """How many personnummer or samordningsnummer stand in a text."""
    return sum(_is_personal_number(match) for match in _CANDIDATE.finditer(text))


def rows_with_personal_numbers(column: pl.Series) -> list[int]:
    """Positions (0-based) of the cells of a column that hold a personnummer or samordningsnummer.

    A fast pattern narrows the column down; date and check digit decide.
    """
    text = column.cast(pl.String, strict=False)
    candidates = (text.str.contains(PERSONAL_NUMBER)).fill_null(False).arg_true()
    return [row for row in candidates.to_list() if count_personal_numbers(_without_decimals(text[row]))]


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
