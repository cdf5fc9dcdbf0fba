"""What somebody learns who compares all public vintages of a city's ends of support: by the rule of
`evalkit.public`, and by looser ones.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, lil_array
from sequence import Extract

from evalkit.disclosure.rounding import BASE
from evalkit.public.changed_people import MIN_CHANGED, n_changed

CITY, STOCK = "all", "still_on_support"
_HALF = BASE // 2
# More people than any of the cities has.
_MANY = 10_000
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Policy:
    """How vintages become public: every so many months, to which base numbers are rounded (1:
    exact), by which digest a district is held back, if any ("digest", "rows"), and whether the
    city's number is left out where by it a small one is known within fewer than three values.
    """

    every: int
    base: int = BASE
    held_by: str = ""
    is_attacked: bool = False

    @property
    def look_at_each(self) -> int:
        """How many small numbers there are for each that is looked at: fewer of many vintages."""
        return 3 if self.every == 1 else 1


POLICIES = {
    "exact, monthly": Policy(1, base=1),
    "rounded, monthly": Policy(1),
    "rounded, quarterly": Policy(3),
    "rounded, quarterly, 5 with new rows": Policy(3, held_by="rows"),
    "rounded, quarterly, 5 changed": Policy(3, held_by="digest"),
    "rounded, quarterly, 5 changed, attacked": Policy(3, held_by="digest", is_attacked=True),
}


@dataclass(frozen=True)
class Vintage:
    """What is public: its place in the sequence, the true counts by district and way out at its
    month (the city's last), of each district the place at which the numbers that it shows were
    counted, and the ways out of which the city's number is left out.
    """

    place: int
    truth: np.ndarray
    stands: tuple[int, ...]
    left_out: frozenset[int] = frozenset()


def public_vintages(extracts: Sequence[Extract], policy: Policy) -> tuple[list[Vintage], list[str]]:
    """The sequence of public vintages (the city's row last), and the names of the districts."""
    chosen = extracts[:: policy.every]
    last = chosen[-1].exits
    districts = [*sorted(set(last["district"]) - {CITY}), CITY]
    exits = sorted(set(last["exit"]) - {STOCK})
    vintages: list[Vintage] = []
    for place, extract in enumerate(chosen):
        before = vintages[-1].stands if vintages else (place,) * len(districts)
        stands = tuple(
            place if vintages and _is_new(chosen[was], extract, district, policy) else was
            for was, district in zip(before, districts, strict=True)
        )
        truth = _counts(extract.exits, districts, exits)
        vintage = Vintage(place, truth, stands)
        if policy.is_attacked:
            vintage = replace(vintage, left_out=_narrow([*vintages, vintage], policy.base))
        vintages.append(vintage)
    return vintages, districts


def _is_new(before: Extract, now: Extract, district: str, policy: Policy) -> bool:
    if not policy.held_by:
        return True
    then, today = getattr(before, policy.held_by), getattr(now, policy.held_by)
    return n_changed(then, today, None if district == CITY else district) >= MIN_CHANGED


def _counts(exits: pl.DataFrame, districts: list[str], ways: list[str]) -> np.ndarray:
    found = {(row["district"], row["exit"]): row["n_spells"] for row in exits.to_dicts()}
    return np.array([[found.get((d, w), 0) for w in ways] for d in districts])


def shown(counts: np.ndarray, base: int) -> np.ndarray:
    """Counts as they are published."""
    return np.floor((counts + base / 2) / base) * base if base > 1 else counts.astype(float)


def steps(vintages: Sequence[Vintage]) -> Iterator[tuple[int, int, int]]:
    """Each time that a district's numbers are new: its place, and the places of both counts."""
    of_place = {vintage.place: number for number, vintage in enumerate(vintages)}
    for before, now in pairwise(vintages):
        for district, (a, b) in enumerate(zip(before.stands, now.stands, strict=True)):
            if a != b and district < len(now.stands) - 1:
                yield district, of_place[a], of_place[b]


def learnt_from_steps(vintages: Sequence[Vintage], base: int) -> dict[str, int]:
    """How often differences between two public numbers tell something.

    Returns
    -------
    dict of str to int
        leavers: all who have left support between two numbers of their district; read: those of
        them whose way out is the only one that rose, nobody else having left; guessed: those whose
        way out is the one that rose most; common: those whose way out was the most frequent one
        before, which anybody may guess. rises, alone: small numbers that rose by one step (0-2 to
        5), and those of them where it was one person, so that both counts are known to whoever
        supposes so.
    """
    found = dict.fromkeys(("leavers", "read", "guessed", "common", "rises", "alone"), 0)
    for district, a, b in steps(vintages):
        then, now = vintages[a].truth[district], vintages[b].truth[district]
        grown, rise = np.maximum(now - then, 0), shown(now, base) - shown(then, base)
        found["leavers"] += int(grown.sum())
        found["common"] += int(grown[int(np.argmax(shown(then, base)))])
        if (rise > 0).any():
            most = int(np.lexsort((now, rise))[-1])
            found["guessed"] += int(grown[most])
            found["read"] += int(grown.sum() == 1 == grown[most] and (rise > 0).sum() == 1)
        if base > 1:
            is_rise = (shown(then, base) == 0) & (shown(now, base) == base)
            found["rises"] += int(is_rise.sum())
            found["alone"] += int((is_rise & (now - then == 1)).sum())
    return found


def known_small(vintages: Sequence[Vintage], base: int, *, each: int = 1) -> dict[str, int]:
    """How many of the public numbers that stand for 1 to 4 are known exactly or within one, by
    linear programming over all vintages: what is shown of each, that districts make the city, and
    that a number of people who have left never falls. `each` 3 looks at every third number only.
    """
    found = {"small": 0, "exactly": 0, "within one": 0}
    if base == 1:
        return found  # what is exact needs no attack
    for way in range(vintages[0].truth.shape[1]):
        for width in _widths(vintages, way, base, each=each):
            found["small"] += 1
            found["exactly"] += width == 0
            found["within one"] += width <= 1
    return found


def _narrow(vintages: Sequence[Vintage], base: int) -> frozenset[int]:
    """The ways out of which a small number is known within fewer than three values."""
    ways = range(vintages[0].truth.shape[1])
    return frozenset(
        way for way in ways if any(width <= 1 for width in _widths(vintages, way, base))
    )


def _widths(vintages: Sequence[Vintage], way: int, base: int, *, each: int = 1) -> Iterator[int]:
    """How far apart the least and the largest value of each public 1 to 4 of one way out lie.
    Nothing that is known here joins one way out to another.
    """
    truth = np.array([vintage.truth[:, way] for vintage in vintages])
    of_place = {vintage.place: number for number, vintage in enumerate(vintages)}
    city = truth.shape[1] - 1
    public = sorted(
        {
            (of_place[was], district)
            for vintage in vintages
            for district, was in enumerate(vintage.stands)
            if district < city or way not in vintages[of_place[was]].left_out
        }
    )
    low, high = np.zeros(truth.shape), np.full(truth.shape, float(_MANY))
    for cell in public:
        value = shown(truth[cell], base)
        low[cell], high[cell] = max(value - _HALF, 0), value + _HALF
    sums = _sums(truth)
    index = np.arange(truth.size).reshape(truth.shape)
    for cell in public[::each]:
        if 1 <= truth[cell] <= 4:
            least, most = (
                _end(index[cell], sign, low.ravel(), high.ravel(), sums) for sign in (1, -1)
            )
            assert least <= truth[cell] <= most
            yield most - least


def _end(
    cell: int,
    sign: int,
    low: np.ndarray,
    high: np.ndarray,
    sums: tuple[csr_array, np.ndarray],
) -> int:
    """The least (sign 1) or the largest (-1) value that a number can have, as a whole number.

    The linear programme alone: with whole numbers asked for, HiGHS 1.12 gives a least value of 4
    where 3 is possible.
    """
    objective = np.zeros(low.size)
    objective[cell] = sign
    matrix, upper = sums
    constraints = LinearConstraint(matrix, 0, upper)
    solved = milp(objective, bounds=Bounds(low, high), constraints=constraints)
    return sign * math.ceil(solved.fun - _TOLERANCE)


def _sums(truth: np.ndarray) -> tuple[csr_array, np.ndarray]:
    """Districts make the city at each place; what has been counted once stays, where it did."""
    n_places, n_districts = truth.shape
    index = np.arange(truth.size).reshape(truth.shape)
    rows = [([*index[place]], [1] * (n_districts - 1) + [-1], 0) for place in range(n_places)]
    rows += [
        ([index[place + 1, d], index[place, d]], [1, -1], np.inf)
        for place in range(n_places - 1)
        for d in range(n_districts)
        if truth[place + 1, d] >= truth[place, d]
    ]
    matrix = lil_array((len(rows), truth.size))
    for number, (cells, factors, _) in enumerate(rows):
        matrix[number, cells] = factors
    return matrix.tocsr(), np.array([row[2] for row in rows])
