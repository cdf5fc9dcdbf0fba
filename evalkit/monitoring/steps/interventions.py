"""Which interventions stand on which step of the ladder."""

from collections.abc import Mapping

import polars as pl

from evalkit.line.delivered import as_delivered
from evalkit.line.tables import published


def ladder_steps(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The table ladder_steps: ladder_step, intervention_id and the name by which it was delivered,
    of those with a step.
    """
    steps = as_delivered(tables, "intervention").drop_nulls("ladder_step")
    return steps.select(list(published("ladder_steps").schema)).sort("ladder_step")
