"""Curves that a fitted hazard model implies: for given covariates, and for a whole population whose
covariates are partly set (g-formula).

How hazards add up to shares stands in `hazard_paths`. Averages over people follow
Robins (1986, Math. Modelling 7:1393): everybody's curve is predicted with the covariates set, then
averaged; the contrast is causal only if the model holds every common cause of the covariates set
and of leaving.

Errors are those of the coefficients carried over (delta method), people's covariates taken as
given; of a Cox fit with model errors also that of its baseline, which varies apart from the
coefficients (Tsiatis 1981, Ann. Stat. 9:93). Curves from several Cox fits, or from one with robust
errors, come without errors: how their baselines vary together, or over clusters, is not kept.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from evalkit.errors import EstimationError, nearest
from evalkit.frames import Frame
from evalkit.survival.curves.curve_table import confidence_limits, normal_quantile
from evalkit.survival.regression.cox import HazardFit
from evalkit.survival.regression.design import Design, in_memory
from evalkit.survival.regression.discrete_hazard import DiscreteHazardFit
from evalkit.survival.regression.hazard_paths import SharePath, cox_path, cox_times, discrete_path

STAYING = "still_running"
Fit = HazardFit | DiscreteHazardFit | Mapping[str, HazardFit]


def predicted_curves(fit: Fit, profiles: Frame, *, conf_level: float = 0.95) -> pl.DataFrame:
    """The curve that a model expects for each of a few given combinations of covariates.

    Parameters
    ----------
    fit : HazardFit, DiscreteHazardFit or mapping of cause to HazardFit
        Result of `cox` or `discrete_hazard`; several cause-specific Cox fits of the same spells as
        {"work": fit, "studies": fit}.
    profiles : DataFrame
        One row per combination: the model's covariates, and its strata.
    conf_level : float
        As in `kaplan_meier`.

    Returns
    -------
    DataFrame
        `profile` (row number of `profiles`), `time` (0 to the last time of the fit), `cause` (the
        causes, and "still_running"; "any" with one kind of end), `estimate` and `std_error`
        (shares), `ci_lower`, `ci_upper` (log-log limits). For several Cox fits, and for one with
        robust errors, errors and limits are null after time 0: not estimable from the fits.
        `discrete_hazard` gives them; so do fits of `cox` to resampled persons (`replicate_weights`
        as `weight`).

    Raises
    ------
    EstimationError
        If a covariate is missing or not a number, or a stratum was not in the data of the fit.
    """
    profiles = _with_design(fit, profiles)
    paths = {
        row: _mean_path(fit, profiles[row : row + 1], np.ones(1)) for row in range(profiles.height)
    }
    return pl.concat(
        [
            _frame(fit, path, conf_level, is_difference=False).insert_column(
                0, _label("profile", row)
            )
            for row, path in paths.items()
        ]
    )


def standardised_curves(
    fit: Fit,
    people: Frame,
    *,
    settings: Mapping[str, Mapping[str, float | str]],
    reference: str | None = None,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """The curve that a population would have if some of its covariates were set, everything else as
    it is: predicted for all, then averaged.

    Parameters
    ----------
    fit, conf_level
        As in `predicted_curves`.
    people : DataFrame
        One row per person (or spell) of the population that the curve is for: the model's
        covariates, and its strata.
    settings : mapping of name to mapping of covariate to value
        For example {"as they are": {}, "all trained": {"trained": 1}, "none trained": {"trained":
        0}}.
    reference : str, optional
        One of the settings: the others are then given as differences from it, with limits that
        count the common coefficients.
    weight : str, optional
        Column of `people`: people for whom a row stands.

    Returns
    -------
    DataFrame
        `setting`, then as `predicted_curves`; differences have plain limits within -1 and 1.

    Raises
    ------
    EstimationError
        As `predicted_curves`; also if there are no people, a setting names no covariate of the
        model, or the reference is not a setting.
    """
    people = _with_design(fit, people)
    _check_settings(fit, settings, reference)
    weights = (
        np.ones(people.height) if weight is None else people[weight].cast(pl.Float64).to_numpy()
    )
    if not weights.sum() > 0 or weights.min() < 0:
        raise EstimationError(
            "The weights leave nobody to average over.",
            where=f'column "{weight}"',
            why="A weight says for how many people a row stands: never negative or missing, and "
            "more than zero for somebody.",
            fix="look at how the weights were made.",
        )
    paths = {
        name: _mean_path(
            fit,
            _with_design(fit, _set(people, setting)),
            weights,
        )
        for name, setting in settings.items()
    }
    if reference is not None:
        paths = {
            name: path.minus(paths[reference]) for name, path in paths.items() if name != reference
        }
    frames = [
        _frame(fit, path, conf_level, is_difference=reference is not None)
        for path in paths.values()
    ]
    return pl.concat(
        [
            frame.insert_column(0, _label("setting", name))
            for name, frame in zip(paths, frames, strict=True)
        ]
    )


def _label(column: str, value: str | int) -> pl.Expr:
    return pl.lit(value).alias(column)


def _designs(fit: Fit) -> list[Design]:
    fits = fit.values() if isinstance(fit, Mapping) else (fit,)
    return [model.design for model in fits]


def _covariates(fit: Fit) -> list[str]:
    """The covariates as they were asked for."""
    return list(dict.fromkeys(name for design in _designs(fit) for name in design.asked))


def _set(people: pl.DataFrame, setting: Mapping[str, float | str]) -> pl.DataFrame:
    """The people with some covariates set, of one type with what they replace."""
    return people.with_columns(
        (pl.lit(value) if isinstance(value, str) else pl.lit(float(value)))
        .cast(people.schema[name] if isinstance(value, str) else pl.Float64)
        .alias(name)
        for name, value in setting.items()
    )


def _with_design(fit: Fit, people: Frame) -> pl.DataFrame:
    """The people with the columns of the model or models."""
    if isinstance(fit, Mapping) and not fit:
        raise EstimationError(
            "No fit is given.",
            where="fit",
            why="A curve needs a model for every cause.",
            fix='give {"cause": fit, ...}, one cause-specific fit per cause.',
        )
    table = in_memory(people)
    for design in _designs(fit):
        table = design.of(table)
    if table.is_empty():
        raise EstimationError(
            "There is nobody to predict a curve for.",
            where="people or profiles: 0 rows",
            why="A curve is predicted from the covariates of at least one row.",
            fix="look at the filter before.",
        )
    return table


def _check_settings(
    fit: Fit, settings: Mapping[str, Mapping[str, float | str]], reference: str | None
) -> None:
    known = _covariates(fit)
    unknown = [name for setting in settings.values() for name in setting if name not in known]
    if unknown or not settings or (reference is not None and reference not in settings):
        hints = "; ".join(f'"{name}": {nearest(name, known)}' for name in dict.fromkeys(unknown))
        raise EstimationError(
            f"{len(unknown)} covariate(s) to be set are not in the model."
            if unknown
            else "The settings to be compared are not there.",
            where=f"settings {', '.join(settings) or 'none'}; reference = {reference}",
            why=f"Covariates of the model: {', '.join(known)}.",
            fix=f"set covariates of the model ({hints})."
            if hints
            else "name at least one setting, and a reference among them.",
        )


def _mean_path(fit: Fit, people: pl.DataFrame, weight: np.ndarray) -> SharePath:
    if isinstance(fit, DiscreteHazardFit):
        return discrete_path(fit, people, weight / weight.sum())
    return cox_path(
        fit if isinstance(fit, Mapping) else {"any": fit}, people, weight / weight.sum()
    )


def _frame(fit: Fit, path: SharePath, conf_level: float, *, is_difference: bool) -> pl.DataFrame:
    times, causes = _rows_of(fit)
    estimate, z = path.share.T.ravel(), normal_quantile(conf_level)
    if path.gradient is None:
        std_error = np.where(np.tile(times == 0, len(causes)), 0.0, np.nan)
    else:
        covariance = (
            next(iter(fit.values())).covariance if isinstance(fit, Mapping) else fit.covariance
        )
        variance = np.einsum(
            "tkc,cd,tkd->kt", path.gradient, covariance, path.gradient, optimize=True
        )
        if path.by_baseline is not None and path.baseline_variance is not None:
            variance += np.einsum("tks,ts->kt", path.by_baseline**2, path.baseline_variance)
        std_error = np.sqrt(np.maximum(variance, 0.0)).ravel()
    if is_difference:
        lower, upper = (np.clip(estimate + sign * z * std_error, -1, 1) for sign in (-1, 1))
    else:
        lower, upper = confidence_limits(estimate, std_error, multiplier=z, conf_type="log-log")
        at_start = np.tile(times == 0, len(causes))
        lower, upper = np.where(at_start, estimate, lower), np.where(at_start, estimate, upper)
    table = pl.DataFrame(
        {
            "time": np.tile(times, len(causes)),
            "cause": np.repeat(causes, len(times)).tolist(),
            "estimate": estimate,
            "std_error": std_error,
            "ci_lower": lower,
            "ci_upper": upper,
        }
    )
    return table.with_columns(pl.col("std_error", "ci_lower", "ci_upper").fill_nan(None))


def _rows_of(fit: Fit) -> tuple[np.ndarray, Sequence[str]]:
    if isinstance(fit, DiscreteHazardFit):
        return np.arange(fit.last_month + 1), [STAYING, *fit.causes]
    fits = fit if isinstance(fit, Mapping) else {"any": fit}
    return np.concatenate([[0], cox_times(fits)]), [STAYING, *fits]
