"""How spells ended, as others write it: 0 and 1, and words for no end at all."""

from typing import Any

import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Table, schema_of

# What some registers write where nothing happened: it would be taken for a cause.
NO_EVENT = frozenset({"none", "no", "censor", "censored", "cens", "n/a", "na", "-", ""})


def with_plain_events(table: Table, event: str) -> Table:
    """The table with ends of 0 and 1 as false and true.

    Raises
    ------
    EstimationError
        If a column of numbers holds others.
    """
    dtype = schema_of(table).get(event)
    if dtype is None or not dtype.is_numeric():
        return table
    if isinstance(table, pl.LazyFrame):
        others = table.select((~is_zero_or_one(pl.col(event))).any()).collect().item()
    else:
        column = table[event]
        if dtype.is_integer():
            others = not {column.min(), column.max()} <= {0, 1, None}
        else:
            others = (~is_zero_or_one(column)).any()
    if others:
        raise EstimationError(
            "The column of ends holds numbers other than 0 and 1.",
            where=f'column "{event}"',
            why="An end is true or false (1 or 0), or the name of a cause (text; missing = "
            "censored).",
            fix="turn codes into names, for example with replace_strict.",
        )
    return table.with_columns(pl.col(event).cast(pl.Boolean))


def is_zero_or_one(numbers: pl.Expr | pl.Series) -> Any:
    """Whether numbers of any type are 0 or 1."""
    return (numbers == 0) | (numbers == 1)


def refuse_causes_of_nothing(causes: set[str], event: str) -> None:
    """Refuse causes that look like the word for no end at all.

    Raises
    ------
    EstimationError
        Naming how many there are.
    """
    found = [cause for cause in causes if cause.strip().lower() in NO_EVENT]
    if found:
        raise EstimationError(
            f"{len(found)} of the causes look{'s' if len(found) == 1 else ''} like the word for no "
            "end.",
            where=f'column "{event}"',
            why="A missing cause means censored; a word would be counted as one more way to leave.",
            fix="turn the word into a missing value, or declare all causes (causes=...) where it "
            "is one of them.",
        )
