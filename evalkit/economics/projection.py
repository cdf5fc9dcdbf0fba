"""What-if by a cohort model: shares of a cohort in each state, cycle by cycle, from transition probabilities.

A cycle's transition happens at its start; the shares after it are what the cycle's costs and effects are counted on, unless the caller
averages neighbouring cycles (the half-cycle correction).
"""

import numpy as np
from numpy.typing import ArrayLike

from evalkit.errors import EstimationError

PROBABILITY_TOLERANCE = 1e-9


def cohort_trace(initial: ArrayLike, transitions: ArrayLike, n_cycles: int) -> np.ndarray:
    """The share of a cohort in each state at the start and after each cycle.

    Parameters
    ----------
    initial : array_like
        Shares at the start; shape (..., states), sums to one over states.
    transitions : array_like
        Probability of going from state i to state j; rows sum to one. Shape (states, states) for the same matrix in all cycles, or
        (..., n_cycles, states, states) for one a cycle; leading axes are draws, arms and the like, and broadcast with those of `initial`.
    n_cycles : int
        Cycles, >= 0.

    Returns
    -------
    ndarray
        Shape (..., n_cycles + 1, states); row 0 is `initial`.

    Raises
    ------
    EstimationError
        If shares or a row of probabilities are negative or do not sum to one, or the shapes do not fit.

    References
    ----------
    Briggs, Claxton & Sculpher (2006), Decision Modelling for Health Economic Evaluation, ch. 2.
    """
    initial, transitions = np.asarray(initial, dtype=float), np.asarray(transitions, dtype=float)
    _refuse_unfit(initial, transitions, n_cycles)
    leading = np.broadcast_shapes(initial.shape[:-1], transitions.shape[:-3])
    trace = np.empty((*leading, n_cycles + 1, initial.shape[-1]))
    trace[..., 0, :] = initial
    for cycle in range(n_cycles):
        step = transitions if transitions.ndim == 2 else transitions[..., cycle, :, :]
        trace[..., cycle + 1, :] = (trace[..., cycle, None, :] @ step)[..., 0, :]
    return trace


def _refuse_unfit(initial: np.ndarray, transitions: np.ndarray, n_cycles: int) -> None:
    n_states = initial.shape[-1] if initial.ndim else 0
    fits = transitions.ndim >= 2 and transitions.shape[-2:] == (n_states, n_states) and n_cycles >= 0
    if not fits or (transitions.ndim > 2 and transitions.shape[-3] != n_cycles):
        raise EstimationError(
            "The transitions do not fit the cohort.",
            where=f"cohort_trace: initial {initial.shape}, transitions {transitions.shape}, {n_cycles} cycles",
            why="Each state needs a row and a column, and each cycle a matrix unless one serves all.",
            fix="give transitions of shape (states, states) or (..., n_cycles, states, states).",
        )
    for name, shares in (("initial", initial), ("transitions", transitions)):
        n_faulty = int(np.sum(~(np.abs(shares.sum(axis=-1) - 1) <= PROBABILITY_TOLERANCE) | np.any(shares < 0, axis=-1)))
        if n_faulty:
            raise EstimationError(
                f"Probabilities that are negative or do not sum to one: {n_faulty} rows.",
                where=f"cohort_trace: argument {name}",
                why="Everybody is in exactly one state after a cycle; nobody vanishes.",
                fix="give the rest of each row to staying, or to a state for those who leave.",
            )
