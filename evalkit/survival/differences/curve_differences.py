"""Differences between groups: curves and restricted means against a reference group.

The same person may have spells in both groups, so the groups' errors are not independent. With
derivatives u by cell and the weighted rows of every cluster by cell in `spread`, Var(a - b) = |S_a
u_a|^2 + |S_b u_b|^2 - 2 u_a' S_a' S_b u_b; the last term is zero without shared clusters (Lin & Wei
1989, JASA 84:1074; the infinitesimal jackknife as in `product_integral`).

Few clusters: the jackknife variance is then too small on average. `few_clusters="t"` multiplies it
by G/(G-1) and takes the limits from Student's t with G-1 degrees of freedom, G the clusters (rows,
without clusters) of the two groups together. With fewer than about 40 clusters this should be asked
for; with fewer than about 10 no formula is to be trusted (Cameron & Miller 2015, J. Human Resources
50:317).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.risk_set import RiskSet, risk_set_of
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.curves.curve_table import curve_rows, normal_quantile
from evalkit.survival.curves.product_integral import (
    StatePaths,
    cells_in_use,
    influence_path,
    interval_widths,
    observed_rates,
    state_paths,
)
from evalkit.survival.curves.restricted_mean import Horizon, paths_to_horizons

FewClusters = Literal["normal", "t"]
_EDGE = 1e-12


@dataclass(frozen=True)
class _Pair:
    """A group against the reference: covariances of curves (n_times + 1, n_states) and of areas
    (n_horizons, n_states), and the clusters of both.
    """

    group: int
    of_curves: np.ndarray
    of_areas: np.ndarray
    n_clusters: int


def curve_difference(
    spells: Frame,
    *,
    time: str,
    event: str,
    group: str,
    reference: object,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    causes: Sequence[str] | None = None,
    conf_level: float = 0.95,
    few_clusters: FewClusters = "normal",
) -> pl.DataFrame:
    """How much larger the share that has left by each cause (or is still there) is in a group than
    in the reference group, month by month.

    Parameters
    ----------
    event : str
        With causes, the shares of `aalen_johansen` are compared; with true/false the share still
        running.
    group : str
        Column of the groups.
    reference : value of that column
        The group that the others are compared with.
    few_clusters : {"normal", "t"}
        Limits for many clusters, or the correction for few that the module describes.

    Returns
    -------
    DataFrame
        One row per other group, cause and time up to the last month that both groups are followed:
        `group` column, `reference`, `time`, `cause` (with causes), `estimate` (share in the group
        minus share in the reference), `std_error`, `ci_lower`, `ci_upper` (within -1 and 1),
        `n_clusters`. Errors are null where a share is 0 or 1 after time 0 in either group, and with
        a single cluster.

    Raises
    ------
    EstimationError
        Also if the reference group has no spells, or there is no other group.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, [group], causes))
    at = _reference_place(risk_set, group, reference)
    paths = state_paths(risk_set, variance="robust")
    is_one_end = risk_set.causes == ("event",)
    states = slice(0, 1) if is_one_end else slice(1, None)
    labels: list[str | None] = [None] if is_one_end else list(risk_set.causes)
    no_areas = np.zeros((0, paths.variance.shape[1]))
    rows = [
        _curve_rows(risk_set, paths, pair, at, states, labels)
        for pair in _pairs(risk_set, paths, at, no_areas)
    ]
    table = _with_limits(pl.concat(rows), conf_level, few_clusters, bound=pl.lit(1.0))
    keys = ["time"] if is_one_end else ["time", "cause"]
    return _named(table, risk_set, group, reference, keys)


def restricted_mean_difference(
    spells: Frame,
    *,
    time: str,
    event: str,
    horizon: Horizon,
    group: str,
    reference: object,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
    few_clusters: FewClusters = "normal",
) -> pl.DataFrame:
    """How many months longer spells last in a group than in the reference group, counted up to a
    horizon.

    Parameters
    ----------
    horizon
        As in `restricted_mean`.
    group, reference, few_clusters
        As in `curve_difference`.

    Returns
    -------
    DataFrame
        One row per other group and horizon: `group` column, `reference`, `horizon`, `estimate` and
        `std_error` (months), `ci_lower`, `ci_upper` (within minus and plus the horizon),
        `n_clusters`. Errors are null where in one of the groups no spell ended before the horizon,
        or all ended at one time.

    Raises
    ------
    EstimationError
        As `restricted_mean` and `curve_difference`.
    """
    risk_set = risk_set_of(spells, Roles(time, event, entry, weight, cluster, [group]))
    at = _reference_place(risk_set, group, reference)
    horizons, paths = paths_to_horizons(risk_set, horizon, variance="robust")
    widths = interval_widths(risk_set.times, horizons)
    rows = [
        {
            "evalkit_group": pair.group,
            "horizon": length,
            "estimate": paths.mean[pair.group, row, 0] - paths.mean[at, row, 0],
            "variance": paths.mean_variance[[pair.group, at], row, 0].sum()
            - 2 * pair.of_areas[row, 0],
            "is_edge": any(
                paths.mean[side, row, 0] > length - _EDGE
                or paths.mean_variance[side, row, 0] < _EDGE**2
                for side in (pair.group, at)
            ),
            "n_clusters": pair.n_clusters,
        }
        for pair in _pairs(risk_set, paths, at, widths)
        for row, length in enumerate(horizons)
    ]
    table = _with_limits(
        pl.DataFrame(rows), conf_level, few_clusters, bound=pl.col("horizon").cast(pl.Float64)
    )
    return _named(table, risk_set, group, reference, ["horizon"])


