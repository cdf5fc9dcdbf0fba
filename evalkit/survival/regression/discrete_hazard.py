"""The chance of leaving in a month, given that one is still there: discrete-time hazard regression
on collapsed cells.

Rows with the same covariates are counted by month (`risk_set`), months are summed into bands, and
the likelihood is that of the cells: no person-months are built. statsmodels' GLM would fit the same
cells for one kind of exit; it has neither errors clustered over cells nor the multinomial model for
counts, which is why the few Newton steps stand here. Score of a cluster: `spread` times the
derivative by cell, as for curves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError, first_few
from evalkit.frames import Frame
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.risk_set import RiskSet, count_risk_set
from evalkit.survival.counts.spell_columns import Roles, read_spell_columns
from evalkit.survival.curves.curve_table import normal_quantile
from evalkit.survival.regression.collinear import refuse_entangled
from evalkit.survival.regression.design import Design, design_of
from evalkit.survival.regression.sandwich import sandwich
from evalkit.survival.results import Regression

Link = Literal["multinomial", "logit", "cloglog"]
_MAX_STEPS, _STEP_TOLERANCE = 50, 1e-10
_MAX_CELLS = 20_000_000
_ROUNDING = 1e-12


@dataclass(frozen=True, repr=False)
class DiscreteHazardFit(Regression):
    """A fitted discrete-time hazard model.

    Attributes
    ----------
    terms : DataFrame
        One row per cause and term: `cause` ("any" with one kind of exit), `term` (bands of months,
        then covariates), `estimate` (log odds or log hazard of a band; log ratio of a covariate),
        `std_error`, `ci_lower`, `ci_upper` (null with a single cluster).
    covariance : ndarray
        Of the estimates in the order of `terms`.
    log_likelihood : float
        Of the months at risk.
    n_months : int
        Months at risk, unweighted.
    link : {"multinomial", "logit", "cloglog"}
    causes, covariates : tuple of str
        In the order of `terms`.
    band_starts : tuple of int
        First months of the bands in use.
    last_month : int
        Last month at risk: how far curves of the model go.
    design : Design
        How covariates became the columns of the model.
    """

    covariance: np.ndarray
    log_likelihood: float
    n_months: int
    link: Link
    causes: tuple[str, ...]
    covariates: tuple[str, ...]
    band_starts: tuple[int, ...]
    last_month: int
    design: Design

    @property
    def headline(self) -> str:
        """What was fitted to how much, in a line."""
        return (
            f"Monthly chances ({self.link}) of {', '.join(self.causes)}: {self.n_months:,} months "
            f"at risk; log likelihood {self.log_likelihood:.2f}"
        )


@dataclass(frozen=True)
class _Cells:
    """Covariate groups x bands: design (n_cells, n_terms), weight at risk (n_cells,), weight
    leaving by cause (n_cells, n_causes).

    `months_in_band` (n_times, n_bands): months since the time before that belong to each band.
    """

    design: np.ndarray
    at_risk: np.ndarray
    leaving: np.ndarray
    months_in_band: np.ndarray
    names: list[str]


def discrete_hazard(
    spells: Frame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] | str,
    link: Link = "multinomial",
    band_starts: Sequence[int] = (1, 2, 3, 4, 7, 13),
    causes: Sequence[str] | None = None,
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> DiscreteHazardFit:
    """How the monthly chance of leaving depends on the month of the spell and on covariates, for
    one or several kinds of exit.

    Parameters
    ----------
    time, event : str
        Whole months; with "logit" and "cloglog" every end counts alike, true/false or of a declared
        cause.
    covariates : sequence of str, or str
        Columns of numbers, true/false or categories, or a formula (`design_of`), with few distinct
        combinations.
    link : {"multinomial", "logit", "cloglog"}
        Log odds of every cause against staying; log odds of any exit; or log of minus log of
        staying, whose coefficients are log hazard ratios of the proportional-hazards model in
        continuous time (Prentice & Gloeckler 1978, Biometrics 34:57).
    band_starts : sequence of int
        First month of every band of constant baseline; the last band is open. Bands beyond the last
        month at risk are left out.

    Returns
    -------
    DiscreteHazardFit
        Errors from the expected information, or the sandwich by cluster without a small-sample
        factor when clusters are given.

    Raises
    ------
    EstimationError
        As `cox`; also for times that are not whole months, too many combinations of covariates, or
        a band in which nobody leaves by some cause, or everybody leaves.
    """
    check_option("link", link, get_args(Link))
    table, design = design_of(spells, covariates)
    names = list(design.names)
    columns = read_spell_columns(
        table,
        Roles(time, event, entry, weight, cluster, names, causes),
        are_groups_estimated=False,
    )
    if link != "multinomial":
        columns = replace(
            columns, cause=(columns.cause == len(columns.causes)).astype(np.int8), causes=("event",)
        )
    risk_set = count_risk_set(columns)
    starts = _checked_bands(risk_set, names, band_starts, time)
    cells = _collapse(risk_set, names, starts)
    coefficients, covariance, log_likelihood = _maximise(cells, link)
    if cluster is not None:
        covariance = sandwich(_cluster_scores(risk_set, cells, coefficients, link), covariance)
    labels = risk_set.causes if link == "multinomial" else ("any",)
    terms = _terms(coefficients, covariance, labels, cells.names, conf_level)
    n_months = int((risk_set.n_at_risk[:, :, 0] * _gaps(risk_set)).sum())
    return DiscreteHazardFit(
        terms,
        covariance,
        log_likelihood,
        n_months,
        link=link,
        causes=labels,
        covariates=design.names,
        band_starts=tuple(starts.tolist()),
        last_month=int(risk_set.times[-1]),
        design=design,
    )


def _checked_bands(
    risk_set: RiskSet, names: list[str], band_starts: Sequence[int], time: str
) -> np.ndarray:
    """First months of the bands in use."""
    starts = np.array(sorted(band_starts))
    if risk_set.times.dtype.kind != "i" or len(starts) == 0 or starts[0] != 1:
        raise EstimationError(
            "Discrete-time hazards need whole months and bands that begin with month 1.",
            where=f'column "{time}", band_starts = {", ".join(map(str, band_starts)) or "none"}',
            why="Every month at risk is one trial and belongs to one band.",
            fix="count whole months, and let the first band start at 1.",
        )
    starts = starts[starts <= risk_set.times[-1]]
    if risk_set.n_groups * len(starts) > _MAX_CELLS:
        raise EstimationError(
            f"There are {risk_set.n_groups} combinations of covariates.",
            where=f"covariates {', '.join(names)}",
            why="Rows are collapsed to cells of equal covariates; with this many the cells are as "
            "many as the rows.",
            fix="round or group the covariates, or use cox.",
        )
    return starts


def _collapse(risk_set: RiskSet, names: list[str], starts: np.ndarray) -> _Cells:
    months = np.arange(1, risk_set.times[-1] + 1)
    band = np.searchsorted(starts, months, side="right") - 1
    # Between two distinct times nothing changes: the risk set of the next time holds for every
    # month since the one before.
    time_rank = np.searchsorted(risk_set.times, months, side="left")
    n_bands = len(starts)
    months_in_band = np.zeros((len(risk_set.times), n_bands))
    np.add.at(months_in_band, (time_rank, band), 1.0)
    at_risk = risk_set.at_risk[:, :, 0] @ months_in_band
    by_band = np.eye(n_bands)[band[risk_set.times - 1]]
    leaving = np.einsum("gtk,tb->gbk", risk_set.exits[:, :, 0, :-1], by_band)
    _check_bands(leaving.sum(axis=0), at_risk.sum(axis=0), starts, risk_set.causes)
    covariates = risk_set.groups.cast(pl.Float64).to_numpy()
    design = np.concatenate(
        [np.tile(np.eye(n_bands), (risk_set.n_groups, 1)), np.repeat(covariates, n_bands, axis=0)],
        axis=1,
    )
    labels = [_band_name(starts, number) for number in range(n_bands)]
    return _Cells(
        design,
        at_risk.ravel(),
        leaving.reshape(-1, leaving.shape[2]),
        months_in_band,
        [*labels, *names],
    )


def _check_bands(
    leaving: np.ndarray, at_risk: np.ndarray, starts: np.ndarray, causes: tuple[str, ...]
) -> None:
    """Refuse bands whose chance of leaving is 0 by some cause, or 1; leaving (n_bands, n_causes),
    at_risk (n_bands,).
    """
    at_edge = [
        f"{_band_name(starts, band)}: {causes[cause]}"
        for band, cause in zip(*np.nonzero(leaving == 0), strict=True)
    ]
    everybody = np.isclose(leaving.sum(axis=1), at_risk, rtol=_ROUNDING, atol=0.0) & (at_risk > 0)
    at_edge += [f"{_band_name(starts, band)}: everybody" for band in np.flatnonzero(everybody)]
    if at_edge:
        raise EstimationError(
            f"In {len(at_edge)} bands nobody leaves by some cause, or everybody leaves.",
            where=first_few(at_edge),
            why="The log odds of leaving there would be infinite.",
            fix="merge bands (band_starts) or causes.",
        )


def _band_name(starts: np.ndarray, band: int) -> str:
    if band + 1 == len(starts):
        return f"months {starts[band]}+"
    last = starts[band + 1] - 1
    return f"month {last}" if last == starts[band] else f"months {starts[band]}-{last}"


def _maximise(cells: _Cells, link: Link) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients (n_causes, n_terms), covariance of the flattened coefficients by the expected
    information, log-likelihood.
    """
    used = cells.at_risk > 0
    n_bands = cells.months_in_band.shape[1]
    x, back = _scaled(cells.design[used], n_bands)
    n, y = cells.at_risk[used], cells.leaving[used]
    refuse_entangled((x * n[:, None]).T @ x, cells.names)
    beta = np.zeros((y.shape[1], x.shape[1]))
    in_band = x[:, :n_bands].T
    share = (in_band @ y) / (in_band @ n)[:, None]
    beta[:, :n_bands] = np.log(np.minimum(share, 0.9)).T
    for _ in range(_MAX_STEPS):
        chance, slope, curvature = chances(x @ beta.T, link)
        score = (x.T @ (slope * (y - n[:, None] * chance))).T.ravel()
        information = _information(x, n, curvature)
        try:
            step = np.linalg.solve(information, score).reshape(beta.shape)
        except np.linalg.LinAlgError:
            break
        beta = beta + step
        if np.abs(step).max() < _STEP_TOLERANCE * max(1.0, np.abs(beta).max()):
            chance, _, curvature = chances(x @ beta.T, link)
            information = _information(x, n, curvature)
            if np.linalg.cond(information) > 1e14:
                break
            stay = 1 - chance.sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                likelihood = (
                    np.where(y > 0, y * np.log(chance), 0).sum()
                    + ((n - y.sum(axis=1)) * np.log(stay)).sum()
                )
            all_back = np.kron(np.eye(len(beta)), back)
            covariance = all_back @ np.linalg.inv(information) @ all_back.T
            return beta @ back.T, covariance, float(likelihood)
    raise EstimationError(
        "The regression does not settle.",
        where=f"term {cells.names[int(np.argmax(np.abs(beta).max(axis=0) * x.std(axis=0)))]}",
        why="It probably separates those who left from those who did not, so that its coefficient "
        "has no finite value.",
        fix="look at the ends by each covariate; merge rare categories, leave the covariate out, "
        "or use fewer bands.",
    )


