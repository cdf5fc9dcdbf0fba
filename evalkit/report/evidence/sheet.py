"""One page for the person who may take part in an intervention: of 100 people like those who
started, and of 100 alike who did not, how many were where a year and two years later; what it
takes; and what nobody knows. Published numbers alone, no advice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from evalkit.line.states import CLOSER
from evalkit.report.evidence.effects import Effect, effects_of, months_gained
from evalkit.report.parts.definitions import tells_work
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import (
    COUNT,
    DURATION,
    MONTHS,
    Form,
    Row,
    interval,
    key_number,
)
from evalkit.report.parts.place import INTERVENTIONS, Place
from evalkit.report.parts.sentences import side_of_zero
from evalkit.tables import slug

# A year after the start, and two.
AFTER_MONTHS = (12, 24)
ARMS = ("treated", "comparison")
_OF_100, _FEWER = Form("hundredths"), Form("fewer")
_DOTS, _STEP, _RADIUS = 10, 10, 3.8


@dataclass(frozen=True)
class Hundred:
    """A hundred people: who they are, how many of them were in the outcome, and a picture."""

    who: str
    number: Markup
    between: Markup
    dots: Markup


@dataclass(frozen=True)
class Then:
    """Some time after the start: a hundred who started, where it is known a hundred alike who did
    not, and what the difference is.
    """

    when: Markup
    hundreds: tuple[Hundred, ...]
    difference: Markup


@dataclass(frozen=True)
class Sheet:
    """What the page says, from top to bottom."""

    lead: Markup
    thens: tuple[Then, ...]
    known: tuple[Markup, ...]
    takes: tuple[Markup, ...]
    unknown: tuple[Markup, ...]
    source: tuple[Markup, ...]


def sheet_of(brief: Brief) -> Sheet:
    """The sheet of the brief's intervention, for all districts together."""
    effect = next(iter(effects_of(brief)), None)
    compared = _compared(brief, effect) if effect and effect.is_told else ()
    thens = compared or _counted(brief)
    return Sheet(
        lead=_lead(brief, is_told=bool(thens)),
        thens=thens,
        known=() if compared else _without_comparison(brief, effect),
        takes=_what_it_takes(brief),
        unknown=_unknown(brief, thens),
        source=_source(brief, effect if compared else None),
    )


def _lead(brief: Brief, *, is_told: bool) -> Markup:
    words = brief.words
    if not is_told:
        return words.html("sheet.lead_nothing")
    what = [words.html("sheet.lead")]
    what += (
        [words.html("sheet.lead_closer", closer=words.label(CLOSER))]
        if words.outcome == CLOSER
        else []
    )
    return Markup(" ").join(what)


def _compared(brief: Brief, effect: Effect) -> tuple[Then, ...]:
    """Each time at which both arms can be shown."""
    rows = {
        (row["month"], row["arm"]): row
        for row in brief.tables.rows("effect_curves", state=brief.words.outcome, **effect.keys)
        if row.has("estimate", "ci_lower", "ci_upper")
    }
    return tuple(
        Then(
            when=_when(brief, rows[month, "treated"]),
            hundreds=tuple(_hundred(brief, rows[month, arm], "estimate", arm) for arm in ARMS),
            difference=_difference(brief, rows[month, "difference"]),
        )
        for month in AFTER_MONTHS
        if all((month, arm) in rows for arm in (*ARMS, "difference"))
    )


def _counted(brief: Brief) -> tuple[Then, ...]:
    """Where those who started were, compared with nobody."""
    rows = _after_start(brief, "yes")
    return tuple(
        Then(_when(brief, row), (_hundred(brief, row, "share", "treated"),), Markup(""))
        for row in rows
        if row.has("share")
    )


def _after_start(brief: Brief, answer: str) -> list[Row]:
    name, outcome = brief.intervention, brief.words.outcome
    return brief.tables.rows("after_start", intervention_id=name, outcome=outcome, answer=answer)


def _when(brief: Brief, row: Row) -> Markup:
    month = key_number(row, "month", brief.words, form=DURATION)
    return brief.words.html("sheet.after", duration=month)


def _hundred(brief: Brief, row: Row, column: str, arm: str) -> Hundred:
    words, of_100 = brief.words, round(100 * row[column])
    limits = interval(row, _OF_100, words) if row.has("ci_lower", "ci_upper") else Markup("")
    low_high = {
        end: brief.number(row, limit, _OF_100)
        for end, limit in (("low", "ci_lower"), ("high", "ci_upper"))
        if limits
    }
    who = words.text(f"sheet.{arm}{'' if row.family == 'after_start' else _of_whom(brief)}")
    number = words.html("sheet.were", n=brief.number(row, column, _OF_100))
    return Hundred(
        who=who,
        number=number,
        between=words.html("sheet.between", **low_high) if limits else Markup(""),
        dots=_dots(of_100, f"{who}: {number.striptags()}"),
    )


