"""State intervals: what each person did in every month of the extract, as intervals on the clock of months since its first month.

Month k holds on (k-1, k]: the first month is the interval from 0 to 1, and the state of month k+1 is entered at time k.
"""

from datetime import date

import polars as pl

from evalkit.months import month_number
from evalkit.spells.timeline import periods_in_months, without_overlaps
from evalkit.tables import STATES, conform


def build_state_intervals(
    livelihood: pl.DataFrame, person: pl.DataFrame, *, first_month: date, data_through: date, outcome_groups: bool
) -> pl.DataFrame:
    """Which state each person was in, when, and which came next: every person from the first month to the last month known.

    Parameters
    ----------
    livelihood, person : DataFrame
        Admitted tables.
    first_month, data_through : date
        First month of the extract and last month known. Months.
    outcome_groups : bool
        Whether states are replaced by their outcome groups (STATES.outcome).

    Returns
    -------
    DataFrame
        The table state_intervals: `start`, `stop` in months since first_month; neighbouring intervals of a person differ in state;
        `to_state` is null where the last month known ends the interval. Months that no period covers are "unknown"; where periods overlap, the
        state that stands first in LIVELIHOOD_PRIORITY (tables) is believed. Without survey weights everybody weighs 1.
    """
    first, n_months = month_number(first_month), month_number(data_through) - month_number(first_month) + 1
    periods = without_overlaps(periods_in_months(livelihood, first=first, n_months=n_months))
    covered = _fill_with_unknown(periods.lazy(), person, n_months)
    if outcome_groups:
        covered = covered.with_columns(pl.col("state").replace_strict(dict(STATES.select("state", "outcome").iter_rows())))
    people = person.lazy().select("person_id", "district", weight=pl.col("weight").fill_null(1.0))
    intervals = (
        _merge_neighbours(covered)
        .with_columns(to_state=pl.when(pl.col("person_id") == pl.col("person_id").shift(-1)).then(pl.col("state").shift(-1)))
        .rename({"state": "from_state"})
        .join(people, on="person_id", how="inner")
    )
    return conform(intervals.collect(), "state_intervals")


def _fill_with_unknown(periods: pl.LazyFrame, person: pl.DataFrame, n_months: int) -> pl.LazyFrame:
    # A row of no length at the end of everybody's time, so that the gap before it is found like any other.
    end_of_time = person.lazy().select(
        "person_id", state=pl.lit("unknown"), start=pl.lit(n_months, pl.Int32), stop=pl.lit(n_months, pl.Int32)
    )
    rows = pl.concat([periods.cast({"start": pl.Int32, "stop": pl.Int32}), end_of_time]).sort("person_id", "start", "stop")
    is_same_person = (pl.col("person_id") == pl.col("person_id").shift(1)).fill_null(False)
    covered_until = pl.when(is_same_person).then(pl.col("stop").shift(1)).otherwise(pl.lit(0, pl.Int32))
    gaps = rows.with_columns(covered_until=covered_until).select(
        "person_id", state=pl.lit("unknown"), start="covered_until", stop=pl.col("start")
    )
    return pl.concat([rows, gaps]).filter(pl.col("stop") > pl.col("start")).sort("person_id", "start")


def _merge_neighbours(intervals: pl.LazyFrame) -> pl.LazyFrame:
    return (
        intervals.with_columns(run=pl.struct("person_id", "state").rle_id())
        .group_by("run", maintain_order=True)
        .agg(pl.first("person_id", "state", "start"), pl.last("stop"))
        .drop("run")
    )
