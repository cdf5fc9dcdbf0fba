"""A chart is declared once: of which table, in which pages, and what it needs to be drawn. What is
not `Published` is refused, what is withheld is left out, and a chart of which nothing is left says
so in words.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from inspect import cleandoc
from textwrap import fill
from typing import Concatenate, Literal, ParamSpec, Protocol

import polars as pl
from altair.utils.schemapi import debug_mode

from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.theme import nothing_to_show
from evalkit.disclosure import Published, require_published
from evalkit.errors import ParameterError
from evalkit.line.published import PUBLISHED
from evalkit.tables import CITY
from evalkit.words import Words

POOLED = CITY
_DOC_WIDTH = 96
ONE_EFFECT = ("district", "intervention_id", "estimand")
# place: the evidence of a district and of the city; city: that of the city alone; effect: that of a
# district's own effects and of an intervention; intervention: the latter alone; notebook: no page.
Page = Literal["place", "city", "effect", "intervention", "notebook"]
Others = ParamSpec("Others")


class Draw(Protocol[Others]):
    """A function that draws one published table in the reader's words."""

    __name__: str

    def __call__(
        self, table: Published, words: Words, /, *args: Others.args, **kwargs: Others.kwargs
    ) -> Picture: ...


@dataclass(frozen=True)
class Chart:
    """A chart as it is declared.

    Attributes
    ----------
    name : str
        The function that draws it.
    of : str
        The published table, or family of tables ("states" holds "states-belfast").
    figure : str
        The name of its pictures in a page.
    page : "place", "city", "effect", "intervention" or "notebook"
        Where it is shown.
    needs : Expr
        Over the table's rows that may be shown: which of them make something to see.
    one_of : tuple of str
        The columns of which it draws one value only: one district, one intervention.
    draw : callable
        Draws it.
    """

    name: str
    of: str
    figure: str
    page: Page
    needs: pl.Expr = field(repr=False)
    one_of: tuple[str, ...]
    draw: Callable[..., Picture] = field(repr=False)

    def is_drawable(self, table: Published) -> bool:
        """Whether a table holds a row that may be shown and that the chart needs.

        Raises
        ------
        DisclosureError
            If the table is not `Published`.
        """
        return self._rows(table).filter(self.needs).height > 0

    def refuse_several(self, table: Published) -> None:
        """Refuse a table that holds several series to be drawn as one.

        Raises
        ------
        DisclosureError
            If the table is not `Published`.
        ParameterError
            If it holds several districts, interventions or estimands; names the columns.
        """
        rows = self._rows(table)
        mixed = [name for name in self.one_of if name in rows.columns and rows[name].n_unique() > 1]
        if mixed:
            raise ParameterError(
                f"The chart {self.name} was handed several series to draw as one.",
                where=f"columns with more than one value: {', '.join(mixed)}",
                why="It shows one district and one intervention; drawn together, their lines would "
                "run into each other.",
                fix=f'choose first, for example table.where({mixed[0]}="...").',
            )

    def _rows(self, table: Published) -> pl.DataFrame:
        return shown_rows(require_published(table, where=f"chart {self.name}"))


CHARTS: dict[str, Chart] = {}


def chart(
    *,
    of: str,
    needs: pl.Expr,
    one_of: tuple[str, ...] = (),
    figure: str = "",
    page: Page = "notebook",
) -> Callable[[Draw[Others]], Callable[Concatenate[Published, Words, Others], Picture]]:
    """Declare a chart: decorates the function that draws it.

    Parameters
    ----------
    of, needs, one_of, page
        As in `Chart`.
    figure : str, optional
        The name of its pictures in a page; the function's name if not given.

    Returns
    -------
    callable
        The function, which now refuses what is not `Published` and several series at once, and
        says in words that there is nothing to show where no row is left. Its docstring goes on with
        what the declaration says: the table, the words and the errors.
    """

    def declare(
        draw: Draw[Others],
    ) -> Callable[Concatenate[Published, Words, Others], Picture]:
        @wraps(draw)
        def drawn(
            table: Published, words: Words, /, *args: Others.args, **kwargs: Others.kwargs
        ) -> Picture:
            declared.refuse_several(table)
            if not declared.is_drawable(table):
                return nothing_to_show(table, words)
            with debug_mode(False):  # a test holds every chart against altair's schema
                return draw(table, words, *args, **kwargs)

        name = draw.__name__
        declared = Chart(name, of, figure or name, page, needs, one_of, drawn)
        drawn.__doc__ = _documentation(draw.__doc__ or "", declared)
        CHARTS[name] = declared
        return drawn

    return declare


def shown_rows(table: Published) -> pl.DataFrame:
    """The rows of a published table whose values may be shown."""
    return table.data.filter(pl.col("status") == "ok")


def pooled_note(rows: pl.DataFrame, words: Words) -> str:
    """What stands above an effect or a value that is the whole city's and not the district's own;
    empty for a district's.
    """
    is_pooled = "district" in rows.columns and rows["district"].to_list()[:1] == [POOLED]
    return value_label(words, "chart.pooled") if is_pooled else ""


def _documentation(summary: str, declared: Chart) -> str:
    table, one_of = PUBLISHED[declared.of], ", ".join(declared.one_of)
    about = f"The table {table.name}. {table.row} Columns: {', '.join(table.columns)}."
    return f"""{cleandoc(summary)}

Parameters
----------
table : Published
{fill(about, _DOC_WIDTH, initial_indent="    ", subsequent_indent="    ")}
words : Words
    The reader's language.

Raises
------
DisclosureError
    If a table is not `Published`.
ParameterError
    If the table holds several values of one of these: {one_of or "none"}.
"""
