"""Propensity of starting the intervention, and the weights that make the comparison arm resemble those who started.

The logit is pooled over trial months and districts. Replicates weight persons by a keyed hash (evalkit.survival.replicate) and fit the logit
anew, so that its uncertainty reaches the effect. The fit is iteratively reweighted least squares in numpy: the same estimates as statsmodels'
GLM (tests), warm-started from the point fit, which a thousand replicates need.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from evalkit.effects.protocol import protocol_hash
from evalkit.effects.target_trial import Trials
from evalkit.errors import EstimationError
from evalkit.survival.replicate import replicate_weights

Estimand = Literal["ATT", "ATE", "overlap"]

# Beyond this linear predictor a fitted probability is 0 or 1 to 13 digits: the data separate and the coefficient runs away.
_SEPARATED = 30.0
_MAX_ITERATIONS = 40
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class LogitFit:
    """coefficients (n_terms,), and whether the iterations settled; with separation they do not, and the fit stops where probabilities are 0 or 1."""

    coefficients: np.ndarray
    is_converged: bool


def weighted_logit(design: np.ndarray, treated: np.ndarray, weights: np.ndarray, *, start: np.ndarray | None = None) -> LogitFit:
    """Logit coefficients by iteratively reweighted least squares.

    Parameters
    ----------
    design : ndarray (n_rows, n_terms)
        Covariates, with a constant.
    treated : ndarray (n_rows,)
        1 where the intervention started.
    weights : ndarray (n_rows,)
        Weights of the log-likelihood, >= 0.
    start : ndarray (n_terms,), optional
        Where to begin; a similar fit saves iterations.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 4.4.
    """
    beta = np.zeros(design.shape[1]) if start is None else start.copy()
    for _ in range(_MAX_ITERATIONS):
        eta = np.clip(design @ beta, -_SEPARATED, _SEPARATED)
        p = 1 / (1 + np.exp(-eta))
        curvature = weights * p * (1 - p)
        information = (design * curvature[:, None]).T @ design
        step = _solve(information, design.T @ (weights * (treated - p)))
        beta = beta + step
        if np.abs(step).max() < _TOLERANCE:
            return LogitFit(beta, bool(np.abs(design @ beta).max() < _SEPARATED))
    return LogitFit(beta, False)


def weights_from_propensity(propensity: np.ndarray, is_treated: np.ndarray, estimand: Estimand) -> np.ndarray:
    """ATT: 1 and p/(1-p); ATE: 1/p and 1/(1-p); overlap: 1-p and p (treated and comparison rows).

    References
    ----------
    Li, Morgan & Zaslavsky (2018), JASA 113:390.
    """
    p = propensity
    by_arm = {"ATT": (np.ones_like(p), p / (1 - p)), "ATE": (1 / p, 1 / (1 - p)), "overlap": (1 - p, p)}
    treated, comparison = by_arm[estimand]
    return np.where(is_treated, treated, comparison)


def propensity_weights(rows: pl.DataFrame, *, treatment: str, covariates: list[str], estimand: Estimand = "ATT") -> pl.DataFrame:
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
            why="A row without a covariate has no propensity, and leaving it out would change who is compared.",
            fix="deliver the values, or give 'not stated' a category of its own.",
        )
    design = np.column_stack([np.ones(len(rows)), *[rows[name].cast(pl.Float64).to_numpy() for name in covariates]])
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
        The table `propensity`: intervention_id, protocol_hash, draw, term, coefficient (log odds), is_converged. A replicate without starters,
        or with nobody else, has no coefficients and is left out.

    Raises
    ------
    EstimationError
        If everyone or no one starts.
    """
    treated = trials.is_treated.astype(float)
    _refuse_one_arm(treated, where=f"protocol {trials.protocol.protocol}, intervention {trials.protocol.intervention_id}")
    survey = trials.rows["weight"].to_numpy()
    point = weighted_logit(trials.design, treated, survey)
    draws, fits = [0], [point]
    for draw, weights in enumerate(person_weights(trials, n_draws=n_draws, seed=seed).T, start=1):
        drawn = survey * weights
        if (drawn * treated).sum() > 0 and (drawn * (1 - treated)).sum() > 0:
            draws.append(draw)
            fits.append(weighted_logit(trials.design, treated, drawn, start=point.coefficients if point.is_converged else None))
    n_terms = len(trials.terms)
    return pl.DataFrame(
        {
            "draw": np.repeat(draws, n_terms).astype(np.int32),
            "term": list(trials.terms) * len(draws),
            "coefficient": np.concatenate([fit.coefficients for fit in fits]),
            "is_converged": np.repeat([fit.is_converged for fit in fits], n_terms),
        }
    ).with_columns(intervention_id=pl.lit(trials.protocol.intervention_id), protocol_hash=pl.lit(protocol_hash(trials.protocol)))


