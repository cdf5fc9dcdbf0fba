"""How a computed result shows itself in a notebook: a line that says what it is, its table, and a
picture where it has one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from html import escape
from typing import Any

import polars as pl

from evalkit.errors import EstimationError
from evalkit.images import Sketch, as_html

_SHOWN_ROWS, _SHOWN_COLUMNS = 24, 10


class Result(ABC):
    """What every result that is more than a table shows of itself. A result says its `table`
    (tidy) and its `headline`.
    """

    @property
    @abstractmethod
    def table(self) -> pl.DataFrame:
        """The result as a tidy table."""

    @property
    @abstractmethod
    def headline(self) -> str:
        """What was computed from how much, in a line."""

    def plot(self, **labels: Any) -> Sketch:
        """The result as a picture, for whoever works with it (`evalkit.sketch`).

        Raises
        ------
        EstimationError
            If a result of this kind has no picture.
        """
        raise EstimationError(
            "This result has no picture.",
            where=type(self).__name__,
            why="No picture says more than its table does.",
            fix="look at its table, or draw that with evalkit.sketch.",
        )

    def __repr__(self) -> str:
        with _short():
            return f"{self.headline}\n{self.table}"

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.headline)}</p>{as_html(self.table)}"


@dataclass(frozen=True, repr=False, eq=False)
class Tables(Result):
    """Several tables that are made together. What stands first is the result's own table."""

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The tables by their names."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, pl.DataFrame)}

    @property
    def table(self) -> pl.DataFrame:
        """The first of the tables."""
        return next(iter(self))

    @property
    def headline(self) -> str:
        """Which tables there are and how long each is, in a line."""
        sizes = [f"{name} ({table.height:,} rows)" for name, table in self.tables.items()]
        return f"{type(self).__name__}: {', '.join(sizes)}. The first of them:"

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the tables, in their order."""
        return tuple(field.name for field in fields(cls))

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return iter([getattr(self, name) for name in self.names()])


@dataclass(frozen=True, repr=False)
class Figures(Result):
    """Single numbers: the table has one row, and a column for each."""

    @property
    def table(self) -> pl.DataFrame:
        """One row."""
        return pl.DataFrame([{field.name: getattr(self, field.name) for field in fields(self)}])


def _short() -> pl.Config:
    return pl.Config(
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_rows=_SHOWN_ROWS,
        tbl_cols=_SHOWN_COLUMNS,
        float_precision=4,
        tbl_width_chars=-1,
    )
