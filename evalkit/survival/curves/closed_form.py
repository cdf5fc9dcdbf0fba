"""Variances of curves with one state to leave, in closed form, for all groups at once.

With hazards A_k(j), A(j) their sum, Y(j) the weight at risk, S the share still there and F_k those
who have left, moving the hazards of month j by a_k (sum a) moves the curves at t >= j by

    dS(t) = -S(t) q(j) a        dF_k(t) = S(j-1) a_k - q(j) a (F_k(t) - F_k(j))        q = 1 / (1 -
    A), 0 where A = 1

Greenwood: the a_k of a month are multinomial given who is at risk, Cov(a_k, a_l) = (A_k [k = l] -
A_k A_l) / Y, and those of different months are uncorrelated. Jackknife of rows that vary alone and
enter at time 0: a row of weight one that ends at m by cause c moves the curve X (S or F_k) at t by
-P(t) + X(t) Q(t) while it is at risk (t < m), and by alpha(m, c) + X(t) beta(m, c) from m on.
Squares of such sums need only running totals over m: the cost is months x causes, where the
recursion of `product_integral` costs months^2 x causes^2.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.survival.counts.risk_set import RiskSet

_ALL = 1 - 1e-12


@dataclass(frozen=True)
class EndDerivatives:
    """The curves X and what a row of weight one moves them by; (groups, times, states), or one
    column where all states are alike.

    The row of a censored end has alpha = -P and beta = Q. That of an event has alpha = `event`,
    with `own` added for the state of its cause, and beta = `after_event`.
    """

    X: np.ndarray
    P: np.ndarray
    Q: np.ndarray
    event: np.ndarray
    own: np.ndarray
    after_event: np.ndarray


def greenwood_variance(
    rates: np.ndarray, at_risk: np.ndarray, probability: np.ndarray, widths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Greenwood's variances of the shares and of their areas; arguments and shapes as in
    `row_variance`.
    """
    inverse = _inverse(at_risk)
    hazard, leave = rates[:, :, 0, 1:], -rates[:, :, 0, :1]
    X, of_cause = probability[:, 1:], np.zeros(probability[:, 1:].shape)
    # The curve at t moves by of_cause a_k + (left - X(t)) a / (1 - leave); the last term has no
    # part where everybody leaves.
    left, odds = X.copy(), greenwood_odds(rates, at_risk)
    left[:, :, 0] = 0.0
    of_cause[:, :, 1:] = probability[:, :-1, :1] * hazard
    cross = of_cause * inverse
    of_squares = cross * (
        np.concatenate(
            [np.zeros(leave.shape), probability[:, :-1, :1] - of_cause[:, :, 1:]], axis=2
        )
        + 2 * left
    )
    squares, products = of_squares + odds * left**2, cross + odds * left
    variance = np.zeros(probability.shape)
    variance[:, 1:] = np.maximum(
        squares.cumsum(axis=1) - X * (2 * products.cumsum(axis=1) - X * odds.cumsum(axis=1)), 0.0
    )
    areas = np.empty((len(variance), len(widths), variance.shape[2]))
    for horizon, width in enumerate(widths[:, 1:, None]):
        length, after = _from_here_on(width[None]), _from_here_on(width * X)
        areas[:, horizon] = np.maximum(
            (length**2 * squares - after * (2 * length * products - after * odds)).sum(axis=1), 0.0
        )
    return variance, areas


