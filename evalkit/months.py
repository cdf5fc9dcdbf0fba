"""Month arithmetic. A month is its first day (polars Date); a period is half-open, [start, end).

For arithmetic a month is a whole number: months since the year 0, so that December 1999 (23999) and
January 2000 (24000) are neighbours. Estimators count months from time zero: month k covers (k-1,
k].
"""

import re
from datetime import date

import polars as pl

from evalkit.errors import ParameterError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(-01)?")


def parse_month(text: object) -> date:
    """The first day of a month written as '1999-06' (or '1999-06-01').

    Raises
    ------
    ParameterError
        If the text is not a year and a month.
    """
    if isinstance(text, date):
        return text.replace(day=1)
    match = _MONTH.fullmatch(text.strip()) if isinstance(text, str) else None
    if not match:
        raise ParameterError(
            "A month could not be read.",
            where="a parameter that names a month",
            why="Months are written as year and month, for example 1999-06.",
            fix="write the month as YYYY-MM.",
        )
    return date(int(match[1]), int(match[2]), 1)


def month_of_key(content: object, *, within: str = "") -> date:
    """`parse_month` for a value of a parameter file: raises ValueError, to which the reader adds
    the key.
    """
    try:
        return parse_month(content)
    except ParameterError as fault:
        raise ValueError(f"{within and f'{within}: '}{fault.what} {fault.why}") from None


def month_number(month: date) -> int:
    """Months since the year 0."""
    return month.year * 12 + month.month - 1


def month_of_number(number: int) -> date:
    """The month that `month_number` gave this number."""
    return date(number // 12, number % 12 + 1, 1)


def add_months(month: date, n_months: int) -> date:
    """The month `n_months` later (or earlier, when negative)."""
    return month_of_number(month_number(month) + n_months)


def month_number_expr(column: str | pl.Expr) -> pl.Expr:
    """Months since the year 0 of a Date column (Int32)."""
    column = pl.col(column) if isinstance(column, str) else column
    return column.dt.year().cast(pl.Int32) * 12 + column.dt.month().cast(pl.Int32) - 1


def free_from_expr(column: str | pl.Expr) -> pl.Expr:
    """The first month that a period with this end (exclusive) leaves free: a month in the middle of
    which it ends is not free.
    """
    column = pl.col(column) if isinstance(column, str) else column
    return month_number_expr(column) + (column.dt.day() > 1).cast(pl.Int32)


def month_of_number_expr(column: str | pl.Expr) -> pl.Expr:
    """The Date of a column of month numbers."""
    column = pl.col(column) if isinstance(column, str) else column
    return pl.date(column // 12, column % 12 + 1, 1)
