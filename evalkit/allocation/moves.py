"""What moves if a plan is followed: from how many starts to how many, and what that adds, draw by
draw.

A plan is chosen by the mean over the same draws. What it adds is overstated by that, unless the
draws say all that is known of each district, as those that are pooled over districts do (Smith &
Winkler 2006, Management Science 52:311).
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.allocation.constraints import KEYS
from evalkit.draws import percentile_limits, probability_above_zero, spanned
from evalkit.line.tables import published
from evalkit.tables import CITY

# What a start is worth by the plain reading of its effect, by which plans are made, and by the
# second one.
READINGS = ("value", "second")
_RANGE_SCHEMA = {
    "added_value": pl.Float64,
    "ci_lower": pl.Float64,
    "ci_upper": pl.Float64,
    "probability_positive": pl.Float64,
}


def moves(
    offers: pl.DataFrame, values: pl.DataFrame, *, n_independent: int | None = None
) -> pl.DataFrame:
    """What moves from what to what, in each district and in all together.

    Parameters
    ----------
    offers : DataFrame
        district, intervention_id, target_group, n_now and n_starts (starts a year, today and as
        planned), cost (money per start), n_starters. What nothing is known of is not in it and does
        not move.
    values : DataFrame
        district, intervention_id, target_group, draw, value (money per start); and second, where
        ranges are to hold the second reading of effects too.
    n_independent : int, optional
        How many of the draws are draws of their own, where they were recycled.

    Returns
    -------
    DataFrame
        The table allocation_moves without its currency, target groups together, and n_starters.
        A probability is empty where nothing moves.
    """
    by = list(KEYS[:2])
    both = _with_all(offers)
    counts = both.group_by(by).agg(
        n_starts_now=pl.col("n_now").sum(),
        n_starts_planned=pl.col("n_starts").sum(),
        cost_now=(pl.col("n_now") * pl.col("cost")).sum(),
        cost_planned=(pl.col("n_starts") * pl.col("cost")).sum(),
        n_starters=pl.col("n_starters").sum(),
    )
    moved = offers.select(*KEYS, n_moved=pl.col("n_starts") - pl.col("n_now"))
    added = added_value(moved, values, by, n_independent=n_independent)
    columns = [name for name in published("allocation_moves").schema if name != "currency"]
    return counts.join(added, on=by, how="left").select(columns).sort(by)


def added_value(
    moved: pl.DataFrame,
    values: pl.DataFrame,
    by: Sequence[str] = (),
    *,
    n_independent: int | None = None,
) -> pl.DataFrame:
    """What further starts add: at the point estimates, with its range over the draws of both
    readings.

    Parameters
    ----------
    moved : DataFrame
        district, intervention_id, target_group, n_moved (further starts a year, below zero for
        fewer).
    values, n_independent
        As in `moves`.
    by : sequence of str
        Of district and intervention_id; all districts together are a district of their own. Without
        any, one row for all that moves.

    Returns
    -------
    DataFrame
        by-columns, added_value, ci_lower, ci_upper (money a year), probability_positive (empty
        where nothing moves).
    """
    plain, *second = (
        _added(moved, values, by, reading, n_independent)
        for reading in READINGS
        if reading in values.columns
    )
    return spanned(plain, second[0], keys=by) if second else plain


def _added(
    moved: pl.DataFrame,
    values: pl.DataFrame,
    by: Sequence[str],
    reading: str,
    n_independent: int | None,
) -> pl.DataFrame:
    """What further starts add by one reading."""
    gains = moved.join(values.drop_nulls(reading), on=list(KEYS)).select(
        *KEYS, "draw", gain=pl.col("n_moved") * pl.col(reading)
    )
    named = _with_all(gains) if "district" in by else gains
    summed = named.group_by(*by, "draw").agg(pl.col("gain").sum()).sort(*by, "draw")
    groups = summed.partition_by(by, as_dict=True) if by else {(): summed}
    rows = [
        (*key, *ranged(of_key["gain"].to_numpy(), n_independent))
        for key, of_key in groups.items()
        if of_key.height
    ]
    return pl.DataFrame(
        rows, schema={**dict.fromkeys(by, pl.String), **_RANGE_SCHEMA}, orient="row"
    )


def _with_all(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([rows, rows.with_columns(district=pl.lit(CITY))])


def ranged(
    draws: np.ndarray, n_independent: int | None
) -> tuple[float, float | None, float | None, float | None]:
    """The first draw, and the limits and probability of the others."""
    replicates = draws[1:]
    if not len(replicates):
        return float(draws[0]), None, None, None
    low, high = percentile_limits(replicates, n_independent=n_independent)
    probability = probability_above_zero(replicates, n_independent=n_independent)
    return float(draws[0]), float(low), float(high), probability if replicates.any() else None
