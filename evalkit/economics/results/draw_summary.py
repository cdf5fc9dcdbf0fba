"""Draws to rows: the point estimate with the range of the replicates and how often they are above
zero.
"""

import numpy as np

from evalkit.draws import percentile_limits, probability_above_zero


def summarise(
    draws: np.ndarray, n_independent: int, conf_level: float = 0.95
) -> dict[str, float | None]:
    """The estimate (the first draw), its limits (percentiles of the other draws, of which
    `n_independent` are not recycled) and the probability of lying above zero.

    Raises
    ------
    EstimationError
        If the confidence level is not between 0 and 1.
    """
    low, high = percentiles(draws[1:], conf_level, n_independent)
    probability = probability_above_zero(draws[1:], n_independent=n_independent)
    return {
        "estimate": float(draws[0]) + 0.0,
        "ci_lower": low,
        "ci_upper": high,
        "probability_positive": probability,
    }


def percentiles(
    replicates: np.ndarray, conf_level: float, n_independent: int
) -> tuple[float | None, float | None]:
    """Lower and upper limit of the replicates; None without replicates."""
    low, high = percentile_limits(replicates, conf_level, n_independent=n_independent)
    return (float(low) + 0.0, float(high) + 0.0) if replicates.size else (None, None)
