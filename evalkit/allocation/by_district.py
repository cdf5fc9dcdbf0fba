"""A large allocation district by district: where only the equality floor ties districts together,
each is solved alone at the floor's price.

The price of serving a district less than the floor comes from the linear relaxation. At that price
the districts' own optima add up to an upper bound of the whole (Lagrange); solved once more with
the floor as a demand, they make an allocation that keeps every limit. The gap between the two is
proven, and small: a district's doors are opened and closed exactly, and only the floor's price is
approximate.
"""

from dataclasses import replace

import numpy as np

from evalkit.allocation.program import Program, Solution
from evalkit.errors import EstimationError

# Rows that name several districts; `equality` is the floor, the others only define the sum of all
# starts.
TIES = ("total", "total_again", "equality", "free_budget")
_ROUNDS = 12
_SLACK = 1e-7


def solve_by_district(
    program: Program,
    district_of_variable: np.ndarray,
    *,
    starts: np.ndarray,
    total: int,
    gap: float,
) -> Solution | None:
    """The program's best values, found district by district.

    Parameters
    ----------
    program : Program
        Its blocks other than `TIES` each concern one district's variables.
    district_of_variable : ndarray
        The district of each variable, -1 for the sum of all starts.
    starts : ndarray
        Which variables are starts.
    total : int
        The variable that is the sum of all starts.
    gap : float
        How far each district's search may stop below its optimum, as a share.

    Returns
    -------
    Solution or None
        None where a district cannot meet the floor's demand: the whole program must say whether
        anything can.
    """
    floors, spared, prices = _floors(program, district_of_variable, total)
    columns = {
        d: np.flatnonzero(district_of_variable == d)
        for d in np.unique(district_of_variable[starts])
    }
    alone = {d: program.restricted(variables, dropped=TIES) for d, variables in columns.items()}
    is_start = {d: np.isin(variables, starts) for d, variables in columns.items()}
    values, bound = np.zeros(program.n_variables), float(prices @ spared)
    for d, variables in columns.items():
        at_the_price = replace(
            alone[d], objective=alone[d].objective + is_start[d] * (prices[d] - prices @ floors)
        )
        solution = at_the_price.solve(gap=gap)
        values[variables] = solution.values
        bound += solution.objective + solution.gap * abs(solution.objective)
    demanding, demanded = list(columns), values[starts].sum()
    for _ in range(_ROUNDS):
        try:
            for d in demanding:
                values[columns[d]] = (
                    alone[d]
                    .at_least(is_start[d], floors[d] * demanded - spared[d])
                    .solve(gap=gap)
                    .values
                )
        except EstimationError:
            return None
        values[total] = values[starts].sum()
        demanding = [
            d
            for d, variables in columns.items()
            if values[variables][is_start[d]].sum() < floors[d] * values[total] - spared[d] - _SLACK
        ]
        if not demanding:
            objective = float(program.objective @ values)
            return Solution(
                values, objective, max(0.0, (bound - objective) / abs(bound)) if bound else 0.0
            )
        demanded = max(demanded, values[total])
    return None


def _floors(
    program: Program, district_of_variable: np.ndarray, total: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each district: its floor as a share of all starts, the part of a start that it is spared,
    and the floor's price.
    """
    floors, spared, prices = np.zeros((3, int(district_of_variable.max()) + 1))
    if "equality" in program.blocks:
        matrix, upper = program.blocks["equality"]
        rows = (matrix[[i]] for i in range(len(upper)))
        first_of_row = [row.indices[row.indices != total][0] for row in rows]
        districts = district_of_variable[first_of_row]
        floors[districts], spared[districts] = matrix[:, [total]].toarray()[:, 0], upper
        prices[districts] = np.maximum(program.relaxed_shadow_prices()["equality"], 0.0)
    return floors, spared, prices
