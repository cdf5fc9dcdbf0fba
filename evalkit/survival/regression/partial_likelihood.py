"""The partial likelihood of Cox and of Fine & Gray from sums by month: cost grows with rows times
covariates, not with rows times ties.

Only S0(t) = sum r and S1(t) = sum r x over the risk set are needed by month (r = weight exp(x b)).
The information uses S2(t) = sum r x x' linearly. Where many rows end in the same month, rows are
read once per step: their sums of r, r x and r x x' are made while they are in the processor's
cache. Where few do, or rows enter later, the months are summed first and one weighted product X'
diag(.) X gives the information. Ties after Efron (1977) or Breslow (1974); residuals after Lin &
Wei (1989). Fine-Gray keeps rows that left by another cause in the risk set with weight G(t-)/G(T-),
G the survival of censoring (Fine & Gray 1999).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from evalkit.errors import EstimationError
from evalkit.survival.counts.options import check_option
from evalkit.survival.regression.collinear import are_entangled, refuse_entangled
from evalkit.survival.regression.risk_rows import EVENT, RiskRows, over_time_at_risk, risk_sums

if TYPE_CHECKING:
    from scipy import sparse

Ties = Literal["efron", "breslow"]
_MAX_STEPS, _MAX_HALVINGS = 40, 30
# Newton steps square the error: after one of this size what is missing is far below the rounding of
# the sums.
_STEP_TOLERANCE = 1e-8
_FLAT = 1e-7
_CACHED_ROWS = 8192
# Months are read one by one where this many rows end in each, and their squares fit into this many
# numbers.
_ROWS_PER_BIN, _MOST_SQUARES = 64, 4_000_000


@dataclass(frozen=True)
class Maximum:
    """Where the partial likelihood is largest.

    `information` (n_terms, n_terms); `residuals` weighted score residuals in the order of the rows
    (n_rows, n_terms); `hazard` baseline increments at the centre of the covariates,
    `hazard_variance` their variances given the coefficients (n_strata, n_times), `hazard_slope`
    minus their derivative by the coefficients, `mean` covariates expected of those who leave,
    averaged over ties (both n_strata, n_times, n_terms).
    """

    coefficients: np.ndarray
    information: np.ndarray
    residuals: np.ndarray | None
    hazard: np.ndarray
    log_likelihood_null: float
    log_likelihood: float
    hazard_variance: np.ndarray
    hazard_slope: np.ndarray
    mean: np.ndarray


@dataclass(frozen=True)
class _Cells:
    """What the steps share: sums by bin or by cell, and the tied events.

    `ends` begin and end of the rows of every bin that has any, with the bin; none where rows are
    summed by the sparse `end` (bins x rows) and `entry` (cells x rows). `n_tied`, `tied_weight` of
    the tied events by cell; `event_x` their weighted sum of covariates.
    """

    ends: list[tuple[int, int, int]]
    end: "sparse.csr_array | None"
    entry: "sparse.csr_array | None"
    n_tied: np.ndarray
    tied_weight: np.ndarray
    event_x: np.ndarray


@dataclass(frozen=True)
class _Sums:
    """Risk-set sums and tie sums by stratum and time, and what follows from them."""

    risk: np.ndarray
    tied: np.ndarray
    a0: np.ndarray
    a1: np.ndarray
    squared: np.ndarray
    own0: np.ndarray
    own1: np.ndarray
    mean: np.ndarray
    log_likelihood: float
    score: np.ndarray
    information: np.ndarray


def maximise(rows: RiskRows, *, ties: Ties, with_residuals: bool) -> Maximum:
    """Newton steps, halved while they do not raise the likelihood; residuals only when asked for.

    Raises
    ------
    EstimationError
        If the covariates are collinear, or some coefficient grows without bound.
    """
    check_option("ties", ties, get_args(Ties))
    cells = _cells_of(rows)
    beta = np.zeros(rows.x.shape[1])
    now = start = _sums(rows, cells, beta, ties)
    refuse_entangled(start.information, rows.names)
    for _ in range(_MAX_STEPS):
        if are_entangled(now.information):
            break
        step = np.linalg.solve(now.information, now.score)
        halvings = 0
        following = _sums(rows, cells, beta + step, ties)
        while (
            not following.log_likelihood >= now.log_likelihood - 1e-9 * abs(now.log_likelihood)
            and halvings < _MAX_HALVINGS
        ):
            step, halvings = step / 2, halvings + 1
            following = _sums(rows, cells, beta + step, ties)
        beta, now = beta + step, following
        if np.abs(step).max() < _STEP_TOLERANCE * max(1.0, np.abs(beta).max()):
            # Where a covariate separates, the likelihood only goes flat: nothing is known about its
            # size.
            if (np.diag(now.information) < _FLAT * np.diag(start.information)).any():
                break
            residuals = _residuals(rows, beta, now) if with_residuals else None
            likelihoods = start.log_likelihood, now.log_likelihood
            return Maximum(
                beta,
                now.information,
                residuals,
                now.a0,
                *likelihoods,
                now.squared,
                now.a1,
                now.mean,
            )
    raise EstimationError(
        "The regression does not settle.",
        where=f"term {rows.names[_largest(rows, beta)]}, after {_MAX_STEPS} steps at most",
        why="It probably separates those who left from those who did not, so that its coefficient "
        "has no finite value.",
        fix="look at the ends by each covariate; merge rare categories or leave the covariate out.",
    )


def _largest(rows: RiskRows, beta: np.ndarray) -> int:
    """The term whose coefficient has moved the rate most: the one that grows without bound."""
    return int(np.argmax(np.abs(beta) * rows.x.std(axis=0)))


def _cells_of(rows: RiskRows) -> _Cells:
    size, n_terms = rows.shape[0] * rows.shape[1], rows.x.shape[1]
    n_rows = np.bincount(rows.bin, minlength=3 * size)
    filled = np.flatnonzero(n_rows)
    event_weight = rows.weight * rows.is_event
    tied = (
        n_rows[EVENT::3].reshape(rows.shape),
        np.bincount(rows.exit_cell, event_weight, size).reshape(rows.shape),
        event_weight @ rows.x,
    )
    if (
        rows.entry_cell is None
        and len(filled) * _ROWS_PER_BIN <= len(rows.bin)
        and 3 * size * n_terms**2 <= _MOST_SQUARES
    ):
        last = np.cumsum(n_rows[filled])
        ends = list(
            zip((last - n_rows[filled]).tolist(), last.tolist(), filled.tolist(), strict=True)
        )
        return _Cells(ends, None, None, *tied)
    return _Cells(
        [],
        _indicator(rows.bin, 3 * size),
        None if rows.entry_cell is None else _indicator(rows.entry_cell, size + rows.shape[0]),
        *tied,
    )


def _indicator(cell: np.ndarray, n_cells: int) -> "sparse.csr_array":
    from scipy import sparse

    return sparse.csr_array(
        (np.ones(len(cell)), (cell, np.arange(len(cell)))), shape=(n_cells, len(cell))
    )


def _sums(rows: RiskRows, cells: _Cells, beta: np.ndarray, ties: Ties) -> _Sums:
    with np.errstate(over="ignore", invalid="ignore"):
        ends, entries, squares = (
            _by_bin(rows, cells.ends, beta)
            if cells.end is None
            else _by_row(rows, cells.end, cells.entry, beta)
        )
        risk, tied = risk_sums(rows, ends, entries)
        likelihood, s1, s2, q0, q1, q2 = _tie_sums(
            risk[..., 0], tied[..., 0], cells.n_tied, cells.tied_weight, ties
        )
        S1, D1 = risk[..., 1:], tied[..., 1:]
        mean = S1 * s1[..., None] - D1 * s2[..., None]
        score = cells.event_x - mean.sum(axis=(0, 1))
        # sum_t of S2(t) s1(t) - D2(t) s2(t); then the squares of the means.
        information = squares(s1, s2)
        flat_S1, flat_D1 = S1.reshape(-1, S1.shape[-1]), D1.reshape(-1, S1.shape[-1])
        cross = (flat_S1 * q1.ravel()[:, None]).T @ flat_D1
        information -= (
            (flat_S1 * q0.ravel()[:, None]).T @ flat_S1
            - cross
            - cross.T
            + (flat_D1 * q2.ravel()[:, None]).T @ flat_D1
        )
        log_likelihood = float(cells.event_x @ beta - likelihood)
        a1 = S1 * q0[..., None] - D1 * q1[..., None]
        own1 = S1 * (q0 - q1)[..., None] - D1 * (q1 - q2)[..., None]
    mean = np.divide(
        mean,
        cells.tied_weight[..., None],
        out=np.zeros_like(mean),
        where=cells.tied_weight[..., None] > 0,
    )
    return _Sums(risk, tied, s1, a1, q0, s1 - s2, own1, mean, log_likelihood, score, information)


# Of a step: sums of (r, r x) by bin, those of rows that enter later, and the function that sums r x
# x' weighted by sums over the time at risk.
_Step = tuple[np.ndarray, np.ndarray | None, Callable[[np.ndarray, np.ndarray], np.ndarray]]


def _by_row(
    rows: RiskRows, end: "sparse.csr_array", entry: "sparse.csr_array | None", beta: np.ndarray
) -> _Step:
    r = rows.weight * np.exp(rows.x @ beta)
    values = np.empty((len(r), rows.x.shape[1] + 1))
    values[:, 0] = r
    np.multiply(r[:, None], rows.x, out=values[:, 1:])

    def squares(s1: np.ndarray, s2: np.ndarray) -> np.ndarray:
        share = (
            over_time_at_risk(s1, rows.bin, rows.entry_cell, rows.censoring)[:, 0]
            - rows.is_event * s2.ravel()[rows.exit_cell]
        )
        return _weighted_product(rows.x, r * share)

    entries = None if entry is None else entry @ values
    return end @ values, entries, squares


def _by_bin(rows: RiskRows, ends: list[tuple[int, int, int]], beta: np.ndarray) -> _Step:
    n_bins, n_terms = 3 * rows.shape[0] * rows.shape[1], rows.x.shape[1]
    sums, of_squares = np.zeros((n_bins, n_terms + 1)), np.zeros((n_bins, n_terms, n_terms))
    for begin, end, number in ends:
        for first in range(begin, end, _CACHED_ROWS):
            rows_in_cache = slice(first, min(end, first + _CACHED_ROWS))
            x = rows.x[rows_in_cache]
            r = rows.weight[rows_in_cache] * np.exp(x @ beta)
            sums[number, 0] += r.sum()
            sums[number, 1:] += r @ x
            of_squares[number] += (x * r[:, None]).T @ x

    def squares(s1: np.ndarray, s2: np.ndarray) -> np.ndarray:
        bins = np.arange(n_bins)
        share = (
            over_time_at_risk(s1, bins, None, rows.censoring)[:, 0]
            - (bins % 3 == EVENT) * s2.ravel()[bins // 3]
        )
        return np.einsum("b,bij->ij", share, of_squares)

    return sums, None, squares


def _weighted_product(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """X' diag(weight) X, in parts that stay in the processor's cache."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for begin in range(0, len(x), _CACHED_ROWS):
        rows_in_cache = x[begin : begin + _CACHED_ROWS]
        total += (rows_in_cache * weight[begin : begin + _CACHED_ROWS, None]).T @ rows_in_cache
    return total


