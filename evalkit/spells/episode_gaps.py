"""The time after an intervention: how long people on support are without one before the next
begins, and how plans were kept.

Months are calendar months; the month of an end or a start in mid-month counts as a month with the
intervention.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from evalkit.months import add_months, month_number, month_number_expr
from evalkit.spells.treatment import free_from
from evalkit.tables import CITY

_PLANS = (
    *("ended_before", "ended_as_planned", "ended_later"),
    *("running_within", "running_past", "no_plan", "all"),
)
_ENDS = ("next_intervention", "another_ran_on", "left_support", "still_waiting", "all")


def episode_gaps(
    episodes: pl.DataFrame, spells: pl.DataFrame, *, last_month_known: date
) -> pl.DataFrame:
    """How many months on support without any intervention followed each episode, and what ended
    them.

    Parameters
    ----------
    episodes, spells : DataFrame
        Tables episodes and support_spells.
    last_month_known : date
        Last month with known exits (`last_month_with_known_exits`): what lies behind it is not
        looked at.

    Returns
    -------
    DataFrame
        One row per episode that ended: person_id, episode_no, intervention_id, next_intervention_id
        (null: none has begun), months_without (months between the end and the next start, whatever
        the livelihood; null: none has begun), gap_months (those of them on support, until the next
        intervention, the end of support or the last month known), gap_ended_by (next_intervention,
        another_ran_on, left_support, still_waiting). Where another intervention ran on beyond the
        end there is no gap, and its own end is looked at instead.
    """
    close = month_number(last_month_known) + 1
    ordered = episodes.sort("person_id", "episode_no").with_columns(
        free_from=free_from(), begins=month_number_expr("start")
    )
    ended = ordered.filter(~pl.col("is_running") & (pl.col("free_from") <= close)).sort(
        "person_id", "free_from"
    )
    begun = ordered.select(
        "person_id",
        "begins",
        busy_until=pl.col("free_from").fill_null(close + 1).cum_max().over("person_id"),
    )
    later = ordered.filter(pl.col("begins") < close).select(
        "person_id", next_start="begins", next_intervention_id="intervention_id"
    )
    placed = ended.join_asof(
        begun,
        left_on="free_from",
        right_on="begins",
        by="person_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    ).join_asof(
        later,
        left_on="free_from",
        right_on="next_start",
        by="person_id",
        strategy="forward",
        check_sortedness=False,
    )
    followed = _with_months_on_support(placed, spells, close=close)
    ran_on = (pl.col("busy_until") > pl.col("free_from")).fill_null(False)
    return followed.select(
        "person_id",
        "episode_no",
        "intervention_id",
        "next_intervention_id",
        months_without=pl.when(~ran_on).then(pl.col("next_start") - pl.col("free_from")),
        gap_months=pl.when(ran_on).then(0).otherwise("gap_months").cast(pl.Int32),
        gap_ended_by=pl.when(ran_on).then(pl.lit("another_ran_on")).otherwise("gap_ended_by"),
    ).sort("person_id", "episode_no")


def gap_counts(gaps: pl.DataFrame) -> pl.DataFrame:
    """How the months after an intervention ended, and how long they lasted, by intervention.

    Parameters
    ----------
    gaps : DataFrame
        As `episode_gaps` gives it.

    Returns
    -------
    DataFrame
        intervention_id ("all": every intervention), ended_by (all, next_intervention,
        another_ran_on, left_support, still_waiting), n_episodes, n_persons, n_whole (the
        intervention's episodes), share (of these, 0-1), mean_gap_months (months on support without
        an intervention; of those still waiting, so far), longest_months (the longest gap of all).
    """
    episodes = gaps.with_columns(ended_by="gap_ended_by")
    return _counted(episodes, "ended_by", _ENDS, mean_gap_months="gap_months")


def plan_counts(episodes: pl.DataFrame, *, data_through: date) -> pl.DataFrame:
    """How the planned length of episodes was kept, by intervention: ended before, as planned,
    later, running past it or within it.

    Parameters
    ----------
    episodes : DataFrame
        Table episodes.
    data_through : date
        Last month known. Month.

    Returns
    -------
    DataFrame
        intervention_id ("all": every intervention), plan (all, ended_before, ended_as_planned,
        ended_later, running_within, running_past, no_plan), n_episodes, n_persons, n_whole (the
        intervention's episodes), share (of these, 0-1), mean_planned_months, longest_months (the
        longest plan of all).
    """
    close = month_number(add_months(data_through, 1))
    until = pl.when("is_running").then(close).otherwise(free_from())
    late = until - month_number_expr("start") - pl.col("planned_months")
    plan = (
        pl.when(pl.col("planned_months").is_null())
        .then(pl.lit("no_plan"))
        .when("is_running")
        .then(pl.when(late > 0).then(pl.lit("running_past")).otherwise(pl.lit("running_within")))
        .when(late < 0)
        .then(pl.lit("ended_before"))
        .when(late > 0)
        .then(pl.lit("ended_later"))
        .otherwise(pl.lit("ended_as_planned"))
    )
    planned = episodes.with_columns(plan=plan)
    return _counted(planned, "plan", _PLANS, mean_planned_months="planned_months")


def _counted(
    episodes: pl.DataFrame, answer: str, answers: Sequence[str], **means: str
) -> pl.DataFrame:
    """Episodes by intervention and answer, and a mean number of months of them."""
    rows = pl.concat([episodes, episodes.with_columns(pl.lit("all").alias(answer))])
    rows = pl.concat([rows, rows.with_columns(intervention_id=pl.lit(CITY))])
    keys = ["intervention_id", answer]
    counted = rows.group_by(keys).agg(
        n_episodes=pl.len().cast(pl.Int32),
        n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
        **{name: pl.col(months).mean() for name, months in means.items()},
    )
    longest = [episodes[months].max() or 1 for months in means.values()]
    grid = (
        rows.select("intervention_id").unique().join(pl.DataFrame({answer: answers}), how="cross")
    )
    total = pl.col("n_episodes").filter(pl.col(answer) == "all").first().over("intervention_id")
    return (
        grid.join(counted, on=keys, how="left")
        .with_columns(
            pl.col("n_episodes", "n_persons").fill_null(0),
            longest_months=pl.lit(max(longest), pl.Float64),
        )
        .with_columns(n_whole=total)
        .with_columns(share=pl.col("n_episodes") / pl.col("n_whole"))
        .sort(keys)
    )


def _with_months_on_support(
    ended: pl.DataFrame, spells: pl.DataFrame, *, close: int
) -> pl.DataFrame:
    """Months from the end of the episode in the support spell that holds them, up to what comes
    first.
    """
    held = spells.select(
        "person_id",
        spell_start=month_number_expr("start"),
        spell_end=month_number_expr("end"),
        is_left=pl.col("exit").is_not_null(),
    ).sort("person_id", "spell_start")
    placed = ended.join_asof(
        held,
        left_on="free_from",
        right_on="spell_start",
        by="person_id",
        strategy="backward",
        check_sortedness=False,
    ).with_columns(
        support_end=pl.max_horizontal("spell_end", "free_from").fill_null(pl.col("free_from"))
    )
    stop = pl.min_horizontal(pl.col("next_start").fill_null(close), "support_end", pl.lit(close))
    # Support that was running when exits were last known has not ended there.
    is_left = (pl.col("support_end") == pl.col("free_from")) | pl.col("is_left")
    ended_by = (
        pl.when(pl.col("next_start") <= pl.col("support_end"))
        .then(pl.lit("next_intervention"))
        .when(is_left)
        .then(pl.lit("left_support"))
        .otherwise(pl.lit("still_waiting"))
    )
    return placed.with_columns(gap_months=stop - pl.col("free_from"), gap_ended_by=ended_by)
