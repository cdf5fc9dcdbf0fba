"""Draws of a second reading: of those who start so much less time in work, and more on support."""

import polars as pl

KEYS = ["district", "intervention_id", "estimand", "draw", "month"]


def with_less_work(effect_draws: pl.DataFrame, share: float) -> pl.DataFrame:
    """The draws with so large a share of the treated on support instead of in work, from month 1
    on, as far as they work.
    """
    draws = effect_draws.with_columns(pl.col(pl.Categorical).cast(pl.String))
    is_moved = (pl.col("arm") == "treated") & (pl.col("month") > 0)
    work = pl.col("probability").filter(pl.col("state") == "work").sum()
    moved = pl.min_horizontal(pl.lit(share), work.over([*KEYS, "source", "arm"]))
    sign = pl.col("state").replace_strict({"work": -1.0, "support": 1.0}, default=0.0)
    shifted = pl.col("probability") + pl.when(is_moved).then(sign * moved).otherwise(0.0)
    return draws.with_columns(probability=shifted).cast(effect_draws.schema)
