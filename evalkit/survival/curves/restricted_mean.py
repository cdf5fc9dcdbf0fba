"""Mean time up to a horizon: still in the spell, and lost to each cause."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import EstimationError, first_few
from evalkit.frames import Frame
from evalkit.survival.counts.risk_set import RiskSet, risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.curve_table import mean_frame
from evalkit.survival.curves.kaplan_meier import default_variance
from evalkit.survival.curves.product_integral import Start, StatePaths, Variance, state_paths

Horizon = float | Sequence[float]


def restricted_mean(
    spells: Frame,
    *,
    time: str,
    event: str,
    horizon: Horizon,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    conf_level: float = 0.95,
    variance: Variance | None = None,
) -> pl.DataFrame:
    """Mean months before the end of the spell, counted up to a horizon: the area under the survival
    curve. Any cause ends the spell.

    Parameters
    ----------
    horizon : float or sequence of float
        Last month counted. Months, > 0, not beyond the last month observed in any group.

    Returns
    -------
    DataFrame
        One row per group and horizon: by-columns, `horizon`, `estimate` and `std_error` (months),
        `ci_lower`, `ci_upper` (normal limits within 0 and the horizon), `n_spells`. Errors are null
        where no spell ended before the horizon or all ended at one time, or the group is a single
        cluster: the formulas would give 0, which is no measure of how sure the estimate is.

    Raises
    ------
    EstimationError
        Also if a group is not followed to the horizon: names the group and its last month.

    References
    ----------
    Royston & Parmar (2013), BMC Med. Res. Methodol. 13:152.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, by))
    horizons, paths = paths_to_horizons(
        risk_set, horizon, variance=variance or default_variance(weight, cluster)
    )
    return mean_frame(
        risk_set,
        paths.mean[:, :, :1],
        paths.mean_variance[:, :, :1],
        horizons=horizons,
        label=None,
        conf_level=conf_level,
    )


def time_lost(
    spells: Frame,
    *,
    time: str,
    event: str,
    horizon: Horizon,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    causes: Sequence[str] | None = None,
    conf_level: float = 0.95,
    variance: Variance = "robust",
) -> pl.DataFrame:
    """Mean months between the end of the spell and a horizon, by the cause that ended it: the area
    under each cause's curve.

    Parameters
    ----------
    horizon : float or sequence of float
        As in `restricted_mean`. The months lost to all causes and the restricted mean sum to the
        horizon.

    Returns
    -------
    DataFrame
        One row per group, horizon and cause: by-columns, `horizon`, `cause`, `estimate` and
        `std_error` (months), `ci_lower`, `ci_upper`, `n_spells`. Errors are null where no spell
        ended by the cause before the horizon, or the group is a single cluster.

    Raises
    ------
    EstimationError
        As `restricted_mean`.

    References
    ----------
    Andersen (2013), Stat. Med. 32:5278.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, by, causes))
    horizons, paths = paths_to_horizons(risk_set, horizon, variance=variance)
    label = ("cause", risk_set.causes)
    return mean_frame(
        risk_set,
        paths.mean[:, :, 1:],
        paths.mean_variance[:, :, 1:],
        horizons=horizons,
        label=label,
        conf_level=conf_level,
    )


def paths_to_horizons(
    risk_set: RiskSet, horizon: Horizon, *, variance: Variance, p0: Start = "fixed"
) -> tuple[tuple[float, ...], StatePaths]:
    """The horizons asked for, and state paths with the times in state up to them; refuses a horizon
    that a group is not followed to.
    """
    horizons = tuple(np.atleast_1d(horizon).tolist())
    if not horizons or not all(0 < length < np.inf for length in horizons):
        raise EstimationError(
            "A horizon must lie after time zero, at a month that comes.",
            where=f"horizon = {', '.join(map(str, horizons)) or 'none'}",
            why="The mean counts the time from zero to the horizon.",
            fix="give a horizon of at least one month.",
        )
    paths = state_paths(risk_set, variance=variance, p0=p0, horizons=horizons)
    last = np.array(
        [risk_set.times[np.flatnonzero(counts)[-1]] for counts in risk_set.n_exits.sum(axis=(2, 3))]
    )
    # A curve that has come down to zero is known for ever after.
    has_ended = (paths.probability[:, -1, : len(risk_set.states)].sum(axis=1) == 0) & (
        len(risk_set.states) == 1
    )
    short = np.flatnonzero((last < max(horizons)) & ~has_ended)
    if len(short):
        names = [f"{risk_set.group_name(group)} (last month {last[group]:g})" for group in short]
        raise EstimationError(
            f"{len(short)} group(s) are not followed to the horizon.",
            where=f"horizon = {max(horizons):g}; {first_few(names)}",
            why="Beyond the last month observed the curve is unknown, and so is the area under it.",
            fix="choose a horizon within the follow-up of every group, or leave the group out.",
        )
    return horizons, paths
