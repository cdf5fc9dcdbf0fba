"""A second opinion with trees: weights and an outcome regression together, as in
`evalkit.effects.answer.doubly_robust`, both grown by boosting, so that no form has been assumed.

Whether people start and what they reach are learnt from all other clusters than their own (cross-
fitting), so errors of the trees that are alike in form do not add up; those that are left are of
second order where both models hold. It guards against curves, products and outliers that a logit
does not know. Against what no covariate tells it guards no more than the logit does. Chernozhukov
et al. (2018), Econom. J. 21:C1; Friedman (2001), Ann. Stat. 29:1189; Ke et al. (2017), NIPS 30, as
scikit-learn implements them.
"""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.answer.doubly_robust import Estimate
from evalkit.effects.weighting.cross_section import refuse_one_arm
from evalkit.effects.weighting.weights import (
    Estimand,
    by_cluster,
    folds,
    weights_from_propensity,
)
from evalkit.errors import EstimationError

N_FOLDS = 5
# Small trees, many slow steps, no early stopping: the same rows give the same trees.
_SETTINGS = {
    "learning_rate": 0.1,
    "max_iter": 50,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
# A column of more values than these is cut into that many parts of like size, once for all trees.
_MOST_VALUES = 64
# Nobody is taken to be more than fifty times less likely than all together to start, or not to:
# with halves, the customary bounds of 0.01 and 0.99.
_LEAST_OF_SHARE = 0.02


class Boosted(NamedTuple):
    """A difference and each row's influence on it, (n_rows,), in the outcome's unit."""

    difference: float
    influence: np.ndarray


def has_trees() -> bool:
    """Whether the extra that grows trees is installed."""
    return find_spec("sklearn") is not None


def boosted_difference(
    values: np.ndarray,
    is_treated: np.ndarray,
    design: np.ndarray,
    *,
    survey: np.ndarray,
    clusters: np.ndarray,
    seed: int,
    estimand: Estimand = "ATT",
    cap: float | None = None,
) -> Estimate:
    """Treated minus comparison, doubly robust, with boosted trees for both models.

    Parameters
    ----------
    values : ndarray (n_rows,)
        The outcome.
    is_treated : ndarray (n_rows,)
        Whether the row is treated; bool.
    design : ndarray (n_rows, n_terms)
        Covariates measured before; a constant does no harm. Missing values may be NaN.
    survey : ndarray (n_rows,)
        For how many people each row stands, >= 0.
    clusters : ndarray (n_rows,)
        Ids of those who vary together. A cluster is predicted from the others, and errors are added
        up by cluster.
    seed : int
        Of the folds.
    estimand : {"ATT", "ATE", "overlap"}
        Whose effect: those who are treated, all, or those of whom both is likely.
    cap : float, optional
        The largest weight that a row of an arm may have before it is multiplied by `survey`.

    Returns
    -------
    Estimate
        In the outcome's unit. The error takes both models as given.

    Raises
    ------
    EstimationError
        If scikit-learn is not installed, all rows or none are treated, or an arm has fewer than
        five clusters (one fold would be predicted from nobody).
    """
    rows = pl.DataFrame({"cluster_id": clusters})
    found = boosted(
        values, is_treated, design, survey=survey, rows=rows, seed=seed, estimand=estimand, cap=cap
    )
    error = float(np.sqrt((by_cluster(rows, found.influence) ** 2).sum()))
    return Estimate(found.difference, error)


def boosted(
    values: np.ndarray,
    is_treated: np.ndarray,
    design: np.ndarray,
    *,
    survey: np.ndarray,
    rows: pl.DataFrame,
    seed: int,
    estimand: Estimand,
    cap: float | None,
) -> Boosted:
    """The difference with the influence of each row; parameters and errors as
    `boosted_difference`, `rows` with the column cluster_id.
    """
    treated = np.asarray(is_treated, dtype=bool)
    values = np.asarray(values, dtype=float)
    refuse_one_arm(treated, where=f"{len(treated):,} rows")
    fold = folds(rows, n_folds=N_FOLDS, seed=seed)
    _refuse_few(rows, treated, fold)
    design = np.column_stack([_cut(column) for column in design.T])
    p = _chances(treated, design, survey, fold)
    none = np.zeros(len(values))
    of_treated, of_comparison = (
        none
        if arm is treated and estimand == "ATT"
        else grown_expectation(values, design, survey, within=arm, fold=fold, is_chance=False)
        for arm in (treated, ~treated)
    )
    weights = weights_from_propensity(p, treated, estimand)
    if cap is not None:
        weights = np.minimum(weights, cap)
    target = {"ATT": treated, "ATE": np.ones(len(p)), "overlap": p * (1 - p)}[estimand]
    means = [
        (1.0, survey * treated * weights, values - of_treated),
        (-1.0, survey * ~treated * weights, values - of_comparison),
        (1.0, survey * target, of_treated - of_comparison),
    ]
    difference, influence = 0.0, none
    for sign, weight, residual in means:
        mean = np.average(residual, weights=weight)
        difference += sign * mean
        influence = influence + sign * weight * (residual - mean) / weight.sum()
    return Boosted(float(difference), influence)


def _cut(column: np.ndarray) -> np.ndarray:
    """A covariate as the numbers of the parts that its values lie in; missing stays missing."""
    is_known = np.isfinite(column)
    known = np.unique(column[is_known])
    if len(known) > _MOST_VALUES:
        known = np.unique(np.quantile(column[is_known], np.arange(1, _MOST_VALUES) / _MOST_VALUES))
    return np.where(is_known, np.searchsorted(known, column).astype(float), np.nan)


def _chances(
    treated: np.ndarray, design: np.ndarray, survey: np.ndarray, fold: np.ndarray
) -> np.ndarray:
    """The probability of being treated of every row, learnt from the other folds: (n_rows,)."""
    everybody = np.ones(len(treated), dtype=bool)
    p = grown_expectation(
        treated.astype(float), design, survey, within=everybody, fold=fold, is_chance=True
    )
    share = np.average(treated, weights=survey)
    return np.clip(p, _LEAST_OF_SHARE * share, 1 - _LEAST_OF_SHARE * (1 - share))


def grown_expectation(
    values: np.ndarray,
    design: np.ndarray,
    survey: np.ndarray,
    *,
    within: np.ndarray,
    fold: np.ndarray,
    is_chance: bool,
) -> np.ndarray:
    """What trees grown on the rows `within` expect of every row, each fold from the others."""
    classifier, regressor, one_thread = _trees()
    expected = np.empty(len(values))
    with one_thread():
        for number in np.unique(fold):
            is_out = fold == number
            grown_on = within & ~is_out & (survey > 0)
            x, y, weight = design[grown_on], values[grown_on], survey[grown_on]
            if is_chance:
                model = classifier(**_SETTINGS).fit(x, y > 0, sample_weight=weight)
                expected[is_out] = model.predict_proba(design[is_out])[:, 1]
            else:
                model = regressor(**_SETTINGS).fit(x, y, sample_weight=weight)
                expected[is_out] = model.predict(design[is_out])
    return expected


def _trees() -> tuple[type, type, Callable]:
    """Trees for a probability and for a number, and a hold on threads: a run has its own processes,
    and threads that wait for each other on a busy machine take ten times as long.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits
    except ImportError as absent:
        raise EstimationError(
            "The second opinion with trees needs scikit-learn, which is not installed.",
            where="evalkit.effects.answer.boosted",
            why="It is an extra of evalkit: an estimate itself needs no trees.",
            fix='install evalkit with its trees (pip install "evalkit[trees]").',
        ) from absent
    one_thread = partial(threadpool_limits, limits=1, user_api="openmp")
    return HistGradientBoostingClassifier, HistGradientBoostingRegressor, one_thread


def _refuse_few(rows: pl.DataFrame, treated: np.ndarray, fold: np.ndarray) -> None:
    counted = rows.with_columns(treated=treated, fold=fold)
    by_arm = {
        name: counted.filter(pl.col("treated") == is_treated)
        for name, is_treated in (("treated", True), ("comparison", False))
    }
    few = {
        name: arm["cluster_id"].n_unique()
        for name, arm in by_arm.items()
        if arm["cluster_id"].n_unique() < N_FOLDS or arm["fold"].n_unique() < 2
    }
    if few:
        raise EstimationError(
            "Too few people for a second opinion with trees.",
            where="; ".join(f"{name}: {n} clusters" for name, n in few.items()),
            why=f"Each of {N_FOLDS} parts of the people is predicted from the others.",
            fix="take larger groups together, or do without this second opinion.",
        )
