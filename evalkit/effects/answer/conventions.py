"""The same effect under other conventions, and the statuses as they are published."""

from dataclasses import replace

import polars as pl

from evalkit.effects.answer.doubly_robust import doubly_robust_months
from evalkit.effects.answer.effect_sums import People
from evalkit.effects.answer.estimate import primary_months
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
    trials: Trials, *, n_draws: int, seed: int, other_leavers: Trials, propensity: pl.DataFrame
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
    other_leavers : Trials
        The same trials with the other convention about those who leave in the trial month.
    propensity : DataFrame
        The trials' coefficients with the same draws.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, convention, difference, ci_lower, ci_upper (months in the
        primary outcome up to the horizon), n_starters.
    """
    draws = {"n_draws": n_draws, "seed": seed}
    primary, *others = trials.protocol.comparisons
    asked = [("declared", "doubly_robust", primary)] + [
        ("never", "never_doubly_robust", "never")
    ] * ("never" in others)
    tables = []
    for weighted, robust, comparison in asked:
        weighting = weighting_of(trials, propensity, comparison)
        months = _months_of(weighting, weighted, **draws)
        tables.append(months)
        if not isinstance(weighting, GracePeriod):
            estimate, error = doubly_robust_months(weighting, seed=seed)
            limits = {
                "ci_lower": pl.lit(estimate - MARGIN * error),
                "ci_upper": pl.lit(estimate + MARGIN * error),
            }
            tables.append(
                months.with_columns(
                    convention=pl.lit(robust), difference=pl.lit(estimate), **limits
                )
            )
    is_excluded = trials.protocol.leavers_in_month_one == "excluded"
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


def status_for_publication(status: pl.DataFrame, *, n_draws: int, min_count: int) -> pl.DataFrame:
    """The table `effect_status` as published: one row per district and intervention, with how its
    effect was pooled.

    Parameters
    ----------
    status : DataFrame
        Table `effect_status`, sources raw and shrunk.
    n_draws : int
        Replicates asked for.
    min_count : int
        A smaller number of starters, but not zero, is not shown (null), nor the next smallest if a
        single one could be found by subtraction from the city's; the reason stands all the same.

    Returns
    -------
    DataFrame
        The raw rows with effect_state, and pooling (pooled|few_districts|null where the district
        says nothing itself), n_districts_pooled.
    """
    keys = ["district", "intervention_id", "protocol_hash", "estimand"]
    of_effect = ["protocol_hash", "estimand"]
    pooled = status.filter(pl.col("source") == "shrunk")
    n_pooled = (
        pooled.filter(pl.col("district") != CITY)
        .group_by(of_effect)
        .agg(n_districts_pooled=pl.len().cast(pl.Int32))
    )
    pooling = pooled.select(
        *keys,
        pooling=pl.when(pl.col("status") == "estimated").then(pl.lit("pooled")).otherwise("reason"),
    )
    raw = (
        status.filter(pl.col("source") == "raw")
        .join(pooling, on=keys, how="left")
        .join(n_pooled, on=of_effect, how="left")
    )
    return raw.with_columns(
        pl.col("n_districts_pooled").fill_null(0),
        effect_state="status",
        n_starters=_shown_starters(min_count),
        n_draws=pl.lit(n_draws, dtype=pl.Int32),
    ).sort(keys)


def with_starters(table: pl.DataFrame, status: pl.DataFrame) -> pl.DataFrame:
    """A table by district and intervention with `n_starters` beside each row: what disclosure
    control looks at.
    """
    keys = ["district", "intervention_id"]
    starters = status.filter(pl.col("source") == "raw").select(*keys, "n_starters").unique(keys)
    return table.join(starters, on=keys, how="left")


def _shown_starters(min_count: int) -> pl.Expr:
    is_district = pl.col("district") != CITY
    is_small = is_district & pl.col("n_starters").is_between(1, min_count - 1)
    is_alone = is_small.sum().over("protocol_hash", "estimand") == 1
    rest = pl.when(is_district & ~is_small & (pl.col("n_starters") > 0)).then("n_starters")
    is_next = (rest == rest.min().over("protocol_hash", "estimand")).fill_null(False) & is_alone
    return pl.when(~(is_small | is_next)).then("n_starters")


def _months_of(weighting: StartNow, convention: str, *, n_draws: int, seed: int) -> pl.DataFrame:
    trials = weighting.trials
    months = primary_months(weighting, People.of(trials, n_draws=n_draws, seed=seed))
    keys = {
        "district": CITY,
        "intervention_id": trials.protocol.intervention_id,
        "convention": convention,
    }
    return pl.DataFrame([keys]).with_columns(**draw_range(months))


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