def greenwood_odds(rates: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    """The odds of leaving over the weight at risk, of which Greenwood's formula sums, 0 where all
    leave; shapes as in `row_variance`, (n_groups, n_times, 1).
    """
    leave = -rates[:, :, 0, :1]
    odds = np.divide(leave, 1 - leave, out=np.zeros(leave.shape), where=leave < _ALL)
    return _inverse(at_risk) * odds


def row_variance(
    risk_set: RiskSet,
    row_squares: np.ndarray,
    rates: np.ndarray,
    at_risk: np.ndarray,
    probability: np.ndarray,
    widths: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Jackknife variances of the shares and of their areas, where every row varies alone, leaves
    the one state there is and entered at time 0.

    row_squares as in `RiskSet`, rates (n_groups, n_times, 1, n_states), at_risk (n_groups, n_times,
    1), probability (n_groups, n_times + 1, n_states), widths (n_horizons, n_times + 1); returns
    arrays (n_groups, n_times + 1, n_states) and (n_groups, n_horizons, n_states), NaN in groups of
    one row.
    """
    squares = row_squares[:, :, 0]
    ended, censored = squares.sum(axis=2, keepdims=True), squares[:, :, -1:]
    d = end_derivatives(rates, at_risk, probability)
    by_own = np.zeros(d.X.shape)
    by_own[:, :, 1:] = squares[:, :, :-1]
    by_other = ended - censored - by_own
    of_cause = d.event + d.own
    # Running totals over the ends up to each time, and the rows that are still at risk after it.
    aa = (censored * d.P**2 + by_other * d.event**2 + by_own * of_cause**2).cumsum(axis=1)
    ab = (d.after_event * (by_other * d.event + by_own * of_cause) - censored * d.Q * d.P).cumsum(
        axis=1
    )
    bb = (censored * d.Q**2 + (ended - censored) * d.after_event**2).cumsum(axis=1)
    later = ended.sum(axis=1, keepdims=True) - ended.cumsum(axis=1)
    variance = np.zeros(probability.shape)
    variance[:, 1:] = np.maximum(
        aa + (2 * ab + bb * d.X) * d.X + later * (d.X * d.Q - d.P) ** 2, 0.0
    )
    areas = np.empty((len(variance), len(widths), variance.shape[2]))
    for horizon, width in enumerate(widths[:, 1:, None]):
        areas[:, horizon] = _area_variance(width, d, censored, by_other, by_own)
    alone = risk_set.n_exits.sum(axis=(1, 2, 3)) < 2
    if alone.any():
        variance[alone], areas[alone] = np.nan, np.nan
    return variance, areas


def end_derivatives(
    rates: np.ndarray, at_risk: np.ndarray, probability: np.ndarray
) -> EndDerivatives:
    """How the curves move with the weight of a row, by the time and the kind of its end."""
    inverse = _inverse(at_risk)
    hazard, leave = rates[:, :, 0, 1:], -rates[:, :, 0, :1]
    inverse_q = np.divide(inverse, 1 - leave, out=np.zeros(leave.shape), where=leave < _ALL)
    X, of_cause = probability[:, 1:], inverse * probability[:, :-1, :1]
    moved = inverse_q * leave
    P = np.zeros(X.shape)
    np.cumsum(of_cause * hazard + moved * X[:, :, 1:], axis=1, out=P[:, :, 1:])
    Q = moved.cumsum(axis=1)
    event = -P
    event[:, :, 1:] += inverse_q * X[:, :, 1:]
    return EndDerivatives(X, P, Q, event, of_cause, Q - inverse_q)


def _area_variance(
    width: np.ndarray,
    d: EndDerivatives,
    censored: np.ndarray,
    by_other: np.ndarray,
    by_own: np.ndarray,
) -> np.ndarray:
    """Variance of the area under the curves up to a horizon, (n_groups, n_states); the area at time
    0 is known.
    """
    while_there = np.zeros(d.X.shape)
    while_there[:, 1:] = np.cumsum(width * (d.X * d.Q - d.P), axis=1)[:, :-1]
    length, after = _from_here_on(width[None]), _from_here_on(width * d.X)
    by_event = while_there + length * d.event + d.after_event * after
    by_censoring = while_there - length * d.P + d.Q * after
    return (
        censored * by_censoring**2
        + by_other * by_event**2
        + by_own * (by_event + length * d.own) ** 2
    ).sum(axis=1)


def _from_here_on(values: np.ndarray) -> np.ndarray:
    """Sums from each time to the last; times are the second axis."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _inverse(at_risk: np.ndarray) -> np.ndarray:
    return np.divide(1.0, at_risk, out=np.zeros(at_risk.shape), where=at_risk > 0)
