"""How results of this room show themselves: the tests of a regression's terms, and pictures of
curves and terms.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtr

from evalkit.errors import EstimationError
from evalkit.results import Result
from evalkit.sketch import Sketch, curves, forest

_TIMES = ("time", "month")


class Fitted(Result):
    """A result of this room: its table is drawn as `plot` draws tables."""

    def plot(self, **labels: Any) -> Sketch:
        """The result as a picture; labels are title and x_title."""
        return plot(self.table, **labels)


@dataclass(frozen=True, repr=False)
class Regression(Fitted):
    """A result whose table is that of its terms, with z and p."""

    terms: pl.DataFrame

    @property
    def table(self) -> pl.DataFrame:
        """The terms, with z and p."""
        return with_tests(self.terms)


def plot(table: pl.DataFrame, **labels: Any) -> Sketch:
    """A table of this room as a picture: curves over time, or estimates below each other.

    Parameters
    ----------
    table : DataFrame
        A curve (a column `time` or `month`), or terms of a regression (a column `term`), with
        `estimate` and, where they are known, `ci_lower` and `ci_upper`.
    **labels : str
        title, x_title, y_title (of curves).

    Raises
    ------
    EstimationError
        If the table is neither.
    """
    time = next((column for column in _TIMES if column in table.columns), None)
    if time is not None and "estimate" in table.columns:
        return curves(table, x=time, lines=_names(table, before=time), **labels)
    if "term" not in table.columns:
        raise EstimationError(
            "This table is neither a curve nor the terms of a regression.",
            where=f"columns found: {', '.join(table.columns)}",
            why="A curve has time (or month) and estimate, a regression term and estimate.",
            fix="hand over a result of evalkit.survival, or draw it with evalkit.sketch.",
        )
    rows = _names(table, before="estimate")
    if "hazard_ratio" not in table.columns:
        return forest(table, rows=rows, **labels)
    # Limits are those of the logarithm.
    on_scale = table.with_columns(pl.col("ci_lower", "ci_upper").exp())
    labels = {"x_title": "Hazard ratio"} | labels
    return forest(on_scale, rows=rows, x="hazard_ratio", nothing=1.0, scale="log", **labels)


def with_tests(terms: pl.DataFrame) -> pl.DataFrame:
    """The terms of a regression with `z`, the estimate in standard errors, and `p_value`, the
    probability of one at least as far from zero where nothing differs.
    """
    z = terms["estimate"] / terms["std_error"]
    p_value = pl.Series(2 * ndtr(-np.abs(z.cast(pl.Float64).to_numpy())))
    return terms.with_columns(z=z, p_value=p_value.fill_nan(None))


def likelihood_ratio(null: float, fitted: float, degrees_of_freedom: int) -> str:
    """The likelihood-ratio test against a model without covariates, in words."""
    from scipy.special import chdtrc

    statistic = 2 * (fitted - null)
    p_value = float(chdtrc(degrees_of_freedom, max(statistic, 0.0)))
    return f"likelihood ratio {statistic:.2f} on {degrees_of_freedom} df (p {p_value:.3g})"


def _names(table: pl.DataFrame, *, before: str) -> list[str]:
    """The columns that name a row: all that stand before a column, and texts behind it."""
    place = table.columns.index(before)
    texts = (pl.String, pl.Categorical, pl.Enum)
    behind = [name for name in table.columns[place + 1 :] if table.schema[name] in texts]
    return [*table.columns[:place], *behind]
