"""Start now rather than wait, or than start another intervention: the weights are the same in every
month of follow-up. The strategies of *never* and of a grace period build upon it.
"""

from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.propensity import Coefficients, coefficients_of
from evalkit.effects.weighting.weights import (
    arm_weights,
    by_cluster,
    effective_sample_size,
    positions_of_people,
)
from evalkit.line.estimands import Comparison
from evalkit.results import Result

COMPARISON, TREATED = 0, 1


class ArmPeople(NamedTuple):
    """How many distinct persons have weight in an arm, and the largest share of it that one of them
    has in all their trials.
    """

    n_persons: int
    largest: float


class StartNow(Result):
    """Who stands in which arm, and with what weight in each month of follow-up.

    Arm 0 is the comparison, arm 1 those who start.

    Parameters
    ----------
    trials : Trials
        The person-trials of one district, or of all.
    coefficients : Coefficients
        Those of the city, by draw; the first draw is the point estimate.
    comparison : {"wait", "never", "other"}
    """

    needs_waiting = False
    """Whether the months of waiting and the chance of starting later are needed."""

    is_for_cloned_arms = False
    """Whether everybody stands in both arms."""

    def __init__(self, trials: Trials, coefficients: Coefficients, comparison: Comparison = "wait"):
        self.trials, self.coefficients, self.comparison = trials, coefficients, comparison

    @classmethod
    def of(cls, trials: Trials, propensity: pl.DataFrame, comparison: Comparison = "wait") -> Self:
        """The strategy with the coefficients of a table `propensity` (see `weighting_of`)."""
        coefficients = coefficients_of(trials, propensity, with_censoring=cls.needs_waiting)
        return cls(trials, coefficients, comparison)

    @cached_property
    def masks(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the comparison and of those who start: (n_rows,) bool each."""
        return ~self.trials.is_treated, self.trials.is_treated

    @property
    def table(self) -> pl.DataFrame:
        """One row per arm: `arm`, `n_person_trials`, and of the weights in the last month of
        follow-up `effective_sample_size` (people) and `max_share`, one household's largest share of
        them.
        """
        rows = []
        for arm, mask, weights in zip(
            ("comparison", "treated"), self.masks, self.last_month(), strict=True
        ):
            sums = by_cluster(self.trials.rows.filter(pl.Series(mask)), weights)
            share = float(sums.max(initial=0) / sums.sum()) if sums.sum() > 0 else 0.0
            rows.append((arm, int(mask.sum()), float(effective_sample_size(sums)), share))
        columns = ["arm", "n_person_trials", "effective_sample_size", "max_share"]
        return pl.DataFrame(rows, schema=columns, orient="row")

    @property
    def headline(self) -> str:
        """Which comparison is weighted, in a line."""
        started = self.trials.protocol.intervention_id
        return f"Weights to start {started} rather than {self.comparison}"

    @cached_property
    def weights(self) -> np.ndarray:
        """The point estimate's weights for starting in the trial month rather than not then:
        (n_rows,).
        """
        return arm_weights(self.trials, self.coefficients.point)

    def base(self, rows: np.ndarray) -> np.ndarray:
        """The part of the weights that is the same in all months: (n_rows, n_draws)."""
        return arm_weights(self.trials, self.coefficients.propensity, rows)

    def changes(self, arm: int) -> np.ndarray:
        """In which months, after the first, the weight of an arm's row may differ from the month
        before: (n_rows, n_months), or one value for all.
        """
        return np.zeros((1, 1), bool)

    def by_month(
        self, base: np.ndarray, arm: int, block: slice, rows: np.ndarray, months: np.ndarray
    ) -> np.ndarray:
        """Weights of some rows of an arm, each in a month of follow-up (0 is the trial month).

        Parameters
        ----------
        base : ndarray (n_block, n_draws)
            Base weights of the block's rows.
        block : slice
            Of the arm's rows.
        rows, months : ndarray (n_asked,)
            Positions in the arm, all within the block, and the month asked for.

        Returns
        -------
        ndarray (n_asked, n_draws)
        """
        return base

    def last_month(self) -> list[np.ndarray]:
        """The point estimate's weights of each arm in the last month of follow-up, (n_rows of the
        arm,).
        """
        return [self.weights[mask] for mask in self.masks]

    @cached_property
    def people(self) -> tuple[ArmPeople, ArmPeople]:
        """The persons of the comparison and those who start, in the last month of follow-up."""
        person = positions_of_people(self.trials.rows)
        arms = []
        for mask, weights in zip(self.masks, self.last_month(), strict=True):
            sums = np.bincount(person[mask], weights)
            total = sums.sum()
            largest = float(sums.max() / total) if total > 0 else 1.0
            arms.append(ArmPeople(int((sums > 0).sum()), largest))
        return arms[0], arms[1]

    @cached_property
    def weakest_arm(self) -> np.ndarray:
        """Weights of the arm on which an effect rests least firmly, in the last month of follow-up,
        summed by household or person: (n_clusters of the arm,).

        For ATT it is the comparison, which alone is weighted; else the arm with the smaller
        effective sample size.
        """
        comparison, treated = (
            by_cluster(self.trials.rows.filter(pl.Series(mask)), weights)
            for mask, weights in zip(self.masks, self.last_month(), strict=True)
        )
        if self.trials.protocol.estimand == "ATT" and not self.is_for_cloned_arms:
            return comparison
        return min((comparison, treated), key=effective_sample_size)

    @property
    def effective_size(self) -> float:
        """Effective sample size of the weakest arm. People."""
        return effective_sample_size(self.weakest_arm)

    @property
    def max_weight(self) -> float:
        """One household's largest share of the weakest arm's weight, 0-1."""
        total = self.weakest_arm.sum()
        return float(self.weakest_arm.max(initial=0) / total) if total > 0 else 0.0
