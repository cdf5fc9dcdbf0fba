"""Which picture a table gets, by its columns: rooms declare those of their own tables with
`picture`, and their `plot` and the pages of researchers' own results draw by the same declarations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from evalkit.errors import EstimationError, first_few
from evalkit.images import Sketch

Drawing = Callable[..., Sketch]


@dataclass(frozen=True)
class _Picture:
    room: str
    columns: tuple[str, ...]
    draw: Drawing


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
    ours = [entry for entry in _PICTURES if room in ("", entry.room)]
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
    return max(fitting, key=lambda entry: len(entry.columns)).draw(table, **labels)


def names_before(table: pl.DataFrame, column: str) -> list[str]:
    """The columns that name a row: all that stand before a column, and texts behind it."""
    place = table.columns.index(column)
    texts = (pl.String, pl.Categorical, pl.Enum)
    behind = [name for name in table.columns[place + 1 :] if table.schema[name] in texts]
    return [*table.columns[:place], *behind]


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
