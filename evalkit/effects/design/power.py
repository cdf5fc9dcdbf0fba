"""Power: how often effects of several sizes are found, and which one is found in 80 % of trials."""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import polars as pl

ALPHA, POWER = 0.05, 0.8
# By how much the power of a normal test rises at most while an effect rises by a standard error.
STEEPEST = 0.4
_NORMAL = NormalDist()
_STEPS = (1.5, 2.0, 2.4, 2.8, 3.2, 3.7, 4.3)
_TOLD = (0.5, 0.75, 1.0, 1.25, 1.5)


def detectable_by_formula(std_error: float) -> float:
    """The effect that a test with this standard error finds in 80 % of trials."""
    return std_error * (_NORMAL.inv_cdf(1 - ALPHA / 2) + _NORMAL.inv_cdf(POWER))


def effects_told(std_error: float, most: float) -> list[float]:
    """Effects to tell the power of where none are asked for: from half of what the formula says is
    detectable to one and a half times that, in tenths, as far as they are possible.
    """
    around = detectable_by_formula(std_error)
    tenths = [round(share * around, 1) for share in _TOLD]
    return sorted({one for one in tenths if 0 < one <= most})


def effects_tried(std_error: float, told: Sequence[float], most: float) -> np.ndarray:
    """The effects that are simulated: none, those that are told, and others between which lies what
    is detectable.
    """
    others = [step * std_error for step in _STEPS if step * std_error <= most]
    return np.unique([0.0, *told, *others])


def detectable(effects: np.ndarray, power: np.ndarray) -> float | None:
    """The effect that is found in 80 % of trials, between those that were tried; None where none of
    them is found so often.
    """
    rising = np.maximum.accumulate(power)
    if rising[-1] < POWER:
        return None
    above = int(np.argmax(rising >= POWER))
    if not above:
        return float(effects[0])
    low, high = rising[above - 1], rising[above]
    share = (POWER - low) / (high - low)
    return float(effects[above - 1] + share * (effects[above] - effects[above - 1]))


def power_table(effects: np.ndarray, found: np.ndarray, told: Sequence[float]) -> pl.DataFrame:
    """One row per effect that is told, no effect first.

    Parameters
    ----------
    effects : ndarray (n_effects,)
        Months gained.
    found : ndarray (n_replications, n_effects) bool
        Whether a replication's test finds it.

    Returns
    -------
    DataFrame
        asked_months, power (share of the replications in which the test finds an effect; where
        there is none, how often it errs), power_error (its standard error by simulation).
    """
    power, n = found.mean(axis=0), len(found)
    told_rows = np.isin(effects, [0.0, *told])
    return pl.DataFrame(
        {
            "asked_months": effects[told_rows],
            "power": power[told_rows],
            "power_error": np.sqrt(power * (1 - power) / n)[told_rows],
        }
    )