def _tie_sums(
    S0: np.ndarray, D0: np.ndarray, n_tied: np.ndarray, tied_weight: np.ndarray, ties: Ties
) -> tuple:
    """Minus the denominators' part of the log-likelihood, and sums over the tied events of 1/den,
    a/den, 1/den^2, a/den^2, a^2/den^2 by cell.

    a = l/k for the l-th of k tied events (Efron), 0 for all (Breslow); every sum carries the mean
    weight of the tied events.
    """
    cell = np.flatnonzero(n_tied)
    k = n_tied.ravel()[cell].astype(np.int64)
    m = tied_weight.ravel()[cell] / k
    S0, D0 = S0.ravel()[cell], D0.ravel()[cell]
    likelihood, sums = 0.0, np.zeros((5, n_tied.size))
    # Cells by part, so that the events of a part stay in the processor's cache.
    part_of_cell = np.cumsum(k) // _CACHED_ROWS
    edges = np.concatenate([[0], np.flatnonzero(np.diff(part_of_cell)) + 1, [len(cell)]])
    for cells_in_cache in (slice(first, last) for first, last in pairwise(edges.tolist())):
        of_event = np.repeat(
            np.arange(cells_in_cache.stop - cells_in_cache.start), k[cells_in_cache]
        )
        order = np.arange(len(of_event)) - np.repeat(
            np.cumsum(k[cells_in_cache]) - k[cells_in_cache], k[cells_in_cache]
        )
        a = order / k[cells_in_cache][of_event] if ties == "efron" else np.zeros(len(of_event))
        weight = m[cells_in_cache][of_event]
        denominator = S0[cells_in_cache][of_event] - a * D0[cells_in_cache][of_event]
        counted = weight > 0
        likelihood += (weight[counted] * np.log(denominator[counted])).sum()
        inverse = np.divide(1.0, denominator, out=np.zeros(len(a)), where=counted)
        weighted = weight * inverse
        squared = weighted * inverse
        for number, values in enumerate(
            (weighted, a * weighted, squared, a * squared, a * a * squared)
        ):
            sums[number, cell[cells_in_cache]] = np.bincount(
                of_event, values, cells_in_cache.stop - cells_in_cache.start
            )
    return likelihood, *sums.reshape(5, *n_tied.shape)


