"""The timing of an effect: lock-in while the intervention lasts, the month that breaks even, and
whether work, or the exit from support, lasts.

Lock-in is the difference in months of work up to the length that was planned at time zero, not up
to the end that came about: of those who start, the share S(k) was planned to be in the intervention
in month k, and lock-in is sum_k S(k) d(k), with d the difference in the share in work. The rest,
sum_k (1 - S(k)) d(k), is the yield. The break-even month is the first from which the accumulated
difference stays positive. Van Ours (2004), J. Public Econ. 88:1151.
"""

import polars as pl

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects.trials.events import EVENTS
from evalkit.line.protocol import Protocol
from evalkit.line.states import SUSTAINED_MONTHS, members_of

KEYS = ["district", "intervention_id", "estimand"]
# The accumulated difference is a sum of shares: less than this is rounding, not a gain.
_NOTHING = 1e-9


def effect_timing(
    draws: pl.DataFrame, events: pl.DataFrame, protocol: Protocol, *, conf_level: float = 0.95
) -> pl.DataFrame:
    """Lock-in, yield, break-even, lasting work and return to support, with ranges from the
    replicates.

    Parameters
    ----------
    draws : DataFrame
        Table `effect_draws` of one protocol, one source per district.
    events : DataFrame
        The same shape with column event (`effect_draws` of the table `effect_event_sums`).

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, measure, treated, comparison, estimate, ci_lower,
        ci_upper. Measures: planned_months (mean planned length), lock_in_months, yield_months,
        break_even_month (null: not within the follow-up; a limit that is null lies beyond it),
        break_even_share (share of replicates that break even), sustained_work, sustained_exit
        (three months in a row off support) and returned_to_support (shares by the last month; the
        latter of those who had worked). Lock-in is left out where no plan is known, sustained_work
        where work is not observed (it would be the exit again), both where the follow-up is shorter
        than they ask for.
    """
    differences = monthly_differences(draws, protocol.primary_outcome)
    planned = events.filter(
        (pl.col("event") == "planned") & (pl.col("arm") == "treated") & (pl.col("month") > 0)
    )
    paths = differences.join(
        planned.select(*KEYS, "draw", "month", planned="probability"),
        on=[*KEYS, "draw", "month"],
        how="left",
    )
    measured = paths.group_by(*KEYS, "draw").agg(
        planned_months=pl.col("planned").sum(),
        lock_in_months=(pl.col("planned") * pl.col("difference")).sum(),
        yield_months=((1 - pl.col("planned")) * pl.col("difference")).sum(),
    )
    measured = measured.filter(pl.col("planned_months") > 0)
    sums = measured.unpivot(index=[*KEYS, "draw"], variable_name="measure", value_name="estimate")
    measures = [
        _ranged(sums, conf_level),
        _break_even(differences, protocol.follow_up_months, conf_level),
        _lasting(events, protocol, conf_level),
    ]
    return (
        with_words(pl.concat(measures, how="diagonal"))
        .select(*KEYS, "measure", "treated", "comparison", "estimate", "ci_lower", "ci_upper")
        .sort(*KEYS, "measure")
    )


def monthly_differences(draws: pl.DataFrame, outcome: str) -> pl.DataFrame:
    """The difference in an outcome, or an aggregate, treated minus comparison, by effect, draw and
    month.
    """
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    months = draws.filter(pl.col("state").is_in(members_of(outcome)) & (pl.col("month") > 0))
    return (
        months.group_by(*KEYS, "draw", "month")
        .agg(difference=(sign * pl.col("probability")).sum())
        .sort(*KEYS, "draw", "month")
    )


def break_even_month(differences: pl.DataFrame) -> pl.DataFrame:
    """The first month from which the accumulated difference stays positive, one row per effect and
    draw; null if it never does.
    """
    accumulated = differences.with_columns(total=pl.col("difference").cum_sum().over(*KEYS, "draw"))
    last_not_positive = pl.col("month").filter(pl.col("total") <= _NOTHING).max().fill_null(0)
    month = accumulated.group_by(*KEYS, "draw").agg(
        month=last_not_positive + 1, horizon=pl.col("month").max()
    )
    return (
        month.with_columns(month=pl.when(pl.col("month") <= pl.col("horizon")).then("month"))
        .drop("horizon")
        .sort(*KEYS, "draw")
    )


def _break_even(differences: pl.DataFrame, horizon: int, conf_level: float) -> pl.DataFrame:
    months = break_even_month(differences)
    shares = months.group_by(KEYS).agg(
        estimate=pl.col("month").is_not_null().filter(pl.col("draw") > 0).mean()
    )
    # A month that is not reached lies beyond the horizon; limits take an observed month, none in
    # between.
    beyond = months.select(
        *KEYS,
        "draw",
        measure=pl.lit("break_even_month"),
        estimate=pl.col("month").fill_null(horizon + 1).cast(pl.Float64),
    )
    ranged = _ranged(beyond, conf_level, is_observed=True)
    within = [
        pl.when(pl.col(name) <= horizon).then(name).alias(name)
        for name in ("estimate", "ci_lower", "ci_upper")
    ]
    return pl.concat(
        [ranged.with_columns(within), shares.with_columns(measure=pl.lit("break_even_share"))],
        how="diagonal",
    )


def _lasting(events: pl.DataFrame, protocol: Protocol, conf_level: float) -> pl.DataFrame:
    last = events.filter(pl.col("month") == protocol.follow_up_months)
    wide = last.pivot(
        "event", on_columns=EVENTS, index=[*KEYS, "draw", "arm"], values="probability"
    )
    shares = wide.with_columns(
        # Where nobody has worked there is nobody who could have returned.
        returned_to_support=pl.when(pl.col("worked") > 0).then(
            pl.col("returned_to_support") / pl.col("worked")
        )
    ).unpivot(
        _measures_of(protocol),
        index=[*KEYS, "draw", "arm"],
        variable_name="measure",
        value_name="share",
    )
    by_arm = shares.pivot(
        "arm",
        on_columns=("treated", "comparison"),
        index=[*KEYS, "draw", "measure"],
        values="share",
    )
    ranged = _ranged(
        by_arm.with_columns(estimate=pl.col("treated") - pl.col("comparison")), conf_level
    )
    return ranged.join(
        by_arm.filter(pl.col("draw") == 0).drop("draw"), on=[*KEYS, "measure"], how="left"
    )


def _measures_of(protocol: Protocol) -> list[str]:
    """What can last within the follow-up, each said once."""
    lasting = ["sustained_work"] if protocol.is_work_observed else []
    is_long_enough = protocol.follow_up_months >= SUSTAINED_MONTHS
    return [*([*lasting, "sustained_exit"] if is_long_enough else []), "returned_to_support"]


def _ranged(values: pl.DataFrame, conf_level: float, *, is_observed: bool = False) -> pl.DataFrame:
    return values.group_by(*KEYS, "measure").agg(
        estimate_with_range("estimate", conf_level=conf_level, is_observed=is_observed)
    )