def _reference_place(risk_set: RiskSet, group: str, reference: object) -> int:
    names = risk_set.groups[group].to_list()
    if reference not in names or len(names) < 2:
        raise EstimationError(
            "There is no pair of groups to compare.",
            where=f'column "{group}": {len(names)} group(s); reference = {reference}',
            why="A difference needs spells in the reference group and in at least one other.",
            fix="name a reference that occurs in the column, and look at the filter before.",
        )
    return names.index(reference)


def _pairs(risk_set: RiskSet, paths: StatePaths, at: int, widths: np.ndarray) -> list[_Pair]:
    rates = observed_rates(risk_set)
    cells = {group: cells_in_use(risk_set, group) for group in range(risk_set.n_groups)}
    pairs = []
    for group in (other for other in range(risk_set.n_groups) if other != at):
        ours, theirs = risk_set.spread[:, cells[group]], risk_set.spread[:, cells[at]]
        shared = (ours.T @ theirs).tocsr()
        n_clusters = (
            len(np.union1d(ours.indices, theirs.indices))
            if risk_set.cluster_ids is not None
            else risk_set.n_exits[[group, at]].sum()
        )
        curves = np.zeros(paths.variance.shape[1:])
        areas = [np.zeros((len(widths), len(cells[side]), curves.shape[1])) for side in (group, at)]
        if shared.nnz or len(widths):
            both = (
                influence_path(risk_set, rates, paths.probability, side, "fixed")
                for side in (group, at)
            )
            for row, steps in enumerate(zip(*both, strict=True)):
                curves[row] = np.einsum("cs,cs->s", steps[0], shared @ steps[1])
                areas = [
                    area + widths[:, row, None, None] * step
                    for area, step in zip(areas, steps, strict=True)
                ]
        of_areas = np.array(
            [
                np.einsum("cs,cs->s", mine, shared @ other)
                for mine, other in zip(*areas, strict=True)
            ]
        )
        pairs.append(_Pair(group, curves, of_areas, int(n_clusters)))
    return pairs


def _curve_rows(
    risk_set: RiskSet,
    paths: StatePaths,
    pair: _Pair,
    at: int,
    states: slice,
    labels: list[str | None],
) -> pl.DataFrame:
    shown, row, _, _, is_own = curve_rows(risk_set)
    of_both = is_own[[pair.group, at]]
    common = of_both.any(axis=0) & (shown <= min(shown[rows].max() for rows in of_both))
    shown, row = shown[common], row[common]
    n_rows = len(shown)
    ours, reference = paths.probability[pair.group, row, states], paths.probability[at, row, states]
    variance = (paths.variance[pair.group] + paths.variance[at] - 2 * pair.of_curves)[row, states]
    at_edge = [(np.minimum(share, 1 - share) < _EDGE) for share in (ours, reference)]
    is_start = (shown == 0)[:, None]
    return pl.DataFrame(
        {
            "evalkit_group": np.full(variance.size, pair.group),
            "time": np.tile(shown, variance.shape[1]),
            "cause": np.repeat(np.array(labels, dtype=object), n_rows).tolist(),
            "estimate": (ours - reference).T.ravel(),
            "variance": np.where(is_start, 0.0, variance).T.ravel(),
            "is_edge": ((at_edge[0] | at_edge[1]) & ~is_start).T.ravel(),
            "n_clusters": np.full(variance.size, pair.n_clusters),
        },
        schema_overrides={"cause": pl.String},
    )


def _with_limits(
    table: pl.DataFrame, conf_level: float, few_clusters: FewClusters, *, bound: pl.Expr
) -> pl.DataFrame:
    n_clusters = table["n_clusters"].to_numpy()
    multiplier, factor = _multipliers(n_clusters, conf_level, few_clusters)
    variance = np.where(
        table["is_edge"].to_numpy(), np.nan, np.maximum(table["variance"].to_numpy(), 0.0) * factor
    )
    table = table.with_columns(
        std_error=pl.Series(np.sqrt(variance)), half=pl.Series(multiplier * np.sqrt(variance))
    )
    return table.with_columns(
        pl.col("std_error").fill_nan(None),
        ci_lower=(pl.col("estimate") - pl.col("half")).fill_nan(None).clip(-bound, bound),
        ci_upper=(pl.col("estimate") + pl.col("half")).fill_nan(None).clip(-bound, bound),
    )


def _multipliers(
    n_clusters: np.ndarray, conf_level: float, few_clusters: FewClusters
) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors on each side of the estimate, and the factor of the variance; NaN with a
    single cluster.
    """
    check_option("few_clusters", few_clusters, get_args(FewClusters))
    normal = normal_quantile(conf_level)
    if few_clusters == "normal":
        return np.full(len(n_clusters), normal), np.ones(len(n_clusters))
    from scipy.stats import t

    freedom = np.where(n_clusters > 1, n_clusters - 1.0, np.nan)
    return t.ppf(0.5 + conf_level / 2, freedom), n_clusters / freedom


def _named(
    table: pl.DataFrame, risk_set: RiskSet, group: str, reference: object, keys: list[str]
) -> pl.DataFrame:
    names = risk_set.groups[group].gather(table["evalkit_group"])
    label = pl.lit(reference, dtype=risk_set.groups.schema[group]).alias("reference")
    return table.with_columns(names.alias(group), label).select(
        group, "reference", *keys, "estimate", "std_error", "ci_lower", "ci_upper", "n_clusters"
    )
