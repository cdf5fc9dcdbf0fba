"""A grace period: to start in the trial month or one of the next g, against not starting in any of
them, without immortal time.

A person who has not started yet follows both strategies. Everybody eligible therefore stands in
both arms (clones), and a clone is followed until the person does what its strategy rules out: in
the comparison until they start; in the other arm until the grace period is over and they could have
started in its last month, but did not. A clone that is followed stands for those that are censored:
it is weighted by the inverse probability of what the person did, month by month, given what was
known before each. Within the period the strategy starts people as a waiting list would: of those
still on support, one in g + 1 in the trial month, one in g of the rest in the next, all who are
left in the last. Both arms are weighted to the people whom the estimand is about (ATT: those who
start in a trial month). With g = 0 these are the weights of `arm_weights`. Cain et al. (2010), Int.
J. Biostat. 6(2):18; Hernan (2018), BMJ 360:k182.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.later_starts import (
    places,
    waiting_of,
    window_of,
)
from evalkit.effects.weighting.logit import SEPARATED
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import COMPARISON, TREATED, StartNow
from evalkit.line.estimands import Comparison

_NEVER = 2**20


class Chances(NamedTuple):
    """Probabilities of a block of rows and of their months of waiting.

    row, first : position of the block's first row and first month of waiting. target : (n_rows,
    n_draws) weight of each row in the people that the effect is about. log_start, log_wait :
    (n_waiting, n_draws) log probability of starting and of not starting, by month of waiting.
    total : running sum of log_wait.
    """

    row: int
    first: int
    target: np.ndarray
    log_start: np.ndarray
    log_wait: np.ndarray
    total: np.ndarray


class GracePeriod(StartNow):
    """Start in the trial month or within the grace period: every row stands in both arms.

    The months of waiting are looked up once, the probabilities once a draw.
    """

    needs_waiting = True
    is_for_cloned_arms = True

    def __init__(self, trials: Trials, coefficients: Coefficients, comparison: Comparison):
        super().__init__(trials, coefficients, comparison)
        self.grace = trials.protocol.grace_months
        self.waiting = waiting_of(trials.required_waiting, trials.rows)
        known, asked = places(self.waiting.rows, trials.rows)
        next_start = trials.rows["next_start"].fill_null(_NEVER).to_numpy()
        self.start = np.where(trials.is_treated, 0, next_start - 1)
        self.zero = np.searchsorted(known, asked)
        self.at_start = (
            np.searchsorted(known, asked + np.minimum(self.start, self.grace), side="right") - 1
        )
        months = np.arange(trials.protocol.follow_up_months)
        self.last = np.searchsorted(known, asked[:, None] + months, side="right") - 1
        # A month in which the person could start; in others nothing is chosen.
        is_open = known[self.last[:, : self.grace + 1]] == asked[:, None] + months[: self.grace + 1]
        self.share = 1 / (self.grace + 1 - months[: self.grace + 1])
        with np.errstate(divide="ignore"):
            self.planned_wait = np.cumsum(np.where(is_open, np.log(1 - self.share), 0.0), axis=1)

    @cached_property
    def masks(self) -> tuple[np.ndarray, np.ndarray]:
        everybody = np.ones(len(self.trials.rows), bool)
        return everybody, everybody

    def base(self, rows: np.ndarray) -> np.ndarray:
        return self.trials.rows["weight"].to_numpy()[rows, None]

    def changes(self, arm: int) -> np.ndarray:
        months = np.arange(self.last.shape[1])
        if arm == COMPARISON and self.comparison == "never":
            return np.column_stack(
                [np.ones(len(self.last), bool), self.last[:, 1:] != self.last[:, :-1]]
            ) | (self.start[:, None] == months)
        return np.broadcast_to(months <= self.grace, self.last.shape)

    def by_month(
        self, base: np.ndarray, arm: int, block: slice, rows: np.ndarray, months: np.ndarray
    ) -> np.ndarray:
        chances = self.chances(self.coefficients.propensity, self.coefficients.censoring, block)
        weights = base[rows - block.start]
        weights *= self.of_clones(chances, arm, months, rows)
        return weights

    def last_month(self) -> list[np.ndarray]:
        survey, last = self.trials.rows["weight"].to_numpy(), self.last.shape[1] - 1
        chances = self.chances(
            self.coefficients.propensity[:, :1], self.coefficients.censoring[:, :1]
        )
        return [survey * self.of_clones(chances, arm, last)[:, 0] for arm in (COMPARISON, TREATED)]

    def chances(
        self, propensity: np.ndarray, censoring: np.ndarray, rows: slice = slice(None)
    ) -> Chances:
        """Probabilities under coefficients (n_terms, n_draws) for a block of rows: of starting in
        the trial month, and in any month of waiting.
        """
        p = 1 / (1 + np.exp(-np.clip(self.trials.design[rows] @ propensity, -SEPARATED, SEPARATED)))
        target = {"ATT": p, "ATE": np.ones_like(p), "overlap": p * (1 - p)}[
            self.trials.protocol.estimand
        ]
        window = window_of(self.zero[rows], self.last[rows])
        eta = np.clip(self.waiting.design[window] @ censoring, -SEPARATED, SEPARATED)
        log_wait = -np.log1p(np.exp(eta))
        return Chances(
            rows.start or 0,
            window.start,
            target,
            eta + log_wait,
            log_wait,
            np.cumsum(log_wait, axis=0),
        )

    def of_clones(
        self,
        chances: Chances,
        arm: int,
        months: int | np.ndarray,
        rows: slice | np.ndarray = slice(None),
    ) -> np.ndarray:
        """Weight of clones of an arm in follow-up months (0 is the trial month), survey weights
        apart: (n_rows, n_draws); 0 once censored.
        """
        rows = np.arange(len(self.zero))[rows]
        is_to_the_end = arm == COMPARISON and self.comparison == "never"
        until = np.broadcast_to(
            months if is_to_the_end else np.minimum(months, self.grace), rows.shape
        )
        last, zero, target = (
            self.last[rows, until] - chances.first,
            self.zero[rows] - chances.first,
            chances.target[rows - chances.row],
        )
        waited = chances.total[last] - chances.total[zero] + chances.log_wait[zero]
        has_started = self.start[rows] <= until
        if arm == COMPARISON:
            weights = target * np.exp(-waited) * ~has_started[:, None]
        else:
            weights = target * np.exp(self.planned_wait[rows, until][:, None] - waited)
            weights[has_started] = self._started(chances, rows[has_started])
        cap = self.trials.protocol.truncation.propensity
        return weights if cap is None else np.minimum(weights, cap)

    def _started(self, chances: Chances, rows: np.ndarray) -> np.ndarray:
        """Weights of those who have started: they waited until the month before, and then began."""
        zero, at, start = (
            self.zero[rows] - chances.first,
            self.at_start[rows] - chances.first,
            self.start[rows],
        )
        waited = (
            chances.total[at] - chances.log_wait[at] - chances.total[zero] + chances.log_wait[zero]
        )
        planned = np.where(
            start > 0, self.planned_wait[rows, np.maximum(start - 1, 0)], 0.0
        ) + np.log(self.share[start])
        return chances.target[rows - chances.row] * np.exp(
            planned[:, None] - waited - chances.log_start[at]
        )
