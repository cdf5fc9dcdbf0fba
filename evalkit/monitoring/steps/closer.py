"""All tables on whether people come closer."""

from collections.abc import Mapping

import polars as pl

from evalkit.monitoring.steps.districts import ladder_by_district
from evalkit.monitoring.steps.interventions import ladder_steps
from evalkit.monitoring.steps.ladder import ladder
from evalkit.monitoring.steps.next_steps import Followed
from evalkit.monitoring.steps.readiness import readiness, readiness_test
from evalkit.monitoring.steps.time_to_next import time_to_next_step


def coming_closer(
    tables: Mapping[str, pl.DataFrame], followed: Followed
) -> dict[str, pl.DataFrame]:
    """Whether people come closer to work: where they are a year after they started on a step of the
    ladder, whether the index of readiness tells the next step, and how long those who are ready
    wait for it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        person, household_member, participation, intervention and follow_up as delivered (empty
        where nobody did), and state_intervals.
    followed : Followed
        How many months are looked at.

    Returns
    -------
    dict of str to DataFrame
        The tables ladder, ladder_steps, ladder_by_district, readiness, readiness_test and
        time_to_next_step, for gate 2; those of tables that nobody delivered are empty.
    """
    return {
        "ladder": ladder(tables, followed),
        "ladder_steps": ladder_steps(tables),
        "ladder_by_district": ladder_by_district(tables, followed),
        "readiness": readiness(tables, followed),
        "readiness_test": readiness_test(tables, followed),
        "time_to_next_step": time_to_next_step(tables, followed),
    }
