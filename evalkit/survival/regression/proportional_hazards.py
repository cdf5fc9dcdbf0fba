"""Do hazard ratios stay the same over the months? Scaled Schoenfeld residuals against time.

Each person who leaves has a residual: their covariates minus those expected of whoever left then,
given who was at risk (averaged over ties as the fit does). If a ratio drifts, the residuals of its
covariate drift with time. The test takes the information as constant over time (Grambsch & Therneau
1994, Biometrika 81:515, equations 3 and 5), as lifelines and R survival before 3.0 do; R's exact
score test since 3.0 differs in the later digits.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.counts.options import check_option
from evalkit.survival.counts.spell_columns import Roles
from evalkit.survival.regression.cox import cox_rows
from evalkit.survival.regression.partial_likelihood import Ties, maximise

Transform = Literal["rank", "identity", "log"]
ALL_TERMS = "all terms"


def proportional_hazards_test(
    spells: Frame,
    *,
    time: str,
    event: str,
    covariates: Sequence[str] | str,
    cause: str | None = None,
    entry: str | None = None,
    weight: str | None = None,
    strata: Sequence[str] = (),
    ties: Ties = "efron",
    transform: Transform = "rank",
) -> pl.DataFrame:
    """Whether the hazard ratios of a Cox model drift with the months, covariate by covariate and
    all together. The parameters are those of `cox`.

    The test uses the model variance: with spells of the same person its p-values are somewhat too
    small.

    Parameters
    ----------
    transform : {"rank", "identity", "log"}
        Scale of time on which a drift is looked for: order of the ends (robust against a few late
        ones; tied ends share the middle of their places), months, or log months.

    Returns
    -------
    DataFrame
        One row per covariate, then "all terms": `term`, `slope` (change of the log hazard ratio per
        unit of transformed time; null for all), `statistic` (chi-square), `n_terms` (its degrees of
        freedom), `p_value`. A small p-value says that one hazard ratio does not sum the covariate
        up.

    Raises
    ------
    EstimationError
        As `cox`; also for an unknown transform, and when all ends fall on one time.
    """
    from scipy.stats import chi2, rankdata

    check_option("transform", transform, get_args(Transform))
    _, rows, design, _, times = cox_rows(
        spells, Roles(time, event, entry, weight, None, strata), covariates, cause
    )
    names = design.names
    maximum = maximise(rows, ties=ties, with_residuals=False)
    event_rows = np.flatnonzero(rows.is_event)
    cell = rows.exit_cell[event_rows]
    residual = rows.x[event_rows] - maximum.mean.reshape(-1, len(names))[cell]
    weights = rows.weight[event_rows]
    ends = times[cell % len(times)].astype(float)
    if ends.min() == ends.max():
        raise EstimationError(
            "A drift over time cannot be seen.",
            where=f'column "{time}": all ends fall on one time',
            why="The residuals of different times are compared.",
            fix="follow the spells for longer, or count time more finely.",
        )
    scale = {"rank": rankdata(ends), "identity": ends, "log": np.log(ends)}[transform]
    scale = scale - scale.mean()
    squares = (scale**2).sum()
    covariance = np.linalg.inv(maximum.information)
    drift = (weights * scale) @ residual
    scaled = len(cell) * covariance @ drift
    statistic = scaled**2 / (len(cell) * np.diag(covariance) * squares)
    together = len(cell) * drift @ covariance @ drift / squares
    freedom = np.array([1] * len(names) + [len(names)])
    statistics = np.append(statistic, together)
    return pl.DataFrame(
        {
            "term": [*names, ALL_TERMS],
            "slope": [*(scaled / squares).tolist(), None],
            "statistic": statistics,
            "n_terms": freedom,
            "p_value": chi2.sf(statistics, freedom),
        }
    )
