"""What more money would give: the value of the best allocation as a free budget grows, and per
further krona.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from evalkit.allocation.constraints import KEYS, Limits
from evalkit.allocation.moves import added_value
from evalkit.allocation.portfolio import allocate
from evalkit.line.tables import published


def marginal_returns(
    offers: pl.DataFrame,
    values: pl.DataFrame,
    limits: Limits,
    amounts: Sequence[float],
    *,
    every_draw: pl.DataFrame | None = None,
    n_independent: int | None = None,
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
    every_draw : DataFrame, optional
        As `values`, with the draws that ranges are read from; `values` themselves, if not given.
    n_independent : int, optional
        How many of those are draws of their own, where they were recycled.

    Returns
    -------
    DataFrame
        free_budget, value, downside (of the whole), added_value (over no further money) with
        ci_lower, ci_upper and probability_positive, per_krona (added value per further krona over
        the step before), n_starts, gap.
    """
    rows, first = [], None
    drawn = values if every_draw is None else every_draw
    for amount in sorted({0.0, *map(float, amounts)}):
        more = allocate(
            offers, values, replace(limits, is_whole=False, free_budget=limits.free_budget + amount)
        )
        starts = more.starts.select(*KEYS, "n_starts")
        first = starts if first is None else first
        moved = starts.join(first.rename({"n_starts": "n_first"}), on=list(KEYS)).select(
            *KEYS, n_moved=pl.col("n_starts") - pl.col("n_first")
        )
        rows.append(
            {
                "free_budget": amount,
                "value": more.value,
                "downside": more.downside,
                "n_starts": starts["n_starts"].sum(),
                "gap": more.gap,
                **added_value(moved, drawn, n_independent=n_independent).row(0, named=True),
            }
        )
    schema = published("allocation_returns").empty().drop("currency", "n_starters").schema
    per_krona = pl.col("value").diff() / pl.col("free_budget").diff()
    return pl.DataFrame(rows, schema=schema).with_columns(per_krona=per_krona)
