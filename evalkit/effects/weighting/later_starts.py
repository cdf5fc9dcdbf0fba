"""Start now rather than never: persons of the comparison who start later are censored there.

A person of the comparison is followed until their own next start from support. A person still
followed in month k is weighted by the inverse probability of not having started in any month in
between in which they could, given what was known before each.
That is one cumulative sum over the months of waiting, whatever the number of trials that a person
is in. Robins & Finkelstein (2000), Biometrics 56:779; Fredriksson & Johansson (2008), J. Bus. Econ.
Stat. 26:435.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials, Waiting
from evalkit.effects.weighting.logit import SEPARATED
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import COMPARISON, TREATED, StartNow
from evalkit.line.estimands import Comparison

_MONTH_SPAN = 2**21


class WaitingChances(NamedTuple):
    """Probabilities of a block of rows.

    first : position of their first month of waiting. log_survival : (n_waiting, n_draws) running
    sums of the log probability of not starting.
    """

    first: int
    log_survival: np.ndarray


class LaterStarts(StartNow):
    """Start now rather than never: persons of the comparison who start later are followed until
    then.

    The months of waiting are looked up once, the probabilities once a draw.
    """

    needs_waiting = True

    def __init__(self, trials: Trials, coefficients: Coefficients, comparison: Comparison):
        super().__init__(trials, coefficients, comparison)
        rows = trials.rows.filter(pl.Series(~trials.is_treated))
        self.waiting = waiting_of(trials.required_waiting, rows)
        known, asked = places(self.waiting.rows, rows)
        months = np.arange(trials.protocol.follow_up_months)
        self.zero = np.searchsorted(known, asked)
        self.last = np.searchsorted(known, asked[:, None] + months, side="right") - 1
        next_start = rows["next_start"].fill_null(2**20).to_numpy()
        self.is_followed = next_start[:, None] > months + 1
        self.cap = trials.protocol.truncation.censoring

    def changes(self, arm: int) -> np.ndarray:
        if arm == TREATED:
            return super().changes(arm)
        is_other = (self.last[:, 1:] != self.last[:, :-1]) & self.is_followed[:, 1:]
        return np.column_stack(
            [
                np.ones(len(self.last), bool),
                is_other | (self.is_followed[:, 1:] != self.is_followed[:, :-1]),
            ]
        )

    def by_month(
        self, base: np.ndarray, arm: int, block: slice, rows: np.ndarray, months: np.ndarray
    ) -> np.ndarray:
        if arm == TREATED:
            return base
        chances = self.chances(self.coefficients.censoring, block)
        weights = base[rows - block.start]
        weights *= self.followed(chances, months, rows)
        return weights

    def last_month(self) -> list[np.ndarray]:
        chances = self.chances(self.coefficients.censoring[:, :1])
        followed = self.followed(chances, self.last.shape[1] - 1)[:, 0]
        weights = super().last_month()
        return [weights[COMPARISON] * followed, weights[TREATED]]

    def chances(self, censoring: np.ndarray, rows: slice = slice(None)) -> WaitingChances:
        """Running sums of log P(does not start) over the months of waiting of a block of rows of
        the comparison, for coefficients (n_terms, n_draws).
        """
        window = window_of(self.zero[rows], self.last[rows])
        chances = self.waiting.design[window] @ censoring
        np.exp(np.clip(chances, -SEPARATED, SEPARATED, out=chances), out=chances)
        np.negative(np.log1p(chances, out=chances), out=chances)
        return WaitingChances(window.start, np.cumsum(chances, axis=0, out=chances))

    def followed(
        self,
        chances: WaitingChances,
        months: int | np.ndarray,
        rows: slice | np.ndarray = slice(None),
        *,
        is_capped: bool = True,
    ) -> np.ndarray:
        """Inverse probability of being followed, of rows of the comparison in follow-up months (0
        is the trial month): (n_rows, n_draws); 0 once censored.
        """
        first, log_survival = chances
        inverse = log_survival[self.zero[rows] - first]
        inverse -= log_survival[self.last[rows, months] - first]
        np.exp(inverse, out=inverse)
        if self.cap is not None and is_capped:
            np.minimum(inverse, self.cap, out=inverse)
        inverse[~self.is_followed[rows, months]] = 0.0
        return inverse


def window_of(first: np.ndarray, last: np.ndarray) -> slice:
    """The months of waiting from the first to the last of some rows: they lie together, since both
    are ordered by person and month.
    """
    return slice(int(first.min()), int(last.max()) + 1)


def waiting_of(waiting: Waiting, rows: pl.DataFrame) -> Waiting:
    """The months of waiting of the people of some rows."""
    chosen = waiting.rows["person_id"].is_in(rows["person_id"].unique().implode())
    return Waiting(waiting.rows.filter(chosen), waiting.design[chosen.to_numpy()])


def places(waiting: pl.DataFrame, rows: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Person and month of both tables as one number that grows with both."""
    people = rows["person_id"].unique().sort()
    waiting_place, row_place = (
        people.search_sorted(table["person_id"]).to_numpy().astype(np.int64) * _MONTH_SPAN
        + table["trial_month"].to_numpy()
        for table in (waiting, rows)
    )
    return waiting_place, row_place
