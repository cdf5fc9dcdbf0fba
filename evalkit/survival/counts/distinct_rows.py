"""A table of any size counted down to its distinct rows, batch by batch: what a curve needs of a
register or of person-months.

Where all columns hold whole numbers, true/false or declared labels (Enum), as months and causes do,
the rows of a batch are counted by one number each; else by polars' group_by, which takes about
twice as long. Batches come in the order of the file, so that sums of weights are the same every
time.
"""

from collections.abc import Iterable, Sequence
from math import prod

import numpy as np
import polars as pl

from evalkit.survival.counts.codes import extremes

N, WEIGHT_SQUARED = "evalkit_n", "evalkit_weight_squared"
N_MISSING, N_UNFIT = "evalkit_n_missing", "evalkit_n_unfit"
_BATCH_ROWS, _MOST_CELLS, _MOST_ROWS = 2**18, 2**20, 2_000_000
_LARGEST_NUMBER = 2**60  # of a row; leaves room for the sum over its columns in an Int64
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


def distinct_rows(spells: pl.LazyFrame, keys: Sequence[str], weight: str | None) -> pl.DataFrame:
    """Distinct rows of the keys and how many there are (`N`); of a weight its sum, its sum of
    squares, and how often it is missing or unfit.
    """
    schema = spells.select(keys).collect_schema()
    is_counted = all(
        dtype in _WHOLE or dtype == pl.Boolean or isinstance(dtype, pl.Enum)
        for dtype in schema.values()
    )
    columns = spells.select(
        *[_code(key, dtype) if is_counted else key for key, dtype in schema.items()],
        *([weight] if weight else []),
    )
    batches = columns.collect_batches(chunk_size=_BATCH_ROWS, engine="streaming")
    count = _counted if is_counted else _grouped
    counted = (count(batch, keys, weight) for batch in batches)
    merged = _merged(counted, keys)
    if merged is None:
        merged = _grouped(columns.head(0).collect(), keys, weight)
    return (
        merged.with_columns(_label(merged[key], dtype) for key, dtype in schema.items())
        if is_counted
        else merged
    )


def _merged(parts: Iterable[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame | None:
    """The counts of all parts together; None without parts."""
    held, n_held, most = [], 0, _MOST_ROWS
    for counts in parts:
        held.append(counts)
        n_held += counts.height
        if n_held > most:
            held = [pl.concat(held).group_by(keys, maintain_order=True).agg(pl.all().sum())]
            n_held = held[0].height
            # Twice what cannot be merged: else every part would be merged with all before it.
            most = max(_MOST_ROWS, 2 * n_held)
    return pl.concat(held).group_by(keys, maintain_order=True).agg(pl.all().sum()) if held else None


def _code(key: str, dtype: pl.DataType) -> pl.Expr:
    """Small whole numbers for a column (wide ones take twice the time to move); a label that is
    missing counts as one more.
    """
    if isinstance(dtype, pl.Enum):
        n_labels = dtype.categories.len()
        return (
            pl.col(key)
            .to_physical()
            .cast(pl.UInt8 if n_labels < 2**8 else pl.UInt32)
            .fill_null(n_labels)
        )
    return pl.col(key).cast(pl.UInt8).fill_null(2) if dtype == pl.Boolean else pl.col(key)


def _label(codes: pl.Series, dtype: pl.DataType) -> pl.Series:
    """What the whole numbers of `_code` stand for."""
    if isinstance(dtype, pl.Enum):
        return codes.set(codes == dtype.categories.len(), None).cat.to(dtype)
    return codes.set(codes == 2, None).cast(dtype) if dtype == pl.Boolean else codes.cast(dtype)


def _counted(batch: pl.DataFrame, keys: Sequence[str], weight: str | None) -> pl.DataFrame:
    """Codes of a batch by their distinct rows."""
    codes = [batch[key] for key in keys]
    if batch.is_empty() or any(code.null_count() for code in codes):
        return _grouped(batch, keys, weight)
    firsts, lasts = zip(*map(extremes, codes), strict=True)
    spans = [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]
    n_cells = prod(spans)
    if n_cells > _MOST_CELLS or n_cells * max(map(abs, firsts)) >= _LARGEST_NUMBER:
        return _grouped(batch, keys, weight)
    cell, first_cell = codes[0].to_numpy().astype(np.int64), firsts[0]
    for code, first, span in zip(codes[1:], firsts[1:], spans[1:], strict=True):
        cell *= span
        cell += code.to_numpy()
        first_cell = first_cell * span + first
    cell -= first_cell
    n = np.bincount(cell, minlength=n_cells)
    rest = present = np.flatnonzero(n)
    sums = {N: n} | (_weight_sums(batch[weight], cell, n_cells) if weight else {})
    columns = {}
    for key, first, span in reversed(list(zip(keys, firsts, spans, strict=True))):
        rest, code = np.divmod(rest, span)
        columns[key] = pl.Series(code + first, dtype=batch.schema[key])
    return pl.DataFrame(
        {key: columns[key] for key in keys}
        | {name: values[present] for name, values in sums.items()}
    )


def _weight_sums(weight: pl.Series, cell: np.ndarray, n_cells: int) -> dict[str, np.ndarray]:
    values, is_missing = weight.cast(pl.Float64).to_numpy(), weight.is_null().to_numpy()
    known = np.where(is_missing, 0.0, values)
    sums = {
        weight.name: np.bincount(cell, known, n_cells),
        WEIGHT_SQUARED: np.bincount(cell, known * known, n_cells),
    }
    is_bad = {N_MISSING: is_missing, N_UNFIT: ~np.isfinite(known) | (known < 0)}
    return sums | {
        name: np.bincount(cell[rows], minlength=n_cells) for name, rows in is_bad.items()
    }


def _grouped(batch: pl.DataFrame, keys: Sequence[str], weight: str | None) -> pl.DataFrame:
    sums = [pl.len().cast(pl.Int64).alias(N)]
    if weight:
        value = pl.col(weight).cast(pl.Float64)
        sums += [
            value.sum(),
            (value * value).sum().alias(WEIGHT_SQUARED),
            value.null_count().cast(pl.Int64).alias(N_MISSING),
            ((value < 0) | ~value.is_finite()).sum().cast(pl.Int64).alias(N_UNFIT),
        ]
    return batch.group_by(keys, maintain_order=True).agg(sums)
