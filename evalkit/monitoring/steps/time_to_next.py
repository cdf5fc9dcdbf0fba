"""How long people wait who are ready: from the first follow-up at which all five criteria are met
to the next step.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.steps.follow_ups import READY, first_of_each, follow_ups_on_the_way
from evalkit.monitoring.steps.next_steps import (
    Followed,
    episodes_on_ladder,
    months_lived,
    with_next_step,
)
from evalkit.survival import kaplan_meier, survival_quantiles

_RANGE = ("estimate", "ci_lower", "ci_upper")


def time_to_next_step(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """Months from ready to the next step, and the share who have not taken it in time.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        follow_up, participation, intervention and person as delivered, and state_intervals.
    followed : Followed
        Of its rules `monitoring.next_step_months`, `monitoring.handover_reasons`.

    Returns
    -------
    DataFrame
        The table time_to_next_step, per area and for the city: median_months (null where fewer than
        half have gone on) and without_next_step (the share after so many months), each with its
        range and n_persons (ready for the first time). Who is not followed so far counts as long
        as that is known (Kaplan-Meier).
    """
    ready = first_of_each(follow_ups_on_the_way(tables).filter(pl.col("n_criteria") == READY))
    lived = months_lived(tables["state_intervals"], followed)
    waits = with_next_step(ready, episodes_on_ladder(tables), lived, followed).with_columns(
        months=pl.coalesce("months_to_next", "months_followed"),
        has_gone_on=pl.col("months_to_next").is_not_null(),
    )
    schema = published("time_to_next_step").schema
    if waits.is_empty():
        return pl.DataFrame(schema=schema)
    rows = in_areas(waits, followed.rules)
    by = ["district"]
    within = followed.rules.next_step_months
    medians = survival_quantiles(rows, time="months", event="has_gone_on", by=by).with_columns(
        measure=pl.lit("median_months")
    )
    waiting = (
        kaplan_meier(rows, time="months", event="has_gone_on", by=["district"], conf_type="log-log")
        .filter(pl.col("time") <= within)
        .group_by("district")
        .agg(pl.col(_RANGE).sort_by("time").last())
        .with_columns(measure=pl.lit("without_next_step"))
    )
    sizes = rows.group_by("district").agg(n_persons=pl.len().cast(pl.Int32))
    columns = ["district", "measure", *_RANGE]
    return (
        pl.concat([medians.select(columns), waiting.select(columns)])
        .join(sizes, on="district", how="left")
        .select(list(schema))
        .sort("district", "measure")
    )
