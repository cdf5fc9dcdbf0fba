"""What a start would be worth if one of six things were otherwise: its price, displacement, the
horizon, the discount rate, how long an effect lasts, and how many start in a year.

The answer is the published value plus what the change moves by the plain reading of an effect. With
nothing changed it is the published one, and its range holds both readings as that one's does. The
ledger is a sum of products, so what is moved is exact in every lever but for what is not shown: the
table's amounts stand in steps of what one person does to them, evenly within a period, and its
draws only spread as the replicates do. So the answer is that of the whole line to about the step of
the published value, and it is as coarse a number.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from evalkit.disclosure.curves import quoted_up_to
from evalkit.disclosure.rounding import shown_probability
from evalkit.draws import percentile_limits, probability_above_zero
from evalkit.economics.ledger.discounting import MONTHS_PER_YEAR
from evalkit.economics.pictures import plot
from evalkit.economics.results.advice import (
    Advice,
    AdviceReason,
    GainProbabilities,
    advice_from,
)
from evalkit.economics.results.payback import NEVER, return_months
from evalkit.economics.results.trial import TrialPrior, best_trial
from evalkit.economics.what_if.lever_streams import LeverPayer
from evalkit.economics.what_if.levers import (
    OBSERVED,
    PAYERS,
    TOTAL,
    Levers,
    LeverState,
    ValueOfStart,
)
from evalkit.errors import EstimationError
from evalkit.images import Sketch
from evalkit.results import Result
from evalkit.run_rules import AdviceRules

_PURSE, _SOCIETY = PAYERS.index("public_purse"), PAYERS.index("society")
# A monthly factor this near one adds up to the number of months.
_LEVEL = 1e-12


@dataclass(frozen=True, repr=False)
class Revalued(Result):
    """What follows from a state: value by payer, that of all starts of a year to society, the
    month from which the public purse has its money back (None: not up to the horizon), and the
    advice.
    """

    values: dict[LeverPayer, ValueOfStart]
    value_of_year: float | None
    return_month: int | None
    trial_worth: float | None
    advice: Advice
    advice_reason: AdviceReason

    @property
    def table(self) -> pl.DataFrame:
        """One row per payer: `payer`, `estimate`, `ci_lower`, `ci_upper` (money per start),
        `probability_positive`.
        """
        return pl.DataFrame(
            [{"payer": payer, **value._asdict()} for payer, value in self.values.items()]
        )

    @property
    def headline(self) -> str:
        """What is advised and why, in a line."""
        back = "not" if self.return_month is None else f"in month {self.return_month}"
        return f"Advice: {self.advice} ({self.advice_reason}); money back {back}. Per start:"

    def plot(self, **labels: Any) -> Sketch:
        """What each payer gains."""
        return plot(self.table, **labels)


def revalue(levers: Levers, state: LeverState, rules: AdviceRules) -> Revalued:
    """What a start is worth in a state, and what would be advised.

    Parameters
    ----------
    levers : Levers
        From `levers_of`.
    state : LeverState
        Months counted end with a followed year, the follow-up, or later. A price and a half-life
        are given where the page's own state has them.
    rules : AdviceRules
        The run's thresholds.

    Raises
    ------
    EstimationError
        If the horizon lies within a followed year, or beyond the follow-up where nothing says how
        an effect fades.
    """
    _refuse_horizon(levers, state.horizon_months)
    part = TOTAL if state.horizon_months > levers.followed_months else OBSERVED
    amounts, society = {}, np.empty(0)
    for position, payer in enumerate(PAYERS):
        amounts[payer], drawn = _value(levers, state, position, part)
        society = drawn if payer == "society" else society
    observed = replace(state, horizon_months=min(state.horizon_months, levers.followed_months))
    at_observed, _ = _value(levers, observed, _SOCIETY, OBSERVED)
    gains = GainProbabilities(
        amounts["society"].probability_positive,
        amounts["public_purse"].probability_positive,
        at_observed.probability_positive,
        levers.readings,
    )
    worth = _trial_worth(levers, state, society)
    return Revalued(
        amounts,
        None if state.n_starts is None else amounts["society"].estimate * state.n_starts,
        _return_month(levers, state),
        worth,
        *advice_from(gains, worth, rules),
    )


def _value(
    levers: Levers, state: LeverState, payer: int, part: str
) -> tuple[ValueOfStart, np.ndarray]:
    """The published value moved by what the state changes, and all draws under the state."""
    page = replace(
        levers.state,
        horizon_months=levers.followed_months if part == OBSERVED else levers.state.horizon_months,
    )
    now, before = (_worth(levers, at)[payer] for at in (state, page))
    shown = levers.published[PAYERS[payer], part]
    (low, high), (low_before, high_before) = (
        percentile_limits(drawn[1:], n_independent=levers.n_independent).tolist()
        for drawn in (now, before)
    )
    likely, likely_before = (
        probability_above_zero(drawn[1:], n_independent=levers.n_independent) or 0.0
        for drawn in (now, before)
    )
    limits = sorted((shown.ci_lower + (low - low_before), shown.ci_upper + (high - high_before)))
    probability = min(max(shown.probability_positive + (likely - likely_before), 0.0), 1.0)
    return (
        ValueOfStart(
            float(shown.estimate + (now[0] - before[0])),
            *limits,
            float(shown_probability(probability, levers.n_starters)),
        ),
        now,
    )


def _worth(levers: Levers, state: LeverState) -> np.ndarray:
    """What each payer gains up to the state's horizon: (payer, draw), the estimate first."""
    share, price = _displaced_share(levers, state), _relative_price(levers, state)
    of_draws = levers.of_draws
    months, years = levers.months, levers.years
    rest = _added_up(levers, state, months.rest, years.rest)
    displaceable = _added_up(levers, state, months.displaceable, years.displaceable)
    # A draw's places are filled as the estimate's are, more or fewer of them.
    first_year = years.programme[:, 0]
    filled = first_year / first_year[0] if first_year[0] else np.ones(len(first_year))
    programme = _added_up(levers, state, months.programme, years.programme, scale=filled)
    return rest - price * of_draws.programme * programme + share * of_draws.displaced * displaceable