def _residuals(rows: RiskRows, beta: np.ndarray, sums: _Sums) -> np.ndarray:
    """Weighted score residual of every row: what it adds to the score, and what its presence takes
    away.
    """
    n_terms = rows.x.shape[1]
    residuals = np.empty((len(rows.x), n_terms))
    for begin in range(0, len(residuals), _CACHED_ROWS):
        rows_in_cache = slice(begin, begin + _CACHED_ROWS)
        x, cell, is_event = (
            rows.x[rows_in_cache],
            rows.exit_cell[rows_in_cache],
            rows.is_event[rows_in_cache],
        )
        is_tied = is_event[:, None]
        a0, own0 = sums.a0.ravel()[cell], sums.own0.ravel()[cell]
        a1, own1, mean = (
            per_time.reshape(-1, n_terms)[cell] for per_time in (sums.a1, sums.own1, sums.mean)
        )
        rows_at = (
            rows.bin[rows_in_cache],
            None if rows.entry_cell is None else rows.entry_cell[rows_in_cache],
            rows.censoring,
        )
        h0 = over_time_at_risk(sums.a0, *rows_at)[:, 0] + is_event * (own0 - a0)
        h1 = over_time_at_risk(sums.a1, *rows_at) + is_tied * (own1 - a1)
        ratio = np.exp(x @ beta)[:, None]
        residuals[rows_in_cache] = rows.weight[rows_in_cache, None] * (
            is_tied * (x - mean) - ratio * (x * h0[:, None] - h1)
        )
    return residuals
