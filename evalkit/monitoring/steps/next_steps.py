"""The next step of people in interventions: a hand-over, a start on a higher step of the ladder, or
unsubsidised work, whichever comes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from evalkit.line.delivered import as_delivered
from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import free_from_expr, month_number, month_number_expr
from evalkit.params import RunFile

NEXT_STATES = ("work",)


@dataclass(frozen=True)
class Followed:
    """What is looked for, and the months in which it would be seen.

    Attributes
    ----------
    rules : MonitoringRules
        What counts as a step, and after how many months.
    first, last : int
        Numbers of the extract's first month, and of the last that is known
        (`RunFile.last_month_known`).
    """

    rules: MonitoringRules
    first: int
    last: int

    @classmethod
    def of_run(cls, params: RunFile) -> "Followed":
        """What a run file declares."""
        return cls(
            rules=params.monitoring,
            first=month_number(params.extract.first_month),
            last=month_number(params.last_month_known),
        )


def episodes_on_ladder(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Every delivered episode with its step and the district of the person when it began.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Delivered tables by name: participation, intervention, person.

    Returns
    -------
    DataFrame
        person_id, intervention_id, district, ladder_step (null: none is declared), end_reason,
        begins, free_from (numbers of months; null: no end).
    """
    steps = as_delivered(tables, "intervention").select("intervention_id", "ladder_step")
    people = tables["person"].select("person_id", own="district")
    return (
        as_delivered(tables, "participation")
        .join(steps, on="intervention_id", how="left")
        .join(people, on="person_id", how="inner")
        .select(
            "person_id",
            "intervention_id",
            pl.coalesce("home_district", "own").alias("district"),
            "ladder_step",
            "end_reason",
            begins=month_number_expr("start"),
            free_from=free_from_expr("end"),
        )
        .sort("person_id", "begins", "intervention_id")
    )


def months_lived(intervals: pl.DataFrame, followed: Followed) -> pl.DataFrame:
    """Table state_intervals with numbers of calendar months: person_id, state, first, stop
    (exclusive).
    """
    return intervals.select(
        "person_id",
        state="from_state",
        first=pl.col("start_month") + followed.first,
        stop=pl.col("stop_month") + followed.first,
    )


def with_next_step(
    asked: pl.DataFrame, episodes: pl.DataFrame, lived: pl.DataFrame, followed: Followed
) -> pl.DataFrame:
    """The months until the next step, of people in an episode at a given month.

    Parameters
    ----------
    asked : DataFrame
        One row per person: person_id, month (number), and of the episode that holds it
        intervention_id, begins, ladder_step.
    episodes : DataFrame
        As `episodes_on_ladder` gives them.
    lived : DataFrame
        As `months_lived` gives it.

    Returns
    -------
    DataFrame
        The rows of those who were not in unsubsidised work in that month, with months_to_next
        (counted from the month asked about, 1 or more; null: none so far) and months_followed. A
        hand-over is an end of the same episode for a reason of `monitoring.handover_reasons`; it
        happens in the first month that the episode leaves free.
    """
    month = pl.col("month")
    handed_over = (
        asked.join(episodes, on=["person_id", "intervention_id", "begins"], how="inner")
        .filter(
            pl.col("end_reason").is_in(followed.rules.handover_reasons),
            pl.col("free_from") > month,
        )
        .select("person_id", at="free_from")
    )
    higher = (
        asked.join(
            episodes.select("person_id", at="begins", to_step="ladder_step"),
            on="person_id",
            how="inner",
        )
        .filter(pl.col("at") > month, pl.col("to_step") > pl.col("ladder_step"))
        .select("person_id", "at")
    )
    works = lived.filter(pl.col("state").is_in(NEXT_STATES))
    met = asked.join(works, on="person_id", how="inner").filter(pl.col("stop") > month)
    is_there = met.filter(pl.col("first") <= month).select("person_id")
    worked = met.select("person_id", at="first")
    steps = pl.concat([handed_over, higher, worked], how="vertical_relaxed")
    first_step = steps.group_by("person_id").agg(pl.col("at").min())
    return (
        asked.join(is_there, on="person_id", how="anti")
        .join(first_step, on="person_id", how="left")
        .with_columns(
            months_to_next=pl.when(pl.col("at") <= followed.last).then(pl.col("at") - month),
            months_followed=followed.last - month,
        )
        .filter(pl.col("months_followed") > 0)
        .drop("at")
        .sort("person_id")
    )
