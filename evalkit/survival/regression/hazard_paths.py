"""Shares that a fitted hazard model implies month by month for weighted people, and their
derivatives by what was estimated.

Discrete hazards multiply up month by month: S(m) = prod (1 - h), F_k(m) = sum S(m-1) h_k(m). Cox
hazards add up: within a time the cumulative hazards of all causes leave exp(-dH), and what leaves
is split in proportion to dH_k, so that shares sum to one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.regression.cox import HazardFit
from evalkit.survival.regression.discrete_hazard import DiscreteHazardFit, chances

_CHUNK_VALUES = 4_000_000


@dataclass(frozen=True)
class SharePath:
    """Shares (n_times + 1, 1 + n_causes), still running first, and their derivative by every
    coefficient (..., n_coefficients), or None.

    `by_baseline` (..., n_strata) is the derivative by the cumulative baseline of a Cox fit at the
    same time, whose variance given the coefficients is `baseline_variance` (n_times + 1, n_strata).
    """

    share: np.ndarray
    gradient: np.ndarray | None
    by_baseline: np.ndarray | None = None
    baseline_variance: np.ndarray | None = None

    def minus(self, other: "SharePath") -> "SharePath":
        """The difference of two curves of the same fit."""
        share = self.share - other.share
        if self.gradient is None:
            return SharePath(share, None)
        by_baseline = None if self.by_baseline is None else self.by_baseline - other.by_baseline
        return SharePath(share, self.gradient - other.gradient, by_baseline, self.baseline_variance)


def discrete_path(fit: DiscreteHazardFit, people: pl.DataFrame, weight: np.ndarray) -> SharePath:
    """The shares that a discrete-time model implies for weighted people, month by month."""
    x = people.select(pl.col(list(fit.covariates)).cast(pl.Float64)).to_numpy()
    # People with the same covariates have the same curve.
    x, row = np.unique(x, axis=0, return_inverse=True)
    weight = np.bincount(row.ravel(), weight, len(x))
    n_causes, n_coefficients = len(fit.causes), fit.covariance.shape[0]
    months = np.arange(1, fit.last_month + 1)
    band = np.searchsorted(np.array(fit.band_starts), months, side="right") - 1
    share = np.zeros((len(months) + 1, 1 + n_causes))
    gradient = np.zeros((*share.shape, n_coefficients))
    chunk = max(1, _CHUNK_VALUES // (len(fit.band_starts) * n_causes * n_coefficients))
    for begin in range(0, len(x), chunk):
        chunk_rows = slice(begin, begin + chunk)
        hazard = _hazards_by_band(fit, x[chunk_rows])
        slope = _hazard_gradient(fit, x[chunk_rows], hazard)
        _add_path(share, gradient, hazard[:, band], slope, band, weight[chunk_rows])
    return SharePath(share, gradient)


def _hazards_by_band(fit: DiscreteHazardFit, x: np.ndarray) -> np.ndarray:
    """Chances of leaving in a month of each band, for rows of covariates x; shape (n_rows, n_bands,
    n_causes).
    """
    n_bands = len(fit.band_starts)
    beta = fit.terms["estimate"].to_numpy().reshape(len(fit.causes), -1)
    linear = beta[:, :n_bands].T[None, :, :] + (x @ beta[:, n_bands:].T)[:, None, :]
    return chances(linear.reshape(-1, len(fit.causes)), fit.link)[0].reshape(linear.shape)


def _hazard_gradient(fit: DiscreteHazardFit, x: np.ndarray, hazard: np.ndarray) -> np.ndarray:
    """Derivative of `_hazards_by_band` by every coefficient; shape (n_rows, n_bands, n_causes,
    n_coefficients).
    """
    n_rows, n_bands, n_causes = hazard.shape
    if fit.link == "cloglog":
        by_linear = (-(1 - hazard) * np.log1p(-hazard))[..., None]
    else:
        by_linear = (
            hazard[..., None] * np.eye(n_causes) - hazard[..., :, None] * hazard[..., None, :]
        )
    terms = np.concatenate(
        [
            np.broadcast_to(np.eye(n_bands), (n_rows, n_bands, n_bands)),
            np.repeat(x[:, None, :], n_bands, axis=1),
        ],
        axis=2,
    )
    return np.einsum("rbkl,rbt->rbklt", by_linear, terms).reshape(n_rows, n_bands, n_causes, -1)


def _add_path(
    share: np.ndarray,
    gradient: np.ndarray,
    hazard: np.ndarray,
    slope: np.ndarray,
    band: np.ndarray,
    weight: np.ndarray,
) -> None:
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


def cox_path(fits: Mapping[str, HazardFit], people: pl.DataFrame, weight: np.ndarray) -> SharePath:
    """The shares that the Cox models of all causes imply together for weighted people."""
    times = cox_times(fits)
    baselines = [_baseline_steps(fit, people, times) for fit in fits.values()]
    ratios = [
        np.exp(
            people.select(pl.col(fit.terms["term"].to_list()).cast(pl.Float64)).to_numpy()
            @ fit.terms["estimate"].to_numpy()
        )
        for fit in fits.values()
    ]
    share = np.zeros((len(times) + 1, 1 + len(fits)))
    chunk = max(1, _CHUNK_VALUES // (len(times) * len(fits)))
    for begin in range(0, people.height, chunk):
        chunk_rows = slice(begin, begin + chunk)
        steps = np.stack(
            [
                ratio[chunk_rows, None] * step[stratum[chunk_rows]]
                for ratio, (step, stratum) in zip(ratios, baselines, strict=True)
            ],
            axis=2,
        )
        total = steps.sum(axis=2)
        stay = np.exp(-np.cumsum(total, axis=1))
        before = np.concatenate([np.ones((len(stay), 1)), stay[:, :-1]], axis=1)
        of_total = np.divide(
            steps, total[:, :, None], out=np.zeros_like(steps), where=total[:, :, None] > 0
        )
        left = np.cumsum((before - stay)[:, :, None] * of_total, axis=1)
        share[1:, 0] += weight[chunk_rows] @ stay
        share[1:, 1:] += np.tensordot(weight[chunk_rows], left, axes=1)
        share[0, 0] += weight[chunk_rows].sum()
    fit = next(iter(fits.values()))
    if len(fits) > 1 or fit.baseline_variance is None or fit.baseline_slope is None:
        return SharePath(share, None)
    (steps, stratum), of_fit = baselines[0], (fit.baseline_variance, fit.baseline_slope)
    spread = _baseline_spread(fit, *of_fit, len(steps), times)
    return _with_derivatives(share, fit, people, weight * ratios[0], steps, stratum, spread)


def _with_derivatives(
    share: np.ndarray,
    fit: HazardFit,
    people: pl.DataFrame,
    scale: np.ndarray,
    steps: np.ndarray,
    stratum: np.ndarray,
    spread: tuple[np.ndarray, np.ndarray],
) -> SharePath:
    """The path of one Cox fit with its derivatives; `scale` is everybody's weight times hazard
    ratio, `spread` that of the baseline (`_baseline_spread`).

    S = exp(-r H) moves by -S r (x H + dH/db) with the coefficients b and by -S r with the
    cumulative baseline H.
    """
    x = people.select(pl.col(fit.terms["term"].to_list()).cast(pl.Float64)).to_numpy()
    ratio = np.exp(x @ fit.terms["estimate"].to_numpy())
    cumulative, (variance, slope) = np.cumsum(steps, axis=1), spread
    gradient, by_baseline = (
        np.zeros((*share.shape, x.shape[1])),
        np.zeros((*share.shape, len(steps))),
    )
    for number, hazard in enumerate(cumulative):
        members = np.flatnonzero(stratum == number)
        for begin in range(0, len(members), max(1, _CHUNK_VALUES // steps.shape[1])):
            chunk_rows = members[begin : begin + max(1, _CHUNK_VALUES // steps.shape[1])]
            moved = scale[chunk_rows, None] * np.exp(-ratio[chunk_rows, None] * hazard)
            gradient[1:, 0] -= hazard[:, None] * (moved.T @ x[chunk_rows])
            by_baseline[1:, 0, number] -= moved.sum(axis=0)
        gradient[1:, 0] -= by_baseline[1:, 0, number, None] * slope[number]
    gradient[:, 1], by_baseline[:, 1] = -gradient[:, 0], -by_baseline[:, 0]
    return SharePath(
        share, gradient, by_baseline, np.concatenate([np.zeros((1, len(steps))), variance.T])
    )


def _baseline_spread(
    fit: HazardFit,
    of_row: np.ndarray,
    slope_of_row: np.ndarray,
    n_strata: int,
    times: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Variance (n_strata, n_times) and slope (n_strata, n_times, n_terms) of the cumulative
    baseline at times, from those of the rows of the baseline; 0 before the first.
    """
    names, time = _strata(fit), fit.baseline["time"].to_numpy()
    stratum = (
        fit.baseline.select(pl.struct(names).rle_id()).to_series().to_numpy()
        if names
        else np.zeros(len(time), dtype=np.int64)
    )
    variance, slope = (
        np.zeros((n_strata, len(times))),
        np.zeros((n_strata, len(times), slope_of_row.shape[1])),
    )
    for number in range(n_strata):
        rows = np.flatnonzero(stratum == number)
        last = np.searchsorted(time[rows], times, side="right") - 1
        variance[number, last >= 0] = of_row[rows[last[last >= 0]]]
        slope[number, last >= 0] = slope_of_row[rows[last[last >= 0]]]
    return variance, slope


