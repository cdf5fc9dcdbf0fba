"""Curves that a fitted hazard model implies: for given covariates, and for a whole population whose covariates are partly set (g-formula).

Discrete hazards multiply up month by month: S(m) = prod (1 - h), F_k(m) = sum S(m-1) h_k(m). Cox hazards add up: within a time the cumulative
hazards of all causes leave exp(-dH), and what leaves is split in proportion to dH_k, so that shares sum to one. Averages over people follow
Robins (1986, Math. Modelling 7:1393): everybody's curve is predicted with the covariates set, then averaged; the contrast is causal only
if the model holds every common cause of the covariates set and of leaving.

Errors are those of the coefficients carried over (delta method), people's covariates taken as given; of a Cox fit with model errors also that of
its baseline, which varies apart from the coefficients (Tsiatis 1981, Ann. Stat. 9:93). Curves from several Cox fits, or from one with robust
errors, come without errors: how their baselines vary together, or over clusters, is not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.errors import EstimationError, nearest
from evalkit.survival.cox import HazardFit, check_covariates
from evalkit.survival.curve_table import confidence_limits, normal_quantile
from evalkit.survival.discrete_hazard import DiscreteHazardFit, hazard_gradient, hazards_by_band

STAYING = "still_running"
Fit = HazardFit | DiscreteHazardFit | Mapping[str, HazardFit]
_CHUNK_VALUES = 4_000_000


@dataclass(frozen=True)
class _Path:
    """Shares (n_times + 1, 1 + n_causes), still running first, and their derivative by every coefficient (..., n_coefficients), or None.

    `by_baseline` (..., n_strata) is the derivative by the cumulative baseline of a Cox fit at the same time, whose variance given the coefficients is
    `baseline_variance` (n_times + 1, n_strata).
    """

    share: np.ndarray
    gradient: np.ndarray | None
    by_baseline: np.ndarray | None = None
    baseline_variance: np.ndarray | None = None

    def minus(self, other: "_Path") -> "_Path":
        """The difference of two curves of the same fit."""
        share = self.share - other.share
        if self.gradient is None:
            return _Path(share, None)
        by_baseline = None if self.by_baseline is None else self.by_baseline - other.by_baseline
        return _Path(share, self.gradient - other.gradient, by_baseline, self.baseline_variance)


def predicted_curves(fit: Fit, profiles: pl.DataFrame, *, conf_level: float = 0.95) -> pl.DataFrame:
    """The curve that a model expects for each of a few given combinations of covariates.

    Parameters
    ----------
    fit : HazardFit, DiscreteHazardFit or mapping of cause to HazardFit
        Result of `cox` or `discrete_hazard`; several cause-specific Cox fits of the same spells as {"work": fit, "studies": fit}.
    profiles : DataFrame
        One row per combination: the model's covariates, and its strata.
    conf_level : float
        As in `kaplan_meier`.

    Returns
    -------
    DataFrame
        `profile` (row number of `profiles`), `time` (0 to the last time of the fit), `cause` (the causes, and "still_running"; "any" with one kind
        of end), `estimate` and `std_error` (shares), `ci_lower`, `ci_upper` (log-log limits). For several Cox fits, and for one with robust
        errors, errors and limits are null after time 0: not estimable from the fits. `discrete_hazard` gives them; so do fits of `cox`
        to resampled persons (`replicate_weights` as `weight`).

    Raises
    ------
    EstimationError
        If a covariate is missing or not a number, or a stratum was not in the data of the fit.
    """
    _check_people(fit, profiles)
    paths = {row: _mean_path(fit, profiles[row : row + 1], np.ones(1)) for row in range(profiles.height)}
    return pl.concat(
        [_frame(fit, path, conf_level, is_difference=False).insert_column(0, _label("profile", row)) for row, path in paths.items()]
    )


def standardised_curves(
    fit: Fit,
    people: pl.DataFrame,
    *,
    settings: Mapping[str, Mapping[str, float]],
    reference: str | None = None,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> pl.DataFrame:
    """The curve that a population would have if some of its covariates were set, everything else as it is: predicted for all, then averaged.

    Parameters
    ----------
    fit, conf_level
        As in `predicted_curves`.
    people : DataFrame
        One row per person (or spell) of the population that the curve is for: the model's covariates, and its strata.
    settings : mapping of name to mapping of covariate to value
        For example {"as they are": {}, "all trained": {"trained": 1}, "none trained": {"trained": 0}}.
    reference : str, optional
        One of the settings: the others are then given as differences from it, with limits that count the common coefficients.
    weight : str, optional
        Column of `people`: people for whom a row stands.

    Returns
    -------
    DataFrame
        `setting`, then as `predicted_curves`; differences have plain limits within -1 and 1.

    Raises
    ------
    EstimationError
        As `predicted_curves`; also if there are no people, a setting names no covariate of the model, or the reference is not a setting.
    """
    _check_people(fit, people)
    _check_settings(fit, settings, reference)
    weights = np.ones(people.height) if weight is None else people[weight].cast(pl.Float64).to_numpy()
    if not weights.sum() > 0 or weights.min() < 0:
        raise EstimationError(
            "There is nobody to average over.",
            where=f"people: {people.height} rows" + (f', column "{weight}"' if weight else ""),
            why="A population needs at least one person, and no negative weight.",
            fix="look at the filter before, and at the weights.",
        )
    paths = {
        name: _mean_path(fit, people.with_columns(pl.lit(float(value)).alias(column) for column, value in setting.items()), weights)
        for name, setting in settings.items()
    }
    if reference is not None:
        paths = {name: path.minus(paths[reference]) for name, path in paths.items() if name != reference}
    frames = [_frame(fit, path, conf_level, is_difference=reference is not None) for path in paths.values()]
    return pl.concat([frame.insert_column(0, _label("setting", name)) for name, frame in zip(paths, frames, strict=True)])


def _label(column: str, value: str | int) -> pl.Expr:
    return pl.lit(value).alias(column)


def _covariates(fit: Fit) -> list[str]:
    if isinstance(fit, DiscreteHazardFit):
        return list(fit.covariates)
    fits = [fit] if isinstance(fit, HazardFit) else fit.values()
    return list(dict.fromkeys(term for one in fits for term in one.terms["term"]))


def _strata(fit: HazardFit) -> list[str]:
    return [column for column in fit.baseline.columns if column not in ("time", "cumulative_hazard")]


def _check_people(fit: Fit, people: pl.DataFrame) -> None:
    if isinstance(fit, Mapping) and not fit:
        raise EstimationError(
            "No fit is given.",
            where="fit",
            why="A curve needs a model for every cause.",
            fix='give {"cause": fit, ...}, one cause-specific fit per cause.',
        )
    check_covariates(people, _covariates(fit))


def _check_settings(fit: Fit, settings: Mapping[str, Mapping[str, float]], reference: str | None) -> None:
    known = _covariates(fit)
    unknown = [name for setting in settings.values() for name in setting if name not in known]
    if unknown or not settings or (reference is not None and reference not in settings):
        hints = "; ".join(f'"{name}": {nearest(name, known)}' for name in dict.fromkeys(unknown))
        raise EstimationError(
            f"{len(unknown)} covariate(s) to be set are not in the model." if unknown else "The settings to be compared are not there.",
            where=f"settings {', '.join(settings) or 'none'}; reference = {reference}",
            why=f"Covariates of the model: {', '.join(known)}.",
            fix=f"set covariates of the model ({hints})." if hints else "name at least one setting, and a reference among them.",
        )


def _mean_path(fit: Fit, people: pl.DataFrame, weight: np.ndarray) -> _Path:
    if isinstance(fit, DiscreteHazardFit):
        return _discrete_path(fit, people, weight / weight.sum())
    return _cox_path(fit if isinstance(fit, Mapping) else {"any": fit}, people, weight / weight.sum())


def _discrete_path(fit: DiscreteHazardFit, people: pl.DataFrame, weight: np.ndarray) -> _Path:
    x = people.select(pl.col(list(fit.covariates)).cast(pl.Float64)).to_numpy()
    # People with the same covariates have the same curve.
    x, place = np.unique(x, axis=0, return_inverse=True)
    weight = np.bincount(place.ravel(), weight, len(x))
    n_causes, n_coefficients = len(fit.causes), fit.covariance.shape[0]
    months = np.arange(1, fit.last_month + 1)
    band = np.searchsorted(np.array(fit.band_starts), months, side="right") - 1
    share = np.zeros((len(months) + 1, 1 + n_causes))
    gradient = np.zeros((*share.shape, n_coefficients))
    chunk = max(1, _CHUNK_VALUES // (len(fit.band_starts) * n_causes * n_coefficients))
    for begin in range(0, len(x), chunk):
        part = slice(begin, begin + chunk)
        hazard = hazards_by_band(fit, x[part])
        slope = hazard_gradient(fit, x[part], hazard)
        _add_path(share, gradient, hazard[:, band], slope, band, weight[part])
    return _Path(share, gradient)


def _add_path(share: np.ndarray, gradient: np.ndarray, hazard: np.ndarray, slope: np.ndarray, band: np.ndarray, weight: np.ndarray) -> None:
    """Add the weighted curves of some people, and their derivatives, to the totals."""
    n_people, _, n_causes = hazard.shape
    stay, stay_slope = np.ones(n_people), np.zeros((n_people, slope.shape[-1]))
    left, left_slope = np.zeros((n_people, n_causes)), np.zeros((n_people, *slope.shape[2:]))
    for month in range(hazard.shape[1] + 1):
        if month:
            h, dh = hazard[:, month - 1], slope[:, band[month - 1]]
            left_slope += stay_slope[:, None, :] * h[:, :, None] + stay[:, None, None] * dh
            left += stay[:, None] * h
            leave = h.sum(axis=1)
            stay_slope = stay_slope * (1 - leave)[:, None] - stay[:, None] * dh.sum(axis=1)
            stay = stay * (1 - leave)
        share[month, 0] += weight @ stay
        share[month, 1:] += weight @ left
        gradient[month, 0] += weight @ stay_slope
        gradient[month, 1:] += np.tensordot(weight, left_slope, axes=1)


def _cox_path(fits: Mapping[str, HazardFit], people: pl.DataFrame, weight: np.ndarray) -> _Path:
    times = _cox_times(fits)
    baselines = [_baseline_steps(fit, people, times) for fit in fits.values()]
    ratios = [
        np.exp(people.select(pl.col(fit.terms["term"].to_list()).cast(pl.Float64)).to_numpy() @ fit.terms["estimate"].to_numpy())
        for fit in fits.values()
    ]
    share = np.zeros((len(times) + 1, 1 + len(fits)))
    chunk = max(1, _CHUNK_VALUES // (len(times) * len(fits)))
    for begin in range(0, people.height, chunk):
        part = slice(begin, begin + chunk)
        steps = np.stack(
            [ratio[part, None] * step[stratum[part]] for ratio, (step, stratum) in zip(ratios, baselines, strict=True)], axis=2
        )
        total = steps.sum(axis=2)
        stay = np.exp(-np.cumsum(total, axis=1))
        before = np.concatenate([np.ones((len(stay), 1)), stay[:, :-1]], axis=1)
        of_total = np.divide(steps, total[:, :, None], out=np.zeros_like(steps), where=total[:, :, None] > 0)
        left = np.cumsum((before - stay)[:, :, None] * of_total, axis=1)
        share[1:, 0] += weight[part] @ stay
        share[1:, 1:] += np.tensordot(weight[part], left, axes=1)
        share[0, 0] += weight[part].sum()
    if len(fits) > 1 or next(iter(fits.values())).baseline_variance is None:
        return _Path(share, None)
    return _with_derivatives(share, next(iter(fits.values())), people, weight * ratios[0], *baselines[0], times)


def _with_derivatives(
    share: np.ndarray, fit: HazardFit, people: pl.DataFrame, scale: np.ndarray, steps: np.ndarray, stratum: np.ndarray, times: np.ndarray
) -> _Path:
    """The path of one Cox fit with its derivatives; `scale` is everybody's weight times hazard ratio.

    S = exp(-r H) moves by -S r (x H + dH/db) with the coefficients b and by -S r with the cumulative baseline H.
    """
    x = people.select(pl.col(fit.terms["term"].to_list()).cast(pl.Float64)).to_numpy()
    ratio = np.exp(x @ fit.terms["estimate"].to_numpy())
    cumulative = np.cumsum(steps, axis=1)
    variance, slope = _baseline_spread(fit, len(steps), times)
    gradient, by_baseline = np.zeros((*share.shape, x.shape[1])), np.zeros((*share.shape, len(steps)))
    for place, hazard in enumerate(cumulative):
        members = np.flatnonzero(stratum == place)
        for begin in range(0, len(members), max(1, _CHUNK_VALUES // len(times))):
            part = members[begin : begin + max(1, _CHUNK_VALUES // len(times))]
            moved = scale[part, None] * np.exp(-ratio[part, None] * hazard)
            gradient[1:, 0] -= hazard[:, None] * (moved.T @ x[part])
            by_baseline[1:, 0, place] -= moved.sum(axis=0)
        gradient[1:, 0] -= by_baseline[1:, 0, place, None] * slope[place]
    gradient[:, 1], by_baseline[:, 1] = -gradient[:, 0], -by_baseline[:, 0]
    return _Path(share, gradient, by_baseline, np.concatenate([np.zeros((1, len(steps))), variance.T]))


def _baseline_spread(fit: HazardFit, n_strata: int, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance (n_strata, n_times) and slope (n_strata, n_times, n_terms) of the cumulative baseline at times; 0 before the first."""
    names, time = _strata(fit), fit.baseline["time"].to_numpy()
    stratum = fit.baseline.select(pl.struct(names).rle_id()).to_series().to_numpy() if names else np.zeros(len(time), dtype=np.int64)
    variance, slope = np.zeros((n_strata, len(times))), np.zeros((n_strata, len(times), fit.baseline_slope.shape[1]))
    for place in range(n_strata):
        rows = np.flatnonzero(stratum == place)
        last = np.searchsorted(time[rows], times, side="right") - 1
        variance[place, last >= 0] = fit.baseline_variance[rows[last[last >= 0]]]
        slope[place, last >= 0] = fit.baseline_slope[rows[last[last >= 0]]]
    return variance, slope


