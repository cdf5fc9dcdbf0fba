"""Arrays as tables of draws, and such tables put together. The way back, a table read as an array:
`evalkit.draws`.

Tables of draws have millions of rows with the same few words; sums, pooling and quantiles over them
are array arithmetic.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from evalkit.draws import pieces

_EFFECT = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source")


def from_cube(
    axes: Mapping[str, pl.Series], columns: Mapping[str, np.ndarray], constants: Mapping[str, str]
) -> pl.DataFrame:
    """A table with a row per cell: the axes' labels, the arrays' values and the same words in every
    row; words are categorical.
    """
    shape = tuple(len(labels) for labels in axes.values())
    frame = {}
    for place, (axis, labels) in enumerate(axes.items()):
        along = [1] * len(shape)
        along[place] = shape[place]
        where = np.broadcast_to(
            np.arange(shape[place], dtype=np.uint32).reshape(along), shape
        ).ravel()
        frame[axis] = (labels.cast(pl.Categorical) if labels.dtype == pl.String else labels).gather(
            where
        )
    frame |= {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
    return pl.DataFrame(frame).with_columns(
        **{name: pl.lit(value, dtype=pl.Categorical) for name, value in constants.items()}
    )


def stacked(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Tables of draws below each other in the order of their effects' keys, each table sorted
    within an effect: pieces are moved whole, no rows.
    """
    keys = [key for key in _EFFECT if key in tables[0].columns]
    parted = [
        (found, place, piece)
        for place, table in enumerate(tables)
        for found, piece in pieces(table, keys)
    ]
    return pl.concat(
        [tables[0].clear(), *[piece for *_, piece in sorted(parted, key=lambda part: part[:2])]]
    )


def with_words(table: pl.DataFrame) -> pl.DataFrame:
    """The table with categorical columns as plain text: what tables of few rows hold."""
    return table.with_columns(pl.col(pl.Categorical).cast(pl.String))
