"""Stays in an intervention: episodes that overlap or follow at once are one."""

import polars as pl

from evalkit.months import month_number_expr

# An episode that has not ended: later than any month of an extract.
_NO_END = 2**20


def episode_months(episodes: pl.DataFrame, intervention_id: str, origin: int) -> pl.DataFrame:
    """Time in an intervention without a break, in protocol months: episodes that overlap or follow at once are one.

    Returns
    -------
    DataFrame
        person_id, episode_start (inclusive), episode_end (exclusive), planned_months (the longest plan of those that begin it), planned_end (the
        latest month planned for any of them).
    """
    planned = pl.col("planned_months") if "planned_months" in episodes.columns else pl.lit(None, dtype=pl.Int32)
    months = episodes.filter(pl.col("intervention_id") == intervention_id).select(
        "person_id",
        episode_start=(month_number_expr("start") - origin + 1).cast(pl.Int32),
        episode_end=pl.coalesce(month_number_expr("end") - origin + 1, pl.lit(_NO_END)).cast(pl.Int32),
        planned_months=planned.cast(pl.Int32),
    )
    start = pl.col("episode_start")
    is_new = start > pl.col("episode_end").cum_max().shift(1).over("person_id")
    ordered = months.sort("person_id", "episode_start", "episode_end").with_columns(stay=is_new.fill_null(True).cum_sum())
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
