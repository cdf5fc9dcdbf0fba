"""The jackknife variance of curves with clusters, delayed entry or recurrent states, for all groups
at once, in one walk over time.

What a cluster moves the state probabilities by, u(t) (its weighted sum of derivatives), changes in
two ways. From one time to the next it follows the same recursion for everybody: with A the observed
rates, p the probabilities, Y the weight at risk and W the weight that the cluster itself has at
risk in every state,

    u(t) = u(t-1) (I + A(t)) - sum_s W_s p_s(t-1) / Y_s(t) A_s(t)
    (`product_integral`, influence of a cell)

and only at the times at which rows of the cluster end or enter do W and u jump by amounts of their
own. So the second moments of (u, W) over all clusters, whose diagonal holds the variances, are
carried from time to time by one small matrix, and the clusters are touched only where they jump: y'
at a jump is y just after the last jump times the product of the small matrices between. Cost grows
with rows, not with rows x times.
"""

from dataclasses import dataclass

import numpy as np

from evalkit.survival.counts.risk_set import RiskSet
from evalkit.survival.curves.closed_form import EndDerivatives, end_derivatives

_ROUNDING = 1e-14


@dataclass(frozen=True)
class _Walk:
    """The small matrices: `step` I + A (groups, times, to, to), `presence` (groups, times, from,
    to), `here` p / Y (groups, times, from).
    """

    step: np.ndarray
    presence: np.ndarray
    here: np.ndarray


@dataclass(frozen=True)
class _Rows:
    """Non-zero entries of the spread in the order of the last time each counts, then of its group;
    units are clusters within a group.

    `cell` is the column of the spread, `target` the place of the state moved to, -1 for none;
    `sign` +1 for a row's end, -1 for its entry; units are numbered group by group.
    """

    unit: np.ndarray
    cell: np.ndarray
    group: np.ndarray
    time: np.ndarray
    state: np.ndarray
    target: np.ndarray
    sign: np.ndarray
    weight: np.ndarray
    group_of_unit: np.ndarray


