"""A logit whose first terms have their own coefficients in every group, the others one for all:
groups' own intercepts, and what somebody's kind means in each.

The groups' coefficients are eliminated block by block (Schur complement), so that hundreds of
groups cost no more than a few; the estimates are those of a logit with a column for every group and
term (tests). Between groups the covariance is never built.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.effects.weighting.logit import SEPARATED

_MAX_ITERATIONS = 60
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class LocalLogit:
    """A fitted logit with groups' own terms.

    local : (n_groups, n_local), shared : (n_shared,), the coefficients. local_cov : (n_groups,
    n_local, n_local), shared_cov : (n_shared, n_shared), cross_cov : (n_groups, n_local, n_shared),
    their covariances by the inverse information. is_converged : whether the iterations converged.
    """

    local: np.ndarray
    shared: np.ndarray
    local_cov: np.ndarray
    shared_cov: np.ndarray
    cross_cov: np.ndarray
    is_converged: bool


def local_logit(
    own: np.ndarray,
    design: np.ndarray,
    reached: np.ndarray,
    weights: np.ndarray,
    first: np.ndarray,
    *,
    prior_sd: np.ndarray | None = None,
    start: tuple[np.ndarray, np.ndarray] | None = None,
) -> LocalLogit:
    """Coefficients of a logit with terms of groups' own.

    Parameters
    ----------
    own : ndarray (n_rows, n_local)
        The terms of which each group has coefficients of its own; the first is usually 1. Rows of a
        group stand together.
    design : ndarray (n_rows, n_shared)
        The terms whose coefficients are one for all groups; without a constant where `own` has one.
    reached : ndarray (n_rows,)
        1 where it happened; of rows that stand for several people the share of them.
    weights : ndarray (n_rows,)
        Weights of the log-likelihood, > 0: how many people a row stands for.
    first : ndarray (n_groups,)
        The position of each group's first row.
    prior_sd : ndarray (n_local,), optional
        Standard deviations of normal priors around 0 on the groups' own coefficients (inf: none),
        which keep a coefficient finite in a group where nobody of a kind has reached it.
    start : tuple of ndarray, optional
        Coefficients (n_groups, n_local) and (n_shared,) to begin with; those of a similar fit save
        iterations.

    References
    ----------
    Greene (2004), Econometrics Journal 7:98, on the elimination; Gelman et al. (2008), Ann. Appl.
    Stat. 2:1360, on weak priors of log odds.
    """
    n_groups, n_local = len(first), own.shape[1]
    sizes = np.diff(np.append(first, len(own)))
    precision = np.zeros(n_local) if prior_sd is None else 1 / np.asarray(prior_sd) ** 2
    local, shared = start or (np.zeros((n_groups, n_local)), np.zeros(design.shape[1]))
    for _ in range(_MAX_ITERATIONS):
        eta = (own * np.repeat(local, sizes, axis=0)).sum(axis=1) + design @ shared
        p = 1 / (1 + np.exp(-np.clip(eta, -SEPARATED, SEPARATED)))
        blocks = _information(own, design, weights * p * (1 - p), first, precision)
        residual = weights * (reached - p)
        score_local = np.add.reduceat(own * residual[:, None], first) - precision * local
        step_local, step_shared = _newton(*blocks, score_local, design.T @ residual)
        # A step of several log odds overshoots where nearly nobody or everybody has reached it.
        largest = max(np.abs(step_local).max(initial=0), np.abs(step_shared).max(initial=0))
        damping = min(1.0, 4 / largest) if largest else 1.0
        local, shared = local + damping * step_local, shared + damping * step_shared
        if largest < _TOLERANCE:
            return LocalLogit(local, shared, *_covariances(*blocks), is_converged=True)
    return LocalLogit(local, shared, *_covariances(*blocks), is_converged=False)


def _information(
    own: np.ndarray,
    design: np.ndarray,
    curvature: np.ndarray,
    first: np.ndarray,
    precision: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The information: of each group's own terms, of these with the shared ones, and of the
    shared.
    """
    (n_local, n_shared), n_groups = (own.shape[1], design.shape[1]), len(first)
    within, across = np.empty((n_groups, n_local, n_local)), np.empty((n_groups, n_local, n_shared))
    weighted = design * curvature[:, None]
    for term in range(n_local):
        column = own[:, [term]]
        within[:, term] = np.add.reduceat(own * curvature[:, None] * column, first)
        across[:, term] = np.add.reduceat(
            weighted if (column == 1).all() else weighted * column, first
        )
    within += np.diag(precision)
    return within, across, weighted.T @ design


def _newton(
    within: np.ndarray,
    across: np.ndarray,
    shared: np.ndarray,
    score_local: np.ndarray,
    score_shared: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    solved = np.linalg.solve(within, np.concatenate([across, score_local[..., None]], axis=2))
    eliminated, alone = solved[..., :-1], solved[..., -1]
    complement = shared - np.einsum("gls,glt->st", across, eliminated)
    step = np.linalg.lstsq(
        complement, score_shared - np.einsum("gls,gl->s", across, alone), rcond=1e-12
    )[0]
    return alone - eliminated @ step, step


def _covariances(
    within: np.ndarray, across: np.ndarray, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    alone, eliminated = np.linalg.inv(within), np.linalg.solve(within, across)
    shared_cov = np.linalg.pinv(shared - np.einsum("gls,glt->st", across, eliminated), rcond=1e-12)
    cross_cov = -eliminated @ shared_cov
    return alone - cross_cov @ eliminated.transpose(0, 2, 1), shared_cov, cross_cov
