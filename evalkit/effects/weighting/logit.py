"""Logits by iteratively reweighted least squares, and their replicates by one Newton step.

A replicate weights persons anew. From the point estimate one Newton step with the replicate's own
score and information is as good as its maximum up to terms of order 1/n (Le Cam; van der Vaart
1998, Asymptotic Statistics, section 5.7), and both are sums over persons, so that all replicates
cost one matrix product. `weighted_logit` gives the same estimates as statsmodels' GLM (tests).
"""

from dataclasses import dataclass

import numpy as np

# Beyond this linear predictor a fitted probability is 0 or 1 to 13 digits: the data separate and
# the coefficient runs away.
SEPARATED = 30.0
_MAX_ITERATIONS = 40
_TOLERANCE = 1e-10
# Information on a term that a replicate has lost with its people: this share of the point's keeps
# the term where it was.
_RIDGE = 1e-8
_CHUNK_VALUES = 8_000_000


@dataclass(frozen=True)
class LogitFit:
    """A fitted logit.

    coefficients : (n_terms,). is_converged : whether the iterations converged; with separated data
    they do not, and the fit stops where probabilities are 0 or 1.
    """

    coefficients: np.ndarray
    is_converged: bool


def weighted_logit(
    design: np.ndarray, treated: np.ndarray, weights: np.ndarray, *, start: np.ndarray | None = None
) -> LogitFit:
    """Coefficients of a logit; 0 for a column that repeats the constant (`varying_columns`).

    Parameters
    ----------
    design : ndarray (n_rows, n_terms)
        Covariates, with a constant.
    treated : ndarray (n_rows,)
        1 where the intervention started.
    weights : ndarray (n_rows,)
        Weights of the log-likelihood, >= 0.
    start : ndarray (n_terms,), optional
        Where to begin; a similar fit saves iterations.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 4.4.
    """
    varies = varying_columns(design)
    if not varies.all():
        fit = weighted_logit(
            design[:, varies], treated, weights, start=None if start is None else start[varies]
        )
        return LogitFit(_spread(fit.coefficients, varies), fit.is_converged)
    beta = np.zeros(design.shape[1]) if start is None else start.copy()
    for _ in range(_MAX_ITERATIONS):
        eta = np.clip(design @ beta, -SEPARATED, SEPARATED)
        p = 1 / (1 + np.exp(-eta))
        curvature = weights * p * (1 - p)
        information = (design * curvature[:, None]).T @ design
        step = _solve(information, design.T @ (weights * (treated - p)))
        beta = beta + step
        if np.abs(step).max() < _TOLERANCE:
            return LogitFit(beta, bool(np.abs(design @ beta).max() < SEPARATED))
    return LogitFit(beta, False)


def replicate_logits(
    design: np.ndarray,
    treated: np.ndarray,
    weights: np.ndarray,
    *,
    point: np.ndarray,
    person: np.ndarray,
    person_weights: np.ndarray,
) -> np.ndarray:
    """Coefficients of every replicate: one Newton step from the point estimate.

    Parameters
    ----------
    design, treated, weights : ndarray
        As in `weighted_logit`.
    point : ndarray (n_terms,)
        The point estimate.
    person : ndarray (n_rows,)
        Position of each row's person in `person_weights`.
    person_weights : ndarray (n_people, n_draws)
        Replicate weights.

    Returns
    -------
    ndarray (n_terms, n_draws)
    """
    varies = varying_columns(design)
    if not varies.all():
        people = {"person": person, "person_weights": person_weights}
        return _spread(
            replicate_logits(design[:, varies], treated, weights, point=point[varies], **people),
            varies,
        )
    n_terms, n_draws = design.shape[1], person_weights.shape[1]
    if (person[1:] < person[:-1]).any():
        order = np.argsort(person, kind="stable")
        design, treated, weights, person = (
            design[order],
            treated[order],
            weights[order],
            person[order],
        )
    p = 1 / (1 + np.exp(-np.clip(design @ point, -SEPARATED, SEPARATED)))
    upper = np.triu_indices(n_terms)
    score = np.zeros((n_draws, n_terms))
    packed, packed_point = np.zeros((n_draws, len(upper[0]))), np.zeros(len(upper[0]))
    for rows in _person_chunks(person, max(1, _CHUNK_VALUES // len(upper[0]))):
        persons, first = np.unique(person[rows], return_index=True)
        drawn = person_weights[persons].T
        residual, curvature = (
            weights[rows] * (treated[rows] - p[rows]),
            weights[rows] * p[rows] * (1 - p[rows]),
        )
        score += drawn @ np.add.reduceat(design[rows] * residual[:, None], first)
        products = _person_products(design[rows], curvature, first)
        packed += drawn @ products
        packed_point += products.sum(axis=0)
    information = np.zeros((n_draws, n_terms, n_terms))
    information[:, upper[0], upper[1]] = information[:, upper[1], upper[0]] = packed
    is_diagonal = upper[0] == upper[1]
    information[:, np.arange(n_terms), np.arange(n_terms)] += _RIDGE * packed_point[is_diagonal]
    return point[:, None] + _steps(information, score).T


def varying_columns(design: np.ndarray) -> np.ndarray:
    """Which columns a model can tell from its constant: (n_terms,), true for those that vary and
    for the first one that does not.
    """
    varies = design.min(axis=0, initial=np.inf) < design.max(axis=0, initial=-np.inf)
    varies[np.flatnonzero(~varies)[:1]] = True
    return varies


def _spread(coefficients: np.ndarray, varies: np.ndarray) -> np.ndarray:
    """Coefficients of the varying columns in their places, 0 in the others."""
    every = np.zeros((len(varies), *coefficients.shape[1:]))
    every[varies] = coefficients
    return every


def _person_products(design: np.ndarray, curvature: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Each person's part of the information: the upper triangle, row by row."""
    weighted = design * curvature[:, None]
    return np.concatenate(
        [
            np.add.reduceat(weighted[:, [term]] * design[:, term:], first)
            for term in range(design.shape[1])
        ],
        axis=1,
    )


def _person_chunks(person: np.ndarray, size: int) -> list[slice]:
    """Slices of about `size` rows that do not divide a person."""
    starts = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    cuts = np.unique(
        starts[np.searchsorted(starts, np.arange(0, len(person), size), side="right") - 1]
    )
    return [
        slice(begin, stop)
        for begin, stop in zip(cuts, np.append(cuts[1:], len(person)), strict=True)
    ]


def _steps(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(information, score[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return np.stack(
            [_solve(matrix, gradient) for matrix, gradient in zip(information, score, strict=True)]
        )


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The Newton step; the shortest one where the data carry no information on a term."""
    try:
        return np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(information, score, rcond=1e-12)[0]
