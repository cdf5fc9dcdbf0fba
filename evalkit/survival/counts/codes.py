"""Whole-number codes for what a column holds: distinct times, ids, labels. Counting by code is the
one pass over rows that every curve needs.
"""

import numpy as np
import polars as pl

# Ids are looked up in a table rather than sorted when their range is not much wider than their
# number.
_SPAN_PER_ROW, _MANY_VALUES, _LARGEST_LOOKUP = 4, 10_000, 4_000_000


def distinct_times(
    time: np.ndarray, entry: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct times; the place of every exit among them; the number of times not after every entry
    (zeros, broadcastable, without entries).
    """
    if entry is None:
        times, exit_rank = _distinct(time)
        return times, exit_rank, np.zeros(1, dtype=np.int64)
    times, rank = _distinct(np.concatenate([time, entry]))
    exit_rank, entry_rank = rank[: len(time)], rank[len(time) :]
    if times[0] == 0:
        return times[1:], exit_rank - 1, entry_rank
    return times, exit_rank, entry_rank + 1


def dense_codes(column: pl.Series) -> tuple[np.ndarray, pl.Series]:
    """Whole-number codes 0, 1, ... of a column without missing values, and the sorted values they
    stand for.
    """
    if column.dtype.is_integer() and column.len():
        smallest, largest = extremes(column)
        # Counted as numpy's own whole numbers: those of UInt64 beyond their range go the long way.
        is_counted = largest <= np.iinfo(np.int64).max
        if is_counted and largest - smallest < _SPAN_PER_ROW * column.len():
            present, code = _places(column.to_numpy().astype(np.int64) - smallest)
            return code, pl.Series(column.name, present + smallest, dtype=column.dtype)
    if column.dtype == pl.String and column.len() > _MANY_VALUES:
        coded = _codes_by_hash(column)
        if coded is not None:
            return coded
    values = column.unique().sort()
    if column.dtype == pl.String and values.len() <= _MANY_VALUES:
        return column.cast(pl.Enum(values)).to_physical().to_numpy().astype(np.int64), values
    return column.rank("dense").to_numpy().astype(np.int64) - 1, values


def label_codes(column: pl.Series, labels: tuple[str, ...]) -> np.ndarray:
    """Codes of a column's labels: the position of each among `labels`, len(labels) where it is
    missing.
    """
    declared = column.dtype
    if not isinstance(declared, pl.Enum):
        declared = pl.Enum(list(labels))
        column = column.cast(pl.String).cast(declared)
    numbers = {label: number for number, label in enumerate(labels)}
    numbers_of = np.array([numbers.get(label, -1) for label in declared.categories] + [len(labels)])
    # By numpy: on short tables the plan of a polars expression takes longer than its work.
    codes = column.to_physical().to_numpy()
    return (
        numbers_of[codes]
        if codes.dtype.kind == "u"
        else numbers_of[np.where(np.isnan(codes), len(numbers_of) - 1, codes).astype(np.int64)]
    )


def extremes(column: pl.Series) -> tuple[int, int]:
    """The smallest and the largest of whole numbers."""
    values = column.to_numpy()
    return int(values.min()), int(values.max())


def stable_order(codes: np.ndarray) -> np.ndarray:
    """Order that sorts whole numbers >= 0, equal ones as they stand; by 16 bits at a time, which
    numpy sorts by counting.
    """
    order = np.argsort((codes & 0xFFFF).astype(np.uint16), kind="stable")
    shift, largest = 16, int(codes.max(initial=0))
    while largest >> shift:
        order = order[
            np.argsort(((codes >> shift) & 0xFFFF).astype(np.uint16)[order], kind="stable")
        ]
        shift += 16
    return order


def _distinct(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if values.dtype.kind == "i" and values.max() < _LARGEST_LOOKUP:
        return _places(values)
    times, rank = np.unique(values, return_inverse=True)
    return times, rank.astype(np.int64)


def _places(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct whole numbers >= 0, ascending, and the place of every number among them."""
    present = np.flatnonzero(np.bincount(numbers))
    if len(present) == present[-1] - present[0] + 1:
        return present, numbers - present[0] if present[0] else numbers
    rank = np.zeros(present[-1] + 1, dtype=np.int64)
    rank[present] = np.arange(len(present))
    return present, rank[numbers]


def _codes_by_hash(column: pl.Series) -> tuple[np.ndarray, pl.Series] | None:
    """`dense_codes` of text by its hashes, whose order is cheap; None when two values share a
    hash.
    """
    hashes = column.hash()
    order = hashes.arg_sort().to_numpy()
    sorted_hashes = hashes.to_numpy()[order]
    is_first = np.concatenate([[True], sorted_hashes[1:] != sorted_hashes[:-1]])
    code = np.empty(len(order), dtype=np.int64)
    code[order] = np.cumsum(is_first) - 1
    values = column.gather(order[is_first])
    if not (values.gather(code) == column).all():
        return None
    by_value = values.arg_sort().to_numpy()
    rank = np.empty(len(by_value), dtype=np.int64)
    rank[by_value] = np.arange(len(by_value))
    return rank[code], values.gather(by_value)
