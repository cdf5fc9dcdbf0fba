"""The Pennsylvania experiment through evalkit's own spells, states and trials: a week is taken for
a month, and what is reached is having left the benefit. What people did then nobody delivered.
"""

import numpy as np
import polars as pl

from benchmarks.scorecard.data import BENEFIT_WEEKS, People
from evalkit.effects import Protocol, Trials, emulate_trials

_BEFORE = 1


def benefit_trials(people: People) -> Trials:
    """People on the benefit the week before the offer, who are offered or not, and their 52 weeks.

    people : as `data.pennsylvania` gives them.
    """
    weeks = pl.int_ranges(1, BENEFIT_WEEKS + _BEFORE + 1).alias("week")
    first_spell = BENEFIT_WEEKS - pl.col("outcome").cast(pl.Int64)
    long = people.rows.select("person", "treated", first_spell=first_spell).with_columns(weeks)
    long = long.explode("week").with_columns(
        state=pl.when(pl.col("week") <= pl.col("first_spell") + _BEFORE)
        .then(pl.lit("support"))
        .otherwise(pl.lit("unknown")),
        offered=pl.col("treated") & (pl.col("week") == 1 + _BEFORE),
    )
    return emulate_trials(
        long,
        id="person",
        month="week",
        state="state",
        intervention="offered",
        protocol=Protocol(
            "bonus_offer",
            follow_up_months=BENEFIT_WEEKS,
            primary_outcome="without_support",
            # The offer comes before the first week of benefit ends.
            leavers_in_month_one="stay",
        ),
    )


def weeks_without_benefit(trials: Trials) -> np.ndarray:
    """Of each person, of the 52 weeks: (n_rows,)."""
    return trials.is_in_primary.sum(axis=1).astype(float)
