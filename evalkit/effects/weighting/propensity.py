"""The propensity of starting the intervention, fitted anew for every draw.

The logit is pooled over trial months and districts. Replicates weight households and fit the logit
anew (evalkit.effects.weighting.logit), so that its uncertainty reaches the effect. For *never* and
a grace period, a second logit of the same kind gives the chance that a person still waiting starts
later, for weights by the inverse probability of censoring.
"""

from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.cross_section import refuse_one_arm
from evalkit.effects.weighting.logit import replicate_logits, weighted_logit
from evalkit.errors import EstimationError
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table

Model = Literal["propensity", "censoring"]


class Coefficients(NamedTuple):
    """The table `propensity` as arrays, for the draws in which every model asked for was fitted.

    draws : (n_draws,) their numbers, 0 the point estimate. propensity, censoring : (n_terms,
    n_draws) of starting in the trial month, and in any month of waiting (no draws where not asked
    for), in the order of the trials' terms.
    """

    draws: np.ndarray
    propensity: np.ndarray
    censoring: np.ndarray

    @property
    def point(self) -> np.ndarray:
        """The point estimate's coefficients of starting in the trial month, (n_terms,)."""
        return self.propensity[:, 0]


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
        odds), is_converged. A replicate in which nobody starts, or everybody, is left out.

    Raises
    ------
    EstimationError
        If everyone or no one starts.
    """
    treated = trials.is_treated.astype(float)
    refuse_one_arm(
        treated,
        where=f"protocol {trials.protocol.protocol}, intervention "
        f"{trials.protocol.intervention_id}",
    )
    return _fitted(
        trials, "propensity", trials.rows, trials.design, treated, n_draws=n_draws, seed=seed
    )


def fit_censoring(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """Coefficients of starting in any month of waiting, as `fit_propensity`.

    The table is empty where the trials have no months of waiting: no comparison is never and there
    is no grace period.
    """
    if trials.waiting is None:
        return table("propensity").empty()
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


def fit_models(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """The table `propensity`: coefficients of both models (`fit_propensity`, `fit_censoring`)."""
    return pl.concat(
        [fit(trials, n_draws=n_draws, seed=seed) for fit in (fit_propensity, fit_censoring)]
    )


def _fitted(
    trials: Trials,
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
    person, weights = trials.replicates.of_rows(rows, n_draws=n_draws, seed=seed)
    coefficients = replicate_logits(
        design, treated, survey, point=point.coefficients, person=person, person_weights=weights
    )
    by_arm = [
        np.bincount(person, survey * arm, minlength=len(weights)) @ weights
        for arm in (treated, 1 - treated)
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
        .select(*table("propensity").schema)
    )


def coefficients_of(
    trials: Trials, propensity: pl.DataFrame, *, with_censoring: bool = False
) -> Coefficients:
    """The table `propensity` as arrays, in the order of the trials' terms.

    Raises
    ------
    EstimationError
        If the table was fitted with another protocol, or the model of starting later is asked for
        and missing.
    """
    draws, coefficients = _matrix(trials, propensity, "propensity")
    if not with_censoring:
        return Coefficients(draws, coefficients, coefficients[:, :0])
    waiting_draws, censoring = _matrix(trials, propensity, "censoring")
    both = np.intersect1d(draws, waiting_draws)
    return Coefficients(
        both, coefficients[:, np.isin(draws, both)], censoring[:, np.isin(waiting_draws, both)]
    )


def _matrix(
    trials: Trials, propensity: pl.DataFrame, model: Model
) -> tuple[np.ndarray, np.ndarray]:
    """Draws (n_draws,) and coefficients (n_terms, n_draws) of one model."""
    fitted = propensity.filter(
        (pl.col("protocol_hash") == protocol_hash(trials.protocol)) & (pl.col("model") == model)
    )
    wide = fitted.pivot("term", index="draw", values="coefficient").sort("draw")
    if fitted.is_empty() or set(wide.columns) - {"draw"} != set(trials.terms):
        raise EstimationError(
            "The propensity coefficients belong to another protocol.",
            where=f"table propensity; protocol {trials.protocol.protocol}",
            why="Weights from other covariates would not balance the arms.",
            fix="run intervention/03_weights again with this protocol.",
        )
    return wide["draw"].to_numpy(), wide.select(trials.terms).to_numpy().T
