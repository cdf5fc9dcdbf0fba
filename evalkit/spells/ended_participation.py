"""What those did who left the municipality's labour-market activity in a year, as Kolada counts it:
all who ended are the base, and work or studies that begin at the end are a result.

Who counts, by the key figure as a municipality quotes it (read second-hand, grade M): everybody who
ended in the year. Somebody who is in another intervention that day has not ended; who ended several
times counts once, the last time. Work is a job on the regular market for a month at least,
subsidised or not; jobs with the municipality (sheltered work) are none. Studies are those that give
a right to student aid. A month is the shortest that the tables know: what is asked is the state of
the first whole month after the end.
"""

import polars as pl

from evalkit.line.states import AGGREGATES, OUTCOME_OF, STATES
from evalkit.months import free_from_expr
from evalkit.spells.extent import Extent
from evalkit.spells.reasons import registered_reasons
from evalkit.spells.timeline import periods_in_months, without_overlaps
from evalkit.tables import CITY, with_city

RESULT, NO_RESULT = "result", "no_result"
# Studies that give a right to student aid are those that student aid pays.
_STUDIES = tuple(STATES.filter(payer="student_aid")["outcome"].unique(maintain_order=True))
RESULTS = (*AGGREGATES["any_work"], *_STUDIES)
NO_RESULTS = ("other", "unknown")
# Of a normal distribution: the range holds the share in 95 of 100 years alike.
_Z = 1.959964


def ended_participants(
    participation: pl.DataFrame,
    livelihood: pl.DataFrame,
    intervals: pl.DataFrame,
    person: pl.DataFrame,
    *,
    year: int,
    extent: Extent,
) -> pl.DataFrame:
    """Those who ended in a year, and what they did then.

    Parameters
    ----------
    participation, livelihood, person : DataFrame
        Admitted tables.
    intervals : DataFrame
        The table state_intervals, at the level of outcomes.
    year : int
        The calendar year of the end.
    extent : Extent
        As the intervals were built.

    Returns
    -------
    DataFrame
        One row per person: person_id, district (the person's own when the episode began, else the
        one in `person`), answer (one of RESULTS and NO_RESULTS). Livelihood is believed where it is
        known; else the reason registered for the end, which counts though support is still paid
        that month; else the state of the month.
    """
    ended = _last_ends(participation, year=year).join(
        person.select("person_id", own="district"), on="person_id", how="inner"
    )
    at = ended.select(
        "person_id",
        pl.coalesce("home_district", "own").alias("district"),
        last_month=free_from_expr("end") - 1,
        month=free_from_expr("end") - extent.first,
    )
    known = without_overlaps(
        periods_in_months(livelihood.filter(pl.col("state") != "unknown"), extent)
    ).with_columns(pl.col("state").replace_strict(OUTCOME_OF))
    states = intervals.select(
        "person_id", state="from_state", start="start_month", stop="stop_month"
    ).filter(pl.col("state") != "unknown")
    reasons = registered_reasons(pl.DataFrame(), pl.DataFrame(), participation).select(
        "person_id", "last_month", reason=pl.col("state").replace_strict(OUTCOME_OF)
    )
    told = (
        _state_at(_state_at(at, known, "lived"), states, "month_state")
        .join(reasons, on=["person_id", "last_month"], how="left")
        .with_columns(state=pl.coalesce("lived", "reason", "month_state"))
    )
    answer = (
        pl.when(pl.col("state").is_in(RESULTS))
        .then("state")
        .when(pl.col("state").is_not_null())
        .then(pl.lit("other"))
        .otherwise(pl.lit("unknown"))
    )
    return told.select("person_id", "district", answer=answer).sort("person_id")


