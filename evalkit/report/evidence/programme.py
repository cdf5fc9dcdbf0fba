"""The programme of actions: how far each has come, whom it reached, and what is known of it."""

from collections.abc import Iterable, Sequence
from functools import partial

from markupsafe import Markup, escape

from evalkit.report.evidence.effects import (
    VERDICT_COLUMNS,
    Effect,
    link_to_intervention,
    months_gained,
    primary_verdicts,
    reason_in_words,
)
from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.marks import Scale
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, Form, Row, gain_form
from evalkit.report.view import NOTHING, View, cell, number
from evalkit.tables import CITY
from evalkit.vocabulary import SENDER_LANGUAGE, TABLE_LANGUAGE

# In the order of the page.
THEMES = ("young_adults", "long_term_support", "outreach", "newly_arrived_low_education", "other")
PROGRESS = ("running", "done", "stopped", "planned")
_KINDS = ("general", "local", "way_of_working")
_CHANGE, _CHANGE_LIMITS = Form("signed_percent"), ("change_lower", "change_upper")
# The picture, in units of its own that the page scales.
_WIDTH, _ROW, _BAR, _MARGIN = 520, 46, 18, 24


def how_far_it_has_come(brief: Brief) -> Section | None:
    """How many actions are under way, done, stopped or not begun, and the money set aside."""
    words = brief.words
    rows = _by_progress(brief, CITY)
    if not rows:
        return None
    themes = [theme for theme in THEMES if brief.tables.rows("programme_themes", theme=theme)]
    lead = words.html(
        "programme.lead",
        n_all=brief.number(rows[CITY], "n_actions", COUNT),
        parts=words.listing_html(_parts(brief, rows)),
    )
    caption = words.html("programme.progress_caption")
    figure = Figure(
        "programme",
        _bars(brief, themes),
        caption,
        _COUNTS.tables(brief, _count_rows(brief, themes)),
    )
    text = (words.html("programme.how_to_read"),)
    return Section(
        "progress",
        words.text("programme.progress_heading"),
        (lead,),
        (Block(text=(*_money(brief, rows[CITY]), *text), figures=(figure,)),),
    )


def _by_progress(brief: Brief, theme: str) -> dict[str, Row]:
    rows = brief.tables.rows("programme_themes", theme=theme)
    return {row["progress"]: row for row in rows}


def _parts(brief: Brief, rows: dict[str, Row]) -> list[Markup]:
    """How many actions have come how far, as parts of a sentence; none where there are none."""
    return [
        brief.words.html(
            f"programme.n_{progress}", n=brief.number(rows[progress], "n_actions", COUNT)
        )
        for progress in PROGRESS
        if rows[progress]["n_actions"]
    ]


def _money(brief: Brief, row: Row) -> tuple[Markup, ...]:
    if not row.has("amount"):
        return (brief.words.html("programme.no_money"),)
    amount = brief.number(row, "amount", Form("money", 0, row["currency"]))
    return (brief.words.html("programme.money", amount=amount),)


def the_theme(brief: Brief, theme: str) -> Section | None:
    """A theme: its actions one by one, and a table of them by district."""
    words, rows = brief.words, _by_progress(brief, theme)
    actions = brief.tables.rows("programme_actions", theme=theme)
    if not actions:
        return None
    lead = words.html("programme.theme_lead", parts=words.listing_html(_parts(brief, rows)))
    blocks = []
    for kind in _KINDS:
        of_kind = [row for row in actions if row["kind"] == kind]
        points = [_point(brief, own) for own in _together(of_kind)]
        if points:
            heading = words.text(f"programme.kind_{kind}")
            blocks.append(Block(heading=heading, points=tuple(points)))
    blocks.append(Block(tables=_ACTIONS.tables(brief, actions, theme=_theme_name(brief, theme))))
    money = _money(brief, rows[CITY]) if rows[CITY].has("amount") else ()
    return Section(
        theme.replace("_", "-"),
        words.label(f"programme.theme_{theme}"),
        (lead,),
        (*([Block(text=money)] if money else []), *blocks),
    )


def _theme_name(brief: Brief, theme: str) -> str:
    return brief.words.text(f"programme.theme_{theme}")


def _together(actions: Iterable[Row]) -> list[list[Row]]:
    """The rows of each action, over its districts; local actions by district."""
    by_action: dict[str, list[Row]] = {}
    for row in actions:
        by_action.setdefault(row["action_id"], []).append(row)
    return sorted(by_action.values(), key=lambda rows: (rows[0]["district"], rows[0]["action_id"]))


