"""Balance of what the propensity does not contain: squares and products, calendar time, earlier
participation.

A logit balances its own terms by construction, so their balance says little about whether it has
the right terms. Other terms are balanced only if those who start are chosen by what the logit
contains. Calendar time and earlier participation are checked whether or not the protocol names
them: both affect starts and later work, and a comparison that differs in them passes every other
check. Austin & Stuart (2015), Stat. Med. 34:3661; Sianesi (2004), Rev. Econ. Stat. 86:133.

Where few start, one of many terms differs by more than a tenth of a standard deviation by chance
alone. Each limit is therefore a tenth, or the largest difference that chance leaves among so many
terms if that is more.
"""

from collections.abc import Mapping
from datetime import date
from itertools import combinations_with_replacement
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.trials.covariates import plain_columns
from evalkit.effects.trials.earlier_participation import EarlierParticipation
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.balance import pooled_spread
from evalkit.effects.weighting.contrast import contrast
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.adjustment import ANY, SMALL_IMBALANCE
from evalkit.months import month_number
from evalkit.vocabulary import TIMES

PRODUCTS, CALENDAR, PARTICIPATION = "max_abs_smd_products", "calendar_time", "earlier_participation"
_PERIOD_MONTHS, _RECENT_MONTHS = 12, 12
_COLUMNS_AT_ONCE = 32


class Likeness(NamedTuple):
    """The term of a check that exceeds its limit most: its difference after weighting, and the
    limit, in standard deviations.
    """

    check: str
    value: float
    limit: float
    term: str | None

    @property
    def is_warned(self) -> bool:
        return self.value > self.limit


def unmodelled_likeness(
    weighting: StartNow, episodes: pl.DataFrame, *, first_month: date
) -> list[Likeness]:
    """Balance, after weighting, of terms that the propensity does not contain or need not contain.

    max_abs_smd_products: squares of continuous covariates and products of two covariates, one of
    them continuous, around their means (districts and the bends of curves left out). calendar_time:
    the trial month, and the share of trials in each year. earlier_participation: whether a stay in
    this intervention, in another, in any, or in any within a year had begun before the trial.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.
    episodes : DataFrame
        The table of that name, of the same people.
    first_month : date
        The extract's first month.
    """
    trials = weighting.trials
    groups = {
        PRODUCTS: _products(trials),
        CALENDAR: _calendar(trials),
        PARTICIPATION: _participation(trials, episodes, first_month),
    }
    return [
        _most_unlike(check, trials, weighting.coefficients.point, columns)
        for check, columns in groups.items()
    ]


def _most_unlike(
    check: str, trials: Trials, coefficients: np.ndarray, columns: Mapping[str, np.ndarray]
) -> Likeness:
    varying = {name: column for name, column in columns.items() if np.ptp(column) > 0}
    worst = Likeness(check, 0.0, SMALL_IMBALANCE, None)
    if not varying:
        return worst
    far = NormalDist().inv_cdf(1 - trials.protocol.checks.alpha / (2 * len(varying)))
    names = list(varying)
    for first in range(0, len(names), _COLUMNS_AT_ONCE):
        block = names[first : first + _COLUMNS_AT_ONCE]
        values = np.column_stack([varying[name] for name in block])
        unlike, spread = (
            contrast(trials, values, coefficients=coefficients),
            pooled_spread(values, trials.is_treated),
        )
        limits = np.maximum(SMALL_IMBALANCE, far * unlike.std_error / spread)
        differences = np.abs(unlike.difference) / spread
        for name, value, limit in zip(block, differences, limits, strict=True):
            if worst.term is None or value / limit > worst.value / worst.limit:
                worst = Likeness(check, float(value), float(limit), name)
    return worst


def _products(trials: Trials) -> dict[str, np.ndarray]:
    plain = plain_columns(trials.protocol, trials.terms)
    centred = {
        trials.terms[column]: trials.design[:, column] - trials.design[:, column].mean()
        for column in plain
    }
    continuous = {
        trials.terms[column] for column in plain if len(np.unique(trials.design[:, column])) > 2
    }
    return {
        f"{first}{TIMES}{second}": centred[first] * centred[second]
        for first, second in combinations_with_replacement(centred, 2)
        if continuous & {first, second}
    }


def _calendar(trials: Trials) -> dict[str, np.ndarray]:
    month = trials.rows["trial_month"].to_numpy()
    year = (month - month.min()) // _PERIOD_MONTHS
    shares = {
        f"{CALENDAR}_year_{number + 1}": (year == number).astype(float)
        for number in np.unique(year)
    }
    return {CALENDAR: month.astype(float), **(shares if len(shares) > 1 else {})}


def _participation(
    trials: Trials, episodes: pl.DataFrame, first_month: date
) -> dict[str, np.ndarray]:
    months, people = trials.rows["trial_month"].to_numpy(), trials.rows["person_id"].unique().sort()
    in_this, in_any = (
        EarlierParticipation(episodes, people, of=of, origin=month_number(first_month))
        for of in (trials.protocol.intervention_id, ANY)
    )
    n_this, n_any, since = (
        in_this.count(trials.rows, months),
        in_any.count(trials.rows, months),
        in_any.months_since(trials.rows, months),
    )
    indicators = {
        "this": n_this > 0,
        "other": n_any > n_this,
        "any": n_any > 0,
        "recent": (since >= 0) & (since < _RECENT_MONTHS),
    }
    return {f"{PARTICIPATION}_{name}": had.astype(float) for name, had in indicators.items()}
