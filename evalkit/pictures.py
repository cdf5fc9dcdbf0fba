"""Which picture a table gets, by its columns: curves over time and estimates with their ranges in
every room, and what rooms declare of their own tables with `picture`. Their `plot` and the pages of
researchers' own results draw by the same declarations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any

import polars as pl

from evalkit.errors import EstimationError, first_few, nearest
from evalkit.images import Sketch
from evalkit.sketch import curves, forest

Drawing = Callable[..., Sketch]


@dataclass(frozen=True)
class _Picture:
    room: str
    columns: tuple[str, ...]
    draw: Drawing


# Columns that say what is measured, each in its own unit.
_MEASURES = ("measure", "reading", "outcome")
_OF_PUBLISHED = ("row_id", "status")
# Columns that tables of many kinds have: a picture that asks for others knows its table better.
_ANY, _BY_NAME = "", Parameter.KEYWORD_ONLY
_LABELS = ("title", "x_title", "y_title", "form", "nothing", "shaded")
_NUMBERS = {"estimate", "difference", "ci_lower", "ci_upper"}
_PICTURES: list[_Picture] = []


def picture(room: str, *columns: str) -> Callable[[Drawing], Drawing]:
    """Declare that a function draws the tables of a room that have these columns."""

    def declare(draw: Drawing) -> Drawing:
        _PICTURES.append(_Picture(room, columns, draw))
        return draw

    return declare


def plot(table: pl.DataFrame, *, room: str = "", **labels: object) -> Sketch:
    """The picture of a table: of the declared ones that its columns allow, the most particular.

    Parameters
    ----------
    table : DataFrame
        A table of a room.
    room : str
        Whose pictures are looked through; those of all rooms that are in use if empty.
    **labels
        What the picture can be labelled with: title, x_title, y_title.

    Raises
    ------
    EstimationError
        If the table has no picture.
    """
    ours = [entry for entry in _PICTURES if not room or entry.room in (room, _ANY)]
    if "row_id" in table.columns:  # the rows of a published table
        table = table.drop(_OF_PUBLISHED, strict=False)
    fitting = [entry for entry in ours if set(entry.columns) <= set(table.columns)]
    if not fitting:
        known = "; ".join(sorted({", ".join(entry.columns) for entry in ours}))
        raise EstimationError(
            "This table has no picture.",
            where=f"columns found: {', '.join(table.columns)}",
            why=f"What is drawn is known by its columns: {known}.",
            fix=f"hand over a result of evalkit.{room or 'survival'}, or draw it with "
            "evalkit.sketch.",
        )
    draw = max(fitting, key=lambda entry: len(set(entry.columns) - _NUMBERS)).draw
    _refuse_unknown_labels(labels, draw)
    return draw(table, **labels)


def _refuse_unknown_labels(labels: Mapping[str, object], draw: Drawing) -> None:
    own = [name for name, part in signature(draw).parameters.items() if part.kind == _BY_NAME]
    known = [*_LABELS, *own]
    unknown = [name for name in labels if name not in known]
    if unknown:
        raise EstimationError(
            f"This picture cannot be labelled with {unknown[0]}.",
            where=f"plot({unknown[0]}=...): {nearest(unknown[0], known)}",
            why="A label that is not known would be lost without a word.",
            fix=f"use {', '.join(known)}; else change `plot(...).chart`, which is altair's own.",
        )


def names_before(table: pl.DataFrame, column: str) -> list[str]:
    """The columns that name a row: those before a column that are neither measured nor counted
    (`n_...`), and texts behind it.
    """
    place = table.columns.index(column)
    texts = (pl.String, pl.Categorical, pl.Enum)
    before = [
        name
        for name in table.columns[:place]
        if not table.schema[name].is_float() and not name.startswith("n_")
    ]
    return [*before, *(name for name in table.columns[place + 1 :] if table.schema[name] in texts)]


def telling(table: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Those of some columns in which rows differ: what a picture has to tell apart."""
    return [name for name in names if table[name].n_unique() > 1]


def subject(table: pl.DataFrame, names: Sequence[str]) -> str:
    """What all rows have in common, for a title: 'Belfast, training'."""
    same = [table[name][0] for name in names if table[name].n_unique() == 1]
    return ", ".join(str(value) for value in same if value is not None)


def refuse_mixed(table: pl.DataFrame, column: str) -> None:
    """Raise where rows are of several measures, which have units of their own.

    Raises
    ------
    EstimationError
        If the column holds more than one value; names them.
    """
    values = table[column].unique().sort()
    if len(values) > 1:
        raise EstimationError(
            f"The rows are of {len(values)} measures, which one axis cannot show.",
            where=f"column {column}: {first_few(values, 12)}",
            why="Months, shares and money have no common scale.",
            fix=f"choose one: table.filter({column}={values[0]!r}).",
        )


@picture(_ANY, "month", "estimate")
def _monthly_curve(table: pl.DataFrame, **labels: Any) -> Sketch:
    return curves(table, x="month", lines=names_before(table, "month"), **labels)


@picture(_ANY, "time", "estimate")
def _curve(table: pl.DataFrame, **labels: Any) -> Sketch:
    return curves(table, x="time", lines=names_before(table, "time"), **labels)


@picture(_ANY, "difference", "ci_lower", "ci_upper")
def _differences(table: pl.DataFrame, **labels: Any) -> Sketch:
    return estimates_below(table, "difference", **labels)


@picture(_ANY, "estimate", "ci_lower", "ci_upper")
def _estimates(table: pl.DataFrame, **labels: Any) -> Sketch:
    return estimates_below(table, "estimate", **labels)


def estimates_below(table: pl.DataFrame, x: str, **labels: Any) -> Sketch:
    """Estimates below each other, one for each key; what all have in common stands in the title."""
    for name in _MEASURES:
        if name in table.columns:
            refuse_mixed(table, name)
    before = table.columns[: table.columns.index(x)]
    keys = [name for name in names_before(table, x) if name in before]
    labels = {"title": subject(table, keys), "x_title": x.capitalize(), **labels}
    return forest(table, rows=telling(table, keys) or keys[-1:], x=x, **labels)
