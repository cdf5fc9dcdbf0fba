"""Whether the common process is kept: papers, follow-ups in time, a next step after the end."""

from collections.abc import Sequence

import polars as pl

from evalkit.monitoring.areas import in_areas
from evalkit.monitoring.process.episodes import NO_PLANS, Process
from evalkit.monitoring.process.few import of_every_area

_PEOPLE = ("district", "responsible_role")


def process_kept(process: Process, support_spells: pl.DataFrame) -> pl.DataFrame:
    """How many of the episodes that began in the year had what the process asks for.

    Parameters
    ----------
    process : Process
        As `common_process` makes it.
    support_spells : DataFrame
        The table support_spells.

    Returns
    -------
    DataFrame
        The table process_kept. Measures: each kind of paper that is wanted, any plan, one that says
        aim, goals, tasks and the person's own view; the first follow-up and all that were due
        (counted in follow-ups); and of those that have ended, a next step soon: another
        intervention, or no support any more. What was not delivered is not asked.
    """
    begun = process.begun
    due = process.due.join(begun.select("episode", "district"), on="episode")
    is_first = pl.col("due") == pl.col("due").min().over("episode")
    rows = [
        *_papers(process, begun),
        due.filter(is_first).select("district", "is_kept", measure=pl.lit("first_follow_up")),
        due.select("district", "is_kept", measure=pl.lit("follow_ups")),
        ended_episodes(process, support_spells)
        .filter(pl.col("start").dt.year() == process.year)
        .select("district", is_kept="has_gone_on", measure=pl.lit("went_on")),
    ]
    in_all = in_areas(pl.concat(rows), process.rules)
    counted = _answers(in_all, process, ("district", "measure"), "n_episodes")
    return counted.with_columns(year=pl.lit(process.year, pl.Int32))


def follow_ups_overdue(process: Process) -> pl.DataFrame:
    """How many people in a running intervention should have been followed up by now and were not,
    by who is responsible.

    Returns
    -------
    DataFrame
        The table follow_ups_overdue, one person once for each role.
    """
    overdue = overdue_now(process).select("episode", is_kept=pl.lit(True))
    due = process.due.select("episode").unique()
    running = (
        process.episodes.filter("is_running")
        .join(due, on="episode")
        .join(overdue, on="episode", how="left")
        .with_columns(pl.col("is_kept").fill_null(False))
    )
    both = pl.concat([running, running.with_columns(responsible_role=pl.lit("all"))])
    people = (
        in_areas(both, process.rules)
        .group_by(*_PEOPLE, "person_id")
        .agg(pl.col("is_kept").any())
        .select(*_PEOPLE, "is_kept")
    )
    return _answers(people, process, _PEOPLE, "n_persons")


def overdue_now(process: Process) -> pl.DataFrame:
    """Running episodes with a follow-up whose deadline is over and none done since: with the day on
    which it was due first (since).
    """
    running = process.episodes.filter("is_running").select("episode")
    return (
        process.due.filter("is_open")
        .join(running, on="episode")
        .group_by("episode")
        .agg(since=pl.min("due"))
        .sort("episode")
    )


def ended_episodes(process: Process, support_spells: pl.DataFrame) -> pl.DataFrame:
    """Episodes whose end is known for so long that a next step should have been taken by now:
    has_gone_on where another one ran or began by then, or the person was no longer on support.
    """
    months = f"{process.rules.idle_months}mo"
    ended = process.episodes.filter(~pl.col("is_running")).with_columns(
        asked=pl.col("end").dt.offset_by(months)
    )
    ended = ended.filter(pl.col("asked") < process.known_until)
    others = process.episodes.select("person_id", other="episode", begins="start", ends="end")
    went_on = (
        ended.join(others, on="person_id")
        .filter(
            pl.col("other") != pl.col("episode"),
            pl.col("begins") <= pl.col("asked"),
            (pl.col("ends") > pl.col("end")).fill_null(True),
        )
        .select("episode")
        .unique()
    )
    spells = support_spells.select("person_id", since="start", until="end", was_left="exit")
    on_support = (
        ended.join(spells, on="person_id")
        .filter(
            pl.col("since") <= pl.col("asked"),
            (pl.col("until") > pl.col("asked")) | pl.col("was_left").is_null(),
        )
        .select("episode")
        .unique()
    )
    return ended.with_columns(
        has_gone_on=pl.col("episode").is_in(went_on["episode"].implode())
        | ~pl.col("episode").is_in(on_support["episode"].implode())
    )


def _papers(process: Process, begun: pl.DataFrame) -> list[pl.DataFrame]:
    kinds = process.papers
    if set(kinds) - set(NO_PLANS):
        kinds = (*kinds, "plan", "complete_plan")
    return [begun.select("district", is_kept=kind, measure=pl.lit(kind)) for kind in kinds]


def _answers(rows: pl.DataFrame, process: Process, keys: Sequence[str], count: str) -> pl.DataFrame:
    """Of each group all rows, and those that are kept; the whole stands beside both."""
    counted = rows.group_by(keys).agg(
        yes=pl.col("is_kept").sum().cast(pl.Int32), n_whole=pl.len().cast(pl.Int32)
    )
    answers = [
        counted.select(*keys, "n_whole", pl.col(column).alias(count), answer=pl.lit(answer))
        for answer, column in (("all", "n_whole"), ("yes", "yes"))
    ]
    by = (*keys, "answer")
    return of_every_area(pl.concat(answers), process, by)
