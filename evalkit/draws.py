"""The range of an estimate from its draws: draw 0 is the estimate, draws 1..B are replicates, and the limits are their percentiles.

The limit below which a share p of the replicates lies stands at place p (B + 1) among them, sorted, between two places on the line from one
to the next; beyond the outermost replicate it is that replicate. A new draw falls below the k-th of B with probability k / (B + 1): the more
usual 1 + p (B - 1) makes a range of 95 per cent hold 93.1 per cent of new draws at B = 100 and 91.3 at B = 50.
(Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, definition 6; Davison and Hinkley 1997, section 5.2.)

Where B replicates are taken again and again to make M > B draws (each with prices of its own), the M know no more than the B: the limit then
stands at place p' M + 1/2 among the M with p' = (p (B + 1) - 1/2) / B, which is p (B + 1) where M = B.

The probability of lying above zero is the same rule read backwards: one less the share p whose limit is zero. So a range of 95 per cent lies above
zero where that probability is above 97.5 per cent, and nowhere else, however few the draws.
"""

import numpy as np
import polars as pl

from evalkit.errors import EstimationError

CONF_LEVEL = 0.95
# Replicates from which a page may print the ends of a range: at 400 the end of 95 per cent lies at the tenth from the outermost.
ENOUGH_DRAWS = 400
# With fewer replicates the limits of a 95 per cent range lie among the outermost few: at 50 between the first and the second.
MIN_DRAWS_FOR_LIMITS = 400


def percentile_limits(replicates: np.ndarray, conf_level: float = CONF_LEVEL, *, n_independent: int | None = None) -> np.ndarray:
    """Lower and upper limit of replicates along the first axis: (M, ...) gives (2, ...); NaN without replicates.

    Parameters
    ----------
    replicates : ndarray
        The draws without the point estimate. Shape (M, ...).
    conf_level : float
        Between 0 and 1.
    n_independent : int, optional
        How many of them are draws of their own (B), where they were recycled; all, if it is not said.

    Raises
    ------
    EstimationError
        If the confidence level is not between 0 and 1.
    """
    tail = _tail(conf_level)
    if not len(replicates):
        return np.full((2, *replicates.shape[1:]), np.nan)
    n = n_independent or len(replicates)
    share = max((tail * (n + 1) - 0.5) / n, 0.0)
    return np.quantile(replicates, [share, 1 - share], axis=0, method="hazen")


def estimate_with_range(
    column: str,
    *,
    conf_level: float = CONF_LEVEL,
    names: tuple[str, str, str] = ("estimate", "ci_lower", "ci_upper"),
    is_observed: bool = False,
) -> list[pl.Expr]:
    """Aggregations of a table with a column `draw`: the value of draw 0 and the limits of the others, null without replicates.

    Parameters
    ----------
    column, names
        The column of values; the names of the three columns that come out.
    is_observed
        Limits are the nearest of the replicates' own values, nothing between two of them (months that must be whole).

    Raises
    ------
    EstimationError
        If the confidence level is not between 0 and 1.
    """
    tail = _tail(conf_level)
    is_point = pl.col("draw") == 0
    replicates = pl.col(column).filter(~is_point).drop_nulls().sort()
    limits = (_at(replicates, share, is_observed).alias(name) for name, share in zip(names[1:], (tail, 1 - tail), strict=True))
    return [pl.col(column).filter(is_point).first().alias(names[0]), *limits]


def probability_above_zero(replicates: np.ndarray, *, n_independent: int | None = None, or_zero: bool = False) -> float | None:
    """The probability that a further draw lies above zero, as the limits of `percentile_limits` have it; None without replicates.

    Parameters
    ----------
    replicates : ndarray
        The draws without the point estimate. Shape (M,).
    n_independent : int, optional
        How many of them are draws of their own (B), where they were recycled; all, if it is not said.
    or_zero : bool
        Whether zero itself counts.
    """
    if not len(replicates):
        return None
    ordered, n = np.sort(replicates), n_independent or len(replicates)
    n_below = int(np.searchsorted(ordered, 0.0, side="left" if or_zero else "right"))
    if 0 < n_below < len(ordered):
        below, above = ordered[n_below - 1 : n_below + 1]
        place = n_below - below / (above - below)
    else:
        place = n_below + 0.5
    return float(1 - ((place - 0.5) / len(ordered) * n + 0.5) / (n + 1))


def share_above_zero(column: str) -> pl.Expr:
    """Aggregation of a table with a column `draw`: `probability_above_zero` of the draws beside draw 0, null without them."""
    ordered = pl.col(column).filter(pl.col("draw") > 0).drop_nulls().sort()
    count, n_below = ordered.len().cast(pl.Int64), (ordered <= 0).sum().cast(pl.Int64)
    below, above = (ordered.get(place, null_on_oob=True) for place in (pl.max_horizontal(n_below - 1, pl.lit(0)), n_below))
    is_between = (n_below > 0) & (n_below < count)
    place = pl.when(is_between).then(n_below - below / (above - below)).otherwise(pl.when(n_below == 0).then(0.5).otherwise(count + 0.5))
    return pl.when(count > 0).then(1 - place / (count + 1))


def _at(ordered: pl.Expr, share: float, is_observed: bool) -> pl.Expr:
    last = ordered.len().cast(pl.Int64) - 1
    place = ((last + 2) * share - 1).clip(0, pl.max_horizontal(last, 0))
    if is_observed:
        return ordered.get(place.round().cast(pl.Int64), null_on_oob=True)
    below, above = (ordered.get(whole.cast(pl.Int64), null_on_oob=True) for whole in (place.floor(), place.ceil()))
    return below + (above - below) * (place - place.floor())


def _tail(conf_level: float) -> float:
    if not 0 < conf_level < 1:
        raise EstimationError(
            "The confidence level is not between 0 and 1.",
            where="argument conf_level",
            why="It is a share of the draws: 0.95 keeps the middle 95 per cent.",
            fix="write 95 per cent as 0.95.",
        )
    return (1 - conf_level) / 2
