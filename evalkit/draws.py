"""The range of an estimate from its draws: draw 0 is the estimate, draws 1..B are replicates, and
the limits are their percentiles.

The limit below which a share p of the replicates lies stands at place p (B + 1) among them, sorted,
between two places on the line from one to the next; beyond the outermost replicate it is that
replicate. A new draw falls below the k-th of B with probability k / (B + 1): the more usual 1 + p
(B - 1) makes a range of 95 per cent hold 93.1 per cent of new draws at B = 100 and 91.3 at B = 50.
(Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, definition 6; Davison and Hinkley 1997,
section 5.2.)

Where B replicates are taken again and again to make M > B draws (each with prices of its own), the
M know no more than the B: the limit then stands at place p' M + 1/2 among the M with p' = (p (B +
1) - 1/2) / B, which is p (B + 1) where M = B.

The probability of lying above zero is the same rule read backwards: one less the share p whose
limit is zero. So a range of 95 per cent lies above zero where that probability is above 97.5 per
cent, and nowhere else, however few the draws.

Tables of draws have millions of rows with the same few words: sums, pooling and quantiles over them
are array arithmetic, so a table is read as an array (`to_cube`) and written from one (`from_cube`).
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.tables import word_ranks

CONF_LEVEL = 0.95
# With fewer replicates the limits of a 95 per cent range lie among the outermost few: at 50 between
# the first and the second, at 400 at the tenth.
MIN_DRAWS_FOR_LIMITS = 400
# A table in more runs of the same keys than this is not in their order.
_MOST_RUNS = 10_000
_EFFECT = ("district", "intervention_id", "protocol_hash", "estimand", "subgroup", "source")


def percentile_limits(
    replicates: np.ndarray, conf_level: float = CONF_LEVEL, *, n_independent: int | None = None
) -> np.ndarray:
    """Lower and upper limit of replicates along the first axis: (M, ...) gives (2, ...); NaN
    without replicates.

    Parameters
    ----------
    replicates : ndarray
        The draws without the point estimate. Shape (M, ...).
    conf_level : float
        Between 0 and 1.
    n_independent : int, optional
        How many of them are draws of their own (B), where they were recycled; all, if it is not
        said.

    Raises
    ------
    EstimationError
        If the confidence level is not between 0 and 1.
    """
    tail = _tail(conf_level)
    if not len(replicates):
        return np.full((2, *replicates.shape[1:]), np.nan)
    n = n_independent or len(replicates)
    share = max((tail * (n + 1) - 0.5) / n, 0.0)
    return np.quantile(replicates, [share, 1 - share], axis=0, method="hazen")


def estimate_with_range(
    column: str,
    *,
    conf_level: float = CONF_LEVEL,
    names: tuple[str, str, str] = ("estimate", "ci_lower", "ci_upper"),
    is_observed: bool = False,
) -> list[pl.Expr]:
    """Aggregations of a table with a column `draw`: draw 0 as the estimate, and the limits of the
    other draws; null without them.

    Parameters
    ----------
    column, names
        The column of values; the names of the three columns that come out.
    is_observed
        Limits are the nearest of the replicates' own values, nothing between two of them (months
        that must be whole).

    Raises
    ------
    EstimationError
        If the confidence level is not between 0 and 1.
    """
    tail = _tail(conf_level)
    is_point = pl.col("draw") == 0
    replicates = pl.col(column).filter(~is_point).drop_nulls().sort()
    limits = (
        _at(replicates, share, is_observed=is_observed).alias(name)
        for name, share in zip(names[1:], (tail, 1 - tail), strict=True)
    )
    return [pl.col(column).filter(is_point).first().alias(names[0]), *limits]


def probability_above_zero(
    replicates: np.ndarray, *, n_independent: int | None = None, or_zero: bool = False
) -> float | None:
    """The probability that one more draw is above zero, consistent with `percentile_limits`; None
    without replicates.

    Parameters
    ----------
    replicates : ndarray
        The draws without the point estimate. Shape (M,).
    n_independent : int, optional
        How many of them are draws of their own (B), where they were recycled; all, if it is not
        said.
    or_zero : bool
        Whether zero itself counts.
    """
    if not len(replicates):
        return None
    ordered, n = np.sort(replicates), n_independent or len(replicates)
    n_below = int(np.searchsorted(ordered, 0.0, side="left" if or_zero else "right"))
    if 0 < n_below < len(ordered):
        below, above = ordered[n_below - 1 : n_below + 1]
        place = n_below - below / (above - below)
    else:
        place = n_below + 0.5
    return float(1 - ((place - 0.5) / len(ordered) * n + 0.5) / (n + 1))


def agreed_probability(first: str | pl.Expr, second: str | pl.Expr) -> pl.Expr:
    """How sure both of two readings are of the same: the probability (above zero) nearer to one
    half, and one half where they point to opposite sides. Where there is no second reading it is
    the first.
    """
    one, other = (pl.col(p) if isinstance(p, str) else p for p in (first, second))
    is_opposite = (one - 0.5) * (other - 0.5) < 0
    nearer = pl.when((one - 0.5).abs() <= (other - 0.5).abs()).then(one).otherwise(other)
    return (
        pl.when(other.is_null())
        .then(one)
        .otherwise(pl.when(is_opposite).then(0.5).otherwise(nearer))
    )


def spanned(
    plain: pl.DataFrame,
    second: pl.DataFrame,
    *,
    keys: Sequence[str],
    limits: Sequence[tuple[str, str]] = (("ci_lower", "ci_upper"),),
    probabilities: Sequence[str] = ("probability_positive",),
) -> pl.DataFrame:
    """A table of estimates with the ranges that hold those of both readings, and probabilities of
    which both are sure (`agreed_probability`).

    Parameters
    ----------
    plain, second : DataFrame
        The same table under either reading; the estimates are those of `plain`. Rows of which
        `second` knows nothing stay as they are; a limit that is open in either is open.
    keys : sequence of str
        The columns that say which row is which; none where there is one row.
    limits : sequence of (str, str), optional
        Columns with a lower and an upper limit.
    probabilities : sequence of str, optional
        Columns with the probability of lying above zero; those that the table lacks are passed
        over.
    """
    sure = [column for column in probabilities if column in plain.columns]
    columns = [*(name for pair in limits for name in pair), *sure]
    others = {f"{column}_second": pl.col(column) for column in columns}
    other = second.select(*keys, **others, is_there=pl.lit(True))
    both = (
        plain.join(other, on=list(keys), how="left", maintain_order="left")
        if keys
        else plain.join(other, how="cross")
    )

    def outermost(column: str, outer: pl.Expr) -> pl.Expr:
        is_open = pl.col(column).is_null() | pl.col(f"{column}_second").is_null()
        return pl.when(pl.col("is_there") & is_open).then(None).otherwise(outer)

    lower = {low: outermost(low, pl.min_horizontal(low, f"{low}_second")) for low, _ in limits}
    upper = {high: outermost(high, pl.max_horizontal(high, f"{high}_second")) for _, high in limits}
    agreed = {column: agreed_probability(column, f"{column}_second") for column in sure}
    return both.with_columns(**lower, **upper, **agreed).select(plain.columns)


def share_above_zero(column: str) -> pl.Expr:
    """`probability_above_zero` as an aggregation of a table with a column `draw`; null without
    replicates.
    """
    ordered = pl.col(column).filter(pl.col("draw") > 0).drop_nulls().sort()
    count, n_below = ordered.len().cast(pl.Int64), (ordered <= 0).sum().cast(pl.Int64)
    below, above = (
        ordered.get(position, null_on_oob=True)
        for position in (pl.max_horizontal(n_below - 1, pl.lit(0)), n_below)
    )
    is_between = (n_below > 0) & (n_below < count)
    position = (
        pl.when(is_between)
        .then(n_below - below / (above - below))
        .otherwise(pl.when(n_below == 0).then(0.5).otherwise(count + 0.5))
    )
    return pl.when(count > 0).then(1 - position / (count + 1))


def _at(ordered: pl.Expr, share: float, *, is_observed: bool) -> pl.Expr:
    last = ordered.len().cast(pl.Int64) - 1
    position = ((last + 2) * share - 1).clip(0, pl.max_horizontal(last, 0))
    if is_observed:
        return ordered.get(position.round().cast(pl.Int64), null_on_oob=True)
    below, above = (
        ordered.get(whole.cast(pl.Int64), null_on_oob=True)
        for whole in (position.floor(), position.ceil())
    )
    return below + (above - below) * (position - position.floor())


def _tail(conf_level: float) -> float:
    if not 0 < conf_level < 1:
        raise EstimationError(
            "The confidence level is not between 0 and 1.",
            where="argument conf_level",
            why="It is a share of the draws: 0.95 keeps the middle 95 per cent.",
            fix="write 95 per cent as 0.95.",
        )
    return (1 - conf_level) / 2


class Cube(NamedTuple):
    """values : float array, one axis per name in `axes` (sorted labels); 0 where the table has no
    row. is_there : bool, the same shape.
    """

    axes: dict[str, pl.Series]
    values: np.ndarray
    is_there: np.ndarray

    def place(self, axis: str, label: object) -> int:
        """Position of a label on its axis."""
        return self.axes[axis].to_list().index(label)

    def places(self, axis: str, labels: pl.Series) -> list[int]:
        """Positions of several labels on an axis, each of which must be there."""
        known = {label: position for position, label in enumerate(self.axes[axis].to_list())}
        return [known[label] for label in labels.to_list()]


def to_cube(table: pl.DataFrame, axes: Sequence[str], value: str) -> Cube:
    """One column of a table by the columns of `axes`, whose combinations stand at most once."""
    return to_cubes(table, axes, (value,))[value]


def to_cubes(table: pl.DataFrame, axes: Sequence[str], values: Sequence[str]) -> dict[str, Cube]:
    """Several columns of a table as `to_cube`, by name."""
    labels = {axis: table[axis].unique().sort() for axis in axes}
    shape = tuple(len(axis_labels) for axis_labels in labels.values())
    if _is_full(table, labels, shape):
        there = np.broadcast_to(True, shape)
        return {
            value: Cube(labels, table[value].to_numpy().reshape(shape), there) for value in values
        }
    cells = np.ravel_multi_index(
        tuple(_codes(table[axis], axis_labels) for axis, axis_labels in labels.items()), shape
    )
    there = np.zeros(shape, dtype=bool)
    there.ravel()[cells] = True
    cubes = {value: np.zeros(shape) for value in values}
    for value, cube in cubes.items():
        cube.ravel()[cells] = table[value].to_numpy()
    return {value: Cube(labels, cube, there) for value, cube in cubes.items()}


def from_cube(
    axes: Mapping[str, pl.Series], columns: Mapping[str, np.ndarray], constants: Mapping[str, str]
) -> pl.DataFrame:
    """A table with one row per cell: the axes' labels, the arrays' values, and the same words in
    every row; words are categorical.
    """
    shape = tuple(len(labels) for labels in axes.values())
    frame: dict[str, pl.Series | np.ndarray] = {}
    for i, (axis, labels) in enumerate(axes.items()):
        along = [1] * len(shape)
        along[i] = shape[i]
        where = np.broadcast_to(np.arange(shape[i], dtype=np.uint32).reshape(along), shape).ravel()
        frame[axis] = (labels.cast(pl.Categorical) if labels.dtype == pl.String else labels).gather(
            where
        )
    frame |= {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}
    return pl.DataFrame(frame).with_columns(
        **{name: pl.lit(value, dtype=pl.Categorical) for name, value in constants.items()}
    )


def _is_full(table: pl.DataFrame, labels: Mapping[str, pl.Series], shape: tuple[int, ...]) -> bool:
    """Whether the table has a row for every cell, in the cells' order: as tables that were made
    from a cube do.
    """
    if len(table) != np.prod(shape):
        return False
    for i, (axis, axis_labels) in enumerate(labels.items()):
        along = [1] * len(shape)
        along[i] = shape[i]
        if axis_labels.dtype == pl.String:
            return False
        # Words and numbers alike are compared as numbers.
        cells, expected = table[axis].to_physical().to_numpy(), axis_labels.to_physical().to_numpy()
        if not (cells.reshape(shape) == expected.reshape(along)).all():
            return False
    return True


def pieces(table: pl.DataFrame, keys: Sequence[str]) -> list[tuple[tuple, pl.DataFrame]]:
    """Runs of rows with the same keys, as slices: no row is copied. Keys whose rows are not
    together come several times.
    """
    stops = [*_first_rows(table, keys).tolist(), len(table)]
    return [
        (table.select(keys).row(start), table.slice(start, stop - start))
        for start, stop in pairwise(stops)
    ]


def parted(table: pl.DataFrame, keys: Sequence[str]) -> dict[tuple, pl.DataFrame]:
    """The rows of each combination of keys, in their order: slices where they are together, as in
    sorted tables, else copies.
    """
    slices = pieces(table, keys) if len(_first_rows(table, keys)) <= _MOST_RUNS else []
    if slices and len({piece_keys for piece_keys, _ in slices}) == len(slices):
        return dict(slices)
    return table.partition_by(keys, as_dict=True, maintain_order=True)


def stacked(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Tables of draws as one, in the order of their effects' keys. Each table is sorted within an
    effect, so pieces are moved whole.
    """
    keys = [key for key in _EFFECT if key in tables[0].columns]
    parted = [
        (effect, i, piece)
        for i, table in enumerate(tables)
        for effect, piece in pieces(table, keys)
    ]
    return pl.concat(
        [tables[0].clear(), *[piece for *_, piece in sorted(parted, key=lambda row: row[:2])]]
    )


def with_words(table: pl.DataFrame) -> pl.DataFrame:
    """The table with categorical columns as text, as small tables have them."""
    return table.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _first_rows(table: pl.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """Places of the rows whose keys are not those of the row before."""
    is_next = np.zeros(len(table), dtype=bool)
    is_next[:1] = True
    for key in keys:
        column = table[key]
        if column.dtype == pl.String:
            is_next[1:] |= (column != column.shift(1)).fill_null(True).to_numpy()[1:]
        else:
            values = column.to_physical().to_numpy()
            is_next[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(is_next)


def _codes(column: pl.Series, labels: pl.Series) -> np.ndarray:
    if column.dtype == pl.String:
        return column.cast(pl.Enum(labels)).to_physical().to_numpy().astype(np.intp)
    if column.dtype == pl.Categorical:
        return word_ranks(column).to_numpy().astype(np.intp)
    return np.searchsorted(labels.to_numpy(), column.to_numpy())
