"""The covariance of regression coefficients when rows of a cluster vary together."""

import numpy as np

# A robust variance below this share of the model's is what rounding leaves of scores that cancel.
_CANCELLED = 1e-12


def sandwich(scores: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Covariance of coefficients from the weighted scores of every cluster (n_clusters, n_terms)
    and the inverse information.

    All NaN where the scores of every cluster are zero: at the estimate they sum to zero, so those
    of a single cluster always are, and those of rows that all end alike may be. Such data do not
    show how far the estimate could have been another (Lin & Wei 1989, JASA 84:1074).
    """
    influence = scores @ model
    covariance = influence.T @ influence
    if (np.diag(covariance) <= _CANCELLED * np.diag(model)).all():
        return np.full_like(covariance, np.nan)
    return covariance
