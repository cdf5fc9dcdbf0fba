"""Sums of weights over one arm's person-trials, by state or event and month of follow-up, for every
draw at once.

A person-trial keeps its state and its weight for months on end. The sum of a month is that of the
month before, less the weights that left it and plus those that came. So a person-trial costs a few
numbers and not one per month. Person-trials are taken in blocks with all their draws: memory does
not grow with people, and weights are still in the processor's cache when they are added up.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

_BLOCK_VALUES = 500_000
# What a sum keeps when everybody in it has gone again: this share of the arm's weight is rounding.
_NOBODY = 1e-12


class Stretches(NamedTuple):
    """Runs of months in which a person-trial's weight stays the same, ordered by row and month.

    rows, months : (n_stretches,) position of the person-trial in its arm, and the run's first month
    of follow-up. steps : (n_stretches, n_names * n_months) what the run's weight adds to the sum of
    a name (states, then events) and month over the month before.
    """

    rows: np.ndarray
    months: np.ndarray
    steps: "sparse.csr_matrix"


def stretches(
    states: np.ndarray, events: np.ndarray, is_new: np.ndarray, *, n_states: int
) -> Stretches:
    """The months in which the sums of states and events change.

    Parameters
    ----------
    states : ndarray (n_rows, n_months)
        Position of each month's state, 0 to n_states - 1.
    events : ndarray (n_events, n_rows, n_months)
        Whether each event is reached in a month.
    is_new : ndarray (n_rows, n_months)
        Whether the weight may differ from the month before; true in the first month.
    """
    from scipy import sparse

    states, n_months = states.astype(np.int32), states.shape[1]
    stretch = is_new.ravel().cumsum(dtype=np.int32).reshape(is_new.shape) - 1
    has_moved = is_new.copy()
    has_moved[:, 1:] |= states[:, 1:] != states[:, :-1]
    row, month = np.nonzero(has_moved)
    steps = [(stretch[row, month], states[row, month] * n_months + month, 1.0)]
    row, month = row[month > 0], month[month > 0]
    steps.append((stretch[row, month - 1], states[row, month - 1] * n_months + month, -1.0))
    for name, is_reached in enumerate(events, start=n_states):
        before = np.zeros_like(is_reached)
        before[:, 1:] = is_reached[:, :-1]
        row, month = np.nonzero(is_reached & (is_new | ~before))
        steps.append((stretch[row, month], name * n_months + month, 1.0))
        row, month = np.nonzero(before & (is_new | ~is_reached))
        steps.append((stretch[row, month - 1], name * n_months + month, -1.0))
    stretch, cell = (np.concatenate([step[field] for step in steps]) for field in (0, 1))
    size = np.concatenate([np.full(len(step[0]), step[2]) for step in steps])
    shape = (int(is_new.sum()), (n_states + len(events)) * n_months)
    return Stretches(*np.nonzero(is_new), sparse.csr_matrix((size, (stretch, cell)), shape=shape))


def arm_sums(
    runs: Stretches,
    weigh: Callable[[slice, np.ndarray, np.ndarray], np.ndarray],
    *,
    n_rows: int,
    n_months: int,
    n_draws: int,
):
    """Sums of weights by name and month of follow-up: (n_names, n_months, n_draws).

    Parameters
    ----------
    weigh : callable
        weigh(block, rows, months) gives the weights (len(rows), n_draws) of the stretches that
        begin in these months; the rows lie within the block.
    """
    sums = np.zeros((runs.steps.shape[1], n_draws))
    size = max(1, int(_BLOCK_VALUES * n_rows / max(len(runs.rows) * n_draws, 1)))
    for begin in range(0, n_rows, size):
        block = slice(begin, min(begin + size, n_rows))
        in_block = slice(*np.searchsorted(runs.rows, (block.start, block.stop)))
        sums += runs.steps[in_block].T @ weigh(block, runs.rows[in_block], runs.months[in_block])
    sums = sums.reshape(-1, n_months, n_draws).cumsum(axis=1)
    most = np.abs(sums).max(axis=(0, 1), initial=0.0)
    sums[np.abs(sums) <= _NOBODY * most] = 0.0
    return sums
