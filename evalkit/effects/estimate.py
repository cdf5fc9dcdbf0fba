"""From trials and weights to what the intervention changes: sums that add over districts, and from them shares by arm, state and month.

For draw b, arm a, state s and month k the district hands on sum_i w_ib 1[state of i in month k is s] and sum_i w_ib. City paths are ratios
of added sums, so districts can be computed apart. Draw 0 is the point estimate; draws 1.. are replicates of persons. Below this module no
row is a person.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.effects.protocol import ESTIMAND, protocol_hash
from evalkit.effects.refusal import refusal_reason
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import arm_weights, coefficient_matrix, effective_sample_size, person_weights
from evalkit.tables import CITY, SCHEMAS

_CHUNK_DRAWS = 128


class EffectParts(NamedTuple):
    """What a district hands on: its sums (table `effect_sums`) and its status (table `effect_status`, source raw)."""

    sums: pl.DataFrame
    status: pl.DataFrame


def estimate_effect(trials: Trials, *, district: str, propensity: pl.DataFrame, n_draws: int, seed: int) -> EffectParts:
    """Weighted state sums by arm and month for every draw, and whether an effect can be said.

    Parameters
    ----------
    trials : Trials
        The person-trials of one district (or of all, district "all").
    propensity : DataFrame
        The city's coefficients (table `propensity`).
    n_draws, seed : int
        As the coefficients were fitted: draw b weights persons alike everywhere.

    Returns
    -------
    EffectParts
        Sums per draw, arm, state and month 0..follow_up_months; month 0 is the month before time zero, when everyone is on support.
    """
    draws, coefficients = coefficient_matrix(propensity, trials)
    resampled = np.column_stack([np.ones(len(trials.rows)), person_weights(trials, n_draws=n_draws, seed=seed)])[:, draws]
    chunks = [slice(at, at + _CHUNK_DRAWS) for at in range(0, len(draws), _CHUNK_DRAWS)]
    totals = [_arm_sums(trials, resampled[:, chunk] * arm_weights(trials, coefficients[:, chunk])) for chunk in chunks]
    status = effect_status(trials, district=district, propensity=propensity, n_draws=n_draws, seed=seed)
    return EffectParts(_sums_table(np.concatenate(totals, axis=-1), draws, trials, district), status)


def effect_status(trials: Trials, *, district: str, propensity: pl.DataFrame, n_draws: int, seed: int) -> pl.DataFrame:
    """One row of the table `effect_status` (source raw): can an effect be said, and how much is it built on?

    Effective sample size and largest weight (as a share of all weight) are those of the comparison arm; `n_eligible` counts persons. The
    reasons are those of `refusal_reason`.
    """
    draws, coefficients = coefficient_matrix(propensity, trials)
    comparison = arm_weights(trials, coefficients[:, 0])[~trials.is_treated]
    resampled = person_weights(trials, n_draws=n_draws, seed=seed)[trials.is_treated]
    n_drawn = int((resampled[:, draws[1:] - 1].sum(axis=0) > 0).sum())
    n_starters, size = int(trials.is_treated.sum()), effective_sample_size(comparison)
    reason = refusal_reason(trials, coefficients[:, 0], district=district)
    row = {
        **_keys(trials, district),
        "source": "raw",
        "status": "cannot_be_said" if reason else "estimated",
        "reason": reason,
        "n_starters": n_starters,
        "n_eligible": trials.rows["person_id"].n_unique(),
        "effective_sample_size": size,
        "max_weight": float(comparison.max(initial=0) / comparison.sum()) if comparison.sum() > 0 else 0.0,
        "n_draws_without_starters": n_draws - n_drawn,
    }
    return _status_table(row)


def no_effect(trials: Trials, *, district: str, n_draws: int) -> EffectParts:
    """No sums, and a status that says why: nobody is eligible, or no one starts the intervention, or everyone does."""
    n_starters = int(trials.is_treated.sum())
    row = {
        **_keys(trials, district),
        "source": "raw",
        "status": "cannot_be_said",
        "reason": "no_one_eligible" if trials.rows.is_empty() else "no_starters" if n_starters == 0 else "no_comparison",
        "n_starters": n_starters,
        "n_eligible": trials.rows["person_id"].n_unique(),
        "effective_sample_size": 0.0,
        "max_weight": 0.0,
        "n_draws_without_starters": n_draws,
    }
    return EffectParts(pl.DataFrame(schema=SCHEMAS["effect_sums"].columns), _status_table(row))


def effect_draws(sums: pl.DataFrame, *, source: str = "raw") -> pl.DataFrame:
    """Shares by arm, state and month from sums (table `effect_draws`); draws in which an arm is empty are left out."""
    per_arm = sums.filter(pl.col("weight_total").min().over(_draw_keys(sums)) > 0)
    return per_arm.with_columns(probability=pl.col("weighted_sum") / pl.col("weight_total"), source=pl.lit(source)).drop(
        "weighted_sum", "weight_total"
    )


def add_districts(sums: pl.DataFrame, *, name: str = CITY) -> pl.DataFrame:
    """The sums of several districts as one: the city's path is the ratio of the added sums.

    A state that occurs in some districts only counts as nobody in the others, whose weights stand in the total all the same.
    """
    per_arm = [column for column in sums.columns if column not in ("district", "state", "month", "weighted_sum", "weight_total")]
    # Districts are added in the order of their names: the same sums give the same bits.
    ordered = sums.sort("district", *per_arm, "state", "month")
    own_totals = ordered.unique([*per_arm, "district"], keep="first", maintain_order=True)
    totals = own_totals.group_by(per_arm, maintain_order=True).agg(pl.col("weight_total").sum())
    added = ordered.group_by(*per_arm, "state", "month", maintain_order=True).agg(pl.col("weighted_sum").sum()).join(totals, on=per_arm)
    return added.with_columns(district=pl.lit(name)).select(sums.columns).sort("draw", "arm", "state", "month")


def _draw_keys(sums: pl.DataFrame) -> list[str]:
    return [column for column in sums.columns if column not in ("arm", "state", "month", "weighted_sum", "weight_total")]


def _arm_sums(trials: Trials, weights: np.ndarray) -> np.ndarray:
    """(2 arms, n_states, months 0..h, n_draws) sums of weights; arm 0 is the comparison."""
    n_states, n_months = len(trials.states), trials.outcomes.shape[1]
    before = trials.states.index(trials.protocol.eligibility.state_before)
    sums = np.zeros((2, n_states, n_months + 1, weights.shape[1]))
    for arm, mask in enumerate((~trials.is_treated, trials.is_treated)):
        sums[arm, before, 0] = weights[mask].sum(axis=0)
        for month in range(n_months):
            states = trials.outcomes[mask, month]
            one_hot = states[None, :] == np.arange(n_states)[:, None]
            sums[arm, :, month + 1] = one_hot.astype(float) @ weights[mask]
    return sums


def _sums_table(sums: np.ndarray, draws: np.ndarray, trials: Trials, district: str) -> pl.DataFrame:
    arm, state, month, draw = (axis.ravel() for axis in np.indices(sums.shape))
    totals = np.broadcast_to(sums[:, :, :1, :].sum(axis=1, keepdims=True), sums.shape)
    return pl.DataFrame(
        {
            **{key: pl.repeat(value, sums.size, eager=True) for key, value in _keys(trials, district).items()},
            "draw": draws[draw].astype(np.int32),
            "arm": pl.Series(["comparison", "treated"]).gather(arm),
            "state": pl.Series(trials.states).gather(state),
            "month": month.astype(np.int32),
            "weighted_sum": sums.ravel(),
            "weight_total": totals.ravel(),
        },
        schema=SCHEMAS["effect_sums"].columns,
    )


def _keys(trials: Trials, district: str) -> dict[str, str]:
    return {
        "district": district,
        "intervention_id": trials.protocol.intervention_id,
        "protocol_hash": protocol_hash(trials.protocol),
        "estimand": ESTIMAND,
        "subgroup": "all",
    }


def _status_table(row: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=SCHEMAS["effect_status"].columns)