def cox_times(fits: Mapping[str, HazardFit]) -> np.ndarray:
    """The times at which those shares are given: every month up to the last, or all times."""
    times = np.unique(np.concatenate([fit.baseline["time"].to_numpy() for fit in fits.values()]))
    return np.arange(1, times[-1] + 1) if times.dtype.kind == "i" else times


def _baseline_steps(
    fit: HazardFit, people: pl.DataFrame, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Steps of the cumulative baseline hazard, (n_strata, n_times), and the stratum of every row of
    people.
    """
    names = _strata(fit)
    if not names:
        groups, stratum = [fit.baseline], np.zeros(people.height, dtype=np.int64)
    else:
        values = fit.baseline.select(names).unique(maintain_order=True)
        numbered = people.select(names).join(
            values.with_row_index("place"), on=names, how="left", maintain_order="left"
        )
        if numbered["place"].null_count():
            raise EstimationError(
                f"{numbered['place'].null_count()} people are in strata that the model does not "
                "know.",
                where=f"columns {', '.join(names)}",
                why="Every stratum has its own baseline, and nobody left in these, or they were "
                "not in the data.",
                fix="leave these people out, or fit the model with the strata as covariates.",
            )
        stratum = numbered["place"].to_numpy()
        groups = [
            fit.baseline.join(values[row], on=names, how="semi") for row in range(values.height)
        ]
    steps = np.zeros((len(groups), len(times)))
    for row, group in enumerate(groups):
        steps[row, np.searchsorted(times, group["time"].to_numpy())] = np.diff(
            group["cumulative_hazard"].to_numpy(), prepend=0.0
        )
    return steps, stratum


def _strata(fit: HazardFit) -> list[str]:
    return [
        column for column in fit.baseline.columns if column not in ("time", "cumulative_hazard")
    ]