def _of_whom(brief: Brief) -> str:
    """Of whom the effect is: of those who started, or (an ending of the key) of all who could."""
    protocol = brief.protocols.get(brief.intervention)
    return "" if protocol is None or protocol.estimand == "ATT" else "_all"


def _dots(of_100: int, label: str) -> Markup:
    """Ten times ten people, the first so many of them filled."""
    circles = (
        Markup('<circle cx="{}" cy="{}" r="{}"{}/>').format(
            _STEP / 2 + _STEP * (place % _DOTS),
            _STEP / 2 + _STEP * (place // _DOTS),
            _RADIUS,
            Markup(' class="on"') if place < of_100 else "",
        )
        for place in range(_DOTS * _DOTS)
    )
    size = _STEP * _DOTS
    return Markup(
        '<svg class="dots" viewBox="0 0 {0} {0}" role="img" aria-label="{1}">{2}</svg>'
    ).format(size, label, Markup("").join(circles))


def _difference(brief: Brief, row: Row) -> Markup:
    """What the two numbers differ by: surely more, surely fewer, or nobody can say."""
    words, number = brief.words, partial(brief.number, row)
    side = side_of_zero(row)
    ends: dict[str, tuple[str, Form]] = {
        "above": {"low": ("ci_lower", _OF_100), "high": ("ci_upper", _OF_100)},
        "below": {"low": ("ci_upper", _FEWER), "high": ("ci_lower", _FEWER)},
        "unclear": {"low": ("ci_lower", _FEWER), "high": ("ci_upper", _OF_100)},
    }[side]
    return words.html(
        f"sheet.{side}", **{end: number(column, form) for end, (column, form) in ends.items()}
    )


def _without_comparison(brief: Brief, effect: Effect | None) -> tuple[Markup, ...]:
    """That nobody knows what difference it made; where months are told, what they say."""
    words = brief.words
    months = months_gained(brief, effect) if effect and effect.is_told else None
    if effect is None or months is None or not months.has("treated", "comparison", "ci_lower"):
        return (words.html("sheet.nobody_knows"),)
    followed = brief.protocols[brief.intervention].follow_up_months
    arms = {arm: brief.number(months, arm, MONTHS) for arm in ARMS}
    side = side_of_zero(months)
    return (
        words.html("sheet.months", duration=words.duration(followed), **arms),
        words.html(f"sheet.months_{side}"),
    )


def _what_it_takes(brief: Brief) -> tuple[Markup, ...]:
    """Hours a week, months, and how often it ended before its time; as far as is registered."""
    tables, words, name = brief.tables, brief.words, brief.intervention
    hours = tables.row("what_it_asks", intervention_id=name)
    months = tables.row("plans_kept", intervention_id=name, plan="all")
    before = tables.row("plans_kept", intervention_id=name, plan="ended_before")
    asked: list[tuple[str, Row | None, str, Form]] = [
        ("hours", hours, "estimate", COUNT),
        ("planned", months, "mean_planned_months", COUNT),
        ("ended_before", before, "share", _OF_100),
    ]
    is_planned = months is not None and months.has("mean_planned_months")
    told = tuple(
        words.html(f"sheet.{key}", n=brief.number(row, column, form))
        for key, row, column, form in asked
        if row is not None and row.has(column) and (key != "ended_before" or is_planned)
    )
    return told or (words.html("sheet.takes_unknown"),)


def _unknown(brief: Brief, thens: Sequence[Then]) -> tuple[Markup, ...]:
    words = brief.words
    keys = ["you", "why"]
    keys += ["work"] if tells_work(brief) and words.outcome in ("work", "any_work") else []
    points = [words.html(f"sheet.unknown_{key}") for key in keys]
    if thens:
        points.append(words.html("sheet.unknown_later"))
    return tuple(points)


def _source(brief: Brief, effect: Effect | None) -> tuple[Markup, ...]:
    words = brief.words
    there = Place(INTERVENTIONS, slug(brief.intervention))
    link = Markup('<a href="{}">{}</a>').format(
        brief.place.link(there), words.text("sheet.evidence")
    )
    counted = next(iter(_after_start(brief, "all")), None)
    told = []
    if effect is None and counted and counted.has("n_persons"):
        n_starters = brief.number(counted, "n_persons", COUNT)
        told.append(words.html("sheet.rests_on", n_starters=n_starters))
    if effect and effect.verdict.has("n_starters"):
        n_starters = brief.number(effect.verdict, "n_starters", COUNT)
        told.append(words.html("sheet.rests_on", n_starters=n_starters))
        told.append(words.html("sheet.how_sure"))
    return (*told, words.html("sheet.more", link=link))
