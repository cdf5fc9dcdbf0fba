"""The jackknife variance of curves with one state to leave, rows that vary alone, and no delayed entry: in closed form, for all groups at once.

With hazards A_k(j), A(j) their sum, Y(j) the weight at risk, S the share still there and F_k those who have left, moving the hazards of
month j by a_k (sum a) moves the curves at t >= j by

    dS(t) = -S(t) q(j) a        dF_k(t) = S(j-1) a_k - q(j) a (F_k(t) - F_k(j))        q = 1 / (1 - A), 0 where A = 1

so a row of weight one that ends at m by cause c moves the curve X (S or F_k) at t by -P(t) + X(t) Q(t) while it is at risk (t < m), and by
alpha(m, c) + X(t) beta(m, c) from m on. Squares of such sums need only running totals over m: the cost is months x causes^2, where the recursion of
`product_integral` costs months^2 x causes^2.
"""

import numpy as np

from evalkit.survival.risk_set import RiskSet


def has_closed_form(risk_set: RiskSet) -> bool:
    """Whether every row varies alone, leaves the one state there is, and entered at time 0."""
    return risk_set.row_squares is not None and len(risk_set.states) == 1


def row_variance(
    risk_set: RiskSet, rates: np.ndarray, at_risk: np.ndarray, probability: np.ndarray, widths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the shares and of their areas.

    rates (n_groups, n_times, 1, n_states), at_risk (n_groups, n_times, 1), probability (n_groups, n_times + 1, n_states), widths
    (n_horizons, n_times + 1); returns arrays (n_groups, n_times + 1, n_states) and (n_groups, n_horizons, n_states), NaN in groups of one row.
    """
    squares = risk_set.row_squares[:, :, 0]
    x, P, Q, alpha, beta = end_derivatives(rates, at_risk, probability)
    # Running totals over the ends up to each time, and the rows that are still at risk after it.
    aa, ab = (np.cumsum(np.einsum("gtc,gtcs->gts", squares, part), axis=1) for part in (alpha**2, alpha * beta[..., None]))
    bb = np.cumsum(np.einsum("gtc,gtc->gt", squares, beta**2), axis=1)[..., None]
    ended = np.cumsum(squares.sum(axis=2), axis=1)
    later = (ended[:, -1:] - ended)[..., None]
    variance = np.zeros_like(probability)
    variance[:, 1:] = np.maximum(aa + 2 * ab * x + bb * x**2 + later * (x * Q - P) ** 2, 0.0)
    areas = np.stack([_area_variance(width, x, P, Q, alpha, beta, squares) for width in widths], axis=1) if len(widths) else None
    areas = np.empty((len(x), 0, x.shape[2])) if areas is None else areas
    alone = risk_set.n_exits.sum(axis=(1, 2, 3)) < 2
    variance[alone], areas[alone] = np.nan, np.nan
    return variance, areas


def end_derivatives(rates: np.ndarray, at_risk: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, ...]:
    """X(t), P(t) (groups, times, states), Q(t) (groups, times, 1), alpha (groups, times, causes + 1, states), beta (groups, times, causes + 1)."""
    inverse = np.divide(1.0, at_risk[..., 0], out=np.zeros(at_risk.shape[:2]), where=at_risk[..., 0] > 0)
    hazard, leave = rates[:, :, 0, 1:], -rates[:, :, 0, 0]
    q = np.divide(1.0, 1 - leave, out=np.zeros_like(leave), where=leave < 1 - 1e-12)
    x, before = probability[:, 1:], probability[:, :-1, 0]
    Q = np.cumsum(inverse * q * leave, axis=1)[..., None]
    own = np.zeros_like(x)
    own[..., 1:] = (inverse * before)[..., None] * hazard + (inverse * q * leave)[..., None] * x[..., 1:]
    P = np.cumsum(own, axis=1)
    n_causes = hazard.shape[2]
    alpha = np.repeat(-P[:, :, None, :], n_causes + 1, axis=2)
    alpha[:, :, :n_causes, 1:] += (inverse * q)[..., None, None] * x[:, :, None, 1:]
    causes = np.arange(n_causes)
    alpha[:, :, causes, causes + 1] += (inverse * before)[..., None]
    beta = np.repeat(Q, n_causes + 1, axis=2)
    beta[:, :, :n_causes] -= (inverse * q)[..., None]
    return x, P, Q, alpha, beta


def _area_variance(
    width: np.ndarray, x: np.ndarray, P: np.ndarray, Q: np.ndarray, alpha: np.ndarray, beta: np.ndarray, squares: np.ndarray
) -> np.ndarray:
    """Variance of the area under the curves up to a horizon, (n_groups, n_states); the area at time 0 is known."""
    width = width[1:, None]
    while_there = np.cumsum(width * (x * Q - P), axis=1)
    while_there = np.concatenate([np.zeros_like(while_there[:, :1]), while_there[:, :-1]], axis=1)
    length = np.cumsum(width[::-1], axis=0)[::-1]
    weighted = np.cumsum((width * x)[:, ::-1], axis=1)[:, ::-1]
    area = while_there[:, :, None, :] + alpha * length[:, None, :] + beta[..., None] * weighted[:, :, None, :]
    return np.einsum("gtc,gtcs->gs", squares, area**2)
