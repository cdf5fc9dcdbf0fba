"""Which values a count can have, by bounds and by integer programming.

Counts are split into those that hang together, and their bounds drawn together sum by sum until
nothing moves. A solution of all sums shows one value that each count can have. Solutions are asked
for until every count that can be small has been seen as far apart as three values, or cannot be:
then the attacker knows it, within two values or exactly.
"""

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.disclosure.attack.knowledge import ENOUGH, SMALL, Knowledge

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_ROUNDS, _ROUNDS_OF_ALL = 50, 8
# For one solution; without one in time there counts as none.
_SECONDS = 20.0


@dataclass(frozen=True)
class Known:
    """A small count that is known too well.

    Attributes
    ----------
    place : int
        Of the count.
    values : tuple of int
        Those it can have; none where the published numbers contradict each other.
    sums : tuple of str
        What it is known by.
    """

    place: int
    values: tuple[int, ...]
    sums: tuple[str, ...]


def known_too_well(known: Knowledge) -> list[Known]:
    """Every count that can be 1 to 4 and is known within fewer than three values."""
    if not known.n_small:
        return []
    matrix, least, most = _matrix(known)
    bounds = np.array(known.low), np.array(known.high)
    is_certain = np.array([one.is_certain for one in known.sums], dtype=bool)
    found = []
    for places, rows in _parts(matrix):
        if not len(rows):
            low, high = known.low[places[0]], known.high[places[0]]
            if high - low < ENOUGH - 1 and low <= SMALL and high >= 1:
                found.append(Known(int(places[0]), tuple(range(int(low), int(high) + 1)), ()))
            continue
        values = None
        for kept in (rows, rows[is_certain[rows]]):
            if values is None:
                part = _Part(places, matrix[kept][:, places], (least[kept], most[kept]), bounds)
                values = part.values_of_small()
        if values is None:
            found.append(Known(int(places[0]), (), _words(known, rows)))
            continue
        for place, seen in values.items():
            if len(seen) < ENOUGH and any(1 <= value <= SMALL for value in seen):
                of_place = [row for row in rows if place in known.sums[row].factors]
                found.append(Known(place, tuple(sorted(seen)), _words(known, of_place)))
    return found


def narrow_by_bounds(known: Knowledge) -> float:
    """How many counts that can be 1 to 4 bounds alone tell within fewer than three values; infinity
    where they contradict each other. The quick part of `known_too_well`.
    """
    matrix, least, most = _matrix(known)
    low, high = _drawn_together(matrix, least, most, np.array(known.low), np.array(known.high))
    if (low > high).any():
        return np.inf
    return int(((high - low < ENOUGH - 1) & (low <= SMALL) & (high >= 1)).sum())


def _words(known: Knowledge, rows: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known.sums[row].words for row in rows))


def _matrix(known: Knowledge) -> tuple["csr_matrix", np.ndarray, np.ndarray]:
    from scipy.sparse import csr_matrix

    entries = [
        (row, place, factor)
        for row, one in enumerate(known.sums)
        for place, factor in one.factors.items()
    ]
    rows, places, factors = zip(*entries, strict=True) if entries else ((), (), ())
    shape = (len(known.sums), len(known.names))
    matrix = csr_matrix((factors, (rows, places)), shape=shape, dtype=float)
    least = np.array([one.low for one in known.sums], dtype=float)
    most = np.array([one.high for one in known.sums], dtype=float)
    return matrix, least, most


