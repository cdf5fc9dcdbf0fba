"""How the rate of leaving depends on who people are: Cox regression, and Fine-Gray regression of
one cause's share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.codes import distinct_times, stable_order
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.spell_columns import Roles, SpellColumns, read_spell_columns
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.survival.regression.concordance import concordance
from evalkit.survival.regression.design import Design, design_of
from evalkit.survival.regression.partial_likelihood import Maximum, Ties, maximise
from evalkit.survival.regression.risk_rows import CENSORED, EVENT, KEPT, RiskRows
from evalkit.survival.regression.sandwich import sandwich
from evalkit.survival.results import Regression, likelihood_ratio

CoxVariance = Literal["model", "robust"]


@dataclass(frozen=True, repr=False)
class HazardFit(Regression):
    """A fitted proportional-hazards model.

    Attributes
    ----------
    terms : DataFrame
        One row per covariate: `term`, `estimate` (log hazard ratio per unit), `std_error`,
        `ci_lower`, `ci_upper`, `hazard_ratio`. Robust errors and their limits are null where the
        data do not show them (`sandwich`): with a single cluster, or when all rows leave at once.
    covariance : ndarray
        Of the estimates, as used for `std_error`; shape (n_terms, n_terms).
    baseline : DataFrame
        strata columns, `time`, `cumulative_hazard` of a person whose covariates are all 0, at the
        times at which someone left.
    baseline_variance, baseline_slope : ndarray or None
        Of the cumulative hazard by row of `baseline`: its variance were the coefficients known,
        shape (n_rows,), and minus its derivative by them, (n_rows, n_terms) (Tsiatis 1981, Ann.
        Stat. 9:93). None with robust errors, and for Fine-Gray.
    log_likelihood_null, log_likelihood : float
        Log partial likelihood without and with the covariates.
    n_spells, n_events : int
        Rows, and those that ended by the event.
    design : Design
        How covariates became the columns of the model.
    compare_pairs : callable
        Finds `concordance`.
    """

    covariance: np.ndarray
    baseline: pl.DataFrame
    baseline_variance: np.ndarray | None
    baseline_slope: np.ndarray | None
    log_likelihood_null: float
    log_likelihood: float
    n_spells: int
    n_events: int
    design: Design
    compare_pairs: Callable[[], float | None]

    @cached_property
    def concordance(self) -> float | None:
        """Of pairs of whom one leaves first, the share in which that one has the higher hazard: 0.5
        is chance. None for Fine-Gray. Found when first asked for.
        """
        return self.compare_pairs()

    @property
    def headline(self) -> str:
        """What was fitted to how much, in a line."""
        test = likelihood_ratio(self.log_likelihood_null, self.log_likelihood, self.terms.height)
        pairs = "" if self.concordance is None else f"concordance {self.concordance:.3f}; "
        return f"Hazard ratios: {self.n_spells:,} spells, {self.n_events:,} ends; {pairs}{test}"


def cox(
    spells: Frame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] | str,
    cause: str | None = None,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    strata: Sequence[str] = (),
    ties: Ties = "efron",
    variance: CoxVariance | None = None,
    conf_level: float = 0.95,
) -> HazardFit:
    """Hazard ratios: how many times faster people with one more unit of a covariate leave, month by
    month. A start of an intervention splits a spell into two rows, the second with `entry`.

    Parameters
    ----------
    covariates : sequence of str, or str
        Columns of numbers, true/false or categories, or a formula (`design_of`).
    cause : str, optional
        With a column of causes as `event`: the cause that counts; the others censor (cause-specific
        hazard).
    strata : sequence of str
        Columns; each combination has its own baseline.
    ties : {"efron", "breslow"}
        How ends in the same month share it.
    variance : {"model", "robust"}, optional
        Inverse information, or the sandwich by cluster (by row without clusters), without a
        small-sample factor. Default: robust when weights or clusters are given.

    Returns
    -------
    HazardFit

    Raises
    ------
    EstimationError
        Also for covariates that are missing or collinear, and when nobody leaves or
        nothing settles.

    References
    ----------
    Cox (1972), JRSS B 34:187; Efron (1977), JASA 72:557; Lin & Wei (1989), JASA 84:1074.
    """
    columns, rows, design, centre, times = cox_rows(
        spells, Roles(time, event, entry, weight, cluster, strata), covariates, cause
    )
    kind = variance or ("model" if weight is None and cluster is None else "robust")
    return _fit(
        rows, columns, design, centre, times, ties=ties, variance=kind, conf_level=conf_level
    )


def fine_gray(
    spells: Frame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] | str,
    cause: str,
    weight: str | None = None,
    cluster: str | None = None,
    ties: Ties = "breslow",
    variance: CoxVariance = "robust",
    conf_level: float = 0.95,
) -> HazardFit:
    """Subdistribution hazard ratios: how the share that leaves by one cause depends on covariates,
    with other causes competing.

    Rows that left by another cause stay at risk with weight G(t-)/G(T-), where G is the (weighted)
    Kaplan-Meier curve of censoring, events before censorings. The robust error takes those weights
    as known.

    Parameters
    ----------
    covariates, cause, ties, variance
        As in `cox`.

    Returns
    -------
    HazardFit
        `estimate` is the log subdistribution hazard ratio.

    Raises
    ------
    EstimationError
        As `cox`.

    References
    ----------
    Fine & Gray (1999), JASA 94:496; Geskus (2011), Biometrics 67:39.
    """
    table, design = design_of(spells, covariates)
    columns = read_spell_columns(table, Roles(time, event, None, weight, cluster))
    is_event = columns.cause == _cause_number(columns, cause, event)
    _check_events(is_event, event)
    times, exit_rank, _ = distinct_times(columns.time, columns.entry)
    is_censored = columns.cause == len(columns.causes)
    weights = np.ones(len(is_event)) if columns.weight is None else columns.weight
    censoring = _censoring_before(exit_rank, is_censored, weights, len(times))
    ending = exit_rank * 3 + np.where(is_event, EVENT, np.where(is_censored, CENSORED, KEPT))
    centre, rows = _in_order_of_ends(
        table, design.names, columns, ending, None, (1, len(times)), censoring
    )
    return _fit(
        rows, columns, design, centre, times, ties=ties, variance=variance, conf_level=conf_level
    )


def cox_rows(
    spells: Frame, roles: Roles, covariates: Sequence[str] | str, cause: str | None
) -> tuple[SpellColumns, RiskRows, Design, np.ndarray, np.ndarray]:
    """Columns of the spells, the rows of a Cox regression, the design and centre of its covariates,
    distinct times; `roles.by` holds the strata.
    """
    table, design = design_of(spells, covariates)
    columns = read_spell_columns(table, roles, are_groups_estimated=False)
    is_event = columns.cause == _cause_number(columns, cause, roles.event)
    _check_events(is_event, roles.event)
    times, exit_rank, entry_rank = distinct_times(columns.time, columns.entry)
    shape = (columns.n_groups, len(times))
    entry_cell = None if columns.entry is None else columns.group * (len(times) + 1) + entry_rank
    ending = (columns.group * len(times) + exit_rank) * 3 + np.where(is_event, EVENT, CENSORED)
    names = design.names
    centre, rows = _in_order_of_ends(table, names, columns, ending, entry_cell, shape, None)
    return columns, rows, design, centre, times


def _fit(
    rows: RiskRows,
    columns: SpellColumns,
    design: Design,
    centre: np.ndarray,
    times: np.ndarray,
    *,
    ties: Ties,
    variance: CoxVariance,
    conf_level: float,
) -> HazardFit:
    check_option("variance", variance, get_args(CoxVariance))
    maximum = maximise(rows, ties=ties, with_residuals=variance == "robust")
    covariance = np.linalg.inv(maximum.information)
    scores = maximum.residuals
    if scores is not None:
        if columns.cluster is not None:
            cluster = columns.cluster[rows.order]
            scores = np.column_stack([np.bincount(cluster, score) for score in scores.T])
        covariance = sandwich(scores, covariance)
    std_error = np.sqrt(np.diag(covariance))
    z = normal_quantile(conf_level)
    terms = pl.DataFrame(
        {
            "term": design.names,
            "estimate": maximum.coefficients,
            "std_error": std_error,
            "ci_lower": maximum.coefficients - z * std_error,
            "ci_upper": maximum.coefficients + z * std_error,
            "hazard_ratio": np.exp(maximum.coefficients),
        }
    ).fill_nan(None)
    n_events = int(rows.is_event.sum())
    baseline = _baseline(rows, columns, maximum, centre, times)
    spread = (
        _baseline_spread(maximum, centre)
        if variance == "model" and rows.censoring is None
        else (None, None)
    )
    return HazardFit(
        terms,
        covariance,
        baseline,
        *spread,
        maximum.log_likelihood_null,
        maximum.log_likelihood,
        len(rows.x),
        n_events,
        design,
        partial(concordance, rows, rows.x @ maximum.coefficients),
    )


def _baseline(
    rows: RiskRows, columns: SpellColumns, found: Maximum, centre: np.ndarray, times: np.ndarray
) -> pl.DataFrame:
    cumulative = np.cumsum(found.hazard, axis=1) / np.exp(centre @ found.coefficients)
    stratum, time_rank = np.nonzero(found.hazard > 0)
    table = pl.DataFrame(
        {"time": times[time_rank], "cumulative_hazard": cumulative[stratum, time_rank]}
    )
    if columns.groups.width == 0:
        return table
    return pl.concat([columns.groups.select(pl.all().gather(stratum)), table], how="horizontal")


def _baseline_spread(found: Maximum, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance and slope of the cumulative baseline where all covariates are 0, as `HazardFit`
    holds them.
    """
    factor, at = np.exp(-centre @ found.coefficients), found.hazard > 0
    slope = (
        np.cumsum(found.hazard_slope, axis=1) + np.cumsum(found.hazard, axis=1)[..., None] * centre
    )
    return np.cumsum(found.hazard_variance, axis=1)[at] * factor**2, slope[at] * factor


