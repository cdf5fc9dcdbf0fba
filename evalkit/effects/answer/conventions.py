"""The same effect under other conventions."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from evalkit.effects.answer.doubly_robust import doubly_robust_months
from evalkit.effects.answer.estimate import primary_months
from evalkit.effects.answer.one_person import primary_share
from evalkit.effects.answer.summary import draw_range
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.contrast import MARGIN
from evalkit.effects.weighting.grace import GracePeriod
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of, weighting_of
from evalkit.line.estimands import Comparison
from evalkit.tables import CITY


def effect_sensitivity(
    weightings: Sequence[StartNow], *, n_draws: int, seed: int, other_leavers: Trials
) -> pl.DataFrame:
    """The primary outcome's months under the declared convention, under others, and as a naive
    comparison.

    Conventions: declared; doubly_robust (an outcome regression of more terms than the weights'
    beside them, with errors in closed form; not with a grace period); leavers_excluded (those who
    leave support for anything but the intervention in the trial month are not compared) or, where
    that is what was declared, leavers_stay; unweighted_survey (survey weights set to 1); naive
    (nothing adjusted: all who start against all who do not). Where never is compared with beside
    another question, never and never_doubly_robust answer that one. later_trials, where the
    protocol asks for earlier participation: the trials without the first third of their months, so
    that more is known of everybody; what lies before the extract is known of nobody.

    Parameters
    ----------
    weightings : sequence of StartNow
        Of the protocol's comparisons, the primary one first, with the same draws.
    other_leavers : Trials
        The same trials with the other convention about those who leave in the trial month.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, convention, difference, ci_lower, ci_upper (months in the
        primary outcome up to the horizon), n_starters, one_person.
    """
    draws = {"n_draws": n_draws, "seed": seed}
    trials, primary = weightings[0].trials, weightings[0].comparison
    questions = [("declared", "doubly_robust", weightings[0])] + [
        ("never", "never_doubly_robust", weighting)
        for weighting in weightings[1:]
        if weighting.comparison == "never"
    ]
    tables = []
    for weighted, robust, weighting in questions:
        months = _months_of(weighting, weighted, **draws)
        tables.append(months)
        if not isinstance(weighting, GracePeriod):
            estimate = doubly_robust_months(weighting, seed=seed)
            margin = MARGIN * estimate.std_error
            limits = {
                "ci_lower": pl.lit(estimate.difference - margin),
                "ci_upper": pl.lit(estimate.difference + margin),
            }
            tables.append(
                months.with_columns(
                    convention=pl.lit(robust), difference=pl.lit(estimate.difference), **limits
                )
            )
    is_excluded = trials.protocol.leavers_in_month_one != "stay"
    changed = {
        "leavers_stay" if is_excluded else "leavers_excluded": other_leavers,
        "unweighted_survey": _with_unit_weights(trials),
    }
    changed |= {"naive": _without_covariates(trials)}
    later = _later_trials(trials)
    if trials.protocol.asks_for_history and later.has_both_arms:
        changed["later_trials"] = later
    for convention, other_trials in changed.items():
        if convention == "unweighted_survey" and (trials.rows["weight"] == 1).all():
            tables.append(tables[0].with_columns(convention=pl.lit(convention)))
            continue
        asking = _only(other_trials, primary)
        weighting = weighting_of(asking, fit_models(asking, **draws), primary)
        tables.append(_months_of(weighting, convention, **draws))
    is_later = pl.col("convention") == "later_trials"
    n_starters = pl.when(is_later).then(later.n_starters).otherwise(trials.n_starters)
    return pl.concat(tables).with_columns(n_starters=n_starters.cast(pl.Int32))


def _months_of(weighting: StartNow, convention: str, *, n_draws: int, seed: int) -> pl.DataFrame:
    trials = weighting.trials
    months = primary_months(weighting, trials.cluster_weights(n_draws=n_draws, seed=seed))
    keys = {
        "district": CITY,
        "intervention_id": trials.protocol.intervention_id,
        "convention": convention,
    }
    return primary_share(weighting, pl.DataFrame([keys]).with_columns(**draw_range(months)))


def _only(trials: Trials, comparison: Comparison) -> Trials:
    protocol = trials.protocol.model_copy(update={"comparisons": (comparison,)})
    return replace(
        trials,
        protocol=protocol,
        waiting=trials.waiting if strategy_of(protocol, comparison).needs_waiting else None,
    )


def _later_trials(trials: Trials) -> Trials:
    """The trials without the first third of their months."""
    rule = trials.protocol.eligibility
    first = rule.from_month + (rule.to_month - rule.from_month + 1) // 3
    return trials.keep((trials.rows["trial_month"] >= first).to_numpy())


def _with_unit_weights(trials: Trials) -> Trials:
    waiting = trials.waiting and replace(
        trials.waiting, rows=trials.waiting.rows.with_columns(weight=pl.lit(1.0))
    )
    return replace(trials, rows=trials.rows.with_columns(weight=pl.lit(1.0)), waiting=waiting)


def _without_covariates(trials: Trials) -> Trials:
    waiting = trials.waiting and replace(trials.waiting, design=trials.waiting.design[:, :1])
    return replace(trials, design=trials.design[:, :1], terms=trials.terms[:1], waiting=waiting)
