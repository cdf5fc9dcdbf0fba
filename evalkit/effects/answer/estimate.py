"""The effect of an intervention from its trials and weights, and whether it can be said.

Each comparison is weighted by its strategy (`evalkit.effects.weighting.strategies`); sums and
status rest on the same weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from evalkit.effects.answer.effect_sums import sums_table, weighted_sums
from evalkit.effects.answer.participation import ProgrammeCells, programme_sums_table
from evalkit.effects.trials.events import EVENTS, event_months
from evalkit.effects.trials.replicates import ClusterWeights
from evalkit.effects.trials.target_trial import Trials, eligible_per_year
from evalkit.effects.trust.refusal import refusal_reason
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.line.estimands import ESTIMANDS, Comparison
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import table
from evalkit.results import Tables


@dataclass(frozen=True, repr=False, eq=False)
class EffectParts(Tables):
    """A district's tables, from which the city's effect is added up.

    sums : table `effect_sums`. status : table `effect_status`, source raw. events : table
    `effect_event_sums`. programmes : table `effect_programme_sums`, time in interventions, of the
    primary comparison.
    """

    sums: pl.DataFrame
    status: pl.DataFrame
    events: pl.DataFrame
    programmes: pl.DataFrame

    @property
    def table(self) -> pl.DataFrame:
        """What can be said: the statuses."""
        return self.status


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
    """Weighted sums by arm, state and month for every draw and comparison, and whether an effect
    can be said.

    Parameters
    ----------
    trials : Trials
        The person-trials of one district, or of all (district "all").
    propensity : DataFrame
        The city's coefficients (table `propensity`): of starting, and where never is compared with
        or a grace period runs, of starting later (model censoring). Without the latter such
        comparisons are left out.
    n_draws, seed : int
        As the coefficients were fitted: draw b weights persons alike everywhere.
    comparisons : sequence of str, optional
        Only these of the protocol's comparisons.
    with_programmes : bool
        Whether time in interventions is summed too, which is what places cost; only for the first
        of the comparisons, on which money is put.

    Returns
    -------
    EffectParts
        Sums per draw, arm, state and month 0..follow_up_months; month 0 is the month before time
        zero, when everyone is on support.
    """
    return weighted_effect(
        weightings_of(trials, propensity, comparisons),
        district=district,
        n_draws=n_draws,
        seed=seed,
        valued=(comparisons or trials.protocol.comparisons)[0] if with_programmes else None,
    )


def weighted_effect(
    weightings: Sequence[StartNow],
    *,
    district: str,
    n_draws: int,
    seed: int,
    valued: Comparison | None = None,
) -> EffectParts:
    """As `estimate_effect`, from the weights of some comparisons of the same trials.

    `valued` is the comparison for which time in interventions is summed.
    """
    trials = weightings[0].trials
    clusters = trials.cluster_weights(n_draws=n_draws, seed=seed)
    programmes = ProgrammeCells(trials) if valued else None
    occurred = event_months(trials)
    tables = [
        _parts(
            weighting,
            clusters,
            programmes if weighting.comparison == valued else None,
            occurred=occurred,
            district=district,
        )
        for weighting in weightings
    ]
    return EffectParts(*[pl.concat(of_comparisons) for of_comparisons in zip(*tables, strict=True)])


def primary_months(weighting: StartNow, clusters: ClusterWeights) -> pl.DataFrame:
    """Months in the primary outcome gained by starting, by draw: the months of `effect_draws` added
    up.

    Parameters
    ----------
    weighting : StartNow
        The strategy of a comparison (`weighting_of`).
    clusters : ClusterWeights
        Those of its trials.

    Returns
    -------
    DataFrame
        draw, difference (months up to the horizon, treated minus comparison); draws in which an arm
        is empty in some month are left out.
    """
    trials = weighting.trials
    is_primary = trials.is_in_primary
    no_events = np.zeros((0, *is_primary.shape), bool)
    sums, totals = weighted_sums(
        weighting, is_primary.astype(np.int8), no_events, clusters, n_states=2
    )
    is_filled = (totals > 0).all(axis=(0, 1))
    comparison_months, treated_months = (
        sums[:, 1, 1:][..., is_filled] / totals[:, 1:][..., is_filled]
    ).sum(axis=1)
    return pl.DataFrame(
        {
            "draw": pl.Series(weighting.coefficients.draws[is_filled], dtype=pl.Int32),
            "difference": treated_months - comparison_months,
        }
    )


def effect_status(weightings: Sequence[StartNow], *, district: str) -> pl.DataFrame:
    """Rows of the table `effect_status` (source raw), one per comparison (see `status_of`)."""
    return pl.concat([status_of(weighting, district=district) for weighting in weightings])


def status_of(weighting: StartNow, *, district: str) -> pl.DataFrame:
    """A row of the table `effect_status`: whether an effect can be said, and how many people it
    rests on.

    All numbers count people, each once, in however many trials; `n_eligible_per_year` those of one
    year. Effective sample size and largest weight (one household's share of all weight) are those
    of the weakest arm (`StartNow.weakest_arm`). The reasons are those of `refusal_reason`. What one
    person does (one_person) is known once all draws are (`with_one_person`).
    """
    trials = weighting.trials
    reason = refusal_reason(weighting, district=district)
    row = {
        **_keys(trials, district, weighting.comparison),
        **_counts(trials),
        "source": "raw",
        "status": "cannot_be_said" if reason else "estimated",
        "reason": reason,
        "effective_sample_size": weighting.effective_size,
        "max_weight": weighting.max_weight,
    }
    return pl.DataFrame([row], schema=table("effect_status").schema)


def no_effect(trials: Trials, *, district: str) -> EffectParts:
    """Empty tables, and the status with its reason: nobody is eligible, nobody starts the
    intervention, or everybody does.
    """
    reason = "no_comparison" if trials.n_starters else "no_starters"
    status = {
        **_counts(trials),
        "source": "raw",
        "status": "cannot_be_said",
        "reason": "no_one_eligible" if trials.rows.is_empty() else reason,
        "effective_sample_size": 0.0,
        "max_weight": 0.0,
    }
    rows = [
        {**_keys(trials, district, comparison), **status}
        for comparison in trials.protocol.comparisons
    ]
    sums, statuses, events, programmes = (
        pl.DataFrame(content, schema=table(name).schema)
        for name, content in (
            ("effect_sums", None),
            ("effect_status", rows),
            ("effect_event_sums", None),
            ("effect_programme_sums", None),
        )
    )
    return EffectParts(sums, statuses, events, programmes)


def _parts(
    weighting: StartNow,
    clusters: ClusterWeights,
    programmes: ProgrammeCells | None,
    *,
    occurred: np.ndarray,
    district: str,
) -> EffectParts:
    """One comparison's tables; occurred: bool (n_events, n_rows, n_months)."""
    trials = weighting.trials
    draws, n_states = weighting.coefficients.draws, len(trials.states)
    reached = np.concatenate([occurred, programmes.indicators]) if programmes else occurred
    sums, totals = weighted_sums(weighting, trials.outcomes, reached, clusters, n_states=n_states)
    # In the month before time zero everyone is on support.
    sums[:, trials.states.index(trials.protocol.eligibility.state_before), 0] = totals[:, 0]
    keys = _keys(trials, district, weighting.comparison)
    states, events, taking_part = np.split(sums, [n_states, n_states + len(EVENTS)], axis=1)
    return EffectParts(
        sums_table(states, totals, draws, names=trials.states, keys=keys, column="state"),
        status_of(weighting, district=district),
        sums_table(events, totals, draws, names=EVENTS, keys=keys, column="event"),
        programme_sums_table(taking_part[:, :, 1:], draws, programmes.names, keys)
        if programmes
        else table("effect_programme_sums").empty(),
    )


def _keys(trials: Trials, district: str, comparison: Comparison) -> dict[str, str]:
    return {
        "district": district,
        "intervention_id": trials.protocol.intervention_id,
        "protocol_hash": protocol_hash(trials.protocol),
        "estimand": ESTIMANDS[comparison],
        "subgroup": "all",
    }


def _counts(trials: Trials) -> dict[str, float]:
    """How many people start, and could start."""
    return {
        "n_starters": trials.n_starters,
        "n_eligible": trials.rows["person_id"].n_unique(),
        "n_eligible_per_year": trials.rows.select(eligible_per_year(trials.protocol)).item(),
    }
