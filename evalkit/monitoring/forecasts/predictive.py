"""How many will be counted in the months ahead, and how far that may be off: both from what the
same rule would have told in the register's own past.

The level of a series is a mean of its months, the last ones weighing most; how fast weights fall,
and whether months of the calendar differ, is what told the past best. What the rule was off by
there is person noise, which grows as the count, and change from year to year, which grows as its
square:
variance = phi * m + tau^2 * m^2, fitted over all series of a quantity together. The limits are
those of a gamma distribution with this variance, widened as Student's t is, since the variance is
known from few windows that do not overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import nnls

# Months in which the weight of a month falls to a half; with the first one the last month counts.
HALF_LIVES = (1.0, 3.0, 12.0, 36.0)
# So many months stand before the first trial forecast: two of each month of the calendar.
FIRST_MONTHS = 24
# The fewest windows, one after another, from which it is told how far off a forecast is.
MIN_WINDOWS = 3
_YEAR = 12
# Where every month was told exactly.
_TINY = 1e-9


@dataclass(frozen=True)
class Prediction:
    """What is expected of each series, and how sure that is.

    Attributes
    ----------
    mean, variance : (s,) float
        Of what will be counted in the window.
    freedom : float
        On how many independent trial forecasts the variance rests.
    half_life : float
        The half-life that told the past best. Months.
    is_seasonal : bool
        Whether months of the calendar are told apart.
    """

    mean: np.ndarray
    variance: np.ndarray
    freedom: float
    half_life: float
    is_seasonal: bool

    def limits(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Between what the count will be in a share of cases: the lower and the upper limits."""
        upper = (1 + level) / 2
        widening = (stats.t.ppf(upper, self.freedom) / stats.norm.ppf(upper)) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = self.variance * widening / self.mean
            shape = self.mean / scale
            ends = stats.gamma.ppf([[1 - upper], [upper]], shape, scale=scale)
        # Where nothing was counted nothing is expected, and where all was told exactly nothing is
        # in doubt.
        known = np.where(np.isfinite(ends), ends, self.mean)
        return known[0], known[1]


def predict(
    counts: np.ndarray, *, windows: Sequence[int], gap: int, of_city: int
) -> dict[int, Prediction]:
    """What will be counted in windows of months that all begin after a gap. One rule tells all of
    them, so that the longer ones agree with the shorter.

    Parameters
    ----------
    counts : (s, t) float
        By series (districts and the city) and month, the last known one last.
    windows : sequence of int
        How many months are counted together. Months.
    gap : int
        How many months lie between the last known one and the first of a window. Months.
    of_city : int
        Which of the series is all districts together.

    Returns
    -------
    dict
        By window. Those of which the register is too short to tell how far off a forecast is are
        not there.
    """
    n_windows = {window: (counts.shape[1] - FIRST_MONTHS - gap) / window for window in windows}
    known = [window for window in windows if n_windows[window] >= MIN_WINDOWS]
    if not known:
        return {}
    rules = [_Rule(half_life, seasons) for seasons in (False, True) for half_life in HALF_LIVES]
    tried = {rule: _trials(counts, rule, known, gap, of_city) for rule in rules}
    best = min(rules, key=lambda rule: sum(np.log(trial.loss) for trial in tried[rule].values()))
    ahead = best.ahead(counts, gap + max(known), of_city)
    predictions = {}
    for window, trial in tried[best].items():
        mean = ahead[:, gap : gap + window].sum(axis=1)
        phi, tau_squared = trial.variance_parts()
        predictions[window] = Prediction(
            mean=mean,
            variance=phi * mean + tau_squared * mean**2,
            freedom=n_windows[window] * trial.independent_series(phi, tau_squared, of_city),
            half_life=best.half_life,
            is_seasonal=best.is_seasonal,
        )
    return predictions


@dataclass(frozen=True)
class _Rule:
    """A way to tell the months ahead from those before them."""

    half_life: float
    is_seasonal: bool

    def ahead(self, known: np.ndarray, n_ahead: int, of_city: int) -> np.ndarray:
        """(s, n_ahead) What is told of each series and month ahead."""
        n_known = known.shape[1]
        weights = 0.5 ** (np.arange(n_known)[::-1] / self.half_life)
        factors = _seasons(known[of_city]) if self.is_seasonal else np.ones(_YEAR)
        level = known @ weights / (factors[np.arange(n_known) % _YEAR] @ weights)
        return np.outer(level, factors[np.arange(n_known, n_known + n_ahead) % _YEAR])


@dataclass(frozen=True)
class _Trial:
    """What a rule would have told of past windows (s, o), and what it was off by."""

    told: np.ndarray
    off: np.ndarray

    @property
    def typical(self) -> np.ndarray:
        """(s,) What the rule told of a series on average, at least 1."""
        return np.maximum(self.told.mean(axis=1), 1.0)

    @property
    def loss(self) -> float:
        """The squared errors, each in units of what was told; never zero."""
        return float((self.off**2 / self.typical[:, None]).mean()) + _TINY

    def variance_parts(self) -> tuple[float, float]:
        """phi and tau squared, neither below zero."""
        relative = (self.off**2).mean(axis=1) / self.typical
        parts, _ = nnls(np.column_stack([np.ones_like(relative), self.typical]), relative)
        return float(parts[0]), float(parts[1])

    def independent_series(self, phi: float, tau_squared: float, of_city: int) -> float:
        """As how many independent series the districts count: 1 where all are off together."""
        variance = phi * self.typical + tau_squared * self.typical**2
        scaled = self.off / np.sqrt(variance + _TINY)[:, None]
        districts = np.delete(scaled, of_city, axis=0)
        n_districts = districts.shape[0]
        together = (districts.mean(axis=0) ** 2).mean() if n_districts > 1 else 0.0
        if together == 0:
            return 1.0
        return float(np.clip((districts**2).mean() / together, 1.0, n_districts))


def _trials(
    counts: np.ndarray, rule: _Rule, windows: Sequence[int], gap: int, of_city: int
) -> dict[int, _Trial]:
    """What a rule would have told in every month of the past, by window."""
    n_months, reach = counts.shape[1], gap + max(windows)
    origins = range(FIRST_MONTHS, n_months - gap - min(windows) + 1)
    ahead = {known: rule.ahead(counts[:, :known], reach, of_city) for known in origins}
    total = np.concatenate([np.zeros((counts.shape[0], 1)), counts.cumsum(axis=1)], axis=1)
    trials = {}
    for window in windows:
        places = [known for known in origins if known + gap + window <= n_months]
        told = [ahead[known][:, gap : gap + window].sum(axis=1) for known in places]
        observed = [total[:, known + gap + window] - total[:, known + gap] for known in places]
        both = np.stack(told, axis=1), np.stack(observed, axis=1)
        trials[window] = _Trial(both[0], both[1] - both[0])
    return trials


def _seasons(city: np.ndarray) -> np.ndarray:
    """(12,) How a month of the calendar compares with the mean one, in the whole years that are
    known; by place in the series, whose first month is place 0.
    """
    n_years = city.size // _YEAR
    start = city.size - n_years * _YEAR
    by_month = city[start:].reshape(n_years, _YEAR).mean(axis=0)
    mean = by_month.mean()
    factors = by_month / mean if mean > 0 else np.ones(_YEAR)
    return np.roll(factors, start % _YEAR)
