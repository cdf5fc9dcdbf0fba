"""From a published table to the rows of a chart: what is not `Published` is refused, what is withheld is left out."""

import polars as pl

from evalkit.disclosure import Published, require_published
from evalkit.errors import ParameterError
from evalkit.tables import CITY

POOLED = CITY
ONE_EFFECT = ("district", "intervention_id", "estimand")


def shown_rows(table: Published, chart: str) -> pl.DataFrame:
    """The rows of a published table whose values may be shown.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    """
    return require_published(table, where=f"chart {chart}").data.filter(pl.col("status") == "ok")


def one_series(rows: pl.DataFrame, columns: tuple[str, ...], chart: str) -> pl.DataFrame:
    """The rows themselves, if they hold one value only of each of these columns.

    Raises
    ------
    ParameterError
        If a chart of one district or intervention was handed several.
    """
    mixed = [column for column in columns if column in rows.columns and rows[column].n_unique() > 1]
    if mixed:
        raise ParameterError(
            f"The chart {chart} was handed several series to draw as one.",
            where=f"columns with more than one value: {', '.join(mixed)}",
            why="It shows one district and one intervention; drawn together, their lines would run into each other.",
            fix=f'choose first, for example table.where({mixed[0]}="...").',
        )
    return rows