def _added_up(
    levers: Levers,
    state: LeverState,
    by_month: np.ndarray,
    by_year: np.ndarray,
    *,
    scale: np.ndarray | float = 1.0,
) -> np.ndarray:
    """A stream's sum to the state's horizon at the state's rate, draws along the last axis.

    The estimate is added up month by month. A draw's years are each discounted from their middle,
    and what the estimate shows that to miss is added, times `scale`.
    """
    followed, until = levers.followed_months, min(state.horizon_months, levers.followed_months)
    ratio = _rate_ratio(levers, state)
    times = np.arange(followed + 1)
    weights = ratio ** (np.maximum(times - 0.5, 0.0) / MONTHS_PER_YEAR) * (times <= until)
    ends = levers.ends[levers.ends <= followed]
    middles = (np.array([0, *ends[:-1]]) + ends) / 2
    of_years = ratio ** (middles / MONTHS_PER_YEAR) * (ends <= until)
    sums = (by_year[..., : len(ends)] * of_years).sum(axis=-1)
    exact = (by_month[..., 0, : followed + 1] * weights).sum(axis=-1)
    sums = sums + (exact - sums[..., 0])[..., None] * scale
    if state.horizon_months > followed:
        n_projected = state.horizon_months - followed
        sums = sums + by_year[..., -1] * _projected(levers, state, n_projected)
    return sums


def _projected(levers: Levers, state: LeverState, n_months: int) -> np.ndarray:
    """What so many projected months are together, per unit of the first as the page has it:
    (draw,); none where nothing says how an effect fades.
    """
    half_life, page = levers.of_draws.half_life, levers.state.half_life
    if half_life is None or page is None or state.half_life is None:
        return np.zeros(len(levers.of_draws.discount_rate))
    ratio = _rate_ratio(levers, state)
    halving = half_life if state.half_life == page else half_life * (state.half_life / page)
    later = ((1 + levers.of_draws.discount_rate) / ratio) ** (-1 / MONTHS_PER_YEAR)
    monthly = 2.0 ** (-1 / halving) * later
    until_first = ratio ** ((levers.followed_months + 0.5) / MONTHS_PER_YEAR)
    first = 2.0 ** (1 / half_life - 1 / halving) * until_first
    is_level = np.abs(1 - monthly) < _LEVEL
    series = (1 - monthly**n_months) / np.where(is_level, 1.0, 1 - monthly)
    return first * np.where(is_level, float(n_months), series)


def _rate_ratio(levers: Levers, state: LeverState) -> float:
    """What a year later is worth in the state, by what it is worth on the page."""
    return (1 + levers.state.discount_rate) / (1 + state.discount_rate)


