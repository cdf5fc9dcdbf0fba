"""The share of people in each state, month by month, when states can be left and entered again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.risk_set import RiskSet, count_risk_set
from evalkit.survival.counts.spell_columns import (
    Roles,
    SpellColumns,
    read_spell_columns,
)
from evalkit.survival.curves.curve_table import ConfType, curve_frame, mean_frame
from evalkit.survival.curves.product_integral import Start, state_paths
from evalkit.survival.curves.restricted_mean import Horizon, paths_to_horizons


def state_occupation(
    intervals: Frame,
    *,
    id: str,
    start: str,
    stop: str,
    from_state: str,
    to_state: str,
    cluster: str | None = None,
    weight: str | None = None,
    by: Sequence[str] = (),
    states: Sequence[str] | None = None,
    p0: Start = "estimated",
    conf_level: float = 0.95,
    conf_type: ConfType = "log",
) -> pl.DataFrame:
    """Share of people in each state after each month, from intervals of their lives; errors allow
    for several rows per cluster.

    Parameters
    ----------
    intervals : DataFrame or LazyFrame
        Several rows per person, one per stay in a state, not overlapping.
    id, start, stop : str
        Columns: person; months from time zero to the beginning and the end of the row. The row
        holds on (start, stop]; the share at time t is that of the month that follows.
    from_state, to_state : str
        Columns of text: the state during the row; the state entered at its end (null or the same
        state = no move seen: censored, or the row goes on in the next).
    cluster : str, optional
        Column of the household or whoever else varies together; default: the person.
    states : sequence of str, optional
        All states there can be, as `causes` elsewhere.
    p0 : {"estimated", "fixed"}
        The shares at time 0 are those of the people at risk at the first move of their group.
        "estimated" counts their sampling error in, as a statement on a population needs (and as R's
        survfit does when people start in different states); "fixed" takes them as given.

    Returns
    -------
    DataFrame
        One row per group, state and time: by-columns, `time`, `state`, `estimate` and `std_error`
        (shares), `ci_lower`, `ci_upper`, `n_at_risk` (rows in the state) and `n_events` (moves into
        the state at this time), unweighted. Shares sum to one. Errors and limits are null where a
        share is 0 or 1, as `curve_table` says.

    Raises
    ------
    EstimationError
        Also if rows of a person overlap, or follow each other in another state than the one moved
        to.

    References
    ----------
    Aalen & Johansen (1978); Datta & Satten (2001), Stat. Prob. Lett. 55:403 (valid for shares also
    without the Markov property).
    """
    risk_set = _tabulate(
        intervals, Roles(stop, to_state, start, weight, id, by, states, from_state), cluster
    )
    paths = state_paths(risk_set, variance="robust", p0=p0)
    # A single state is one that nobody leaves: its path has a second column for a way out, which is
    # not taken.
    n_states = len(risk_set.states)
    return curve_frame(
        risk_set,
        paths.probability[:, :, :n_states],
        paths.variance[:, :, :n_states],
        label=("state", risk_set.causes),
        counts=(risk_set.n_at_risk, risk_set.n_exits[..., :-1].sum(axis=2)),
        conf_level=conf_level,
        conf_type=conf_type,
        first_row_is_exact=p0 == "fixed" or _all_start_alike(paths.probability),
    )


def time_in_state(
    intervals: Frame,
    *,
    id: str,
    start: str,
    stop: str,
    from_state: str,
    to_state: str,
    horizon: Horizon,
    cluster: str | None = None,
    weight: str | None = None,
    by: Sequence[str] = (),
    states: Sequence[str] | None = None,
    p0: Start = "estimated",
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """Mean months in each state up to a horizon: the areas under the curves of `state_occupation`,
    with its parameters.

    Parameters
    ----------
    horizon : float or sequence of float
        As in `restricted_mean`. The months in all states sum to the horizon.

    Returns
    -------
    DataFrame
        One row per group, horizon and state: by-columns, `horizon`, `state`, `estimate` and
        `std_error` (months), `ci_lower`, `ci_upper`, `n_spells` (rows). Errors are null where a
        state has not been seen.

    Raises
    ------
    EstimationError
        As `state_occupation` and `restricted_mean`.
    """
    risk_set = _tabulate(
        intervals, Roles(stop, to_state, start, weight, id, by, states, from_state), cluster
    )
    horizons, paths = paths_to_horizons(risk_set, horizon, variance="robust", p0=p0)
    label, n_states = ("state", risk_set.causes), len(risk_set.states)
    mean, variance = paths.mean[:, :, :n_states], paths.mean_variance[:, :, :n_states]
    return mean_frame(
        risk_set, mean, variance, horizons=horizons, label=label, conf_level=conf_level
    )


def _tabulate(intervals: Frame, by_person: Roles, cluster: str | None) -> RiskSet:
    columns = read_spell_columns(intervals, by_person)
    _check_order(columns, by_person)
    return count_risk_set(
        columns
        if cluster is None
        else read_spell_columns(intervals, replace(by_person, cluster=cluster))
    )


def _check_order(columns: SpellColumns, roles: Roles) -> None:
    """Refuse rows of a person that overlap, or that go on in another state than the row before
    moved to.
    """
    person, end, state = columns.cluster, columns.time, columns.state
    if person is None or state is None:
        return
    begin = np.zeros_like(end) if columns.entry is None else columns.entry
    moved_to = np.where(columns.cause == len(columns.causes), state, columns.cause)
    same, next_begin = person[1:] == person[:-1], begin[1:]
    if (person[1:] < person[:-1]).any() or (same & (next_begin < begin[:-1])).any():
        order = np.lexsort((begin, person))
        person, begin, end, state, moved_to = (
            values[order] for values in (person, begin, end, state, moved_to)
        )
        same, next_begin = person[1:] == person[:-1], begin[1:]
    n_overlaps = int((same & (next_begin < end[:-1])).sum())
    n_jumps = int((same & (next_begin == end[:-1]) & (state[1:] != moved_to[:-1])).sum())
    if n_overlaps or n_jumps:
        raise EstimationError(
            f"{n_overlaps} intervals overlap the one before of the same person, and {n_jumps} "
            "begin in another state than it moved to.",
            where=f'columns "{roles.cluster}", "{roles.entry}", "{roles.time}", '
            f'"{roles.from_state}" and "{roles.event}"',
            why="A person is in one state at a time; overlapping rows would count them twice, "
            "jumps would lose a move.",
            fix="build the intervals from one timeline per person, so that each row begins where "
            "and as the one before ends.",
        )


def _all_start_alike(probability: np.ndarray) -> bool:
    return bool((probability[:, 0].max(axis=1) == 1.0).all())