def person_weights(trials: Trials, *, n_draws: int, seed: int) -> np.ndarray:
    """Replicate weights of each row's person: (n_rows, n_draws). A person's draw is the same in every district, trial and machine."""
    people = trials.rows["person_id"].unique().sort()
    weights = replicate_weights(people, seed=seed, n_draws=n_draws, first_draw=1)
    return weights[people.search_sorted(trials.rows["person_id"]).to_numpy()]


def arm_weights(trials: Trials, coefficients: np.ndarray) -> np.ndarray:
    """Survey weight times the estimand's weight of every row, for one or several sets of coefficients.

    Parameters
    ----------
    coefficients : ndarray (n_terms,) or (n_terms, n_draws)

    Returns
    -------
    ndarray (n_rows,) or (n_rows, n_draws)
    """
    eta = np.clip(trials.design @ coefficients, -_SEPARATED, _SEPARATED)
    is_treated, survey = trials.is_treated, trials.rows["weight"].to_numpy()
    if eta.ndim == 2:
        is_treated, survey = is_treated[:, None], survey[:, None]
    return survey * weights_from_propensity(1 / (1 + np.exp(-eta)), is_treated, trials.protocol.estimand)


def coefficient_matrix(propensity: pl.DataFrame, trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """The table `propensity` as arrays: draws (n_draws,) and coefficients (n_terms, n_draws) in the order of the trials' terms.

    Raises
    ------
    EstimationError
        If the table was fitted with another protocol.
    """
    own = propensity.filter(pl.col("protocol_hash") == protocol_hash(trials.protocol))
    wide = own.pivot("term", index="draw", values="coefficient").sort("draw")
    if own.is_empty() or set(wide.columns) - {"draw"} != set(trials.terms):
        raise EstimationError(
            "The propensity coefficients belong to another protocol.",
            where=f"table propensity; protocol {trials.protocol.protocol}",
            why="Weights from other covariates would not balance the arms.",
            fix="run city/03_weights again with this protocol.",
        )
    return wide["draw"].to_numpy(), wide.select(trials.terms).to_numpy().T


def effective_sample_size(weights: np.ndarray) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2: so many equally weighted rows would be as informative. 0 if all weights are 0."""
    total = weights.sum()
    return float(total**2 / (weights**2).sum()) if total > 0 else 0.0


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The Newton step; where the data carry no information on a term (a replicate without its people), the shortest one."""
    try:
        return np.linalg.solve(information, score)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(information, score, rcond=1e-12)[0]


def _refuse_one_arm(treated: np.ndarray, *, where: str) -> None:
    n_treated = int(treated.sum())
    if n_treated in (0, len(treated)):
        raise EstimationError(
            "No one starts the intervention." if n_treated == 0 else "Everyone starts the intervention.",
            where=where,
            why="An effect compares those who start with those who do not.",
            fix="check the intervention's name and the protocol's trial months; without both arms the effect cannot be said.",
        )
