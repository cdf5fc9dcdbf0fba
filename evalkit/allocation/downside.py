"""Allocations that weigh the worst draws, by cutting planes.

The mean of the worst draws is the least of the means under all weights of draws that the level
allows. Each round finds an allocation, and adds the weights that are worst for it as a limit; what
is found without the others is an upper bound, so the gap is proven. Rounds without whole numbers
come first, since they are quick and find nearly all limits that matter.

References
----------
Kuenzi-Bay & Mayer (2006), Computational Management Science 3(1).
"""

from dataclasses import replace

import numpy as np

from evalkit.allocation.program import Program, Solution

_RELAXED_ROUNDS, _WHOLE_ROUNDS = 200, 10


def worst_weights(totals: np.ndarray, level: float) -> np.ndarray:
    """Weights of draws whose mean is that of the worst `level` of them; a draw on the edge counts
    in part.
    """
    in_tail = level * len(totals)
    weights = np.empty(len(totals))
    weights[np.argsort(totals, kind="stable")] = (
        np.clip(in_tail - np.arange(len(totals)), 0, 1) / in_tail
    )
    return weights


def solve_with_downside(
    program: Program, draws: np.ndarray, starts: np.ndarray, *, level: float, gap: float
) -> Solution:
    """The best values of a program whose last variable is the mean of the worst draws of what the
    starts are worth.

    Parameters
    ----------
    program : Program
        Its last variable has a weight in the objective, and no limit yet.
    draws : ndarray
        (start, draw): what a start is worth.
    starts : ndarray
        Which variables are starts.
    level : float
        The share of draws that are the worst.
    gap : float
        How far below the optimum the search may stop, as a share.
    """
    cuts = _Cuts(program, draws, starts, level)
    cuts.add(np.zeros(program.n_variables))
    relaxed = replace(program, is_whole=np.zeros_like(program.is_whole))
    for _ in range(_RELAXED_ROUNDS):
        solution = relaxed.solve()
        shortfall = solution.objective - cuts.reached(solution.values)
        if shortfall <= 0.1 * gap * abs(solution.objective):
            break
        cuts.add(solution.values)
    best, bound, left = np.zeros(0), np.inf, np.inf
    for _ in range(_WHOLE_ROUNDS):
        solution = program.solve(gap=0.8 * gap)
        if solution.gap < np.inf:
            bound = min(bound, solution.objective + solution.gap * abs(solution.objective))
        if not best.size or cuts.reached(solution.values) > cuts.reached(best):
            best = solution.values
        left = (
            np.inf
            if bound == np.inf
            else max(0.0, (bound - cuts.reached(best)) / abs(bound))
            if bound
            else 0.0
        )
        if left <= gap:
            break
        cuts.add(solution.values)
    return Solution(best, cuts.reached(best), left)


class _Cuts:
    """The limits on the mean of the worst draws that have been found so far."""

    def __init__(self, program: Program, draws: np.ndarray, starts: np.ndarray, level: float):
        self.program, self.draws, self.starts, self.level = program, draws, starts, level
        self.worths: list[np.ndarray] = []

    def reached(self, values: np.ndarray) -> float:
        """The objective with the mean of the worst draws as it is, not as the limits so far
        allow.
        """
        totals = values[self.starts] @ self.draws
        worst = float(worst_weights(totals, self.level) @ totals)
        return (
            float(self.program.objective[:-1] @ values[:-1])
            + float(self.program.objective[-1]) * worst
        )

    def add(self, values: np.ndarray) -> None:
        """A limit by the weights that are worst for these values."""
        self.worths.append(self.draws @ worst_weights(values[self.starts] @ self.draws, self.level))
        n, n_starts = len(self.worths), len(self.starts)
        rows = np.concatenate([np.repeat(np.arange(n), n_starts), np.arange(n)])
        columns = np.concatenate(
            [np.tile(self.starts, n), np.full(n, self.program.n_variables - 1)]
        )
        self.program.limit(
            "downside",
            rows,
            columns,
            np.concatenate([-np.concatenate(self.worths), np.ones(n)]),
            np.zeros(n),
        )
