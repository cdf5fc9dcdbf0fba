"""The same effect under other conventions, and the statuses as they are published."""

import polars as pl

from evalkit.effects.estimate import effect_draws, estimate_effect
from evalkit.effects.summary import effect_summary
from evalkit.effects.target_trial import Trials
from evalkit.effects.weights import fit_propensity
from evalkit.tables import CITY


def effect_sensitivity(trials: Trials, *, n_draws: int, seed: int) -> pl.DataFrame:
    """The primary outcome's months under the declared convention, under others, and as a naive comparison.

    Conventions: declared; leavers_excluded (those who leave support for anything but the intervention in the trial month are not compared);
    unweighted_survey (survey weights set to 1); naive (nothing adjusted: all who start against all who do not).

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, convention, difference, ci_lower, ci_upper (months in the primary outcome up to the horizon),
        n_starters.
    """
    before = trials.states.index(trials.protocol.eligibility.state_before)
    staying = trials.keep((trials.outcomes[:, 0] == before) | trials.is_treated)
    unweighted = _with_unit_weights(trials)
    constant = Trials(trials.rows, trials.design[:, :1], trials.terms[:1], trials.outcomes, trials.states, trials.protocol)
    conventions = [("declared", trials), ("leavers_excluded", staying), ("unweighted_survey", unweighted), ("naive", constant)]
    tables = []
    for convention, own in conventions:
        fitted = fit_propensity(own, n_draws=n_draws, seed=seed)
        parts = estimate_effect(own, district=CITY, propensity=fitted, n_draws=n_draws, seed=seed)
        summary = effect_summary(effect_draws(parts.sums), trials.protocol)
        tables.append(
            summary.filter(pl.col("outcome") == f"months_{trials.protocol.primary_outcome}").with_columns(convention=pl.lit(convention))
        )
    ranged = pl.concat(tables).select("district", "intervention_id", "convention", "difference", "ci_lower", "ci_upper")
    return ranged.with_columns(n_starters=pl.lit(int(trials.is_treated.sum()), dtype=pl.Int32))


def status_for_publication(status: pl.DataFrame, *, n_draws: int, min_count: int) -> pl.DataFrame:
    """The table `effect_status` as published: one row per district and intervention, with how its effect was pooled.

    Parameters
    ----------
    status : DataFrame
        Table `effect_status`, sources raw and shrunk.
    n_draws : int
        Replicates asked for.
    min_count : int
        A smaller number of starters, but not zero, is not shown (null), nor the next smallest if a single one could be found by subtraction from
        the city's; the reason stands all the same.

    Returns
    -------
    DataFrame
        The raw rows with effect_state, and pooling (pooled|few_districts|null where the district says nothing itself), n_districts_pooled.
    """
    keys = ["district", "intervention_id", "protocol_hash"]
    pooled = status.filter(pl.col("source") == "shrunk")
    n_pooled = pooled.filter(pl.col("district") != CITY).group_by("protocol_hash").agg(n_districts_pooled=pl.len().cast(pl.Int32))
    pooling = pooled.select(*keys, pooling=pl.when(pl.col("status") == "estimated").then(pl.lit("pooled")).otherwise("reason"))
    raw = status.filter(pl.col("source") == "raw").join(pooling, on=keys, how="left").join(n_pooled, on="protocol_hash", how="left")
    return raw.with_columns(
        pl.col("n_districts_pooled").fill_null(0),
        effect_state="status",
        n_starters=_shown_starters(min_count),
        n_draws=pl.lit(n_draws, dtype=pl.Int32),
    ).sort(keys)


def with_starters(table: pl.DataFrame, status: pl.DataFrame) -> pl.DataFrame:
    """A table by district and intervention with `n_starters` beside each row: what disclosure control looks at."""
    keys = ["district", "intervention_id"]
    return table.join(status.filter(pl.col("source") == "raw").select(*keys, "n_starters"), on=keys, how="left")


def _shown_starters(min_count: int) -> pl.Expr:
    is_district = pl.col("district") != CITY
    is_small = is_district & pl.col("n_starters").is_between(1, min_count - 1)
    is_alone = is_small.sum().over("protocol_hash") == 1
    rest = pl.when(is_district & ~is_small & (pl.col("n_starters") > 0)).then("n_starters")
    is_next = (rest == rest.min().over("protocol_hash")).fill_null(False) & is_alone
    return pl.when(~(is_small | is_next)).then("n_starters")


def _with_unit_weights(trials: Trials) -> Trials:
    return Trials(
        trials.rows.with_columns(weight=pl.lit(1.0)), trials.design, trials.terms, trials.outcomes, trials.states, trials.protocol
    )
