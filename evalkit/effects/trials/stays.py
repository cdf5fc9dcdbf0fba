"""Time in interventions, in protocol months: stays in one (episodes that overlap or follow at once
are one), and the months in all of them.
"""

import polars as pl

from evalkit.months import free_from_expr, month_number_expr

# An episode that has not ended: later than any month of an extract.
NO_END = 2**20
PARTICIPATION = pl.Schema(
    {
        "person_id": pl.String(),
        "programme": pl.String(),
        "measure": pl.String(),
        "start": pl.Int32(),
        "stop": pl.Int32(),
    }
)


def episode_months(episodes: pl.DataFrame, intervention_id: str, origin: int) -> pl.DataFrame:
    """Time in an intervention without a break, in protocol months: episodes that overlap or follow
    at once are one.

    Returns
    -------
    DataFrame
        person_id, episode_start (inclusive), episode_end (exclusive), planned_months (the longest
        plan of those that begin it), planned_end (the latest month planned for any of them).
    """
    planned = (
        pl.col("planned_months")
        if "planned_months" in episodes.columns
        else pl.lit(None, dtype=pl.Int32)
    )
    months = episodes.filter(pl.col("intervention_id") == intervention_id).select(
        "person_id",
        episode_start=(month_number_expr("start") - origin + 1).cast(pl.Int32),
        episode_end=pl.coalesce(month_number_expr("end") - origin + 1, pl.lit(NO_END)).cast(
            pl.Int32
        ),
        planned_months=planned.cast(pl.Int32),
    )
    start = pl.col("episode_start")
    is_new = start > pl.col("episode_end").cum_max().shift(1).over("person_id")
    ordered = months.sort("person_id", "episode_start", "episode_end").with_columns(
        stay=is_new.fill_null(True).cum_sum()
    )
    return (
        ordered.group_by("stay", maintain_order=True)
        .agg(
            pl.first("person_id"),
            start.min(),
            pl.col("episode_end").max(),
            planned_months=pl.col("planned_months").filter(start == start.min()).max(),
            planned_end=(start + pl.col("planned_months")).max(),
        )
        .drop("stay")
    )


def participation_months(episodes: pl.DataFrame, origin: int) -> pl.DataFrame:
    """Time in every intervention, in protocol months.

    Returns
    -------
    DataFrame
        person_id, programme (the intervention), measure, start (inclusive), stop (exclusive).
        measure taking_part: months in which an episode runs, those in which it begins or ends
        included; starting: the month in which time without a break begins (`episode_months`).
    """
    first = (month_number_expr("start") - origin + 1).cast(pl.Int32)
    stop = pl.max_horizontal(
        pl.coalesce((free_from_expr("end") - origin + 1).cast(pl.Int32), pl.lit(NO_END)), first + 1
    )
    running = episodes.select(
        "person_id",
        programme="intervention_id",
        measure=pl.lit("taking_part"),
        start=first,
        stop=stop,
    )
    starts = [
        episode_months(episodes, intervention_id, origin).select(
            "person_id",
            programme=pl.lit(intervention_id),
            measure=pl.lit("starting"),
            start=pl.col("episode_start"),
            stop=pl.col("episode_start") + 1,
        )
        for intervention_id in episodes["intervention_id"].unique().sort()
    ]
    return pl.concat(
        [months.select(list(PARTICIPATION)).cast(PARTICIPATION) for months in (running, *starts)]
    )
