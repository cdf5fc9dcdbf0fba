"""The process of each episode: its papers, the follow-ups that were due and those that were done.

Days stand as dates and periods are half-open. What is not known to be over yet is not asked for.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from evalkit.monitoring_rules import MonitoringRules
from evalkit.months import add_months
from evalkit.params import Extract, RunFile

# What the process is read from, as far as it was delivered.
PROCESS_TABLES = ("person", "participation", "intervention", "plan", "follow_up")
# Papers that are no plan of what is to be done.
NO_PLANS = ("assignment", "decision")
COMPLETE = ("has_aim", "has_goals", "has_tasks", "has_own_view")
NOT_STATED = "not_stated"


class Process(NamedTuple):
    """What is known of the process of every episode.

    Attributes
    ----------
    episodes : DataFrame
        One row per episode: episode (number), person_id, district, intervention_id, start, end
        (null while it runs), is_running, planned_end, provider_district, hours_per_week,
        responsible_role; whether there is a paper of each kind that is wanted (a column of its
        name), any plan (`plan`) and one that says all of what it should (`complete_plan`).
    due : DataFrame
        One row per follow-up that has been due: episode, due, opens (the deadline of the one
        before, or the start), deadline, is_kept (one was done after the one and by the other), and
        is_open (none was done since it opened).
    follow_ups : DataFrame
        Delivered follow-ups with the episode that they belong to.
    people : DataFrame
        One row per person: person_id, district.
    rules : MonitoringRules
    papers : tuple of str
        The kinds of paper that can be asked for: those that are wanted, where any was delivered.
    known_until : date
        The first day that is not known.
    year : int
        The last calendar year that is known to its end.
    """

    episodes: pl.DataFrame
    due: pl.DataFrame
    follow_ups: pl.DataFrame
    people: pl.DataFrame
    rules: MonitoringRules
    papers: tuple[str, ...]
    known_until: date
    year: int

    @property
    def begun(self) -> pl.DataFrame:
        """The episodes that began in the year."""
        return self.episodes.filter(pl.col("start").dt.year() == self.year)


def common_process(
    delivered: Mapping[str, pl.DataFrame],
    params: RunFile,
    *,
    districts: Collection[str] | None = None,
) -> Process:
    """The process of every episode, by the rules of the run file.

    Parameters
    ----------
    delivered : mapping of str to DataFrame
        The delivered tables PROCESS_TABLES, empty where nobody delivered them.
    params : RunFile
        Its rules of monitoring, and how far the tables are known.
    districts : collection of str, optional
        Those whose people are meant; without them everybody is.

    Returns
    -------
    Process
    """
    rules, until = params.monitoring, _known_until(params.extract)
    people = delivered["person"].select("person_id", "district")
    if districts is not None:
        people = people.filter(pl.col("district").is_in(districts))
    episodes = _episodes(delivered, people, until)
    papers = () if delivered["plan"].is_empty() else rules.papers
    follow_ups = _of_episodes(delivered["follow_up"], episodes, rules.grace_days)
    asked_for = episodes.clear() if delivered["follow_up"].is_empty() else episodes
    return Process(
        _with_papers(episodes, delivered["plan"], rules, until),
        _due(asked_for, follow_ups, rules, until),
        follow_ups,
        people,
        rules,
        papers,
        until,
        (until - timedelta(days=1)).year if until == date(until.year, 1, 1) else until.year - 1,
    )


def _known_until(extract: Extract) -> date:
    through = extract.data_through
    if isinstance(through, dict):
        named = [through[name] for name in ("plan", "follow_up") if name in through]
        through = min([extract.follow_up_through, *named])
    return add_months(through, 1)


def _episodes(
    delivered: Mapping[str, pl.DataFrame], people: pl.DataFrame, until: date
) -> pl.DataFrame:
    planned = delivered["intervention"].select("intervention_id", "planned_months")
    return (
        delivered["participation"]
        .filter(pl.col("start") < until)
        .join(people, on="person_id")
        .join(planned, on="intervention_id", how="left")
        .sort("person_id", "intervention_id", "start")
        .select(
            "person_id",
            "district",
            "intervention_id",
            "start",
            "provider_district",
            "hours_per_week",
            episode=pl.int_range(pl.len(), dtype=pl.Int32),
            end=pl.when(pl.col("end") <= until).then("end"),
            is_running=(pl.col("end") > until).fill_null(True),
            planned_end=pl.coalesce("planned_end", _months_after("start", "planned_months")),
            responsible_role=pl.col("responsible_role").fill_null(NOT_STATED),
        )
    )


def _with_papers(
    episodes: pl.DataFrame, plan: pl.DataFrame, rules: MonitoringRules, until: date
) -> pl.DataFrame:
    """A paper belongs to the episode in which it is dated, or to the next that begins soon."""
    before = pl.col("end").shift(1).over("person_id", "intervention_id")
    soon = pl.col("start") - timedelta(days=rules.papers_before_days)
    written = (
        episodes.with_columns(since=pl.max_horizontal(soon, before))
        .join(plan, on=["person_id", "intervention_id"])
        .filter(
            pl.col("date") >= pl.col("since"),
            pl.col("date") < pl.col("end").fill_null(until),
            pl.col("kind").is_in(rules.papers),
        )
        .with_columns(is_plan=~pl.col("kind").is_in(NO_PLANS))
    )
    is_complete = pl.all_horizontal(pl.col(COMPLETE).fill_null(0) == 1) & pl.col("is_plan")
    by_episode = written.group_by("episode").agg(
        *((pl.col("kind") == kind).any().alias(kind) for kind in rules.papers),
        plan=pl.col("is_plan").any(),
        complete_plan=is_complete.any(),
    )
    marks = [*rules.papers, "plan", "complete_plan"]
    return episodes.join(by_episode, on="episode", how="left", maintain_order="left").with_columns(
        pl.col(marks).fill_null(False)
    )


def _of_episodes(follow_up: pl.DataFrame, episodes: pl.DataFrame, grace_days: int) -> pl.DataFrame:
    """Follow-ups with the last episode in the intervention that had begun before that day; one that
    was done long after its end is of none.
    """
    begun = episodes.select("person_id", "intervention_id", "start", "end", "episode")
    last_day = pl.col("end") + timedelta(days=grace_days)
    return (
        follow_up.sort("date")
        .join_asof(
            begun.sort("start"),
            left_on="date",
            right_on="start",
            by=["person_id", "intervention_id"],
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .filter(pl.col("episode").is_not_null(), (pl.col("date") <= last_day).fill_null(True))
        .drop("start", "end")
        .sort("episode", "date")
    )


def _due(
    episodes: pl.DataFrame, follow_ups: pl.DataFrame, rules: MonitoringRules, until: date
) -> pl.DataFrame:
    """Every follow-up whose deadline lies in what is known, while the episode ran."""
    first, step = rules.first_follow_up_months, rules.next_follow_up_months
    stop = pl.col("end").fill_null(until)
    longest = (stop - pl.col("start")).dt.total_days() // 28 + 1
    in_order = (
        episodes.select("episode", "start", "end", months=pl.int_ranges(first, longest + 1, step))
        .explode("months", keep_nulls=False, empty_as_null=False)
        .with_columns(due=_months_after("start", "months"))
        .filter(pl.col("due") < stop)
        .with_columns(deadline=pl.col("due") + timedelta(days=rules.grace_days))
        .with_columns(opens=pl.col("deadline").shift(1).over("episode", order_by="due"))
        .filter(pl.col("deadline") < until)
        .with_columns(opens=pl.coalesce("opens", "start"))
    )
    done = follow_ups.select("episode", "date")
    last = done.group_by("episode").agg(last_done=pl.max("date"))
    return (
        in_order.sort("deadline")
        .join_asof(
            done.sort("date"),
            left_on="deadline",
            right_on="date",
            by="episode",
            check_sortedness=False,
        )
        .join(last, on="episode", how="left")
        .select(
            "episode",
            "due",
            "opens",
            "deadline",
            is_kept=(pl.col("date") > pl.col("opens")).fill_null(False),
            is_open=(pl.col("last_done") <= pl.col("opens")).fill_null(True),
        )
        .sort("episode", "due")
    )


def _months_after(day: str, months: str) -> pl.Expr:
    """The same day of the month so many months later, or the last one of a shorter month."""
    return pl.col(day).dt.offset_by(pl.col(months).cast(pl.String) + "mo")
