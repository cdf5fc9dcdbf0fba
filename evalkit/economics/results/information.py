"""What it would be worth to know some of the uncertain quantities before choosing: expected value
of partial perfect information.

The net benefit of every option is regressed on what would be known; the expected gain from choosing
by the fitted values is the worth of knowing. Knowing more can never be worth less, nor more than
knowing everything: the value of a set is the largest over its subsets, at most the EVPI.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from evalkit.economics.results.uncertainty import evpi
from evalkit.errors import EstimationError

# All subsets of the known groups are fitted: 255 regressions for eight groups.
MAX_GROUPS = 8


def evppi(net_benefit: ArrayLike, known: Mapping[str, ArrayLike]) -> float:
    """What it would be worth to know some quantities, or groups of them, before choosing.

    Parameters
    ----------
    net_benefit : array_like
        Money per participant; shape (draws, options). Doing nothing is an option of zeros.
    known : mapping of str to array_like
        By group, the drawn quantities that would be known: (draws,) or (draws, quantities).

    Returns
    -------
    float
        Money per participant; 0 <= evppi <= `evpi(net_benefit)`, and not less than for any subset
        of the groups.

    Raises
    ------
    EstimationError
        If the draws are not equally many, not finite, or too few for the quantities, or there are
        more than eight groups.

    References
    ----------
    Strong, Oakley & Brennan (2014), Medical Decision Making 34(3). The regression here is a
    quadratic polynomial without interactions.
    """
    net_benefit = np.asarray(net_benefit, dtype=float)
    ceiling = evpi(net_benefit)
    groups = [_columns(values, len(net_benefit), name) for name, values in known.items()]
    if len(groups) > MAX_GROUPS:
        raise _refused(
            f"There are {len(groups)} groups of quantities, and {MAX_GROUPS} is the limit.",
            "put quantities that are learnt together in one group.",
        )
    values = [
        _regressed(net_benefit, subset)
        for size in range(1, len(groups) + 1)
        for subset in combinations(groups, size)
    ]
    return float(min(ceiling, max(values, default=0.0)))


def draws_needed(n_quantities: int) -> int:
    """How many draws a regression on so many quantities needs: five for each term, which are a
    constant, each quantity and its square.
    """
    return 5 * (1 + 2 * n_quantities)


def _regressed(net_benefit: np.ndarray, groups: Sequence[np.ndarray]) -> float:
    design = _basis(np.hstack(groups))
    if draws_needed(design.shape[1] // 2) > len(net_benefit):
        raise _refused(
            f"There are {len(net_benefit)} draws for {design.shape[1]} terms.",
            "give at least five draws for each term, or fewer quantities.",
        )
    coefficients, *_ = np.linalg.lstsq(design, net_benefit, rcond=None)
    fitted = design @ coefficients
    best_on_average = fitted[:, np.argmax(net_benefit.mean(axis=0))]
    return float(np.mean(fitted.max(axis=1) - best_on_average))


def _basis(columns: np.ndarray) -> np.ndarray:
    """A constant, each quantity and its square, standardised; quantities that do not vary are left
    out.
    """
    spread = columns.std(axis=0)
    moving = spread > 1e-12 * np.maximum(1.0, np.abs(columns).max(axis=0))
    standard = (columns[:, moving] - columns[:, moving].mean(axis=0)) / spread[moving]
    return np.hstack([np.ones((len(columns), 1)), standard, standard**2])


def _columns(values: ArrayLike, n_draws: int, name: str) -> np.ndarray:
    columns = np.asarray(values, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if columns.ndim != 2 or len(columns) != n_draws or not np.all(np.isfinite(columns)):
        raise _refused(
            f"The group {name} does not hold a number for each draw.",
            "give the draws that the net benefit was made with.",
        )
    return columns


def _refused(what: str, fix: str) -> EstimationError:
    return EstimationError(
        what,
        where="evppi: argument known",
        why="The net benefit is regressed on what would be known, draw by draw.",
        fix=fix,
    )
