"""Whether anybody is left to compare with: where nearly all who could start are in some
intervention, to start this one now or to wait loses its comparison.

"Wait" means not to start this intervention now, whatever else people do. As long as some of those
who wait are in no intervention at all, that is a comparison with going on as before. Where
everybody is assigned something, it becomes one with the other interventions, and says so nowhere;
from then on the question has to be another (params/protocols/templates/).
"""

from datetime import date

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.tables import published
from evalkit.months import month_number, month_of_number_expr
from evalkit.tables import CITY

RUN_DRY = "run_dry"
# One month's share is of few people in a small place: three months are taken together.
_WINDOW_MONTHS = 3


def comparison_left(weighting: StartNow, *, first_month: date) -> pl.DataFrame:
    """Of those who could start, the share that is in no intervention, and what it is worth as a
    comparison, by month of the trials.

    Parameters
    ----------
    weighting : StartNow
        Of all districts together.
    first_month : date
        The extract's first month.

    Returns
    -------
    DataFrame
        district ("all"), intervention_id, calendar_month, share_unassigned (0-1, of that trial
        month and the two that follow together), effective_sample_size (people of equal weight that
        those in no intervention are worth, a household counted once), verdict (passed|refused: from
        that month on nobody is left to compare with), n_unassigned, n_eligible (persons).
    """
    trials = weighting.trials
    dry = dry_from(trials)
    is_refused = pl.lit(False) if dry is None else pl.col("trial_month") >= dry
    origin = month_number(first_month) - 1
    windows = _windows(trials).with_columns(
        weight=pl.lit(pl.Series(weighting.weights)).gather(pl.col("row"))
    )
    total = pl.col("weight").sum()
    worth = (
        windows.filter("is_unassigned")
        # In order, since a sum in another order differs in its last digit.
        .group_by("trial_month", "cluster_id", maintain_order=True)
        .agg(total)
        .group_by("trial_month")
        .agg(effective_sample_size=total**2 / (pl.col("weight") ** 2).sum())
    )
    return (
        _shares(windows)
        .join(worth, on="trial_month", how="left", maintain_order="left")
        .select(
            pl.lit(CITY).alias("district"),
            pl.lit(trials.protocol.intervention_id).alias("intervention_id"),
            month_of_number_expr(pl.col("trial_month") + origin).alias("calendar_month"),
            "share_unassigned",
            pl.col("effective_sample_size").fill_null(0),
            pl.when(is_refused)
            .then(pl.lit("refused"))
            .otherwise(pl.lit("passed"))
            .alias("verdict"),
            "n_unassigned",
            "n_eligible",
        )
        .cast(dict(published("comparison_left").schema))
    )


def dry_from(trials: Trials) -> int | None:
    """The trial month from which on nobody is left to compare with, by the protocol's limit
    (`Refusal.min_share_unassigned`); None if there is none, or where people who start another
    intervention are compared.
    """
    limit = trials.protocol.refusal.min_share_unassigned
    if limit is None or trials.protocol.other_start:
        return None
    months = _shares(_windows(trials))
    # The last windows hold fewer months than three: what begins there is too early to say.
    whole = months.filter(
        pl.col("trial_month") <= pl.col("trial_month").max() - (_WINDOW_MONTHS - 1)
    )
    is_dry = (whole["share_unassigned"] < limit).to_numpy()
    n_dry = int(np.cumprod(is_dry[::-1]).sum())
    return int(whole["trial_month"][-n_dry]) if n_dry else None


def _shares(windows: pl.DataFrame) -> pl.DataFrame:
    """trial_month, and over it and the months that follow share_unassigned, n_eligible and
    n_unassigned (persons).
    """
    return (
        windows.group_by("trial_month")
        .agg(
            share_unassigned=pl.col("is_unassigned").mean(),
            n_eligible=pl.col("person_id").n_unique(),
            n_unassigned=pl.col("person_id").filter("is_unassigned").n_unique(),
        )
        .sort("trial_month")
    )


def _windows(trials: Trials) -> pl.DataFrame:
    """The person-trials of each month and the two that follow it: row (of the trials), person_id,
    cluster_id, trial_month (the first of the three), is_unassigned.
    """
    rows = trials.rows.select("person_id", "cluster_id", "trial_month", "arm").with_row_index("row")
    running = trials.participation.filter(
        (pl.col("measure") == "taking_part")
        & (pl.col("programme") != (trials.protocol.eligibility.during or ""))
    )
    is_within = pl.col("trial_month").is_between(pl.col("start"), pl.col("stop"), closed="left")
    assigned = rows.join(running, on="person_id").filter(is_within)["row"].unique()
    is_unassigned = (pl.col("arm") == "comparison") & ~pl.col("row").is_in(assigned.implode())
    told = rows.select("row", "person_id", "cluster_id", "trial_month", is_unassigned=is_unassigned)
    windows = [told.with_columns(pl.col("trial_month") - later) for later in range(_WINDOW_MONTHS)]
    return pl.concat(windows).join(
        told.select("trial_month").unique(), on="trial_month", how="semi"
    )
