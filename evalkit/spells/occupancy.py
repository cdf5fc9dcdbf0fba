"""How many people fill an intervention's places, month by month: a count, from which no person can be told."""

import polars as pl

from evalkit.months import month_number_expr, month_of_number_expr


def occupied_places(episodes: pl.DataFrame) -> pl.DataFrame:
    """People in each intervention by month.

    Parameters
    ----------
    episodes : DataFrame
        The table episodes: intervention_id, start, end (half-open, [start, end)).

    Returns
    -------
    DataFrame
        intervention_id, month, n_occupied (episodes running in the month), n_started (episodes starting in it).
    """
    spans = episodes.select("intervention_id", first=month_number_expr("start"), stop=month_number_expr("end"))
    running = (
        spans.filter(pl.col("stop") > pl.col("first"))
        .with_columns(number=pl.int_ranges("first", "stop"))
        .explode("number", empty_as_null=False)
        .group_by("intervention_id", "number")
        .agg(n_occupied=pl.len().cast(pl.Int32), n_started=(pl.col("number") == pl.col("first")).sum().cast(pl.Int32))
    )
    return running.select("intervention_id", month_of_number_expr("number").alias("month"), "n_occupied", "n_started").sort(
        "intervention_id", "month"
    )
