"""From state paths to the tidy tables that the estimators of this room return.

Rows: time 0 to the last time of the group. Whole-number times (months) get one row each, also those
in which nothing happens; other times one row at 0 and at every time at which a row of the group
ends.

`estimate` at 0 or 1: at time 0 that is a definition, with error 0. Later it means that nobody (or
everybody) has moved yet; the variance formulas then give 0, which is no measure of how sure the
estimate is, so `std_error`, `ci_lower` and `ci_upper` are null. They are null as well in a group
with a single cluster or spell.
"""

from statistics import NormalDist
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.risk_set import RiskSet

ConfType = Literal["log", "log-log", "plain"]
_EDGE = 1e-12


def curve_rows(
    risk_set: RiskSet,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Times of the rows, their place in a path, the place of the time at risk, whether something is
    counted then; which rows each group has.
    """
    times = risk_set.times
    has_ends = risk_set.n_exits.sum(axis=(2, 3)) > 0
    if times.dtype.kind == "i":
        last = times[len(times) - 1 - has_ends[:, ::-1].argmax(axis=1)]
        shown = np.arange(times[-1] + 1)
        is_own = shown <= last[:, None]
    else:
        shown = np.concatenate([[0.0], times])
        is_own = np.concatenate([np.ones((risk_set.n_groups, 1), dtype=bool), has_ends], axis=1)
    at = times.searchsorted(shown)
    is_counted = times[at] == shown
    return shown, at + is_counted, at, is_counted, is_own


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

    probability, variance: (n_groups, n_times + 1, n_curves); label: name and values of the column
    that tells the curves of a group apart; counts: rows at risk and events, (n_groups, n_times,
    n_curves).
    """
    shown, row, at, is_counted, is_own = curve_rows(risk_set)
    n_groups, n_curves = len(is_own), probability.shape[2]
    # Rows by group, curve and time; groups keep those up to their last time.
    if n_groups * n_curves == 1:
        time_rank = np.flatnonzero(is_own[0])
        group = curve = np.zeros(len(time_rank), dtype=np.int64)
    else:
        group, curve, time_rank = np.nonzero(
            np.broadcast_to(is_own[:, None, :], (n_groups, n_curves, len(shown)))
        )
    time, row, at = shown[time_rank], row[time_rank], at[time_rank]
    estimate, std_error = probability[group, row, curve], np.sqrt(variance[group, row, curve])
    n_at_risk, n_events = (count[group, at, curve] for count in counts)
    exact = (time == 0) & first_row_is_exact
    columns = [pl.Series("time", time)]
    if label:
        columns.append(pl.Series(label[0], label[1], dtype=pl.String)[curve])
    columns.append(pl.Series("estimate", estimate))
    columns += _limits(estimate, std_error, exact, conf_level, conf_type)
    columns += [
        pl.Series("n_at_risk", n_at_risk),
        pl.Series("n_events", n_events * is_counted[time_rank]),
    ]
    first, *others = [*_group_columns(risk_set, group), *columns]
    return first.to_frame().hstack(others)


def mean_frame(
    risk_set: RiskSet,
    mean: np.ndarray,
    variance: np.ndarray,
    *,
    horizons: tuple[float, ...],
    label: tuple[str, tuple[str, ...]] | None,
    conf_level: float,
) -> pl.DataFrame:
    """The table of times in state: mean, variance (n_groups, n_horizons, n_curves); limits are
    normal, kept within 0 and the horizon.
    """
    n_groups, n_horizons, n_curves = mean.shape
    z = normal_quantile(conf_level)
    std_error = np.sqrt(variance).ravel()
    horizon = np.tile(np.repeat(np.asarray(horizons), n_curves), n_groups)
    columns = [pl.Series("horizon", horizon)]
    if label:
        columns.append(
            pl.Series(label[0], list(label[1]) * (n_groups * n_horizons), dtype=pl.String)
        )
    columns.append(pl.Series("estimate", mean.ravel()))
    at_edge = (
        (np.abs(mean.ravel()) < _EDGE)
        | (np.abs(mean.ravel() - horizon) < _EDGE)
        | (std_error < _EDGE)
    )
    std_error = np.where(at_edge, np.nan, std_error)
    limits = {"ci_lower": mean.ravel() - z * std_error, "ci_upper": mean.ravel() + z * std_error}
    limits = {"std_error": std_error} | {
        name: np.clip(limit, 0, horizon) for name, limit in limits.items()
    }
    columns += [pl.Series(name, values, nan_to_null=True) for name, values in limits.items()]
    columns.append(
        pl.Series(
            "n_spells", np.repeat(risk_set.n_exits.sum(axis=(1, 2, 3)), n_horizons * n_curves)
        )
    )
    group = np.repeat(np.arange(n_groups), n_horizons * n_curves)
    return pl.DataFrame([*_group_columns(risk_set, group), *columns])


def _group_columns(risk_set: RiskSet, group: np.ndarray) -> list[pl.Series]:
    """The by-columns of the rows of these groups."""
    return [column[group] for column in risk_set.groups.iter_columns()]


def confidence_limits(
    estimate: np.ndarray,
    std_error: np.ndarray,
    *,
    multiplier: float | np.ndarray,
    conf_type: ConfType,
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of probabilities at `multiplier` standard errors, on the scale p, log p or log(-log
    p), kept within 0 and 1.

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
        return np.maximum(lower, 0.0), np.minimum(upper, 1.0)


def normal_quantile(conf_level: float) -> float:
    """Standard normal quantile of a two-sided level: 0.95 -> 1.96.

    Raises
    ------
    EstimationError
        If the level is not between 0 and 1.
    """
    if not 0 < conf_level < 1:
        raise EstimationError(
            "The confidence level is not a share between 0 and 1.",
            where=f"conf_level = {conf_level}",
            why="0.95 asks for limits that cover the truth in 95 of 100 data sets.",
            fix="give a share, for example conf_level=0.95.",
        )
    return NormalDist().inv_cdf(0.5 + conf_level / 2)


def _limits(
    estimate: np.ndarray,
    std_error: np.ndarray,
    exact: np.ndarray,
    conf_level: float,
    conf_type: ConfType,
) -> list[pl.Series]:
    """Columns of errors and limits, null where the module says so."""
    check_option("conf_type", conf_type, get_args(ConfType))
    lower, upper = confidence_limits(
        estimate, std_error, multiplier=normal_quantile(conf_level), conf_type=conf_type
    )
    at_edge = (estimate <= _EDGE) | (estimate >= 1 - _EDGE)
    # The limits have no value at the edges either.
    std_error[at_edge] = np.nan
    by_definition = at_edge & exact
    std_error[by_definition] = 0.0
    lower[by_definition] = upper[by_definition] = estimate[by_definition]
    limits = {"std_error": std_error, "ci_lower": lower, "ci_upper": upper}
    return [pl.Series(name, values, nan_to_null=True) for name, values in limits.items()]
