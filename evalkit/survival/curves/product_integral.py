"""From counts to probabilities: the product integral and its variances.

One kernel for every curve. A spell with K causes is a model with one state that is left for K final
ones; recurrent states are the general case. With p(h) the row of state probabilities after time h
and A(h) the observed rates of change at h,

    p(h) = p(h-1) (I + A(h))                                   (Aalen & Johansen 1978, Scand. J.
    Stat. 5:141)

The derivative of p(h) with respect to the weight of a cell follows the same recursion; its squared
length over clusters is the infinitesimal-jackknife variance (Therneau & Grambsch; R survival,
vignette "methods"). `closed_form` and `cluster_variance` find it without carrying every cell;
Greenwood's formula for one state to leave stands in `closed_form`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.risk_set import RiskSet
from evalkit.survival.curves.closed_form import greenwood_odds, greenwood_variance, row_variance
from evalkit.survival.curves.cluster_variance import cluster_variance

if TYPE_CHECKING:
    from scipy import sparse

Variance = Literal["greenwood", "robust"]
Start = Literal["fixed", "estimated"]
# A share smaller than this is a rounding error.
_ZERO = 1e-15


@dataclass(frozen=True)
class StatePaths:
    """State probabilities and their variances; `mean` and `mean_variance` hold the time in state up
    to a horizon when one was asked for.

    Shapes: probability, variance (n_groups, n_times + 1, n_states); mean, mean_variance (n_groups,
    n_horizons, n_states); covariance of the times in state is not kept. A variance is NaN in a
    group of one cluster, whose spread cannot be seen.
    """

    probability: np.ndarray
    variance: np.ndarray
    mean: np.ndarray
    mean_variance: np.ndarray


@dataclass(frozen=True)
class _Rates:
    """Observed rates of a risk set: `rates` (groups, times, from, to) with rows summing to zero,
    `at_risk` (groups, times, from).

    `first_target` is the place of the state that the first cause leads to: with one state it comes
    first and the causes follow; with several the causes are the states.
    """

    rates: np.ndarray
    at_risk: np.ndarray
    start: np.ndarray
    start_total: np.ndarray
    first_move: np.ndarray
    first_target: int


def state_paths(
    risk_set: RiskSet, *, variance: Variance, p0: Start = "fixed", horizons: tuple[float, ...] = ()
) -> StatePaths:
    """Probabilities of every state over time with variances, for all groups of a risk set.

    With several states the first row is the distribution at the first time anyone moves, among
    those then at risk; `p0="estimated"` counts its sampling error in, `"fixed"` takes it as given.
    With one state everybody starts in it; only then is there Greenwood's formula.
    """
    check_option("variance", variance, get_args(Variance))
    check_option("p0", p0, get_args(Start))
    rates = observed_rates(risk_set)
    probability = occupation(rates.rates, rates.start)
    widths = interval_widths(risk_set.times, horizons)
    mean = widths @ probability
    if variance == "greenwood":
        variances, mean_variances = greenwood_variance(
            rates.rates, rates.at_risk, probability, widths
        )
    elif risk_set.row_squares is not None and len(risk_set.states) == 1:
        variances, mean_variances = row_variance(
            risk_set, risk_set.row_squares, rates.rates, rates.at_risk, probability, widths
        )
    else:
        counted = (
            (rates.start, rates.start_total, rates.first_move)
            if p0 == "estimated" and len(risk_set.states) > 1
            else None
        )
        variances, mean_variances = cluster_variance(
            risk_set,
            rates.rates,
            rates.at_risk,
            probability,
            widths,
            first_target=rates.first_target,
            start=counted,
        )
    return StatePaths(probability, variances, mean, mean_variances)


def staying(risk_set: RiskSet) -> tuple[np.ndarray, np.ndarray]:
    """Shares still in the one state there is, and their variances by Greenwood's formula: the first
    column of `state_paths`, without the others. Shapes (n_groups, n_times + 1, 1).
    """
    rates = observed_rates(risk_set)
    share = np.ones((len(rates.rates), rates.rates.shape[1] + 1))
    np.cumprod(1 + rates.rates[:, :, 0, 0], axis=1, out=share[:, 1:])
    share[share < _ZERO] = 0.0
    odds = greenwood_odds(rates.rates, rates.at_risk)[:, :, 0]
    variance = np.zeros(share.shape)
    variance[:, 1:] = share[:, 1:] * (share[:, 1:] * odds.cumsum(axis=1))
    return share[:, :, None], variance[:, :, None]


def observed_rates(risk_set: RiskSet) -> _Rates:
    """Rates of change by group, time, state left and state entered, and where everybody starts."""
    at_risk = risk_set.at_risk
    all_leave = risk_set.n_exits[..., :-1].sum(axis=3) == risk_set.n_at_risk
    rates = rates_from_counts(risk_set.exits[..., :-1], at_risk, all_leave=all_leave)
    start, total, first_move = start_distribution(at_risk, first_moves(risk_set), rates.shape[3])
    return _Rates(rates, at_risk, start, total, first_move, int(len(risk_set.states) == 1))


def rates_from_counts(
    events: np.ndarray, at_risk: np.ndarray, *, all_leave: np.ndarray | None = None
) -> np.ndarray:
    """Rates (..., n_times, n_from, n_states) with rows summing to zero, from events (..., n_times,
    n_from, n_causes) and weight at risk.

    `all_leave` marks where everybody at risk leaves: rounding must not let a trace stay there.
    """
    n_from = events.shape[-2]
    hazards = np.divide(
        events, at_risk[..., None], out=np.zeros(events.shape), where=at_risk[..., None] > 0
    )
    leave = np.minimum(hazards.sum(axis=-1), 1.0)
    if all_leave is not None:
        leave[all_leave & (at_risk > 0)] = 1.0
    if n_from == 1:
        return np.concatenate([-leave[..., None], hazards], axis=-1)
    diagonal = np.arange(n_from)
    hazards[..., diagonal, diagonal] -= leave
    return hazards


def first_moves(risk_set: RiskSet) -> np.ndarray:
    """Place of the time of every group's first move (of its largest risk set when nobody moves);
    the first with one state to leave.
    """
    if len(risk_set.states) == 1:
        return np.zeros(risk_set.n_groups, dtype=np.int64)
    moves = risk_set.n_exits[..., :-1].sum(axis=(2, 3)) > 0
    return np.where(
        moves.any(axis=1), moves.argmax(axis=1), risk_set.n_at_risk.sum(axis=2).argmax(axis=1)
    )


def start_distribution(
    at_risk: np.ndarray, first_move: np.ndarray, n_states: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distribution over states at the first move (..., n_groups, n_states), its weight (...,
    n_groups), that time's place (n_groups,).
    """
    n_groups, _, n_from = at_risk.shape[-3:]
    if n_from == 1:
        start = np.zeros((*at_risk.shape[:-2], n_states))
        start[..., 0] = 1.0
        return start, at_risk[..., 0, 0].copy(), first_move
    present = at_risk[..., np.arange(n_groups), first_move, :]
    total = present.sum(axis=-1)
    start = np.divide(
        present, total[..., None], out=np.zeros_like(present), where=total[..., None] > 0
    )
    return start, total, first_move


