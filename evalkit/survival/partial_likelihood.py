"""The partial likelihood of Cox and of Fine & Gray from sums by month: cost grows with rows times covariates, not with rows times ties.

Only S0(t) = sum r and S1(t) = sum r x over the risk set are needed by month (r = weight exp(x b)). The information uses S2(t) = sum r x x'
linearly, so the months are summed first and one weighted product X' diag(.) X gives it. Ties after Efron (1977) or Breslow (1974); residuals after
Lin & Wei (1989). Fine-Gray keeps rows that left by another cause in the risk set with weight G(t-)/G(T-), G the survival of censoring
(Fine & Gray 1999).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import sparse

from evalkit.errors import EstimationError

Ties = Literal["efron", "breslow"]
_MAX_STEPS, _MAX_HALVINGS = 40, 30
_STEP_TOLERANCE = 1e-11
_FLAT = 1e-7
_CACHED_ROWS = 8192


@dataclass(frozen=True)
class RiskRows:
    """Rows of a regression: covariates `x` (n_rows, n_terms) centred, and places in strata x times.

    `exit_cell` counts cells of (n_strata, n_times); `entry_cell` of (n_strata, n_times + 1), None without delayed entry. `kept` marks rows that
    stay at risk after another cause, `censoring` is G(t-) by time; both None in a Cox model.
    """

    x: np.ndarray
    weight: np.ndarray
    exit_cell: np.ndarray
    entry_cell: np.ndarray | None
    is_event: np.ndarray
    shape: tuple[int, int]
    kept: np.ndarray | None = None
    censoring: np.ndarray | None = None


@dataclass(frozen=True)
class Maximum:
    """Where the partial likelihood is largest.

    `information` (n_terms, n_terms); `residuals` weighted score residuals by row (n_rows, n_terms); `hazard` baseline increments at the centre of the
    covariates (n_strata, n_times); `mean` covariates expected of those who leave, averaged over ties (n_strata, n_times, n_terms).
    """

    coefficients: np.ndarray
    information: np.ndarray
    residuals: np.ndarray | None
    hazard: np.ndarray
    log_likelihood_null: float
    log_likelihood: float
    mean: np.ndarray


@dataclass(frozen=True)
class _Cells:
    """Cells x rows: who ends (censored and event apart), enters, stays on after another cause; number and weight of tied events by cell."""

    end: sparse.csr_array
    entry: sparse.csr_array | None
    kept: sparse.csr_array | None
    n_tied: np.ndarray
    tied_weight: np.ndarray


@dataclass(frozen=True)
class _Sums:
    """Risk-set sums and tie sums by stratum and time, and what follows from them."""

    risk: np.ndarray
    tied: np.ndarray
    a0: np.ndarray
    a1: np.ndarray
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
    rows, order = _in_order_of_ends(rows)
    cells = _cells_of(rows)
    beta = np.zeros(rows.x.shape[1])
    now = start = _sums(rows, cells, beta, ties)
    for _ in range(_MAX_STEPS):
        step = _solve(now.information, now.score)
        halvings = 0
        following = _sums(rows, cells, beta + step, ties)
        while not following.log_likelihood >= now.log_likelihood - 1e-9 * abs(now.log_likelihood) and halvings < _MAX_HALVINGS:
            step, halvings = step / 2, halvings + 1
            following = _sums(rows, cells, beta + step, ties)
        beta, now = beta + step, following
        if np.abs(step).max() < _STEP_TOLERANCE * max(1.0, np.abs(beta).max()):
            # Where a covariate separates, the likelihood only goes flat: nothing is known about its size.
            if (np.diag(now.information) < _FLAT * np.diag(start.information)).any():
                break
            residuals = np.empty_like(rows.x) if with_residuals else None
            if with_residuals:
                residuals[order] = _residuals(rows, beta, now)
            return Maximum(beta, now.information, residuals, now.a0, start.log_likelihood, now.log_likelihood, now.mean)
    raise EstimationError(
        "The regression does not settle.",
        where=f"{_MAX_STEPS} steps, coefficients up to {np.abs(beta).max():.0f} in size",
        why="Some covariate probably separates those who left from those who did not, so that its coefficient has no finite value.",
        fix="look at the ends by each covariate; merge rare categories or leave the covariate out.",
    )


def _in_order_of_ends(rows: RiskRows) -> tuple[RiskRows, np.ndarray]:
    """Rows sorted by cell, so that sums by cell read memory in one direction; and the order."""
    order = np.argsort(rows.exit_cell * 2 + rows.is_event, kind="stable")
    by_row = {name: getattr(rows, name) for name in ("x", "weight", "exit_cell", "entry_cell", "is_event", "kept")}
    return replace(rows, **{name: None if values is None else values[order] for name, values in by_row.items()}), order


def _cells_of(rows: RiskRows) -> _Cells:
    size = rows.shape[0] * rows.shape[1]
    everyone = np.arange(len(rows.exit_cell))

    def indicator(cell: np.ndarray, at: np.ndarray, n_cells: int) -> sparse.csr_array:
        return sparse.csr_array((np.ones(len(at)), (cell[at], at)), shape=(n_cells, len(everyone)))

    entry = None if rows.entry_cell is None else indicator(rows.entry_cell, everyone, size + rows.shape[0])
    kept = None if rows.kept is None else indicator(rows.exit_cell, np.flatnonzero(rows.kept), size)
    n_tied = np.bincount(rows.exit_cell, rows.is_event, size).reshape(rows.shape)
    tied_weight = np.bincount(rows.exit_cell, rows.weight * rows.is_event, size).reshape(rows.shape)
    return _Cells(indicator(rows.exit_cell * 2 + rows.is_event, everyone, 2 * size), entry, kept, n_tied, tied_weight)


def _sums(rows: RiskRows, cells: _Cells, beta: np.ndarray, ties: Ties) -> _Sums:
    with np.errstate(over="ignore", invalid="ignore"):
        linear = rows.x @ beta
        r = rows.weight * np.exp(linear)
        values = np.empty((len(r), rows.x.shape[1] + 1))
        values[:, 0] = r
        np.multiply(r[:, None], rows.x, out=values[:, 1:])
        risk, tied = _risk_sums(rows, cells, values)
        likelihood, s1, s2, q0, q1, q2 = _tie_sums(risk[..., 0], tied[..., 0], cells.n_tied, cells.tied_weight, ties)
        S1, D1 = risk[..., 1:], tied[..., 1:]
        mean = S1 * s1[..., None] - D1 * s2[..., None]
        score = (rows.weight * rows.is_event) @ rows.x - mean.sum(axis=(0, 1))
        # sum_t of S2(t) s1(t) - D2(t) s2(t), row by row; then the squares of the means.
        share = r * (_over_time_at_risk(rows, s1) - rows.is_event * s2.ravel()[rows.exit_cell])
        information = _weighted_product(rows.x, share)
        flat_S1, flat_D1 = S1.reshape(-1, S1.shape[-1]), D1.reshape(-1, S1.shape[-1])
        cross = (flat_S1 * q1.ravel()[:, None]).T @ flat_D1
        information -= (flat_S1 * q0.ravel()[:, None]).T @ flat_S1 - cross - cross.T + (flat_D1 * q2.ravel()[:, None]).T @ flat_D1
        log_likelihood = float((rows.weight * rows.is_event) @ linear - likelihood)
    a1 = S1 * q0[..., None] - D1 * q1[..., None]
    own1 = S1 * (q0 - q1)[..., None] - D1 * (q1 - q2)[..., None]
    mean = np.divide(mean, cells.tied_weight[..., None], out=np.zeros_like(mean), where=cells.tied_weight[..., None] > 0)
    return _Sums(risk, tied, s1, a1, s1 - s2, own1, mean, log_likelihood, score, information)


def _weighted_product(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """X' diag(weight) X, in parts that stay in the processor's cache."""
    total = np.zeros((x.shape[1], x.shape[1]))
    for begin in range(0, len(x), _CACHED_ROWS):
        part = x[begin : begin + _CACHED_ROWS]
        total += (part * weight[begin : begin + _CACHED_ROWS, None]).T @ part
    return total


def _risk_sums(rows: RiskRows, cells: _Cells, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums over the risk set and over the events of every stratum and time; shape (n_strata, n_times, n_terms + 1)."""
    width = values.shape[1]
    ends = (cells.end @ values).reshape(*rows.shape, 2, width)
    leave, tied = ends.sum(axis=2), ends[:, :, 1]
    risk = np.cumsum(leave[:, ::-1], axis=1)[:, ::-1]
    if rows.entry_cell is not None:
        enter = (cells.entry @ values).reshape(rows.shape[0], rows.shape[1] + 1, width)
        risk = risk - np.cumsum(enter[:, :0:-1], axis=1)[:, ::-1]
    if rows.kept is not None:
        kept = (cells.kept @ values).reshape(*rows.shape, width) * _inverse(rows.censoring)[None, :, None]
        before = np.cumsum(kept, axis=1) - kept
        risk = risk + rows.censoring[None, :, None] * before
    return risk, tied


