"""A second answer to the same question: weights and an outcome regression together, right if either of the two models is.

Residuals from a linear regression of the outcome in each arm are weighted as the effect's estimate weights outcomes. Robins, Rotnitzky & Zhao
(1994), J. Am. Stat. Assoc. 89:846; for the effect on those who start, Mercatanti & Li (2014), J. Surv. Stat. Methodol. 2:1. With overlap
weights only a wrong outcome model is made up for.

For *never* the months of the comparison are those still followed, each divided by the probability of not having started since: on average, given
what was known at time zero, the months that never starting would bring. Bang & Robins (2005), Biometrics 61:962.
"""

import numpy as np
import polars as pl

from evalkit.effects.later_starts import LaterStarts
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import arm_weights, coefficient_matrix, drawn_people
from evalkit.vocabulary import Comparison

# Keeps a regression solvable where a replicate has lost everyone with some trait; relative to the average information on a term.
_RIDGE = 1e-9


def doubly_robust_months(
    trials: Trials, propensity: pl.DataFrame, *, n_draws: int, seed: int, comparison: Comparison = "wait"
) -> pl.DataFrame:
    """Months in the primary outcome up to the horizon, treated minus comparison, by augmented weighting; one row a draw.

    Parameters
    ----------
    trials, propensity, n_draws, seed
        As in `estimate_effect`.
    comparison : {"wait", "never", "other"}
        Never needs the coefficients of starting later (model censoring).

    Returns
    -------
    DataFrame
        draw (0: point estimate), difference (months).
    """
    is_work = trials.outcomes == trials.states.index(trials.protocol.primary_outcome)
    months = is_work.sum(axis=1).astype(float)
    if comparison != "never":
        return doubly_robust_difference(trials, propensity, months, n_draws=n_draws, seed=seed)
    numbers, censoring = coefficient_matrix(propensity, trials, model="censoring")
    outcomes = np.repeat(months[:, None], len(numbers), axis=1)
    outcomes[~trials.is_treated] = _months_of_never(trials, is_work[~trials.is_treated], censoring)
    return doubly_robust_difference(trials, propensity, outcomes, outcome_draws=numbers, n_draws=n_draws, seed=seed)


def doubly_robust_difference(
    trials: Trials, propensity: pl.DataFrame, outcome: np.ndarray, *, n_draws: int, seed: int, outcome_draws: np.ndarray | None = None
) -> pl.DataFrame:
    """As `doubly_robust_months`, for any outcome (n_rows,) of the person-trials, or one that differs by draw (n_rows, n_outcome_draws)."""
    numbers, coefficients = coefficient_matrix(propensity, trials)
    person, drawn = drawn_people(trials.rows, n_draws=n_draws, seed=seed)
    outcomes = {number: outcome for number in numbers} if outcome_draws is None else dict(zip(outcome_draws, outcome.T, strict=True))
    found = []
    for place, number in enumerate(numbers):
        if number not in outcomes:
            continue
        resampled = drawn[person, number - 1] if number else np.ones(len(person))
        found.append((number, _difference(trials, outcomes[number], resampled, coefficients[:, place])))
    return pl.DataFrame(found, orient="row", schema={"draw": pl.Int32, "difference": pl.Float64})


def _months_of_never(trials: Trials, is_work: np.ndarray, censoring: np.ndarray) -> np.ndarray:
    """Months in work of the comparison's rows while they are followed, weighted for those who are not: (n_rows, n_draws)."""
    later = LaterStarts(trials)
    chances = later.chances(censoring, censoring)
    return sum(is_work[:, [month]] * later.weights(chances, 0, month) for month in range(is_work.shape[1]))


def _difference(trials: Trials, outcome: np.ndarray, resampled: np.ndarray, coefficients: np.ndarray) -> float:
    is_treated, survey = trials.is_treated, resampled * trials.rows["weight"].to_numpy()
    weights = resampled * arm_weights(trials, coefficients)
    # The people that the estimate is about: those who start (ATT), everybody (ATE), or those who could have gone either way (overlap).
    p = 1 / (1 + np.exp(-trials.design @ coefficients))
    target = survey * {"ATT": is_treated.astype(float), "ATE": np.ones(len(p)), "overlap": p * (1 - p)}[trials.protocol.estimand]
    total = 0.0
    for sign, arm in ((1.0, is_treated), (-1.0, ~is_treated)):
        expected = trials.design @ _regression(trials.design[arm], outcome[arm], survey[arm])
        residual = np.average(outcome[arm] - expected[arm], weights=weights[arm])
        total += sign * (np.average(expected, weights=target) + residual)
    return float(total)


def _regression(design: np.ndarray, outcome: np.ndarray, weights: np.ndarray) -> np.ndarray:
    information = (design * weights[:, None]).T @ design
    ridge = _RIDGE * np.trace(information) / len(information)
    return np.linalg.solve(information + ridge * np.eye(len(information)), design.T @ (weights * outcome))
