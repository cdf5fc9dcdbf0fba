"""The checks of an effect on one page: numbers, overlap, balance and placebos, each beside its
limit and with its verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from evalkit.disclosure.rounding import BASE, step_above, to_step
from evalkit.effects.trials.person_tables import PersonTables
from evalkit.effects.trials.target_trial import Trials, has_eligible
from evalkit.effects.trust.balance import (
    balance_by_period,
    standardised_differences,
    trial_flow,
)
from evalkit.effects.trust.overlap import (
    overlap_table,
    share_outside_support,
    top_share,
    weight_sensitivity,
)
from evalkit.effects.trust.placebo import placebo_tests
from evalkit.effects.trust.run_dry import comparison_left
from evalkit.effects.trust.strength import left_out
from evalkit.effects.trust.unmodelled import Likeness, unmodelled_likeness
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.adjustment import SMALL_IMBALANCE
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import protocol_hash
from evalkit.line.tables import published, table
from evalkit.results import Tables
from evalkit.tables import CITY

# Shares and standard deviations are shown in hundredths at best.
_POINT = 0.01
_PLACEBOS = {"earlier_months": "placebo_history", "negative_control": "placebo_outcome"}


class _Row(NamedTuple):
    """A row of the table of checks between its keys and its count, and the step of its value."""

    check: str
    value: float | None
    limit: float | None = None
    verdict: str = "passed"
    term: str | None = None
    step: float = _POINT


@dataclass(frozen=True, repr=False, eq=False)
class InterventionChecks(Tables):
    """The tables of the same names, for all districts together; empty where nobody starts, or
    everybody.
    """

    effect_checks: pl.DataFrame
    comparison_left: pl.DataFrame
    trial_flow: pl.DataFrame
    balance_by_period: pl.DataFrame
    overlap: pl.DataFrame
    weight_sensitivity: pl.DataFrame
    placebo: pl.DataFrame
    left_out: pl.DataFrame


def intervention_checks(
    people: PersonTables, trials: Trials, *, propensity: pl.DataFrame
) -> InterventionChecks:
    """Everything that shows whether the city's comparison can be trusted.

    Parameters
    ----------
    trials : Trials
        All districts together.
    propensity : DataFrame
        Their coefficients (table `propensity`).
    """
    if not trials.has_both_arms:
        return InterventionChecks(*[table(name).empty() for name in InterventionChecks.names()])
    weighting = StartNow.of(trials, propensity)
    placebo = placebo_tests(weighting)
    likeness = unmodelled_likeness(weighting, people.episodes, first_month=people.first_month)
    return InterventionChecks(
        effect_checks(weighting, placebo, likeness),
        comparison_left(weighting, first_month=people.first_month),
        trial_flow(trials),
        balance_by_period(weighting),
        overlap_table(weighting),
        weight_sensitivity(weighting),
        placebo,
        left_out(weighting),
    )


def district_checks(
    people: PersonTables, protocols: Sequence[Protocol], *, propensity: pl.DataFrame, district: str
) -> pl.DataFrame:
    """A district's own checks under every protocol that has coefficients and of which the district
    has both arms (see `effect_checks`).
    """
    residents, checks = people.of_district(district), [published("district_checks").empty()]
    for protocol in protocols:
        is_fitted = protocol_hash(protocol) in propensity["protocol_hash"]
        if is_fitted and has_eligible(
            residents.support_spells,
            residents.episodes,
            protocol=protocol,
            first_month=people.first_month,
        ):
            trials = residents.trials(protocol)
            weighting = StartNow.of(trials, propensity)
            checks += [effect_checks(weighting, district=district)] if trials.has_both_arms else []
    return pl.concat(checks)


def effect_checks(
    weighting: StartNow,
    placebo: pl.DataFrame | None = None,
    likeness: Sequence[Likeness] = (),
    *,
    district: str = CITY,
) -> pl.DataFrame:
    """One row per check, with its verdict.

    Checks: starters; effective_sample_size, max_weight (one household's share of all weight, 0-1),
    top_1_percent_share (of all weight, that of the heaviest hundredth of them, 0-1) of the
    comparison (not ATT: of the arm that the weights thin out most), for starting in the trial month
    rather than not then: all count people, whose trials' weights are summed; share_outside_support
    (of starters, 0-1); max_abs_smd (standard deviations, after weighting), of the propensity's own
    terms: the one that a protocol's limit refuses; max_abs_smd_products, calendar_time,
    earlier_participation (alike, see `unmodelled_likeness`), which only warn; placebo_history,
    placebo_outcome (p-values after Holm).

    Parameters
    ----------
    placebo, likeness : optional
        From `placebo_tests` and `unmodelled_likeness`; a district has none of its own.

    Returns
    -------
    DataFrame
        district, intervention_id, check, value, limit (null: none declared), verdict
        (passed|warning|refused|not_testable), term (that a difference is of; null otherwise),
        n_starters, person_change (the step of the value, which is not below what one person changes
        it by).
    """
    trials, n_starters = weighting.trials, weighting.trials.n_starters
    limits, size = trials.protocol.refusal, weighting.effective_size
    outside = share_outside_support(weighting)
    differences = np.abs(standardised_differences(trials, weighting.weights))
    imbalance, unlike = (
        float(differences.max(initial=0)),
        trials.terms[1 + int(differences.argmax())] if len(differences) else None,
    )
    # In one district chance alone leaves differences: balance is asked of the model, which is the
    # city's.
    max_smd = limits.max_abs_smd if district == CITY else None
    one = 1 / max(n_starters, 1)
    rows = [
        _row("starters", n_starters, BASE, limits.min_starters, refused_below=True),
        _row(
            "effective_sample_size",
            *(size, BASE, limits.min_effective_sample_size),
            refused_below=True,
        ),
        _row("max_weight", weighting.max_weight, _POINT),
        _row("top_1_percent_share", top_share(weighting.weakest_arm), _POINT),
        _row("share_outside_support", outside, BASE * one, limits.max_share_outside_support),
        _row(
            "max_abs_smd",
            *(imbalance, max(2 * one, _POINT), max_smd or SMALL_IMBALANCE),
            is_refused=_is_above(imbalance, max_smd),
            warns_at=SMALL_IMBALANCE,
            term=unlike,
        ),
        *[
            _row(
                like.check,
                *(like.value, max(2 * one, _POINT), _up(like.limit, max(2 * one, _POINT))),
                is_refused=False,
                term=like.term,
            )
            for like in likeness
        ],
        *_placebo_rows(placebo, trials.protocol.checks.alpha),
    ]
    return pl.DataFrame(
        [(district, trials.protocol.intervention_id, *row[:5], n_starters, row[5]) for row in rows],
        schema=published("effect_checks").schema,
        orient="row",
        strict=False,
    )


def _up(limit: float, change: float) -> float:
    """What chance alone may make, in the steps of what is held against it: it follows from the
    number of starters.
    """
    return float(to_step(np.array([limit]), step_above(np.array([change])), np.ceil)[0])


def _row(
    check: str,
    value: float,
    change: float,
    limit: float | None = None,
    *,
    refused_below: bool = False,
    is_refused: bool | None = None,
    warns_at: float | None = None,
    term: str | None = None,
) -> _Row:
    """A check as it is shown: its number in steps of at least what one person changes, rounded
    beyond the limit where the exact one is, and a warning where what is shown lies above it.
    """
    step = float(step_above(np.array([change]))[0])
    is_beyond = limit is not None and (value < limit if refused_below else value > limit)
    if is_refused is None:
        is_refused = is_beyond
    outwards = np.floor if refused_below else np.ceil
    shown = float(to_step(np.array([value]), step, outwards if is_refused else np.round)[0])
    warns_at = limit if warns_at is None else warns_at
    is_warned = warns_at is not None and not refused_below and shown > warns_at
    verdict = "refused" if is_refused else "warning" if is_warned else "passed"
    return _Row(check, shown, limit, verdict, term, step)


def _placebo_rows(placebo: pl.DataFrame | None, alpha: float) -> list[_Row]:
    """One row per placebo."""
    if placebo is None:
        return []
    return [
        _Row(_PLACEBOS[row["test"]], row["p_holm"], alpha, row["verdict"])
        for row in placebo.iter_rows(named=True)
    ]


def _is_above(value: float, limit: float | None) -> bool:
    return limit is not None and value > limit
