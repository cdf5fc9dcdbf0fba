"""A stepped roll-out over districts, tried many times on the run's own register: all districts take
up the intervention, in an order that lots decide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.design.added_effect import refuse_impossible
from evalkit.effects.design.power import (
    ALPHA,
    STEEPEST,
    detectable,
    effects_told,
    effects_tried,
    power_table,
)
from evalkit.effects.design.schedule import group_sizes, refuse_few_orders, smallest_p
from evalkit.effects.rollouts.group_time import NEVER, loadings
from evalkit.errors import EstimationError
from evalkit.results import Tables

# Periods before the first start, which the estimator needs: one to start from and one before it.
_BEFORE = 2
_EXITS, _MONTHS = "n_exits_to_work", "months_on_support"
# An effect that triples the exits is the largest that is tried.
_MOST_TIMES = 2.0
_TIE = 1e-12


@dataclass(frozen=True, repr=False, eq=False)
class Steps(Tables):
    """power: one row per effect, see `power_table`. plan: one row, what the roll-out takes and
    shows. sizes: districts that start at each step.
    """

    power: pl.DataFrame
    plan: pl.DataFrame
    sizes: tuple[int, ...]

    @property
    def headline(self) -> str:
        """How many districts start in how many steps, and what is found, in a line."""
        row = self.plan.row(0, named=True)
        least = row["detectable_months"]
        found = "no effect that was tried is" if least is None else f"{least:.2f} months are"
        return (
            f"{row['n_districts']} districts in {row['n_steps']} steps: {found} found in 80 % of "
            "such roll-outs"
        )


def stepped_start(
    panel: pl.DataFrame,
    *,
    n_months: int,
    mean_months: float,
    share_reached: float,
    lag_months: float = 0.0,
    asked_months: Sequence[float] = (),
    period_months: int = 6,
    n_replications: int = 1000,
    n_permutations: int = 499,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Steps:
    """What a stepped roll-out shows: how often it finds effects of several sizes.

    In each replication it begins in one of the register's own periods, lots decide in which order
    the districts start, and from its start on, after the lag, a district has more exits to work.
    They are judged by the estimator of roll-outs and its permutation test (`rollout_effect`). The
    last districts start when the months are over: until then the others are compared with them.
    Months on support are left as they were, although who leaves earlier has fewer.

    Parameters
    ----------
    panel : DataFrame
        From `rollout_panel`, in periods of `period_months`.
    n_months : int
        From the first districts' start to the last ones'. Months.
    mean_months : float
        Months in work within the follow-up as they are now: exits that double give as many more.
    share_reached : float
        Of those on support, who get a place. 0 to 1.
    lag_months : float
        For how long people take part before any leave for it. Months.
    asked_months : sequence of float
        Effects, months gained on average by those who get a place; when not given, around what is
        detectable.
    n_replications, n_permutations, seed : int
        How many roll-outs are tried, how many orders their test compares with, and the key of their
        chance.
    progress : callable, optional
        Is told how many replications are done, of how many.

    Returns
    -------
    Steps
        power: with person_change, the most that one exit moves the power by. plan: n_districts,
        n_steps, smallest_p (of a permutation test), std_error (of the effect, months, where there
        is none), detectable_months (null where none that was tried is found so often), one_person
        (the most that one exit moves an effect by, as a share of its standard error).

    Raises
    ------
    EstimationError
        If there are too few districts for an order to mean anything, the register has too few
        periods, or an effect is not possible.
    """
    districts = panel["district"].unique().sort().to_list()
    n_gaps = n_months // period_months
    sizes = group_sizes(len(districts), n_gaps + 1)
    counts = _Counts(*(_by_period(panel, districts, name) for name in (_EXITS, _MONTHS)))
    starts = _starts(counts.n_periods, n_gaps, n_months, period_months)
    refuse_few_orders(sizes)
    steps = _BEFORE + np.repeat(np.arange(len(sizes)), sizes)
    adopted = np.where(steps < _BEFORE + n_gaps, steps, NEVER)
    weights = counts.months.sum(axis=1) / counts.months.sum()
    rng = np.random.default_rng(seed)

    def dealt() -> _Order:
        return _order(rng.permutation(adopted), _BEFORE + n_gaps, weights)

    others = _Orders.of([dealt() for _ in range(n_permutations)])
    windows = [counts.window(start, _BEFORE + n_gaps) for start in starts]
    # An effect of as many months for those who get a place as doubles the exits of all.
    in_months = mean_months / share_reached
    changes = np.array([others.after @ window.log_rates for window in windows])
    std_error, most = float(changes.std()) * in_months, _MOST_TIMES * in_months
    told = [float(one) for one in asked_months]
    refuse_impossible(np.array(told), most)
    told = told or effects_told(std_error, most)
    effects = effects_tried(std_error, told, most)
    lag = round(lag_months / period_months)
    found = np.zeros((n_replications, len(effects)), bool)
    for one in range(n_replications):
        order, window = dealt(), windows[rng.integers(len(windows))]
        is_on = np.arange(_BEFORE + n_gaps) >= order.adopted[:, None] + lag
        for place, effect in enumerate(effects):
            more = rng.poisson(effect / in_months * window.exits * is_on)
            _, p_value = _read(window.with_exits(more), order, others)
            found[one, place] = p_value < ALPHA
        if progress:
            progress(one + 1, n_replications)
    schema = {"detectable_months": pl.Float64}
    plan = {
        "n_districts": len(districts),
        "n_steps": len(sizes),
        "smallest_p": smallest_p(sizes),
        "std_error": std_error,
        "detectable_months": detectable(effects, found.mean(axis=0)),
        "one_person": _by_one_person(windows, others, float(changes.std())),
    }
    change = pl.lit(STEEPEST * plan["one_person"]).alias("person_change")
    power = power_table(effects, found, told).with_columns(change)
    return Steps(power, pl.DataFrame([plan], schema_overrides=schema), tuple(sizes))


@dataclass(frozen=True)
class _Counts:
    """Exits to work and months on support, (n_districts, n_periods) each."""

    exits: np.ndarray
    months: np.ndarray

    @property
    def n_periods(self) -> int:
        return self.exits.shape[1]

    @property
    def log_rates(self) -> np.ndarray:
        """As in `rollout_effect`: half a count keeps a cell finite."""
        return np.log((self.exits + 0.5) / (self.months + 0.5)).ravel()

    @property
    def noise(self) -> np.ndarray:
        return (1 / (self.exits + 0.5)).ravel()

    def window(self, start: int, n_periods: int) -> "_Counts":
        """Some periods, the first of them two before the first start."""
        chosen = slice(start - _BEFORE, start - _BEFORE + n_periods)
        return _Counts(self.exits[:, chosen], self.months[:, chosen])

    def with_exits(self, more: np.ndarray) -> "_Counts":
        return _Counts(self.exits + more, self.months)


class _Order(NamedTuple):
    """An order in which districts start. adopted : (n_districts,). after, before : how each
    district and period counts in the effect and in the trend before it, one after the other.
    """

    adopted: np.ndarray
    after: np.ndarray
    before: np.ndarray


class _Orders(NamedTuple):
    """Several orders below each other, as far as the effect goes."""

    after: np.ndarray
    squared: np.ndarray

    @classmethod
    def of(cls, orders: Sequence[_Order]) -> "_Orders":
        after = np.array([one.after for one in orders])
        return cls(after, after**2)


def _order(adopted: np.ndarray, n_periods: int, weights: np.ndarray) -> _Order:
    is_known = np.ones((len(adopted), n_periods), bool)
    counting = loadings(is_known, weights, adopted, np.full(len(adopted), NEVER))
    return _Order(adopted, counting.after.ravel(), counting.before.ravel())


def _read(counts: _Counts, order: _Order, others: _Orders) -> tuple[float, float]:
    """The effect on the log rate and its p-value, as `rollout_effect` has them."""
    values, noise = counts.log_rates, counts.noise
    effect, trend = float(order.after @ values), float(order.before @ values)
    period, adopted = np.arange(counts.n_periods), order.adopted[:, None]
    estimated = effect * (period >= adopted) + trend * period * (adopted < NEVER)
    placebo = others.after @ (values - estimated.ravel()) / np.sqrt(others.squared @ noise)
    in_errors = abs(effect) / np.sqrt(order.after**2 @ noise)
    n_as_far = (np.abs(placebo) >= in_errors - _TIE).sum()
    return effect, float((1 + n_as_far) / (1 + len(placebo)))


def _by_one_person(windows: Sequence[_Counts], others: _Orders, std_error: float) -> float:
    """The most that one exit moves the effect by, over all orders, as a share of its standard
    error.
    """
    mean = np.abs(others.after).mean(axis=0)
    most = np.mean([(mean * window.noise).max() for window in windows])
    return float(most / std_error) if std_error else 0.0


def _by_period(panel: pl.DataFrame, districts: Sequence[str], name: str) -> np.ndarray:
    """(n_districts, n_periods) from the panel's first period on."""
    first = panel.select(pl.min("period")).item()
    counts = np.zeros((len(districts), panel["period"].n_unique()))
    row = np.searchsorted(districts, panel["district"].to_numpy())
    counts[row, panel["period"].to_numpy() - first] = panel[name].to_numpy()
    return counts


def _starts(n_periods: int, n_gaps: int, n_months: int, period_months: int) -> range:
    """The periods of the register in which such a roll-out could have begun."""
    starts = range(_BEFORE, n_periods - n_gaps + 1)
    if n_gaps < 1 or not starts:
        most = period_months * (n_periods - _BEFORE)
        raise EstimationError(
            "Such a roll-out does not fit into the register.",
            where=f"{n_months} months asked; the register has {n_periods} whole periods of "
            f"{period_months} months",
            why=f"It is tried on the register's own months: {_BEFORE} periods before it and all of "
            "its steps.",
            fix=f"ask for {period_months} to {most} months."
            if most >= period_months
            else "deliver more months, or draw lots among people (--lottery).",
        )
    return starts
