"""The person's own part: what of the plan is theirs, and how they rated themselves."""

from markupsafe import Markup

from evalkit.report.parts.bars import Bar, bars
from evalkit.report.parts.document import Block, Brief, Figure, Section
from evalkit.report.parts.numbers import BALANCE, SHARE, Row
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.view import View, number, word
from evalkit.tables import CITY

_OF_PLAN, _ENDS = ("own_view", "goals"), ("lowest", "highest")


def the_persons_own_part(brief: Brief) -> Section | None:
    """What share of the plans hold the person's own view and goals, how the own rating has changed,
    and whether the scale could show it; none where neither is known.
    """
    words = brief.words
    told = {row["measure"]: row for row in _rows(brief, "yes") if row.has("share")}
    change = brief.tables.row(
        "ability_change",
        district=CITY,
        intervention_id=brief.intervention,
        measure="self_rating",
    )
    is_changed = change is not None and change.has("estimate", "ci_lower", "ci_upper")
    if not told and not is_changed:
        return None
    leads = [
        words.html(f"own_part.{name}", share=brief.number(told[name], "share", SHARE))
        for name in _OF_PLAN
        if name in told
    ]
    text = [_change(brief, change)] if change is not None and is_changed else []
    text += [
        words.html(f"own_part.{name}", share=brief.number(told[name], "share", SHARE))
        for name in _ENDS
        if name in told
    ]
    if not leads:
        leads, text = text[:1], text[1:]
    figures = _pictures(brief, told)
    table = _OWN_PART.tables(brief, list(told.values()))
    return Section(
        "own-part",
        words.text("own_part.heading"),
        (Markup(" ").join(leads),),
        (
            Block(
                text=(*text, words.html("own_part.no_effect")),
                figures=figures,
                tables=() if figures else table,
            ),
        ),
    )


def _rows(brief: Brief, answer: str) -> list[Row]:
    return brief.tables.rows("own_part", intervention_id=brief.intervention, answer=answer)


def _change(brief: Brief, row: Row) -> Markup:
    return brief.words.html(
        f"own_part.change_{side_of_zero(row)}",
        change=brief.in_brackets(row, "estimate", BALANCE),
    )


def _pictures(brief: Brief, told: dict[str, Row]) -> tuple[Figure, ...]:
    """The shares of plans that hold what is the person's own."""
    rows = [
        Bar(
            brief.words.label(f"own_part.head_{name}"),
            1.0,
            told[name]["share"],
            brief.number(told[name], "share", SHARE, tag="tspan"),
        )
        for name in _OF_PLAN
        if name in told
    ]
    if not rows:
        return ()
    caption = brief.words.html("own_part.picture")
    svg = bars(rows, label=caption.striptags())
    tables = _OWN_PART.tables(brief, list(told.values()))
    return (Figure("own_part", svg, caption, tables),)


_OWN_PART = View(
    "own_part",
    "own_part.caption",
    "own_part",
    (word("measure", "own_part.head_"), number("n_persons"), number("share")),
)