def _drawn_together(
    matrix: "csr_matrix", least: np.ndarray, most: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds of each count that follow from each sum and the bounds of its other counts."""
    rows, places = matrix.nonzero()
    factors = np.asarray(matrix[rows, places]).ravel()
    low, high = low.copy(), high.copy()
    n_sums = matrix.shape[0]
    for _ in range(_ROUNDS if len(rows) else 0):
        ends = np.sort(np.stack([factors * low[places], factors * high[places]]), axis=0)
        smallest = np.bincount(rows, ends[0], n_sums)[rows] - ends[0]
        largest = np.bincount(rows, ends[1], n_sums)[rows] - ends[1]
        reach = np.stack([(least[rows] - largest) / factors, (most[rows] - smallest) / factors])
        reach.sort(axis=0)
        new_low, new_high = low.copy(), high.copy()
        np.maximum.at(new_low, places, np.ceil(reach[0] - 1e-6))
        np.minimum.at(new_high, places, np.floor(reach[1] + 1e-6))
        if (new_low == low).all() and (new_high == high).all():
            break
        low, high = new_low, new_high
        if (low > high).any():
            break
    return low, high


def _parts(matrix: "csr_matrix") -> list[tuple[np.ndarray, np.ndarray]]:
    """Counts that hang together, with their sums."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    n_sums, n_counts = matrix.shape
    links = csr_matrix(abs(matrix.T) @ abs(matrix)) if n_sums else csr_matrix((n_counts, n_counts))
    _, labels = connected_components(links, directed=False)
    places = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels))[:-1])
    of_row = labels[matrix.indices[matrix.indptr[:-1]]] if n_sums else np.array([], dtype=int)
    order = np.argsort(of_row, kind="stable")
    sizes = np.bincount(of_row, minlength=len(places))
    rows = np.split(order, np.cumsum(sizes)[:-1])
    return list(zip(places, rows, strict=True))


class _Part:
    """Counts that hang together, as a system that can be solved."""

    def __init__(
        self,
        places: np.ndarray,
        matrix: "csr_matrix",
        ends: tuple[np.ndarray, np.ndarray],
        bounds: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self.places, self.matrix, self.ends = places, matrix, ends
        low, high = (bound[places] for bound in bounds)
        self.low, self.high = _drawn_together(matrix, *ends, low, high)

    def values_of_small(self) -> dict[int, range] | None:
        """For each count that can be 1 to 4, by its place: between which values it has been seen,
        three or all that it can have. None where nothing solves all sums.
        """
        if (self.low > self.high).any():
            return None
        at = np.flatnonzero((self.low <= SMALL) & (self.high >= 1))
        if not len(at):
            return {}
        seen: list[np.ndarray] = []
        # Each as small, or as large, as the others let it be: most show their three values so.
        sides = np.random.default_rng(0).choice((1.0, -1.0), (_ROUNDS_OF_ALL, len(at)))
        for side in (np.ones(len(at)), -np.ones(len(at)), *sides):
            if len(is_open := at[_open(seen, at)]):
                self._see(seen, is_open, side[_open(seen, at)])
            if not seen:
                return None
        for place in at[_open(seen, at)]:
            for sign in (1.0, -1.0):
                if _open(seen, place):
                    self._see(seen, place, sign)
        lowest, highest = np.min(seen, axis=0)[at], np.max(seen, axis=0)[at]
        return {
            int(self.places[place]): range(int(low), int(high) + 1)
            for place, low, high in zip(at, lowest, highest, strict=True)
        }

    def _see(self, seen: list[np.ndarray], towards, sign) -> None:
        """Note values of all counts with which the sums hold, if there are any: those of some as
        small (1) or as large (-1) as can be.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        weights = np.zeros(len(self.low))
        weights[towards] = sign
        with _quiet():
            solved = milp(
                weights,
                constraints=[LinearConstraint(self.matrix, *self.ends)],
                bounds=Bounds(self.low, self.high),
                integrality=np.ones(len(self.low)),
                options={"time_limit": _SECONDS},
            )
        if solved.x is not None:
            seen.append(np.round(solved.x))


def _open(seen: Sequence[np.ndarray], places) -> np.ndarray:
    """Which counts have not been seen as far apart as three values."""
    if not seen:
        return np.ones_like(places, dtype=bool)
    return np.ptp(np.array(seen)[:, places], axis=0) < ENOUGH - 1


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """The solver writes to the standard output past Python; what is printed belongs to others."""
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
