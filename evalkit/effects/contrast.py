"""Weighted differences between the arms with standard errors in closed form: quick enough for every diagnostic, without replicates.

The coefficients of the propensity and the two weighted means solve one set of estimating equations; their influence functions, added up by
person, give errors that know that the weights were estimated and that a person enters many trials. Stefanski & Boos (2002), Am. Stat. 56:29;
Lunceford & Davidian (2004), Stat. Med. 23:2937. The replicates of `estimate_effect` say the same (tests).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evalkit.effects.logit import SEPARATED, weighted_logit
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import by_cluster


class Contrast(NamedTuple):
    """Weighted means by arm and their difference; arrays (n_values,).

    treated, comparison, difference, std_error : in the values' unit.
    influence : (n_clusters, n_values) each household's part in the difference; the root of the sum of their squares is the standard error.
    weights : (n_rows,) survey weight times the estimand's weight.
    """

    treated: np.ndarray
    comparison: np.ndarray
    difference: np.ndarray
    std_error: np.ndarray
    influence: np.ndarray
    weights: np.ndarray


def contrast(trials: Trials, values: np.ndarray, *, terms: Sequence[str] | None = None, cap_quantile: float | None = None) -> Contrast:
    """Values of those who started against those of a comparison weighted to resemble them, with errors clustered by household.

    Weights are those of the protocol's estimand, truncated as it declares (see `arm_weights`).

    Parameters
    ----------
    trials : Trials
        Person-trials with both arms.
    values : ndarray (n_rows,) or (n_rows, n_values)
        What is compared: an outcome, or something measured before.
    terms : sequence of str, optional
        Terms of the propensity beside the constant; all of the trials' when not given, none for the plain difference of means.
    cap_quantile : float, optional
        Each arm's weights are cut at this quantile of theirs as well. 0 to 1.
    """
    values = values.reshape(len(values), -1).astype(float)
    design = trials.design if terms is None else trials.design[:, [0, *(trials.terms.index(term) for term in terms)]]
    treated, survey = trials.is_treated.astype(float), trials.rows["weight"].to_numpy()
    eta = np.clip(design @ weighted_logit(design, treated, survey).coefficients, -SEPARATED, SEPARATED)
    p = 1 / (1 + np.exp(-eta))
    factors = [
        _capped(factor, slope, arm, cap_quantile, trials.protocol.truncation.propensity)
        for (factor, slope), arm in zip(_factors(eta, p, trials.protocol.estimand), (treated == 1, treated == 0), strict=True)
    ]
    (own_factor, own_slope), (other_factor, other_slope) = factors
    own, other = survey * treated * own_factor, survey * (1 - treated) * other_factor
    means = [(weights[:, None] * values).sum(axis=0) / weights.sum() for weights in (own, other)]
    rests = [weights[:, None] * (values - mean) / weights.sum() for weights, mean in zip((own, other), means, strict=True)]
    information = (design * (survey * p * (1 - p))[:, None]).T @ design
    pull = _solved(information, design.T @ (rests[1] * other_slope[:, None] - rests[0] * own_slope[:, None]))
    by_row = rests[0] - rests[1] - (survey * (treated - p))[:, None] * (design @ pull)
    influence = by_cluster(trials.rows, by_row)
    return Contrast(*means, means[0] - means[1], np.sqrt((influence**2).sum(axis=0)), influence, own + other)


def _solved(information: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The information's inverse times the right side, on a common scale; a term that repeats others has no influence of its own."""
    scale = 1 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    inverse = np.linalg.pinv(information * np.outer(scale, scale), rcond=1e-10, hermitian=True)
    return scale[:, None] * (inverse @ (scale[:, None] * right))


def _factors(eta: np.ndarray, p: np.ndarray, estimand: str) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Weight of a row as one who started and as one of the comparison, each with its derivative by the log odds over itself."""
    odds, none = np.exp(eta), np.zeros_like(p)
    return {
        "ATT": ((np.ones_like(p), none), (odds, np.ones_like(p))),
        "ATE": ((1 + 1 / odds, p - 1), (1 + odds, p)),
        "overlap": ((1 - p, -p), (p, 1 - p)),
    }[estimand]


def _capped(factor: np.ndarray, slope: np.ndarray, arm: np.ndarray, quantile: float | None, most: float | None):
    """Weights cut at a quantile of the arm's and at the declared one, and their slopes, which are zero where cut."""
    caps = [cap for cap in (None if quantile is None else np.quantile(factor[arm], quantile), most) if cap is not None]
    return (np.minimum(factor, min(caps)), np.where(factor < min(caps), slope, 0.0)) if caps else (factor, slope)
