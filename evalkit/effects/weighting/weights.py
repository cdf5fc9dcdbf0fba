"""Propensity of starting the intervention, and the weights that make the comparison arm resemble
those who started.

The logit is pooled over trial months and districts. Replicates weight households by a keyed hash
(evalkit.survival.curves.replicate) and fit the logit anew (evalkit.effects.weighting.logit), so
that its uncertainty reaches the effect. For *never*, a second logit of the same kind says how
likely somebody still waiting was to start later: who has not, stands for those who have (inverse
probability of censoring).
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import polars as pl
from scipy import sparse

from evalkit.effects.trials.replicates import Replicates
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.logit import SEPARATED, replicate_logits, weighted_logit
from evalkit.errors import EstimationError
from evalkit.line.protocol import protocol_hash
from evalkit.line.schemas import SCHEMAS
from evalkit.survival.curves.replicate import replicate_weights

Estimand = Literal["ATT", "ATE", "overlap"]
Model = Literal["propensity", "censoring"]
# Weights of those who start and of the comparison in the odds of starting.
_BY_ODDS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], ...]] = {
    "ATT": (np.ones_like, lambda odds: odds),
    "ATE": (lambda odds: 1 + 1 / odds, lambda odds: 1 + odds),
    "overlap": (lambda odds: 1 / (1 + odds), lambda odds: odds / (1 + odds)),
}


def weights_from_propensity(
    propensity: np.ndarray, is_treated: np.ndarray, estimand: Estimand
) -> np.ndarray:
    """ATT: 1 and p/(1-p); ATE: 1/p and 1/(1-p); overlap: 1-p and p (treated and comparison rows).

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


def propensity_weights(
    rows: pl.DataFrame, *, treatment: str, covariates: list[str], estimand: Estimand = "ATT"
) -> pl.DataFrame:
    """The rows with the fitted `propensity` and the `weight` that its estimand gives.

    Parameters
    ----------
    rows : DataFrame
        One row a person (or person-trial).
    treatment : str
        Column: whether treated (bool, or 0 and 1).
    covariates : list of str
        Numeric columns measured before.

    Raises
    ------
    EstimationError
        If all rows or none are treated, or a covariate is missing for some.
    """
    treated = rows[treatment].cast(pl.Float64).to_numpy()
    _refuse_one_arm(treated, where=f"column {treatment}")
    missing = [name for name in covariates if rows[name].null_count()]
    if missing:
        raise EstimationError(
            f"{len(missing)} covariates are missing for some rows.",
            where=f"columns {', '.join(missing)}",
            why="A row without a covariate has no propensity, and leaving it out would change who "
            "is compared.",
            fix="deliver the values, or give 'not stated' a category of its own.",
        )
    design = np.column_stack(
        [np.ones(len(rows)), *[rows[name].cast(pl.Float64).to_numpy() for name in covariates]]
    )
    fit = weighted_logit(design, treated, np.ones(len(rows)))
    propensity = 1 / (1 + np.exp(-(design @ fit.coefficients)))
    weight = weights_from_propensity(propensity, treated == 1, estimand)
    return rows.with_columns(propensity=pl.Series(propensity), weight=pl.Series(weight))


