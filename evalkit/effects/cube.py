"""Draws as arrays: a tidy table of districts, draws, arms, states and months read into one array and written back.

Tables of draws have millions of rows with the same few words; sums, pooling and quantiles over them are array arithmetic.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.tables import word_ranks

_EFFECT = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source")


class Cube(NamedTuple):
    """values : float array, one axis per name in `axes` (sorted labels); 0 where the table has no row. is_there : bool, the same shape."""

    axes: dict[str, pl.Series]
    values: np.ndarray
    is_there: np.ndarray

    def place(self, axis: str, label: object) -> int:
        """Position of a label on its axis."""
        return self.axes[axis].to_list().index(label)


def to_cube(table: pl.DataFrame, axes: Sequence[str], value: str) -> Cube:
    """One column of a table by the columns of `axes`, whose combinations stand at most once."""
    labels = {axis: table[axis].unique().sort() for axis in axes}
    shape = tuple(len(own) for own in labels.values())
    cells = np.ravel_multi_index(tuple(_codes(table[axis], own) for axis, own in labels.items()), shape)
    values, is_there = np.zeros(shape), np.zeros(shape, dtype=bool)
    values.ravel()[cells] = table[value].to_numpy()
    is_there.ravel()[cells] = True
    return Cube(labels, values, is_there)


def from_cube(axes: Mapping[str, pl.Series], columns: Mapping[str, np.ndarray], constants: Mapping[str, str]) -> pl.DataFrame:
    """A table with a row per cell: the axes' labels, the arrays' values and the same words in every row; words are categorical."""
    shape = tuple(len(labels) for labels in axes.values())
    frame = {}
    for place, (axis, labels) in enumerate(axes.items()):
        along = [1] * len(shape)
        along[place] = shape[place]
        where = np.broadcast_to(np.arange(shape[place], dtype=np.uint32).reshape(along), shape).ravel()
        frame[axis] = (labels.cast(pl.Categorical) if labels.dtype == pl.String else labels).gather(where)
    frame |= {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
    return pl.DataFrame(frame).with_columns(**{name: pl.lit(value, dtype=pl.Categorical) for name, value in constants.items()})


def stacked(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Tables of draws below each other in the order of their effects' keys, each table sorted within an effect: pieces are moved whole, no rows."""
    keys = [key for key in _EFFECT if key in tables[0].columns]
    is_next = pl.any_horizontal(pl.col(key) != pl.col(key).shift(1) for key in keys).fill_null(True)
    pieces = []
    for table in tables:
        starts = table.select(is_next.arg_true()).to_series().to_list()
        slices = [table.slice(start, stop - start) for start, stop in pairwise([*starts, len(table)])]
        pieces += [(piece.select(keys).row(0), place, piece) for place, piece in enumerate(slices)]
    return pl.concat([tables[0].clear(), *[piece for *_, piece in sorted(pieces, key=lambda piece: piece[:2])]])


def with_words(table: pl.DataFrame) -> pl.DataFrame:
    """The table with categorical columns as plain text: what tables of few rows hold."""
    return table.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _codes(column: pl.Series, labels: pl.Series) -> np.ndarray:
    if column.dtype == pl.String:
        return column.cast(pl.Enum(labels)).to_physical().to_numpy().astype(np.intp)
    if column.dtype == pl.Categorical:
        return word_ranks(column).to_numpy().astype(np.intp)
    return np.searchsorted(labels.to_numpy(), column.to_numpy())
