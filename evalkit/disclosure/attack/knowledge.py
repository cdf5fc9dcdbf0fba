"""What an attacker knows of published tables: between which values each count lies, and which
counts add up to which.

A rounded number x lies between x - 2 and x + 2 (0: between 0 and 2), one that is not rounded is
known, one that is withheld is at least 0. Sums are those that the tables declare
(`Guard.total_over`), those between tables (`evalkit.line.published.sums`), and those of a row:
nobody without a spell, no spell without somebody.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalkit.disclosure.published import Published
from evalkit.disclosure.rounding import BASE
from evalkit.line.columns import COLUMNS, is_counted
from evalkit.line.published import PUBLISHED
from evalkit.line.published.sums import (
    NO_MORE,
    NOT_OF_THE_COUNT,
    PART_OF,
    PERIODS,
    SAME,
    NoMore,
    Same,
    Term,
)
from evalkit.line.table import Guard
from evalkit.tables import CITY

# A count of fewer than five is of single people, and may not be known within fewer than three
# values.
SMALL, ENOUGH = BASE - 1, 3
# More than anybody counts: the bound of a number of which nothing is known.
MOST = 1e7
# The whole of shares that stands beside each of its parts, the same in all of them; another whole
# is of its row.
BESIDE_PARTS = "n_whole"
_PER_YEAR = ("starts per year", "persons per year")
_Row = dict[str, Any]


@dataclass(frozen=True)
class Sum:
    """A sum of counts that lies between two values.

    Attributes
    ----------
    factors : mapping
        By the place of a count: its factor.
    low, high : float
        Between which values the sum lies.
    words : str
        How it is known.
    is_certain : bool
        Whether it holds in any case. Where a sum that need not hold contradicts what is published,
        the attacker drops it: a value that nobody has is not listed, a register was corrected.
    """

    factors: Mapping[int, float]
    low: float
    high: float
    words: str
    is_certain: bool = True


@dataclass
class Knowledge:
    """Counts by their places, and sums of them.

    Attributes
    ----------
    names : list of str
        The cell that a count is published in; empty for a total that is not published.
    low, high : list of float
        Between which whole numbers it lies.
    sums : list of Sum
        What is known of them together.
    """

    names: list[str] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    _places: dict[tuple, int] = field(default_factory=dict)

    def place(self, key: tuple, low: float, high: float, name: str = "") -> int:
        """The place of a count, which is taken in, or narrowed where it is there already."""
        if key not in self._places:
            self._places[key] = len(self.names)
            self.names.append(name)
            self.low.append(low)
            self.high.append(high)
        at = self._places[key]
        if max(low, self.low[at]) <= min(high, self.high[at]):
            self.low[at], self.high[at] = max(low, self.low[at]), min(high, self.high[at])
        return at

    @property
    def n_small(self) -> int:
        """How many counts can be 1 to 4."""
        ends = zip(self.low, self.high, strict=True)
        return sum(low <= SMALL and high >= 1 for low, high in ends)

    def cell(self, place: int) -> tuple[str, tuple, str]:
        """The declared table, the keys and the column of a count."""
        return list(self._places)[place][1:]

    def add(
        self,
        factors: Mapping[int, float],
        low: float,
        high: float,
        words: str,
        *,
        is_certain: bool = True,
    ) -> None:
        """Take in that a sum lies between two values."""
        self.sums.append(Sum(factors, low, high, words, is_certain))


def knowledge_of(
    tables: Iterable[Published], earlier: Sequence[Iterable[Published]] = ()
) -> Knowledge:
    """All counts of a run's published tables and what is known of them together.

    Parameters
    ----------
    tables : iterable of Published
        The tables of a run.
    earlier : sequence of iterable of Published
        Those of vintages before it. Of a period that was over, both say the same.

    Returns
    -------
    Knowledge
    """
    known = Knowledge()
    ended: dict[tuple, list[int]] = {}
    for vintage, published in enumerate([tables, *earlier]):
        rows = _rows_of(known, published, vintage)
        for name, table in rows.items():
            guard = PUBLISHED[name].guard
            shares = [(part, whole) for _, part, whole in guard.shares] if guard else []
            of_row = [columns for columns in shares if columns[1] != BESIDE_PARTS]
            for row in table:
                _within_row(known, row["numbers"], (*PART_OF, *of_row))
            if guard:
                for key in guard.total_over:
                    _over_key(known, table, key, guard, PUBLISHED[name].keys)
                for columns in shares:
                    if columns[1] == BESIDE_PARTS:
                        _of_wholes(known, table, columns, guard, PUBLISHED[name].keys)
        for same in SAME:
            _between_tables(known, rows, same)
        for bound in NO_MORE:
            _no_more(known, rows, bound)
        for name, table in rows.items():
            _of_periods(ended, name, table)
    for places in ended.values():
        for before in places[1:]:
            words = "the same in an earlier release"
            known.add({places[0]: 1, before: -1}, 0, 0, words, is_certain=False)
    return known


def declared_name(file_name: str) -> str:
    """The declared table that a file is of: exit_curves-belfast is one of exit_curves."""
    return file_name.partition("-")[0]


def keys_of_count(name: str, keys: Sequence[str]) -> list[str]:
    """Those of a table's keys that change what a row counts."""
    return [key for key in keys if key not in NOT_OF_THE_COUNT.get(name, ())]


