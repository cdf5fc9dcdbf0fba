"""Treatment episodes: who took part in which intervention, and how long it was meant to last when
it began.
"""

from datetime import date

import polars as pl

from evalkit.months import add_months, free_from_expr, month_number_expr
from evalkit.tables import conform


def build_episodes(
    participation: pl.DataFrame, intervention: pl.DataFrame, *, data_through: date
) -> pl.DataFrame:
    """Episodes of people in interventions, numbered by start, with the length planned at the start.

    Parameters
    ----------
    participation, intervention : DataFrame
        Admitted tables.
    data_through : date
        Last month known. Month.

    Returns
    -------
    DataFrame
        The table episodes. `planned_months` comes from the planned end, else from the intervention,
        else it is null; it never looks at the end that came about. An episode with no end by the
        close of the last month known is running and has no end. Episodes that begin later than that
        are not in the table.
    """
    close = add_months(data_through, 1)
    is_running = pl.col("end").is_null() | (pl.col("end") > close)
    usual = intervention.select("intervention_id", "ladder_step", usual_months="planned_months")
    return conform(
        participation.filter(pl.col("start") < close)
        .join(usual, on="intervention_id", how="left")
        .sort("person_id", "start", "intervention_id")
        .select(
            "person_id",
            "intervention_id",
            "start",
            "provider_district",
            "hours_per_week",
            "ladder_step",
            "end_reason",
            episode_no=pl.int_range(1, pl.len() + 1).over("person_id"),
            end=pl.when(~is_running).then("end"),
            planned_months=pl.coalesce(_months_between("start", "planned_end"), "usual_months"),
            is_running=is_running,
        ),
        "episodes",
    )


def free_from() -> pl.Expr:
    """The first month without an episode (number), null while it is running."""
    return free_from_expr("end")


def _months_between(start: str, end: str) -> pl.Expr:
    # Begun months: 15 January to 15 April is three, to 16 April four.
    whole = month_number_expr(end) - month_number_expr(start)
    return whole + (pl.col(end).dt.day() > pl.col(start).dt.day()).cast(pl.Int32)
