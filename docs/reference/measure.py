"""How far evalkit is from what other packages computed: the tests of published results, run once
more and listened to.

Writes `differences.csv` beside this file; run it from the repository's folder when a test of
tests/published changes:  .venv/bin/python docs/reference/measure.py
"""

import csv
import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "tests" / "published"
# Of these, the tests that read published results (REFERENCE).
OTHERS = [
    ROOT / "tests" / "economics" / f"test_{name}.py"
    for name in ("discounting", "projection", "uncertainty", "welfare")
]
TABLE = Path(__file__).with_name("differences.csv")
HEAD = ("module", "test", "n_cases", "n_numbers", "largest_difference")


class Listener:
    """Takes part in a run of pytest: every comparison that a test makes is noted by test."""

    def __init__(self):
        self.largest: dict[tuple[str, str], float] = defaultdict(float)
        self.cases: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.n_numbers: dict[tuple[str, str], int] = defaultdict(int)
        self.failed: list[str] = []
        self.now: tuple[tuple[str, str], str] | None = None

    def note(self, ours: Any, theirs: Any) -> None:
        """One comparison: the difference, relative where the published number is above 1."""
        if self.now is None:
            return
        pairs = list(zip(_numbers(ours), _numbers(theirs), strict=False))
        test, case = self.now
        self.cases[test].add(case)
        self.n_numbers[test] += len(pairs)
        gaps = [abs(own - other) / max(1.0, abs(other)) for own, other in pairs]
        self.largest[test] = max([self.largest[test], *(gap for gap in gaps if gap == gap)])

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        """The fixture `deviation` is handed on with an ear at it."""
        compared = yield
        if fixturedef.argname != "deviation":
            return compared

        def noted(ours, theirs) -> float:
            ours, theirs = list(ours), list(theirs)
            self.note(ours, theirs)
            return compared(ours, theirs)

        fixturedef.cached_result = (noted, *fixturedef.cached_result[1:])
        return noted

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        """Which test the next comparisons belong to; None where nothing published is read."""
        is_published = PUBLISHED in item.path.parents
        is_published |= "REFERENCE" in inspect.getsource(item.function)
        test = item.path.relative_to(ROOT).as_posix(), item.originalname or item.name
        self.now = (test, item.nodeid) if is_published else None

    def pytest_runtest_logreport(self, report):
        """What failed."""
        if report.failed:
            self.failed.append(report.nodeid)


def main() -> int:
    """Run the tests and write the table; nothing is written when one of them fails."""
    listener = Listener()
    _listen_to_approx(listener)
    places = [str(place) for place in (PUBLISHED, *OTHERS)]
    pytest.main(["-q", "-p", "no:nbval", "-p", "no:cacheprovider", *places], plugins=[listener])
    if listener.failed:
        return 1
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(HEAD)
        for test, largest in sorted(listener.largest.items()):
            counts = len(listener.cases[test]), listener.n_numbers[test]
            rows.writerow((*test, *counts, f"{largest:.1e}"))
    return 0


def _listen_to_approx(listener: Listener) -> None:
    """`pytest.approx` notes what it is compared with."""
    approx = pytest.approx

    class Noting:
        __hash__ = None
        # Arrays leave the comparison to this side.
        __array_ufunc__ = None

        def __init__(self, expected: Any, **tolerance: Any):
            self.expected, self.within = expected, approx(expected, **tolerance)

        def __eq__(self, other: object) -> bool:
            listener.note(other, self.expected)
            return other == self.within

        def __repr__(self) -> str:
            return repr(self.within)

    pytest.approx = Noting


def _numbers(value: Any) -> Iterator[float]:
    """All numbers of nested lists, arrays, columns and mappings, in their order."""
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _numbers(value[key])
    elif value is None:
        yield float("nan")
    elif np.ndim(value) == 0 and not isinstance(value, str | Iterator):
        yield float(value)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for one in value:
            yield from _numbers(one)


if __name__ == "__main__":
    sys.exit(main())
