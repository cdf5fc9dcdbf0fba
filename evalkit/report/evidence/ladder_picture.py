"""The picture of the ladder: for each step a bar that divides those who started on it by where they
are afterwards, those who came closer first.
"""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief, Figure
from evalkit.report.parts.marks import Scale
from evalkit.report.parts.numbers import COUNT, SHARE, Row, key_number
from evalkit.report.view import View, cell, number
from evalkit.tables import CITY

# From left to right: nearest to work first.
_PLACES = ("self_support", "up", "same", "down", "out_otherwise", "on_support", "unknown")
_HEIGHT, _THICK = 30, 30
# Per cent of a bar's width from which a share has room for its number, and that it has on a phone.
_LABELLED, _ROOMY = 6, 12


def ladder_figures(brief: Brief, rows: Sequence[Row]) -> tuple[Figure, ...]:
    """The picture with the table of its numbers; nothing where no step has shares to show."""
    steps: dict[int, dict[str, Row]] = {}
    for row in rows:
        steps.setdefault(row["ladder_step"], {})[row["answer"]] = row
    drawn = [
        of_step
        for _, of_step in sorted(steps.items())
        if all(place in of_step and of_step[place].has("share") for place in _PLACES)
    ]
    if not drawn:
        return ()
    words = brief.words
    values = {"months": words.number(brief.run.params.monitoring.ladder_after_months)}
    seen = [place for place in _PLACES if any(of_step[place]["share"] for of_step in drawn)]
    key = Markup("").join(_key(brief, place) for place in seen)
    lines = Markup("").join(_line(brief, of_step) for of_step in drawn)
    return (
        Figure(
            name="ladder",
            svg=Markup('<div class="ladder"><ul class="key">{}</ul>{}</div>').format(key, lines),
            conclusion=words.html("closer.figure", **values),
            tables=_LADDER.tables(brief, _in_order(steps), **values),
        ),
    )


def intervention_name(brief: Brief, intervention_id: str) -> str:
    """The run's name for an intervention, else the one with which it was delivered."""
    if brief.words.has(intervention_id):
        return brief.words.label(intervention_id)
    row = brief.tables.row("ladder_steps", intervention_id=intervention_id)
    return row["name"] if row is not None and row.has("name") else intervention_id


def step_name(brief: Brief, row: Row) -> Markup:
    """A step by its number."""
    return brief.words.html("closer.step", step=key_number(row, "ladder_step", brief.words))


def _in_order(steps: Mapping[int, Mapping[str, Row]]) -> list[Row]:
    return [
        steps[step][place]
        for step in sorted(steps)
        for place in (*_PLACES, CITY)
        if place in steps[step]
    ]


def _key(brief: Brief, place: str) -> Markup:
    return Markup(
        '<li><svg width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" '
        'height="12" class="place-bar at-{}"/></svg><span class="lettering">{}</span></li>'
    ).format(place, _place(brief, place))


def _line(brief: Brief, of_step: dict[str, Row]) -> Markup:
    """A step's name, its interventions and number of people above its bar."""
    everybody = of_step[CITY]
    names = [
        intervention_name(brief, row["intervention_id"])
        for row in brief.tables.rows("ladder_steps", ladder_step=everybody["ladder_step"])
    ]
    told = brief.words.html(
        "closer.step_of",
        interventions=", ".join(names),
        number=brief.number(everybody, "n_persons", COUNT),
    )
    return Markup(
        '<div class="ladder-row"><p><b class="lettering">{}</b> '
        '<span class="fine lettering">{}</span></p>{}</div>'
    ).format(step_name(brief, everybody), told, _bar(brief, of_step))


def _bar(brief: Brief, of_step: dict[str, Row]) -> Markup:
    """The shares side by side, all of the width together: each is rounded by itself."""
    shares = [of_step[place]["share"] for place in _PLACES]
    scale, reached, drawn = Scale(0, sum(shares) or 1.0), 0.0, []
    for place, share in zip(_PLACES, shares, strict=True):
        low, high = scale(reached), scale(reached + share)
        reached += share
        if high <= low:
            continue
        drawn.append(marks.bar(low, high, 0, _THICK, f"place-bar at-{place}"))
        if high - low >= _LABELLED:
            text = brief.number(of_step[place], "share", SHARE, tag="tspan")
            css = f"on-bar at-{place}" + ("" if high - low >= _ROOMY else " narrow")
            drawn.append(marks.text_at((low + high) / 2, _HEIGHT / 2 + 4, text, css))
    label = "; ".join(
        f"{_place(brief, place)} {brief.number(of_step[place], 'share', SHARE).striptags()}"
        for place in _PLACES
    )
    return marks.picture(*drawn, height=_HEIGHT, label=label)


def _place(brief: Brief, place: str) -> str:
    return brief.words.label(f"closer.at_{place}")


_LADDER = View(
    "ladder",
    "closer.ladder_caption",
    "closer",
    (
        cell("on_step", step_name, "ladder_step"),
        cell("place", lambda brief, row: _place(brief, row["answer"]), "answer"),
        number("n_persons", head="persons"),
        number("share", head="share_of_all"),
    ),
)