def _in_order_of_ends(
    spells: pl.DataFrame,
    names: Sequence[str],
    columns: SpellColumns,
    ending: np.ndarray,
    entry_cell: np.ndarray | None,
    shape: tuple[int, int],
    censoring: np.ndarray | None,
) -> tuple[np.ndarray, RiskRows]:
    """Centre of the covariates, and the rows sorted by bin, so that sums by bin read memory in one
    direction.
    """
    order = stable_order(ending)
    centre, x = np.empty(len(names)), np.empty((len(order), len(names)), order="F")
    for term, name in enumerate(names):
        column = spells[name].cast(pl.Float64).to_numpy()
        centre[term] = np.average(column, weights=columns.weight)
        np.subtract(column[order], centre[term], out=x[:, term])
    weight = np.ones(len(order)) if columns.weight is None else columns.weight[order]
    entry_cell = None if entry_cell is None else entry_cell[order]
    return centre, RiskRows(
        x, weight, ending[order], entry_cell, shape, order, censoring, tuple(names)
    )


def _cause_number(columns: SpellColumns, cause: str | None, event: str) -> int:
    wanted = cause if cause is not None else "event"
    if wanted not in columns.causes:
        raise EstimationError(
            "The cause to be explained does not occur."
            if cause
            else "It is not said which cause is to be explained.",
            where=f'column "{event}", cause = {cause}',
            why=f"Causes found: {', '.join(columns.causes)}.",
            fix="name one of the causes found (cause=...), or give a true/false column as event.",
        )
    return columns.causes.index(wanted)


def _check_events(is_event: np.ndarray, event: str) -> None:
    if not is_event.any():
        raise EstimationError(
            "Nobody left in the way to be explained.",
            where=f'column "{event}": 0 of {len(is_event)} rows',
            why="Without a single end there is nothing a covariate could explain.",
            fix="look at the filter before, or at how ends are coded.",
        )


def _censoring_before(
    exit_rank: np.ndarray, is_censored: np.ndarray, weight: np.ndarray, n_times: int
) -> np.ndarray:
    """Kaplan-Meier curve of censoring just before every time; those who left at a time are no
    longer at risk of censoring at it.
    """
    censored = np.bincount(exit_rank, weight * is_censored, n_times)
    leaving = np.bincount(exit_rank, weight, n_times)
    at_risk = np.cumsum(leaving[::-1])[::-1] - (leaving - censored)
    hazard = np.divide(censored, at_risk, out=np.zeros(n_times), where=at_risk > 0)
    return np.concatenate([[1.0], np.cumprod(1 - hazard)[:-1]])
