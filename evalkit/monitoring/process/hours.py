"""How much of what was assigned was attended, and missed without a valid reason."""

from collections.abc import Mapping

import polars as pl

from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.process.episodes import Process
from evalkit.monitoring.process.few import of_every_area
from evalkit.months import add_months
from evalkit.params import Extract
from evalkit.tables import CITY

ACTIVITY_TABLES = ("activity_plan", "activity_month")
_DAYS_PER_WEEK = 7
_KEYS = ("district", "intervention_id", "measure")
_COLUMNS = (*_KEYS, "person_id", "of_hours", "hours")


def attended_hours(process: Process, activity: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The dose: hours attended, as a share of the hours assigned.

    Parameters
    ----------
    process : Process
        As `common_process` makes it.
    activity : mapping of str to DataFrame
        The delivered tables ACTIVITY_TABLES.

    Returns
    -------
    DataFrame
        The table attended_hours. `attended`: of the interventions that began in the year, the share
        that each follow-up says for the time since the one before, weighted by the hours planned in
        it. `activity_attended` and `activity_invalid_absence`: of all hours assigned in the year
        under the activity requirement, which are of no intervention.
    """
    parts = [*_of_interventions(process), *_of_activities(process, activity["activity_month"])]
    rows = pl.concat(parts)
    by_person = rows.group_by(*_KEYS, "person_id").agg(pl.sum("hours", "of_hours"))
    largest = pl.max("of_hours") / pl.sum("of_hours")
    counted = (
        by_person.filter(pl.col("of_hours") > 0)
        .group_by(_KEYS)
        .agg(
            n_persons=pl.len().cast(pl.Int32),
            share=pl.sum("hours") / pl.sum("of_hours"),
            # One person moves the share by at most the part of all hours that is their own.
            persons_apart=largest * pl.len(),
        )
    )
    return of_areas_or_interventions(counted, process).with_columns(
        year=pl.lit(process.year, pl.Int32)
    )


def last_quarter(extract: Extract) -> str:
    """The last quarter of the activity requirement that is known to its end, as 2026-Q4."""
    through = extract.data_through
    if isinstance(through, dict):
        named = [through[name] for name in ACTIVITY_TABLES if name in through]
        through = min(named, default=extract.follow_up_through)
    after = add_months(through, 1)
    last = add_months(after, -((after.month - 1) % 3) - 1)
    return f"{last.year}-Q{last.month // 3}"


def by_district_and_intervention(rows: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Rows once under their area, once under "all", and there once under their intervention: the
    two are not crossed.
    """
    areas = in_areas(rows, process.rules).with_columns(intervention_id=pl.lit(CITY))
    own = rows.with_columns(district=pl.lit(CITY))
    return pl.concat([areas.select(rows.columns), own])


def of_areas_or_interventions(counted: pl.DataFrame, process: Process) -> pl.DataFrame:
    """What was counted so, of every area; of single interventions there are rows of all districts
    alone.
    """
    is_of_all = pl.col("intervention_id") == CITY
    of_areas = of_every_area(counted.filter(is_of_all), process, _KEYS)
    return pl.concat([of_areas, counted.filter(~is_of_all).select(of_areas.columns)])


def _of_interventions(process: Process) -> list[pl.DataFrame]:
    begun = process.begun.select("episode", "district", "start", planned="hours_per_week")
    before = pl.col("date").shift(1).over("episode", order_by="date")
    weeks = (pl.col("date") - pl.coalesce(before, "start")).dt.total_days() / _DAYS_PER_WEEK
    rows = (
        process.follow_ups.join(begun, on="episode")
        .with_columns(of_hours=pl.col("planned") * weeks)
        .filter(pl.col("attendance_share").is_not_null(), pl.col("of_hours") > 0)
        .select(
            "district",
            "intervention_id",
            "person_id",
            "of_hours",
            hours=pl.col("attendance_share") * pl.col("of_hours"),
            measure=pl.lit("attended"),
        )
    )
    return [by_district_and_intervention(rows, process).select(_COLUMNS)]


def _of_activities(process: Process, month: pl.DataFrame) -> list[pl.DataFrame]:
    person = process.people
    hours = (
        month.filter(pl.col("month").dt.year() == process.year, pl.col("assigned_hours") > 0)
        .join(person, on="person_id")
        .with_columns(intervention_id=pl.lit(CITY))
    )
    measures = {
        "activity_attended": "attended_hours",
        "activity_invalid_absence": "invalid_absence_hours",
    }
    known = {name: column for name, column in measures.items() if hours[column].count()}
    return [
        in_areas(hours, process.rules)
        .with_columns(
            of_hours="assigned_hours", hours=pl.col(column).fill_null(0.0), measure=pl.lit(name)
        )
        .select(_COLUMNS)
        for name, column in known.items()
    ]