def _tie_sums(S0: np.ndarray, D0: np.ndarray, n_tied: np.ndarray, tied_weight: np.ndarray, ties: Ties) -> tuple:
    """Minus the denominators' part of the log-likelihood, and sums over the tied events of 1/den, a/den, 1/den^2, a/den^2, a^2/den^2 by cell.

    a = l/k for the l-th of k tied events (Efron), 0 for all (Breslow); every sum carries the mean weight of the tied events.
    """
    cell = np.flatnonzero(n_tied)
    k = n_tied.ravel()[cell].astype(np.int64)
    of_event = np.repeat(np.arange(len(cell)), k)
    order = np.arange(k.sum()) - np.repeat(np.cumsum(k) - k, k)
    a = order / k[of_event] if ties == "efron" else np.zeros(len(of_event))
    m = (tied_weight.ravel()[cell] / k)[of_event]
    denominator = S0.ravel()[cell][of_event] - a * D0.ravel()[cell][of_event]
    likelihood = (m[m > 0] * np.log(denominator[m > 0])).sum()
    inverse = np.divide(1.0, denominator, out=np.zeros(len(a)), where=m > 0)
    sums = []
    for part in (inverse, a * inverse, inverse**2, a * inverse**2, a**2 * inverse**2):
        whole = np.zeros(S0.size)
        whole[cell] = np.bincount(of_event, m * part, len(cell))
        sums.append(whole.reshape(S0.shape))
    return likelihood, *sums


