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
    return to_cubes(table, axes, (value,))[value]


def to_cubes(table: pl.DataFrame, axes: Sequence[str], values: Sequence[str]) -> dict[str, Cube]:
    """Several columns of a table as `to_cube`, by name."""
    labels = {axis: table[axis].unique().sort() for axis in axes}
    shape = tuple(len(own) for own in labels.values())
    if _is_full(table, labels, shape):
        there = np.broadcast_to(True, shape)
        return {value: Cube(labels, table[value].to_numpy().reshape(shape), there) for value in values}
    cells = np.ravel_multi_index(tuple(_codes(table[axis], own) for axis, own in labels.items()), shape)
    there = np.zeros(shape, dtype=bool)
    there.ravel()[cells] = True
    cubes = {value: np.zeros(shape) for value in values}
    for value, cube in cubes.items():
        cube.ravel()[cells] = table[value].to_numpy()
    return {value: Cube(labels, cube, there) for value, cube in cubes.items()}


def _is_full(table: pl.DataFrame, labels: Mapping[str, pl.Series], shape: tuple[int, ...]) -> bool:
    """Whether the table has a row for every cell, in the cells' order: as tables that were made from a cube do."""
    if len(table) != np.prod(shape):
        return False
    for place, (axis, own) in enumerate(labels.items()):
        along = [1] * len(shape)
        along[place] = shape[place]
        if own.dtype == pl.String:
            return False
        # Words and numbers alike are compared as numbers.
        found, expected = table[axis].to_physical().to_numpy(), own.to_physical().to_numpy()
        if not (found.reshape(shape) == expected.reshape(along)).all():
            return False
    return True


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
