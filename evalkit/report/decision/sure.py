"""How sure it is: checks with a word each, which open to their numbers; and what is not known."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from evalkit.report.decision.offered import (
    Offered,
    months_of,
    offered,
    value_of,
)
from evalkit.report.decision.panels import linked, named
from evalkit.report.decision.readings import readings_here
from evalkit.report.decision.unseen import budget_of, unseen
from evalkit.report.parts.deliveries import missing_of_most
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    MONTHS,
    PROBABILITY,
    Form,
    Row,
    money_form,
)
from evalkit.report.parts.place import EVIDENCE, Place
from evalkit.report.parts.sentences import conventions_that_differ
from evalkit.report.view import link_to_method
from evalkit.tables import CITY, slug
from evalkit.words import capitalise

State = Literal["holds", "in_part", "weak", "not_tested"]

_OF_100 = Form("hundredths")
_BALANCE = Form("number", 3)  # on which side of 0.10 it lies is to be seen
_ALIKE = "max_abs_smd"
_NAIVE = "naive"
_SMALLEST_TOLD = 0.005  # a share of unknowns that is not rounded to none
_MOST_TOLD = 6  # interventions with numbers of their own in a line


@dataclass(frozen=True)
class _Finding:
    """What a check says of one intervention: whether it holds, its numbers, and whether they are
    those of all districts together.
    """

    one: Offered
    holds: bool
    numbers: Markup
    of_city: bool = False


@dataclass(frozen=True)
class _Check:
    """A line of the checklist: its word, what was looked at, the finding in a sentence, what the
    numbers are, and those of each intervention.
    """

    state: State
    word: str
    title: str
    text: Markup
    reading: Markup
    findings: tuple[Markup, ...]


def how_certain(brief: Brief) -> Part | None:
    """The checks and what is not known; None where nothing is offered and nothing missing."""
    ones = offered(brief)
    if not ones and not missing_of_most(brief):
        return None
    estimated = [one for one in ones if months_of(brief, one)]
    checks = _checks(brief, estimated) if estimated else ()
    body = render(
        "decision/sure.html.j2",
        words=brief.words,
        checks=checks,
        unknown=_unknown(brief, ones, estimated),
    )
    heading = "certain.heading" if checks else "unsaid.heading"
    return Part("sure", brief.words.html(heading), body)


def state_of(holding: Sequence[bool]) -> State:
    """The word of a check that was made for several interventions: it holds for all of them, for
    some (in part), or for none (weak).
    """
    if not holding:
        return "not_tested"
    if all(holding):
        return "holds"
    return "in_part" if any(holding) else "weak"


def _checks(brief: Brief, ones: Sequence[Offered]) -> tuple[_Check, ...]:
    return (
        _two_readings(brief, ones),
        _check(brief, "alike", ones, _alike),
        _check(brief, "ways", ones, _other_ways),
        _check(brief, "sham", ones, _sham_tests),
        _check(brief, "starts", ones, _starts),
        _check(brief, "unknown", ones, _unknown_outcome, share=_unknown_share(brief, ones)),
    )


def _check(
    brief: Brief,
    name: str,
    ones: Sequence[Offered],
    look: Callable[[Brief, Offered], _Finding | None],
    **values: Markup | str,
) -> _Check:
    words = brief.words
    findings = [finding for one in ones if (finding := look(brief, one))]
    state = state_of([finding.holds for finding in findings])
    failing = [finding.one for finding in findings if not finding.holds]
    of_city = not brief.is_city and any(finding.of_city for finding in findings)
    whose = words.text("certain.of_all") if of_city else ""
    return _Check(
        state,
        words.text(f"certain.{state}"),
        words.text(f"certain.{name}"),
        words.html(f"certain.{name}_{state}", interventions=named(brief, failing), **values),
        words.html(f"certain.{name}_reading", whose=whose),
        _numbers(brief, [(finding.one, finding.numbers) for finding in findings]),
    )


def _numbers(brief: Brief, told: Iterable[tuple[Offered, Markup]]) -> tuple[Markup, ...]:
    """The numbers of each intervention in a line of its own."""
    lines = [
        brief.words.html(
            "certain.of", intervention=linked(brief, one, is_label=True), numbers=numbers
        )
        for one, numbers in told
    ]
    return tuple(lines[:_MOST_TOLD])


def _two_readings(brief: Brief, ones: Sequence[Offered]) -> _Check:
    """What the past shows of each intervention: its own sentences stand in the line."""
    words, here = brief.words, readings_here(brief, ones)
    state = state_of(here.holding)
    is_borrowed = any(one.is_borrowed for one, _ in here.numbers)
    return _Check(
        state,
        words.text(f"certain.{state}"),
        words.text("readings.title"),
        here.text or words.html("readings.not_shown"),
        words.html("readings.reading", whose=words.text("certain.of_all") if is_borrowed else ""),
        _numbers(brief, here.numbers),
    )


def _alike(brief: Brief, one: Offered) -> _Finding | None:
    """Whether those who start resemble those they are compared with, after weighting: by the check
    of their own district, or else of all together.
    """
    keys = {"intervention_id": one.intervention_id, "check": _ALIKE}
    rows = [
        row
        for family, scope in (("district_checks", one.scope), ("effect_checks", CITY))
        for row in brief.tables.rows(family, district=scope, **keys)
        if row.has("value", "verdict")
    ]
    if not rows:
        return None
    row = rows[0]
    return _Finding(
        one,
        row["verdict"] == "passed",
        brief.number(row, "value", _BALANCE),
        row["district"] == CITY,
    )


def _other_ways(brief: Brief, one: Offered) -> _Finding | None:
    """Whether every other way of counting that was declared lands on the same side of zero."""
    rows = _own_or_city(brief, "effect_sensitivity", one)
    differing = conventions_that_differ(rows)
    if differing is None:
        return None
    shown = [row for row in rows if row.has("difference") and row["convention"] != _NAIVE]
    low, high = (
        brief.number(pick(shown, key=lambda row: row["difference"]), "difference", MONTHS)
        for pick in (min, max)
    )
    numbers = brief.words.html("unit.range", low=low, high=high)
    return _Finding(one, not differing, numbers, shown[0]["district"] == CITY)


def _sham_tests(brief: Brief, one: Offered) -> _Finding | None:
    """Whether tests that must find nothing find nothing; the one that comes nearest to finding
    something is told.
    """
    rows = [
        row
        for row in _own_or_city(brief, "placebo", one)
        if row.has("p_holm", "verdict") and row["verdict"] != "not_testable"
    ]
    if not rows:
        return None
    nearest = min(rows, key=lambda row: row["p_holm"])
    passed = all(row["verdict"] == "passed" for row in rows)
    numbers = brief.number(nearest, "p_holm", PROBABILITY)
    return _Finding(one, passed, numbers, nearest["district"] == CITY)


def _starts(brief: Brief, one: Offered) -> _Finding | None:
    """Whether there were starts enough here for sure figures, and which difference would have been
    seen.
    """
    keys = {**one.keys, "district": brief.district}
    status = brief.tables.row("effect_status", **keys)
    if status is None:
        return None
    reading = brief.tables.row("effect_readings", reading="detectable_months", **keys)
    numbers = brief.number(status, "n_starters", COUNT)
    if reading is None or not reading.has("estimate"):
        return _Finding(one, one.is_own, numbers)
    seen = brief.words.html(
        "certain.starts_seen", starters=numbers, months=brief.number(reading, "estimate", MONTHS)
    )
    return _Finding(one, one.is_own and reading.get("information") != "too_little", seen)


def _unknown_outcome(brief: Brief, one: Offered) -> _Finding | None:
    """Whether the effect would keep its sign if, in the worst case, all those whose outcome is not
    known were against it.
    """
    if not brief.is_livelihood_known(one.intervention_id):
        return _Finding(one, True, brief.words.html("outcome.none_unseen"))
    readings = {
        row["reading"]: row
        for row in brief.tables.rows("effect_readings", **one.keys)
        if row.has("estimate")
    }
    months = months_of(brief, one)
    if months is None or not {"worst_case_months", "best_case_months"} <= readings.keys():
        return None
    worst, best = (readings[f"{case}_case_months"] for case in ("worst", "best"))
    against = worst if months["difference"] > 0 else best
    holds = against["estimate"] * months["difference"] > 0
    low, high = (brief.number(row, "estimate", CHANGE_MONTHS) for row in (worst, best))
    numbers = brief.words.html("unit.range", low=low, high=high)
    return _Finding(one, holds, numbers, worst["district"] == CITY)


def _unknown_share(brief: Brief, ones: Sequence[Offered]) -> Markup | str:
    """The sentence on how many of all periods ended nobody knows how, where effects are shown;
    empty where none did or it is not shown.
    """
    scope = CITY if all(one.is_borrowed for one in ones) else brief.district
    row = brief.tables.row("exits", district=scope, exit="unknown")
    if row is None or not row.has("share") or row["share"] < _SMALLEST_TOLD:
        return ""
    share = brief.number(row, "share", _OF_100)
    return brief.words.html("certain.unknown_share", share=share) + " "


def _own_or_city(brief: Brief, family: str, one: Offered) -> list[Row]:
    """The rows of the figures shown, or else of all districts together: most checks are made there
    alone.
    """
    keys = {"intervention_id": one.intervention_id}
    return brief.tables.rows(family, district=one.scope, **keys) or brief.tables.rows(
        family, district=CITY, **keys
    )


def _unknown(
    brief: Brief, ones: Sequence[Offered], estimated: Sequence[Offered]
) -> tuple[Markup, ...]:
    """What is not known: what is not valued, what people live on, what lies beyond what was
    followed, what nobody measured, what is assumed, and what has no price.
    """
    words = brief.words
    valued = [one for one in ones if value_of(brief, one, "society")]
    not_seen = unseen(brief, ones)
    if not ones:
        return _missing(brief)
    n_others = len(ones) - len(valued) - len(not_seen)
    lines = []
    if n_others == len(ones):
        lines.append(words.html("unsaid.nothing_valued"))
    elif n_others:
        lines.append(
            # Of those not seen the months are told, and nobody's money.
            words.html(
                "unsaid.no_figures" if not_seen else "unsaid.not_valued",
                count=capitalise(words.count(n_others)),
                all_count=words.count(len(ones)),
            )
        )
    budgeted = [one for one in not_seen if budget_of(brief, one)]
    if budgeted:
        lines.append(words.html("unseen.unsaid", interventions=named(brief, budgeted)))
    elif not_seen:
        lines.append(words.html("unseen.unsaid_nothing", interventions=named(brief, not_seen)))
    lines += _beyond(brief, valued)
    if estimated:
        lines.append(words.html("readings.neither", link=link_to_method(brief, "trials")))
    lines += _displacement(brief, valued)
    if valued:
        lines.append(words.html("unsaid.no_price"))
    return (*lines, *_missing(brief))


def _missing(brief: Brief) -> tuple[Markup, ...]:
    """What was not delivered, with the way to what it would add."""
    names = missing_of_most(brief)
    if not names:
        return ()
    evidence = brief.place.link(Place(EVIDENCE, slug(brief.district)))
    link = Markup('<a href="{}#delivered">{}</a>').format(
        evidence, brief.words.text("delivered.what_it_adds")
    )
    return (brief.words.html("delivered.short", things=brief.words.listing(names), link=link),)


def _beyond(brief: Brief, valued: Sequence[Offered]) -> Iterable[Markup]:
    """How much of society's value is projected beyond the months followed: of the intervention
    that rests on it most.
    """
    parts = [
        (total, projected)
        for one in valued
        if (total := value_of(brief, one, "society"))
        and (projected := value_of(brief, one, "society", "projected"))
        and total["followed_months"] < total["horizon_months"]
        and total["estimate"] > 0
    ]
    if not parts:
        return ()
    total, projected = max(parts, key=lambda pair: pair[1]["estimate"] / pair[0]["estimate"])
    name = next(one.name for one in valued if one.intervention_id == total["intervention_id"])
    form = money_form(total, "estimate")
    return (
        brief.words.html(
            "unsaid.beyond",
            intervention=name,
            total=brief.number(total, "estimate", form),
            projected=brief.number(projected, "estimate", form),
        ),
    )


def _displacement(brief: Brief, valued: Sequence[Offered]) -> Iterable[Markup]:
    """How many jobs are assumed to be taken from others."""
    for one in valued:
        row = brief.tables.row(
            "value_tornado",
            perspective="society",
            parameter="displacement_central",
            **one.keys,
        )
        if row is not None and row.has("value"):
            taken = brief.number(row, "value", _OF_100)
            return (brief.words.html("unsaid.displacement", taken=taken),)
    return ()
