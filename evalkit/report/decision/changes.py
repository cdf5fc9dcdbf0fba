"""What the interventions change: the effect month by month, on one axis, with a sentence each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.decision.more_months import name_with_verdict
from evalkit.report.decision.offered import (
    Offered,
    differences_of,
    end_of,
    months_of,
    offered,
    timing_of,
)
from evalkit.report.decision.panels import MOST_PANELS, linked, origins, others_named
from evalkit.report.parts import marks
from evalkit.report.parts.definitions import definition_text
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale, scale_over
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    DURATION,
    MONTHS,
    POINTS,
    Row,
)
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.parts.verdicts import band_of_months
from evalkit.vocabulary import Band
from evalkit.words import capitalise, inside_sentence

_HEIGHT = 190
_STEP = 0.05
_DIP = -0.05  # months lost at first that are not rounded to none
_TEMPLATES = 3  # each sentence exists so many times in other words


@dataclass(frozen=True)
class _Panel:
    """One intervention's effect: its months with range, its curve, and what it says."""

    intervention_id: str
    name: Markup
    months: Markup
    range: Markup
    unit: Markup
    curve: Markup
    axis: Markup
    sentence: Markup
    origin: str = ""


@dataclass(frozen=True)
class _Effect:
    """The rows of an intervention whose effect is shown."""

    one: Offered
    months: Row
    differences: list[Row]

    @property
    def path(self) -> list[Row]:
        """The months that are shown."""
        return [row for row in self.differences if row.has("estimate")]


def what_changes(brief: Brief) -> Part | None:
    """Months gained and the curve of each intervention whose effect can be said; None without
    any.
    """
    effects = [
        _Effect(one, months, differences)
        for one in offered(brief)
        if (months := months_of(brief, one)) is not None
        and months.has("ci_lower", "ci_upper", "probability_positive")
        and (differences := differences_of(brief, one))
    ]
    if not effects:
        return None
    shown, others = effects[:MOST_PANELS], effects[MOST_PANELS:]
    beside, whose = origins(brief, [effect.one for effect in shown], "changes")
    heading = _heading(brief, effects)
    body = render(
        "decision/changes.html.j2",
        title=heading.striptags(),
        lead=_lead(brief, effects),
        whose=whose,
        panels=_panels(brief, shown, beside),
        others=others_named(brief, [effect.one for effect in others]),
    )
    return Part("changes", heading, body)


def _heading(brief: Brief, effects: Sequence[_Effect]) -> Markup:
    """Which of them surely give more months (else, which fewer), or that none does: by outcome,
    where they are judged by different ones.
    """
    by_outcome: dict[str, list[_Effect]] = {}
    for effect in effects:
        by_outcome.setdefault(_outcome(brief, effect), []).append(effect)
    first, *others = (_heading_of(brief, one) for one in by_outcome.values())
    return Markup("; ").join([first, *(Markup(inside_sentence(other)) for other in others)])


def _heading_of(brief: Brief, effects: Sequence[_Effect]) -> Markup:
    words = brief.about(effects[0].one.intervention_id).words
    where = words.text("in_outcome")
    by_band = {
        band: [effect for effect in effects if _band(effect) == band] for band in ("yes", "no")
    }
    more = by_band["yes"]
    if len(more) == len(effects) > 1:
        key = "changes.heading_both" if len(more) == 2 else "changes.heading_all"
        return words.html(key, count=words.count(len(more)), where=where)
    for band, key in (("yes", "changes.heading_more"), ("no", "changes.heading_fewer")):
        if by_band[band]:
            names = [
                name_with_verdict(brief, effect.one, effect.months) for effect in by_band[band]
            ]
            return words.html(key, interventions=words.listing_html(names), where=where)
    return words.html("changes.heading_none", where=where)


def _band(effect: _Effect) -> Band:
    return band_of_months(effect.months)


def _outcome(brief: Brief, effect: _Effect) -> str:
    return brief.about(effect.one.intervention_id).words.outcome


def _lead(brief: Brief, effects: Sequence[_Effect]) -> Markup:
    """What the curves show, and with whom those who start are compared where it is one and the same
    for all.
    """
    told = {
        brief.about(effect.one.intervention_id).words.html("changes.lead") for effect in effects
    }
    return told.pop() if len(told) == 1 else brief.words.html("changes.lead_own")


def _panels(
    brief: Brief, effects: Sequence[_Effect], beside: Mapping[str, str]
) -> tuple[_Panel, ...]:
    limits = [
        row[limit]
        for effect in effects
        for row in effect.differences
        for limit in ("estimate", "ci_lower", "ci_upper")
        if row[limit] is not None
    ]
    y = scale_over(limits or [0.0], step=_STEP)
    x = Scale(0, max(effect.differences[-1]["month"] for effect in effects))
    told: Counter[str] = Counter()
    return tuple(
        replace(
            _panel(brief.about(effect.one.intervention_id), effect, x, y, told),
            origin=beside.get(effect.one.intervention_id, ""),
        )
        for effect in effects
    )


