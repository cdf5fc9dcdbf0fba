"""Pictures of this room's tables, for whoever works with them."""

from typing import Any

import polars as pl

from evalkit import pictures
from evalkit.images import Sketch
from evalkit.line.adjustment import SMALL_IMBALANCE
from evalkit.pictures import estimates_below, names_before, picture, subject, telling
from evalkit.sketch import beneath, curves, pairs

_ROOM = "effects"
_SHARES = ("share_treated", "share_comparison", "share_comparison_weighted")


def plot(table: pl.DataFrame, **labels: Any) -> Sketch:
    """A table of this room as a picture.

    Effect curves: both arms and their difference below where the table holds one outcome, else
    the differences of all; with `planned_months` the months of lock-in lie on darker ground.
    Differences and estimates: below each other, one per district, intervention, outcome. Balance:
    before and after weighting. Overlap: the arms by propensity. Roll-outs: the effect by period
    since adoption.

    Parameters
    ----------
    table : DataFrame
        A result of this room, or rows of one.
    **labels
        title, x_title, y_title (str); planned_months (int; of effect curves).

    Raises
    ------
    EstimationError
        If the table is none of these.
    """
    return pictures.plot(table, room=_ROOM, **labels)


@picture(_ROOM, "arm", "month", "estimate")
def _effect_curves(
    table: pl.DataFrame, *, planned_months: int | None = None, title: str = "", **labels: Any
) -> Sketch:
    keys = [name for name in names_before(table, "estimate") if name not in ("arm", "month")]
    lines = telling(table, keys)
    title = title or subject(table, keys) or "Effect"
    labels = {"x": "month", "form": "line", "x_title": "Months since the start"} | labels
    shaded = None if planned_months is None else (0.0, float(planned_months))
    difference = table.filter(pl.col("arm").cast(pl.String) == "difference")
    own: dict[str, Any] = {"nothing": 0.0, "shaded": shaded, **labels, "y_title": "Difference"}
    if lines:
        return curves(difference, lines=lines, title=title, **own)
    arms = table.filter(pl.col("arm").cast(pl.String) != "difference")
    labels = {"y_title": "Share", **labels}
    above = curves(arms, lines=["arm"], title="Both arms", shaded=shaded, **labels)
    if difference.is_empty():
        return above
    return beneath(above, curves(difference, title="Difference", **own), title=title)


@picture(_ROOM, "event_period", "effect")
def _roll_out(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = [name for name in names_before(table, "effect") if name != "event_period"]
    labels = {"x_title": "Periods since adoption", "y_title": "Change of the log rate"} | labels
    lines = telling(table, keys)
    return curves(
        table, x="event_period", y="effect", lines=lines, form="line", nothing=0.0, **labels
    )


@picture(_ROOM, "trial_month", "n_starters")
def _starters(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = table.columns[: table.columns.index("trial_month")]
    labels = {"title": "Starters by trial month", "x_title": "Trial month"} | labels
    labels = {"y_title": "Starters"} | labels
    return curves(table, x="trial_month", y="n_starters", lines=telling(table, keys), **labels)


@picture(_ROOM, "covariate", "smd_before", "smd_after")
def _balance(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = table.columns[: table.columns.index("smd_before")]
    rows = [*telling(table, [key for key in keys if key != "covariate"]), "covariate"]
    labels = {"title": "Balance before and after weighting", **labels}
    labels = {"x_title": "Standardised difference", **labels}
    alike = (-SMALL_IMBALANCE, SMALL_IMBALANCE)
    return pairs(table, rows=rows, ends=("smd_before", "smd_after"), shaded=alike, **labels)


@picture(_ROOM, "bin", *_SHARES)
def _overlap(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = table.columns[: table.columns.index("bin")]
    long = table.unpivot(
        list(_SHARES), index=[*keys, "bin"], variable_name="whose", value_name="share"
    )
    labels = {"title": "Overlap", "x_title": "From least to most likely to start", **labels}
    lines = [*telling(table, keys), "whose"]
    return curves(long, x="bin", y="share", lines=lines, form="line", **labels)


@picture(_ROOM, "raw", "shrunk")
def _raw_and_shrunk(table: pl.DataFrame, **labels: Any) -> Sketch:
    keys = table.columns[: table.columns.index("raw")]
    parts = [
        table.select(
            *keys,
            kind=pl.lit(kind),
            difference=pl.col(kind),
            ci_lower=pl.col(f"{kind}_lower"),
            ci_upper=pl.col(f"{kind}_upper"),
        )
        for kind in ("raw", "shrunk")
    ]
    # Below each other for each district.
    rows = pl.concat(parts).sort(keys, maintain_order=True)
    return estimates_below(rows, "difference", **labels)
