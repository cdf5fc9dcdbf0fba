"""Follow-ups with the index of readiness: how many of the five criteria for the next step are met.

The criteria are those of the working group of 2012-13 for who can go on to Jobbtorg Resurs: takes
part as planned, travels, no active abuse, handles conflicts or works on it, is motivated enough.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.delivered import as_delivered
from evalkit.monitoring.steps.next_steps import episodes_on_ladder
from evalkit.months import month_number_expr

CRITERIA = (
    "manages_participation",
    "manages_travel",
    "has_no_active_abuse",
    "handles_conflict",
    "is_motivated",
)
READY = len(CRITERIA)


def follow_ups_on_the_way(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Follow-ups in episodes that have a step above them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Delivered tables by name: follow_up, participation, intervention, person.

    Returns
    -------
    DataFrame
        One row per follow-up in a month of an episode of its intervention: person_id, month
        (number), intervention_id, begins (of the episode), district, ladder_step, n_criteria (met,
        0 to 5; null where one of the five is not answered). Who is on the highest step is left out;
        where all interventions stand on one step, or none is declared, nobody is.
    """
    episodes = episodes_on_ladder(tables)
    steps = as_delivered(tables, "intervention")["ladder_step"].drop_nulls().unique().sort()
    followed_up = as_delivered(tables, "follow_up").select(
        "person_id",
        "intervention_id",
        "date",
        month=month_number_expr("date"),
        n_criteria=pl.sum_horizontal(
            *(pl.col(name).cast(pl.Int32) for name in CRITERIA), ignore_nulls=False
        ),
    )
    is_on_the_way = (
        pl.col("ladder_step").is_null() | (pl.col("ladder_step") < steps[-1])
        if len(steps) > 1
        else pl.lit(True)
    )
    return (
        followed_up.join(episodes, on=["person_id", "intervention_id"], how="inner")
        .filter(
            pl.col("begins") <= pl.col("month"),
            (pl.col("free_from") > pl.col("month")).fill_null(True),
            is_on_the_way,
        )
        .sort("person_id", "date", "intervention_id", "begins")
        .select(
            "person_id",
            "month",
            "intervention_id",
            "begins",
            "district",
            "ladder_step",
            "n_criteria",
        )
    )


def first_of_each(follow_ups: pl.DataFrame) -> pl.DataFrame:
    """Each person's first row: one per person."""
    return follow_ups.unique("person_id", keep="first", maintain_order=True)
