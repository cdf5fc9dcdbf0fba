"""From state paths to the tidy tables that the estimators of this room return.

Rows: time 0 to the last time of the group. Whole-number times (months) get one row each, also those in which nothing happens; other times
one row at 0 and at every time at which a row of the group ends.

`estimate` at 0 or 1: at time 0 that is a definition, with error 0. Later it means that nobody (or everybody) has moved yet; the variance
formulas then give 0, which is no measure of how sure the estimate is, so `std_error`, `ci_lower` and `ci_upper` are null. They are null as well
in a group with a single cluster or spell.
"""

from typing import Literal

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.risk_set import RiskSet

ConfType = Literal["log", "log-log", "plain"]
_EDGE = 1e-12


def curve_rows(risk_set: RiskSet) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times of the rows, their place in a path, the place of the time at risk, whether something is counted then; which rows each group has."""
    times = risk_set.times
    has_ends = risk_set.n_exits.any(axis=(2, 3))
    if times.dtype.kind == "i":
        last = times[len(times) - 1 - has_ends[:, ::-1].argmax(axis=1)]
        shown = np.arange(times[-1] + 1)
        is_own = shown <= last[:, None]
    else:
        shown = np.concatenate([[0.0], times])
        is_own = np.concatenate([np.ones((risk_set.n_groups, 1), dtype=bool), has_ends], axis=1)
    at = np.searchsorted(times, shown, side="left")
    return shown, np.searchsorted(times, shown, side="right"), at, (times[at] == shown) & (shown > 0), is_own


def curve_frame(
    risk_set: RiskSet,
    probability: np.ndarray,
    variance: np.ndarray,
    *,
    label: tuple[str, tuple[str, ...]] | None,
    counts: tuple[np.ndarray, np.ndarray],
    conf_level: float,
    conf_type: ConfType,
    first_row_is_exact: bool = True,
) -> pl.DataFrame:
    """The table of curves.

    probability, variance: (n_groups, n_times + 1, n_curves); label: name and values of the column that tells the curves of a group apart;
    counts: rows at risk and events, (n_groups, n_times, n_curves).
    """
    shown, row, at, is_counted, is_own = curve_rows(risk_set)
    n_curves = probability.shape[2]
    # Rows by group, curve and time; groups keep those up to their last time.
    kept = np.repeat(is_own[:, None, :], n_curves, axis=1)
    group, curve, place = np.nonzero(kept)
    n_at_risk, n_events = (count.swapaxes(1, 2)[:, :, at][kept] for count in counts)
    estimate, spread = (path.swapaxes(1, 2)[:, :, row][kept] for path in (probability, variance))
    time = shown[place]
    exact = (time == 0) & first_row_is_exact
    limits = _limits(estimate, np.sqrt(spread), exact, conf_level, conf_type)
    columns = {"time": time}
    if label:
        columns[label[0]] = pl.Series(label[1], dtype=pl.String)[curve]
    columns |= {"estimate": estimate} | {name: pl.Series(values, nan_to_null=True) for name, values in limits.items()}
    columns |= {"n_at_risk": n_at_risk, "n_events": np.where(is_counted[place], n_events, 0)}
    return pl.DataFrame(_group_columns(risk_set, group) | columns)


def mean_frame(
    risk_set: RiskSet,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    horizons: tuple[float, ...],
    label: tuple[str, tuple[str, ...]] | None,
    conf_level: float,
) -> pl.DataFrame:
    """The table of times in state: mean, variance (n_groups, n_horizons, n_curves); limits are normal, kept within 0 and the horizon."""
    n_groups, n_horizons, n_curves = mean.shape
    z = normal_quantile(conf_level)
    std_error = np.sqrt(variance).ravel()
    horizon = np.tile(np.repeat(np.asarray(horizons), n_curves), n_groups)
    columns = {"horizon": horizon}
    if label:
        columns[label[0]] = pl.Series(list(label[1]) * (n_groups * n_horizons), dtype=pl.String)
    columns["estimate"] = mean.ravel()
    at_edge = (np.abs(mean.ravel()) < _EDGE) | (np.abs(mean.ravel() - horizon) < _EDGE)
    std_error = np.where(at_edge, np.nan, std_error)
    limits = {"ci_lower": mean.ravel() - z * std_error, "ci_upper": mean.ravel() + z * std_error}
    limits = {"std_error": std_error} | {name: np.clip(limit, 0, horizon) for name, limit in limits.items()}
    columns |= {name: pl.Series(values, nan_to_null=True) for name, values in limits.items()}
    columns["n_spells"] = np.repeat(risk_set.n_exits.sum(axis=(1, 2, 3)), n_horizons * n_curves)
    group = np.repeat(np.arange(n_groups), n_horizons * n_curves)
    return pl.DataFrame(_group_columns(risk_set, group) | columns)


def _group_columns(risk_set: RiskSet, group: np.ndarray) -> dict[str, pl.Series]:
    """The by-columns of the rows of these groups."""
    return {column.name: column[group] for column in risk_set.groups.iter_columns()}


def confidence_limits(
    estimate: np.ndarray, std_error: np.ndarray, *, multiplier: float | np.ndarray, conf_type: ConfType
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of probabilities at `multiplier` standard errors, on the scale p, log p or log(-log p), kept within 0 and 1.

    NaN where the scale has no value (estimate 0 or 1) or the error is NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where((estimate > _EDGE) & (estimate < 1 - _EDGE), estimate, np.nan)
        if conf_type == "plain":
            lower, upper = p - multiplier * std_error, p + multiplier * std_error
        elif conf_type == "log":
            factor = np.exp(multiplier * std_error / p)
            lower, upper = p / factor, p * factor
        else:
            # -log p times exp(+-) : the larger exponent gives the smaller probability.
            factor = np.exp(multiplier * std_error / (p * np.abs(np.log(p))))
            lower, upper = p**factor, p ** (1 / factor)
        return np.clip(lower, 0, 1), np.clip(upper, 0, 1)


def normal_quantile(conf_level: float) -> float:
    """Standard normal quantile of a two-sided level: 0.95 -> 1.96.

    Raises
    ------
    EstimationError
        If the level is not between 0 and 1.
    """
    from statistics import NormalDist

    if not 0 < conf_level < 1:
        raise EstimationError(
            "The confidence level is not a share between 0 and 1.",
            where=f"conf_level = {conf_level}",
            why="0.95 asks for limits that cover the truth in 95 of 100 data sets.",
            fix="give a share, for example conf_level=0.95.",
        )
    return NormalDist().inv_cdf(0.5 + conf_level / 2)


def check_conf_type(conf_type: str) -> None:
    """Refuse a scale for limits that does not exist."""
    if conf_type not in ("log", "log-log", "plain"):
        raise EstimationError(
            "The scale of the confidence limits is not known.",
            where=f"conf_type = {conf_type}",
            why="Limits are made on the scale of the probability (plain), its log, or its log-log.",
            fix='use "log", "log-log" or "plain".',
        )


def _limits(
    estimate: np.ndarray, std_error: np.ndarray, exact: np.ndarray, conf_level: float, conf_type: ConfType
) -> dict[str, np.ndarray]:
    """Columns of errors and limits; NaN where the module says null."""
    check_conf_type(conf_type)
    lower, upper = confidence_limits(estimate, std_error, multiplier=normal_quantile(conf_level), conf_type=conf_type)
    at_edge = (estimate <= _EDGE) | (estimate >= 1 - _EDGE)
    by_definition = exact & at_edge
    std_error = np.where(by_definition, 0.0, np.where(at_edge, np.nan, std_error))
    lower, upper = (np.where(by_definition, estimate, limit) for limit in (lower, upper))
    return {"std_error": std_error, "ci_lower": lower, "ci_upper": upper}
