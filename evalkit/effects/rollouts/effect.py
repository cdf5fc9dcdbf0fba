"""Roll-outs: what a change of a district's way of working did, from districts that adopted it at
different times.

Every cohort of adopters is compared with districts that have not adopted yet, from the period
before its own adoption on, so that no district that has adopted serves as a control and effects may
differ by cohort and time. With a dozen districts and often one in a cohort, ranges come from
permutations of the adoption dates among the districts, with studentised estimates. Callaway &
Sant'Anna (2021), J. Econometrics 225:200; Roth et al. (2023), J. Econometrics 235:2218; MacKinnon &
Webb (2020), J. Econometrics 218:435.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from evalkit.effects.pictures import plot
from evalkit.effects.rollouts.group_time import (
    NEVER,
    GroupTimeEffects,
    effect_after,
    group_time_effects,
    standard_errors,
    trend_before,
)
from evalkit.errors import EstimationError
from evalkit.images import Sketch
from evalkit.line.columns import schema_of
from evalkit.results import Tables

Outcome = Literal["exit", "entry"]
_OUTCOMES: dict[str, tuple[str, str]] = {
    "exit": ("n_exits_to_work", "months_on_support"),
    "entry": ("n_entries", "months_off_support"),
}
_ALPHA = 0.05


@dataclass(frozen=True)
class Adoption:
    """When districts adopted.

    adopted : period by district; a district that is missing never adopts. until : period from which
    on a district is left out, because it adopts another change.
    """

    adopted: Mapping[str, int]
    until: Mapping[str, int]


@dataclass(frozen=True, repr=False, eq=False)
class RollOut(Tables):
    """by_event_time: one row per period since adoption. summary: the effect after adoption, the
    trend before it, and the verdict.
    """

    by_event_time: pl.DataFrame
    summary: pl.DataFrame

    @property
    def headline(self) -> str:
        """The effect with its range, in a line."""
        row = self.summary.row(0, named=True)
        return (
            f"Change of the log rate of {row['outcome']} after adoption: {row['effect']:.3g} "
            f"({row['ci_lower']:.3g} to {row['ci_upper']:.3g}, p {row['p_value']:.3g}); "
            f"{row['n_adopted']} of {row['n_districts']} districts adopted"
        )

    def plot(self, **labels: Any) -> Sketch:
        """The effect by period since adoption."""
        return plot(self.by_event_time, **labels)


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
        How many permutations of the adoption dates, and their seed.

    Returns
    -------
    RollOut
        by_event_time: outcome, event_period (0: the period of adoption), effect (log rate),
        n_adopted (districts). summary: outcome, effect, ci_lower, ci_upper (log rate, mean over
        periods from adoption on; limits from the permutations around it), p_value, trend_before
        (log rate per period) and p_trend (null where no cohort has two periods before adoption),
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
    effect, trend = effect_after(cells), trend_before(cells)
    period = np.arange(rates.shape[1])
    estimated = (
        effect * (period >= adopted[:, None])
        + np.nan_to_num(trend) * period * (adopted < NEVER)[:, None]
    )
    errors = standard_errors(noise, weights, adopted, until)
    # The estimate is taken out first: what is left shows how far dealing alone would carry it.
    placebo = _permuted(rates - estimated, noise, weights, adopted, until, n_permutations, seed)
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


def _log_rates(
    panel: pl.DataFrame, districts: list[str], outcome: Outcome
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(districts, periods from 0) log rates and their Poisson variances, and each district's
    exposure. Half a count keeps a cell finite.
    """
    count, months = _OUTCOMES[outcome]
    n_periods = panel.select(pl.max("period")).item() + 1
    rates = np.full((len(districts), n_periods), np.nan)
    row = np.searchsorted(districts, panel["district"].to_numpy())
    value = np.log((panel[count].to_numpy() + 0.5) / (panel[months].to_numpy() + 0.5))
    rates[row, panel["period"].to_numpy()] = value
    noise = np.full_like(rates, np.nan)
    noise[row, panel["period"].to_numpy()] = 1 / (panel[count].to_numpy() + 0.5)
    exposure = np.bincount(row, weights=panel[months].to_numpy(), minlength=len(districts))
    return rates, noise, exposure / exposure.sum()


def change_by_one(panel: pl.DataFrame, outcome: Outcome) -> float:
    """The most that one person changes a difference of two log rates by, who may be counted in
    both: where fewest are counted.
    """
    fewest = panel[_OUTCOMES[outcome][0]].to_numpy().min(initial=np.inf)
    return float(2 / (fewest + 0.5))


def _permuted(
    values: np.ndarray,
    noise: np.ndarray,
    weights: np.ndarray,
    adopted: np.ndarray,
    until: np.ndarray,
    n: int,
    seed: int,
) -> np.ndarray:
    """(n, 2) studentised effects and trends under permutations of the adoption dates.

    Districts differ in size, so the precision of an estimate depends on which of them are left to
    compare with: each is divided by its standard error. Janssen (1997), Stat. Probab. Lett. 36:9.
    """
    rng = np.random.default_rng(seed)
    in_errors = np.full((n, 2), np.nan)
    for draw in range(n):
        dealt = rng.permutation(adopted)
        cells = group_time_effects(values, weights, dealt, until=until)
        estimates = np.array([effect_after(cells), trend_before(cells)])
        in_errors[draw] = estimates / standard_errors(noise, weights, dealt, until)
    return in_errors


def _p_value(estimate: float, placebo: np.ndarray) -> float:
    """Share of the permutations as far from zero as the estimate, itself counted in; NaN where
    there is none to test.
    """
    if np.isnan(estimate):
        return float("nan")
    known = placebo[~np.isnan(placebo)]
    return float((1 + (np.abs(known) >= abs(estimate) - 1e-12).sum()) / (1 + len(known)))


def _by_event_time(cells: GroupTimeEffects, adopted: np.ndarray, outcome: str) -> pl.DataFrame:
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
    schema = schema_of("outcome", "event_period", "effect", "n_adopted")
    return pl.DataFrame(rows, schema=schema, orient="row")
