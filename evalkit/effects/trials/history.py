"""Months before a trial whose state is known, and those spent in an outcome or an aggregate."""

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.line.states import OUTCOME_OF, members_of


class History:
    """Months known and months in one outcome, cumulated by person, for the people of some
    trials.
    """

    def __init__(self, trials: Trials, state_intervals: pl.DataFrame, outcome: str):
        people = trials.rows["person_id"].unique().sort()
        intervals = state_intervals.join(
            pl.DataFrame({"person_id": people}).with_row_index("person_row"), on="person_id"
        )
        n_months = max(
            intervals.select(pl.max("stop_month")).item(),
            trials.rows.select(pl.max("trial_month")).item(),
        )
        self.person_row = people.search_sorted(trials.rows["person_id"]).to_numpy()
        self.known = _cumulated(intervals, len(people), n_months)
        self.inside = _cumulated(
            intervals.filter(pl.col("from_state").replace(OUTCOME_OF).is_in(members_of(outcome))),
            len(people),
            n_months,
        )

    def months(self, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Months in the outcome and months known, from month `start` to `stop` - 1 (0: the
        extract's first month), by row of the trials.
        """
        begin, end = np.maximum(start, 0), np.maximum(stop, 0)
        inside, known = (
            table[self.person_row, end] - table[self.person_row, begin]
            for table in (self.inside, self.known)
        )
        return inside, known


def _cumulated(intervals: pl.DataFrame, n_people: int, n_months: int) -> np.ndarray:
    steps = np.zeros((n_people, n_months + 2))
    rows = intervals["person_row"].to_numpy()
    np.add.at(steps, (rows, intervals["start_month"].to_numpy() + 1), 1)
    np.add.at(steps, (rows, intervals["stop_month"].to_numpy() + 1), -1)
    return steps.cumsum(axis=1).cumsum(axis=1)[:, :-1]
