"""Weighted differences between the arms with standard errors in closed form: quick enough for every
diagnostic, without replicates.

The coefficients of the propensity and the two weighted means solve one set of estimating equations;
their influence functions, added up by household, give errors that know that the weights were
estimated and that a person enters many trials. Stefanski & Boos (2002), Am. Stat. 56:29; Lunceford
& Davidian (2004), Stat. Med. 23:2937. The replicates of `estimate_effect` say the same (tests).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import SEPARATED, weighted_logit
from evalkit.effects.weighting.weights import by_cluster
from evalkit.results import Result

MARGIN = NormalDist().inv_cdf(0.975)
"""Half of a 95 % range in standard errors."""


@dataclass(frozen=True, repr=False, eq=False)
class Contrast(Result):
    """Weighted means by arm and their difference; arrays (n_values,).

    treated, comparison, difference, std_error : in the values' unit.
    influence : (n_clusters, n_values) each household's part in the difference; the root of the sum
    of their squares is the standard error. weights : (n_rows,) survey weight times the estimand's
    weight.
    """

    treated: np.ndarray
    comparison: np.ndarray
    difference: np.ndarray
    std_error: np.ndarray
    influence: np.ndarray
    weights: np.ndarray

    @property
    def table(self) -> pl.DataFrame:
        """One row per value: `value` (from 0), `treated`, `comparison`, `difference`,
        `std_error`.
        """
        means = {name: getattr(self, name) for name in ("treated", "comparison", "difference")}
        n_values = len(self.difference)
        return pl.DataFrame({"value": range(n_values), **means, "std_error": self.std_error})

    @property
    def headline(self) -> str:
        """What is compared, in a line."""
        return (
            f"Weighted means of {len(self.weights):,} person-trials of {len(self.influence):,} "
            "households, treated less comparison"
        )


class WeightedMean(NamedTuple):
    """One mean of a difference of means, added or taken away.

    sign : 1 or -1.
    weights, slope : (n_rows,) the weights (or (n_rows, n_values), of each value's own), and the
    derivative of their logarithm by the log odds of starting. values : (n_rows, n_values).
    """

    sign: float
    weights: np.ndarray
    slope: np.ndarray
    values: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        return (self.by_value * self.values).sum(axis=0) / self.by_value.sum(axis=0)

    @property
    def by_value(self) -> np.ndarray:
        """The weights, (n_rows, n_values) or (n_rows, 1)."""
        return self.weights.reshape(len(self.weights), -1)


class ArmFactor(NamedTuple):
    """Weight of each row as one of an arm, (n_rows,), and the derivative of its logarithm by the
    log odds of starting, zero where the weight is cut.
    """

    factor: np.ndarray
    slope: np.ndarray


def contrast(
    trials: Trials,
    values: np.ndarray,
    *,
    terms: Sequence[str] | None = None,
    coefficients: np.ndarray | None = None,
    cap_quantile: float | None = None,
    within: np.ndarray | None = None,
) -> Contrast:
    """Values of those who started against those of a comparison weighted to resemble them, with
    errors clustered by household.

    Weights are those of the protocol's estimand, truncated as it declares (see `arm_weights`).

    Parameters
    ----------
    trials : Trials
        Person-trials with both arms.
    values : ndarray (n_rows,) or (n_rows, n_values)
        What is compared: an outcome, or something measured before.
    terms : sequence of str, optional
        Terms of the propensity beside the constant; all of the trials' when not given, none for the
        plain difference of means.
    coefficients : ndarray (1 + n_terms,), optional
        The propensity's maximum-likelihood coefficients in these terms, where they are known;
        fitted when not given.
    cap_quantile : float, optional
        Each arm's weights are cut at this quantile of theirs as well. 0 to 1.
    within : bool ndarray (n_rows, n_values), optional
        The rows over which the means of each value are taken; the propensity is that of all rows. A
        single value can be taken over several sets of rows.
    """
    values = values.reshape(len(values), -1).astype(float)
    taken = np.ones((len(values), 1), bool) if within is None else within
    design = (
        trials.design
        if terms is None
        else trials.design[:, [0, *(trials.terms.index(term) for term in terms)]]
    )
    treated, survey = trials.is_treated, trials.rows["weight"].to_numpy()
    beta = (
        weighted_logit(design, treated.astype(float), survey).coefficients
        if coefficients is None
        else coefficients
    )
    p = propensity_of(design, beta)
    factors = arm_factors(trials, p, cap_quantile=cap_quantile)
    means = [
        WeightedMean(sign, (survey * arm * weight.factor)[:, None] * taken, weight.slope, values)
        for sign, arm, weight in zip((1.0, -1.0), (treated, ~treated), factors, strict=True)
    ]
    influence = by_cluster(trials.rows, influence_of(trials, design, p, means))
    of_treated, of_comparison = (arm.mean for arm in means)
    return Contrast(
        of_treated,
        of_comparison,
        of_treated - of_comparison,
        np.sqrt((influence**2).sum(axis=0)),
        influence,
        survey * np.where(treated, factors[0].factor, factors[1].factor),
    )


def propensity_of(design: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Fitted probability of starting of every row, (n_rows,)."""
    return 1 / (1 + np.exp(-np.clip(design @ coefficients, -SEPARATED, SEPARATED)))


def influence_of(
    trials: Trials, design: np.ndarray, p: np.ndarray, means: Sequence[WeightedMean]
) -> np.ndarray:
    """Influence of each row on the signed sum of weighted means, (n_rows, n_values), with the
    propensity `p` fitted to these rows.
    """
    rests = [
        term.sign * term.by_value * (term.values - term.mean) / term.by_value.sum(axis=0)
        for term in means
    ]
    survey = trials.rows["weight"].to_numpy()
    information = (design * (survey * p * (1 - p))[:, None]).T @ design
    pull = solve_scaled(
        information,
        design.T @ sum(term.slope[:, None] * rest for term, rest in zip(means, rests, strict=True)),
    )
    return sum(rests) + (survey * (trials.is_treated - p))[:, None] * (design @ pull)


def arm_factors(
    trials: Trials, p: np.ndarray, *, cap_quantile: float | None = None
) -> tuple[ArmFactor, ArmFactor]:
    """Weight of a row as one who started, and as one of the comparison."""
    treated, comparison = _factors(p / (1 - p), p, trials.protocol.estimand)
    most = trials.protocol.truncation.propensity
    return (
        _capped(treated, trials.is_treated, cap_quantile, most),
        _capped(comparison, ~trials.is_treated, cap_quantile, most),
    )


def solve_scaled(information: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The inverse of the information times the right side, scaled; a term that repeats others has
    no influence.
    """
    scale = 1 / np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    inverse = np.linalg.pinv(information * np.outer(scale, scale), rcond=1e-10, hermitian=True)
    return scale[:, None] * (inverse @ (scale[:, None] * right))


def _factors(odds: np.ndarray, p: np.ndarray, estimand: str) -> tuple[ArmFactor, ArmFactor]:
    none = np.zeros_like(p)
    return {
        "ATT": (ArmFactor(np.ones_like(p), none), ArmFactor(odds, np.ones_like(p))),
        "ATE": (ArmFactor(1 + 1 / odds, p - 1), ArmFactor(1 + odds, p)),
        "overlap": (ArmFactor(1 - p, -p), ArmFactor(p, 1 - p)),
    }[estimand]


def _capped(
    weight: ArmFactor, arm: np.ndarray, quantile: float | None, most: float | None
) -> ArmFactor:
    """An arm's weights, cut at a quantile of theirs and at the declared limit."""
    caps = [
        cap
        for cap in (None if quantile is None else np.quantile(weight.factor[arm], quantile), most)
        if cap is not None
    ]
    if not caps:
        return weight
    is_below = weight.factor < min(caps)
    return ArmFactor(np.minimum(weight.factor, min(caps)), np.where(is_below, weight.slope, 0.0))
