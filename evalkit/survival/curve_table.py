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


def curve_rows(risk_set: RiskSet, group: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times of a group's rows, their place in a path, the place of the time at risk, and whether something is counted at that time."""
    own = np.flatnonzero(risk_set.n_exits[group].sum(axis=(1, 2)))
    times = risk_set.times
    is_whole = times.dtype.kind == "i"
    shown = np.arange(times[own[-1]] + 1) if is_whole else np.concatenate([[0.0], times[own]])
    at = np.searchsorted(times, shown, side="left")
    is_counted = (times[at] == shown) & (shown > 0)
    return shown, np.searchsorted(times, shown, side="right"), at, is_counted


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
    parts = []
    n_at_risk, n_events = counts
    for group in range(risk_set.n_groups):
        shown, row, at, is_counted = curve_rows(risk_set, group)
        columns = {"time": np.repeat(shown[None, :], probability.shape[2], axis=0).ravel()}
        if label:
            columns[label[0]] = pl.Series(np.repeat(np.arange(len(label[1])), len(shown))).cast(pl.UInt32)
        columns["estimate"] = probability[group, row].T.ravel()
        columns["std_error"] = np.sqrt(variance[group, row]).T.ravel()
        columns["n_at_risk"] = n_at_risk[group, at].T.ravel()
        columns["n_events"] = np.where(is_counted[:, None], n_events[group, at], 0).T.ravel()
        parts.append(pl.DataFrame(columns).with_columns(pl.lit(group, pl.UInt32).alias("evalkit_group")))
    table = pl.concat(parts)
    if label:
        names = pl.Series(label[0], label[1], dtype=pl.String)
        table = table.with_columns(names.gather(table[label[0]]))
    exact = (pl.col("time") == 0) if first_row_is_exact else pl.lit(False)
    table = _with_limits(table, exact, conf_level, conf_type)
    keys = ["time", *([label[0]] if label else [])]
    return with_groups(
        table.select("evalkit_group", *keys, "estimate", "std_error", "ci_lower", "ci_upper", "n_at_risk", "n_events"), risk_set
    )


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
    columns = {"evalkit_group": np.repeat(np.arange(n_groups), n_horizons * n_curves).astype(np.uint32), "horizon": horizon}
    if label:
        columns[label[0]] = pl.Series(list(label[1]) * (n_groups * n_horizons), dtype=pl.String)
    columns["estimate"] = mean.ravel()
    at_edge = (np.abs(mean.ravel()) < _EDGE) | (np.abs(mean.ravel() - horizon) < _EDGE)
    std_error = np.where(at_edge, np.nan, std_error)
    columns["std_error"] = std_error
    columns["ci_lower"] = np.clip(mean.ravel() - z * std_error, 0, horizon)
    columns["ci_upper"] = np.clip(mean.ravel() + z * std_error, 0, horizon)
    columns["n_spells"] = np.repeat(risk_set.n_exits.sum(axis=(1, 2, 3)), n_horizons * n_curves)
    return with_groups(pl.DataFrame(columns).fill_nan(None), risk_set)


def with_groups(table: pl.DataFrame, risk_set: RiskSet) -> pl.DataFrame:
    """The table with the by-columns in front instead of the group's number."""
    place = table["evalkit_group"]
    table = table.drop("evalkit_group")
    if risk_set.groups.width == 0:
        return table
    return pl.concat([risk_set.groups.select(pl.all().gather(place)), table], how="horizontal")


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


def _with_limits(table: pl.DataFrame, exact: pl.Expr, conf_level: float, conf_type: ConfType) -> pl.DataFrame:
    check_conf_type(conf_type)
    estimate, std_error = table["estimate"].to_numpy(), table["std_error"].to_numpy()
    lower, upper = confidence_limits(estimate, std_error, multiplier=normal_quantile(conf_level), conf_type=conf_type)
    limits = pl.DataFrame({"ci_lower": lower, "ci_upper": upper})
    at_edge = (pl.col("estimate") <= _EDGE) | (pl.col("estimate") >= 1 - _EDGE)
    by_definition = exact & at_edge
    return (
        pl.concat([table, limits], how="horizontal")
        .with_columns(
            std_error=pl.when(by_definition).then(0.0).when(at_edge).then(None).otherwise("std_error"),
            ci_lower=pl.when(by_definition).then("estimate").otherwise("ci_lower"),
            ci_upper=pl.when(by_definition).then("estimate").otherwise("ci_upper"),
        )
        .with_columns(pl.col("std_error", "ci_lower", "ci_upper").fill_nan(None))
    )
