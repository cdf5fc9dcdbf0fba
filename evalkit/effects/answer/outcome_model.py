"""The expected outcome given the covariates: a regression with more terms than the propensity, each
person predicted from the others.

The terms are those of the propensity, a curve of each continuous one, and the products of all with
the few that predict the outcome best. Curves are natural cubic splines; values in the outermost
half per cent are drawn in to its limit, so that no single person bends a curve. A ridge penalty
keeps many terms from overfitting; it is chosen by cross-validation. Harrell (2015), Regression
Modeling Strategies, 2nd ed., section 2.4; Chernozhukov et al. (2018), Econom. J. 21:C1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evalkit.effects.trials.spline import natural_spline

N_FOLDS = 5
_KNOTS, _TAILS = (0.025, 0.35, 0.65, 0.975), (0.005, 0.995)
_FEW_VALUES = 6
_N_STRONGEST = 2
_PENALTIES = np.array([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0])
_CHUNK_ROWS = 50_000


@dataclass(frozen=True)
class Terms:
    """The columns of the regression: standardised covariates, their curves and their products.

    centre, scale : (n_covariates,) of the covariates, constant left out.
    knots : by covariate, the knots of its spline; three or more.
    tails : by continuous covariate, the values that those farther out are taken to have.
    squared : covariates whose square is their curve, since their values are few or mostly one.
    products : pairs of covariates.
    """

    centre: np.ndarray
    scale: np.ndarray
    knots: dict[int, np.ndarray]
    tails: dict[int, tuple[float, float]]
    squared: tuple[int, ...]
    products: tuple[tuple[int, int], ...]

    def columns(self, design: np.ndarray) -> np.ndarray:
        """(n_rows, n_columns), the first a constant, of a design whose first column is one."""
        z = (design[:, 1:] - self.centre) / self.scale
        for column, ends in self.tails.items():
            z[:, column] = np.clip(z[:, column], *ends)
        curves = [
            natural_spline(z[:, column], knots)[:, 1:] for column, knots in self.knots.items()
        ]
        squares = [z[:, [column]] ** 2 for column in self.squared]
        products = [z[:, [column]] * z[:, [other]] for column, other in self.products]
        return np.concatenate([np.ones((len(z), 1)), z, *curves, *squares, *products], axis=1)


class _Sums(NamedTuple):
    """By fold: information (n_folds, n_columns, n_columns), its product with the outcome, and the
    outcome's square.
    """

    information: np.ndarray
    product: np.ndarray
    square: np.ndarray


def expected_outcome(
    design: np.ndarray,
    outcome: np.ndarray,
    weights: np.ndarray,
    *,
    within: np.ndarray,
    fold: np.ndarray,
    plain: Sequence[int],
) -> np.ndarray:
    """The outcome of every row as predicted by a regression on the rows `within`, fitted without
    the row's fold: (n_rows,).

    Parameters
    ----------
    design : ndarray (n_rows, n_terms)
        Covariates, with a constant.
    outcome, weights : ndarray (n_rows,)
        The outcome (read within only) and the weights of the squared errors, >= 0.
    within : ndarray (n_rows,)
        The rows that the regression is about: one arm.
    fold : ndarray (n_rows,)
        Folds of people, from 0.
    plain : sequence of int
        Columns of the design that get curves and are multiplied with each other
        (`covariates.plain_columns`).
    """
    terms = _terms_of(design, outcome, weights * within, plain)
    n_folds = int(fold.max()) + 1
    sums = _sums(terms, design, outcome, weights * within, fold, n_folds)
    coefficients = _cross_fitted(sums)
    expected = np.empty(len(design))
    for rows in _chunks(len(design)):
        expected[rows] = np.einsum(
            "ij,ji->i", terms.columns(design[rows]), coefficients[:, fold[rows]]
        )
    return expected


def _terms_of(
    design: np.ndarray, outcome: np.ndarray, weights: np.ndarray, plain: Sequence[int]
) -> Terms:
    x = design[:, 1:]
    scale = x.std(axis=0)
    centre, scale = x.mean(axis=0), np.where(scale > 0, scale, 1.0)
    knots, tails, squared = {}, {}, []
    candidates = [term - 1 for term in plain]
    for column in candidates:
        n_values, inner = len(np.unique(x[:, column])), np.unique(np.quantile(x[:, column], _KNOTS))
        if n_values > _FEW_VALUES:
            tails[column] = tuple(
                (np.quantile(x[:, column], _TAILS) - centre[column]) / scale[column]
            )
        if n_values > _FEW_VALUES and len(inner) >= 3:
            knots[column] = (inner - centre[column]) / scale[column]
        elif n_values > 2:
            squared.append(column)
    strongest = _strongest(
        Terms(centre, scale, {}, tails, (), ()), design, outcome, weights, candidates
    )
    pairs = {
        (min(column, other), max(column, other))
        for column in strongest
        for other in candidates
        if column != other
    }
    return Terms(centre, scale, knots, tails, tuple(squared), tuple(sorted(pairs)))


def _strongest(
    linear: Terms,
    design: np.ndarray,
    outcome: np.ndarray,
    weights: np.ndarray,
    candidates: list[int],
) -> list[int]:
    """The covariates whose standard deviation moves the outcome most."""
    sums = _sums(linear, design, outcome, weights, np.zeros(len(design), int), 1)
    slopes = np.abs(_solve(sums.information[0], sums.product[0], _PENALTIES[0])[1:])
    return sorted(candidates, key=lambda column: -slopes[column])[:_N_STRONGEST]


def _sums(
    terms: Terms,
    design: np.ndarray,
    outcome: np.ndarray,
    weights: np.ndarray,
    fold: np.ndarray,
    n_folds: int,
) -> _Sums:
    size = terms.columns(design[:1]).shape[1]
    sums = _Sums(np.zeros((n_folds, size, size)), np.zeros((n_folds, size)), np.zeros(n_folds))
    counted = np.flatnonzero(weights > 0)
    for rows in _chunks(len(counted)):
        members = counted[rows]
        columns = terms.columns(design[members])
        for number in range(n_folds):
            mask = fold[members] == number
            x, w, y = columns[mask], weights[members][mask], outcome[members][mask]
            sums.information[number] += (x * w[:, None]).T @ x
            sums.product[number] += x.T @ (w * y)
            sums.square[number] += w @ y**2
    return sums


def _cross_fitted(sums: _Sums) -> np.ndarray:
    """Coefficients of every fold from the others, (n_columns, n_folds), with the penalty that
    predicts the folds left out best.
    """
    information, product = sums.information.sum(axis=0), sums.product.sum(axis=0)
    tried = [
        np.stack(
            [
                _solve(information - left_out, product - left_out_product, penalty)
                for left_out, left_out_product in zip(sums.information, sums.product, strict=True)
            ]
        )
        for penalty in _PENALTIES
    ]
    errors = [
        sum(
            square - 2 * beta @ left_out_product + beta @ left_out @ beta
            for beta, left_out, left_out_product, square in zip(
                betas, sums.information, sums.product, sums.square, strict=True
            )
        )
        for betas in tried
    ]
    return tried[int(np.argmin(errors))].T


def _solve(information: np.ndarray, product: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge coefficients; the penalty is relative to each column's own variation, and the constant
    has none.
    """
    total = max(information[0, 0], np.finfo(float).tiny)
    varies = np.diag(information) - information[0] ** 2 / total
    ridge = np.where(
        varies > 1e-9 * np.maximum(np.diag(information), np.finfo(float).tiny),
        penalty * varies,
        total,
    )
    ridge[0] = 0.0
    return np.linalg.lstsq(information + np.diag(ridge), product, rcond=None)[0]


def _chunks(n_rows: int) -> list[slice]:
    return [slice(first, first + _CHUNK_ROWS) for first in range(0, n_rows, _CHUNK_ROWS)]
