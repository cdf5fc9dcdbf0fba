"""The city's page: the districts in the city's own order, what differs between them, and the effect
and value of all together.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, DataTable, Figure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, MONTHS, Row
from evalkit.report.parts.sentences import are_apart
from evalkit.report.sections.change import primary_verdicts
from evalkit.report.sections.comparisons import (
    funnel_blocks,
    model_blocks,
    rank_blocks,
    roll_out_blocks,
)
from evalkit.report.sections.people import people_lead, time_rows
from evalkit.tables import slug


def the_districts(brief: Brief) -> Section:
    """Every district with how many, how long, and whether an effect can be said; each links to its
    page.
    """
    words = brief.words
    measures = {row["measure"]: row for row in brief.shelf.rows("people", district="all")}
    lead = (
        people_lead(brief, measures, "overview.districts_lead")
        if measures
        else words.html("overview.districts_lead_plain")
    )
    block = Block(text=(words.html("overview.order"),), tables=(_districts_table(brief),))
    return Section(
        name="districts",
        heading=words.text("overview.districts_heading"),
        leads=(lead,),
        blocks=(block,),
    )


def what_differs(brief: Brief) -> Section:
    """Whether the districts' months on support can be told apart, with the picture."""
    words = brief.words
    longest = [row for district in brief.run.params.districts if (row := _longest(brief, district))]
    apart = are_apart(longest)
    key = {None: "none", True: "clear", False: "unclear"}[apart]
    block = Block(text=(words.html("overview.differ_why"),), figures=_figures(brief))
    return Section(
        name="differ",
        heading=words.text("overview.differ_heading"),
        leads=(words.html(f"overview.differ_lead_{key}"),),
        blocks=(
            block,
            *funnel_blocks(brief),
            *rank_blocks(brief),
            *model_blocks(brief),
            *roll_out_blocks(brief),
        ),
    )


def _longest(brief: Brief, district: str) -> Row | None:
    rows = time_rows(brief, district)
    return rows[-1] if rows else None


def _districts_table(brief: Brief) -> DataTable:
    words = brief.words
    horizon = brief.run.params.survival.horizon_months
    head = (
        *(words.text(f"overview.{column}") for column in ("district", "persons", "with_support")),
        words.text("overview.mean_months", horizon=_horizon(brief) or horizon),
        words.text("overview.effects_said" if _is_several(brief) else "overview.effect"),
    )
    rows = tuple(_district_line(brief, district) for district in brief.run.params.districts)
    return DataTable(
        caption=words.text("overview.table_caption"),
        head=head,
        rows=rows,
        note=brief.note("people"),
        is_open=True,
    )


def _horizon(brief: Brief) -> int | None:
    rows = brief.shelf.rows("time_on_support")
    return max((row["horizon_months"] for row in rows), default=None)


def _district_line(brief: Brief, district: str) -> tuple[Markup | str, ...]:
    measures = {row["measure"]: row for row in brief.shelf.rows("people", district=district)}
    counts = [
        brief.number(measures[name], "count", COUNT) if name in measures else "–"
        for name in ("persons", "persons_with_support")
    ]
    longest = _longest(brief, district)
    return (
        Markup('<a href="{}.html">{}</a>').format(slug(district), district),
        *counts,
        brief.in_brackets(longest, "estimate", MONTHS) if longest else "–",
        _effects_said(brief, district),
    )


def _is_several(brief: Brief) -> bool:
    """Whether the run has several interventions."""
    return len({row["intervention_id"] for row in brief.shelf.rows("effect_status")}) > 1


def _effects_said(brief: Brief, district: str) -> str:
    """Whether the effect can be said for a district; of several interventions the names of those
    whose effect can.
    """
    words, verdicts = brief.words, primary_verdicts(brief, district)
    if not _is_several(brief):
        return ", ".join(dict.fromkeys(words.text(row["effect_state"]) for row in verdicts)) or "–"
    said = [
        words.text(row["intervention_id"]) for row in verdicts if row["effect_state"] == "estimated"
    ]
    return ", ".join(dict.fromkeys(said)) or words.text("overview.no_effect_said")


def _figures(brief: Brief) -> tuple[Figure, ...]:
    words, rows = (
        brief.words,
        [row for row in (_longest(brief, d) for d in ("all", *brief.run.params.districts)) if row],
    )
    body = tuple(
        (_name(brief, row), brief.number(row, "estimate", MONTHS), brief.range_of(row, MONTHS))
        for row in rows
    )
    head = (words.text("overview.district"), words.text("stay.mean"), words.text("stay.range"))
    table = DataTable(
        caption=words.text("stay.time_caption"),
        head=head,
        rows=body,
        note=brief.note("time_on_support"),
    )
    return picture(brief, "district_comparison", words.html("overview.figure"), (table,))


def _name(brief: Brief, row: Row) -> str:
    return brief.words.label("all") if row["district"] == "all" else row["district"]