def _rows_of(
    known: Knowledge, published: Iterable[Published], vintage: int
) -> dict[str, list[_Row]]:
    """The rows with counts by declared table, each with the places of its numbers."""
    found: dict[str, list[_Row]] = {}
    for table in published:
        name = declared_name(table.name)
        columns = [c for c in table.data.columns if is_counted(c) and c not in table.keys]
        if name not in PUBLISHED or not columns:
            continue
        is_rounded = f"rounded:{BASE}" in table.rules
        of_count = keys_of_count(name, table.keys)
        for row in table.data.iter_rows(named=True):
            numbers = {}
            for column in columns:
                if COLUMNS[column].unit in _PER_YEAR:
                    continue
                of_cell = of_count[:-1] if column == BESIDE_PARTS else of_count
                keys = tuple(row[key] for key in of_cell)
                said = ", ".join(map(str, keys))
                numbers[column] = known.place(
                    (vintage, name, keys, column),
                    *_bounds(row[column], is_rounded=is_rounded),
                    f"{table.name} ({said}): {column}" + (f", {vintage} before" * bool(vintage)),
                )
            found.setdefault(name, []).append({**row, "numbers": numbers})
    return found


def _bounds(value: float | None, *, is_rounded: bool) -> tuple[float, float]:
    if value is None:
        return 0, MOST
    if not is_rounded or value % BASE:
        return value, value
    half = BASE // 2
    return max(0, value - half), value + half


def _within_row(
    known: Knowledge, numbers: Mapping[str, int], parts: Iterable[tuple[str, str]]
) -> None:
    for part, whole in dict.fromkeys(parts):
        if part not in numbers or whole not in numbers:
            continue
        few, many = numbers[part], numbers[whole]
        known.add({few: 1, many: -1}, -math.inf, 0, f"{part} is part of {whole}")
        if part == "n_persons" and known.high[few] <= BASE and known.high[many] < MOST:
            each = max(known.high[many], 1)
            known.add({many: 1, few: -each}, -math.inf, 0, f"no {whole} without {part}")


def _over_key(
    known: Knowledge, rows: Sequence[_Row], key: str, guard: Guard, keys: Sequence[str]
) -> None:
    """A key's rows and the row of all of them."""
    others = [name for name in keys if name != key]
    for group in _groups(rows, others).values():
        wholes = [row for row in group if row[key] == CITY]
        parts = [row for row in group if row[key] != CITY]
        if len(wholes) != 1 or not parts:
            continue
        for column, whole in wholes[0]["numbers"].items():
            places = [row["numbers"][column] for row in parts]
            if whole not in places:
                is_all = not any(row[key] == "yes" for row in parts)
                _adds_up(known, places, whole, (column, key), guard, is_all=is_all)


