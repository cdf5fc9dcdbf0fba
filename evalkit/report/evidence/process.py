"""Whether the common process is kept: papers, follow-ups in time, a next step; and beside it hours,
abilities and the activity requirement.
"""

import math
from statistics import NormalDist

from markupsafe import Markup

from evalkit.report.evidence.process_steps import (
    ANSWERS,
    FOLLOW_UPS,
    PAPERS,
    districts_of,
    share_of,
    steps_of,
    year_of,
)
from evalkit.report.evidence.process_tables import beside, further_tables, steps_tables
from evalkit.report.parts.bars import Bar, bars
from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, SHARE, Row
from evalkit.report.parts.sentences import side_of_zero
from evalkit.tables import CITY

_CHANCE = 0.05


def is_process_kept(brief: Brief) -> Section | None:
    """What share had a plan and was followed up in time, step by step; none where neither plans nor
    follow-ups were delivered (what they would add stands with what was delivered).
    """
    steps = steps_of(brief, brief.area)
    if not steps.keys() & {*PAPERS, *FOLLOW_UPS}:
        return None
    return Section(
        "process",
        brief.words.text("process.heading"),
        (*pooled_with(brief), _lead(brief, steps)),
        (
            Block(
                text=(*_sentences(brief), _reading(brief)),
                figures=_picture(brief, steps),
                tables=(*beside(brief, steps), *further_tables(brief)),
            ),
        ),
    )


def pooled_with(brief: Brief) -> tuple[Markup, ...]:
    """With whom a district stands that is too small to stand alone."""
    area = brief.area
    if area == brief.district:
        return ()
    return (brief.words.html("process.pooled", district=brief.district_name, area=area),)


def _lead(brief: Brief, steps: dict[str, dict[str, Row]]) -> Markup:
    """How many had a plan, and how many follow-ups were in time: what can be said of the two."""
    plan, in_time = (
        steps[step]["yes"] if step in steps and steps[step]["yes"].has("share") else None
        for step in ("plan", "follow_ups")
    )
    shares = {}
    if plan:
        shares["plan"] = brief.number(plan, "share", SHARE)
    if in_time:
        shares["in_time"] = brief.number(in_time, "share", SHARE)
    key = {
        ("plan", "in_time"): "lead",
        ("plan",): "lead_plans",
        ("in_time",): "lead_follow_ups",
    }.get(tuple(shares), "lead_few")
    return brief.words.html(f"process.{key}", year=year_of(brief), **shares)


def _sentences(brief: Brief) -> tuple[Markup, ...]:
    """The districts' ends, who is overdue, hours and abilities, as far as they can be said."""
    return tuple(
        sentence
        for sentence in (
            _ends_of_districts(brief) if brief.is_city else None,
            _overdue(brief),
            _hours(brief, "attended", "attended"),
            _hours(brief, "activity_invalid_absence", "invalid"),
            _changes(brief),
            _list(brief),
        )
        if sentence
    )


def _ends_of_districts(brief: Brief) -> Markup | None:
    """The districts with the lowest and the highest share of follow-ups in time, where chance alone
    would hardly have put them so far apart.
    """
    steps = {name: steps_of(brief, name).get("follow_ups") for name in districts_of(brief)}
    shown = [rows for rows in steps.values() if rows and rows["yes"].has("share")]
    if len(shown) < 2:
        return None
    low, high = (pick(shown, key=lambda rows: rows["yes"]["share"]) for pick in (min, max))
    if not _are_apart(low, high, n_pairs=math.comb(len(shown), 2)):
        return brief.words.html("process.alike")
    return brief.words.html(
        "process.city",
        low=brief.number(low["yes"], "share", SHARE),
        worst=low["yes"]["district"],
        high=brief.number(high["yes"], "share", SHARE),
        best=high["yes"]["district"],
    )


