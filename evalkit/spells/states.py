"""State intervals: what each person did in every month of the extract, as intervals on the clock of
months since its first month.

Month k holds on (k-1, k]: the first month is the interval from 0 to 1, and the state of month k+1
is entered at time k. A month's state comes from the first of STATE_SOURCES (line.states) that knows
it. Payments are taken as runs of paid months, gaps of at most `max_gap_months` bridged as in
support spells: somebody whose spell goes on is on support, not somewhere unknown for the month that
was not paid.
"""

import polars as pl

from evalkit.line.states import OUTCOME_OF, STATE_SOURCES
from evalkit.spells.extent import Extent
from evalkit.spells.paid_months import paid_runs
from evalkit.spells.reasons import registered_reasons, told_periods
from evalkit.spells.timeline import periods_in_months, without_overlaps
from evalkit.tables import conform


def build_state_intervals(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    *,
    extent: Extent,
    outcome_groups: bool,
    participation: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Which state each person was in, when, and which came next: every person from the first month
    to the last month known.

    Parameters
    ----------
    income_support, household_member, livelihood, person : DataFrame
        Admitted tables.
    extent : Extent
        The months of the extract; unpaid gaps that are bridged are months on support as well.
    outcome_groups : bool
        Whether states are replaced by their outcome groups (line.states.OUTCOME_OF).
    participation : DataFrame, optional
        Admitted table, whose end reasons are the last source before "unknown".

    Returns
    -------
    DataFrame
        The table state_intervals: `start_month`, `stop_month` since the first month; neighbouring
        intervals of a person differ in state; `to_state` is null where the last month known ends
        the interval. Where livelihood periods overlap, the state that stands first in
        LIVELIHOOD_PRIORITY (line.states) is believed; months that no source of STATE_SOURCES
        knows are "unknown". Without survey weights everybody weighs 1.
    """
    tables = (income_support, household_member, livelihood, person, participation)
    covered = _covered(*tables, extent).lazy()
    if outcome_groups:
        covered = covered.with_columns(pl.col("state").replace_strict(OUTCOME_OF))
    people = person.lazy().select("person_id", "district", weight=pl.col("weight").fill_null(1.0))
    intervals = (
        _merge_neighbours(covered)
        .with_columns(
            to_state=pl.when(pl.col("person_id") == pl.col("person_id").shift(-1)).then(
                pl.col("state").shift(-1)
            )
        )
        .rename({"state": "from_state", "start": "start_month", "stop": "stop_month"})
        .join(people, on="person_id", how="inner")
    )
    return conform(intervals.collect(), "state_intervals")


def state_sources(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    *,
    extent: Extent,
    participation: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """How many months have their state from each source, in all districts together.

    Parameters
    ----------
    income_support, household_member, livelihood, person, extent, participation
        As in `build_state_intervals`.

    Returns
    -------
    DataFrame
        source (each of STATE_SOURCES, and "all"), n_person_months, n_persons (with such a month),
        n_whole (all persons), share (of the months, 0-1).
    """
    tables = (income_support, household_member, livelihood, person, participation)
    rows = _covered(*tables, extent)
    rows = rows.join(person.select("person_id"), on="person_id", how="semi")
    counted = (
        pl.concat([rows, rows.with_columns(source=pl.lit("all"))])
        .group_by("source")
        .agg(
            n_person_months=(pl.col("stop") - pl.col("start")).sum().cast(pl.Int64),
            n_persons=pl.col("person_id").n_unique().cast(pl.Int32),
        )
    )
    filled = pl.DataFrame({"source": [*STATE_SOURCES, "all"]}).join(
        counted, on="source", how="left", maintain_order="left"
    )
    filled = filled.with_columns(pl.col("n_person_months", "n_persons").fill_null(0))
    of_all = pl.col("n_person_months", "n_persons").filter(pl.col("source") == "all").first()
    whole = filled.select(of_all).rename({"n_person_months": "months", "n_persons": "n_whole"})
    return (
        filled.join(whole, how="cross")
        .with_columns(share=pl.col("n_person_months") / pl.col("months"))
        .drop("months")
    )


def _covered(
    income_support: pl.DataFrame,
    household_member: pl.DataFrame,
    livelihood: pl.DataFrame,
    person: pl.DataFrame,
    participation: pl.DataFrame | None,
    extent: Extent,
) -> pl.DataFrame:
    """Every person's months from end to end, in order: person_id, state, start, stop, source."""
    first, n_months = extent.first, extent.n_months
    known = livelihood.filter(pl.col("state") != "unknown")
    covered = _from_source(without_overlaps(periods_in_months(known, extent)), "livelihood")
    runs = paid_runs(income_support, household_member, extent).collect()
    paid = runs.select(
        "person_id",
        state=pl.lit("support"),
        start=pl.col("first_paid") - first,
        stop=pl.col("last_paid") + 1 - first,
    )
    reasons = registered_reasons(income_support, household_member, participation)
    told = [
        (source, told_periods(reasons, runs, source=source, extent=extent))
        for source in ("exit_reason", "end_reason")
    ]
    for source, periods in (("payment", paid), *told):
        if periods.is_empty():
            continue
        covered = pl.concat(
            [covered, _from_source(_inside(_holes(covered, person, n_months), periods), source)]
        )
    unknown = _from_source(
        _holes(covered, person, n_months).with_columns(state=pl.lit("unknown")), "unknown"
    )
    return pl.concat([covered, unknown]).sort("person_id", "start")


def _holes(covered: pl.DataFrame, person: pl.DataFrame, n_months: int) -> pl.DataFrame:
    """The months of every person that nothing covers yet: person_id, start, stop."""
    # A row of no length at the end of everybody's time, so that the gap before it is found like any
    # other.
    end_of_time = person.select(
        "person_id", start=pl.lit(n_months, pl.Int32), stop=pl.lit(n_months, pl.Int32)
    )
    rows = pl.concat([covered.select("person_id", "start", "stop"), end_of_time]).sort(
        "person_id", "start", "stop"
    )
    is_same_person = (pl.col("person_id") == pl.col("person_id").shift(1)).fill_null(False)
    covered_until = (
        pl.when(is_same_person).then(pl.col("stop").shift(1)).otherwise(pl.lit(0, pl.Int32))
    )
    return rows.select("person_id", start=covered_until, stop="start").filter(
        pl.col("stop") > pl.col("start")
    )


def _inside(holes: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """The parts of a person's periods that lie in the person's holes; the periods of a person do
    not overlap.
    """
    met = holes.join(periods, on="person_id", how="inner", suffix="_of_period")
    start, stop = (
        pl.max_horizontal("start", "start_of_period"),
        pl.min_horizontal("stop", "stop_of_period"),
    )
    return met.select("person_id", "state", start=start, stop=stop).filter(
        pl.col("stop") > pl.col("start")
    )


def _from_source(periods: pl.DataFrame, source: str) -> pl.DataFrame:
    return periods.select(
        "person_id", "state", pl.col("start", "stop").cast(pl.Int32), source=pl.lit(source)
    )


def _merge_neighbours(intervals: pl.LazyFrame) -> pl.LazyFrame:
    return (
        intervals.with_columns(run=pl.struct("person_id", "state").rle_id())
        .group_by("run", maintain_order=True)
        .agg(pl.first("person_id", "state", "start"), pl.last("stop"))
        .drop("run")
    )
