"""Effects as readers meet them: curves by arm with their difference, months in each state, and ranges from the replicates.

The estimate is draw 0; the range holds the middle `conf_level` of the replicates.
"""

import polars as pl

from evalkit.draws import estimate_with_range
from evalkit.protocol import Protocol

_KEYS = ["district", "intervention_id", "estimand"]


def effect_curves(draws: pl.DataFrame, *, conf_level: float = 0.95) -> pl.DataFrame:
    """Share in each state by month and arm, and the difference treated minus comparison.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, state, arm (treated|comparison|difference), month, estimate, ci_lower, ci_upper (shares 0-1).
    """
    return _with_range(_with_difference(draws), [*_KEYS, "state", "arm", "month"], conf_level)


def effect_summary(draws: pl.DataFrame, protocol: Protocol, *, conf_level: float = 0.95) -> pl.DataFrame:
    """Months in each state up to the horizon and the primary outcome's share in the last month, by arm, with the difference's range.

    Returns
    -------
    DataFrame
        district, intervention_id, estimand, outcome (months_STATE, STATE_share_at_end), treated, comparison, difference, ci_lower, ci_upper.
    """
    months = draws.filter(pl.col("month") > 0).group_by(*_KEYS, "draw", "arm", outcome="months_" + pl.col("state"))
    at_end = draws.filter((pl.col("month") == protocol.follow_up_months) & (pl.col("state") == protocol.primary_outcome))
    values = pl.concat(
        [
            months.agg(pl.col("probability").sum()).select(*_KEYS, "draw", "arm", "outcome", "probability"),
            at_end.select(*_KEYS, "draw", "arm", (pl.col("state") + "_share_at_end").alias("outcome"), "probability"),
        ]
    )
    ranged = _with_range(_with_difference(values), [*_KEYS, "outcome", "arm"], conf_level)
    # The columns are there even where no effect can be said.
    arms = ("treated", "comparison", "difference")
    estimates = ranged.pivot("arm", on_columns=arms, index=[*_KEYS, "outcome"], values="estimate")
    limits = ranged.filter(pl.col("arm") == "difference").drop("arm", "estimate")
    return estimates.join(limits, on=[*_KEYS, "outcome"]).select(
        *_KEYS, "outcome", "treated", "comparison", "difference", "ci_lower", "ci_upper"
    )


def _with_difference(draws: pl.DataFrame) -> pl.DataFrame:
    keys = [column for column in draws.columns if column not in ("arm", "probability")]
    sign = pl.when(pl.col("arm") == "treated").then(1.0).otherwise(-1.0)
    difference = draws.group_by(keys).agg(probability=(sign * pl.col("probability")).sum()).with_columns(arm=pl.lit("difference"))
    return pl.concat([draws, difference.select(draws.columns)])


def _with_range(values: pl.DataFrame, keys: list[str], conf_level: float) -> pl.DataFrame:
    return values.group_by(keys).agg(estimate_with_range("probability", conf_level=conf_level)).sort(keys)


def draw_range(values: pl.DataFrame, *, conf_level: float = 0.95) -> dict[str, pl.Expr]:
    """difference (draw 0), ci_lower and ci_upper of a table of one difference a draw, as columns to put in a frame."""
    names = ("difference", "ci_lower", "ci_upper")
    found = values.select(estimate_with_range("difference", conf_level=conf_level, names=names)).row(0, named=True)
    return {name: pl.lit(value, dtype=pl.Float64) for name, value in found.items()}