def cluster_variance(
    risk_set: RiskSet,
    rates: np.ndarray,
    at_risk: np.ndarray,
    probability: np.ndarray,
    widths: np.ndarray,
    *,
    first_target: int,
    start: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the state probabilities and of their areas.

    rates (n_groups, n_times, n_from, n_states), at_risk (n_groups, n_times, n_from), probability
    (n_groups, n_times + 1, n_states), widths (n_horizons, n_times + 1). first_target: place of the
    state that the first cause leads to. start: distribution, its weight and the place of its time
    by group where its sampling error counts, else None. Returns arrays (n_groups, n_times + 1,
    n_states) and (n_groups, n_horizons, n_states), NaN in groups of one cluster.
    """
    walk, rows = _walk(rates, at_risk, probability), _rows(risk_set, first_target)
    present = _sums(
        rows.unit, rows.state, rows.sign * rows.weight, len(rows.group_of_unit), at_risk.shape[2]
    )
    moved = np.zeros((len(rows.group_of_unit), probability.shape[2]))
    if start is not None:
        moved[:, : present.shape[1]] = _start_derivative(rows, present.shape[1], *start)
    areas = np.empty((len(probability), len(widths), probability.shape[2]))
    for horizon, width in enumerate(widths):
        areas[:, horizon] = _area_variance(walk, rows, width, moved)
    if at_risk.shape[2] == 1:
        variance = _variance_of_one_state(
            end_derivatives(rates, at_risk, probability), rows, present
        )
    else:
        variance = _variance_over_time(walk, rows, moved, present)
    sizes = np.bincount(rows.group_of_unit, minlength=risk_set.n_groups)
    alone = (
        sizes if risk_set.cluster_ids is not None else risk_set.n_exits.sum(axis=(1, 2, 3))
    ) < 2
    variance[alone], areas[alone] = np.nan, np.nan
    return variance, areas


def _walk(rates: np.ndarray, at_risk: np.ndarray, probability: np.ndarray) -> _Walk:
    n_from, n_states = rates.shape[2:]
    here = np.divide(
        probability[:, :-1, :n_from], at_risk, out=np.zeros_like(at_risk), where=at_risk > 0
    )
    step = np.zeros((*rates.shape[:2], n_states, n_states))
    step[:, :, :n_from] = rates
    step += np.eye(n_states)
    return _Walk(step, -here[..., None] * rates, here)


def _rows(risk_set: RiskSet, first_target: int) -> _Rows:
    spread, n_exit_cells = risk_set.spread, risk_set.exits.size
    n_groups, n_ends = risk_set.n_groups, risk_set.exits.shape[3]
    # What a cell is, for all cells; entries are gathered from it.
    cell = np.arange(spread.shape[1])
    is_exit = cell < n_exit_cells
    exit_group, exit_time, exit_state, cause = np.unravel_index(
        np.where(is_exit, cell, 0), risk_set.exits.shape
    )
    entry_group, rank, entry_state = np.unravel_index(
        np.where(is_exit, 0, cell - n_exit_cells), risk_set.entries.shape
    )
    time = np.where(is_exit, exit_time, rank - 1)
    state, group = (
        np.where(is_exit, exit_state, entry_state),
        np.where(is_exit, exit_group, entry_group),
    )
    target = np.where(is_exit & (cause < n_ends - 1), cause + first_target, -1)
    # The spread has its entries cell by cell: putting the cells in order puts the entries in order.
    by_time, n_entries = np.argsort(time * n_groups + group, kind="stable"), np.diff(spread.indptr)
    n_sorted = n_entries[by_time]
    cells = np.repeat(by_time, n_sorted)
    order = np.arange(len(cells)) + np.repeat(
        spread.indptr[by_time] - np.cumsum(n_sorted) + n_sorted, n_sorted
    )
    cluster = spread.indices[order].astype(np.int64)
    unit, group_of_unit = _units(cluster, group[cells], n_groups, spread.shape[0])
    sign = np.where(is_exit, 1, -1).astype(np.int8)
    # Small numbers in small types: there are as many as rows.
    group, time = group.astype(np.int32), time.astype(np.int32)
    state, target = state.astype(np.int16), target.astype(np.int16)
    return _Rows(
        unit,
        cells,
        group[cells],
        time[cells],
        state[cells],
        target[cells],
        sign[cells],
        spread.data[order],
        group_of_unit,
    )


def _units(
    cluster: np.ndarray, group: np.ndarray, n_groups: int, n_clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the clusters within their groups, in the order of the groups, and the group of
    each.
    """
    if n_groups == 1:
        is_present = np.bincount(cluster, minlength=n_clusters) > 0
        unit = cluster if is_present.all() else (np.cumsum(is_present) - 1)[cluster]
        return unit, np.zeros(is_present.sum(), dtype=np.int64)
    codes, unit = np.unique(group * n_clusters + cluster, return_inverse=True)
    return unit, codes // n_clusters


def _sums(
    unit: np.ndarray, column: np.ndarray, weight: np.ndarray, n_units: int, n_columns: int
) -> np.ndarray:
    return np.bincount(unit * n_columns + column, weight, n_units * n_columns).reshape(
        n_units, n_columns
    )


def _start_derivative(
    rows: _Rows, n_from: int, share: np.ndarray, total: np.ndarray, time: np.ndarray
) -> np.ndarray:
    """Derivative of the distribution at the start, counted among those at risk at its time, by the
    weight of every unit.
    """
    counted = rows.time >= time[rows.group]
    signed = rows.sign[counted] * rows.weight[counted]
    there = _sums(rows.unit[counted], rows.state[counted], signed, len(rows.group_of_unit), n_from)
    group = rows.group_of_unit
    return (there - there.sum(axis=1, keepdims=True) * share[group]) / total[group, None]


def _variance_of_one_state(d: EndDerivatives, rows: _Rows, present: np.ndarray) -> np.ndarray:
    """Variance of what is left of one state and of its ends after every time.

    A cluster moves the curve X at t by a + X(t) b + W z(t), z = X Q - P (`closed_form`): a, b and
    the weight W at risk only change where rows of it end or enter.
    """
    n_groups, n_times, n_states = d.X.shape
    of_cell = _moves_by_cell(d)
    now = np.concatenate([np.zeros((len(present), n_states + 1)), present], axis=1)
    moments = _moments(now, rows.group_of_unit, n_groups)
    at, scratch = np.empty((n_times, *moments.shape)), np.empty(len(now), dtype=np.int64)
    begin = np.searchsorted(rows.time, np.arange(n_times + 1)).tolist()
    for time in range(n_times):
        now_rows = slice(begin[time], begin[time + 1])
        if now_rows.start < now_rows.stop:
            unit, unit_rank = _each_once(rows.unit[now_rows], scratch)
            jump = _row_sums(
                rows.weight[now_rows, None] * of_cell[rows.cell[now_rows]], unit_rank, len(unit)
            )
            before = now[unit]
            after = now[unit] = before + jump
            group = rows.group_of_unit[unit]
            moments += _moments(after, group, n_groups) - _moments(before, group, n_groups)
        at[time] = moments
    at, z = at.swapaxes(0, 1), d.X * d.Q - d.P
    terms = [
        np.diagonal(at, axis1=2, axis2=3)[..., :n_states],
        2 * d.X * at[..., :n_states, n_states],
        2 * z * at[..., :n_states, n_states + 1],
        d.X**2 * at[..., n_states, n_states, None],
        2 * d.X * z * at[..., n_states, n_states + 1, None],
        z**2 * at[..., n_states + 1, n_states + 1, None],
    ]
    total = sum(terms)
    variance = np.zeros((n_groups, n_times + 1, n_states))
    # Where the parts cancel, what is left is their rounding.
    variance[:, 1:] = np.where(total > _ROUNDING * sum(map(np.abs, terms)), total, 0.0)
    return variance


def _moves_by_cell(d: EndDerivatives) -> np.ndarray:
    """By how much a row of weight one moves a, b and the weight at risk when it ends or enters;
    rows are the cells of the spread.
    """
    n_groups, n_times, n_states = d.X.shape
    of_end = np.empty((n_groups, n_times, n_states, n_states + 2))
    of_end[:, :, :-1, :n_states], of_end[:, :, :-1, n_states] = (
        d.event[:, :, None, :],
        d.after_event,
    )
    causes = np.arange(n_states - 1)
    of_end[:, :, causes, causes + 1] += d.own
    of_end[:, :, -1, :n_states], of_end[:, :, -1, n_states] = -d.P, d.Q[..., 0]
    of_end[..., n_states + 1] = -1.0
    of_entry = np.zeros((n_groups, n_times + 1, n_states + 2))
    of_entry[:, 1:] = np.concatenate([d.P, -d.Q, np.ones_like(d.Q)], axis=2)
    return np.concatenate([moves.reshape(-1, n_states + 2) for moves in (of_end, of_entry)])


def _variance_over_time(
    walk: _Walk, rows: _Rows, moved: np.ndarray, present: np.ndarray
) -> np.ndarray:
    """Variance of every state after every time; `moved` and `present` (units, states) are what
    holds at time 0.
    """
    n_groups, n_times, n_from, n_states = walk.presence.shape
    n = n_states + n_from
    variance = np.empty((n_groups, n_times + 1, n_states))
    both = np.concatenate([moved, present], axis=1)
    # From just after the times of jumps (0: the start) to now: what 1 of u or of W at that time has
    # become of u.
    since = np.zeros((n_groups, n_times + 1, n, n_states))
    since[:, :, :n_states] = np.eye(n_states)
    last, scratch = np.zeros(len(both), dtype=np.int64), np.empty(len(both), dtype=np.int64)
    moments = _moments(both, rows.group_of_unit, n_groups)
    variance[:, 0] = np.diagonal(moments, axis1=1, axis2=2)[:, :n_states]
    carry = np.tile(np.eye(n), (n_groups, 1, 1))
    begin = np.searchsorted(rows.time, np.arange(n_times + 1))
    for time in range(n_times):
        carry[:, :n_states, :n_states], carry[:, n_states:, :n_states] = (
            walk.step[:, time],
            walk.presence[:, time],
        )
        moments = np.swapaxes(carry, 1, 2) @ moments @ carry
        reached = since[:, : time + 1].reshape(n_groups, -1, n_states) @ walk.step[:, time]
        since[:, : time + 1] = reached.reshape(n_groups, time + 1, n, n_states)
        since[:, : time + 1, n_states:] += walk.presence[:, time, None]
        if begin[time] < begin[time + 1]:
            now_rows = slice(begin[time], begin[time + 1])
            unit, unit_rank = _each_once(rows.unit[now_rows], scratch)
            group = rows.group_of_unit[unit]
            before = both[unit]
            way = since.reshape(-1, n, n_states).take(group * (n_times + 1) + last[unit], axis=0)
            before[:, :n_states] = np.einsum("ui,uij->uj", before, way)
            after = before + _jumps(walk, rows, now_rows, time, unit_rank, len(unit))
            moments += _moments(after, group, n_groups) - _moments(before, group, n_groups)
            both[unit], last[unit] = after, time + 1
        variance[:, time + 1] = np.diagonal(moments, axis1=1, axis2=2)[:, :n_states]
    return np.maximum(variance, 0.0)


def _each_once(unit: np.ndarray, scratch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The units of some rows, each once, and the place of every row's unit among them; the scratch
    has a place for every unit.
    """
    rows = np.arange(len(unit))
    scratch[unit] = rows
    last_row = scratch[unit]
    is_last = last_row == rows
    return unit[is_last], (np.cumsum(is_last) - 1)[last_row]


def _row_sums(values: np.ndarray, place: np.ndarray, n_places: int) -> np.ndarray:
    """Sums of rows by place, column by column."""
    n = values.shape[1]
    return np.bincount(
        (place[:, None] * n + np.arange(n)).ravel(), values.ravel(), n_places * n
    ).reshape(n_places, n)


def _jumps(
    walk: _Walk, rows: _Rows, part: slice, time: int, place: np.ndarray, n_units: int
) -> np.ndarray:
    """By how much u and W of units jump at a time; shape (units, n_states + n_from)."""
    n_from, n_states = walk.presence.shape[2:]
    n = n_states + n_from
    state, target, weight = rows.state[part], rows.target[part], rows.weight[part]
    event = np.flatnonzero(target >= 0)
    size = weight[event] * walk.here[rows.group[part][event], time, state[event]]
    cells = np.concatenate(
        [
            place * n + n_states + state,
            place[event] * n + target[event],
            place[event] * n + state[event],
        ]
    )
    amounts = np.concatenate([-rows.sign[part] * weight, size, -size])
    return np.bincount(cells, amounts, n_units * n).reshape(n_units, n)


def _moments(values: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Sum over units of value' value, by group (units stand group by group); shape (n_groups, n,
    n).
    """
    if n_groups == 1:
        return (values.T @ values)[None]
    n = values.shape[1]
    moments = np.zeros((n_groups, n, n))
    begin = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    for column in range(n):
        moments[group[begin], column] = np.add.reduceat(
            values[:, column, None] * values, begin, axis=0
        )
    return moments


def _area_variance(walk: _Walk, rows: _Rows, width: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Variance of the areas under the curves, each row of a path counted with its width; shape
    (n_groups, n_states).
    """
    n_groups, n_times, _, n_states = walk.presence.shape
    # What 1 of u just after every time adds to the area from there on; the last place is that of
    # the start.
    ahead = np.zeros((n_groups, n_times + 1, n_states, n_states))
    now = width[n_times] * np.eye(n_states)
    for time in range(n_times - 1, -1, -1):
        ahead[:, time] = now
        now = width[time] * np.eye(n_states) + walk.step[:, time] @ ahead[:, time]
    ahead[:, -1] = now
    while_there = np.cumsum(walk.presence @ ahead[:, :-1], axis=1)
    amount = (rows.sign * rows.weight)[:, None] * while_there[rows.group, rows.time, rows.state]
    event = np.flatnonzero(rows.target >= 0)
    group, time, state = rows.group[event], rows.time[event], rows.state[event]
    size = rows.weight[event] * walk.here[group, time, state]
    amount[event] += size[:, None] * (
        ahead[group, time, rows.target[event]] - ahead[group, time, state]
    )
    n_units = len(rows.group_of_unit)
    of_unit = np.stack([np.bincount(rows.unit, column, n_units) for column in amount.T], axis=1)
    of_unit += np.einsum("ui,uij->uj", moved, ahead[rows.group_of_unit, -1])
    return np.stack(
        [np.bincount(rows.group_of_unit, column**2, n_groups) for column in of_unit.T], axis=1
    )
