"""Refusal of effects that fail a declared limit of numbers, overlap or balance."""

import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trust.balance import largest_difference
from evalkit.effects.trust.overlap import share_outside_support
from evalkit.effects.trust.run_dry import RUN_DRY, dry_from
from evalkit.effects.weighting.logit import varying_columns
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.tables import published
from evalkit.tables import CITY

UNBALANCED = "unbalanced"
CONSTANT = "constant_covariate"
ONE_PERSON = "one_person"
# What a sender delivers is expected to vary; what evalkit counts (history, months, districts) may
# truly be the same for everybody.
_DELIVERED_KINDS = ("person", "latest")


def refusal_reason(weighting: StartNow, *, district: str) -> str | None:
    """Why an effect cannot be said, or None: the first of the protocol's limits
    (`Protocol.refusal`) that fails.

    few_starters: people who start; few_comparable: people in the comparison, or the effective size,
    in people, of the arm that the weights thin out most; one_person: somebody, in all their trials,
    has too much of an arm's weight; outside_support: too many starters without a counterpart in the
    comparison; unbalanced: some covariate's difference remains after weighting. Balance is asked of
    all districts together, whose model it is: in one district chance alone leaves differences (see
    `spread_to_districts`).

    Parameters
    ----------
    weighting : StartNow
        A comparison's weights in a district, or in all (district "all").
    """
    limits = weighting.trials.protocol.refusal
    if weighting.trials.n_starters < limits.min_starters:
        return "few_starters"
    arms = weighting.people
    if (
        min(arm.n_persons for arm in arms) < limits.min_starters
        or weighting.effective_size < limits.min_effective_sample_size
    ):
        return "few_comparable"
    if max(arm.largest for arm in arms) > (limits.max_person_weight or 1):
        return ONE_PERSON
    if (
        limits.max_share_outside_support is not None
        and share_outside_support(weighting) > limits.max_share_outside_support
    ):
        return "outside_support"
    return UNBALANCED if district == CITY and is_unbalanced(weighting) else None


def is_unbalanced(weighting: StartNow) -> bool:
    """Whether some covariate's difference remains above the declared limit after weighting, in all
    the people that the weights were fitted to.
    """
    limit = weighting.trials.protocol.refusal.max_abs_smd
    return limit is not None and largest_difference(weighting.trials, weighting.weights) > limit


def constant_terms(trials: Trials) -> tuple[str, ...]:
    """Terms that are the same for everybody eligible: the models leave them out."""
    return tuple(
        term
        for term, varies in zip(trials.terms, varying_columns(trials.design), strict=True)
        if not varies
    )


def constant_covariates(trials: Trials) -> tuple[str, ...]:
    """Delivered covariates (kinds person and latest) of which every term is the same for everybody
    eligible: declared, and not adjusted for.
    """
    constant = set(constant_terms(trials))
    return tuple(
        covariate.name
        for covariate in trials.protocol.covariates
        if covariate.kind in _DELIVERED_KINDS and constant.issuperset(covariate.terms)
    )


def terms_left_out(trials: Trials) -> pl.DataFrame:
    """The protocol's terms that the models leave out, because they are the same for everybody
    eligible.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, covariate (the term), handling (left_out: nothing to
        adjust for; refused: a delivered covariate that never varies, so that the effect cannot be
        said), n_starters.
    """
    refused = {
        term
        for covariate in trials.protocol.covariates
        if covariate.name in constant_covariates(trials)
        for term in covariate.terms
    }
    rows = [
        (
            CITY,
            trials.protocol.intervention_id,
            term,
            "refused" if term in refused else "left_out",
            trials.n_starters,
        )
        for term in constant_terms(trials)
    ]
    return pl.DataFrame(rows, schema=published("terms_left_out").schema, orient="row")


def refused_for_all(statuses: pl.DataFrame, trials: Trials) -> pl.DataFrame:
    """Statuses with every estimate refused if, in the trials of all districts together, nobody is
    left to compare with (`dry_from`) or a delivered covariate never varies.
    """
    reason = reason_for_all(trials)
    if not reason:
        return statuses
    is_hit = pl.col("status") == "estimated"
    return statuses.with_columns(
        status=pl.lit("cannot_be_said"),
        reason=pl.when(is_hit).then(pl.lit(reason)).otherwise("reason"),
    )


def reason_for_all(trials: Trials) -> str | None:
    """Why the trials of all districts together say nothing, whatever the weights; None if nothing
    speaks against it.
    """
    if dry_from(trials) is not None:
        return RUN_DRY
    return CONSTANT if constant_covariates(trials) else None


def spread_to_districts(statuses: pl.DataFrame) -> pl.DataFrame:
    """Statuses with every district refused if the city's weights do not balance or miss a
    covariate, or nobody is left to compare with: the districts use the same weights and months.

    Parameters
    ----------
    statuses : DataFrame
        Table `effect_status`, source raw, of the districts and the city.
    """
    keys = ["protocol_hash", "estimand", "subgroup"]
    failed = statuses.filter(
        (pl.col("district") == CITY) & pl.col("reason").is_in([UNBALANCED, CONSTANT, RUN_DRY])
    ).select(*keys, city_reason="reason")
    is_hit = pl.col("city_reason").is_not_null() & (pl.col("status") == "estimated")
    return (
        statuses.join(failed, on=keys, how="left", maintain_order="left")
        .with_columns(
            status=pl.when(is_hit).then(pl.lit("cannot_be_said")).otherwise("status"),
            reason=pl.when(is_hit).then("city_reason").otherwise("reason"),
        )
        .drop("city_reason")
    )
