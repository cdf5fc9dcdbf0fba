"""Complementary suppression: a withheld cell must not be found by subtracting the shown cells of
its total.

Each total gives one linear equation: the parts sum to the row whose key is "all", or, where that
row is not in the table, to a total that readers are taken to know from elsewhere. A set of withheld
cells is safe when no cell is determined by the equations and no known sum of withheld cells lies
between 1 and min_count - 1. Cells are added, smallest first, until that holds.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, ch. 4 (frequency tables, secondary
suppression).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

TOTAL = "all"
_ZERO = 1e-9  # entries of an orthonormal basis: anything below is rounding


@dataclass(frozen=True)
class TotalEquation:
    """Rows of the parts of a total, and the row of the total itself when it is in the table."""

    parts: tuple[int, ...]
    total: int | None

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of the parts, and of the total where it is in the table."""
        return self.parts if self.total is None else (*self.parts, self.total)


def add_complements(
    is_withheld: np.ndarray,
    *,
    sizes: np.ndarray,
    equations: Sequence[TotalEquation],
    min_count: int,
    is_linked: bool,
) -> np.ndarray:
    """Withhold further rows until no small one can be found by subtraction.

    Parameters
    ----------
    is_withheld : ndarray of bool
        Rows withheld because they are small, or are zeros of a small group. Shape (rows,).
    sizes : ndarray of float
        Persons (or counts) of each row; several columns where several counts are shown. Shape
        (rows, columns).
    equations : sequence of TotalEquation
        The totals that readers know.
    min_count : int
        The smallest number that may be shown.
    is_linked : bool
        Whether a row can be in more than one equation. The equations are then solved together.

    Returns
    -------
    ndarray of bool
        Rows to withhold. Shape (rows,).
    """
    withheld = is_withheld.copy()
    for related in _related(equations) if is_linked else [equations]:
        _complete(withheld, is_withheld, sizes, related, min_count, is_linked=is_linked)
    return withheld


def _related(equations: Sequence[TotalEquation]) -> list[list[TotalEquation]]:
    """The equations in groups without a row in common: none tells anything of another."""
    group_of = list(range(len(equations)))

    def first(i: int) -> int:
        while group_of[i] != i:
            group_of[i] = group_of[group_of[i]]
            i = group_of[i]
        return i

    seen: dict[int, int] = {}
    for i, equation in enumerate(equations):
        for row in equation.rows:
            low, high = sorted((first(i), first(seen.setdefault(row, i))))
            group_of[high] = low
    groups: dict[int, list[TotalEquation]] = {}
    for i, equation in enumerate(equations):
        groups.setdefault(first(i), []).append(equation)
    return list(groups.values())


def _complete(
    withheld: np.ndarray,
    is_small: np.ndarray,
    sizes: np.ndarray,
    equations: Sequence[TotalEquation],
    min_count: int,
    *,
    is_linked: bool,
) -> None:
    """Withhold further rows, in place, until these equations give no small one away."""
    while True:
        is_determined = (
            determined_rows(withheld, equations) if is_linked else np.zeros_like(withheld)
        )
        exposed = set(np.flatnonzero(is_determined & is_small).tolist())
        # A large row that is determined anyway adds nothing to the sum that hides a small row.
        hiding = withheld & ~(is_determined & ~is_small)
        leaks = [
            equation
            for equation in equations
            if exposed.intersection(equation.rows)
            or _leaks(equation, withheld, hiding, is_small, sizes, min_count)
        ]
        partners = [
            partner
            for equation in leaks
            if (partner := _next_smallest(equation, withheld, sizes)) is not None
        ]
        if not partners:
            return
        # Where equations share rows, one partner may mend several leaks: look again after each.
        withheld[partners[:1] if is_linked else partners] = True


