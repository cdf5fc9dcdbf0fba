"""Every area has its rows, whoever is in it; and numbers of few people are left out whole: no share
is made of them, and beside the sums of a small city they would tell who is meant.
"""

from collections.abc import Sequence

import polars as pl

from evalkit.disclosure.rounding import MIN_WHOLE, nearest_five
from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.process.episodes import Process

_COUNTS = ("n_episodes", "n_persons")
_WHOLE = "n_whole"


def of_every_area(counted: pl.DataFrame, process: Process, keys: Sequence[str]) -> pl.DataFrame:
    """The rows of each area and of the city: that somebody is counted in an area is not told by its
    being there.

    Parameters
    ----------
    counted : DataFrame
        Its keys and what is counted.
    process : Process
        Whose people say which areas there are.
    keys : sequence of str
        "district" and others.

    Returns
    -------
    DataFrame
        One row per area and combination of the other keys that occurs anywhere; counts of nobody
        are 0.
    """
    others = [key for key in keys if key != "district"]
    areas = in_areas(process.people, process.rules).select("district").unique()
    counts = [name for name in (*_COUNTS, _WHOLE) if name in counted.columns]
    return (
        areas.join(counted.select(others).unique(), how="cross")
        .join(counted, on=list(keys), how="left")
        .with_columns(pl.col(counts).fill_null(0))
    )


def of_enough(counted: pl.DataFrame) -> pl.DataFrame:
    """What may be published of a table of the process: its counts are null where they, or the whole
    that they are of, would be shown as fewer than thirty.
    """
    (count,) = (name for name in _COUNTS if name in counted.columns)
    whole = _WHOLE if _WHOLE in counted.columns else count
    is_enough = nearest_five(pl.col(whole)) >= MIN_WHOLE
    return counted.with_columns(pl.when(is_enough).then(pl.col(count)).alias(count))