def _point(brief: Brief, rows: Sequence[Row]) -> Markup:
    """An action: what it is, where and by whom, how far it has come, whom it reached, and what is
    known of it.
    """
    words, first = brief.words, rows[0]
    progress = dict.fromkeys(words.text(f"programme.{row['progress']}") for row in rows)
    about = [
        words.listing([row["district"] for row in rows]),
        first["responsible"],
        words.listing(list(progress)),
    ]
    return Markup('<b>{}</b><br><span class="quiet">{}</span><br>{}').format(
        _title(brief, first), " · ".join(filter(None, about)), _found(brief, rows)
    )


def _title(brief: Brief, row: Row) -> Markup:
    """What an action is, as its sender wrote it in the reader's language or, where that is missing,
    as the run calls it.
    """
    words, name = brief.words, row["action_id"]
    own = row["title"] if words.language == SENDER_LANGUAGE else None
    own = row["title_en"] if words.language == TABLE_LANGUAGE else own
    if own or not row["title"]:
        return escape(own or (words.label(name) if words.has(name) else name))
    return Markup('<span lang="{}">{}</span>').format(SENDER_LANGUAGE, row["title"])


def _found(brief: Brief, rows: Sequence[Row]) -> Markup:
    """Whom an action reached, in all its districts, and what is known of it."""
    words, first = brief.words, rows[0]
    area = brief.run.params.monitoring.area_of(first["district"])
    place = area if len(rows) == 1 else CITY
    reached = [
        words.html(f"programme.{measure}", n=brief.number(row, "n_persons", COUNT))
        for measure in ("started", "entered")
        if (row := _reach(brief, place, first["action_id"], measure))
    ]
    if all(row["progress"] == "planned" for row in rows):
        return words.html("programme.reached_nobody")
    return Markup(" ").join([*reached, *_known(brief, first, is_counted=bool(reached))])


def _reach(brief: Brief, area: str, action_id: str, measure: str) -> Row | None:
    row = brief.tables.row("programme_reach", district=area, action_id=action_id, measure=measure)
    return row if row and row.has("n_persons") else None


def _known(brief: Brief, action: Row, *, is_counted: bool) -> list[Markup]:
    """What is known of an action: of the interventions that it uses, of the way of working that it
    is, or that nothing is known and why.
    """
    if action["kind"] == "way_of_working":
        return [_known_of_roll_out(brief, action["action_id"])]
    if not action["interventions"]:
        key = "programme.known_nothing" if is_counted else "programme.not_registered"
        return [brief.words.html(key)]
    return [_known_of(brief, name) for name in action["interventions"].split()]


def _known_of(brief: Brief, intervention_id: str) -> Markup:
    """The effect and value of an intervention in all districts together, or why there is none."""
    brief = brief.about(intervention_id)
    words = brief.words
    verdict = next(
        (row for row in primary_verdicts(brief, CITY) if row["intervention_id"] == intervention_id),
        None,
    )
    if verdict is None:
        return words.html("programme.known_not_asked", intervention=_name(brief, intervention_id))
    effect = Effect(intervention_id, verdict["estimand"], verdict)
    link = link_to_intervention(brief, intervention_id)
    months = months_gained(brief, effect)
    if not effect.is_told or months is None or not months.has(*VERDICT_COLUMNS):
        reason = (
            reason_in_words(brief, effect)
            if not effect.is_told and verdict["reason"]
            else words.html("reason.few_people", intervention=words.text(intervention_id))
        )
        return words.html("programme.known_not", intervention=link, reason=reason)
    return words.html(
        "programme.known",
        intervention=link,
        months=brief.in_brackets(months, "difference", CHANGE_MONTHS),
        value=_value(brief, effect),
        grade=months.grade,
    )


def _name(brief: Brief, intervention_id: str) -> Markup:
    """The run's word for an intervention; else what the register calls it."""
    if brief.words.has(intervention_id):
        return escape(brief.words.text(intervention_id))
    row = brief.tables.row("ladder_steps", intervention_id=intervention_id)
    if row is None or not row.has("name"):
        return escape(intervention_id)
    return Markup('<span lang="{}">{}</span>').format(SENDER_LANGUAGE, row["name"])


def _value(brief: Brief, effect: Effect) -> Markup:
    row = brief.tables.row("value_parts", perspective="society", part="total", **effect.keys)
    if row is None or not row.has("estimate"):
        return brief.words.html("programme.no_value")
    form = gain_form(row)
    return brief.words.html("programme.value", value=brief.in_brackets(row, "estimate", form))


