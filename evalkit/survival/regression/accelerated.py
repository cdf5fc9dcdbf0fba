"""How many times longer people with one more unit of a covariate stay: accelerated failure time
models of a declared shape.

lifelines fits them, asked to go on to the end. Months are intervals, as in `parametric_curves`: an
end in month k lies between k - 1 and k, and the likelihood is that of interval-censored times. The
scores of the sandwich are differences of that likelihood row by row: lifelines' own are a hundred
times slower, and know no clusters.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.spell_columns import Roles, read_spell_columns
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.survival.curves.kaplan_meier import refuse_causes
from evalkit.survival.curves.parametric import check_whole_months
from evalkit.survival.regression.collinear import refuse_entangled
from evalkit.survival.regression.design import Design, design_of
from evalkit.survival.regression.sandwich import sandwich
from evalkit.survival.results import Regression

Shape = Literal["weibull", "log_normal", "log_logistic"]
# lifelines' own tolerances stop three digits early; each minimiser takes the options that it knows.
_TO_THE_END = {"gtol": 1e-7, "ftol": 1e-14, "maxiter": 2_000}
# The logarithm of a time is taken, and the first month begins at 0.
_AT_ONCE = 1e-20
_NUDGE = 1e-5


@dataclass(frozen=True, repr=False)
class AcceleratedFit(Regression):
    """A fitted accelerated failure time model.

    Attributes
    ----------
    terms : DataFrame
        One row per covariate: `term`, `estimate` (log time ratio per unit), `std_error`,
        `ci_lower`, `ci_upper`, `time_ratio`.
    parameters : DataFrame
        `parameter`, `estimate`, `std_error`: the logarithm of the time scale of a person whose
        covariates are all 0 (Weibull, log-logistic) or the mean of the log time (log-normal), and
        that of the shape, as lifelines names them: `lambda_` and `rho_`, `alpha_` and `beta_`,
        `mu_` and `sigma_`.
    covariance : ndarray
        Of the terms, shape (n_terms, n_terms).
    family : {"weibull", "log_normal", "log_logistic"}
    log_likelihood, aic : float
        Of interval-censored months; comparable with `parametric_curves` of the same spells. With
        weights scaled to sum to the number of spells.
    n_spells, n_events : int
        Rows, and those that ended.
    design : Design
        How covariates became the columns of the model.
    """

    parameters: pl.DataFrame
    covariance: np.ndarray
    family: Shape
    log_likelihood: float
    aic: float
    n_spells: int
    n_events: int
    design: Design

    @property
    def headline(self) -> str:
        """What was fitted to how much, in a line."""
        return (
            f"Time ratios ({self.family}): {self.n_spells:,} spells, {self.n_events:,} ends; log "
            f"likelihood {self.log_likelihood:.2f}, AIC {self.aic:.2f}"
        )


@dataclass(frozen=True)
class _Rows:
    """An end within (lower, upper] of those who entered at `entry`, an infinite `upper` where the
    end was not seen; covariates x (n_rows, n_terms).
    """

    lower: np.ndarray
    upper: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    x: np.ndarray


def accelerated_failure_time(
    spells: Frame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] | str,
    family: Shape = "weibull",
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> AcceleratedFit:
    """Time ratios: how many times longer people with one more unit of a covariate stay.

    Parameters
    ----------
    time, event, entry : str
        As in `kaplan_meier`; times and entries are whole months.
    covariates : sequence of str, or str
        Columns of numbers, true/false or categories, or a formula (`design_of`).
    family : {"weibull", "log_normal", "log_logistic"}
        The shape of the times. Compare AICs, and look at the curves: what fits well where there are
        data may still be wrong beyond.

    Returns
    -------
    AcceleratedFit
        Errors from the inverse information, or the sandwich by cluster (by row without clusters),
        without a small-sample factor, when weights or clusters are given.

    Raises
    ------
    EstimationError
        As `cox`; also for times that are not whole months, and when the fit does not settle.

    References
    ----------
    Wei (1992), Stat. Med. 11:1871.
    """
    check_option("family", family, get_args(Shape))
    table, design = design_of(spells, covariates)
    columns = read_spell_columns(table, Roles(time, event, entry, weight, cluster))
    refuse_causes(columns.causes, event)
    check_whole_months(columns, time)
    is_event = columns.cause == 0
    x = table.select(design.names).cast(pl.Float64).to_numpy()
    _refuse_few(is_event, x, design.names, event)
    weights = np.ones(len(x)) if columns.weight is None else columns.weight
    rows = _Rows(
        np.maximum(np.where(is_event, columns.time - 1, columns.time), _AT_ONCE),
        np.where(is_event, columns.time, np.inf),
        np.zeros(len(x)) if columns.entry is None else columns.entry,
        weights * (weights > 0).sum() / weights.sum(),
        x,
    )
    fitter = _fitted(family, rows)
    scale, shape = fitter._primary_parameter_name, fitter._ancillary_parameter_name
    terms = [(scale, f"x{place}") for place in range(len(design.names))]
    order = [(scale, "Intercept"), *terms, (shape, "Intercept")]
    point = fitter.params_[order].to_numpy()
    covariance = fitter.variance_matrix_.loc[order, order].to_numpy()
    if weight is not None or cluster is not None:
        scores = _scores(point, rows, family)
        if columns.cluster is not None:
            scores = np.column_stack([np.bincount(columns.cluster, score) for score in scores.T])
        covariance = sandwich(scores, covariance)
    errors = np.sqrt(np.diag(covariance))
    z = normal_quantile(conf_level)
    return AcceleratedFit(
        pl.DataFrame(
            {
                "term": design.names,
                "estimate": point[1:-1],
                "std_error": errors[1:-1],
                "ci_lower": point[1:-1] - z * errors[1:-1],
                "ci_upper": point[1:-1] + z * errors[1:-1],
                "time_ratio": np.exp(point[1:-1]),
            }
        ).fill_nan(None),
        pl.DataFrame(
            {
                "parameter": [scale, shape],
                "estimate": point[[0, -1]],
                "std_error": errors[[0, -1]],
            }
        ).fill_nan(None),
        covariance[1:-1, 1:-1],
        family,
        float(fitter.log_likelihood_),
        float(fitter.AIC_),
        len(is_event),
        int(is_event.sum()),
        design,
    )


def _refuse_few(is_event: np.ndarray, x: np.ndarray, names: Sequence[str], event: str) -> None:
    centred = x - x.mean(axis=0)
    refuse_entangled(centred.T @ centred, names)
    if is_event.sum() <= x.shape[1] + 2:
        raise EstimationError(
            f"There are {int(is_event.sum())} ends for {x.shape[1] + 2} parameters.",
            where=f'column "{event}"; covariates {", ".join(names)}',
            why="A time ratio is learnt from those who left.",
            fix="name fewer covariates, or look at the filter before.",
        )


def _fitted(family: Shape, rows: _Rows) -> Any:
    import lifelines
    import pandas as pd
    from lifelines.exceptions import ConvergenceError

    covariates = {f"x{place}": column for place, column in enumerate(rows.x.T)}
    own = {"lower": rows.lower, "upper": rows.upper, "entry": rows.entry, "weight": rows.weight}
    frame = pd.DataFrame(own | covariates)[rows.weight > 0]
    fitter = {
        "weibull": lifelines.WeibullAFTFitter,
        "log_normal": lifelines.LogNormalAFTFitter,
        "log_logistic": lifelines.LogLogisticAFTFitter,
    }[family]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitter.fit_interval_censoring(
                frame,
                "lower",
                "upper",
                weights_col="weight",
                entry_col="entry",
                fit_options=_TO_THE_END,
            )
            is_settled = bool(np.isfinite(fitter.standard_errors_.to_numpy()).all())
        except (ConvergenceError, np.linalg.LinAlgError):
            is_settled = False
    if not is_settled:
        raise EstimationError(
            "The regression does not settle.",
            where=f"family {family}",
            why="The shape does not suit the times, or a covariate separates those who left from "
            "those who did not.",
            fix="try another family, look at the ends by each covariate, or use cox.",
        )
    return fitter


def _scores(point: np.ndarray, rows: _Rows, family: Shape) -> np.ndarray:
    """Weighted derivatives of each row's log likelihood, (n_rows, n_parameters)."""
    size = np.concatenate([[1.0], np.maximum(np.abs(rows.x).max(axis=0), _AT_ONCE), [1.0]])
    nudges = np.diag(_NUDGE / size)
    slopes = [
        (_log_chance(point + nudge, rows, family) - _log_chance(point - nudge, rows, family))
        / (2 * nudge.sum())
        for nudge in nudges
    ]
    return np.where(rows.weight > 0, rows.weight, 0.0)[:, None] * np.column_stack(slopes)


def _log_chance(point: np.ndarray, rows: _Rows, family: Shape) -> np.ndarray:
    """Log probability of what was seen of each row, given that it was there at its entry."""
    place = point[0] + rows.x @ point[1:-1]
    lower, upper = (
        _log_stay(times, place, point[-1], family)
        for times in (rows.lower, np.where(np.isfinite(rows.upper), rows.upper, 1.0))
    )
    entered = _log_stay(np.maximum(rows.entry, _AT_ONCE), place, point[-1], family)
    left = np.where(np.isfinite(rows.upper), -np.expm1(np.minimum(upper - lower, 0.0)), 1.0)
    return lower + np.log(left) - entered


def _log_stay(times: np.ndarray, place: np.ndarray, shape: float, family: Shape) -> np.ndarray:
    from scipy.special import log_ndtr

    log_time = np.log(times) - place
    if family == "log_normal":
        return log_ndtr(-log_time / np.exp(shape))
    power = log_time * np.exp(shape)
    return -np.exp(power) if family == "weibull" else -np.logaddexp(0.0, power)
