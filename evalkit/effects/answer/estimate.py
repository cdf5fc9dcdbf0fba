"""From trials and weights to what the intervention changes: sums that add over districts, and from
them shares by arm, state and month.

For draw b, arm a, state s and month k the district hands on sum_i w_ibk 1[state of i in month k is
s] and sum_i w_ibk. City paths are ratios of added sums, so districts can be computed apart. Draw 0
is the point estimate; draws 1.. are replicates of persons. Weights differ by month only where those
who start later are censored (never), or while a grace period runs. Below this module no row is a
person.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.draws import from_cube, parted, to_cubes
from evalkit.effects.answer.arm_sums import arm_sums, stretches
from evalkit.effects.answer.participation import ProgrammeCells, programme_sums_table
from evalkit.effects.trials.events import EVENTS, event_months
from evalkit.effects.trials.target_trial import Trials, eligible_per_year
from evalkit.effects.trust.refusal import refusal_reason
from evalkit.effects.weighting.grace import GracePeriod
from evalkit.effects.weighting.later_starts import LaterStarts
from evalkit.effects.weighting.weights import (
    arm_weights,
    by_cluster,
    coefficient_matrix,
    drawn_people,
    effective_sample_size,
    weakest_arm,
)
from evalkit.line.protocol import protocol_hash
from evalkit.line.schemas import SCHEMAS
from evalkit.tables import CITY
from evalkit.vocabulary import ESTIMANDS, Comparison

_SUM_COLUMNS = ("state", "event", "month", "weighted_sum", "weight_total")


class EffectParts(NamedTuple):
    """What a district hands on: sums (table `effect_sums`), status (`effect_status`, source raw),
    events (`effect_event_sums`) and time in interventions (`effect_programme_sums`, of the primary
    comparison)."""

    sums: pl.DataFrame
    status: pl.DataFrame
    events: pl.DataFrame
    programmes: pl.DataFrame


class _Draws(NamedTuple):
    """Numbers of the draws, and the coefficients (n_terms, n_draws) of both models; censoring is
    null where it was not fitted.
    """

    numbers: np.ndarray
    propensity: np.ndarray
    censoring: np.ndarray | None


def estimate_effect(
    trials: Trials,
    *,
    district: str,
    propensity: pl.DataFrame,
    n_draws: int,
    seed: int,
    comparisons: Sequence[Comparison] | None = None,
    with_programmes: bool = False,
) -> EffectParts:
    """Weighted state sums by arm and month for every draw and comparison, and whether an effect can
    be said.

    Parameters
    ----------
    trials : Trials
        The person-trials of one district (or of all, district "all").
    propensity : DataFrame
        The city's coefficients (table `propensity`): of starting, and where never is compared with
        or a grace period runs, of starting later (model censoring). Without the latter never is
        left out.
    n_draws, seed : int
        As the coefficients were fitted: draw b weights persons alike everywhere.
    comparisons : sequence of str, optional
        Only these of the protocol's comparisons.
    with_programmes : bool
        Whether time in interventions is summed, which money is put on: for the first of the
        comparisons asked.

    Returns
    -------
    EffectParts
        Sums per draw, arm, state and month 0..follow_up_months; month 0 is the month before time
        zero, when everyone is on support.
    """
    person, drawn = drawn_people(trials.rows, trials.replicates, n_draws=n_draws, seed=seed)
    programmes = ProgrammeCells(trials) if with_programmes else None
    occurred, n_plain = event_months(trials), len(trials.states) + len(EVENTS)
    sums, events, statuses, taking_part = [], [], [], []
    for comparison in _comparisons(trials, propensity, comparisons):
        draws, later = _draws_of(trials, propensity, comparison), _later(trials, comparison)
        is_valued = (
            programmes is not None and comparison == (comparisons or trials.protocol.comparisons)[0]
        )
        reached = np.concatenate([occurred, programmes.indicators]) if is_valued else occurred
        counted, months = _all_sums(trials, reached, draws, later, person=person, drawn=drawn)
        # In the month before time zero everyone is on support.
        counted[:, trials.states.index(trials.protocol.eligibility.state_before), 0] = months[:, 0]
        keys = _keys(trials, district, comparison)
        sums.append(
            _sums_table(
                counted[:, : len(trials.states)],
                months,
                draws.numbers,
                trials.states,
                keys,
                "state",
            )
        )
        events.append(
            _sums_table(
                counted[:, len(trials.states) : n_plain],
                months,
                draws.numbers,
                EVENTS,
                keys,
                "event",
            )
        )
        if is_valued:
            taking_part.append(
                programme_sums_table(
                    counted[:, n_plain:, 1:], draws.numbers, programmes.names, keys
                )
            )
        statuses.append(
            _status(
                trials,
                draws,
                keys,
                later,
                n_draws=n_draws,
                drawn=drawn[np.unique(person[trials.is_treated])],
            )
        )
    no_programmes = pl.DataFrame(schema=SCHEMAS["effect_programme_sums"].columns)
    return EffectParts(
        pl.concat(sums),
        pl.concat(statuses),
        pl.concat(events),
        pl.concat([no_programmes, *taking_part]),
    )


def primary_months(
    trials: Trials, *, propensity: pl.DataFrame, comparison: Comparison, n_draws: int, seed: int
) -> pl.DataFrame:
    """What the intervention adds to the months in the primary outcome, draw by draw: what
    `effect_draws` of `estimate_effect` sum up to.

    Parameters
    ----------
    trials, propensity, n_draws, seed
        As in `estimate_effect`.
    comparison : {"wait", "never", "other"}

    Returns
    -------
    DataFrame
        draw, difference (months up to the horizon, treated minus comparison); draws in which an arm
        is empty in some month are left out.

    Raises
    ------
    EstimationError
        If the coefficients belong to another protocol, or those of starting later are asked for and
        missing.
    """
    person, drawn = drawn_people(trials.rows, trials.replicates, n_draws=n_draws, seed=seed)
    is_primary = trials.outcomes == trials.states.index(trials.protocol.primary_outcome)
    own = replace(
        trials,
        outcomes=is_primary.astype(np.int8),
        states=("any_other", trials.protocol.primary_outcome),
    )
    draws = _draws_of(own, propensity, comparison)
    no_events = np.zeros((0, *is_primary.shape), bool)
    sums, totals = _all_sums(
        own, no_events, draws, _later(own, comparison), person=person, drawn=drawn
    )
    is_said = (totals > 0).all(axis=(0, 1))
    comparison_months, treated_months = (
        sums[:, 1, 1:][..., is_said] / totals[:, 1:][..., is_said]
    ).sum(axis=1)
    return pl.DataFrame(
        {
            "draw": pl.Series(draws.numbers[is_said], dtype=pl.Int32),
            "difference": treated_months - comparison_months,
        }
    )


def effect_status(
    trials: Trials,
    *,
    district: str,
    propensity: pl.DataFrame,
    n_draws: int,
    seed: int,
    comparisons: Sequence[Comparison] | None = None,
) -> pl.DataFrame:
    """Rows of the table `effect_status` (source raw), one a comparison: can an effect be said, and
    how much is it built on?

    All numbers count people, however many trials they stand in; `n_eligible_per_year` those of a
    year. Effective sample size and largest weight (one household's share of all weight) are those
    of the arm with the smaller effective sample (for ATT the comparison); for never, of those still
    followed in the last month. The reasons are those of `refusal_reason`.
    """
    person, drawn = drawn_people(trials.rows, trials.replicates, n_draws=n_draws, seed=seed)
    rows = []
    for comparison in _comparisons(trials, propensity, comparisons):
        draws, later = _draws_of(trials, propensity, comparison), _later(trials, comparison)
        rows.append(
            _status(
                trials,
                draws,
                _keys(trials, district, comparison),
                later,
                n_draws=n_draws,
                drawn=drawn[np.unique(person[trials.is_treated])],
            )
        )
    return pl.concat(rows)


def no_effect(trials: Trials, *, district: str, n_draws: int) -> EffectParts:
    """No sums, and statuses that say why: nobody is eligible, or no one starts the intervention, or
    everyone does.
    """
    n_starters = trials.n_starters
    said = {
        "source": "raw",
        "status": "cannot_be_said",
        "reason": "no_one_eligible"
        if trials.rows.is_empty()
        else "no_starters"
        if n_starters == 0
        else "no_comparison",
        "n_starters": n_starters,
        "n_eligible": trials.rows["person_id"].n_unique(),
        "n_eligible_per_year": trials.rows.select(eligible_per_year(trials.protocol)).item(),
        "effective_sample_size": 0.0,
        "max_weight": 0.0,
        "n_draws_without_starters": n_draws,
    }
    rows = [
        {**_keys(trials, district, comparison), **said}
        for comparison in trials.protocol.comparisons
    ]
    empty = (
        pl.DataFrame(schema=SCHEMAS[name].columns)
        for name in ("effect_sums", "effect_event_sums", "effect_programme_sums")
    )
    sums, events, programmes = empty
    return EffectParts(
        sums, pl.DataFrame(rows, schema=SCHEMAS["effect_status"].columns), events, programmes
    )


def effect_draws(sums: pl.DataFrame, *, source: str = "raw") -> pl.DataFrame:
    """Shares by arm, state (or event) and month from sums (table `effect_draws`); draws in which an
    arm is empty are left out.
    """
    keys = _draw_keys(sums)
    empty = sums.filter(pl.col("weight_total") <= 0).select(keys).unique()
    kept = (
        sums if empty.is_empty() else sums.join(empty, on=keys, how="anti", maintain_order="left")
    )
    shares = kept.with_columns(
        probability=pl.col("weighted_sum") / pl.col("weight_total"),
        source=pl.lit(source, dtype=pl.Categorical),
    )
    return shares.drop("weighted_sum", "weight_total")


def add_districts(sums: pl.DataFrame, *, name: str = CITY) -> pl.DataFrame:
    """The sums of several districts as one: the city's path is the ratio of the added sums.

    A state that occurs in some districts only counts as nobody in the others, whose weights stand
    in the total all the same.
    """
    if sums.is_empty():
        return sums
    what = "event" if "event" in sums.columns else "state"
    constants = ["intervention_id", "protocol_hash", "estimand", "subgroup"]
    parts = []
    for keys, own in parted(sums, constants).items():
        counted, weight = to_cubes(
            own, ["district", "draw", "arm", what, "month"], ("weighted_sum", "weight_total")
        ).values()
        # Districts are added in the order of their names: the same sums give the same bits.
        columns = {
            "weighted_sum": counted.values.sum(axis=0),
            "weight_total": weight.values.max(axis=3, keepdims=True).sum(axis=0),
        }
        axes = {axis: labels for axis, labels in counted.axes.items() if axis != "district"}
        parts.append(
            from_cube(axes, columns, {"district": name, **dict(zip(constants, keys, strict=True))})
        )
    return pl.concat(parts).select(sums.columns).cast(sums.schema)


def _draw_keys(sums: pl.DataFrame) -> list[str]:
    return [column for column in sums.columns if column not in ("arm", *_SUM_COLUMNS)]


def _comparisons(
    trials: Trials, propensity: pl.DataFrame, chosen: Sequence[Comparison] | None = None
) -> list[Comparison]:
    """The protocol's comparisons whose models were fitted."""
    is_censoring_fitted = trials.waiting is not None and (propensity["model"] == "censoring").any()
    asked = trials.protocol.comparisons if chosen is None else chosen
    return [
        one
        for one in asked
        if is_censoring_fitted or not (one == "never" or trials.protocol.grace_months)
    ]


def _later(trials: Trials, comparison: Comparison) -> LaterStarts | GracePeriod | None:
    """What changes the weights from month to month, if anything does."""
    if trials.protocol.grace_months:
        return GracePeriod(trials, comparison)
    return LaterStarts(trials) if comparison == "never" else None


def _masks(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the comparison and of those who start; with a grace period everybody stands in
    both.
    """
    if trials.protocol.grace_months:
        return (np.ones(len(trials.rows), bool),) * 2
    return ~trials.is_treated, trials.is_treated


def _base_weights(
    trials: Trials, coefficients: np.ndarray, rows: slice | np.ndarray = slice(None)
) -> np.ndarray:
    """The part of the weights that stays the same from month to month: (n_rows, n_draws)."""
    if trials.protocol.grace_months:
        return trials.rows["weight"].to_numpy()[rows, None]
    return arm_weights(trials, coefficients, rows)


def _draws_of(trials: Trials, propensity: pl.DataFrame, comparison: Comparison) -> _Draws:
    numbers, coefficients = coefficient_matrix(propensity, trials)
    if comparison != "never" and not trials.protocol.grace_months:
        return _Draws(numbers, coefficients, None)
    others, censoring = coefficient_matrix(propensity, trials, model="censoring")
    both = np.intersect1d(numbers, others)
    return _Draws(
        both, coefficients[:, np.isin(numbers, both)], censoring[:, np.isin(others, both)]
    )


def _resampled(draws: _Draws, drawn: np.ndarray) -> np.ndarray:
    """Replicate weights of every person in the draws; draw 0 takes everybody once."""
    everybody = np.column_stack(
        [np.ones(len(drawn)), drawn[:, draws.numbers[draws.numbers > 0] - 1]]
    )
    return everybody[:, 0 if draws.numbers[0] == 0 else 1 :]


def _all_sums(
    trials: Trials,
    reached: np.ndarray,
    draws: _Draws,
    later: LaterStarts | GracePeriod | None,
    *,
    person: np.ndarray,
    drawn: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of weights (2 arms, n_states + n_reached, months 0..h, n_draws), and of all weight (2,
    months, n_draws); arm 0 is the comparison.

    The sums of month 0, the month before time zero, are left at zero.
    """
    n_states, n_months = len(trials.states), trials.outcomes.shape[1]
    sums = np.zeros((2, n_states + len(reached), n_months + 1, len(draws.numbers)))
    totals = np.zeros((2, n_months + 1, len(draws.numbers)))
    resampled = _resampled(draws, drawn)
    for arm, mask in enumerate(_masks(trials)):
        own = np.flatnonzero(mask)
        is_new = np.broadcast_to(np.arange(n_months) == 0, (len(own), n_months)) | (
            later.changes(arm) if later else False
        )
        found = stretches(trials.outcomes[own], reached[:, own], is_new, n_states=n_states)

        def weigh(block, rows, months, arm=arm, own=own):
            members = own[block]
            base = resampled[person[members]]
            base *= _base_weights(trials, draws.propensity, members)
            totals[arm, 0] += base.sum(axis=0)
            if not later:
                return base
            chances = later.chances(draws.propensity, draws.censoring, block)
            weights = base[rows - block.start]
            weights *= later.weights(chances, arm, months, rows)
            return weights

        sums[arm, :, 1:] = arm_sums(
            found, weigh, n_rows=len(own), n_months=n_months, n_draws=len(draws.numbers)
        )
    totals[:, 1:] = sums[:, :n_states, 1:].sum(axis=1)
    return sums, totals


def _sums_table(
    sums: np.ndarray,
    totals: np.ndarray,
    draws: np.ndarray,
    names: Sequence[str],
    keys: dict[str, str],
    what: str,
) -> pl.DataFrame:
    """The table of sums (2 arms, n_names, n_months, n_draws) in the order of its keys."""
    order = np.argsort(names)
    axes = {
        "draw": pl.Series(draws, dtype=pl.Int32),
        "arm": pl.Series(["comparison", "treated"]),
        what: pl.Series(names, dtype=pl.String).gather(order.astype(np.uint32)),
        "month": pl.Series(np.arange(sums.shape[2]), dtype=pl.Int32),
    }
    columns = {
        "weighted_sum": sums[:, order].transpose(3, 0, 1, 2),
        "weight_total": totals.transpose(2, 0, 1)[:, :, None],
    }
    schema = SCHEMAS[f"effect_{'event_' if what == 'event' else ''}sums"].columns
    return from_cube(axes, columns, keys).select(list(schema))


def _status(
    trials: Trials,
    draws: _Draws,
    keys: dict[str, str],
    later: LaterStarts | GracePeriod | None,
    *,
    n_draws: int,
    drawn: np.ndarray,
) -> pl.DataFrame:
    weights = _base_weights(trials, draws.propensity[:, :1])[:, 0]
    arms = [weights[mask] for mask in _masks(trials)]
    if later:
        chances, last = (
            later.chances(draws.propensity[:, :1], draws.censoring[:, :1]),
            trials.outcomes.shape[1] - 1,
        )
        arms = [own * later.weights(chances, arm, last)[:, 0] for arm, own in enumerate(arms)]
    people = [
        by_cluster(trials.rows.filter(pl.Series(mask)), own)
        for mask, own in zip(_masks(trials), arms, strict=True)
    ]
    # What was asked for those who start (ATT) weights the comparison alone; otherwise both arms
    # stand for others.
    is_one_weighted = trials.protocol.estimand == "ATT" and not trials.protocol.grace_months
    weakest = weakest_arm(*people, is_one_weighted=is_one_weighted)
    n_drawn = int((drawn[:, draws.numbers[draws.numbers > 0] - 1].sum(axis=0) > 0).sum())
    size = effective_sample_size(weakest)
    reason = refusal_reason(
        trials, draws.propensity[:, 0], district=keys["district"], effective_size=size
    )
    row = {
        **keys,
        "source": "raw",
        "status": "cannot_be_said" if reason else "estimated",
        "reason": reason,
        "n_starters": trials.n_starters,
        "n_eligible": trials.rows["person_id"].n_unique(),
        "n_eligible_per_year": trials.rows.select(eligible_per_year(trials.protocol)).item(),
        "effective_sample_size": size,
        "max_weight": float(weakest.max(initial=0) / weakest.sum()) if weakest.sum() > 0 else 0.0,
        "n_draws_without_starters": n_draws - n_drawn,
    }
    return pl.DataFrame([row], schema=SCHEMAS["effect_status"].columns)


def _keys(trials: Trials, district: str, comparison: Comparison) -> dict[str, str]:
    return {
        "district": district,
        "intervention_id": trials.protocol.intervention_id,
        "protocol_hash": protocol_hash(trials.protocol),
        "estimand": ESTIMANDS[comparison],
        "subgroup": "all",
    }
