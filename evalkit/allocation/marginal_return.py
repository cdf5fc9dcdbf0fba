"""What more money would give: the value of the best allocation as a free budget grows, and per
further krona.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from evalkit.allocation.constraints import Limits
from evalkit.allocation.portfolio import allocate


def marginal_returns(
    offers: pl.DataFrame, values: pl.DataFrame, limits: Limits, amounts: Sequence[float]
) -> pl.DataFrame:
    """The value of further money spent where it is worth most.

    Starts, and what runs where, may be parts of a whole: the steps of the curve are then those of
    the money, not of whole numbers and of a search that stops a little below its optimum, and each
    further krona gives at most what the one before gave. Each value lies a little above that of the
    best whole allocation.

    Parameters
    ----------
    offers, values, limits
        As in `allocate`.
    amounts : sequence of float
        Further money, >= 0; 0 is added if it is not there. Money.

    Returns
    -------
    DataFrame
        free_budget, value, downside (of the whole), added_value (over no further money), per_krona
        (added value per further krona over the step before), n_starts, gap.
    """
    rows = []
    for amount in sorted({0.0, *map(float, amounts)}):
        more = allocate(
            offers, values, replace(limits, is_whole=False, free_budget=limits.free_budget + amount)
        )
        rows.append((amount, more.value, more.downside, more.starts["n_starts"].sum(), more.gap))
    table = pl.DataFrame(
        rows, schema=["free_budget", "value", "downside", "n_starts", "gap"], orient="row"
    )
    return table.with_columns(
        (pl.col("value") - pl.col("value").first()).alias("added_value"),
        (pl.col("value").diff() / pl.col("free_budget").diff()).alias("per_krona"),
    ).select("free_budget", "value", "downside", "added_value", "per_krona", "n_starts", "gap")
