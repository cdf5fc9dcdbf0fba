"""The difference between those who were drawn and those who wait, with covariates: how a lottery is
read when it is over, and the test on which its power rests.
"""

from typing import NamedTuple

import numpy as np

from evalkit.effects.weighting.contrast import solve_scaled

# People for each covariate. With fewer the plain difference of means is the better estimate.
_PEOPLE_PER_TERM = 10


class DrawnDifference(NamedTuple):
    """One entry per outcome, (n_outcomes,): difference and std_error in the outcome's unit;
    degrees: degrees of freedom of its test.
    """

    difference: np.ndarray
    std_error: np.ndarray
    degrees: int


def drawn_difference(
    values: np.ndarray, is_drawn: np.ndarray, covariates: np.ndarray, cluster: np.ndarray
) -> DrawnDifference:
    """The coefficient of having been drawn in a regression on it and on covariates, with errors
    clustered by household.

    Where there are fewer than ten people for each covariate, it is the plain difference of means.

    Parameters
    ----------
    values : ndarray (n_people,) or (n_people, n_outcomes)
        Outcomes of the same people.
    is_drawn : ndarray (n_people,) bool
        By lot.
    covariates : ndarray (n_people, n_covariates)
        Measured before the lots.
    cluster : ndarray (n_people,) int
        From 0 on, whose households.

    References
    ----------
    Lin (2013), Ann. Appl. Stat. 7:295; Cameron & Miller (2015), J. Hum. Resour. 50:317 (the
    correction for few clusters, with clusters less terms as degrees of freedom).
    """
    values = values.reshape(len(values), -1).astype(float)
    n, n_clusters = len(values), int(cluster.max()) + 1
    varies = np.ptp(covariates, axis=0) > 0 if covariates.size else np.zeros(0, bool)
    n_terms = int(varies.sum())
    if n < _PEOPLE_PER_TERM * n_terms:
        varies, n_terms = np.zeros_like(varies), 0
    others = np.column_stack([np.ones(n), covariates[:, varies]])
    both = np.column_stack([is_drawn.astype(float), values])
    # What the covariates do not tell of having been drawn, and of the outcomes.
    rest = both - others @ solve_scaled(others.T @ others, others.T @ both)
    drawn, outcomes = rest[:, 0], rest[:, 1:]
    difference = drawn @ outcomes / (drawn @ drawn)
    scores = drawn[:, None] * (outcomes - drawn[:, None] * difference)
    by_cluster = np.zeros((n_clusters, scores.shape[1]))
    np.add.at(by_cluster, cluster, scores)
    correction = n_clusters / (n_clusters - 1) * (n - 1) / (n - n_terms - 2)
    std_error = np.sqrt(correction * (by_cluster**2).sum(axis=0)) / (drawn @ drawn)
    return DrawnDifference(difference, std_error, max(1, n_clusters - n_terms - 2))