def total_equations(
    table: pl.DataFrame, *, keys: Sequence[str], total_over: Sequence[str]
) -> list[TotalEquation]:
    """One equation for each total over a key column, the other keys held fixed. Where a table has
    rows of totals over a column, a part that stands alone without one is no part of a total: it
    divides something else (work among results).

    Parameters
    ----------
    table : DataFrame
        One row per cell; row positions are used.
    keys, total_over : sequence of str
        All key columns, and those over which counts add up. A key value "all" is the total.
    """
    rows = table.select(keys).with_row_index("_row")
    equations = []
    for dimension in total_over:
        others = [key for key in keys if key != dimension]
        cells = rows.select(
            "_row", (pl.col(dimension).cast(pl.String) == TOTAL).alias("_is_total"), *others
        )
        has_totals = cells["_is_total"].any()
        for group in cells.partition_by(others, maintain_order=True) if others else [cells]:
            parts = group.filter(~pl.col("_is_total"))["_row"].to_list()
            total = group.filter("_is_total")["_row"].to_list()
            if parts and (total or len(parts) > 1 or not has_totals):
                equations.append(TotalEquation(tuple(parts), total[0] if total else None))
    return equations


def zeros_of_small_groups(
    sizes: np.ndarray, equations: Sequence[TotalEquation], min_count: int
) -> np.ndarray:
    """Which rows say "none" of a group of 1 to min_count - 1 persons, and so something about each
    of its members.

    A group's size is that of its total; where the table has no row for it, the group counts as
    small when every part is, since the same person may be counted in several.

    Parameters
    ----------
    sizes, min_count
        As in `add_complements`.
    equations : sequence of TotalEquation
        Those whose parts divide a group that readers know.

    Returns
    -------
    ndarray of bool
        Shape (rows,).
    """
    is_telling = np.zeros(len(sizes), dtype=bool)
    for equation in equations:
        parts = list(equation.parts)
        group = sizes[parts].max(axis=0) if equation.total is None else sizes[equation.total]
        is_small = (group > 0) & (group < min_count)
        is_telling[parts] |= np.logical_or.reduce((sizes[parts] == 0) & is_small, axis=1)
    return is_telling


def determined_rows(withheld: np.ndarray, equations: Sequence[TotalEquation]) -> np.ndarray:
    """Which withheld rows follow from the equations and the shown rows: those that are zero in
    every solution of the homogeneous system.
    """
    is_determined = np.zeros_like(withheld)
    rows = np.unique(np.concatenate([[], *(equation.rows for equation in equations)])).astype(int)
    unknown = rows[withheld[rows]]
    if not len(unknown):
        return is_determined
    position = {int(row): column for column, row in enumerate(unknown)}
    system = np.zeros((len(equations), len(unknown)))
    for line, equation in enumerate(equations):
        for row in equation.rows:
            if row in position:
                system[line, position[row]] = -1.0 if row == equation.total else 1.0
    _, singular, basis = np.linalg.svd(system)
    free = basis[int((singular > _ZERO).sum()) :]
    is_determined[unknown] = (np.abs(free) < _ZERO).all(axis=0)
    return is_determined


def _leaks(
    equation: TotalEquation,
    withheld: np.ndarray,
    hiding: np.ndarray,
    is_small: np.ndarray,
    sizes: np.ndarray,
    min_count: int,
) -> bool:
    """Whether the total gives away its only withheld row, a small sum of withheld parts, or zeros
    of a small group.
    """
    n_withheld = sum(withheld[row] for row in equation.rows)
    if n_withheld <= 1:
        return n_withheld == 1
    if equation.total is not None and withheld[equation.total]:
        return False
    known_sum = sizes[[row for row in equation.parts if hiding[row]]].sum(axis=0)
    has_zero = any(is_small[row] and not sizes[row].any() for row in equation.parts)
    return bool((((known_sum > 0) | has_zero) & (known_sum < min_count)).any())


def _next_smallest(equation: TotalEquation, withheld: np.ndarray, sizes: np.ndarray) -> int | None:
    """The row to withhold next: the smallest part above zero, else the total, else a zero; None
    when all are withheld.
    """
    shown = [row for row in equation.parts if not withheld[row]]
    parts = [row for row in shown if sizes[row].max() > 0]
    if parts:
        return min(parts, key=lambda row: (sizes[row].sum(), row))
    if equation.total is not None and not withheld[equation.total]:
        return equation.total
    return shown[0] if shown else None
