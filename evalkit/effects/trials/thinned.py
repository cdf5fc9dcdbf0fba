"""Trials with fewer person-trials of the comparison, for what is asked many times or costs much."""

from dataclasses import replace

import numpy as np
import polars as pl

from evalkit.effects.trials.target_trial import Trials

# A person is compared in every month on support, and each month after the first says little that is
# new.
MOST_COMPARED = 25_000


def thinned_comparison(trials: Trials, most: int = MOST_COMPARED) -> Trials:
    """The trials with every k-th person-trial of the comparison, k times as heavy, so that about
    `most` of them are left; rows stand by person and month, so all people are thinned alike.
    """
    compared = np.flatnonzero(~trials.is_treated)
    step = -(-len(compared) // most)
    if step <= 1:
        return trials
    kept = trials.is_treated.copy()
    kept[compared[::step]] = True
    fewer = trials.keep(kept)
    heavier = pl.Series(np.where(fewer.is_treated, 1.0, float(step)))
    return replace(fewer, rows=fewer.rows.with_columns(weight=pl.col("weight") * heavier))
