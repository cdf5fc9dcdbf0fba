"""Balance of the covariates between the arms, on the whole and by period, and how many people were
eligible and started in each trial.
"""

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import varying_columns
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.tables import published
from evalkit.tables import CITY

PERIOD_STARTERS = 30
_QUARTER = 3


def balance_table(weighting: StartNow) -> pl.DataFrame:
    """Standardised mean differences and variance ratios of every covariate, before and after
    weighting.

    Before: survey weights only. Both differences divide by the root of the mean of the two arms'
    unweighted variances, so that weighting cannot hide a difference by changing the divisor. A term
    that is the same for everybody has no row: the models leave it out (`terms_left_out`). One that
    does not vary in the comparison arm has no ratio.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, covariate, smd_before, smd_after (standard deviations),
        variance_ratio_before, variance_ratio_after (treated over comparison), n_starters.

    References
    ----------
    Austin (2009), Stat. Med. 28:3083.
    """
    trials, after = weighting.trials, weighting.weights
    survey = trials.rows["weight"].to_numpy()
    table = pl.DataFrame(
        {
            "covariate": pl.Series(trials.terms[1:], dtype=pl.String),
            "smd_before": standardised_differences(trials, survey),
            "smd_after": standardised_differences(trials, after),
            "variance_ratio_before": _variance_ratios(trials, survey),
            "variance_ratio_after": _variance_ratios(trials, after),
        }
    )
    return table.filter(pl.Series(varying_columns(trials.design)[1:])).select(
        pl.lit(CITY).alias("district"),
        pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
        pl.all(),
        n_starters=pl.lit(trials.n_starters, dtype=pl.Int32),
    )


def standardised_differences(trials: Trials, weights: np.ndarray) -> np.ndarray:
    """Weighted mean differences of all covariates in standard deviations, (n_terms - 1,): see
    `balance_table`.
    """
    covariates, treated = trials.design[:, 1:], trials.is_treated
    means = [
        np.average(covariates[mask], axis=0, weights=weights[mask]) for mask in (treated, ~treated)
    ]
    return (means[0] - means[1]) / pooled_spread(covariates, treated)


def largest_difference(trials: Trials, weights: np.ndarray) -> float:
    """The largest of the covariates' differences, whatever its sign, in standard deviations."""
    return float(np.abs(standardised_differences(trials, weights)).max(initial=0))


def pooled_spread(values: np.ndarray, is_treated: np.ndarray) -> np.ndarray:
    """The unit of standardised differences: the root of the mean of the two arms' unweighted
    variances, 1 where nothing varies; (n_values,).
    """
    variances = [
        values[mask].var(axis=0, ddof=1) if mask.sum() > 1 else np.zeros(values.shape[1])
        for mask in (is_treated, ~is_treated)
    ]
    spread = np.sqrt(sum(variances) / 2)
    return np.where(spread > 0, spread, 1.0)


def balance_by_period(weighting: StartNow, *, min_starters: int = PERIOD_STARTERS) -> pl.DataFrame:
    """Balance of every covariate within periods of trial months: weights that balance all years
    together need not balance each of them.

    Trial months are joined until a period has `min_starters` starters; with fewer, chance alone
    moves differences by more than 0.1.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, from_month, to_month (trial months), covariate,
        smd_before, smd_after, n_starters.
    """
    trials, after = weighting.trials, weighting.weights
    survey = trials.rows["weight"].to_numpy()
    month = trials.rows["trial_month"].to_numpy()
    tables = []
    for first, last in _periods(trials, min_starters):
        inside = (month >= first) & (month <= last)
        period = trials.keep(inside)
        tables.append(
            pl.DataFrame(
                {
                    "covariate": pl.Series(trials.terms[1:], dtype=pl.String),
                    "smd_before": standardised_differences(period, survey[inside]),
                    "smd_after": standardised_differences(period, after[inside]),
                }
            ).with_columns(
                from_month=pl.lit(first, dtype=pl.Int32),
                to_month=pl.lit(last, dtype=pl.Int32),
                n_starters=pl.lit(period.n_starters, dtype=pl.Int32),
            )
        )
    return pl.concat(tables).select(
        pl.lit(CITY).alias("district"),
        pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
        "from_month",
        "to_month",
        "covariate",
        "smd_before",
        "smd_after",
        "n_starters",
    )


def trial_flow(trials: Trials) -> pl.DataFrame:
    """How many persons were eligible and how many started, by quarter of the trials.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, from_month, to_month (trial months), n_eligible,
        n_starters (persons, each once a quarter).
    """
    since_first = pl.col("trial_month") - pl.col("trial_month").min()
    begins = pl.col("trial_month") - since_first % _QUARTER
    schema = published("trial_flow").schema
    return (
        trials.rows.group_by(from_month=begins)
        .agg(
            to_month=pl.col("trial_month").max(),
            n_eligible=pl.col("person_id").n_unique(),
            n_starters=pl.col("person_id").filter(pl.col("arm") == "treated").n_unique(),
        )
        .with_columns(
            district=pl.lit(CITY), intervention_id=pl.lit(trials.protocol.intervention_id)
        )
        .sort("from_month")
        .select(list(schema))
        .cast(dict(schema))
    )


def _periods(trials: Trials, min_starters: int) -> list[tuple[int, int]]:
    """First and last month of each period; what is left over at the end joins the last one."""
    flow = (
        trials.rows.group_by("trial_month")
        .agg(n_starters=(pl.col("arm") == "treated").sum())
        .sort("trial_month")
    )
    periods, first, waiting = [], int(flow["trial_month"][0]), 0
    for month, n_starters in flow.iter_rows():
        waiting += n_starters
        if waiting >= min_starters:
            periods.append((first, month))
            first, waiting = month + 1, 0
    last = int(flow["trial_month"][-1])
    return [*periods[:-1], (periods[-1][0], last)] if periods else [(first, last)]


def _variance_ratios(trials: Trials, weights: np.ndarray) -> np.ndarray:
    treated, comparison = (
        _variances(trials.design[mask, 1:], weights[mask])
        for mask in (trials.is_treated, ~trials.is_treated)
    )
    return np.divide(
        treated, comparison, out=np.full(len(treated), np.nan), where=comparison > 1e-12
    )


def _variances(covariates: np.ndarray, weights: np.ndarray) -> np.ndarray:
    mean = np.average(covariates, axis=0, weights=weights)
    return np.average((covariates - mean) ** 2, axis=0, weights=weights)
