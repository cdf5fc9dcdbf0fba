"""Whether people's abilities and their own rating rise between follow-ups, and whether the scale
could show it.
"""

import polars as pl

from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.process.episodes import Process
from evalkit.monitoring.process.few import of_every_area
from evalkit.monitoring.process.hours import (
    by_district_and_intervention,
    of_areas_or_interventions,
)

ABILITIES = ("physical_ability", "mental_ability", "social_ability", "self_rating")
# The points of the scale from where a fall, or a rise, cannot be seen.
ENDS = {"lowest": 1, "highest": 5}
_RANGE_95 = 1.959964
_KEYS = ("district", "intervention_id", "measure")


def ability_change(process: Process) -> pl.DataFrame:
    """How much ratings have changed from the first to the latest follow-up.

    Parameters
    ----------
    process : Process
        As `common_process` makes it.

    Returns
    -------
    DataFrame
        The table ability_change: the mean over people, each counted once, of those who were rated
        at least twice in interventions that began in the year. The range is that of the mean, so
        that it holds for people and not for follow-ups.
    """
    rows = by_district_and_intervention(_ratings(process), process)
    by_person = (
        rows.sort("date")
        .group_by(*_KEYS, "person_id")
        .agg(change=pl.last("rating") - pl.first("rating"), n=pl.len())
        .filter(pl.col("n") > 1)
    )
    error = _RANGE_95 * pl.std("change") / pl.len().sqrt()
    counted = by_person.group_by(_KEYS).agg(
        n_persons=pl.len().cast(pl.Int32),
        estimate=pl.mean("change"),
        ci_lower=pl.mean("change") - error,
        ci_upper=pl.mean("change") + error,
    )
    return of_areas_or_interventions(counted, process)


def ability_ends(process: Process) -> pl.DataFrame:
    """How many people were at the ends of a scale when they were rated first: at its lowest point
    nobody can be seen to fall, at its highest nobody to rise.

    Returns
    -------
    DataFrame
        The table ability_ends, each person counted once for each ability.
    """
    keys = ["district", "measure"]
    first = (
        in_areas(_ratings(process), process.rules)
        .sort("date")
        .group_by(*keys, "person_id")
        .agg(pl.first("rating"))
        .group_by(keys)
        .agg(
            pl.len().alias("all"),
            *((pl.col("rating") == point).sum().alias(end) for end, point in ENDS.items()),
        )
    )
    answers = [
        first.select(
            "district",
            pl.col("measure"),
            end_of_scale=pl.lit(end),
            answer=pl.lit(answer),
            n_persons=pl.col(column).cast(pl.Int32),
            n_whole=pl.col("all").cast(pl.Int32),
        )
        for end in ENDS
        for answer, column in (("all", "all"), ("yes", end))
    ]
    by = (*keys, "end_of_scale", "answer")
    return of_every_area(pl.concat(answers), process, by)


def _ratings(process: Process) -> pl.DataFrame:
    """One row per follow-up and ability: of the interventions that began in the year."""
    begun = process.begun.select("episode", "district")
    return (
        process.follow_ups.join(begun, on="episode")
        .unpivot(
            on=ABILITIES,
            index=["district", "intervention_id", "person_id", "date"],
            variable_name="measure",
            value_name="rating",
        )
        .drop_nulls("rating")
    )