def _displaced_share(levers: Levers, state: LeverState) -> np.ndarray:
    """Each draw's share displaced: in proportion to the value, at most all; where the page's is
    none, that much more.
    """
    drawn, page = levers.of_draws.displaced_share, levers.state.displaced_share
    moved = drawn * (state.displaced_share / page) if page > 0 else drawn + state.displaced_share
    return np.minimum(moved, np.maximum(drawn, 1.0))


def _relative_price(levers: Levers, state: LeverState) -> float:
    """The price of a start by the page's; 1 where the page has none."""
    if state.price is None or not levers.state.price:
        return 1.0
    return state.price / levers.state.price


def _trial_worth(levers: Levers, state: LeverState, society: np.ndarray) -> float | None:
    """What the best trial is worth with the state's starts, up to its horizon: the published worth,
    if there is one, moved.
    """
    now, before = (
        _best_trial(levers, at, drawn)
        for at, drawn in ((state, society), (levers.state, _worth(levers, levers.state)[_SOCIETY]))
    )
    if levers.trial_worth is None or now is None or before is None:
        return levers.trial_worth if now is None else now
    return max(levers.trial_worth + (now - before), 0.0)


def _best_trial(levers: Levers, state: LeverState, society: np.ndarray) -> float | None:
    starts, between_persons = levers.n_starts_of_figures, levers.months_between_persons
    if not starts or between_persons is None:
        return None
    if state.n_starts is not None and levers.state.n_starts:
        starts = starts * (state.n_starts / levers.state.n_starts)
    followed = levers.ends <= levers.followed_months
    gained = levers.years.displaceable[1:, followed].sum(axis=1)
    worth_of_month = abs(np.cov(society[1:], gained)[0, 1]) / gained.var(ddof=1)
    prior = TrialPrior(
        float(society[1:].mean()),
        float(worth_of_month * gained.std(ddof=1)),
        float(worth_of_month * between_persons),
    )
    trial = best_trial(
        prior,
        starts_per_year=starts,
        followed_months=levers.followed_months,
        horizon_months=state.horizon_months,
    )
    return 0.0 if trial is None else trial.worth


def _return_month(levers: Levers, state: LeverState) -> int | None:
    """The month from which the public purse has its money back: on the published curve, which goes
    on beyond the page's horizon as the levers have it, moved; of the months that are shown.
    """
    now, before = (
        _purse_by_month(levers, at, state.horizon_months) for at in (state, levers.state)
    )
    last = len(levers.purse_curve) - 1
    later = levers.purse_curve[-1] + (before[last + 1 :] - before[last : last + 1])
    page = np.concatenate([levers.purse_curve[: len(before)], later])
    month = int(return_months((page + (now - before))[None])[0])
    if month == NEVER:
        return None
    if levers.is_monthly:
        return month
    later = (shown for shown in quoted_up_to(state.horizon_months) if shown >= month)
    return next(later, state.horizon_months)


def _purse_by_month(levers: Levers, state: LeverState, horizon: int) -> np.ndarray:
    """What the estimate's public purse has gained so far at times 0..horizon."""
    followed, ratio = levers.followed_months, _rate_ratio(levers, state)
    times = np.arange(followed + 1)
    weights = ratio ** (np.maximum(times - 0.5, 0.0) / MONTHS_PER_YEAR)
    of_draws = levers.of_draws
    by_month = (
        levers.months.rest[_PURSE, 0]
        - _relative_price(levers, state)
        * of_draws.programme[_PURSE, 0]
        * levers.months.programme[0]
        + _displaced_share(levers, state)[0]
        * of_draws.displaced[_PURSE, 0]
        * levers.months.displaceable[0]
    )
    observed = np.cumsum(by_month[: followed + 1] * weights)
    later = [float(_projected(levers, state, n)[0]) for n in range(1, horizon - followed + 1)]
    projected = observed[-1] + by_month[-1] * np.array(later)
    return np.concatenate([observed, projected])[: horizon + 1]


def _refuse_horizon(levers: Levers, horizon: int) -> None:
    followed = levers.followed_months
    if horizon in levers.ends[levers.ends <= followed]:
        return
    if horizon > followed and levers.of_draws.half_life is not None:
        return
    raise EstimationError(
        f"A value up to month {horizon} cannot be had from the levers.",
        where=f"argument state: horizon_months; followed {followed} months",
        why="Draws are told year by year as far as people were followed; beyond that there is a "
        "value where the book says how an effect fades.",
        fix="count to the end of a followed year, to the end of the follow-up, or, where the book "
        "names a half-life, further.",
    )