def _are_apart(low: dict[str, Row], high: dict[str, Row], *, n_pairs: int) -> bool:
    """Whether two shares differ by more than chance, as the most distant of so many pairs."""
    shares = [rows["yes"]["share"] for rows in (low, high)]
    counts = [rows["all"]["n_episodes"] for rows in (low, high)]
    variance = sum(p * (1 - p) / n for p, n in zip(shares, counts, strict=True))
    limit = NormalDist().inv_cdf(1 - _CHANCE / 2 / n_pairs)
    return shares[1] - shares[0] > limit * math.sqrt(variance)


def _overdue(brief: Brief) -> Markup | None:
    by_answer = {
        row["answer"]: row
        for row in brief.tables.rows(
            "follow_ups_overdue", district=brief.area, responsible_role=CITY
        )
    }
    is_shown = [by_answer[answer].has("n_persons") for answer in ANSWERS if answer in by_answer]
    if not (len(is_shown) == len(ANSWERS) and all(is_shown)):
        return None
    return brief.words.html(
        "process.overdue",
        overdue=brief.number(by_answer["yes"], "n_persons", COUNT),
        running=brief.number(by_answer["all"], "n_persons", COUNT),
    )


def _hours(brief: Brief, measure: str, name: str) -> Markup | None:
    rows = brief.tables.rows(
        "attended_hours", district=brief.area, intervention_id=CITY, measure=measure
    )
    shown = [row for row in rows if row.has("share")]
    if not shown:
        return None
    return brief.words.html(f"process.{name}", **{name: brief.number(shown[0], "share", SHARE)})


def _changes(brief: Brief) -> Markup | None:
    """The abilities whose change is clear of none, in one sentence."""
    rows = brief.tables.rows("ability_change", district=brief.area, intervention_id=CITY)
    if not any(row.has("estimate") for row in rows):
        return None
    words = brief.words
    clear = [
        words.html(
            "process.changed",
            ability=words.text(f"process.{row['measure']}"),
            change=brief.in_brackets(row, "estimate", CHANGE_MONTHS),
        )
        for row in rows
        if side_of_zero(row) != "unclear"
    ]
    if not clear:
        return words.html("process.no_change")
    return words.html("process.changes", abilities=words.listing_html(clear))


def _list(brief: Brief) -> Markup | None:
    """That there is a list, on the page of the district whose it is."""
    if brief.is_city or not brief.tables.rows("worklist_size"):
        return None
    days = brief.words.number(brief.run.params.monitoring.keep_lists_days)
    return brief.words.html("process.worklist", days=days)


def _reading(brief: Brief) -> Markup:
    rules, words = brief.run.params.monitoring, brief.words
    return words.html(
        "process.reading",
        grace=words.number(rules.grace_days),
        first=words.duration(rules.first_follow_up_months),
        next=words.duration(rules.next_follow_up_months),
        step=words.duration(rules.idle_months),
    )


def _picture(brief: Brief, steps: dict[str, dict[str, Row]]) -> tuple[Figure, ...]:
    """The process from top to bottom: a bar for each step that is of enough, with its share and its
    numbers.
    """
    drawn = [
        Bar(_step(brief, step, rows), 1.0, rows["yes"]["share"], share_of(brief, rows, tag="tspan"))
        for step, rows in steps.items()
        if rows["yes"].has("share")
    ]
    if not drawn:
        return ()
    conclusion = brief.words.html("process.picture", year=year_of(brief))
    picture = bars(drawn, label=conclusion.striptags())
    return (Figure("process", picture, conclusion, steps_tables(brief, steps)),)


def _step(brief: Brief, step: str, rows: dict[str, Row]) -> Markup:
    """A step by its name, with how many had it and of how many."""
    n, whole = (
        brief.number(rows[answer], "n_episodes", COUNT, tag="tspan") for answer in ("yes", "all")
    )
    name = brief.words.label(f"process.{step}")
    return brief.words.html("process.of", name=name, n=n, whole=whole)
