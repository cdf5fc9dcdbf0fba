"""A linear or mixed-integer program in named blocks of constraints, solved by HiGHS through
scipy.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import sparse

from evalkit.errors import EstimationError

# Where a search is not over, it ends by a count: what is found must not depend on what else the
# machine does.
MOST_NODES = 10_000


@dataclass(frozen=True)
class Solution:
    """Values of the variables, the objective, and the gap that is left (share of the bound)."""

    values: np.ndarray
    objective: float
    gap: float


@dataclass
class Program:
    """Maximise objective' x subject to rows of `block x <= upper`, with bounds; some variables
    whole numbers.
    """

    n_variables: int
    objective: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    is_whole: np.ndarray
    blocks: dict[str, tuple[sparse.csr_array, np.ndarray]] = field(default_factory=dict)

    def limit(
        self,
        name: str,
        rows: np.ndarray,
        columns: np.ndarray,
        coefficients: np.ndarray,
        upper: np.ndarray,
    ) -> None:
        """Add a block of rows: sum of coefficients * x <= upper."""
        matrix = sparse.csr_array(
            (coefficients, (rows, columns)), shape=(len(upper), self.n_variables)
        )
        self.blocks[name] = (matrix, np.asarray(upper, dtype=float))

    def solve(self, *, gap: float = 1e-4) -> Solution:
        """The best values of the variables.

        Raises
        ------
        EstimationError
            If no values satisfy all limits, or none were found within `MOST_NODES` nodes of the
            search.
        """
        from scipy.optimize import Bounds, LinearConstraint, milp

        result = milp(
            -self.objective,
            integrality=self.is_whole.astype(int),
            bounds=Bounds(self.lower, self.upper),
            constraints=[
                LinearConstraint(matrix, -np.inf, upper)
                for matrix, upper in self.blocks.values()
                if len(upper)
            ],
            options={"mip_rel_gap": gap, "node_limit": MOST_NODES},
        )
        if result.x is None:
            raise EstimationError(
                "No allocation satisfies all limits."
                if result.status == 2
                else "No allocation was found.",
                where=f"limits: {self._limits_in_words()}",
                why="Budgets, places, eligibility and equality limits together leave nothing to "
                "choose from.",
                fix="lower the equality floor or the smallest group, or raise a budget.",
            )
        return Solution(result.x, float(self.objective @ result.x), float(result.mip_gap or 0.0))

    def _limits_in_words(self) -> str:
        return ", ".join(f"{name} ({len(upper)})" for name, (_, upper) in self.blocks.items())

    def at_least(self, is_counted: np.ndarray, demand: float) -> "Program":
        """The program whose counted variables must sum to a demand; the program itself where that
        is nothing.
        """
        if demand <= 0:
            return self
        counted = np.flatnonzero(is_counted)
        more = replace(self, blocks=dict(self.blocks))
        more.limit(
            "demand",
            np.zeros(len(counted), dtype=int),
            counted,
            -np.ones(len(counted)),
            np.array([-demand]),
        )
        return more

    def restricted(self, columns: np.ndarray, *, dropped: tuple[str, ...]) -> "Program":
        """Some of the variables alone, with the rows that name them; blocks in `dropped` are left
        out.
        """
        blocks = {}
        for name, (matrix, upper) in self.blocks.items():
            if name not in dropped:
                restricted = matrix[:, columns]
                rows = np.flatnonzero(np.diff(restricted.indptr))
                blocks[name] = (restricted[rows], upper[rows])
        taken = (
            array[columns] for array in (self.objective, self.lower, self.upper, self.is_whole)
        )
        return Program(len(columns), *taken, blocks)

    def relaxed_shadow_prices(self) -> dict[str, np.ndarray]:
        """Shadow prices by block when no variable need be whole."""
        nothing_fixed = np.zeros(self.n_variables, dtype=bool)
        return self.shadow_prices(np.zeros(self.n_variables), nothing_fixed)

    def shadow_prices(self, values: np.ndarray, fixed: np.ndarray) -> dict[str, np.ndarray]:
        """By block, what the objective gains per unit of each limit, where the `fixed` variables
        keep their `values`.
        """
        from scipy.optimize import linprog

        lower, upper = self.lower.copy(), self.upper.copy()
        lower[fixed] = upper[fixed] = np.round(values[fixed])
        matrix = sparse.vstack([block for block, _ in self.blocks.values()], format="csr")
        relaxed = linprog(
            -self.objective,
            A_ub=matrix,
            b_ub=np.concatenate([limit for _, limit in self.blocks.values()]),
            bounds=np.column_stack([lower, upper]),
            method="highs",
        )
        ends = np.cumsum([0, *(len(limit) for _, limit in self.blocks.values())])
        marginals = -relaxed.ineqlin.marginals + 0.0
        return {
            name: marginals[start:end]
            for name, start, end in zip(self.blocks, ends, ends[1:], strict=False)
        }
