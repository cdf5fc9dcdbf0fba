"""Draws as arrays: a tidy table of districts, draws, arms, states and months read into one array and written back.

Tables of draws have millions of rows with the same few words; sums, pooling and quantiles over them are array arithmetic.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl


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


def from_cube(axes: Mapping[str, pl.Series], columns: Mapping[str, np.ndarray], constants: Mapping[str, object]) -> pl.DataFrame:
    """A table with a row per cell: the axes' labels, the arrays' values and the same constants in every row."""
    shape = tuple(len(labels) for labels in axes.values())
    places = np.unravel_index(np.arange(np.prod(shape)), shape)
    frame = {axis: labels.gather(place.astype(np.uint32)) for (axis, labels), place in zip(axes.items(), places, strict=True)}
    frame |= {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
    return pl.DataFrame(frame).with_columns(**{name: pl.lit(value) for name, value in constants.items()})


def _codes(column: pl.Series, labels: pl.Series) -> np.ndarray:
    if column.dtype == pl.String:
        return column.cast(pl.Enum(labels)).to_physical().to_numpy().astype(np.intp)
    return np.searchsorted(labels.to_numpy(), column.to_numpy())
