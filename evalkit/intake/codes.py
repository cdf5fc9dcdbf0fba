"""Columns as whole numbers: keys, overlaps and references are looked for among numbers, which costs a small part of comparing texts.

A column's code is the position of the row's value among the column's distinct values in order, so codes are equal where values are, sort as
they do, and no two values share one: nothing rests on a hash.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

NO_CODE = -1
_LARGEST = 1 << 62
# A table of flags, one byte a number, is kept up to this many numbers, or this many for each number looked up.
_MAX_FLAGS, _MAX_FLAGS_EACH = 1 << 24, 16
# Cells looked at to tell whether a column's values vary; and texts for each descent among them, above which they count as nearly sorted.
_SAMPLE, _FEW_DESCENTS = 1000, 20


@dataclass(frozen=True)
class Coded:
    """A column as numbers.

    values : (n_values,) the distinct values in order. codes : (n_rows,) int32, the position of each row's value among them, -1 where the
    cell is empty.
    """

    values: pl.Series
    codes: np.ndarray
    has_empty: bool

    @property
    def n_codes(self) -> int:
        """How many codes there can be, the one of an empty cell included."""
        return len(self.values) + 1

    @property
    def with_empty(self) -> pl.Series:
        """The distinct values, and an empty one where some cell is empty."""
        return pl.concat([self.values, pl.Series([None], dtype=self.values.dtype)]) if self.has_empty else self.values

    @property
    def is_filled(self) -> np.ndarray | bool:
        """Whether the cell is filled: (n_rows,) bool, or True where all are."""
        return self.codes != NO_CODE if self.has_empty else True


def runs_of(texts: pl.Series) -> pl.DataFrame:
    """A column of texts as runs of equal cells, one after another: columns `len` and `value`."""
    return texts.rle().struct.unnest()


def some_values(texts: pl.Series, runs: pl.DataFrame) -> pl.Series:
    """Every value of a column at least once, in as few rows as are cheap to find: what is true of them all is true of every row."""
    if 4 * runs.height <= 3 * len(texts):
        return runs["value"]
    is_varied = 2 * texts.head(_SAMPLE).n_unique() > min(len(texts), _SAMPLE)
    return texts if is_varied else texts.unique()


def code_column(column: pl.Series, runs: pl.DataFrame | None = None) -> Coded:
    """A column of texts, dates or whole numbers as numbers; `runs` are the column's, if they are known."""
    has_empty = column.null_count() > 0
    if column.dtype == pl.String:
        runs = runs_of(column) if runs is None else runs
        values, codes = _codes_of_texts(runs["value"])
        return Coded(values, np.repeat(codes, runs["len"].to_numpy()), has_empty)
    physical = column.to_physical()
    numbers = physical.fill_null(0).to_numpy()
    is_empty = column.is_null().to_numpy() if has_empty else None
    if len(numbers) and int(numbers.max()) - int(numbers.min()) < max(_MAX_FLAGS, _MAX_FLAGS_EACH * len(numbers)):
        present, codes = _codes_by_table(numbers, is_empty)
    else:
        present = np.unique(numbers if is_empty is None else numbers[~is_empty])
        codes = np.searchsorted(present, numbers).astype(np.int32)
    if is_empty is not None:
        codes[is_empty] = NO_CODE
    return Coded(pl.Series(present, dtype=physical.dtype).cast(column.dtype), codes, has_empty)


def codes_within(own: Coded, other: Coded) -> np.ndarray:
    """The position of each row's value among the values of another column; -1 where it is not among them.

    Returns
    -------
    ndarray
        (n_rows,) int32.
    """
    if own.values.equals(other.values):
        return own.codes
    ranks = pl.concat([own.values, other.values]).rank("dense").to_numpy()
    place_of = np.full(len(ranks) + 1, NO_CODE, dtype=np.int32)
    place_of[ranks[len(own.values) :]] = np.arange(len(other.values), dtype=np.int32)
    # The last place is the one that the code of an empty cell, -1, picks out.
    places = np.append(place_of[ranks[: len(own.values)]], np.int32(NO_CODE))
    return places[own.codes]


def pack(codes: Sequence[np.ndarray], n_codes: Sequence[int]) -> np.ndarray:
    """Several codes of a row as one number, which sorts by the first, then the next.

    Parameters
    ----------
    codes : sequence of ndarray
        (n_rows,) each, -1 or more.
    n_codes : sequence of int
        How many codes each can have, -1 included.

    Returns
    -------
    ndarray
        (n_rows,) int32 where that is wide enough, else int64; 0 or more.
    """
    dtype = np.int32 if math.prod(n_codes) < np.iinfo(np.int32).max else np.int64
    packed, size = np.add(codes[0], 1, dtype=dtype), n_codes[0]
    for further, n_further in zip(codes[1:], n_codes[1:], strict=True):
        if size * n_further > _LARGEST:
            # More than an int64 holds: counted anew, from what is there.
            present, packed = np.unique(packed, return_inverse=True)
            size = len(present)
        packed *= n_further
        packed += further
        packed += 1
        size *= n_further
    return packed


def pack_both(left: Sequence[np.ndarray], right: Sequence[np.ndarray], n_codes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of two tables packed alike, so that equal rows have equal numbers."""
    if math.prod(n_codes) <= _LARGEST:
        return pack(left, n_codes), pack(right, n_codes)
    both = pack([np.concatenate(pair) for pair in zip(left, right, strict=True)], n_codes)
    return both[: len(left[0])], both[len(left[0]) :]


def is_among(numbers: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether each number (0 or more) is one of the known ones: (n_numbers,) bool."""
    if not len(numbers) or not len(known):
        return np.zeros(len(numbers), dtype=bool)
    size = max(int(numbers.max()), int(known.max())) + 1
    if size > max(_MAX_FLAGS, _MAX_FLAGS_EACH * (len(numbers) + len(known))):
        return pl.Series(numbers).is_in(pl.Series(known).implode()).to_numpy()
    is_known = np.zeros(size, dtype=bool)
    is_known[known] = True
    return is_known[numbers]


def _codes_of_texts(texts: pl.Series) -> tuple[pl.Series, np.ndarray]:
    if not texts.null_count() and bool((texts > texts.shift(1)).slice(1).all()):
        return texts, np.arange(len(texts), dtype=np.int32)
    n_descents = (texts < texts.shift(1)).sum()
    if _FEW_DESCENTS * n_descents > len(texts):
        # Out of order, texts are looked up; sorting them would take several times as long.
        values = texts.unique().drop_nulls().sort()
        codes = texts.replace_strict(values, pl.int_range(len(values), dtype=pl.Int32, eager=True), default=NO_CODE, return_dtype=pl.Int32)
        return values, codes.to_numpy()
    ranks = texts.rank("dense").fill_null(0).to_numpy().astype(np.int32)
    place_of = np.zeros(ranks.max(initial=0) + 1, dtype=np.int64)
    place_of[ranks] = np.arange(len(texts))
    return texts[place_of[1:]], ranks - 1


def _codes_by_table(numbers: np.ndarray, is_empty: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers in order and each one's position among them, by a table over their range; empty cells have any number."""
    least = int(numbers.min())
    offsets = numbers - least
    is_present = np.zeros(int(offsets.max()) + 1, dtype=bool)
    is_present[offsets if is_empty is None else offsets[~is_empty]] = True
    present = is_present.nonzero()[0]
    place_of = np.full(len(is_present), NO_CODE, dtype=np.int32)
    place_of[present] = np.arange(len(present), dtype=np.int32)
    return present + least, place_of[offsets]