def _scaled(x: np.ndarray, n_bands: int) -> tuple[np.ndarray, np.ndarray]:
    """The design with covariates about 0 and of size 1, so that years or kronor do not drown the
    bands, and the matrix that takes coefficients back to the covariates' own units.
    """
    centre, size = x[:, n_bands:].mean(axis=0), x[:, n_bands:].std(axis=0)
    back = np.diag(np.concatenate([np.ones(n_bands), 1 / np.where(size > 0, size, 1.0)]))
    # A cell is in one band: what the bands lose together is what centring takes.
    back[:n_bands, n_bands:] = -centre @ back[n_bands:, n_bands:]
    return x @ back, back


def chances(linear: np.ndarray, link: Link) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chances of leaving (cells, causes), slope of the score, and expected curvature (cells,
    causes, causes) per month at risk.
    """
    if link == "cloglog":
        hazard = np.exp(linear)
        chance = -np.expm1(-hazard)
        slope = hazard / chance
        return chance, slope, (slope**2 * chance * (1 - chance))[:, :, None]
    odds = np.exp(linear)
    chance = odds / (1 + odds.sum(axis=1, keepdims=True))
    curvature = (
        chance[:, :, None] * np.eye(chance.shape[1]) - chance[:, :, None] * chance[:, None, :]
    )
    return chance, np.ones_like(chance), curvature


def _information(x: np.ndarray, n: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    n_causes, n_terms = curvature.shape[1], x.shape[1]
    blocks = [
        [(x * (n * curvature[:, a, b])[:, None]).T @ x for b in range(n_causes)]
        for a in range(n_causes)
    ]
    return np.array(blocks).transpose(0, 2, 1, 3).reshape(n_causes * n_terms, n_causes * n_terms)


def _cluster_scores(risk_set: RiskSet, cells: _Cells, beta: np.ndarray, link: Link) -> np.ndarray:
    """Score of every cluster, (n_clusters, n_causes * n_terms)."""
    n_bands = cells.months_in_band.shape[1]
    chance, slope, _ = chances(cells.design @ beta.T, link)
    shape = (risk_set.n_groups, n_bands, beta.shape[0])
    expected, slope = (-slope * chance).reshape(shape), slope.reshape(shape)
    # Months at risk by band up to every time: what a row that ends there has been exposed to.
    exposure = np.concatenate([np.zeros((1, n_bands)), np.cumsum(cells.months_in_band, axis=0)])
    columns = np.flatnonzero(np.diff(risk_set.spread.indptr))
    is_exit = columns < risk_set.exits.size
    group, time_rank, _, cause = np.unravel_index(
        np.where(is_exit, columns, 0), risk_set.exits.shape
    )
    entry_group, rank, _ = np.unravel_index(
        np.where(is_exit, 0, columns - risk_set.exits.size), risk_set.entries.shape
    )
    group, time_rank = np.where(is_exit, group, entry_group), np.where(is_exit, time_rank + 1, rank)
    by_band = (
        np.where(is_exit, 1.0, -1.0)[:, None, None]
        * exposure[time_rank][:, :, None]
        * expected[group]
    )
    event = np.flatnonzero(is_exit & (cause < beta.shape[0]))
    band = np.searchsorted(
        np.cumsum(cells.months_in_band.sum(axis=0)), risk_set.times[time_rank[event] - 1]
    )
    by_band[event, band, cause[event]] += slope[group[event], band, cause[event]]
    covariates = cells.design[::n_bands, n_bands:][group]
    # A term of a band takes that band's part, a covariate the sum over bands times its value.
    of_covariates = by_band.sum(axis=1)[:, :, None] * covariates[:, None, :]
    derivative = np.concatenate([by_band.transpose(0, 2, 1), of_covariates], axis=2).reshape(
        len(columns), -1
    )
    return risk_set.spread[:, columns] @ derivative


def _gaps(risk_set: RiskSet) -> np.ndarray:
    return np.diff(np.concatenate([[0], risk_set.times]))


def _terms(
    beta: np.ndarray,
    covariance: np.ndarray,
    causes: tuple[str, ...],
    names: list[str],
    conf_level: float,
) -> pl.DataFrame:
    std_error, z = np.sqrt(np.diag(covariance)), normal_quantile(conf_level)
    estimate = beta.ravel()
    return pl.DataFrame(
        {
            "cause": np.repeat(np.array(causes, dtype=object), len(names)).tolist(),
            "term": names * len(causes),
            "estimate": estimate,
            "std_error": std_error,
            "ci_lower": estimate - z * std_error,
            "ci_upper": estimate + z * std_error,
        }
    ).fill_nan(None)
