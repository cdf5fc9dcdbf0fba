"""Which strategy weights a comparison: start now, never (later starts censored), or a grace
period.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.grace import GracePeriod
from evalkit.effects.weighting.later_starts import LaterStarts
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.estimands import Comparison
from evalkit.line.protocol import Protocol


def strategy_of(protocol: Protocol, comparison: Comparison) -> type[StartNow]:
    """The strategy that a protocol's comparison asks for."""
    if protocol.grace_months:
        return GracePeriod
    return LaterStarts if comparison == "never" else StartNow


def weightings_of(
    trials: Trials, propensity: pl.DataFrame, comparisons: Sequence[Comparison] | None = None
) -> list[StartNow]:
    """The weights of every comparison whose models were fitted (see `weighting_of`).

    Parameters
    ----------
    comparisons : sequence of str, optional
        Only these of the protocol's comparisons.
    """
    asked = trials.protocol.comparisons if comparisons is None else comparisons
    is_waiting_fitted = trials.waiting is not None and (propensity["model"] == "censoring").any()
    return [
        weighting_of(trials, propensity, comparison)
        for comparison in asked
        if is_waiting_fitted or not strategy_of(trials.protocol, comparison).needs_waiting
    ]


def weighting_of(trials: Trials, propensity: pl.DataFrame, comparison: Comparison) -> StartNow:
    """The weights of a comparison.

    Parameters
    ----------
    trials : Trials
        The person-trials of one district, or of all.
    propensity : DataFrame
        The city's coefficients (table `propensity`): of starting, and where never is compared with
        or a grace period runs, of starting later (model censoring).
    comparison : {"wait", "never", "other"}

    Raises
    ------
    EstimationError
        If the coefficients belong to another protocol, or those of starting later are missing.
    """
    return strategy_of(trials.protocol, comparison).of(trials, propensity, comparison)