def _over_time_at_risk(rows: RiskRows, per_time: np.ndarray) -> np.ndarray:
    """Sum of a quantity by stratum and time, (n_strata, n_times, ...), over the times at which each row is at risk."""
    n_strata, n_times = rows.shape
    total = np.cumsum(per_time, axis=1).reshape(n_strata * n_times, -1)
    sums = total[rows.exit_cell]
    if rows.entry_cell is not None:
        padded = np.concatenate([np.zeros((n_strata, 1, total.shape[1])), total.reshape(n_strata, n_times, -1)], axis=1)
        sums = sums - padded.reshape(-1, total.shape[1])[rows.entry_cell]
    if rows.kept is not None:
        weighted = per_time * rows.censoring.reshape((1, -1) + (1,) * (per_time.ndim - 2))
        later = (weighted.sum(axis=1, keepdims=True) - np.cumsum(weighted, axis=1)).reshape(n_strata * n_times, -1)
        inverse = _inverse(rows.censoring)[rows.exit_cell % n_times]
        sums = sums + np.where(rows.kept, inverse, 0.0)[:, None] * later[rows.exit_cell]
    return sums[:, 0] if per_time.ndim == 2 else sums


def _residuals(rows: RiskRows, beta: np.ndarray, sums: _Sums) -> np.ndarray:
    """Weighted score residual of every row: what it adds to the score, and what its presence takes away."""
    own = rows.is_event[:, None]
    n_terms = rows.x.shape[1]

    def at_exit(per_time: np.ndarray) -> np.ndarray:
        return per_time.reshape(-1, n_terms)[rows.exit_cell]

    a0, own0 = sums.a0.ravel()[rows.exit_cell], sums.own0.ravel()[rows.exit_cell]
    h0 = _over_time_at_risk(rows, sums.a0) + rows.is_event * (own0 - a0)
    h1 = _over_time_at_risk(rows, sums.a1) + own * (at_exit(sums.own1) - at_exit(sums.a1))
    ratio = np.exp(rows.x @ beta)[:, None]
    return rows.weight[:, None] * (own * (rows.x - at_exit(sums.mean)) - ratio * (rows.x * h0[:, None] - h1))


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(scale, scale)
    if not np.isfinite(scaled).all() or np.linalg.matrix_rank(scaled, tol=1e-10, hermitian=True) < len(score):
        raise EstimationError(
            "The covariates do not tell their effects apart.",
            where=f"{len(score)} covariates",
            why="One of them is constant among those at risk, or a sum of others, so infinitely many answers fit equally well.",
            fix="leave out one category of each set, and covariates that repeat others.",
        )
    return np.linalg.solve(information, score)


def _inverse(values: np.ndarray) -> np.ndarray:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)
