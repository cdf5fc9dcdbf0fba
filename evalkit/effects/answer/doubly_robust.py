"""A doubly robust estimate: weights and an outcome regression together, right if one of the two
models is.

The residuals of a regression of the outcome are compared with the weights of the effect's estimate.
The regression has curves and products that the propensity lacks, and each person is predicted from
the others (`evalkit.effects.answer.outcome_model`): with the propensity's own terms it would repeat
the first estimate. Robins, Rotnitzky & Zhao (1994), J. Am. Stat. Assoc. 89:846; for the
effect on those who start, Mercatanti & Li (2014), J. Surv. Stat. Methodol. 2:1; Chernozhukov et al.
(2018), Econom. J. 21:C1. With overlap weights only a wrong outcome model is corrected.

Standard errors are in closed form, from influence functions added up by household. They allow for
the estimation of the propensity (and of the chance of starting later) and take the regression as
given: its errors are of second order where both models hold.

For *never*, each month in which a person of the comparison is still followed is divided by the
probability of not having started since. On average, given what was known at time zero, that is the
month that never starting would bring. Bang & Robins (2005), Biometrics 61:962.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.answer.outcome_model import N_FOLDS, expected_outcome
from evalkit.effects.trials.covariates import plain_columns
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.contrast import (
    WeightedMean,
    arm_factors,
    influence_of,
    propensity_of,
    solve_scaled,
)
from evalkit.effects.weighting.later_starts import LaterStarts
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import by_cluster, folds
from evalkit.results import Figures


@dataclass(frozen=True, repr=False)
class Estimate(Figures):
    """A difference and its standard error, in the outcome's unit."""

    difference: float
    std_error: float

    @property
    def headline(self) -> str:
        """The difference with its error, in a line."""
        error = f"standard error {self.std_error:.3g}"
        return f"Treated less comparison: {self.difference:.4g} ({error})"


class _Difference(NamedTuple):
    """The difference, its influence function (n_rows,), and what one unit of each row's outcome
    adds to it (n_rows,).
    """

    value: float
    influence: np.ndarray
    loading: np.ndarray


def doubly_robust_months(weighting: StartNow, *, seed: int) -> Estimate:
    """Months in the primary outcome up to the horizon, treated minus comparison, by augmented
    weighting.

    Parameters
    ----------
    weighting : StartNow
        A comparison's weights in all districts together, without a grace period.
    seed : int
        Of the folds of people.

    Returns
    -------
    Estimate
        Months.
    """
    trials = weighting.trials
    is_work = trials.is_in_primary
    months = is_work.sum(axis=1).astype(float)
    if not isinstance(weighting, LaterStarts):
        return doubly_robust_difference(weighting, months, seed=seed)
    followed = _followed_work(weighting, is_work[~trials.is_treated])
    months[~trials.is_treated] = followed.sum(axis=1)
    difference = _difference(weighting, months, seed=seed)
    loading = followed * difference.loading[~trials.is_treated, None]
    return _estimate(trials, difference, _influence_of_censoring(weighting, loading))


def doubly_robust_difference(weighting: StartNow, outcome: np.ndarray, *, seed: int) -> Estimate:
    """As `doubly_robust_months`, for any outcome (n_rows,) of the person-trials, in its unit."""
    return _estimate(weighting.trials, _difference(weighting, outcome, seed=seed))


def _difference(weighting: StartNow, outcome: np.ndarray, *, seed: int) -> _Difference:
    trials = weighting.trials
    p = propensity_of(trials.design, weighting.coefficients.point)
    survey, treated, none = trials.rows["weight"].to_numpy(), trials.is_treated, np.zeros(len(p))
    fold = folds(trials.rows, n_folds=N_FOLDS, seed=seed)
    plain = plain_columns(trials.protocol, trials.terms)
    # Who starts stands for those who start: what their regression says of them is taken away and
    # given back.
    of_treated, of_comparison = (
        none
        if arm is treated and trials.protocol.estimand == "ATT"
        else expected_outcome(trials.design, outcome, survey, within=arm, fold=fold, plain=plain)
        for arm in (treated, ~treated)
    )
    treated_arm, comparison_arm = arm_factors(trials, p)
    target, slope = {
        "ATT": (treated, none),
        "ATE": (np.ones(len(p)), none),
        "overlap": (p * (1 - p), 1 - 2 * p),
    }[trials.protocol.estimand]
    means = [
        WeightedMean(
            1.0,
            survey * treated * treated_arm.factor,
            treated_arm.slope,
            (outcome - of_treated)[:, None],
        ),
        WeightedMean(
            -1.0,
            survey * ~treated * comparison_arm.factor,
            comparison_arm.slope,
            (outcome - of_comparison)[:, None],
        ),
        WeightedMean(1.0, survey * target, slope, (of_treated - of_comparison)[:, None]),
    ]
    value = sum(term.sign * term.mean[0] for term in means)
    loading = sum(term.sign * term.weights / term.weights.sum() for term in means[:2])
    return _Difference(float(value), influence_of(trials, trials.design, p, means)[:, 0], loading)


def _estimate(
    trials: Trials, difference: _Difference, of_waiting: np.ndarray | None = None
) -> Estimate:
    rows, influence = trials.rows.select("cluster_id"), difference.influence
    if of_waiting is not None and trials.waiting is not None:
        rows, influence = (
            pl.concat([rows, trials.waiting.rows.select("cluster_id")]),
            np.concatenate([influence, of_waiting]),
        )
    return Estimate(difference.value, float(np.sqrt((by_cluster(rows, influence) ** 2).sum())))


def _followed_work(later: LaterStarts, is_work: np.ndarray) -> np.ndarray:
    """Months in work of the comparison's rows while they are followed, weighted to stand for the
    censored ones: (n_rows, follow_up_months).
    """
    chances = later.chances(later.coefficients.censoring[:, :1])
    return np.column_stack(
        [
            is_work[:, month] * later.followed(chances, month)[:, 0]
            for month in range(is_work.shape[1])
        ]
    )


def _influence_of_censoring(later: LaterStarts, loading: np.ndarray) -> np.ndarray:
    """The influence of each month of waiting on the difference, through the fitted chance of
    starting later: (n_waiting,).

    loading : (n_rows of the comparison, follow_up_months) what each month of follow-up adds to the
    difference.
    """
    censoring = later.coefficients.censoring[:, :1]
    if later.cap is not None:
        chances = later.chances(censoring)
        is_cut = np.column_stack(
            [
                later.followed(chances, month, is_capped=False)[:, 0] > later.cap
                for month in range(loading.shape[1])
            ]
        )
        loading = np.where(is_cut, 0.0, loading)
    # The logarithm of a month's weight grows by the sum of p x over the months waited: each such
    # month gets all that comes after it.
    change = np.bincount(later.last.ravel(), loading.ravel(), minlength=len(later.waiting.design))
    change -= np.bincount(later.zero, loading.sum(axis=1), minlength=len(later.waiting.design))
    after = np.cumsum(change[::-1])[::-1]
    gradient = later.waiting.design.T @ (
        propensity_of(later.waiting.design, censoring[:, 0]) * after
    )
    # Everybody's months of waiting: the model was fitted to those who start as well.
    waiting = later.trials.required_waiting
    p, survey = propensity_of(waiting.design, censoring[:, 0]), waiting.rows["weight"].to_numpy()
    information = (waiting.design * (survey * p * (1 - p))[:, None]).T @ waiting.design
    started = waiting.rows["started"].cast(pl.Float64).to_numpy()
    return (
        survey
        * (started - p)
        * (waiting.design @ solve_scaled(information, gradient[:, None])[:, 0])
    )