def ended_participation(ended: pl.DataFrame, *, year: int) -> pl.DataFrame:
    """How many ended and how many of them with a result, per district and for the city.

    Parameters
    ----------
    ended : DataFrame
        As `ended_participants` gives them.
    year : int
        The year.

    Returns
    -------
    DataFrame
        The table ended_participation: n_persons, n_whole (all who ended) and share, by part and
        answer: result (work, subsidised_work, studies, all), no_result (other, unknown), all (all).
        Those without a result are what the others leave of all, and have no row.
    """
    parts = {**dict.fromkeys(RESULTS, RESULT), **dict.fromkeys(NO_RESULTS, NO_RESULT)}
    everywhere = with_city(ended).with_columns(part=pl.col("answer").replace_strict(parts))
    every = pl.lit(CITY)
    by_part = everywhere.with_columns(answer=every)
    counted = (
        pl.concat([everywhere, by_part, by_part.with_columns(part=every)])
        .group_by("district", "part", "answer")
        .agg(n_persons=pl.len().cast(pl.Int32))
    )
    cells = pl.DataFrame(
        {
            "part": [*parts.values(), RESULT, CITY],
            "answer": [*parts, CITY, CITY],
        }
    )
    grid = everywhere.select("district").unique().join(cells, how="cross")
    filled = grid.join(counted, on=["district", "part", "answer"], how="left").with_columns(
        pl.col("n_persons").fill_null(0), year=pl.lit(year, pl.Int32)
    )
    is_total = (pl.col("part") == CITY) & (pl.col("answer") == CITY)
    whole = pl.col("n_persons").filter(is_total).first().over("district")
    return filled.with_columns(n_whole=whole, share=pl.col("n_persons") / whole)


def with_ranges(counts: pl.DataFrame) -> pl.DataFrame:
    """The counts with the 95 % range (Wilson) of each share that is shown.

    Parameters
    ----------
    counts : DataFrame
        The table ended_participation, as counted or as published: its ranges are then those of the
        rounded numbers, and tell no more than they do.

    Returns
    -------
    DataFrame
        With ci_lower and ci_upper (0-1).
    """
    is_total = (pl.col("part") == CITY) & (pl.col("answer") == CITY)
    whole = pl.col("n_persons").filter(is_total).first().over("district")
    is_shown = pl.col("share").is_not_null()
    ranges = _wilson("n_persons", whole)
    return counts.with_columns(
        pl.when(is_shown).then(limit).alias(name) for name, limit in ranges.items()
    )


def _last_ends(participation: pl.DataFrame, *, year: int) -> pl.DataFrame:
    """Each person's last end in the year on which no other episode goes on."""
    ends = participation.filter(pl.col("end").dt.year() == year)
    others = participation.select(
        "person_id", other_start="start", other_end="end", other="intervention_id"
    )
    goes_on = (
        ends.join(others, on="person_id", how="inner")
        .filter(
            pl.col("other_start") <= pl.col("end"),
            (pl.col("other_end") > pl.col("end")).fill_null(True),
        )
        .select("person_id", "end")
        .unique()
    )
    return (
        ends.join(goes_on, on=["person_id", "end"], how="anti")
        .sort("person_id", "end", "intervention_id")
        .unique("person_id", keep="last", maintain_order=True)
    )


def _state_at(at: pl.DataFrame, periods: pl.DataFrame, name: str) -> pl.DataFrame:
    """The state of the month after the end, where a period holds it."""
    met = (
        at.select("person_id", "month")
        .join(periods, on="person_id", how="inner")
        .filter(pl.col("start") <= pl.col("month"), pl.col("month") < pl.col("stop"))
        .select("person_id", state_there="state")
    )
    return at.join(met, on="person_id", how="left").rename({"state_there": name})


def _wilson(n: str, n_all: pl.Expr) -> dict[str, pl.Expr]:
    """Wilson's range of a share (1927, J. Am. Stat. Assoc. 22:209)."""
    share = pl.col(n) / n_all
    spread = _Z * (share * (1 - share) / n_all + _Z**2 / (4 * n_all**2)).sqrt()
    centre, scale = share + _Z**2 / (2 * n_all), 1 + _Z**2 / n_all
    return {
        "ci_lower": ((centre - spread) / scale).clip(0, 1),
        "ci_upper": ((centre + spread) / scale).clip(0, 1),
    }
