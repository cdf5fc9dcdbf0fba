"""Events of a follow-up that a single month's state does not show: lasting work, a lasting exit
from support, return to support, and the months planned in the intervention.
"""

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.line.states import NEXT_STEP, SUSTAINED_MONTHS

EVENTS = ("worked", "sustained_work", "sustained_exit", "returned_to_support", "planned")


def event_months(trials: Trials) -> np.ndarray:
    """Which person-trials have reached each event by each month of follow-up: bool (n_events,
    n_rows, follow_up_months).

    worked: some month in the primary outcome so far, the next step left aside. sustained_work: at
    least three months in a row in the primary outcome so far. sustained_exit: at least three months
    in a row off support so far, whatever people lived on. returned_to_support: on support in some
    month after `worked`.
    planned (of those who start): the length planned at the start covers the month. Where none is on
    record it is the protocol's, else the median of those on record, else zero.
    """
    is_work = trials.is_in_primary
    is_step, is_before = (
        np.array([state == name for state in trials.states])[trials.outcomes]
        for name in (NEXT_STEP, trials.protocol.eligibility.state_before)
    )
    is_support = is_before | is_step
    worked = np.logical_or.accumulate(is_work & ~is_step, axis=1)
    returned = np.logical_or.accumulate(worked & is_support, axis=1)
    planned = np.arange(trials.outcomes.shape[1])[None, :] < planned_months(trials)[:, None]
    return np.stack([worked, _lasted(is_work), _lasted(~is_support), returned, planned])


def planned_months(trials: Trials) -> np.ndarray:
    """Months from time zero to the planned end of every person-trial; 0 in the comparison, and
    where no plan is known at all.

    A person who starts later within the grace period is taken to have the usual plan from then on.
    """
    planned, starters = trials.rows["planned_months"], pl.Series(trials.is_treated)
    usual = trials.protocol.planned_months
    if usual is None:
        of_starters = trials.rows.filter(starters).select(pl.median("planned_months")).item()
        usual = round(of_starters or 0)
    start = trials.rows["next_start"].fill_null(0).to_numpy() - 1
    is_later = (start > 0) & (start <= trials.protocol.grace_months) & (usual > 0)
    return np.where(
        trials.is_treated, planned.fill_null(usual).to_numpy(), np.where(is_later, start + usual, 0)
    )


def _lasted(holds: np.ndarray) -> np.ndarray:
    """Whether a condition has held for `SUSTAINED_MONTHS` months in a row so far."""
    in_a_row = holds.copy()
    for back in range(1, SUSTAINED_MONTHS):
        in_a_row[:, back:] &= holds[:, :-back]
        in_a_row[:, :back] = False
    return np.logical_or.accumulate(in_a_row, axis=1)