def _panel(brief: Brief, effect: _Effect, x: Scale, y: Scale, told: Counter[str]) -> _Panel:
    words = brief.words
    return _Panel(
        intervention_id=effect.one.intervention_id,
        name=linked(brief, effect.one, is_label=True),
        months=brief.number(effect.months, "difference", CHANGE_MONTHS),
        range=brief.range_of(effect.months, CHANGE_MONTHS),
        unit=words.html(
            "changes.unit", duration=brief.number(effect.differences[-1], "month", DURATION)
        ),
        curve=_curve(brief, effect, x, y) if effect.path else Markup(),
        axis=_axis(brief, x) if effect.path else Markup(),
        sentence=_sentence(brief, effect, told),
    )


def _curve(brief: Brief, effect: _Effect, x: Scale, y: Scale) -> Markup:
    rows = effect.path
    planned = timing_of(brief, effect.one, "planned_months")
    curves = []
    if planned is not None and planned["estimate"] >= 1:
        curves.append(marks.shade(0, x(planned["estimate"])))
    ranged = [
        (row["month"], row["ci_lower"], row["ci_upper"])
        for row in rows
        if row.has("ci_lower", "ci_upper")
    ]
    if len(ranged) > 1:
        curves.append(marks.band(ranged, x, y, "band of-effect"))
    curves.append(
        marks.curve([(row["month"], row["estimate"]) for row in rows], x, y, "line of-effect")
    )
    drawn = [*_levels(brief, y)]
    if planned is not None and planned["estimate"] >= 1:
        drawn.append(
            marks.text_at(0.8, _HEIGHT - 6, brief.words.text("changes.planned"), anchor="start")
        )
    return marks.plot(curves, drawn, height=_HEIGHT, label=_label(brief, effect))


def _levels(brief: Brief, y: Scale) -> list[Markup]:
    return [
        marks.level(
            round((100 - y(tick)) / 100 * _HEIGHT, 1),
            brief.words.points(tick),
            "zero" if tick == 0 else "grid",
        )
        for tick in y.ticks(4)
    ]


def _axis(brief: Brief, x: Scale) -> Markup:
    """Every year, or every half of a short follow-up."""
    last = int(x.high)
    step = 12 if last >= 24 else 6
    months = [*range(0, last, step), last] if last % step else [*range(0, last + 1, step)]
    labels = [(month, brief.words.number(month)) for month in months[:-1]]
    end = brief.words.text("panels.month", month=brief.words.number(last))
    return marks.axis_below(x, [*labels, (last, end)])


def _label(brief: Brief, effect: _Effect) -> str:
    last = effect.path[-1]
    return brief.words.html(
        "changes.label",
        intervention=capitalise(effect.one.name),
        month=brief.number(last, "month", COUNT),
        difference=brief.in_brackets(last, "estimate", POINTS),
    ).striptags()


def _sentence(brief: Brief, effect: _Effect, told: Counter[str]) -> Markup:
    """How it begins and how it ends, the same thing said in other words the next time; and what
    counts as work.
    """
    told_in_turn = [
        _in_turn(brief, key, told, values)
        for key, values in (_beginning(brief, effect), _end(brief, effect))
        if key
    ]
    return Markup(" ").join([*told_in_turn, *definition_text(brief, effect.one.keys)])


def _in_turn(brief: Brief, key: str, told: Counter[str], values: dict[str, Markup]) -> Markup:
    turn = told[key] % _TEMPLATES
    told[key] += 1
    return brief.words.html(f"{key}_{turn + 1}", **values)


def _beginning(brief: Brief, effect: _Effect) -> tuple[str, dict[str, Markup]]:
    """Months lost while the intervention lasts: seen, made up for or not; a dip that may be chance;
    none.
    """
    lost = timing_of(brief, effect.one, "lock_in_months")
    if lost is None or not lost.has("ci_lower", "ci_upper"):
        return "", {}
    if side_of_zero(lost) == "below":
        values = {"lost": brief.number(lost, "estimate", MONTHS)}
        even = timing_of(brief, effect.one, "break_even_month")
        if even is None:
            return "changes.lost", values
        return "changes.made_up", {**values, "month": brief.number(even, "estimate", COUNT)}
    return ("changes.dip" if lost["estimate"] <= _DIP else "changes.no_loss"), {}


def _end(brief: Brief, effect: _Effect) -> tuple[str, dict[str, Markup]]:
    """The difference in the last month followed."""
    end = end_of(brief, effect.one)
    if end is None or not end.has("ci_lower", "ci_upper"):
        return "", {}
    values = {
        "duration": brief.number(effect.differences[-1], "month", DURATION),
        "difference": brief.number(end, "difference", POINTS),
        "range": brief.range_of(end, POINTS),
    }
    return f"changes.end_{side_of_zero(end)}", values
