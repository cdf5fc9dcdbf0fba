"""Roll-outs: what a change of a district's way of working did, from districts that adopted it at
different times.

Every cohort of adopters is compared with districts that have not adopted yet, from the period
before its own adoption on, so that no district that has adopted serves as a control and effects may
differ by cohort and time. With a dozen districts and often one in a cohort, errors come from
permutations: adoption dates are dealt out anew among the districts, and estimates measured in their
own errors. Callaway & Sant'Anna (2021), J. Econometrics 225:200; Roth et al. (2023), J.
Econometrics 235:2218; MacKinnon & Webb (2020), J. Econometrics 218:435.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.months import month_number, month_number_expr

NEVER = 2**30
Outcome = Literal["exit", "entry"]
_OUTCOMES: dict[str, tuple[str, str]] = {
    "exit": ("n_exits_to_work", "months_on_support"),
    "entry": ("n_entries", "months_off_support"),
}
_ALPHA = 0.05


@dataclass(frozen=True)
class Adoption:
    """When districts adopted (period by district; missing: never), and from when on a district is
    no longer looked at (another change).
    """

    adopted: Mapping[str, int]
    until: Mapping[str, int]


class RollOut(NamedTuple):
    """by_event_time: a row a period since adoption. summary: the effect after adoption, the trend
    before it, and the verdict.
    """

    by_event_time: pl.DataFrame
    summary: pl.DataFrame


class _Cells(NamedTuple):
    """Group-time effects: cohort, period, effect, weight of the cohort."""

    cohort: np.ndarray
    period: np.ndarray
    effect: np.ndarray
    weight: np.ndarray


def rollout_effect(
    panel: pl.DataFrame,
    adoption: Adoption,
    *,
    outcome: Outcome,
    n_permutations: int = 499,
    seed: int,
) -> RollOut:
    """The effect of a roll-out on the log rate of leaving support for work (exit) or of coming onto
    support (entry).

    Parameters
    ----------
    panel : DataFrame
        From `rollout_panel`: district, period and counts.
    adoption : Adoption
        Periods of adoption by district.
    outcome : {"exit", "entry"}
        Which rate.
    n_permutations, seed : int
        How often adoption is dealt out anew, and the key of the dealing.

    Returns
    -------
    RollOut
        by_event_time: outcome, event_period (0: the period of adoption), effect (log rate),
        n_adopted (districts). summary: outcome, effect, ci_lower, ci_upper (log rate, mean over
        periods from adoption on; limits from the permutations around it), p_value, trend_before
        (log rate a period) and p_trend (null where no cohort has two periods before adoption),
        verdict (estimated|trend_before), n_adopted, n_districts.

    Raises
    ------
    EstimationError
        If no district adopts, or none is left to compare with.
    """
    districts = panel["district"].unique().sort().to_list()
    adopted = np.array([adoption.adopted.get(name, NEVER) for name in districts])
    until = np.array([adoption.until.get(name, NEVER) for name in districts])
    rates, noise, weights = _log_rates(panel, districts, outcome)
    cells = group_time_effects(rates, weights, adopted, until=until)
    if not (cells.period >= cells.cohort).any():
        raise EstimationError(
            "The roll-out has no district to follow, or none to compare it with.",
            where=f"rollout_effect: {int((adopted < NEVER).sum())} of {len(districts)} districts "
            "adopt",
            why="The effect is how adopters change beside districts that have not adopted yet, "
            "from the period before adoption on.",
            fix="check the districts' names and the dates of adoption against the extract's "
            "months.",
        )
    effect, trend = _after(cells), _trend_before(cells)
    period = np.arange(rates.shape[1])
    found = (
        effect * (period >= adopted[:, None])
        + np.nan_to_num(trend) * period * (adopted < NEVER)[:, None]
    )
    errors = _errors(noise, weights, adopted, until)
    # What was found is taken out first: what is left shows how far dealing alone would carry the
    # estimates.
    placebo = _permuted(rates - found, noise, weights, adopted, until, n_permutations, seed)
    margin = float(errors[0] * np.nanquantile(np.abs(placebo[:, 0]), 1 - _ALPHA))
    p_trend = _p_value(trend / errors[1], placebo[:, 1])
    summary = {
        "outcome": outcome,
        "effect": effect,
        "ci_lower": effect - margin,
        "ci_upper": effect + margin,
        "p_value": _p_value(effect / errors[0], placebo[:, 0]),
        "trend_before": trend,
        "p_trend": p_trend,
        "verdict": "trend_before" if p_trend < _ALPHA else "estimated",
        "n_adopted": int((adopted < NEVER).sum()),
        "n_districts": len(districts),
    }
    untested = pl.col("trend_before", "p_trend").fill_nan(None)
    return RollOut(
        _by_event_time(cells, adopted, outcome), pl.DataFrame([summary]).with_columns(untested)
    )


def group_time_effects(
    values: np.ndarray, weights: np.ndarray, adopted: np.ndarray, *, until: np.ndarray | None = None
) -> _Cells:
    """ATT(g, t) of every cohort and period, against districts that have not adopted by then, from
    the period before adoption on.

    Parameters
    ----------
    values : ndarray (n_districts, n_periods)
        Outcomes; NaN where a district is not seen.
    weights : ndarray (n_districts,)
        What a district counts for.
    adopted : ndarray (n_districts,)
        Period of adoption, `NEVER` for never.
    until : ndarray (n_districts,), optional
        First period in which a district is no longer looked at.

    References
    ----------
    Callaway & Sant'Anna (2021), equation 2.9 without covariates (their not-yet-treated controls,
    universal base period).
    """
    period = np.arange(values.shape[1])
    seen = values if until is None else np.where(period >= until[:, None], np.nan, values)
    found = [_Cells(*[np.zeros(0)] * 4)]
    for cohort in np.unique(adopted[(adopted > 0) & (adopted < len(period))]):
        changes = seen - seen[:, [cohort - 1]]
        is_own = adopted == cohort
        is_control = adopted[:, None] > np.maximum(period, cohort)
        effect = _means(changes, weights, is_own[:, None]) - _means(changes, weights, is_control)
        known = (period != cohort - 1) & ~np.isnan(effect)
        n = known.sum()
        found.append(
            _Cells(
                np.full(n, cohort), period[known], effect[known], np.full(n, weights[is_own].sum())
            )
        )
    return _Cells(*[np.concatenate(column) for column in zip(*found, strict=True)])


def rollout_panel(
    support_spells: pl.DataFrame,
    state_intervals: pl.DataFrame,
    *,
    first_month: date,
    n_months: int,
    period_months: int = 6,
) -> pl.DataFrame:
    """Who left support for work and who came onto it, by district and period: counts and months at
    risk.

    A person is at risk of leaving in the month after each month on support, and of coming in every
    known month not on support.

    Returns
    -------
    DataFrame
        district, period (0: the extract's first), months_on_support, n_exits_to_work,
        months_off_support, n_entries. The last period is left out where it is not whole.
    """
    origin = month_number(first_month)
    spells = support_spells.select(
        "district",
        "exit",
        "is_start_known",
        begin=month_number_expr("start") - origin,
        end=month_number_expr("end") - origin,
    )
    known = state_intervals.filter(~pl.col("from_state").is_in(["support", "out", "dead", "moved"]))
    counts = [
        _months_of(spells, "begin", "end", shift=1, name="months_on_support"),
        _count(spells.filter(pl.col("exit") == "work"), "end", "n_exits_to_work"),
        _months_of(known, "start", "stop", shift=0, name="months_off_support"),
        _count(spells.filter("is_start_known"), "begin", "n_entries"),
    ]
    n_periods = n_months // period_months
    grid = pl.DataFrame({"district": support_spells["district"].unique().sort()}).join(
        pl.DataFrame({"month": np.arange(n_periods * period_months)}), how="cross"
    )
    for count in counts:
        grid = grid.join(count, on=["district", "month"], how="left")
    by_period = (
        grid.fill_null(0)
        .with_columns(period=(pl.col("month") // period_months).cast(pl.Int32))
        .drop("month")
    )
    # Spells that begin in the first month began before it: entries are known from the second period
    # on.
    return (
        by_period.group_by("district", "period")
        .sum()
        .sort("district", "period")
        .filter(pl.col("period") > 0)
    )


def _log_rates(
    panel: pl.DataFrame, districts: list[str], outcome: Outcome
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(districts, periods from 0) log rates and their Poisson variances, and each district's
    exposure. Half a count keeps a cell finite.
    """
    count, months = _OUTCOMES[outcome]
    n_periods = int(panel["period"].max()) + 1
    rates = np.full((len(districts), n_periods), np.nan)
    place = np.searchsorted(districts, panel["district"].to_numpy())
    value = np.log((panel[count].to_numpy() + 0.5) / (panel[months].to_numpy() + 0.5))
    rates[place, panel["period"].to_numpy()] = value
    noise = np.full_like(rates, np.nan)
    noise[place, panel["period"].to_numpy()] = 1 / (panel[count].to_numpy() + 0.5)
    exposure = np.bincount(place, weights=panel[months].to_numpy(), minlength=len(districts))
    return rates, noise, exposure / exposure.sum()


def _means(values: np.ndarray, weights: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(n_periods,) weighted means of the districts in the mask, as far as they are seen; NaN where
    none is.
    """
    counted = np.where(mask & ~np.isnan(values), weights[:, None], 0.0)
    total = counted.sum(axis=0)
    sums = (counted * np.nan_to_num(values)).sum(axis=0)
    return np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)


def _after(cells: _Cells) -> float:
    """The mean effect over cohorts and their periods from adoption on."""
    is_after = cells.period >= cells.cohort
    return (
        float(np.average(cells.effect[is_after], weights=cells.weight[is_after]))
        if is_after.any()
        else float("nan")
    )


def _trend_before(cells: _Cells) -> float:
    """The slope by period of the effects before adoption, each cohort around its own mean, its base
    period's zero counted in.
    """
    is_before = cells.period < cells.cohort - 1
    up = down = 0.0
    for cohort in np.unique(cells.cohort[is_before]):
        own = is_before & (cells.cohort == cohort)
        period, effect = np.append(cells.period[own], cohort - 1), np.append(cells.effect[own], 0.0)
        lead = period - period.mean()
        up += cells.weight[own][0] * (lead * effect).sum()
        down += cells.weight[own][0] * (lead**2).sum()
    return float(up / down) if down > 0 else float("nan")


def _permuted(
    values: np.ndarray,
    noise: np.ndarray,
    weights: np.ndarray,
    adopted: np.ndarray,
    until: np.ndarray,
    n: int,
    seed: int,
) -> np.ndarray:
    """(n, 2) effects and trends in their own errors when adoption is dealt out anew among the
    districts.

    Districts differ in size: who is left to compare with decides how far chance carries an
    estimate, so each is measured in its own error. Janssen (1997), Stat. Probab. Lett. 36:9.
    """
    rng = np.random.default_rng(seed)
    found = np.full((n, 2), np.nan)
    for draw in range(n):
        dealt = rng.permutation(adopted)
        cells = group_time_effects(values, weights, dealt, until=until)
        found[draw] = np.array([_after(cells), _trend_before(cells)]) / _errors(
            noise, weights, dealt, until
        )
    return found


def _errors(
    noise: np.ndarray, weights: np.ndarray, adopted: np.ndarray, until: np.ndarray
) -> np.ndarray:
    """(2,) standard errors of the effect and of the trend, from the loadings of both on every
    district's periods; NaN where there is none.
    """
    period = np.arange(noise.shape[1])
    is_seen = ~np.isnan(noise) & (period < until[:, None])
    after, before, n_after, n_before = np.zeros_like(noise), np.zeros_like(noise), 0.0, 0.0
    for cohort in np.unique(adopted[(adopted > 0) & (adopted < len(period))]):
        is_own = adopted == cohort
        counted = is_seen & is_seen[:, [cohort - 1]]
        own, control = (
            _shares(counted & mask, weights)
            for mask in (is_own[:, None], adopted[:, None] > np.maximum(period, cohort))
        )
        known = (own.sum(axis=0) > 0) & (control.sum(axis=0) > 0) & (period != cohort - 1)
        size, change = weights[is_own].sum(), own - control
        late, early = known & (period >= cohort), known & (period < cohort)
        lead = period - np.append(period[early], cohort - 1).mean()
        n_after, n_before = (
            n_after + size * late.sum(),
            n_before + size * ((lead[early] ** 2).sum() + lead[cohort - 1] ** 2),
        )
        for loadings, part, factor in ((after, late, size), (before, early, size * lead)):
            used = np.where(part, change * factor, 0.0)
            used[:, cohort - 1] -= used.sum(axis=1)
            np.add(loadings, used, out=loadings)
    variances = [np.nansum(loading**2 * noise) for loading in (after, before)]
    totals = np.array([n_after, n_before])
    return np.divide(
        np.sqrt(variances),
        totals,
        out=np.full(2, np.nan),
        where=(totals > 0) & (np.array(variances) > 0),
    )


def _shares(mask: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each district's share of the weight in the mask, by period; 0 where nobody is in it."""
    counted = np.where(mask, weights[:, None], 0.0)
    total = counted.sum(axis=0)
    return np.divide(counted, total, out=np.zeros_like(counted), where=total > 0)


def _p_value(found: float, placebo: np.ndarray) -> float:
    """Share of the permutations as far from zero as what was found, itself counted in; NaN where
    nothing was found to test.
    """
    if np.isnan(found):
        return float("nan")
    known = placebo[~np.isnan(placebo)]
    return float((1 + (np.abs(known) >= abs(found) - 1e-12).sum()) / (1 + len(known)))


def _by_event_time(cells: _Cells, adopted: np.ndarray, outcome: str) -> pl.DataFrame:
    event = cells.period - cells.cohort
    rows = []
    for when in np.unique(event):
        mask = event == when
        n_adopted = int(np.isin(adopted, cells.cohort[mask]).sum())
        rows.append(
            (
                outcome,
                int(when),
                float(np.average(cells.effect[mask], weights=cells.weight[mask])),
                n_adopted,
            )
        )
    schema = {
        "outcome": pl.String,
        "event_period": pl.Int32,
        "effect": pl.Float64,
        "n_adopted": pl.Int32,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _months_of(table: pl.DataFrame, begin: str, end: str, *, shift: int, name: str) -> pl.DataFrame:
    months = pl.int_ranges(pl.col(begin) + shift, pl.col(end) + shift, dtype=pl.Int64)
    return _count(
        table.select("district", month=months).explode("month").drop_nulls(), "month", name
    )


def _count(table: pl.DataFrame, month: str, name: str) -> pl.DataFrame:
    return table.group_by("district", month=pl.col(month).cast(pl.Int64)).agg(
        pl.len().cast(pl.Float64).alias(name)
    )
