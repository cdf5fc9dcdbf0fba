"""What is needed, and what is offered: needs beside starts, what is done in the offer and who
starts it, and outreach.
"""

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, offered, value_of
from evalkit.report.evidence.outreach import outreach_block
from evalkit.report.evidence.process import pooled_with
from evalkit.report.parts.bars import Bar, bars
from evalkit.report.parts.deliveries import not_delivered, nothing_delivered
from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.numbers import COUNT, SHARE, Row, gain_form
from evalkit.report.view import NOTHING, Cell, View, cell, number
from evalkit.tables import CITY
from evalkit.words import capitalise

_QUESTIONS = ("needs", "content", "outreach", "population")
_TRADITIONS = ("usual_with_men", "usual_with_women")
_TOGETHER = (*_TRADITIONS, "tasks", "other", "all", "on_support")


def what_is_needed(brief: Brief) -> Section | None:
    """The needs that most go without, the work tasks of the offer by sex, and the funnel of
    outreach; what was not delivered is named in a line each. None before the run counts it.
    """
    if not brief.tables.family("need_offer"):
        return None
    words, blocks = brief.words, []
    needs = _needs(brief)
    leads = (_lead(brief, needs),) if needs else ()
    if needs:
        blocks.append(_needs_block(brief, needs))
    blocks += [*_content_block(brief), *outreach_block(brief)]
    if not blocks:
        leads = nothing_delivered(brief, *_QUESTIONS) or (words.html("needs.nothing"),)
        return Section("needs", words.text("needs.heading"), leads)
    missing = not_delivered(brief, *_QUESTIONS)
    if not leads:
        leads, missing = missing[:1] or (words.html("needs.nothing"),), missing[1:]
    if missing:
        blocks.append(Block(text=missing))
    leads = (*leads, *pooled_with(brief))
    return Section("needs", words.text("needs.heading"), leads, tuple(blocks))


def area_rows(brief: Brief, table: str) -> list[Row]:
    """A table's rows of the area that the page's district is shown in."""
    area = brief.area
    return brief.tables.rows(table, district=area)


def _needs(brief: Brief) -> list[Row]:
    """The needs, those that most go without first."""
    rows = [row for row in area_rows(brief, "need_offer") if row.has("n_persons")]
    return sorted(rows, key=lambda row: (row["n_starters"] or 0) - row["n_persons"])


def _lead(brief: Brief, needs: list[Row]) -> Markup:
    """The largest gap."""
    first = needs[0]
    key = "needs.lead"
    if first["n_persons"] <= (first["n_starters"] or 0):
        key = "needs.lead_met"
    elif first["n_starters"] is None:
        key = "needs.lead_counted" if first["n_interventions"] is None else "needs.lead_unanswered"
    started = brief.number(first, "n_starters", COUNT) if key == "needs.lead" else ""
    return brief.words.html(
        key,
        need=_name(brief, first),
        n_persons=brief.number(first, "n_persons", COUNT),
        month=brief.words.month(first["calendar_month"]),
        n_starters=started,
        period=_period(brief, first),
    )


def _period(brief: Brief, row: Row) -> str:
    words = brief.words
    return words.text(
        "needs.period",
        first=words.month(row["counted_from"]),
        last=words.month(row["counted_through"]),
    )


def _needs_block(brief: Brief, needs: list[Row]) -> Block:
    words = brief.words
    unanswered = [_name(brief, row) for row in needs if row["n_interventions"] == 0]
    text = (words.html("needs.how"),)
    if unanswered:
        text = (words.html("needs.unanswered", needs=words.listing(unanswered)), *text)
    view = _NEEDS.with_columns(_WITHOUT) if brief.is_city else _NEEDS
    tables = (*view.tables(brief, needs), *_answers(brief))
    picture = bars(
        [
            Bar(_name(brief, row), row["n_persons"], row["n_starters"] or 0, _shown(brief, row))
            for row in needs
        ],
        label=words.text("needs.picture"),
    )
    figure = Figure("needs", picture, words.html("needs.conclusion"), tables[:1])
    return Block(text=text, figures=(figure,), tables=tables[1:])


def _shown(brief: Brief, row: Row) -> Markup:
    """The two numbers beside a bar."""
    numbers = [
        brief.number(row, name, COUNT, tag="tspan")
        for name in ("n_persons", "n_starters")
        if row[name] is not None
    ]
    return Markup(" · ").join(numbers)


def _name(brief: Brief, row: Row) -> str:
    return brief.words.text(f"need.{row['need']}")


def _answers(brief: Brief) -> tuple:
    """The interventions that answer each need, with what is advised of them."""
    known = {one.intervention_id: one for one in offered(brief)}
    rows = [(row, known.get(row["intervention_id"])) for row in brief.tables.rows("need_answers")]
    return _ANSWERS.tables(brief, rows)


