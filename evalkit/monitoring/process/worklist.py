"""The list of what is to be done: private, by pseudonym, for the people who do it."""

from datetime import timedelta

import polars as pl

from evalkit.monitoring.process.episodes import NO_PLANS, Process
from evalkit.monitoring.process.kept import ended_episodes, overdue_now
from evalkit.words import Words

REASONS = (
    "follow_up_overdue",
    "no_plan",
    "nothing_begun",
    "before_month",
    "beyond_planned",
    "beyond_stop_month",
)
_SHOWN = (
    "reason",
    "person_id",
    "intervention_id",
    "provider_district",
    "responsible_role",
    "since",
)
_COLUMNS = ("district", *_SHOWN, "month")
# A month that is watched for is asked about from so long before.
_AHEAD_MONTHS = 1


def worklist(process: Process, support_spells: pl.DataFrame, moments: pl.DataFrame) -> pl.DataFrame:
    """Who is to be thought of, and why. It is for nobody but those who do the work.

    Parameters
    ----------
    process : Process
        As `common_process` makes it, of the districts whose lists are asked for.
    support_spells : DataFrame
        The table support_spells.
    moments : DataFrame
        The table effect_moments, as far as it was estimated: when it is better to leave.

    Returns
    -------
    DataFrame
        One row per person, intervention and reason, with the person's district. `since`: the day on
        which a follow-up was due, the start without a plan, the end without a next step, the day on
        which a watched month (month) is reached or on which it was planned, or is better, to
        leave.
    """
    unwatched = process.episodes.with_columns(month=pl.lit(None, pl.Int32))
    own = process._replace(episodes=unwatched)
    running = own.episodes.filter("is_running")
    parts = [
        running.join(overdue_now(own), on="episode").with_columns(
            reason=pl.lit("follow_up_overdue")
        ),
        _without_plan(own, running),
        _nothing_begun(own, support_spells),
        *(_before(running, month, own) for month in own.rules.watch_months),
        _beyond(running, moments, own),
    ]
    rows = pl.concat([part.select(_COLUMNS) for part in parts])
    order = pl.col("reason").replace_strict({name: at for at, name in enumerate(REASONS)})
    return rows.sort(
        "district", order, "provider_district", "since", "person_id", "intervention_id"
    )


def worklist_in_words(
    rows: pl.DataFrame, interventions: pl.DataFrame, words: Words
) -> pl.DataFrame:
    """The list as those read it who work by it: reasons, roles and heads in words, interventions by
    name.

    Parameters
    ----------
    rows : DataFrame
        As `worklist` makes it.
    interventions : DataFrame
        The delivered table intervention.
    words : Words
        The language of those who read it.
    """
    names = dict(interventions.select("intervention_id", "name").iter_rows())
    reasons = {name: words.label(f"process.{name}") for name in REASONS}
    roles = {role: words.label(f"process.{role}") for role in rows["responsible_role"].unique()}
    watched = {
        month: words.text("process.before_month_of", month=words.number(month))
        for month in rows["month"].drop_nulls().unique()
    }
    return rows.select(
        pl.coalesce(
            pl.col("month").replace_strict(watched, default=None, return_dtype=pl.String),
            pl.col("reason").replace_strict(reasons),
        ).alias("reason"),
        "person_id",
        pl.col("intervention_id").replace(names),
        "provider_district",
        pl.col("responsible_role").replace(roles),
        "since",
    ).rename({name: words.text(f"process.{name}") for name in _SHOWN})


def worklist_size(rows: pl.DataFrame, *, area: str) -> pl.DataFrame:
    """How many people are on the lists of an area, by reason: the table worklist_size."""
    counted = rows.group_by("reason").agg(n_persons=pl.n_unique("person_id").cast(pl.Int32))
    return (
        pl.DataFrame({"district": area, "reason": REASONS})
        .join(counted, on="reason", how="left")
        .with_columns(pl.col("n_persons").fill_null(0))
    )


def _without_plan(process: Process, running: pl.DataFrame) -> pl.DataFrame:
    """Running without any plan when the first follow-up is due, where plans were delivered."""
    is_asked = bool(set(process.papers) - set(NO_PLANS))
    by_now = pl.col("start").dt.offset_by(f"{process.rules.first_follow_up_months}mo")
    return running.filter(
        pl.lit(is_asked), by_now < process.known_until, ~pl.col("plan")
    ).with_columns(since="start", reason=pl.lit("no_plan"))


def _nothing_begun(process: Process, support_spells: pl.DataFrame) -> pl.DataFrame:
    """The last intervention of people who have been on support ever since and have not begun
    another.
    """
    last_day = process.known_until - timedelta(days=1)
    still = support_spells.filter(
        pl.col("start") <= last_day, (pl.col("end") > last_day) | pl.col("exit").is_null()
    ).select("person_id", on_support_since="start")
    ended = ended_episodes(process, support_spells).select("episode")
    latest = (
        process.episodes.filter(~pl.col("is_running").any().over("person_id"))
        .sort("end", "start")
        .unique("person_id", keep="last")
    )
    return (
        latest.join(ended, on="episode")
        .join(still, on="person_id")
        .filter(pl.col("on_support_since") < pl.col("end"))
        .with_columns(since="end", reason=pl.lit("nothing_begun"))
    )


def _before(running: pl.DataFrame, month: int, process: Process) -> pl.DataFrame:
    """Who reaches a watched month of an intervention next."""
    reached = pl.col("start").dt.offset_by(f"{month}mo")
    asked = reached.dt.offset_by(f"-{_AHEAD_MONTHS}mo")
    return (
        running.with_columns(since=reached, month=pl.lit(month, pl.Int32))
        .filter(asked <= process.known_until, pl.col("since") > process.known_until)
        .with_columns(reason=pl.lit("before_month"))
    )


def _beyond(running: pl.DataFrame, moments: pl.DataFrame, process: Process) -> pl.DataFrame:
    """Who is in an intervention beyond the month from which on it was found better to leave, or,
    where none was found, beyond the planned end.
    """
    better = (
        moments.filter(pl.col("decision") == "stop", pl.col("ci_lower") > 0)
        .group_by("intervention_id")
        .agg(stop_month=pl.min("month"))
    )
    stop = pl.col("start").dt.offset_by(pl.col("stop_month").cast(pl.String) + "mo")
    return (
        running.join(better, on="intervention_id", how="left")
        .with_columns(
            since=pl.coalesce(stop, "planned_end"),
            reason=pl.when(pl.col("stop_month").is_null())
            .then(pl.lit("beyond_planned"))
            .otherwise(pl.lit("beyond_stop_month")),
        )
        .filter(pl.col("since") < process.known_until)
    )