def occupation(rates: np.ndarray, start: np.ndarray) -> np.ndarray:
    """State probabilities at time 0 and after every time; leading axes (groups, replicates) are
    carried along.
    """
    n_from = rates.shape[-2]
    probability = np.empty((*rates.shape[:-3], rates.shape[-3] + 1, rates.shape[-1]))
    if n_from == 1:
        # One state to leave, in which all are at the start: what remains is a running product, what
        # has gone a running sum.
        probability[..., 0, :] = start
        np.cumprod(1 + rates[..., 0, 0], axis=-1, out=probability[..., 1:, 0])
        probability[..., 1:, 0] *= start[..., :1]
        np.cumsum(
            probability[..., :-1, :1] * rates[..., 0, 1:], axis=-2, out=probability[..., 1:, 1:]
        )
        probability[np.abs(probability) < _ZERO] = 0.0
        return probability
    now = np.broadcast_to(start, probability[..., 0, :].shape)
    probability[..., 0, :] = now
    for step in range(rates.shape[-3]):
        now = now + (now[..., None, :n_from] @ rates[..., step, :, :])[..., 0, :]
        probability[..., step + 1, :] = now
    probability[np.abs(probability) < _ZERO] = 0.0
    return probability


def interval_widths(times: np.ndarray, horizons: tuple[float, ...]) -> np.ndarray:
    """Length of time that each row of a path lasts before each horizon; shape (n_horizons, n_times
    + 1).
    """
    if not horizons:
        return np.empty((0, len(times) + 1))
    edges = np.concatenate([[0.0], times, [np.inf]])
    return np.array([np.diff(np.minimum(edges, horizon)) for horizon in horizons])


