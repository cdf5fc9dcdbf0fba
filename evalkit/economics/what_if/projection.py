"""What-if by a cohort model: shares of a cohort in each state, cycle by cycle, from transition
probabilities, and what comes of them.

A cycle's transition happens at its start; the shares after it are what the cycle's costs and
effects are counted on, unless neighbouring cycles are averaged (the half-cycle correction) or
joined by parabolas (Simpson's rule).
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalkit.economics.ledger.discounting import discount_factors
from evalkit.errors import EstimationError

Correction = Literal["none", "half_cycle", "life_table", "simpson"]

PROBABILITY_TOLERANCE = 1e-9


def cohort_trace(
    initial: ArrayLike,
    transitions: ArrayLike,
    n_cycles: int,
    *,
    time_factor: ArrayLike | None = None,
) -> np.ndarray:
    """The share of a cohort in each state at the start and after each cycle.

    Parameters
    ----------
    initial : array_like
        Shares at the start; shape (..., states), sums to one over states.
    transitions : array_like
        Probability of going from state i to state j; rows sum to one. Shape (states, states) for
        the same matrix in all cycles, or (..., n_cycles, states, states) for one per cycle; leading
        axes are draws, arms and the like, and broadcast with those of `initial`.
    n_cycles : int
        Cycles, >= 0.
    time_factor : array_like, optional
        Shape (n_cycles,). The probabilities of moving are those of `transitions`, which then has no
        axis of cycles, times the cycle's factor; the rest of each row stays. Much faster than a
        matrix a cycle.

    Returns
    -------
    ndarray
        Shape (..., n_cycles + 1, states); row 0 is `initial`.

    Raises
    ------
    EstimationError
        If shares or a row of probabilities are negative or do not sum to one, or the shapes do not
        fit.

    References
    ----------
    Briggs, Claxton & Sculpher (2006), Decision Modelling for Health Economic Evaluation, ch. 2.
    """
    initial, transitions = np.asarray(initial, dtype=float), np.asarray(transitions, dtype=float)
    if time_factor is not None:
        return _factor_trace(initial, transitions, n_cycles, np.asarray(time_factor, dtype=float))
    _refuse_unfit(initial, transitions, n_cycles)
    leading = np.broadcast_shapes(initial.shape[:-1], transitions.shape[:-3])
    trace = np.empty((*leading, n_cycles + 1, initial.shape[-1]))
    trace[..., 0, :] = initial
    for cycle in range(n_cycles):
        step = transitions if transitions.ndim == 2 else transitions[..., cycle, :, :]
        trace[..., cycle + 1, :] = np.einsum("...i,...ij->...j", trace[..., cycle, :], step)
    return trace


def _factor_trace(
    initial: np.ndarray, transitions: np.ndarray, n_cycles: int, factor: np.ndarray
) -> np.ndarray:
    """States first, draws last: each step is then a few multiplications of long rows, x + f x (P -
    1).
    """
    if factor.shape != (n_cycles,):
        raise _unfit_trace(initial, transitions, n_cycles)
    n_states = initial.shape[-1] if initial.ndim else 0
    if transitions.ndim < 2 or transitions.shape[-2:] != (n_states, n_states) or n_cycles < 0:
        raise _unfit_trace(initial, transitions, n_cycles)
    leaving = 1 - np.diagonal(transitions, axis1=-2, axis2=-1)
    _refuse_improper(initial, transitions)
    if n_cycles and (
        factor.min() < 0 or float(leaving.max()) * factor.max() > 1 + PROBABILITY_TOLERANCE
    ):
        raise EstimationError(
            "A time factor makes probabilities negative.",
            where="cohort_trace: argument time_factor",
            why="The factor times the probability of leaving a state must lie between 0 and 1 in "
            "every cycle.",
            fix="use smaller factors or shorter cycles.",
        )
    leading = np.broadcast_shapes(initial.shape[:-1], transitions.shape[:-2])
    moves = np.moveaxis(
        np.broadcast_to(transitions - np.eye(n_states), (*leading, n_states, n_states)),
        (-2, -1),
        (0, 1),
    ).copy()
    trace = np.empty((n_cycles + 1, n_states, *leading))
    trace[0] = np.moveaxis(np.broadcast_to(initial, (*leading, n_states)), -1, 0)
    for cycle in range(n_cycles):
        now, change = trace[cycle], np.zeros_like(trace[cycle])
        for state in range(n_states):
            change += now[state] * moves[state]
        trace[cycle + 1] = now + factor[cycle] * change
    return np.moveaxis(trace, (0, 1), (-2, -1))


def cohort_totals(
    trace: ArrayLike,
    values: ArrayLike,
    *,
    annual_rate: ArrayLike = 0.0,
    months_per_cycle: float = 1.0,
    correction: Correction = "none",
    transitions: ArrayLike | None = None,
    transition_values: ArrayLike | None = None,
) -> np.ndarray:
    """What a cohort's time in each state, and its moves between states, come to: costs, effects or
    both, by actor.

    Parameters
    ----------
    trace : array_like
        From `cohort_trace`; shape (..., n_cycles + 1, states).
    values : array_like
        Per cycle in a state; shape (states,) or (states, k) for k actors or outcomes at once.
    annual_rate : array_like
        Effective rate per year, one or one for each leading index.
    months_per_cycle : float
        Length of a cycle. Months.
    correction : {"none", "half_cycle", "life_table", "simpson"}
        none: the shares after the cycle's transition, at its middle. life_table: the mean of the
        shares before and after, at its middle. half_cycle: the shares at the cycles' ends, the
        first and the last by half, discounted at the ends. simpson: Simpson's rule over the cycles'
        ends, which needs an even number of cycles, discounted at the ends.
    transitions, transition_values : array_like, optional
        The probabilities that the trace was made with, and what a move from state i to j is worth
        (states, states) or (states, states, k); moves happen at the start of a cycle.

    Returns
    -------
    ndarray
        Shape (...,) or (..., k).

    Raises
    ------
    EstimationError
        If Simpson's rule is asked for an odd number of cycles, or values do not fit the states.

    References
    ----------
    Elbasha & Chhatwal (2016), Medical Decision Making 36(1).
    """
    trace, values = np.asarray(trace, dtype=float), np.asarray(values, dtype=float)
    n_cycles = trace.shape[-2] - 1
    if values.shape[0] != trace.shape[-1]:
        raise _unfit_values(f"values {values.shape}, {trace.shape[-1]} states")
    ends = np.arange(n_cycles + 1) * months_per_cycle
    if correction in ("simpson", "half_cycle"):
        shares, factors = (
            trace * _end_weights(n_cycles, correction)[:, None],
            discount_factors(annual_rate, ends),
        )
    else:
        middles = ends[1:] - months_per_cycle / 2
        shares = (
            trace[..., 1:, :]
            if correction == "none"
            else (trace[..., 1:, :] + trace[..., :-1, :]) / 2
        )
        factors = discount_factors(annual_rate, middles)
    totals = np.einsum("...ts,...t->...s", shares, factors) @ values
    if transitions is None or transition_values is None:
        return totals
    moves = transition_flows(trace, transitions)
    at_start = discount_factors(annual_rate, ends[:-1])
    by_move = np.einsum("...tij,...t->...ij", moves, at_start)
    return totals + np.tensordot(
        by_move, np.asarray(transition_values, dtype=float), axes=([-2, -1], [0, 1])
    )


def _end_weights(n_cycles: int, correction: Correction) -> np.ndarray:
    """How much the shares at each cycle's end count."""
    weights = np.ones(n_cycles + 1)
    if correction == "half_cycle":
        weights[[0, -1]] = 0.5
        return weights
    if n_cycles % 2:
        raise _unfit_values(f"{n_cycles} cycles, and Simpson's rule needs an even number")
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return weights / 3


