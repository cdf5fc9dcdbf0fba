"""A logit and weights for people seen once: no months, no trials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from evalkit.effects.weighting.logit import LogitFit, weighted_logit
from evalkit.effects.weighting.weights import Estimand, weights_from_propensity
from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.ends import is_zero_or_one
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.survival.regression.collinear import refuse_entangled
from evalkit.survival.regression.design import Design, design_of, in_memory
from evalkit.survival.regression.sandwich import sandwich
from evalkit.survival.results import Regression, likelihood_ratio

_CONSTANT = "constant"
# Of what is known of a coefficient before anything is explained: below it nothing is known of its
# size. And of the score, by the size of a term: above it the iterations stopped too early.
_FLAT, _CLIMBED = 1e-7, 1e-7


@dataclass(frozen=True, repr=False)
class LogitModel(Regression):
    """A fitted logit.

    Attributes
    ----------
    terms : DataFrame
        One row per term, the constant first: `term`, `estimate` (log odds), `std_error`,
        `ci_lower`, `ci_upper`, `odds_ratio`.
    covariance : ndarray
        Of the estimates; shape (n_terms, n_terms).
    log_likelihood_null, log_likelihood : float
        With the constant alone, and with the covariates.
    n_rows, n_events : int
        Rows, and those in which the outcome is true.
    design : Design or None
        How covariates became the columns of the model; None without covariates.
    """

    covariance: np.ndarray
    log_likelihood_null: float
    log_likelihood: float
    n_rows: int
    n_events: int
    design: Design | None

    @property
    def headline(self) -> str:
        """What was fitted to how much, in a line."""
        counted = f"Log odds: {self.n_rows:,} rows, {self.n_events:,} of them true"
        if self.terms.height == 1:
            return counted
        test = likelihood_ratio(
            self.log_likelihood_null, self.log_likelihood, self.terms.height - 1
        )
        return f"{counted}; {test}"

    def predict(self, rows: Frame) -> pl.Series:
        """The probability that the model gives to each row."""
        matrix = _matrix(in_memory(rows), self.design)
        return pl.Series("probability", _chances(matrix, self.terms["estimate"].to_numpy()))


def logit(
    rows: Frame,
    *,
    outcome: str,
    covariates: Sequence[str] | str,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> LogitModel:
    """How the odds of an outcome depend on who people are.

    Parameters
    ----------
    rows : table
        One row per person, as polars, pandas or Arrow.
    outcome : str
        Column: true/false, or 1 and 0.
    covariates : sequence of str, or str
        Columns of numbers, true/false or categories, or a formula (`survival.cox` takes the same).
    weight, cluster : str, optional
        Columns: for how many people a row stands, and who varies together. With either the errors
        are the sandwich by cluster (by row without clusters), without a small-sample factor.

    Raises
    ------
    EstimationError
        If a column is not there or incomplete, the outcome is the same for all, covariates repeat
        each other, or one of them separates those with the outcome from those without.

    References
    ----------
    McCullagh & Nelder (1989), Generalized Linear Models, 2nd ed., section 4.4.
    """
    table, is_true, weights = _read(rows, outcome, weight, cluster)
    _refuse_one_kind(is_true, outcome)
    design, matrix, fit = _fitted(table, is_true, weights, covariates)
    chance = _chances(matrix, fit.coefficients)
    model = np.linalg.inv((matrix * (weights * chance * (1 - chance))[:, None]).T @ matrix)
    covariance = model
    if weight is not None or cluster is not None:
        scores = matrix * (weights * (is_true - chance))[:, None]
        covariance = sandwich(_by_cluster(scores, table, cluster), model)
    share = np.average(is_true, weights=weights)
    names = [_CONSTANT, *(design.names if design else ())]
    return LogitModel(
        _terms(names, fit.coefficients, covariance, conf_level),
        covariance,
        _log_likelihood(is_true, np.full(len(is_true), share), weights),
        _log_likelihood(is_true, chance, weights),
        len(is_true),
        int(is_true.sum()),
        design,
    )


def propensity_weights(
    rows: Frame, *, treatment: str, covariates: Sequence[str] | str, estimand: Estimand = "ATT"
) -> pl.DataFrame:
    """The rows with the fitted `propensity` and the estimand's `weight`.

    Parameters
    ----------
    rows : table
        One row per person (or person-trial), as polars, pandas or Arrow.
    treatment : str
        Column: whether treated (true/false, or 1 and 0).
    covariates : sequence of str, or str
        Columns measured before: numbers, true/false or categories; or a formula.

    Raises
    ------
    EstimationError
        If all rows or none are treated, and as `logit`.
    """
    table, is_treated, weights = _read(rows, treatment, None, None)
    refuse_one_arm(is_treated, where=f'column "{treatment}"')
    _, matrix, fit = _fitted(table, is_treated, weights, covariates)
    propensity = _chances(matrix, fit.coefficients)
    weight = weights_from_propensity(propensity, is_treated == 1, estimand)
    return table.with_columns(propensity=pl.Series(propensity), weight=pl.Series(weight))


def refuse_one_arm(treated: np.ndarray, *, where: str) -> None:
    """Refuse rows that are all treated, or none of them."""
    n_treated = int(treated.sum())
    if n_treated in (0, len(treated)):
        raise EstimationError(
            "No one starts the intervention."
            if n_treated == 0
            else "Everyone starts the intervention.",
            where=f"{where}: {n_treated:,} of {len(treated):,} rows start",
            why="An effect compares those who start with those who do not.",
            fix="check the intervention's name and the protocol's trial months; without both arms "
            "the effect cannot be said.",
        )


def refuse_separated(
    matrix: np.ndarray,
    is_true: np.ndarray,
    weights: np.ndarray,
    coefficients: np.ndarray,
    *,
    names: Sequence[str],
) -> None:
    """Refuse a logit whose likelihood only goes flat in some direction, or was not climbed to the
    end; names the term.
    """
    chance, share = _chances(matrix, coefficients), np.average(is_true, weights=weights)
    squares = weights[:, None] * matrix**2
    with np.errstate(invalid="ignore"):
        known = (chance * (1 - chance)) @ squares / (share * (1 - share) * squares.sum(axis=0))
        left = (weights * (is_true - chance)) @ matrix / (weights @ np.abs(matrix))
    if not (known < _FLAT).any() and not (np.abs(left) > _CLIMBED).any():
        return
    moved = np.abs(coefficients) * matrix.std(axis=0)
    raise EstimationError(
        "The logit does not settle.",
        where=f"term {names[int(np.argmax(moved))]}",
        why="It probably separates those with the outcome from those without, so that its "
        "coefficient has no finite value.",
        fix="look at the outcome by each covariate; merge rare categories or leave the "
        "covariate out.",
    )


def _read(
    rows: Frame, outcome: str, weight: str | None, cluster: str | None
) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """The table, its outcome as 0 and 1, and the weights of its rows."""
    table = in_memory(rows)
    named = [name for name in (outcome, weight, cluster) if name is not None]
    missing = {name: n for name in named if (n := table[name].null_count())}
    column = table[outcome]
    is_truth = column.dtype == pl.Boolean or (
        column.dtype.is_numeric() and bool(is_zero_or_one(column).fill_null(True).all())
    )
    weights = np.ones(table.height) if weight is None else table[weight].cast(pl.Float64).to_numpy()
    n_unfit = int((~(weights >= 0) | np.isinf(weights)).sum())
    faults = [f'column "{name}": missing in {n} rows' for name, n in missing.items()]
    faults += [] if is_truth else [f'column "{outcome}": holds other values than true and false']
    faults += [f'column "{weight}": negative in {n_unfit} rows'] if n_unfit and not missing else []
    if faults:
        raise EstimationError(
            "A logit cannot be fitted to these columns.",
            where="; ".join(faults),
            why="An outcome is true or false (1 or 0) in every row, and a weight counts people.",
            fix="complete or drop these rows, or turn codes into true and false.",
        )
    return table, column.cast(pl.Float64).to_numpy(), weights


def _fitted(
    table: pl.DataFrame, is_true: np.ndarray, weights: np.ndarray, covariates: Sequence[str] | str
) -> tuple[Design | None, np.ndarray, LogitFit]:
    design = design_of(table, covariates)[1] if len(covariates) else None
    matrix = _matrix(table, design)
    names = [_CONSTANT, *(design.names if design else ())]
    around = matrix[:, 1:] - matrix[:, 1:].mean(axis=0)
    refuse_entangled(around.T @ (around * weights[:, None]), names[1:])
    fit = weighted_logit(matrix, is_true, weights)
    refuse_separated(matrix, is_true, weights, fit.coefficients, names=names)
    return design, matrix, fit


def _matrix(table: pl.DataFrame, design: Design | None) -> np.ndarray:
    """The columns of the model, (n_rows, n_terms), the constant first."""
    constant = np.ones(table.height)
    if design is None:
        return constant[:, None]
    columns = design.of(table)
    return np.column_stack(
        [constant, *[columns[name].cast(pl.Float64).to_numpy() for name in design.names]]
    )


def _chances(matrix: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-(matrix @ coefficients)))


def _by_cluster(scores: np.ndarray, table: pl.DataFrame, cluster: str | None) -> np.ndarray:
    if cluster is None:
        return scores
    code = table[cluster].rank("dense").to_numpy().astype(np.int64) - 1
    return np.column_stack([np.bincount(code, score) for score in scores.T])


def _log_likelihood(is_true: np.ndarray, chance: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ np.log(np.where(is_true == 1, chance, 1 - chance)))


def _terms(
    names: Sequence[str], estimate: np.ndarray, covariance: np.ndarray, conf_level: float
) -> pl.DataFrame:
    std_error, z = np.sqrt(np.diag(covariance)), normal_quantile(conf_level)
    columns: dict[str, Any] = {
        "term": list(names),
        "estimate": estimate,
        "std_error": std_error,
        "ci_lower": estimate - z * std_error,
        "ci_upper": estimate + z * std_error,
        "odds_ratio": np.exp(estimate),
    }
    return pl.DataFrame(columns).fill_nan(None)


def _refuse_one_kind(is_true: np.ndarray, outcome: str) -> None:
    n_true = int(is_true.sum())
    if n_true in (0, len(is_true)):
        raise EstimationError(
            "The outcome is the same in all rows.",
            where=f'column "{outcome}": true in {n_true:,} of {len(is_true):,} rows',
            why="Where nothing differs there is nothing that a covariate could explain.",
            fix="look at the filter before, or at how the outcome is coded.",
        )
