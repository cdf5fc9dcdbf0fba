"""After how many months has a given share of spells ended?"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from evalkit.errors import EstimationError
from evalkit.frames import Frame
from evalkit.survival.curves.curve_table import ConfType
from evalkit.survival.curves.kaplan_meier import kaplan_meier
from evalkit.survival.curves.product_integral import Variance

# Shares closer than this are the same share (as in R survival).
_SAME = 1.5e-8


def survival_quantiles(
    spells: Frame,
    *,
    time: str,
    event: str,
    shares: Sequence[float] = (0.5,),
    entry: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    by: Sequence[str] = (),
    conf_level: float = 0.95,
    conf_type: ConfType = "log",
    variance: Variance | None = None,
) -> pl.DataFrame:
    """Months until a given share of spells has ended: the median for a share of one half.

    Parameters
    ----------
    shares : sequence of float
        Shares of spells ended, each between 0 and 1.

    Returns
    -------
    DataFrame
        One row per group and share: by-columns, `share`, `estimate`, `ci_lower`, `ci_upper`
        (months; null where the curve of `kaplan_meier`, or its limit, does not come down that far).
        The estimate is the first month at which the curve is at or below 1 - share, and the middle
        of the flat when it is exactly there; limits are where the limits of the curve cross
        (Brookmeyer & Crowley 1982, Biometrics 38:29).

    Raises
    ------
    EstimationError
        Also if a share is not between 0 and 1.
    """
    if not all(0 < share < 1 for share in shares):
        raise EstimationError(
            "A quantile asks for a share between 0 and 1.",
            where=f"shares = {', '.join(map(str, shares))}",
            why="The share 0.5 asks for the time at which half of the spells have ended.",
            fix="give shares such as 0.25, 0.5 and 0.75.",
        )
    by = [by] if isinstance(by, str) else list(by)
    curves = kaplan_meier(
        spells,
        time=time,
        event=event,
        entry=entry,
        weight=weight,
        cluster=cluster,
        by=by,
        conf_level=conf_level,
        conf_type=conf_type,
        variance=variance,
    )
    groups = curves.partition_by(by, maintain_order=True) if by else [curves]
    columns = ("estimate", "ci_lower", "ci_upper")
    rows = [
        {
            **{name: curve[name][0] for name in by},
            "share": share,
            **{column: _crossing(curve, column, 1 - share) for column in columns},
        }
        for curve in groups
        for share in shares
    ]
    schema = {name: curves.schema[name] for name in by} | dict.fromkeys(
        ("share", *columns), pl.Float64
    )
    return pl.DataFrame(rows, schema=schema)


def _crossing(curve: pl.DataFrame, column: str, level: float) -> float | None:
    """First time at which a curve is at or below a level; the middle of the flat when it is exactly
    there.
    """
    moments = curve.filter(pl.col("n_events") > 0)
    times, heights = moments["time"].to_numpy(), moments[column].to_numpy()
    below = np.flatnonzero(heights <= level + _SAME)
    if len(below) == 0:
        return None
    first = below[0]
    if abs(heights[first] - level) > _SAME:
        return float(times[first])
    lower = np.flatnonzero(heights < level - _SAME)
    return float(times[first] + (times[lower[0]] if len(lower) else curve["time"][-1])) / 2