def _known_of_roll_out(brief: Brief, action_id: str) -> Markup:
    words = brief.words
    row = brief.tables.row("rollout_effects", action_id=action_id, outcome="exit")
    if row is None:
        return words.html("programme.known_no_roll_out")
    if row["verdict"] != "estimated" or not row.has("change", *_CHANGE_LIMITS):
        reason = words.html(f"rollout.{row['verdict'] or 'trend_before'}")
        return words.html("programme.known_not_roll_out", reason=reason)
    change = brief.in_brackets(row, "change", _CHANGE, limits=_CHANGE_LIMITS)
    return words.html("programme.known_roll_out", change=change, grade=row.grade)


def _count_rows(brief: Brief, themes: Sequence[str]) -> list[tuple[str, dict[str, Row]]]:
    return [(theme, _by_progress(brief, theme)) for theme in themes]


def _bars(brief: Brief, themes: Sequence[str]) -> Markup:
    """For each theme a bar that its actions divide by how far they have come, with their numbers;
    above them what the colours mean.
    """
    lines = _count_rows(brief, themes)
    most = max(rows[CITY]["n_actions"] for _, rows in lines)
    scale = Scale(0, most)
    marks = [*_legend(brief)]
    for place, (theme, rows) in enumerate(lines):
        top = _MARGIN + place * _ROW
        name = brief.words.label(f"programme.theme_{theme}")
        marks.append(Markup('<text x="0" y="{}" font-size="13">{}</text>').format(top + 14, name))
        end = 0.0
        for progress in PROGRESS:
            row = rows[progress]
            width = scale(row["n_actions"]) * _WIDTH / 100
            if width:
                marks.append(_segment(brief, row, progress, end, width, top + 20))
            end += width
    height = _MARGIN + _ROW * len(lines)
    label = brief.words.text("programme.progress_caption")
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, label, Markup("").join(marks)
    )


_FILLS = {
    "running": ("#0a4a86", "#ffffff"),
    "done": ("#0b6a43", "#ffffff"),
    "stopped": ("#a3231f", "#ffffff"),
    "planned": ("#d3d8de", "#16202a"),
}


def _segment(
    brief: Brief, row: Row, progress: str, start: float, width: float, top: float
) -> Markup:
    fill, ink = _FILLS[progress]
    number = brief.number(row, "n_actions", COUNT, tag="tspan")
    return Markup(
        '<g class="on-bar" style="--c:{}"><rect x="{}" y="{}" width="{}" height="{}" fill="{}"'
        ' stroke="#fff"/><text x="{}" y="{}" font-size="12" text-anchor="middle" fill="{}">{}'
        "</text></g>"
    ).format(
        fill,
        *(round(start, 1), top, round(width, 1), _BAR, fill),
        *(round(start + width / 2, 1), top + 13, ink, number),
    )


def _legend(brief: Brief) -> list[Markup]:
    step = _WIDTH / len(PROGRESS)
    return [
        Markup(
            '<rect x="{}" y="2" width="12" height="12" fill="{}"/>'
            '<text x="{}" y="12" font-size="12">{}</text>'
        ).format(
            round(place * step),
            _FILLS[progress][0],
            round(place * step) + 17,
            brief.words.text(f"programme.{progress}"),
        )
        for place, progress in enumerate(PROGRESS)
    ]


def _reach_cell(measure: str):
    def write(brief: Brief, row: Row) -> Markup | str:
        area = brief.run.params.monitoring.area_of(row["district"])
        reach = _reach(brief, area, row["action_id"], measure)
        return brief.number(reach, "n_persons", COUNT) if reach else NOTHING

    return write


def _count(progress: str):
    return cell(
        f"programme.head_{progress}",
        lambda brief, line: brief.number(line[1][progress], "n_actions", COUNT),
        "n_actions",
    )


# A section for each theme.
theme_sections = tuple(partial(the_theme, theme=theme) for theme in THEMES)

_COUNTS = View(
    "programme_themes",
    "programme.progress_caption",
    "programme",
    (
        cell("theme", lambda brief, line: brief.words.label(f"programme.theme_{line[0]}"), "theme"),
        *(_count(progress) for progress in (*PROGRESS, CITY)),
    ),
)
_ACTIONS = View(
    "programme_actions",
    "programme.actions_caption",
    "programme",
    (
        cell("action", _title, "action_id", "title", "title_en"),
        cell("district", lambda _, row: row["district"], "district"),
        cell("responsible", lambda _, row: row["responsible"] or NOTHING, "responsible"),
        cell(
            "progress",
            lambda brief, row: brief.words.text(f"programme.{row['progress']}"),
            "progress",
        ),
        cell("n_started", _reach_cell("started")),
        cell("n_entered", _reach_cell("entered")),
        number("amount", lambda row: Form("money", 0, row["currency"] or ""), or_nothing=True),
    ),
    is_sortable=True,
)
