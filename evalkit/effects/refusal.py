"""When an effect cannot be said: the declared limits of numbers, overlap and balance, and the first one that fails."""

import numpy as np
import polars as pl

from evalkit.effects.balance import standardised_differences
from evalkit.effects.overlap import share_outside_support
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import arm_weights, effective_people
from evalkit.tables import CITY

UNBALANCED = "unbalanced"


def refusal_reason(trials: Trials, coefficients: np.ndarray, *, district: str, effective_size: float | None = None) -> str | None:
    """Why an effect cannot be said, or None: the first of the protocol's limits (`Protocol.refusal`) that fails.

    few_starters: people who start; few_comparable: the comparison's effective size in people; outside_support: too many starters without a
    counterpart in the comparison; unbalanced: some covariate's difference remains after weighting. Balance is asked of all districts together,
    whose model it is: in one district chance alone leaves differences (see `spread_to_districts`).

    Parameters
    ----------
    trials : Trials
        A district's, or all (district "all").
    coefficients : ndarray (n_terms,)
        The city's propensity.
    effective_size : float, optional
        Of the arm that the weights thin out most, where it is known; the comparison's when not given.
    """
    limits = trials.protocol.refusal
    weights = arm_weights(trials, coefficients)
    if trials.n_starters < limits.min_starters:
        return "few_starters"
    size = effective_people(trials, weights, ~trials.is_treated) if effective_size is None else effective_size
    if size < limits.min_effective_sample_size:
        return "few_comparable"
    if limits.max_share_outside_support is not None and share_outside_support(trials, coefficients) > limits.max_share_outside_support:
        return "outside_support"
    return UNBALANCED if district == CITY and is_unbalanced(trials, coefficients) else None


def is_unbalanced(trials: Trials, coefficients: np.ndarray) -> bool:
    """Whether some covariate's difference remains above the declared limit after weighting, in all the people that the weights were fitted to."""
    limit = trials.protocol.refusal.max_abs_smd
    return limit is not None and bool(np.abs(standardised_differences(trials, arm_weights(trials, coefficients))).max(initial=0) > limit)


def spread_to_districts(statuses: pl.DataFrame) -> pl.DataFrame:
    """The statuses with every district refused whose city-wide weights do not balance: they are the same weights.

    Parameters
    ----------
    statuses : DataFrame
        Table `effect_status`, source raw, of the districts and the city.
    """
    keys = ["protocol_hash", "estimand", "subgroup"]
    failed = statuses.filter((pl.col("district") == CITY) & (pl.col("reason") == UNBALANCED)).select(*keys, is_failed=pl.lit(True))
    is_hit = pl.col("is_failed").fill_null(False) & (pl.col("status") == "estimated")
    return (
        statuses.join(failed, on=keys, how="left", maintain_order="left")
        .with_columns(
            status=pl.when(is_hit).then(pl.lit("cannot_be_said")).otherwise("status"),
            reason=pl.when(is_hit).then(pl.lit(UNBALANCED)).otherwise("reason"),
        )
        .drop("is_failed")
    )
