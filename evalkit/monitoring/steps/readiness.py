"""Whether the index of readiness tells the next step: how many take it at each value, whether the
index puts people in the right order, and whether the shares that it leads one to expect come about.

Everybody counts once, with the first follow-up that has a step above it and of which enough months
have passed; so nobody is chosen by what came later.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from evalkit.effects import logit
from evalkit.errors import EstimationError
from evalkit.line.tables import published
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.steps.discrimination import discrimination
from evalkit.monitoring.steps.follow_ups import READY, first_of_each, follow_ups_on_the_way
from evalkit.monitoring.steps.next_steps import (
    Followed,
    episodes_on_ladder,
    months_lived,
    with_next_step,
)
from evalkit.tables import CITY
from evalkit.vocabulary import index_verdict

# Of so many with the next step and as many without, at least, anything is said.
_FEWEST = 20
_N_FOLDS = 5
_INCOMPLETE = "incomplete"


def first_readings(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """Each person's first follow-up on the way, with whether the next step came in time.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        follow_up, participation, intervention and person as delivered, and state_intervals.
    followed : Followed
        Of its rules `monitoring.next_step_months`, `monitoring.handover_reasons`.

    Returns
    -------
    DataFrame
        One row per person followed for so many months: person_id, district, intervention_id,
        n_criteria, has_next_step (bool).
    """
    first = first_of_each(follow_ups_on_the_way(tables))
    lived = months_lived(tables["state_intervals"], followed)
    within = followed.rules.next_step_months
    return (
        with_next_step(first, episodes_on_ladder(tables), lived, followed)
        .filter(pl.col("months_followed") >= within)
        .select(
            "person_id",
            "district",
            "intervention_id",
            "n_criteria",
            has_next_step=(pl.col("months_to_next") <= within).fill_null(False),
        )
    )


def readiness(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """How many meet how many of the criteria, and how many of them took the next step in time.

    Parameters
    ----------
    tables, followed
        As `first_readings`.

    Returns
    -------
    DataFrame
        The table readiness, per area and for the city: by criteria_met (0 to 5, incomplete, all)
        n_persons, n_whole, share (of the whole), n_next_step, next_share (of n_persons).
    """
    rows = in_areas(first_readings(tables, followed), followed.rules)
    valued = rows.with_columns(
        criteria_met=pl.col("n_criteria").cast(pl.String).fill_null(_INCOMPLETE)
    )
    both = pl.concat([valued, valued.with_columns(criteria_met=pl.lit(CITY))])
    keys = ["district", "criteria_met"]
    counted = both.group_by(keys).agg(
        n_persons=pl.len().cast(pl.Int32), n_next_step=pl.col("has_next_step").sum().cast(pl.Int32)
    )
    values = [*map(str, range(READY + 1)), _INCOMPLETE, CITY]
    grid = (
        both.select("district").unique().join(pl.DataFrame({"criteria_met": values}), how="cross")
    )
    n_whole = pl.col("n_persons").filter(pl.col("criteria_met") == CITY).first().over("district")
    return (
        grid.join(counted, on=keys, how="left")
        .with_columns(pl.col("n_persons", "n_next_step").fill_null(0))
        .with_columns(
            n_whole=n_whole,
            share=pl.col("n_persons") / n_whole,
            next_share=(pl.col("n_next_step") / pl.col("n_persons")).fill_nan(None),
        )
        .select(list(published("readiness").schema))
        .sort(keys)
    )


def readiness_test(tables: Mapping[str, pl.DataFrame], followed: Followed) -> pl.DataFrame:
    """Whether the index tells the next step, in the whole city.

    Parameters
    ----------
    tables, followed
        As `first_readings`.

    Returns
    -------
    DataFrame
        The table readiness_test. discrimination: of two people in the same intervention, one of
        whom took the next step, how often that is the one with more criteria met (0.5: chance;
        what its range says: `evalkit.vocabulary.index_verdict`; null where fewer than 20 took it,
        or did not). odds_ratio: of the next step, by criterion.
        calibration_slope: of what the index leads to expect of others, where it predicts: 1 says
        that expectations come about, less that they are too far apart. expected: the share with
        the next step at each number of criteria if each of them weighs the same.
    """
    readings = first_readings(tables, followed)
    schema = published("readiness_test").schema
    if readings.is_empty():
        return pl.DataFrame(schema=schema)
    readings = readings.drop_nulls("n_criteria")
    n_yes = int(readings["has_next_step"].sum())
    n_fewest = min(n_yes, readings.height - n_yes)
    found = _found(readings) if n_fewest >= _FEWEST else []
    rows = found or [_row("discrimination")]
    counted = [row | {"n_fewest": n_fewest} for row in rows]
    return pl.DataFrame(counted, schema=schema, orient="row").sort("measure", "criteria_met")


def _found(readings: pl.DataFrame) -> list[dict]:
    told = discrimination(
        readings,
        index="n_criteria",
        outcome="has_next_step",
        stratum="intervention_id",
        cluster="person_id",
    )
    if told is None:
        return []
    is_told = index_verdict(told.ci_lower, told.ci_upper) == "predicts"
    rows = [_row("discrimination", told.estimate, told.ci_lower, told.ci_upper)]
    try:
        return [*rows, *_calibration(readings, is_told=is_told)]
    except EstimationError:
        # The index has one value alone, or parts people entirely: there is no curve through that.
        return rows


def _calibration(readings: pl.DataFrame, *, is_told: bool) -> list[dict]:
    model = logit(readings, outcome="has_next_step", covariates=["n_criteria"])
    slope = model.terms.row(1, named=True)
    ratio = [float(np.exp(slope[name])) for name in ("estimate", "ci_lower", "ci_upper")]
    values = np.arange(READY + 1)
    design = np.column_stack([np.ones(READY + 1), values])
    linear = design @ model.terms["estimate"].to_numpy()
    error = np.sqrt(np.einsum("ij,jk,ik->i", design, model.covariance, design))
    limits = [1 / (1 + np.exp(-(linear + sign * 1.959964 * error))) for sign in (0, -1, 1)]
    expected = [
        _row("expected", *(float(limit[value]) for limit in limits), criteria_met=str(value))
        for value in values
    ]
    calibrated = [_row("calibration_slope", *_slope_for_others(readings))] if is_told else []
    return [_row("odds_ratio", *ratio), *calibrated, *expected]


def _slope_for_others(readings: pl.DataFrame) -> list[float]:
    """The slope of what came about on what is expected from the people of the other folds."""
    folds = readings.sort("person_id").with_columns(fold=pl.int_range(pl.len()) % _N_FOLDS)
    expected = []
    for fold in range(_N_FOLDS):
        others, own = folds.filter(pl.col("fold") != fold), folds.filter(pl.col("fold") == fold)
        terms = logit(others, outcome="has_next_step", covariates=["n_criteria"]).terms
        constant, slope = terms["estimate"].to_list()
        expected.append(own.with_columns(log_odds=constant + slope * pl.col("n_criteria")))
    model = logit(pl.concat(expected), outcome="has_next_step", covariates=["log_odds"])
    return [float(model.terms[name][1]) for name in ("estimate", "ci_lower", "ci_upper")]


def _row(
    measure: str,
    estimate: float | None = None,
    ci_lower: float | None = None,
    ci_upper: float | None = None,
    *,
    criteria_met: str = CITY,
) -> dict:
    return {
        "measure": measure,
        "criteria_met": criteria_met,
        "estimate": estimate,
        "ci_lower": ci_lower,
        "ci_upper": ci_upper,
    }
