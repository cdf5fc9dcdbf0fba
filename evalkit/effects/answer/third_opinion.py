"""The third opinion on an effect: weights and months regrown with boosted trees, once for a
protocol, and whether they agree with the estimate.

Trees assume no form and are not moved by what lies far out; against what no covariate tells they
guard no more than the estimate does (`evalkit.effects.answer.boosted`).
"""

from typing import Any

import numpy as np
import polars as pl

from evalkit.effects.answer.boosted import boosted, has_trees
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.trials.thinned import thinned_comparison
from evalkit.effects.weighting.contrast import MARGIN, contrast
from evalkit.effects.weighting.propensity import coefficients_of
from evalkit.effects.weighting.weights import by_cluster, in_errors, positions_of_people
from evalkit.errors import EstimationError
from evalkit.line.tables import published
from evalkit.tables import CITY


def third_opinion(trials: Trials, propensity: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Months in the primary outcome gained by starting in the trial month rather than not then, by
    trees, and whether the estimate with weights agrees.

    Parameters
    ----------
    trials : Trials
        All districts together.
    propensity : DataFrame
        Their coefficients (table `propensity`).
    seed : int
        Of the parts of the people that are predicted from the others.

    Returns
    -------
    DataFrame
        The table `trees` before gate 2: one row, empty where nobody starts, or everybody. verdict:
        agrees (each estimate lies in the other's range of 95 per cent), differs, or not_computed,
        with the reason not_installed or few_people.
    """
    if not trials.has_both_arms:
        return published("trees").empty()
    row = {
        "district": CITY,
        "intervention_id": trials.protocol.intervention_id,
        "n_starters": trials.n_starters,
        "verdict": "not_computed",
    }
    if not has_trees():
        return _as_table(row | {"reason": "not_installed"})
    thinned = thinned_comparison(trials)
    months = trials.is_in_primary.sum(axis=1).astype(float)
    point = coefficients_of(trials, propensity, with_censoring=False).point
    weighted = contrast(trials, months, coefficients=point)
    try:
        grown = boosted(
            thinned.is_in_primary.sum(axis=1),
            thinned.is_treated,
            thinned.design,
            survey=thinned.rows["weight"].to_numpy(),
            rows=thinned.rows,
            seed=seed,
            estimand=trials.protocol.estimand,
            cap=trials.protocol.truncation.propensity,
        )
    except EstimationError:
        return _as_table(row | {"reason": "few_people"})
    error = float(np.sqrt((by_cluster(thinned.rows, grown.influence) ** 2).sum()))
    of_person = np.bincount(positions_of_people(thinned.rows), grown.influence)
    gap = abs(grown.difference - float(weighted.difference[0]))
    agrees = gap <= MARGIN * min(error, float(weighted.std_error[0]))
    return _as_table(
        row
        | {
            "difference": grown.difference,
            "ci_lower": grown.difference - MARGIN * error,
            "ci_upper": grown.difference + MARGIN * error,
            "verdict": "agrees" if agrees else "differs",
            "one_person": in_errors(float(np.abs(of_person).max()), error),
        }
    )


def _as_table(row: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([row], schema=published("trees").schema)