def fit_propensity(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """Propensity coefficients of the point estimate (draw 0) and of every replicate.

    Parameters
    ----------
    trials : Trials
        All districts together: small districts cannot fit their own.
    n_draws : int
        Replicates.
    seed : int
        Key of the replicate weights.

    Returns
    -------
    DataFrame
        The table `propensity`: intervention_id, protocol_hash, model, draw, term, coefficient (log
        odds), is_converged. A replicate without starters, or with nobody else, has no coefficients
        and is left out.

    Raises
    ------
    EstimationError
        If everyone or no one starts.
    """
    treated = trials.is_treated.astype(float)
    _refuse_one_arm(
        treated,
        where=f"protocol {trials.protocol.protocol}, intervention "
        f"{trials.protocol.intervention_id}",
    )
    return _fitted(
        trials, "propensity", trials.rows, trials.design, treated, n_draws=n_draws, seed=seed
    )


def fit_censoring(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """Coefficients of starting in any month of waiting: what *never* needs, as `fit_propensity`
    otherwise.

    Without `waiting` (nothing is compared with never) the table is empty.
    """
    if trials.waiting is None:
        return pl.DataFrame(schema=SCHEMAS["propensity"].columns)
    started = trials.waiting.rows["started"].cast(pl.Float64).to_numpy()
    return _fitted(
        trials,
        "censoring",
        trials.waiting.rows,
        trials.waiting.design,
        started,
        n_draws=n_draws,
        seed=seed,
    )


def _fitted(
    trials,
    model: Model,
    rows: pl.DataFrame,
    design: np.ndarray,
    treated: np.ndarray,
    *,
    n_draws: int,
    seed: int,
) -> pl.DataFrame:
    survey = rows["weight"].to_numpy()
    point = weighted_logit(design, treated, survey)
    person, weights = drawn_people(rows, trials.replicates, n_draws=n_draws, seed=seed)
    coefficients = replicate_logits(
        design, treated, survey, point=point.coefficients, person=person, person_weights=weights
    )
    by_arm = [
        np.bincount(person, survey * own, minlength=len(weights)) @ weights
        for own in (treated, 1 - treated)
    ]
    kept = np.flatnonzero((by_arm[0] > 0) & (by_arm[1] > 0))
    n_terms = len(trials.terms)
    return (
        pl.DataFrame(
            {
                "draw": np.repeat(np.append(0, kept + 1), n_terms).astype(np.int32),
                "term": list(trials.terms) * (1 + len(kept)),
                "coefficient": np.concatenate(
                    [point.coefficients, coefficients[:, kept].T.ravel()]
                ),
            }
        )
        .with_columns(
            intervention_id=pl.lit(trials.protocol.intervention_id),
            protocol_hash=pl.lit(protocol_hash(trials.protocol)),
            model=pl.lit(model),
            is_converged=pl.lit(point.is_converged),
        )
        .select(*SCHEMAS["propensity"].columns)
    )


def drawn_people(
    rows: pl.DataFrame, replicates: Replicates, *, n_draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Each row's position among the clusters (n_rows,), and the clusters' replicate weights
    (n_clusters, n_draws), first draw 1.

    A cluster is a household, or a person whose household is not known. Its draw is the same in
    every district, trial and machine.
    """
    clusters = rows["cluster_id"].unique().sort()
    return clusters.search_sorted(rows["cluster_id"]).to_numpy(), replicates.of(
        clusters, n_draws=n_draws, seed=seed
    )


def folds(rows: pl.DataFrame, *, n_folds: int, seed: int) -> np.ndarray:
    """Each row's fold, 0 to n_folds - 1: a household's stays the same whoever else is there."""
    clusters = rows["cluster_id"].unique().sort()
    uniform = np.exp(-replicate_weights(clusters, seed=seed, n_draws=1, kind="exponential")[:, 0])
    return np.minimum((uniform * n_folds).astype(int), n_folds - 1)[
        clusters.search_sorted(rows["cluster_id"]).to_numpy()
    ]


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


def coefficient_matrix(
    propensity: pl.DataFrame, trials: Trials, *, model: Model = "propensity"
) -> tuple[np.ndarray, np.ndarray]:
    """The table `propensity` as arrays: draws (n_draws,) and coefficients (n_terms, n_draws) in the
    order of the trials' terms.

    Raises
    ------
    EstimationError
        If the table was fitted with another protocol.
    """
    own = propensity.filter(
        (pl.col("protocol_hash") == protocol_hash(trials.protocol)) & (pl.col("model") == model)
    )
    wide = own.pivot("term", index="draw", values="coefficient").sort("draw")
    if own.is_empty() or set(wide.columns) - {"draw"} != set(trials.terms):
        raise EstimationError(
            "The propensity coefficients belong to another protocol.",
            where=f"table propensity; protocol {trials.protocol.protocol}",
            why="Weights from other covariates would not balance the arms.",
            fix="run city/03_weights again with this protocol.",
        )
    return wide["draw"].to_numpy(), wide.select(trials.terms).to_numpy().T


def by_cluster(rows: pl.DataFrame, values: np.ndarray) -> np.ndarray:
    """Sums over the rows of each cluster: (n_clusters,) or (n_clusters, n_values), clusters in the
    order of their ids.

    A person stands in many trials and moves in all of them at once, and with the household: errors
    and effective sizes count households, and people where no household is known (`drawn_people`).
    """
    code = rows["cluster_id"].rank("dense").to_numpy().astype(np.int64) - 1
    place = (code, np.arange(len(code)))
    return (
        sparse.csr_matrix(
            (np.ones(len(code)), place), shape=(int(code.max(initial=-1)) + 1, len(code))
        )
        @ values
    )


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2: so many equal weights would be as
    informative. 0 if all weights are 0.

    Of weights summed by cluster (`by_cluster`) it counts people, those of a household as one: the
    most careful reading, as if their trials said the same thing over again (the design effect of a
    correlation of 1). It is never above the size of the single rows, nor above the number of
    people.

    References
    ----------
    Kish (1965), Survey Sampling, sections 5.4 and 11.7.
    """
    total = weights.sum()
    return float(total**2 / (weights**2).sum()) if total > 0 else 0.0


def effective_people(trials: Trials, weights: np.ndarray, mask: np.ndarray) -> float:
    """Effective size in people of the rows in a mask, whose weights (n_rows,) are summed by
    household or person first.
    """
    return effective_sample_size(by_cluster(trials.rows.filter(pl.Series(mask)), weights[mask]))


def weakest_arm(
    comparison: np.ndarray, treated: np.ndarray, *, is_one_weighted: bool
) -> np.ndarray:
    """The people's weights that say how much an effect rests on: the comparison's where it alone is
    weighted (ATT), else those thinned out most.
    """
    return comparison if is_one_weighted else min((comparison, treated), key=effective_sample_size)


def _refuse_one_arm(treated: np.ndarray, *, where: str) -> None:
    n_treated = int(treated.sum())
    if n_treated in (0, len(treated)):
        raise EstimationError(
            "No one starts the intervention."
            if n_treated == 0
            else "Everyone starts the intervention.",
            where=where,
            why="An effect compares those who start with those who do not.",
            fix="check the intervention's name and the protocol's trial months; without both arms "
            "the effect cannot be said.",
        )
