"""From a published table to the rows of a chart: what is not `Published` is refused, what is
withheld is left out, and a chart of which nothing is left says so in words."""

from collections.abc import Callable
from functools import wraps
from typing import Protocol

import polars as pl

from evalkit.charts.theme import nothing_to_show
from evalkit.disclosure import Published, require_published
from evalkit.errors import ParameterError
from evalkit.tables import CITY
from evalkit.words import Words

POOLED = CITY
ONE_EFFECT = ("district", "intervention_id", "estimand")


class Chart(Protocol):
    """A chart of a published table; `needs` marks the rows without which there is nothing to
    see.
    """

    needs: pl.Expr

    def __call__(self, table: Published, words: Words, **others: object) -> object: ...


def drawn_if(needs: pl.Expr, *, one_of: tuple[str, ...] = ()) -> Callable[[Callable], Chart]:
    """Decorates a chart: several series are refused, and of a table without a row that it needs,
    words are shown that say so.

    Parameters
    ----------
    needs : Expr
        Over the table's columns, asked of the rows that may be shown: which of them make something
        to see.
    one_of : tuple of str
        The columns of which it draws one value only: one district, one intervention.

    Returns
    -------
    callable
        It raises `DisclosureError` if the table is not `Published`, and `ParameterError` if it
        holds several series.
    """

    def decorate(chart: Callable) -> Chart:
        @wraps(chart)
        def drawn(table: Published, words: Words, *others: object, **named: object) -> object:
            _refuse_several(shown_rows(table, chart.__name__), one_of, chart.__name__)
            if not is_drawable(table, drawn):
                return nothing_to_show(table, words)
            from altair.utils.schemapi import debug_mode

            with debug_mode(False):  # a test holds every chart against altair's schema
                return chart(table, words, *others, **named)

        drawn.needs = needs
        return drawn

    return decorate


def is_drawable(table: Published, chart: Chart) -> bool:
    """Whether a table holds a row that may be shown and that the chart needs.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    """
    return shown_rows(table, chart.__name__).filter(chart.needs).height > 0


def shown_rows(table: Published, chart: str) -> pl.DataFrame:
    """The rows of a published table whose values may be shown.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    """
    return require_published(table, where=f"chart {chart}").data.filter(pl.col("status") == "ok")


def _refuse_several(rows: pl.DataFrame, columns: tuple[str, ...], chart: str) -> None:
    """Refuse rows that hold more than one value of one of these columns."""
    mixed = [column for column in columns if column in rows.columns and rows[column].n_unique() > 1]
    if mixed:
        raise ParameterError(
            f"The chart {chart} was handed several series to draw as one.",
            where=f"columns with more than one value: {', '.join(mixed)}",
            why="It shows one district and one intervention; drawn together, their lines would run "
            "into each other.",
            fix=f'choose first, for example table.where({mixed[0]}="...").',
        )