def _of_wholes(
    known: Knowledge,
    rows: Sequence[_Row],
    columns: tuple[str, str],
    guard: Guard,
    keys: Sequence[str],
) -> None:
    """The whole that stands beside each part of it, and the row of all parts where there is one."""
    part, whole = columns
    if not rows or not {part, whole} <= set(rows[0]["numbers"]):
        return
    *others, key = keys
    for group in _groups(rows, others).values():
        parts = [row for row in group if row[key] != CITY]
        at = group[0]["numbers"][whole]
        for row in group:
            if row[key] == CITY:
                known.add({row["numbers"][part]: 1, at: -1}, 0, 0, f"{whole} is all {key}")
        if parts:
            places = [row["numbers"][part] for row in parts]
            is_all = not any(row[key] == "yes" for row in parts)
            _adds_up(known, places, at, (part, key), guard, is_all=is_all)


def _adds_up(
    known: Knowledge,
    parts: Sequence[int],
    whole: int,
    of: tuple[str, str],
    guard: Guard,
    *,
    is_all: bool,
) -> None:
    """Parts of a whole, all of them or (of a yes/no answer "no" is not published) some."""
    column, key = of
    places = dict.fromkeys(parts, 1.0)
    words = f"{column} over {key} is all of them"
    is_certain = not any(key in named for named in guard.listed)
    if column != "n_persons" or key not in guard.overlaps:
        least = 0 if is_all else -math.inf
        known.add({**places, whole: -1}, least, 0, words, is_certain=is_certain)
        return
    for place in places:
        known.add({place: 1, whole: -1}, -math.inf, 0, f"{column} is part of all {key}")
    if is_all:
        known.add({**places, whole: -1}, 0, math.inf, f"{words}, or more", is_certain=is_certain)


def _groups(rows: Sequence[_Row], keys: Sequence[str]) -> dict[tuple, list[_Row]]:
    groups: dict[tuple, list[_Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def _between_tables(known: Knowledge, rows: Mapping[str, list[_Row]], same: Same) -> None:
    """Sums that are the same number as the first of them."""
    ways: dict[tuple, list[dict[int, float]]] = {}
    for term in same.ways:
        for by, sums in _sums(rows, term, same.by).items():
            ways.setdefault(by, []).extend(sums)
    for first, *others in ways.values():
        for way in others:
            factors = {place: first.get(place, 0) - way.get(place, 0) for place in {*first, *way}}
            known.add(factors, 0, 0, same.of, is_certain=False)


def _no_more(known: Knowledge, rows: Mapping[str, list[_Row]], bound: NoMore) -> None:
    """A number that is no larger than the sum of others, where all of them are there."""
    more = [_sums(rows, term, bound.by) for term in bound.more]
    for by, (less, *_) in _sums(rows, bound.less, bound.by).items():
        if all(by in sums for sums in more):
            others = {place: -1.0 for sums in more for way in sums[by][:1] for place in way}
            known.add({**less, **others}, -math.inf, 0, bound.because)


def _sums(
    rows: Mapping[str, list[_Row]], term: Term, by: Sequence[str]
) -> dict[tuple, list[dict[int, float]]]:
    """The sums that a term is, by some keys: the places of what is added up."""
    found: dict[tuple, dict[tuple, dict[int, float]]] = {}
    for row in rows.get(term.table, ()):
        is_meant = all(row[key] in values for key, values in term.where.items())
        if is_meant and term.column in row["numbers"]:
            each = found.setdefault(tuple(row[key] for key in by), {})
            way = each.setdefault(tuple(row[key] for key in term.per), {})
            way[row["numbers"][term.column]] = 1.0
    return {key: list(each.values()) for key, each in found.items()}


def _of_periods(ended: dict[tuple, list[int]], name: str, rows: Sequence[_Row]) -> None:
    """Note the counts of periods, but for the last one, under what they count."""
    period = next((key for key in PERIODS if key in PUBLISHED[name].keys), None)
    if period is None:
        return
    last = max(row[period] for row in rows)
    for row in rows:
        if row[period] < last:
            keys = tuple(row[key] for key in PUBLISHED[name].keys)
            for column, place in row["numbers"].items():
                ended.setdefault((name, keys, column), []).append(place)
