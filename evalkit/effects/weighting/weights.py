"""Weights of person-trials by the estimand, and effective sample sizes."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import SEPARATED
from evalkit.survival.curves.replicate import replicate_weights

Estimand = Literal["ATT", "ATE", "overlap"]
# Weights of those who start and of the comparison in the odds of starting.
_BY_ODDS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], ...]] = {
    "ATT": (np.ones_like, lambda odds: odds),
    "ATE": (lambda odds: 1 + 1 / odds, lambda odds: 1 + odds),
    "overlap": (lambda odds: 1 / (1 + odds), lambda odds: odds / (1 + odds)),
}


def weights_from_propensity(
    propensity: np.ndarray, is_treated: np.ndarray, estimand: Estimand
) -> np.ndarray:
    """Weights of an estimand, of treated and comparison rows: ATT 1 and p/(1-p), ATE 1/p and
    1/(1-p), overlap 1-p and p.

    References
    ----------
    Li, Morgan & Zaslavsky (2018), JASA 113:390.
    """
    p = propensity
    by_arm = {
        "ATT": (np.ones_like(p), p / (1 - p)),
        "ATE": (1 / p, 1 / (1 - p)),
        "overlap": (1 - p, p),
    }
    treated, comparison = by_arm[estimand]
    return np.where(is_treated, treated, comparison)


def arm_weights(
    trials: Trials, coefficients: np.ndarray, rows: slice | np.ndarray = slice(None)
) -> np.ndarray:
    """Survey weight times the estimand's weight (truncated as declared) of every row, for one or
    several sets of coefficients.

    Parameters
    ----------
    coefficients : ndarray (n_terms,) or (n_terms, n_draws)
    rows : slice or ndarray, optional
        Only these rows.

    Returns
    -------
    ndarray (n_rows,) or (n_rows, n_draws)
    """
    odds = trials.design[rows] @ coefficients
    np.exp(np.clip(odds, -SEPARATED, SEPARATED, out=odds), out=odds)
    is_treated, survey = trials.is_treated[rows], trials.rows["weight"].to_numpy()[rows]
    # What `weights_from_propensity` says, in odds. Nearly all rows stand in the comparison: the few
    # that start are written over.
    of_treated, of_comparison = _BY_ODDS[trials.protocol.estimand]
    treated_weights = of_treated(odds[is_treated])
    weights = of_comparison(odds)
    weights[is_treated] = treated_weights
    if trials.protocol.truncation.propensity is not None:
        np.minimum(weights, trials.protocol.truncation.propensity, out=weights)
    weights *= survey if weights.ndim == 1 else survey[:, None]
    return weights


def folds(rows: pl.DataFrame, *, n_folds: int, seed: int) -> np.ndarray:
    """Each row's fold, 0 to n_folds - 1; a household has the same one in any set of people."""
    clusters = rows["cluster_id"].unique().sort()
    uniform = np.exp(-replicate_weights(clusters, seed=seed, n_draws=1, kind="exponential")[:, 0])
    return np.minimum((uniform * n_folds).astype(int), n_folds - 1)[
        clusters.search_sorted(rows["cluster_id"]).to_numpy()
    ]


def by_cluster(rows: pl.DataFrame, values: np.ndarray) -> np.ndarray:
    """Sums over the rows of each cluster: (n_clusters,) or (n_clusters, n_values), clusters in the
    order of their ids.

    A person is in many trials, and what happens to them or their household is in all of these:
    errors and effective sizes count households, and people where no household is known
    (`ClusterWeights`).
    """
    from scipy import sparse

    code = rows["cluster_id"].rank("dense").to_numpy().astype(np.int64) - 1
    positions = (code, np.arange(len(code)))
    return (
        sparse.csr_matrix(
            (np.ones(len(code)), positions), shape=(int(code.max(initial=-1)) + 1, len(code))
        )
        @ values
    )


def positions_of_people(rows: pl.DataFrame) -> np.ndarray:
    """The position of each row's person among all, in the order of their ids: (n_rows,)."""
    return rows["person_id"].rank("dense").to_numpy().astype(np.int64) - 1


def largest_change(trials: Trials, values: np.ndarray, weights: np.ndarray) -> float:
    """The most that leaving out one person, in all their trials, changes the weighted mean of those
    who start, that of the others, or their difference.

    Parameters
    ----------
    values, weights : ndarray (n_rows,)
        Of each person-trial.
    """
    changes = changes_by_arm(trials, values, weights)
    all_changes = np.stack([*changes, changes[0] - changes[1]])
    return float(np.abs(all_changes).max(initial=0)) if np.isfinite(all_changes).all() else np.inf


def in_errors(change: float, error: float) -> float | None:
    """What one person changes an estimate by, as a share of its standard error; None where nothing
    varies, so that it has none.
    """
    return change / error if error > 0 else None


def changes_by_arm(
    trials: Trials, values: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What leaving out each person, in all their trials, changes the weighted mean of those who
    start by, and that of the others: (n_persons,) each, in the order of their ids. Not finite where
    nobody else is left.
    """
    person = positions_of_people(trials.rows)
    changes = []
    for arm in (trials.is_treated, ~trials.is_treated):
        own, sums = (np.bincount(person, arm * part) for part in (weights, weights * values))
        with np.errstate(divide="ignore", invalid="ignore"):
            changes.append((sums.sum() - sums) / (own.sum() - own) - sums.sum() / own.sum())
    return changes[0], changes[1]


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2: the number of equal weights that would be
    as informative. 0 if all weights are 0.

    Of weights summed by cluster (`by_cluster`) it counts households. That is the cautious count: it
    takes all trials of a household as repeating one another (a design effect with correlation 1).
    It is never above the effective size of the rows, nor above the number of households.

    References
    ----------
    Kish (1965), Survey Sampling, sections 5.4 and 11.7.
    """
    total = weights.sum()
    return float(total**2 / (weights**2).sum()) if total > 0 else 0.0


def effective_people(trials: Trials, weights: np.ndarray, mask: np.ndarray) -> float:
    """Effective sample size of the rows in a mask, with their weights (n_rows,) summed by household
    or person first. People.
    """
    return effective_sample_size(by_cluster(trials.rows.filter(pl.Series(mask)), weights[mask]))
