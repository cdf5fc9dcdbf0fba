"""How results of this room show themselves: the tests of a regression's terms, and pictures of
curves and terms.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit import pictures
from evalkit.images import Sketch
from evalkit.pictures import names_before, picture
from evalkit.results import Result
from evalkit.sketch import forest

_ROOM = "survival"


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
    """A table of this room as a picture: curves over time, or terms of a regression and other
    estimates below each other.

    Parameters
    ----------
    table : DataFrame
        A curve (a column `time` or `month`), terms of a regression (a column `term`) or other
        estimates, with `estimate` and, where they are known, `ci_lower` and `ci_upper`.
    **labels : str
        title, x_title, y_title (of curves).

    Raises
    ------
    EstimationError
        If the table is none of these.
    """
    return pictures.plot(table, room=_ROOM, **labels)


@picture(_ROOM, "term", "estimate")
def _terms(table: pl.DataFrame, **labels: Any) -> Sketch:
    return forest(table, rows=names_before(table, "estimate"), **labels)


@picture(_ROOM, "term", "estimate", "hazard_ratio")
def _hazard_ratios(table: pl.DataFrame, **labels: Any) -> Sketch:
    return _ratios(table, "hazard_ratio", "Hazard ratio", labels)


@picture(_ROOM, "term", "estimate", "time_ratio")
def _time_ratios(table: pl.DataFrame, **labels: Any) -> Sketch:
    return _ratios(table, "time_ratio", "Time ratio", labels)


def _ratios(table: pl.DataFrame, ratio: str, title: str, labels: dict[str, Any]) -> Sketch:
    # Limits are those of the logarithm.
    on_scale = table.with_columns(pl.col("ci_lower", "ci_upper").exp())
    labels = {"x_title": title, "x": ratio, "nothing": 1.0} | labels
    return forest(on_scale, rows=names_before(table, "estimate"), scale="log", **labels)


def with_tests(terms: pl.DataFrame) -> pl.DataFrame:
    """The terms of a regression with `z`, the estimate in standard errors, and `p_value`, the
    probability of one at least as far from zero where nothing differs.
    """
    from scipy.special import ndtr

    z = terms["estimate"] / terms["std_error"]
    p_value = pl.Series(2 * ndtr(-np.abs(z.cast(pl.Float64).to_numpy())))
    return terms.with_columns(z=z, p_value=p_value.fill_nan(None))


def likelihood_ratio(null: float, fitted: float, degrees_of_freedom: int) -> str:
    """The likelihood-ratio test against a model without covariates, in words."""
    from scipy.special import chdtrc

    statistic = 2 * (fitted - null)
    p_value = float(chdtrc(degrees_of_freedom, max(statistic, 0.0)))
    return f"likelihood ratio {statistic:.2f} on {degrees_of_freedom} df (p {p_value:.3g})"
