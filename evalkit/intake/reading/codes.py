"""Columns as whole numbers: keys, overlaps and references are looked for among numbers, which costs
a small part of comparing texts.

A column's code is the position of the row's value among the column's distinct values, so codes are
equal where values are, no two values share one (nothing rests on a hash), and what is asked of
every cell need only be asked of every value. Where the values stand in order, codes sort as they
do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np
import polars as pl

NO_CODE = -1
_LARGEST = 1 << 62
# Cells looked at to tell whether equal ones stand together; and texts for each descent among them,
# above which they count as nearly sorted.
_SAMPLE, _FEW_DESCENTS = 10_000, 20
# How often each number of a sample must stand in it for the sample to be taken for the whole.
_TIMES_SEEN = 20
# Texts of no more values than these are compared with each of them.
_FEW_VALUES = 12
# Numbers are compared with each of no more known ones than these.
_FEW_NUMBERS = 5
# A table of flags, one byte a number, is kept up to this many numbers, or this many for each number
# looked up.
_MAX_FLAGS, _MAX_FLAGS_EACH = 1 << 24, 16


@dataclass(frozen=True)
class Coded:
    """A column as numbers: the position of each value among the distinct values.

    values : (n_values,) the distinct values. run_codes : (n_runs,) whole numbers, the position of a
    run's value among them, -1 where its cells are empty. has_empty : whether some are. lengths :
    (n_runs,) how many rows each run has; None where each has one. is_ordered : whether the values
    are known to stand in order.
    """

    values: pl.Series
    run_codes: np.ndarray
    has_empty: bool
    lengths: np.ndarray | None = None
    is_ordered: bool = False

    @cached_property
    def codes(self) -> np.ndarray:
        """The code of each row: (n_rows,)."""
        return self.by_row(self.run_codes)

    @property
    def n_codes(self) -> int:
        """The number of possible codes, including the one of an empty cell."""
        return len(self.values) + 1

    @property
    def with_empty(self) -> pl.Series:
        """The distinct values, and an empty one where some cell is empty."""
        return (
            pl.concat([self.values, pl.Series([None], dtype=self.values.dtype)])
            if self.has_empty
            else self.values
        )

    @property
    def is_filled(self) -> np.ndarray | bool:
        """Whether the cell is filled: (n_rows,) bool, or True where all are."""
        return self.codes != NO_CODE if self.has_empty else True

    @property
    def cells(self) -> pl.Series:
        """The column itself."""
        return self.with_empty.gather(
            np.where(self.codes < 0, len(self.values), self.codes) if self.has_empty else self.codes
        )

    def rows_where(self, is_meant: np.ndarray) -> np.ndarray:
        """Positions of the rows whose value is marked: (n_codes,) bool, the last place for empty
        cells.
        """
        if not is_meant.any():
            return np.empty(0, dtype=np.int64)
        runs = is_meant[self.run_codes].nonzero()[0]
        if self.lengths is None:
            return runs
        # Only the rows of the runs that are meant are counted out, from the first row of each.
        lengths, ends = self.lengths[runs].astype(np.int64), np.cumsum(self.lengths, dtype=np.int64)
        return np.arange(lengths.sum()) + np.repeat(ends[runs] - np.cumsum(lengths), lengths)

    def placed(self, places: np.ndarray, other: "Coded") -> "Coded":
        """The column by the values of another column; `places` is what `places_among` found."""
        # Both mostly have the same months, so that nothing changes.
        is_same = (
            len(places) == self.n_codes == other.n_codes
            and (places[:-1] == np.arange(len(other.values))).all()
        )
        return Coded(
            other.values, self.run_codes if is_same else places[self.run_codes], True, self.lengths
        )

    def at(self, positions: np.ndarray) -> "Coded":
        """The rows at some positions."""
        return Coded(self.values, self.codes[positions], self.has_empty, is_ordered=self.is_ordered)

    def in_order(self) -> "Coded":
        """The same column with its values in order."""
        if self.is_ordered:
            return self
        order = self.values.arg_sort().to_numpy()
        places = np.full(self.n_codes, NO_CODE, dtype=np.int32)
        places[order] = np.arange(len(order), dtype=np.int32)
        # The last place is the one that the code of an empty cell, -1, picks out.
        return replace(
            self,
            values=self.values.gather(order),
            run_codes=places[self.run_codes],
            is_ordered=True,
        )

    def with_values(self, values: pl.Series) -> "Coded":
        """The column after each of its values is replaced by another text, or by an empty cell."""
        (changed,) = _recoded([self], values)
        return changed

    def by_row(self, by_run: np.ndarray) -> np.ndarray:
        """Repeat what is given for each run for each of its rows: (n_rows,)."""
        return by_run if self.lengths is None else np.repeat(by_run, self.lengths)


def stacked(columns: Sequence[Coded]) -> Coded:
    """Several columns of texts as one."""
    recoded = _recoded(columns, pl.concat([column.values for column in columns]))
    codes = np.concatenate([column.codes for column in recoded])
    return Coded(
        recoded[0].values,
        codes,
        any(column.has_empty for column in recoded),
        is_ordered=recoded[0].is_ordered,
    )


def code_texts(texts: pl.Series) -> Coded:
    """Code a column of texts; its values are in no particular order."""
    has_empty = texts.null_count() > 0
    if not stand_together(texts):
        values, codes, is_ordered = _codes_of_texts(texts)
        return Coded(values, codes, has_empty, is_ordered=is_ordered)
    # Where equal cells stand together, one of each run is enough.
    runs = texts.rle().struct.unnest()
    values, codes, is_ordered = _codes_of_texts(runs["value"])
    return Coded(values, codes, has_empty, runs["len"].to_numpy(), is_ordered)


def stand_together(texts: pl.Series) -> bool:
    """Whether equal cells mostly follow each other, so that runs are few."""
    return 2 * texts.head(_SAMPLE).rle_id().n_unique() <= min(len(texts), _SAMPLE)


def code_column(column: pl.Series) -> Coded:
    """Code a column of texts, dates or whole numbers, with its values sorted."""
    if column.dtype == pl.String:
        return code_texts(column).in_order()
    has_empty = column.null_count() > 0
    physical = column.to_physical()
    numbers = physical.fill_null(0).to_numpy()
    is_empty = column.is_null().to_numpy() if has_empty else None
    if len(numbers) and int(numbers.max()) - int(numbers.min()) < max(
        _MAX_FLAGS, _MAX_FLAGS_EACH * len(numbers)
    ):
        present, codes = _codes_by_table(numbers, is_empty)
    else:
        present = np.unique(numbers if is_empty is None else numbers[~is_empty])
        codes = np.searchsorted(present, numbers).astype(np.int32)
    if is_empty is not None:
        codes[is_empty] = NO_CODE
    return Coded(
        pl.Series(present, dtype=physical.dtype).cast(column.dtype),
        codes,
        has_empty,
        is_ordered=True,
    )


def places_among(column: Coded, other: Coded) -> np.ndarray:
    """The position of each value of a column among the values of another; -1 where it is missing.
    Both are sorted.

    Returns
    -------
    ndarray
        (own.n_codes,) int32; the last, which the code of an empty cell picks out, is -1.
    """
    if column.values.equals(other.values):
        places = np.arange(len(column.values), dtype=np.int32)
    else:
        # Both are in order, so that each value meets the last of the others not above it in one
        # pass over the two.
        known = pl.DataFrame({"value": other.values, "last": other.values}).with_row_index("place")
        met = column.values.to_frame("value").join_asof(known, on="value")
        position = (
            pl.when(pl.col("last") == pl.col("value"))
            .then("place")
            .cast(pl.Int32)
            .fill_null(NO_CODE)
        )
        places = met.select(position).to_series().to_numpy()
    return np.append(places, np.int32(NO_CODE))


def pack(columns: Sequence[Coded]) -> np.ndarray:
    """Several columns as one number per row, which sorts as the columns do.

    Returns
    -------
    ndarray
        (n_rows,) int32 where that is wide enough, else int64; 0 or more.
    """
    if math.prod(column.n_codes for column in columns) > _LARGEST:
        # More than an int64 holds: all but the last are counted anew, from what is there.
        present, codes = np.unique(pack(columns[:-1]), return_inverse=True)
        columns = [Coded(pl.Series(present), codes, has_empty=False), columns[-1]]
    sizes = [column.n_codes for column in columns]
    weights = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    dtype = np.int32 if math.prod(sizes) < np.iinfo(np.int32).max else np.int64
    # Codes begin at -1; what makes all numbers 0 or more is added to the first column's, of which
    # there may be few.
    first = np.multiply(columns[0].run_codes, weights[0], dtype=dtype)
    first += sum(weights)
    packed = columns[0].by_row(first)
    for column, weight in zip(columns[1:], weights[1:], strict=True):
        packed += column.by_row(
            column.run_codes if weight == 1 else np.multiply(column.run_codes, weight, dtype=dtype)
        )
    return packed


def pack_both(
    left: Sequence[Coded], right: Sequence[Coded], packed_left: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Pack the rows of two tables alike, so that equal rows have equal numbers. The columns of both
    have the same values.

    `packed_left` is what `pack` made of the first table, where that is known.
    """
    if math.prod(column.n_codes for column in left) <= _LARGEST:
        return pack(left) if packed_left is None else packed_left, pack(right)
    both = [
        Coded(column.values, np.concatenate([column.codes, other.codes]), True)
        for column, other in zip(left, right, strict=True)
    ]
    packed, n_left = pack(both), len(left[0].codes)
    return packed[:n_left], packed[n_left:]


