"""Forecasts held against what was counted: how many held, how far off they were, and whether two
naive rivals would have been nearer.

Only numbers as they were published are compared, so whoever has two vintages gets the same scores.
"""

from collections.abc import Mapping

import polars as pl

from evalkit.line.tables import published
from evalkit.monitoring.forecasts.ahead import LEVELS
from evalkit.monitoring.forecasts.record import CHANGED, Earlier, definition_of
from evalkit.months import month_number_expr
from evalkit.params import RunFile
from evalkit.tables import CITY

_OF_SERIES = ["district", "quantity", "intervention_id"]
SCORED = "scored"
# Errors stand in shares of what was expected, of which nothing below a step of rounding is known.
_SMALLEST = 5
_NOT_SCORED = ("redefined", CHANGED, "gone", "withheld")


def forecast_outcomes(
    counts: pl.DataFrame, params: RunFile, inputs: Mapping[str, str], earlier: Earlier
) -> pl.DataFrame:
    """What was counted in the months of each earlier forecast whose last month is known by now.

    Parameters
    ----------
    counts : DataFrame
        `spells.monthly_counts` of the newer data.
    params, inputs
        The newer run's: which months are known whole, and what defines the counts.
    earlier : Earlier
        What earlier vintages have told.

    Returns
    -------
    DataFrame
        The table `forecast_outcomes`. `forecast_status` is scored, or why it is not: redefined (the
        count is made otherwise now), changed (the forecast is not as it was made), gone (its
        district or intervention is not in the data any more), withheld (it was of too few people).
        Counted is also what is not scored for the second and the last reason.
    """
    definition = definition_of(params, inputs)
    lines = earlier.record.select(
        "made",
        "district",
        "line_status",
        is_same=pl.col("definition") == definition,
    )
    due = (
        earlier.forecasts.filter(pl.col("due") <= params.last_month_known)
        .join(lines, on=["made", "district"], how="left")
        .with_columns(first=month_number_expr("made"), last=month_number_expr("due"))
    )
    declared = published("forecast_outcomes")
    keys = list(declared.keys)
    counted = (
        due.join(counts, on=_OF_SERIES)
        .filter(pl.col("month_no") > pl.col("first"), pl.col("month_no") <= pl.col("last"))
        .group_by(keys)
        .agg(n_observed=pl.col("n").sum().cast(pl.Int32))
    )
    is_same = pl.col("is_same").fill_null(True)
    status = (
        pl.when(pl.col("line_status").fill_null(CHANGED) == CHANGED)
        .then(pl.lit(CHANGED))
        .when(~is_same)
        .then(pl.lit("redefined"))
        .when(pl.col("n_observed").is_null())
        .then(pl.lit("gone"))
        .when(pl.col("n_expected").is_null())
        .then(pl.lit("withheld"))
        .otherwise(pl.lit(SCORED))
    )
    outcomes = due.join(counted, on=keys, how="left").with_columns(
        forecast_status=status, n_observed=pl.when(is_same).then("n_observed")
    )
    return outcomes.select(declared.schema.names()).sort(keys)


def forecast_scores(told: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """How the forecasts that have come due have done, by quantity and all together.

    Parameters
    ----------
    told, outcomes : DataFrame
        The published tables `forecasts` of the earlier vintage and `forecast_outcomes`.

    Returns
    -------
    DataFrame
        The table `forecast_scores`: of how many the number counted lay within the limits of 50, 80
        and 95 %; in shares of what was expected the bias (expected less counted), the mean error of
        the forecast, of the last twelve months and of the city's mean, and the weighted interval
        score; how many were not scored, by reason. Empty where nothing has come due.

    References
    ----------
    Bracher, Ray, Gneiting & Reich (2021), PLoS Comput. Biol. 17(2): e1008618 (weighted interval
    score).
    """
    declared = published("forecast_scores")
    if outcomes.is_empty():
        return declared.empty()
    keys = list(published("forecast_outcomes").keys)
    both = outcomes.drop("row_id", "status", strict=False).join(
        told.drop("row_id", "status", strict=False), on=keys, suffix="_told"
    )
    by_quantity = pl.concat([both, both.with_columns(quantity=pl.lit(CITY))])
    measured = by_quantity.with_columns(scored=pl.col("forecast_status") == SCORED).group_by(
        "quantity"
    )
    scores = measured.agg(*_scores(), *_not_scored())
    return (
        scores.with_columns(pl.selectors.integer().cast(pl.Int32))
        .select(declared.schema.names())
        .sort("quantity")
    )


def _scores() -> list[pl.Expr]:
    is_scored = pl.col("scored")
    observed = pl.col("n_observed")
    scale = pl.max_horizontal("n_expected", pl.lit(_SMALLEST))
    off = (pl.col("n_expected") - observed) / scale
    return [
        is_scored.sum().alias("n_forecasts"),
        pl.col("due").filter(is_scored).min().alias("first_due"),
        pl.col("due").filter(is_scored).max().alias("last_due"),
        *(_is_held(level).filter(is_scored).sum().alias(f"n_held_{level}") for level in LEVELS),
        off.filter(is_scored).mean().alias("bias"),
        *(
            ((pl.col(f"n_{rival}") - observed).abs() / scale)
            .filter(is_scored)
            .mean()
            .alias(f"error_{rival}")
            for rival in ("expected", "last_year", "city_mean")
        ),
        (_weighted_interval_score() / scale).filter(is_scored).mean().alias("interval_score"),
    ]


def _not_scored() -> list[pl.Expr]:
    return [
        (pl.col("forecast_status") == reason).sum().alias(f"n_{reason}") for reason in _NOT_SCORED
    ]


def _is_held(level: int) -> pl.Expr:
    return pl.col("n_observed").is_between(f"n_{level}_lower", f"n_{level}_upper")


def _weighted_interval_score() -> pl.Expr:
    observed = pl.col("n_observed")
    total = (observed - pl.col("n_expected")).abs() / 2
    for level in LEVELS:
        lower, upper, missed = (
            pl.col(f"n_{level}_lower"),
            pl.col(f"n_{level}_upper"),
            1 - level / 100,
        )
        below, above = (lower - observed).clip(0), (observed - upper).clip(0)
        total += missed / 2 * (upper - lower) + below + above
    return total / (len(LEVELS) + 0.5)
