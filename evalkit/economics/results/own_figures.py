"""How many starters a district needs for figures of its own."""

from collections.abc import Sequence
from math import ceil

import polars as pl

from evalkit.line.protocol import Protocol
from evalkit.tables import CITY


def effect_sizes(
    summary: pl.DataFrame, readings: pl.DataFrame, protocols: Sequence[Protocol]
) -> pl.DataFrame:
    """How large each intervention's effect is in all districts together, beside what could have
    been found there: where the effect's range holds no difference there is no row.

    Parameters
    ----------
    summary, readings : DataFrame
        The published tables effect_summary and effect_readings, of primary comparisons.
    protocols : sequence of Protocol
        The protocols, which name the outcome.

    Returns
    -------
    DataFrame
        intervention_id, size (of the effect, without its sign), detectable (the smallest difference
        that is found with a power of 80 per cent). Months in the primary outcome.
    """
    outcome = {protocol.intervention_id: protocol.primary_outcome for protocol in protocols}
    measure = "months_" + pl.col("intervention_id").replace_strict(
        outcome, default=None, return_dtype=pl.String
    )
    is_clear = (pl.col("ci_lower") > 0) | (pl.col("ci_upper") < 0)
    effects = summary.filter(
        (pl.col("district") == CITY) & (pl.col("outcome") == measure) & is_clear
    ).select("intervention_id", size=pl.col("difference").abs())
    detectable = readings.filter(district=CITY, reading="detectable_months").select(
        "intervention_id", detectable="estimate"
    )
    return effects.join(detectable, on="intervention_id").drop_nulls()


def starters_needed(n_starters: int, size: float, detectable: float) -> int:
    """How many starters find an effect of a size, where the smallest that some starters find is
    known: errors shrink with the root of their number.

    Parameters
    ----------
    n_starters : int
        Persons who started in all districts together.
    size, detectable : float
        Months: the effect, and the smallest difference that they find with a power of 80 per cent.
    """
    return ceil(n_starters * (detectable / size) ** 2)
