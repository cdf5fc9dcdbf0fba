"""Overlap of the arms: propensities by arm, the share of starters without a counterpart, and how
much the largest weights decide.
"""

import numpy as np
import polars as pl

from evalkit.effects.trust.balance import largest_difference
from evalkit.effects.weighting.contrast import MARGIN, contrast
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.weights import (
    by_cluster,
    effective_sample_size,
    in_errors,
    largest_change,
)
from evalkit.tables import CITY

BINS, MIN_BIN_STARTERS = 10, 30
CAPS: dict[str, float | None] = {
    "none": None,
    "percentile_99_5": 0.995,
    "percentile_99": 0.99,
    "percentile_95": 0.95,
}


def overlap_table(weighting: StartNow) -> pl.DataFrame:
    """Shares of starters and comparison by propensity, in bins with about as many starters each.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, bin, propensity_from, propensity_to (two digits that
        count; the outermost bins are open: null), share_treated, share_comparison,
        share_comparison_weighted (of all in the arm, 0-1), n_fewest (people of the smaller arm).
    """
    trials, weights = weighting.trials, weighting.weights
    treated, p = (
        trials.is_treated,
        1 / (1 + np.exp(-(trials.design @ weighting.coefficients.point))),
    )
    n_bins = int(np.clip(treated.sum() // MIN_BIN_STARTERS, 1, BINS))
    edges = np.unique(np.quantile(p[treated], np.linspace(0, 1, n_bins + 1)))
    position = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, max(len(edges) - 2, 0))
    size = max(len(edges) - 1, 1)
    n_treated, n_comparison = (
        np.bincount(position[mask], minlength=size) for mask in (treated, ~treated)
    )
    people = (
        trials.rows.select("person_id", bin=position, is_treated=treated)
        .group_by("bin", "is_treated")
        .agg(pl.col("person_id").n_unique())
    )
    n_people = np.zeros((size, 2), dtype=np.int32)
    n_people[people["bin"], people["is_treated"].cast(pl.Int8)] = people["person_id"]
    weighted = np.bincount(position[~treated], weights=weights[~treated], minlength=size)
    return pl.DataFrame(
        {
            "bin": np.arange(1, size + 1, dtype=np.int32),
            "propensity_from": edges[:size],
            "propensity_to": edges[-size:],
            "share_treated": n_treated / n_treated.sum(),
            "share_comparison": n_comparison / n_comparison.sum(),
            "share_comparison_weighted": weighted / weighted.sum(),
            "n_fewest": n_people.min(axis=1),
        }
    ).select(
        pl.lit(CITY).alias("district"),
        pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
        pl.col("bin"),
        # The outermost edges would be single persons' values.
        pl.when(pl.col("bin") > 1).then(pl.col("propensity_from").round_sig_figs(2)),
        pl.when(pl.col("bin") < size).then(pl.col("propensity_to").round_sig_figs(2)),
        pl.exclude("bin", "propensity_from", "propensity_to"),
    )


def share_outside_support(weighting: StartNow) -> float:
    """Share of starters without a counterpart: their propensity lies above or below that of
    everybody in the comparison.

    References
    ----------
    Dehejia & Wahba (1999), JASA 94:1053.
    """
    trials = weighting.trials
    eta, treated = trials.design @ weighting.coefficients.point, trials.is_treated
    lowest, highest = eta[~treated].min(), eta[~treated].max()
    return float(((eta[treated] < lowest) | (eta[treated] > highest)).mean())


def weight_sensitivity(weighting: StartNow) -> pl.DataFrame:
    """The effect in months of the primary outcome with the comparison's largest weights cut: an
    effect that rests on a few people changes.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, cut (none, or the percentile of the weights), difference,
        ci_lower, ci_upper (months; errors by person), effective_sample_size, max_weight,
        top_1_percent_share (of people: how many equally weighted ones the comparison is worth, and
        shares of all weight, 0-1), max_abs_smd, one_person, n_starters.
    """
    trials = weighting.trials
    spent = trials.is_in_primary.sum(axis=1)
    rows = []
    for cut, quantile in CAPS.items():
        cut_off = contrast(
            trials, spent, coefficients=weighting.coefficients.point, cap_quantile=quantile
        )
        difference, margin = float(cut_off.difference[0]), MARGIN * float(cut_off.std_error[0])
        comparison = by_cluster(
            trials.rows.filter(pl.Series(~trials.is_treated)), cut_off.weights[~trials.is_treated]
        )
        rows.append(
            {
                "cut": cut,
                "difference": difference,
                "ci_lower": difference - margin,
                "ci_upper": difference + margin,
                "effective_sample_size": effective_sample_size(comparison),
                "max_weight": float(comparison.max() / comparison.sum()),
                "top_1_percent_share": top_share(comparison),
                "max_abs_smd": largest_difference(trials, cut_off.weights),
                "one_person": in_errors(
                    largest_change(trials, spent, cut_off.weights), float(cut_off.std_error[0])
                ),
            }
        )
    return pl.DataFrame(rows).select(
        pl.lit(CITY).alias("district"),
        pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
        pl.all(),
        n_starters=pl.lit(trials.n_starters, dtype=pl.Int32),
    )


def top_share(weights: np.ndarray, *, top: float = 0.01) -> float:
    """The largest weights' share of all weight: those of the top hundredth, at least one."""
    n_top = max(int(np.ceil(top * len(weights))), 1)
    return float(np.sort(weights)[-n_top:].sum() / weights.sum())
