"""How a computed result shows itself in a notebook: a line that says what it is, its table, and a
picture where it has one.
"""

from abc import ABC, abstractmethod
from html import escape
from typing import Any

import polars as pl

from evalkit.errors import EstimationError
from evalkit.sketch import Sketch, as_html

_SHOWN_ROWS = 30


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


def _short() -> pl.Config:
    return pl.Config(
        tbl_hide_dataframe_shape=True,
        tbl_hide_column_data_types=True,
        tbl_rows=_SHOWN_ROWS,
        tbl_cols=-1,
        float_precision=4,
        tbl_width_chars=160,
    )