def _cox_times(fits: Mapping[str, HazardFit]) -> np.ndarray:
    times = np.unique(np.concatenate([fit.baseline["time"].to_numpy() for fit in fits.values()]))
    return np.arange(1, times[-1] + 1) if times.dtype.kind == "i" else times


def _baseline_steps(fit: HazardFit, people: pl.DataFrame, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps of the cumulative baseline hazard, (n_strata, n_times), and the stratum of every row of people."""
    names = _strata(fit)
    if not names:
        groups, stratum = [fit.baseline], np.zeros(people.height, dtype=np.int64)
    else:
        values = fit.baseline.select(names).unique(maintain_order=True)
        numbered = people.select(names).join(values.with_row_index("place"), on=names, how="left", maintain_order="left")
        if numbered["place"].null_count():
            raise EstimationError(
                f"{numbered['place'].null_count()} people are in strata that the model does not know.",
                where=f"columns {', '.join(names)}",
                why="Every stratum has its own baseline, and nobody left in these, or they were not in the data.",
                fix="leave these people out, or fit the model with the strata as covariates.",
            )
        stratum = numbered["place"].to_numpy()
        groups = [fit.baseline.join(values[row], on=names, how="semi") for row in range(values.height)]
    steps = np.zeros((len(groups), len(times)))
    for row, group in enumerate(groups):
        steps[row, np.searchsorted(times, group["time"].to_numpy())] = np.diff(group["cumulative_hazard"].to_numpy(), prepend=0.0)
    return steps, stratum


def _frame(fit: Fit, path: _Path, conf_level: float, *, is_difference: bool) -> pl.DataFrame:
    times, causes = _rows_of(fit)
    estimate, z = path.share.T.ravel(), normal_quantile(conf_level)
    if path.gradient is None:
        std_error = np.where(np.tile(times == 0, len(causes)), 0.0, np.nan)
    else:
        covariance = next(iter(fit.values())).covariance if isinstance(fit, Mapping) else fit.covariance
        variance = np.einsum("tkc,cd,tkd->kt", path.gradient, covariance, path.gradient, optimize=True)
        if path.by_baseline is not None:
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
    return np.concatenate([[0], _cox_times(fits)]), [STAYING, *fits]
