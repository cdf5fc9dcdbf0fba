"""An estimate beside the truth, where a city was simulated and the truth is known."""

import polars as pl

from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol
from evalkit.tables import CITY


def beside_truth(summary: pl.DataFrame, months: pl.DataFrame, protocol: Protocol) -> pl.DataFrame:
    """An estimate beside the truth of the city it was simulated from.

    Parameters
    ----------
    summary : DataFrame
        From `effect_summary`, district "all", of the plain reading: that the ranges of the
        estimator hold the truth where nothing is hidden is what is asked here, and wider ones, that
        hold both readings, would hide a fault of it.
    months : DataFrame
        The truth: intervention_id, district, district_basis, population, comparison,
        horizon_months, outcome, difference, mc_std_error.

    Returns
    -------
    DataFrame
        intervention_id, estimand, outcome, truth, mc_std_error, estimate, ci_lower, ci_upper
        (months), is_covered.
    """
    is_of_city = (
        (pl.col("district") == CITY)
        & (pl.col("district_basis") == "time_zero")
        & (pl.col("population") == "starters")
    )
    is_of_protocol = (pl.col("intervention_id") == protocol.intervention_id) & (
        pl.col("horizon_months") == protocol.follow_up_months
    )
    truth = months.filter(is_of_city & is_of_protocol).select(
        outcome="months_" + pl.col("outcome"),
        estimand=pl.col("comparison").replace_strict(ESTIMANDS),
        truth="difference",
        mc_std_error="mc_std_error",
    )
    estimates = summary.select(
        "intervention_id", "estimand", "outcome", "ci_lower", "ci_upper", estimate="difference"
    )
    is_covered = pl.col("truth").is_between("ci_lower", "ci_upper")
    return (
        estimates.join(truth, on=["estimand", "outcome"])
        .with_columns(is_covered=is_covered)
        .sort("estimand", "outcome")
    )
