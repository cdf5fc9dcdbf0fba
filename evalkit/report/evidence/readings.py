"""What the past shows: both readings of an effect and the span of both, in a sentence, a picture
and a table.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.evidence.effects import (
    Effect,
    are_several,
    effects_of,
    heading_of,
    months_gained,
)
from evalkit.report.parts import marks
from evalkit.report.parts.document import Block, Brief, DataTable, Figure, Section
from evalkit.report.parts.marks import Scale, scale_over
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, Row, interval
from evalkit.report.parts.readings import (
    READINGS,
    Readings,
    if_it_lasts,
    nothing_in_the_past,
    reading_in_brackets,
    readings_of,
    window_months,
)
from evalkit.report.view import (
    View,
    cell,
    district,
    link_to_method,
    number,
    with_own_range,
)
from evalkit.tables import CITY, slug

_HEIGHT = 24
_SPAN = "span"
# In the order in which a picture shows them.
_DRAWN = ("second", "plain", _SPAN)


def what_the_past_shows(brief: Brief) -> Section | None:
    """Both readings of each effect of the page; None where none is told."""
    told = [
        (effect, row)
        for effect in effects_of(brief)
        if effect.is_told
        and (row := brief.tables.row("effect_span", **effect.keys))
        and _answer(brief, effect, row)
    ]
    if not told:
        return None
    words, is_headed = brief.words, are_several(brief)
    scale = _scale([row for _, row in told])
    how = (
        words.html("readings.how", link=link_to_method(brief, "readings")),
        words.html("readings.blind"),
    )
    blocks = [
        Block(
            heading=heading_of(brief, effect),
            leads=(_sentence(brief, effect, row),) if is_headed else (),
            text=() if is_headed else how,
            **_shown(brief, effect, row, scale),
        )
        for effect, row in told
    ]
    if is_headed:
        leads = (words.html("readings.lead_many"),)
        blocks = [Block(text=how), *blocks]
    else:
        leads = tuple(_sentence(brief, *one) for one in told)
    return Section("readings", words.text("readings.heading"), leads, tuple(blocks))


def _answer(brief: Brief, effect: Effect, row: Row) -> Readings | None:
    return readings_of(row, months_gained(brief.about(effect.intervention_id), effect))


def _sentence(brief: Brief, effect: Effect, row: Row) -> Markup:
    """Both readings in a sentence, and which range stands on the pages."""
    words, name = brief.words, brief.words.text(effect.intervention_id)
    answer = _answer(brief, effect, row)
    if answer == "past_shows_nothing":
        sentences = (
            nothing_in_the_past(brief, effect.intervention_id, name),
            words.html("readings.plain_alone"),
        )
    else:
        span = interval(row, CHANGE_MONTHS, words, limits=_limits(_SPAN))
        sentences = (
            if_it_lasts(brief, effect.intervention_id, row, whom=name),
            words.html(f"readings.verdict_{answer}"),
            words.html("readings.span_stands", span=span),
        )
    return Markup(" ").join(sentences)


def _scale(rows: Sequence[Row]) -> Scale:
    """One scale for all pictures of a page."""
    ends = [
        row[limit] for row in rows for name in _DRAWN for limit in _limits(name) if row.has(limit)
    ]
    return scale_over(ends, step=0.5)


def _shown(brief: Brief, effect: Effect, row: Row, scale: Scale) -> dict[str, tuple]:
    """The figure with its table; where there is one reading alone, the table."""
    about, tables = brief.about(effect.intervention_id).words, _tables(brief, effect)
    if not all(row.has(*_limits(name)) for name in _DRAWN):
        return {"tables": tables}
    lines = Markup("").join(_line(brief, row, name, scale) for name in _DRAWN)
    ticks = [(value, about.signed(value, 0 if value % 1 == 0 else 1)) for value in scale.ticks()]
    axis = Markup('<div class="reading axis-line"><span></span>{}<span></span></div>').format(
        marks.axis_below(scale, ticks)
    )
    figure = Figure(
        name=f"readings-{slug(effect.intervention_id)}",
        svg=Markup('<div class="readings">{}{}</div>').format(lines, axis),
        conclusion=about.html("readings.figure"),
        tables=tables,
    )
    return {"figures": (figure,)}


def _line(brief: Brief, row: Row, name: str, scale: Scale) -> Markup:
    """A reading (or the span of both): what it is called, its range drawn, and its numbers."""
    low, high = (scale(row[limit]) for limit in _limits(name))
    y = _HEIGHT / 2
    drawn = [marks.hair(scale(0.0), _HEIGHT, "zero"), marks.span(low, high, y, f"of-{name}")]
    numbers = interval(row, CHANGE_MONTHS, brief.words, limits=_limits(name))
    if name in READINGS:
        drawn.append(marks.dot(scale(row[name]), y, f"of-{name}"))
        numbers = reading_in_brackets(brief, row, name)
    return Markup(
        '<div class="reading of-{}"><span class="lettering">{}</span>{}'
        '<span class="lettering">{}</span></div>'
    ).format(
        name,
        brief.words.text(f"readings.line_{name}"),
        marks.picture(*drawn, height=_HEIGHT, label=""),
        numbers,
    )


def _tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The readings of the page's district, or of the city with all districts, in a table."""
    keys = {"intervention_id": effect.intervention_id, "estimand": effect.estimand}
    scopes = (CITY, *brief.run.params.districts) if brief.is_city else (brief.district,)
    rows = [
        row for scope in scopes if (row := brief.tables.row("effect_span", district=scope, **keys))
    ]
    about = brief.about(effect.intervention_id)
    return _VIEW.tables(about, rows, months=window_months(brief, effect.intervention_id))


def _limits(name: str) -> tuple[str, str]:
    return f"{name}_lower", f"{name}_upper"


def _whose(brief: Brief, row: Row) -> Markup | str:
    if row["district"] == CITY:
        return brief.words.label(CITY)
    return district().write(brief, row)


def _second(brief: Brief, row: Row) -> Markup | str:
    """The second reading, or that the past shows nothing."""
    if row["verdict"] == "past_shows_nothing":
        return brief.words.text("readings.past_shows_nothing")
    return reading_in_brackets(brief, row, "second")


_VIEW = View(
    "effect_span",
    "readings.caption",
    "readings",
    (
        cell("overview.district", _whose, "district"),
        cell("head_second", _second, "second", *_limits("second"), "verdict"),
        with_own_range("plain", head="head_plain"),
        cell(
            "head_span",
            lambda brief, row: interval(row, CHANGE_MONTHS, brief.words, limits=_limits(_SPAN)),
            *_limits(_SPAN),
        ),
        number("n_with_past", COUNT, head="head_with_past"),
    ),
)
