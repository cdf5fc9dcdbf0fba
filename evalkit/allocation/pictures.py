"""Pictures of this room's tables, for whoever works with them."""

from typing import Any

import polars as pl

from evalkit import pictures
from evalkit.images import Sketch
from evalkit.pictures import picture, telling
from evalkit.sketch import bars, curves, pairs

_ROOM = "allocation"
_KEYS = ("district", "intervention_id", "target_group")


def plot(table: pl.DataFrame, **labels: Any) -> Sketch:
    """A table of this room as a picture: starts as they are beside those of a plan, the starts of a
    plan, or what further money returns.

    Parameters
    ----------
    table : DataFrame
        A result of this room, or rows of one.
    **labels
        title, x_title, y_title (str).

    Raises
    ------
    EstimationError
        If the table is none of these.
    """
    return pictures.plot(table, room=_ROOM, **labels)


@picture(_ROOM, "n_starts_now", "n_starts_planned")
def _moves(table: pl.DataFrame, **labels: Any) -> Sketch:
    labels = {"title": "Starts now and as planned", "x_title": "Starts", **labels}
    ends = ("n_starts_now", "n_starts_planned")
    return pairs(table, rows=_rows(table), ends=ends, nothing=None, **labels)


@picture(_ROOM, "district", "intervention_id", "n_starts")
def _starts(table: pl.DataFrame, **labels: Any) -> Sketch:
    labels = {"title": "Starts of the plan", "x_title": "Starts", **labels}
    return bars(table, rows=_rows(table), x="n_starts", **labels)


@picture(_ROOM, "free_budget", "value")
def _returns(table: pl.DataFrame, **labels: Any) -> Sketch:
    labels = {"x_title": "Further money", "y_title": "Value", **labels}
    return curves(table, x="free_budget", y="value", form="line", **labels)


def _rows(table: pl.DataFrame) -> list[str]:
    keys = [key for key in _KEYS if key in table.columns]
    return telling(table, keys) or keys[:1]
