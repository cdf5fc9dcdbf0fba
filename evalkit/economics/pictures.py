"""Pictures of this room's tables, for whoever works with them."""

from typing import Any

import polars as pl

from evalkit import pictures
from evalkit.images import Sketch
from evalkit.pictures import picture, subject, telling
from evalkit.sketch import bars, curves, pairs

_ROOM = "economics"


def plot(table: pl.DataFrame, **labels: Any) -> Sketch:
    """A table of this room as a picture.

    Value through time: what each perspective has gained so far. The ledger (draws, or summed by
    actor or payer): who gains and who pays, as bars. Acceptability: how likely each option is the
    best. What moves a value: from its one end to the other. What it is worth to know: bars. Ratios
    and other estimates: below each other.

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


@picture(_ROOM, "perspective", "month", "estimate")
def _cash_flow(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = _keys(table, "month")
    lines = [*telling(table, [key for key in keys if key != "perspective"]), "perspective"]
    labels = {
        "title": _title("Value so far", table, keys),
        "x_title": "Months since the start",
        "y_title": _money("Gained so far", table),
        **labels,
    }
    return curves(table, x="month", lines=lines, form="line", nothing=0.0, **labels)


@picture(_ROOM, "actor", "posting", "draw", "amount")
def _ledger(table: pl.DataFrame, **labels: Any) -> Sketch:
    point = table.filter(pl.col("draw") == 0).with_columns(pl.col(pl.Categorical).cast(pl.String))
    keys = [key for key in _keys(table, "actor") if key not in ("draw", "posting")]
    sums = point.group_by([*keys, "actor"], maintain_order=True).agg(
        estimate=pl.col("amount").sum(), currency=pl.col("currency").first()
    )
    return _of_actors(sums, **labels)


@picture(_ROOM, "actor", "estimate", "posting", "kind")
def _ledger_by_posting(table: pl.DataFrame, **labels: Any) -> Sketch:
    """An actor's sum where the table holds it, without the postings that it is made of."""
    sums = table.filter(pl.col("posting") == "all")
    return _of_actors((table if sums.is_empty() else sums).drop("kind"), **labels)


@picture(_ROOM, "actor", "estimate")
def _of_actors(table: pl.DataFrame, **labels: Any) -> Sketch:
    return _bars_of(table, "actor", labels)


@picture(_ROOM, "payer", "estimate")
def _of_payers(table: pl.DataFrame, **labels: Any) -> Sketch:
    return _bars_of(table, "payer", labels)


@picture(_ROOM, "perspective", "estimate")
def _of_perspectives(table: pl.DataFrame, **labels: Any) -> Sketch:
    return _bars_of(table, "perspective", labels)


@picture(_ROOM, "threshold", "option", "probability")
def _acceptability(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = [key for key in _keys(table, "threshold")]
    lines = [*telling(table, keys), "option"]
    labels = {
        "title": _title("How likely each option is the best", table, keys),
        "x_title": _money("Worth of a unit of effect", table),
        "y_title": "Probability",
        **labels,
    }
    return curves(table, x="threshold", y="probability", lines=lines, form="line", **labels)


@picture(_ROOM, "parameter", "value_at_low", "value_at_high")
def _what_moves(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = _keys(table, "parameter")
    labels = {
        "title": _title("What moves the value", table, keys),
        "x_title": _money("Value", table),
        **labels,
    }
    rows = [*telling(table, keys), "parameter"]
    ends = ("value_at_low", "value_at_high")
    swing = (pl.col(ends[1]) - pl.col(ends[0])).abs()
    return pairs(table.sort(*rows[:-1], -swing), rows=rows, ends=ends, nothing=0.0, **labels)


@picture(_ROOM, "group", "value")
def _worth_of_knowing(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = _keys(table, "group")
    labels = {
        "title": _title("What it is worth to know", table, keys),
        "x_title": _money("Value", table),
        **labels,
    }
    return bars(table, rows=[*telling(table, keys), "group"], x="value", **labels)


@picture(_ROOM, "step", "amount", "total")
def _drift(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = _keys(table, "step")
    labels = {
        "title": _title("Why the value moved", table, keys),
        "x_title": _money("Amount", table),
        **labels,
    }
    return bars(table, rows=[*telling(table, keys), "step"], x="amount", **labels)


def _bars_of(table: pl.DataFrame, whose: str, labels: dict[str, Any]) -> Sketch:
    keys = [key for key in _keys(table, "estimate") if key != whose]
    labels = {
        "title": _title("Who gains and who pays", table, keys),
        "x_title": _money("Per start", table),
        **labels,
    }
    return bars(table, rows=[*telling(table, keys), whose], **labels)


def _keys(table: pl.DataFrame, column: str) -> list[str]:
    """The columns before one: what its rows are of."""
    return table.columns[: table.columns.index(column)]


def _title(what: str, table: pl.DataFrame, keys: list[str]) -> str:
    common = subject(table, keys)
    return f"{what}: {common}" if common else what


def _money(what: str, table: pl.DataFrame) -> str:
    if "currency" not in table.columns or table["currency"].n_unique() != 1:
        return what
    return f"{what}, {table['currency'][0]}"
