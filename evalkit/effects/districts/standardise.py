"""Districts' effects for the same people: each district's two arms, weighted to the case mix of
everybody eligible in the city.

A district's effect is about those who started there, so districts that offer places to different
people differ for that reason alone. Here both arms of a district are weighted to all eligible there
(inverse probability of starting or not), and then to all eligible in the city (inverse probability
of living in the district, given everything that the protocol measures about people). Where a
district lacks such people, its effect cannot be standardised. Westreich et
al. (2017), Am. J. Epidemiol. 186:1010; Dahabreh et al. (2019), Biometrics 75:685.
"""

import numpy as np
import polars as pl

from evalkit.effects.trials.covariates import about_people
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import SEPARATED, weighted_logit
from evalkit.effects.weighting.propensity import coefficients_of
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of
from evalkit.effects.weighting.weights import (
    effective_people,
    weights_from_propensity,
)
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table


def standardised_draws(
    trials: Trials, propensity: pl.DataFrame, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained by starting now rather than waiting, by district, for
    the case mix of the city's eligible.

    Parameters
    ----------
    trials : Trials
        All districts together.
    propensity, n_draws, seed
        As in `estimate_effect`. The model of where people live is taken as given; replicates
        resample people and refit the propensity.

    Returns
    -------
    DataFrame
        The table `standardised_draws`: district, intervention_id, protocol_hash, draw (0: point
        estimate), difference (months), reason. A district that cannot be standardised has one row,
        draw 0, with the reason: few_starters, few_comparable (effective sample size of the smaller
        arm), outside_support (too many of the city's eligible have no like in the district). Empty
        where nobody starts, or everybody, and for protocols whose first comparison is not wait or
        that have a grace period: their districts are ranked as they are.
    """
    protocol = trials.protocol
    is_wait = protocol.comparisons[0] == "wait" and strategy_of(protocol, "wait") is StartNow
    if not is_wait or not trials.has_both_arms:
        return table("standardised_draws").empty()
    coefficients = coefficients_of(trials, propensity)
    clusters = trials.cluster_weights(n_draws=n_draws, seed=seed)
    resampled = clusters.of_draws(coefficients.draws)
    tables = []
    for district in trials.rows["district"].unique().sort():
        lives = (trials.rows["district"] == district).to_numpy()
        weights, reason = _weights(trials, lives, coefficients.propensity)
        draws, differences = (
            ([0], [None])
            if reason
            else (
                coefficients.draws,
                _differences(trials.keep(lives), weights * resampled[clusters.position[lives]]),
            )
        )
        tables.append(
            pl.DataFrame({"draw": draws, "difference": differences}).select(
                pl.lit(district).alias("district"),
                pl.lit(protocol.intervention_id).alias("intervention_id"),
                pl.lit(protocol_hash(protocol)).alias("protocol_hash"),
                pl.col("draw").cast(pl.Int32),
                pl.col("difference").cast(pl.Float64),
                pl.lit(reason, dtype=pl.String).alias("reason"),
            )
        )
    # Draws in which an arm is empty are left out.
    is_kept = pl.col("difference").is_not_nan() | pl.col("reason").is_not_null()
    return pl.concat(tables).filter(is_kept).select(table("standardised_draws").columns)


def _weights(
    trials: Trials, lives: np.ndarray, propensity: np.ndarray
) -> tuple[np.ndarray, str | None]:
    """Weights of a district's rows to the city's case mix, (n_residents, n_draws), and why the
    district cannot be standardised, if it cannot.
    """
    survey = trials.rows["weight"].to_numpy()
    design = trials.design[:, about_people(trials.protocol, trials.terms)]
    score = np.clip(
        design @ weighted_logit(design, lives.astype(float), survey).coefficients,
        -SEPARATED,
        SEPARATED,
    )
    residents = trials.keep(lives)
    p = 1 / (1 + np.exp(-np.clip(residents.design @ propensity, -SEPARATED, SEPARATED)))
    base = survey[lives] * (1 + np.exp(-score[lives]))
    weights = base[:, None] * weights_from_propensity(p, residents.is_treated[:, None], "ATE")
    outside = _share_outside(score, lives, survey)
    return weights, _refused(residents, weights[:, 0], outside=outside)


def _differences(residents: Trials, weights: np.ndarray) -> np.ndarray:
    """Weighted mean of the months in the primary outcome, starters minus comparison, by draw; NaN
    where an arm is empty.
    """
    months, treated = residents.is_in_primary.sum(axis=1).astype(float), residents.is_treated
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [
            months[arm] @ weights[arm] / weights[arm].sum(axis=0) for arm in (treated, ~treated)
        ]
    return means[0] - means[1]


def _refused(residents: Trials, weights: np.ndarray, *, outside: float) -> str | None:
    limits = residents.protocol.refusal
    if residents.n_starters < limits.min_starters:
        return "few_starters"
    if limits.max_share_outside_support is not None and outside > limits.max_share_outside_support:
        return "outside_support"
    size = min(
        effective_people(residents, weights, arm)
        for arm in (residents.is_treated, ~residents.is_treated)
    )
    return "few_comparable" if size < limits.min_effective_sample_size else None


def _share_outside(score: np.ndarray, lives: np.ndarray, survey: np.ndarray) -> float:
    """Share of the city's eligible who resemble nobody in the district: beyond the lowest or
    highest score of those who live there.
    """
    is_outside = (score < score[lives].min()) | (score > score[lives].max())
    return float(survey[is_outside].sum() / survey.sum())