def is_among(numbers: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether each number (0 or more) is one of the known ones: (n_numbers,) bool."""
    if len(known) <= _FEW_NUMBERS:
        return reduce(
            np.logical_or,
            (numbers == number for number in known),
            np.zeros(len(numbers), dtype=bool),
        )
    if not len(numbers):
        return np.zeros(0, dtype=bool)
    size = max(int(numbers.max()), int(known.max())) + 1
    if size > max(_MAX_FLAGS, _MAX_FLAGS_EACH * (len(numbers) + len(known))):
        return pl.Series(numbers).is_in(pl.Series(known).implode()).to_numpy()
    is_known = np.zeros(size, dtype=bool)
    is_known[known] = True
    return is_known[numbers]


def _recoded(columns: Sequence[Coded], values: pl.Series) -> list[Coded]:
    """Columns whose values, one column's below the other's, have become others: all with the same
    values.
    """
    again, first, changed = code_texts(values), 0, []
    for column in columns:
        places = np.append(again.codes[first : first + len(column.values)], np.int32(NO_CODE))
        first += len(column.values)
        changed.append(
            Coded(
                again.values,
                places[column.run_codes],
                column.has_empty or again.has_empty,
                column.lengths,
                again.is_ordered,
            )
        )
    return changed


def _codes_of_texts(texts: pl.Series) -> tuple[pl.Series, np.ndarray, bool]:
    """The distinct texts, the code of each row, and whether the distinct ones stand in order."""
    coded = _codes_of_few(texts)
    if coded is None:
        if not texts.null_count() and (texts > texts.shift(1)).slice(1).all():
            return texts, np.arange(len(texts), dtype=np.int32), True
        is_nearly_sorted = _FEW_DESCENTS * (texts < texts.shift(1)).sum() <= len(texts)
        coded = None if is_nearly_sorted else _codes_of_hashes(_hashes(texts))
    if coded is None or not texts.gather(coded[1]).gather(coded[0]).equals(texts):
        # Texts that are nearly sorted already, or of which two were taken for one, their hashes
        # being alike.
        codes = texts.rank("dense").fill_null(0).to_numpy().astype(np.int32)
        rows = np.zeros(codes.max(initial=0) + 1, dtype=np.int64)
        rows[codes] = np.arange(len(texts))
        return texts.gather(rows[1:]), codes - 1, True
    codes, rows = coded
    values = texts.gather(rows)
    is_filled = values.is_not_null().to_numpy()
    if is_filled.all():
        return values, codes, False
    places = np.where(is_filled, np.cumsum(is_filled, dtype=np.int32) - 1, np.int32(NO_CODE))
    return values.drop_nulls(), places[codes], False


def _codes_of_few(texts: pl.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """As `_codes_of_hashes`, where a sample shows few texts: to compare each one's hash with all
    rows' then costs least.
    """
    if texts.gather_every(len(texts) // (_SAMPLE + 1) + 1).n_unique() > _FEW_VALUES:
        return None
    hashes = _hashes(texts)
    codes, rows, is_left = (
        np.full(len(hashes), NO_CODE, dtype=np.int8),
        [],
        np.ones(len(hashes), dtype=bool),
    )
    while is_left.any():
        if len(rows) == _FEW_VALUES:
            return None
        row = int(is_left.argmax())
        codes += (hashes == hashes[row]) * np.int8(len(rows) - NO_CODE)
        rows.append(row)
        is_left = codes == NO_CODE
    return codes.astype(np.int32), np.array(rows, dtype=np.int64)


def _hashes(texts: pl.Series) -> np.ndarray:
    return texts.hash().to_numpy()


def _codes_of_hashes(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A code for each row, equal where the leading bits of the hashes are, and the first row of
    each code.
    """
    # Hash and row make one number, because numbers are sorted several times as fast as an order is
    # found.
    n_bits = np.uint64(len(hashes).bit_length())
    rows = np.arange(len(hashes), dtype=np.uint64)
    keys = np.sort((hashes >> n_bits) << n_bits | rows)
    order = (keys & ((np.uint64(1) << n_bits) - np.uint64(1))).astype(np.int64)
    leading = keys >> n_bits
    is_new = np.diff(leading, prepend=~leading[:1]) != 0
    codes = np.empty(len(hashes), dtype=np.int32)
    codes[order] = np.cumsum(is_new, dtype=np.int32) - 1
    return codes, order[is_new]


def _codes_by_table(
    numbers: np.ndarray, is_empty: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers in order and each one's position among them, by a table over their
    range; empty cells have any number.
    """
    least, largest = int(numbers.min()), int(numbers.max())
    # A table from 0 on takes more room than one from the least number on, but no other copy of the
    # numbers.
    first = 0 if least >= 0 and largest < _MAX_FLAGS else least
    offsets = numbers - first if first else numbers
    filled = offsets if is_empty is None else offsets[~is_empty]
    sample = filled[:: len(filled) // _SAMPLE + 1]
    # Where each number of a sample stands there many times, it mostly holds all that there are.
    is_telling = _TIMES_SEEN * len(np.unique(sample)) <= len(sample)
    for asked in (sample, filled) if is_telling else (filled,):
        is_present = np.zeros(largest - first + 1, dtype=bool)
        is_present[asked] = True
        present = is_present.nonzero()[0]
        # As narrow as their number allows.
        place_of = np.full(len(is_present), NO_CODE, dtype=np.min_scalar_type(-len(present) - 1))
        place_of[present] = np.arange(len(present))
        codes = place_of[offsets]
        if (
            asked is filled
            or not (
                (codes == NO_CODE) if is_empty is None else (codes == NO_CODE) & ~is_empty
            ).any()
        ):
            break
    return present + first, codes
