"""Cycling: how often people come back to a livelihood, or to an agency, where they have been
before.

A return is a move into a state (or to the agency that pays while in it) that the person has been in
earlier and left. Months whose state is unknown, and what nobody pays (death, moving away), are
passed over: work, unknown, work is one stay.
"""

from typing import Literal

import polars as pl

from evalkit.line.states import STATES
from evalkit.tables import with_city

Level = Literal["state", "agency"]
LEVELS: tuple[Level, ...] = ("state", "agency")
_MOST_RETURNS = 3


def count_loops(intervals: pl.DataFrame, *, level: Level) -> pl.DataFrame:
    """How many moves each person made, and how many of them led back to where the person had been
    before.

    Parameters
    ----------
    intervals : DataFrame
        Table state_intervals, at the level of outcomes or of states.
    level : {"state", "agency"}
        Whether moves are between states or between those who pay the living meanwhile
        (line.states): from a programme to a subsidised job is a move between states but not between
        agencies.

    Returns
    -------
    DataFrame
        One row per person with a known state: person_id, district, n_moves, n_returns.
    """
    payers = {
        name: payer
        for column in ("state", "outcome")
        for name, payer in STATES.select(column, "payer").iter_rows()
    }
    places = (
        pl.col("from_state").replace_strict(payers) if level == "agency" else pl.col("from_state")
    )
    nowhere = [name for name, payer in payers.items() if payer is None]
    stays = (
        intervals.filter(~pl.col("from_state").is_in(nowhere))
        .select("person_id", "district", "start_month", place=places)
        .sort("person_id", "start_month")
        .filter((pl.col("place") != pl.col("place").shift(1).over("person_id")).fill_null(True))
    )
    return (
        stays.group_by("person_id", "district")
        .agg(n_stays=pl.len().cast(pl.Int32), n_places=pl.col("place").n_unique().cast(pl.Int32))
        .select(
            "person_id",
            "district",
            n_moves=pl.col("n_stays") - 1,
            n_returns=pl.col("n_stays") - pl.col("n_places"),
        )
        .sort("person_id")
    )


def loop_counts(intervals: pl.DataFrame) -> pl.DataFrame:
    """How often the people ever on support came back to a state and to an agency, per district and
    for the city.

    Returns
    -------
    DataFrame
        district, level (state, agency), n_returns ("0", "1", "2", "3+", "all"), n_persons,
        n_whole (the people ever on support), share (of these, 0-1).
    """
    on_support = intervals.filter(pl.col("from_state") == "support").select("person_id").unique()
    counted = pl.concat(
        [count_loops(intervals, level=level).with_columns(level=pl.lit(level)) for level in LEVELS]
    ).join(on_support, on="person_id", how="semi")
    everywhere = with_city(counted)
    most = pl.col("n_returns") >= _MOST_RETURNS
    classed = everywhere.with_columns(
        n_returns=pl.when(most)
        .then(pl.lit(f"{_MOST_RETURNS}+"))
        .otherwise(pl.col("n_returns").cast(pl.String))
    )
    both = pl.concat([classed, classed.with_columns(n_returns=pl.lit("all"))])
    keys = ["district", "level"]
    classes = pl.DataFrame(
        {"n_returns": [*map(str, range(_MOST_RETURNS)), f"{_MOST_RETURNS}+", "all"]}
    )
    counts = both.group_by(*keys, "n_returns").agg(n_persons=pl.len().cast(pl.Int32))
    filled = (
        both.select(keys)
        .unique()
        .join(classes, how="cross")
        .join(counts, on=[*keys, "n_returns"], how="left")
    )
    total = pl.col("n_persons").filter(pl.col("n_returns") == "all").first().over(keys)
    return (
        filled.with_columns(pl.col("n_persons").fill_null(0), n_whole=total)
        .with_columns(share=pl.col("n_persons") / pl.col("n_whole"))
        .sort(*keys, "n_returns")
    )
