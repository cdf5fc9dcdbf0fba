"""Curves of a declared shape, which go on where nobody is followed any longer: a second opinion on
what lies beyond the follow-up.

lifelines fits them. Months are intervals (`risk_set`), so an end in month k says that the spell
ended between k - 1 and k: the likelihood is that of interval-censored times, and the curves are
read at whole months. A family that fits well where there are data may still be wrong where there
are none, so nothing beyond the follow-up has limits here: see how far apart those families lie that
fit about equally well.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.images import Sketch
from evalkit.results import Result
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.spell_columns import (
    Roles,
    SpellColumns,
    read_spell_columns,
)
from evalkit.survival.curves.kaplan_meier import kaplan_meier, refuse_causes
from evalkit.survival.results import plot

if TYPE_CHECKING:
    from lifelines.fitters import KnownModelParametricUnivariateFitter

Family = Literal[
    "exponential", "weibull", "log_normal", "log_logistic", "generalised_gamma", "spline"
]
FAMILIES: tuple[Family, ...] = get_args(Family)
N_PARAMETERS: dict[Family, int] = dict(zip(FAMILIES, (1, 2, 2, 2, 3, 3), strict=True))
OBSERVED = "observed"


@dataclass(frozen=True, repr=False)
class ParametricCurves(Result):
    """Curves of several families, beside what was observed.

    Attributes
    ----------
    criteria : DataFrame
        One row per group and family: by-columns, `family`, `n_parameters`, `log_likelihood`, `aic`,
        `bic`, `aic_above_best` (0 for the best family of the group), `n_spells`, `n_events`,
        `last_month` (the last one observed). Null where a fit does not settle. Weights are scaled
        to sum to the number of spells.
    curves : DataFrame
        One row per group, family and month from 0 to the last horizon: by-columns, `family`,
        `time`, `estimate` (share of spells still running). The family "observed" is the
        Kaplan-Meier curve, up to the last month observed; a fit that does not settle has no rows.
    months : DataFrame
        One row per group, family and horizon that the family's curve reaches: by-columns, `family`,
        `horizon`, `estimate` (mean months before the end, counted up to the horizon as
        `restricted_mean` counts them).
    """

    criteria: pl.DataFrame
    curves: pl.DataFrame
    months: pl.DataFrame

    @property
    def table(self) -> pl.DataFrame:
        """The families by how well they fit."""
        return self.criteria

    @property
    def headline(self) -> str:
        """What was fitted, in a line."""
        return f"Curves beyond the follow-up: {self.criteria['family'].n_unique()} families"

    def plot(self, **labels: str) -> Sketch:
        """The curves of the families beside what was observed."""
        return plot(self.curves, **labels)


@dataclass(frozen=True)
class _Cells:
    """Distinct rows of one group: an end within (lower, upper] of those who entered at `entry`, an
    infinite `upper` where the end was not seen.
    """

    lower: np.ndarray
    upper: np.ndarray
    entry: np.ndarray
    weight: np.ndarray
    n_spells: int
    n_events: int

    @property
    def last_month(self) -> int:
        return int(np.where(np.isfinite(self.upper), self.upper, self.lower).max())

    @property
    def knots(self) -> np.ndarray:
        """The first end, the middle one and the last: half of the ends lie before the middle."""
        is_end = np.isfinite(self.upper)
        ends, rank = np.unique(self.upper[is_end], return_inverse=True)
        before = np.cumsum(np.bincount(rank, self.weight[is_end]))
        return ends[[0, int(np.searchsorted(before, before[-1] / 2)), -1]]


@dataclass(frozen=True)
class _Fit:
    """What one family makes of one group: log likelihood and curve by month, null if it does not
    settle.
    """

    family: Family
    log_likelihood: float | None = None
    curve: np.ndarray | None = None


def parametric_curves(
    spells: Frame,
    *,
    time: str,
    event: str,
    horizons: Sequence[int],
    families: Sequence[Family] = FAMILIES,
    entry: str | None = None,
    weight: str | None = None,
    by: Sequence[str] = (),
) -> ParametricCurves:
    """Share of spells still running, and mean months, as several families of curves imply them
    beyond the follow-up.

    Parameters
    ----------
    time, event, entry : str
        As in `kaplan_meier`; times and entries are whole months.
    horizons : sequence of int
        Months up to which mean months are counted, > 0.
    families : sequence of str
        Which curves are fitted. "spline" is that of the log cumulative hazard over log months, with
        one knot inside.

    Raises
    ------
    EstimationError
        Also for times that are not whole months, families that are not known, and horizons that are
        not months.

    References
    ----------
    Royston & Parmar (2002), Stat. Med. 21:2175; Latimer (2013), Med. Decis. Making 33:743.
    """
    for family in families:
        check_option("families", family, FAMILIES)
    _check_horizons(horizons)
    columns = read_spell_columns(spells, Roles(time, event, entry, weight=weight, by=by))
    refuse_causes(columns.causes, event)
    check_whole_months(columns, time)
    observed = kaplan_meier(spells, time=time, event=event, entry=entry, weight=weight, by=by)
    n_months, groups = max(horizons), columns.groups
    criteria, curves = [], [observed.select(*groups.columns, _as(OBSERVED), "time", "estimate")]
    for number, cells in enumerate(_cells_by_group(columns)):
        group = groups[number : number + 1]
        fits = [_fit(family, cells, n_months) for family in families]
        criteria.append(_beside(group, _criteria(fits, cells)))
        curves += [
            _beside(group, _curve(fit.family, fit.curve)) for fit in fits if fit.curve is not None
        ]
    curves = pl.concat(curves).filter(pl.col("time") <= n_months)
    return ParametricCurves(pl.concat(criteria), curves, _months(curves, groups.columns, horizons))


def _check_horizons(horizons: Sequence[int]) -> None:
    if not horizons or min(horizons) < 1 or any(int(month) != month for month in horizons):
        raise EstimationError(
            "The horizons are not whole months above zero.",
            where=f"horizons = {list(horizons)}",
            why="Mean months are counted up to a month.",
            fix="name one or more months, for example horizons=(60, 120).",
        )


def check_whole_months(columns: SpellColumns, time: str) -> None:
    """Refuse times or entries between months, for models in which a month is an interval.

    Raises
    ------
    EstimationError
        If there are any; says how many.
    """
    times = [columns.time] if columns.entry is None else [columns.time, columns.entry]
    n_parts = sum(int((values % 1 != 0).sum()) for values in times)
    if n_parts:
        raise EstimationError(
            f"{n_parts} times are not whole months.",
            where=f'column "{time}" or its entry',
            why="An end in month k is taken to lie between k - 1 and k.",
            fix="round ends up, and entries down, to whole months.",
        )


def _cells_by_group(columns: SpellColumns) -> Iterator[_Cells]:
    n = np.ones(len(columns.time), dtype=np.int64) if columns.n is None else columns.n
    weight = n.astype(float) if columns.weight is None else columns.weight
    entry = np.zeros(len(n), dtype=np.int64) if columns.entry is None else columns.entry
    is_event = columns.cause == 0
    cells = pl.DataFrame(
        {"group": columns.group, "entry": entry, "end": columns.time, "is_event": is_event}
        | {"weight": weight, "n": n}
    )
    counted = (
        cells.group_by("group", "entry", "end", "is_event")
        .agg(pl.col("weight", "n").sum())
        .sort("group", "entry", "end", "is_event")
    )
    for cell in counted.partition_by("group", maintain_order=True):
        of_group, end = cell.to_dict(as_series=False), cell["end"].to_numpy().astype(float)
        ended, n_spells = cell["is_event"].to_numpy(), int(cell["n"].sum())
        weights = cell["weight"].to_numpy()
        yield _Cells(
            lower=np.where(ended, end - 1, end),
            upper=np.where(ended, end, np.inf),
            entry=np.array(of_group["entry"], dtype=float),
            weight=weights * (n_spells / weights.sum()),
            n_spells=n_spells,
            n_events=int(cell.filter("is_event")["n"].sum()),
        )


def _fit(family: Family, cells: _Cells, n_months: int) -> _Fit:
    """The family fitted to the cells. With no more ends than parameters nothing is fitted, and a
    curve that turns upward is none.
    """
    from lifelines.exceptions import ConvergenceError

    if cells.n_events <= N_PARAMETERS[family]:
        return _Fit(family)
    used = cells.weight > 0
    with warnings.catch_warnings():
        # What they say of standard errors concerns nobody: only the curves are used.
        warnings.simplefilter("ignore")
        try:
            fitter = _fitter(family, cells).fit_interval_censoring(
                cells.lower[used],
                cells.upper[used],
                entry=cells.entry[used],
                weights=cells.weight[used],
            )
        except ConvergenceError:
            return _Fit(family)
        after = fitter.survival_function_at_times(np.arange(1, n_months + 1)).to_numpy()
    curve = np.concatenate([[1.0], after])
    if not np.isfinite(curve).all() or (np.diff(curve) > 0).any():
        return _Fit(family)
    return _Fit(family, float(fitter.log_likelihood_), curve)


def _fitter(family: Family, cells: _Cells) -> "KnownModelParametricUnivariateFitter":
    import lifelines

    if family == "spline":
        return lifelines.SplineFitter(cells.knots)
    return {
        "exponential": lifelines.ExponentialFitter,
        "weibull": lifelines.WeibullFitter,
        "log_normal": lifelines.LogNormalFitter,
        "log_logistic": lifelines.LogLogisticFitter,
        "generalised_gamma": lifelines.GeneralizedGammaFitter,
    }[family]()


def _criteria(fits: Sequence[_Fit], cells: _Cells) -> pl.DataFrame:
    table = pl.DataFrame(
        {
            "family": [fit.family for fit in fits],
            "n_parameters": [N_PARAMETERS[fit.family] for fit in fits],
            "log_likelihood": pl.Series([fit.log_likelihood for fit in fits], dtype=pl.Float64),
        }
    )
    minus_twice = -2 * pl.col("log_likelihood")
    table = table.with_columns(
        aic=minus_twice + 2 * pl.col("n_parameters"),
        bic=minus_twice + float(np.log(cells.n_spells)) * pl.col("n_parameters"),
    )
    return table.with_columns(
        aic_above_best=pl.col("aic") - pl.col("aic").min(),
        n_spells=pl.lit(cells.n_spells, pl.Int64),
        n_events=pl.lit(cells.n_events, pl.Int64),
        last_month=pl.lit(cells.last_month, pl.Int64),
    )


def _curve(family: Family, shares: np.ndarray) -> pl.DataFrame:
    table = pl.DataFrame({"time": np.arange(len(shares)), "estimate": shares})
    return table.select(_as(family), pl.all())


def _as(family: str) -> pl.Expr:
    return pl.lit(family).alias("family")


def _beside(group: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    return group.join(table, how="cross") if group.width else table


def _months(curves: pl.DataFrame, by: list[str], horizons: Sequence[int]) -> pl.DataFrame:
    """The area under the steps of each curve up to each horizon that it reaches."""
    keys = [*by, "family"]
    tables = [
        curves.filter(pl.col("time") <= horizon)
        .group_by(keys, maintain_order=True)
        .agg(
            horizon=pl.lit(horizon).cast(pl.Int64),
            estimate=pl.col("estimate").filter(pl.col("time") < horizon).sum(),
            reached=pl.col("time").max() == horizon,
        )
        for horizon in horizons
    ]
    return pl.concat(tables).filter("reached").drop("reached")