def _content_block(brief: Brief) -> tuple[Block, ...]:
    """Who starts which work tasks, and which ones nobody offers."""
    words = brief.words
    rows = {row["content"]: row for row in area_rows(brief, "offer_content")}
    if "all" not in rows:
        return ()
    not_offered = [
        _area(brief, row["content"])
        for row in brief.tables.rows("offer_content", district=CITY)
        if row["n_interventions"] == 0 and row["content"] not in _TOGETHER
    ]
    text = [_women(brief, rows)]
    if (tasks := rows.get("tasks")) and tasks["n_interventions"]:
        parts = {
            name: brief.number(rows[name], "n_persons", COUNT)
            if name in rows and rows[name]["n_interventions"]
            else words.people(0)
            for name in _TRADITIONS
        }
        n_tasks = brief.number(tasks, "n_persons", COUNT)
        text.append(words.html("content.traditions", tasks=n_tasks, **parts))
    else:
        text.append(words.html("content.no_tasks"))
    if not_offered:
        text.append(words.html("content.not_offered", areas=words.listing(not_offered)))
    counted = [row for name, row in rows.items() if row["n_interventions"] != 0]
    ordered = sorted(counted, key=lambda row: (row["content"] in _TOGETHER, -row["n_persons"]))
    return (
        Block(
            heading=words.text("content.heading"),
            text=tuple(text),
            tables=_CONTENT.tables(brief, ordered, period=_period(brief, rows["all"])),
        ),
    )


def _women(brief: Brief, rows: dict[str, Row]) -> Markup:
    """Women's share of the starts, of those usual with men where there are some, beside their
    share of people on support.
    """
    men, support = rows.get("usual_with_men"), rows["on_support"]
    told = men if men is not None and men.has("women_share") else rows["all"]
    if not (told.has("women_share") and support.has("women_share")):
        return brief.words.html("content.too_few")
    return brief.words.html(
        "content.women_usual_with_men" if told is men else "content.women",
        share=brief.number(told, "women_share", SHARE),
        of_support=brief.number(support, "women_share", SHARE),
        period=_period(brief, rows["all"]),
    )


def _per_start(brief: Brief, row: Row) -> str:
    """People with the need for each who started, of the numbers that are shown."""
    n_starters = row["n_starters"]
    if not (n_starters and row["n_persons"]):
        return NOTHING
    return brief.words.number(row["n_persons"] / n_starters, 1)


def _without(brief: Brief, row: Row) -> str:
    """In how many areas some have the need and at most two people started."""
    rows = [
        own
        for own in brief.tables.rows("need_offer", need=row["need"])
        if own["district"] != CITY and own["n_persons"] and not own["n_starters"]
    ]
    return brief.words.number(len(rows))


def _advice(brief: Brief, pair: tuple[Row, Offered | None]) -> str:
    one = pair[1]
    return brief.words.text(f"advice.{one.advice['advice']}") if one else NOTHING


def _known(brief: Brief, pair: tuple[Row, Offered | None]) -> Cell:
    """What a start is worth to society, with its range and grade, where that is published."""
    row = value_of(brief, pair[1], "society") if pair[1] else None
    if row is None:
        return brief.words.text("needs.nothing_known")
    worth = brief.in_brackets(row, "estimate", gain_form(row))
    return brief.words.html("needs.worth", worth=worth, grade=row.grade)


def _of_all(brief: Brief, row: Row) -> str:
    """The share of all who started something, of the numbers that are shown."""
    every = next(own for own in area_rows(brief, "offer_content") if own["content"] == "all")[
        "n_persons"
    ]
    if not every or row["content"] in ("all", "on_support"):
        return NOTHING
    return brief.words.percent(row["n_persons"] / every)


def _area(brief: Brief, area: str) -> str:
    """What pages call what is done; its code where nobody has named it."""
    name = f"area.{area}"
    return brief.words.text(name) if brief.words.has(name) else area.replace("_", " ")


def _content(brief: Brief, row: Row) -> str:
    if row["content"] in _TOGETHER:
        return brief.words.label(f"content.{row['content']}")
    return capitalise(_area(brief, row["content"]))


_NEEDS = View(
    "need_offer",
    "needs.caption",
    "needs",
    (
        cell("need", lambda brief, row: brief.words.label(f"need.{row['need']}"), "need"),
        number("n_persons"),
        number("n_starters", or_nothing=True),
        cell("per_start", _per_start, "n_persons", "n_starters"),
        number("n_interventions", or_nothing=True),
    ),
)
_WITHOUT = cell("without", _without, "district", "n_persons", "n_starters")
_ANSWERS = View(
    "need_answers",
    "needs.answers_caption",
    "needs",
    (
        cell("need", lambda brief, pair: brief.words.label(f"need.{pair[0]['need']}"), "need"),
        cell(
            "intervention",
            lambda brief, pair: pair[1].name if pair[1] else pair[0]["intervention_id"],
            "intervention_id",
        ),
        cell(
            "places",
            lambda brief, pair: number("places", COUNT, or_nothing=True).write(brief, pair[0]),
            "places",
        ),
        cell("advice", _advice),
        cell("known", _known),
    ),
)
_CONTENT = View(
    "offer_content",
    "content.caption",
    "content",
    (
        cell("content", _content, "content"),
        number("n_persons"),
        cell("of_all", _of_all, "n_persons"),
        number("women_share", or_nothing=True),
        number("n_interventions", or_nothing=True),
    ),
)
