"""What a referee asks for beside an effect: balance, flow, the naive figure, and the same effect under other conventions."""

import numpy as np
import polars as pl

from evalkit.effects.estimate import effect_draws, estimate_effect
from evalkit.effects.protocol import ESTIMAND
from evalkit.effects.summary import effect_summary
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import arm_weights, coefficient_matrix, fit_propensity


def balance_table(trials: Trials, propensity: pl.DataFrame, *, district: str = "all") -> pl.DataFrame:
    """Standardised mean differences of every covariate, before and after weighting.

    Before: survey weights only. Both divide by the root of the mean of the two arms' unweighted variances, so that weighting cannot hide a
    difference by changing the divisor. A covariate that does not vary has difference 0.

    Returns
    -------
    DataFrame
        district, intervention_id, covariate, smd_before, smd_after (standard deviations).

    References
    ----------
    Austin (2009), Stat. Med. 28:3083.
    """
    _, coefficients = coefficient_matrix(propensity, trials)
    treated = trials.is_treated
    covariates = trials.design[:, 1:]
    spread = np.sqrt((covariates[treated].var(axis=0, ddof=1) + covariates[~treated].var(axis=0, ddof=1)) / 2)
    before = _mean_difference(covariates, treated, trials.rows["weight"].to_numpy())
    after = _mean_difference(covariates, treated, arm_weights(trials, coefficients[:, 0]))
    divisor = np.where(spread > 0, spread, 1.0)
    return pl.DataFrame({"covariate": trials.terms[1:], "smd_before": before / divisor, "smd_after": after / divisor}).select(
        district=pl.lit(district),
        intervention_id=pl.lit(trials.protocol.intervention_id),
        covariate="covariate",
        smd_before="smd_before",
        smd_after="smd_after",
    )


def trial_flow(trials: Trials) -> pl.DataFrame:
    """Per trial month: how many persons were eligible and how many started."""
    return (
        trials.rows.group_by("trial_month")
        .agg(n_eligible=pl.len(), n_starters=(pl.col("arm") == "treated").sum())
        .sort("trial_month")
        .with_columns(pl.col("n_eligible", "n_starters").cast(pl.Int32))
    )


def effect_sensitivity(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """The primary outcome's months under the declared convention, under others, and as a naive comparison.

    Conventions: declared; leavers_excluded (those who leave support for anything but the intervention in the trial month are not compared);
    unweighted_survey (survey weights set to 1); naive (nothing adjusted: all who start against all who do not).

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, convention, difference, ci_lower, ci_upper (months in the primary outcome up to the horizon).
    """
    before = trials.protocol.outcomes.index(trials.protocol.eligibility.state_before)
    staying = trials.keep((trials.outcomes[:, 0] == before) | trials.is_treated)
    unweighted = _with_unit_weights(trials)
    constant = Trials(trials.rows, trials.design[:, :1], trials.terms[:1], trials.outcomes, trials.protocol)
    conventions = [("declared", trials), ("leavers_excluded", staying), ("unweighted_survey", unweighted), ("naive", constant)]
    tables = []
    for convention, own in conventions:
        fitted = fit_propensity(own, n_draws=n_draws, seed=seed)
        parts = estimate_effect(own, district="all", propensity=fitted, n_draws=n_draws, seed=seed)
        summary = effect_summary(effect_draws(parts.sums), trials.protocol)
        tables.append(
            summary.filter(pl.col("outcome") == f"months_{trials.protocol.primary_outcome}").with_columns(convention=pl.lit(convention))
        )
    return pl.concat(tables).select("district", "intervention_id", "convention", "difference", "ci_lower", "ci_upper")


def status_for_publication(statuses: pl.DataFrame, *, n_draws: int) -> pl.DataFrame:
    """The table `effect_status` as published: one row per district, the number of starters beside the verdict."""
    return statuses.filter(pl.col("estimand") == ESTIMAND).select(
        "district",
        "intervention_id",
        "estimand",
        effect_state="status",
        reason="reason",
        n_starters="n_starters",
        n_eligible="n_eligible",
        effective_sample_size="effective_sample_size",
        max_weight="max_weight",
        n_draws=pl.lit(n_draws, dtype=pl.Int32),
        n_draws_without_starters="n_draws_without_starters",
    )


def _mean_difference(covariates: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.average(covariates[treated], axis=0, weights=weights[treated]) - np.average(
        covariates[~treated], axis=0, weights=weights[~treated]
    )


def _with_unit_weights(trials: Trials) -> Trials:
    return Trials(trials.rows.with_columns(weight=pl.lit(1.0)), trials.design, trials.terms, trials.outcomes, trials.protocol)
