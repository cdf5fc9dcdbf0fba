"""Tables as others have them: pandas, Arrow and whatever else narwhals knows become polars at the
door.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Union

import polars as pl

from evalkit.errors import EstimationError

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

SpellTable = pl.DataFrame | pl.LazyFrame
Frame = Union[SpellTable, "IntoDataFrame"]
# What some registers write where nothing happened: it would be taken for a cause.
NO_EVENT = frozenset({"none", "no", "censor", "censored", "cens", "n/a", "na", "-", ""})


def as_polars(table: Frame, columns: Sequence[str] = ()) -> SpellTable:
    """A table as polars; polars stays as it is. Of others only the columns named are taken over,
    where all of them are there.

    Raises
    ------
    EstimationError
        If it is no table that narwhals knows.
    """
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        return table
    import narwhals as nw

    try:
        taken = nw.from_native(table, eager_only=True)
        if columns and set(columns) <= set(taken.columns):
            taken = taken.select(columns)
        return taken.to_polars()
    except TypeError:
        raise EstimationError(
            "The spells are not a table.",
            where=f"spells: got {type(table).__module__}.{type(table).__name__}",
            why="Columns are named, and found by their names in a polars, pandas or Arrow table.",
            fix='put the columns into one table: kaplan_meier(table, time="months", '
            'event="ended").',
        ) from None


def schema_of(table: SpellTable) -> pl.Schema:
    """The columns of a table and their types."""
    return table.schema if isinstance(table, pl.DataFrame) else table.collect_schema()


def with_plain_events(table: SpellTable, event: str) -> SpellTable:
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
        others = table.select((~pl.col(event).is_in([0, 1])).any()).collect().item()
    else:
        column = table[event]
        if dtype.is_integer():
            others = not {column.min(), column.max()} <= {0, 1, None}
        else:
            others = (~column.is_in([0, 1])).any()
    if others:
        raise EstimationError(
            "The column of ends holds numbers other than 0 and 1.",
            where=f'column "{event}"',
            why="An end is true or false (1 or 0), or the name of a cause (text; missing = "
            "censored).",
            fix="turn codes into names, for example with replace_strict.",
        )
    return table.with_columns(pl.col(event).cast(pl.Boolean))


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
