"""When to start, when to stop and for how long: starting after so many months on support, leaving
after so many months in the intervention, and taking part for at least so many months.

Starting at month s compares those who start then with those still waiting then. Stopping is a
second sequence of target trials, among participants: in each month before the planned end, those in
the intervention leave it and stay on support, or go on. A dose of k months asks those trials before
month k what going on until then would have changed for those who left: who goes on and leaves
before k after all is censored there and weighted for. None splits by how long somebody came to take
part, which what happened meanwhile decides. A moment takes in the month before and the month after
it; its weights are those of the whole sequence, and so is the balance asked of them: in one
moment's few starters chance alone leaves differences above any usual limit (with 200 starters and
40 covariates the largest is about 0.17 standard deviations), and the range knows it.
"""

import polars as pl

from evalkit.effects.answer.estimate import effect_status, primary_months
from evalkit.effects.answer.summary import draw_range
from evalkit.effects.trials.stop_trials import dose_trials
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.refusal import UNBALANCED, is_unbalanced
from evalkit.effects.weighting.weights import coefficient_matrix, fit_censoring, fit_propensity
from evalkit.line.protocol import Protocol
from evalkit.tables import CITY

_HALF_WINDOW = 1
SCHEMA = {
    "district": pl.String,
    "intervention_id": pl.String,
    "decision": pl.String,
    "month": pl.Int32,
    "difference": pl.Float64,
    "ci_lower": pl.Float64,
    "ci_upper": pl.Float64,
    "n_starters": pl.Int32,
    "moment_state": pl.String,
    "reason": pl.String,
}


def start_moments(
    trials: Trials, propensity: pl.DataFrame, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained by starting now rather than waiting, by months on
    support at the start.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, decision ("start"), month, difference, ci_lower, ci_upper
        (months), n_starters (who start at that moment), moment_state (estimated|cannot_be_said),
        reason (no_starters, no_comparison, those of `refusal_reason`, or null).
    """
    rows = [
        _moment(trials, propensity, "start", month, n_draws=n_draws, seed=seed)
        for month in trials.protocol.start_months
    ]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *rows])


def stop_moments(
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
        As `start_moments`, decision "stop"; n_starters are those who leave.
    """
    n_leaving = trials.n_starters if trials else 0
    is_comparable = trials is not None and 0 < n_leaving < len(trials.rows)
    fitted = fit_propensity(trials, n_draws=n_draws, seed=seed) if is_comparable else None
    rows = [
        _moment(trials, fitted, "stop", month, n_draws=n_draws, seed=seed)
        if is_comparable
        else _unsaid(protocol, "stop", month, 0, "no_starters")
        for month in protocol.stop_months
    ]
    # The trials are about leaving; the table is about the intervention that is left.
    return pl.concat([pl.DataFrame(schema=SCHEMA), *rows]).with_columns(
        intervention_id=pl.lit(protocol.intervention_id)
    )


def dose_moments(
    trials: Trials | None, protocol: Protocol, *, n_draws: int, seed: int
) -> pl.DataFrame:
    """Months in the primary outcome gained by taking part for at least so many months, for those
    who left earlier.

    Parameters
    ----------
    trials : Trials, optional
        As in `stop_moments`.

    Returns
    -------
    DataFrame
        As `start_moments`, decision "dose"; n_starters are those who left earlier from a place
        planned for at least so long.
    """
    tables = [pl.DataFrame(schema=SCHEMA)]
    for months in protocol.dose_months:
        own = dose_trials(trials, months) if trials else None
        n_leaving = own.n_starters if own else 0
        if n_leaving in (0, len(own.rows) if own else 0):
            tables.append(
                _unsaid(
                    protocol,
                    "dose",
                    months,
                    n_leaving,
                    "no_comparison" if n_leaving else "no_starters",
                )
            )
            continue
        fitted = pl.concat(
            [fit(own, n_draws=n_draws, seed=seed) for fit in (fit_propensity, fit_censoring)]
        )
        bound = ["difference", "ci_lower", "ci_upper"]
        row = _estimated(own, fitted, "dose", months, n_draws=n_draws, seed=seed)
        # The trials are about leaving; the row is about going on.
        tables.append(
            row.with_columns(
                -pl.col(one).alias(name)
                for one, name in zip(bound, (bound[0], bound[2], bound[1]), strict=True)
            )
        )
    return pl.concat(tables).with_columns(intervention_id=pl.lit(protocol.intervention_id))


def _moment(
    trials: Trials, propensity: pl.DataFrame, decision: str, month: int, *, n_draws: int, seed: int
) -> pl.DataFrame:
    is_near = (trials.rows["elapsed_months"] - month).abs() <= _HALF_WINDOW
    own = trials.keep(is_near.fill_null(False).to_numpy())
    n_starters = own.n_starters
    if own.is_treated.all() or n_starters == 0:
        return _unsaid(
            trials.protocol,
            decision,
            month,
            n_starters,
            "no_starters" if n_starters == 0 else "no_comparison",
        )
    if is_unbalanced(trials, coefficient_matrix(propensity, trials)[1][:, 0]):
        return _unsaid(trials.protocol, decision, month, n_starters, UNBALANCED)
    # Balance was asked of all whose weights these are, as for districts and groups.
    return _estimated(own, propensity, decision, month, place=decision, n_draws=n_draws, seed=seed)


def _estimated(
    own: Trials,
    propensity: pl.DataFrame,
    decision: str,
    month: int,
    *,
    place: str = CITY,
    n_draws: int,
    seed: int,
) -> pl.DataFrame:
    """The row of trials with both arms, under their first comparison: estimated, or why not;
    balance is asked where place is "all".
    """
    protocol, n_starters = own.protocol, own.n_starters
    primary, draws = protocol.comparisons[0], {"n_draws": n_draws, "seed": seed}
    reason = effect_status(
        own, district=place, propensity=propensity, comparisons=[primary], **draws
    )["reason"].item()
    if reason:
        return _unsaid(protocol, decision, month, n_starters, reason)
    months = primary_months(own, propensity=propensity, comparison=primary, **draws)
    return _unsaid(protocol, decision, month, n_starters, None).with_columns(
        moment_state=pl.lit("estimated"), **draw_range(months)
    )


def _unsaid(
    protocol: Protocol, decision: str, month: int, n_starters: int, reason: str | None
) -> pl.DataFrame:
    row = {
        "district": CITY,
        "intervention_id": protocol.intervention_id,
        "decision": decision,
        "month": month,
        "n_starters": n_starters,
    }
    return pl.DataFrame([row | {"moment_state": "cannot_be_said", "reason": reason}], schema=SCHEMA)