def influence_path(
    risk_set: RiskSet, rates: _Rates, probability: np.ndarray, group: int, p0: Start
) -> Iterator[np.ndarray]:
    """Derivative of a group's state probabilities by the weight of every cell in use, at time 0 and
    after every time.

    Yields arrays (n_cells, n_states) that are overwritten at the next step; rows are in the order
    of `cells_in_use`.
    """
    n_from, n_states = len(risk_set.states), probability.shape[2]
    key, sign, state, target = _cell_parts(risk_set, group)
    here = np.divide(
        probability[group, :-1, :n_from],
        rates.at_risk[group],
        out=np.zeros_like(rates.at_risk[group]),
        where=rates.at_risk[group] > 0,
    )
    presence = -here[:, :, None] * rates.rates[group]
    begin = np.searchsorted(key, np.arange(len(risk_set.times) + 1))
    in_state = np.zeros((len(key), n_from))
    in_state[np.arange(len(key)), state] = sign
    moves = np.zeros((len(key), n_states))
    events = np.flatnonzero(target >= 0)
    size = here[key[events], state[events]]
    moves[events, target[events] + rates.first_target] += size
    moves[events, state[events]] -= size

    path = np.zeros((len(key), n_states))
    if p0 == "estimated" and n_from > 1:
        present = key >= rates.first_move[group]
        path[present] = (
            in_state[present] - sign[present, None] * rates.start[group]
        ) / rates.start_total[group]
    yield path
    for step in range(len(risk_set.times)):
        path += path[:, :n_from] @ rates.rates[group, step]
        first, last = begin[step], begin[step + 1]
        path[first:] += in_state[first:] @ presence[step]
        path[first:last] += moves[first:last]
        yield path


def cells_in_use(risk_set: RiskSet, group: int) -> np.ndarray:
    """Columns of `spread` that belong to a group and are not empty, in the order of the time at
    which their part in the risk set changes.
    """
    exits, entries = risk_set.n_exits[group], risk_set.n_entries[group].copy()
    entries[0] = 0
    exit_cells, entry_cells = np.flatnonzero(exits), np.flatnonzero(entries)
    exit_key = exit_cells // (exits.shape[1] * exits.shape[2])
    entry_key = entry_cells // entries.shape[1] - 1
    order = np.argsort(np.concatenate([exit_key, entry_key]), kind="stable")
    columns = np.concatenate(
        [exit_cells + group * exits.size, entry_cells + risk_set.exits.size + group * entries.size]
    )
    return columns[order]


def group_spread(spread: "sparse.csc_array", cells: np.ndarray) -> "sparse.csc_array":
    """Clusters x cells in use of one group, without the clusters that have no row there."""
    from scipy import sparse

    in_use = spread[:, cells]
    clusters = np.flatnonzero(np.bincount(in_use.indices, minlength=1))
    rank = np.zeros(spread.shape[0], dtype=in_use.indices.dtype)
    rank[clusters] = np.arange(len(clusters))
    return sparse.csc_array(
        (in_use.data, rank[in_use.indices], in_use.indptr), shape=(len(clusters), len(cells))
    )


def _cell_parts(
    risk_set: RiskSet, group: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of every cell in use: last time it counts, sign (exit +1, entry -1), state, cause (-1 =
    none); in the order of `cells_in_use`.
    """
    columns = cells_in_use(risk_set, group)
    is_exit = columns < risk_set.exits.size
    _, exit_time, exit_state, cause = np.unravel_index(
        np.where(is_exit, columns, 0), risk_set.exits.shape
    )
    entry_columns = np.where(is_exit, 0, columns - risk_set.exits.size)
    _, entry_rank, entry_state = np.unravel_index(entry_columns, risk_set.entries.shape)
    key = np.where(is_exit, exit_time, entry_rank - 1)
    is_event = is_exit & (cause < len(risk_set.causes))
    return (
        key,
        np.where(is_exit, 1.0, -1.0),
        np.where(is_exit, exit_state, entry_state),
        np.where(is_event, cause, -1),
    )