def transition_flows(trace: ArrayLike, transitions: ArrayLike) -> np.ndarray:
    """The share of the cohort that moves from state i to state j at the start of each cycle: (...,
    n_cycles, states, states).
    """
    return np.asarray(trace, dtype=float)[..., :-1, :, None] * np.asarray(transitions, dtype=float)


def _unfit_values(where: str) -> EstimationError:
    return EstimationError(
        "The values do not fit the cohort.",
        where=f"cohort_totals: {where}",
        why="Each state has one value, and the rule of integration decides how cycles are joined.",
        fix="give one value per state, and an even number of cycles for Simpson's rule.",
    )


def _refuse_unfit(initial: np.ndarray, transitions: np.ndarray, n_cycles: int) -> None:
    n_states = initial.shape[-1] if initial.ndim else 0
    fits = (
        transitions.ndim >= 2 and transitions.shape[-2:] == (n_states, n_states) and n_cycles >= 0
    )
    if not fits or (transitions.ndim > 2 and transitions.shape[-3] != n_cycles):
        raise _unfit_trace(initial, transitions, n_cycles)
    _refuse_improper(initial, transitions)


def _unfit_trace(initial: np.ndarray, transitions: np.ndarray, n_cycles: int) -> EstimationError:
    return EstimationError(
        "The transitions do not fit the cohort.",
        where=f"cohort_trace: initial {initial.shape}, transitions {transitions.shape}, {n_cycles} "
        "cycles",
        why="Each state needs a row and a column, and each cycle a matrix (or a factor) unless one "
        "serves all.",
        fix="give transitions of shape (states, states) or (..., n_cycles, states, states).",
    )


def _refuse_improper(initial: np.ndarray, transitions: np.ndarray) -> None:
    for name, shares in (("initial", initial), ("transitions", transitions)):
        n_faulty = int(
            np.sum(
                ~(np.abs(shares.sum(axis=-1) - 1) <= PROBABILITY_TOLERANCE)
                | np.any(shares < 0, axis=-1)
            )
        )
        if n_faulty:
            raise EstimationError(
                f"Probabilities that are negative or do not sum to one: {n_faulty} rows.",
                where=f"cohort_trace: argument {name}",
                why="Everybody is in exactly one state after a cycle; nobody vanishes.",
                fix="give the rest of each row to staying, or to a state for those who leave.",
            )
