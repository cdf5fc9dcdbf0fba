"""When to start, when to stop and for how long: starting after so many months on support, leaving
after so many months in the intervention, and taking part for at least so many months.

Starting at month s compares those who start then with those still waiting then. Stopping is a
second sequence of target trials, among participants: in each month before the planned end, those in
the intervention leave it and stay on support, or go on. A dose of k months takes those trials
before month k and estimates what going on until then would have changed for those who left; a
person who goes on and leaves before k after all is censored there and weighted for. Nobody is
grouped by how long they came to take part, since that depends on what happened meanwhile.

A row about month s includes the trials of the month before and of the month after. Its weights are
those of the whole sequence, and balance is required of the whole: among one month's few starters
chance alone leaves differences above any usual limit (with 200 starters and 40 covariates the
largest is about 0.17 standard deviations), and the range allows for it.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from evalkit.effects.answer.estimate import primary_months
from evalkit.effects.answer.one_person import primary_share
from evalkit.effects.answer.summary import draw_range
from evalkit.effects.trials.stop_trials import dose_trials
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.refusal import UNBALANCED, is_unbalanced, refusal_reason
from evalkit.effects.trust.run_dry import RUN_DRY, dry_from
from evalkit.effects.weighting.propensity import fit_models, fit_propensity
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import weighting_of
from evalkit.line.protocol import Protocol
from evalkit.line.tables import published
from evalkit.tables import CITY

_HALF_WINDOW = 1


def effect_by_start_month(
    trials: Trials, propensity: pl.DataFrame, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained by starting now rather than waiting, by months on
    support at the start.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, decision ("start"), month, difference, ci_lower, ci_upper
        (months), n_starters (who start about that month), effect_state (estimated|cannot_be_said),
        reason (no_starters, no_comparison, those of `refusal_reason`, or null).
    """
    months = trials.protocol.start_months
    return _by_month("start", months, trials, propensity, n_draws=n_draws, seed=seed)


def effect_by_stop_month(
    trials: Trials | None, protocol: Protocol, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained (or lost) by leaving now rather than going on, by months
    in the intervention.

    Parameters
    ----------
    trials : Trials, optional
        `stop_trials` of the protocol; null: nobody could be asked.

    Returns
    -------
    DataFrame
        As `effect_by_start_month`, decision "stop"; n_starters are those who leave.
    """
    if trials is None:
        rows = [
            _row(protocol, "stop", month, n_starters=0, reason="no_starters")
            for month in protocol.stop_months
        ]
        return pl.concat([published("effect_moments").empty(), *rows])
    draws = {"n_draws": n_draws, "seed": seed}
    propensity = fit_propensity(trials, **draws) if trials.has_both_arms else pl.DataFrame()
    # The trials are about leaving; the table is about the intervention that is left.
    return _by_month("stop", protocol.stop_months, trials, propensity, **draws).with_columns(
        intervention_id=pl.lit(protocol.intervention_id)
    )


def effect_by_dose(
    trials: Trials | None, protocol: Protocol, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained by taking part for at least so many months, for those
    who left earlier.

    Parameters
    ----------
    trials : Trials, optional
        As in `effect_by_stop_month`.

    Returns
    -------
    DataFrame
        As `effect_by_start_month`, decision "dose"; n_starters are those who left earlier from a
        place planned for at least so long.
    """
    rows = [
        _dose_row(trials and dose_trials(trials, months), protocol, months, n_draws, seed)
        for months in protocol.dose_months
    ]
    return pl.concat([published("effect_moments").empty(), *rows]).with_columns(
        intervention_id=pl.lit(protocol.intervention_id)
    )


def _dose_row(
    trials: Trials | None, protocol: Protocol, months: int, n_draws: int, seed: int
) -> pl.DataFrame:
    if trials is None or not trials.has_both_arms:
        return _row(protocol, "dose", months, **_without_an_arm(trials))
    fitted = fit_models(trials, n_draws=n_draws, seed=seed)
    weighting = weighting_of(trials, fitted, trials.protocol.comparisons[0])
    row = _estimated(weighting, "dose", months, district=CITY, n_draws=n_draws, seed=seed)
    # The trials are about leaving; the row is about going on.
    return row.with_columns(
        difference=-pl.col("difference"), ci_lower=-pl.col("ci_upper"), ci_upper=-pl.col("ci_lower")
    )


def _by_month(
    decision: str,
    months: Sequence[int],
    trials: Trials,
    propensity: pl.DataFrame,
    *,
    n_draws: int,
    seed: int,
) -> pl.DataFrame:
    primary = trials.protocol.comparisons[0]
    # Balance is asked of all whose weights these are, as for districts and groups.
    refused = _refused(decision, trials, propensity) if trials.has_both_arms else None
    tables = [published("effect_moments").empty()]
    for month in months:
        is_near = (trials.rows["elapsed_months"] - month).abs() <= _HALF_WINDOW
        near = trials.keep(is_near.fill_null(False).to_numpy())
        if not near.has_both_arms:
            tables.append(_row(trials.protocol, decision, month, **_without_an_arm(near)))
        elif refused:
            n_starters = near.n_starters
            tables.append(
                _row(trials.protocol, decision, month, n_starters=n_starters, reason=refused)
            )
        else:
            weighting = weighting_of(near, propensity, primary)
            tables.append(
                _estimated(
                    weighting, decision, month, district=decision, n_draws=n_draws, seed=seed
                )
            )
    return pl.concat(tables)


def _refused(decision: str, trials: Trials, propensity: pl.DataFrame) -> str | None:
    if is_unbalanced(StartNow.of(trials, propensity)):
        return UNBALANCED
    # Leaving is compared with going on, which nobody who could leave can lack.
    return RUN_DRY if decision == "start" and dry_from(trials) is not None else None


def _estimated(
    weighting: StartNow, decision: str, month: int, *, district: str, n_draws: int, seed: int
) -> pl.DataFrame:
    """The row of trials with both arms, estimated or why not; balance is asked where district is
    "all".
    """
    trials = weighting.trials
    reason = refusal_reason(weighting, district=district)
    row = _row(trials.protocol, decision, month, n_starters=trials.n_starters, reason=reason)
    if reason:
        return row
    months = primary_months(weighting, trials.cluster_weights(n_draws=n_draws, seed=seed))
    estimated = row.with_columns(effect_state=pl.lit("estimated"), **draw_range(months))
    return primary_share(weighting, estimated)


def _without_an_arm(trials: Trials | None) -> dict[str, Any]:
    """How many start, and the reason why nothing can be compared."""
    n_starters = trials.n_starters if trials else 0
    return {
        "n_starters": n_starters,
        "reason": "no_comparison" if n_starters else "no_starters",
    }


def _row(
    protocol: Protocol, decision: str, month: int, *, n_starters: int, reason: str | None
) -> pl.DataFrame:
    row = {
        "district": CITY,
        "intervention_id": protocol.intervention_id,
        "decision": decision,
        "month": month,
        "n_starters": n_starters,
        "effect_state": "cannot_be_said",
        "reason": reason,
    }
    return pl.DataFrame([row], schema=published("effect_moments").schema)
