"""The districts in the city's own order, and what differs between them."""

from collections.abc import Callable

from evalkit.report.evidence.effects import (
    effects_of,
    link_to_intervention,
    primary_verdicts,
)
from evalkit.report.evidence.people import people_lead, time_rows
from evalkit.report.evidence.roll_outs import roll_out_blocks
from evalkit.report.parts.document import Block, Brief, DataTable, Figure, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, MONTHS, Row
from evalkit.report.parts.sentences import are_apart
from evalkit.report.view import NOTHING, Cell, View, cell, limits, link_to, number
from evalkit.tables import CITY


def the_districts(brief: Brief) -> Section:
    """Every district with how many, how long, and whether an effect can be said; each links to its
    page.
    """
    words = brief.words
    measures = {row["measure"]: row for row in brief.tables.rows("people", district=CITY)}
    lead = (
        people_lead(brief, measures, "overview.districts_lead")
        if measures
        else words.html("overview.districts_lead_plain")
    )
    block = Block(text=(words.html("overview.order"),), tables=_districts_tables(brief))
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
            *_intervention_blocks(brief),
            *roll_out_blocks(brief),
        ),
    )


def _intervention_blocks(brief: Brief) -> tuple[Block, ...]:
    """Where to read how the districts come out for each intervention."""
    names = dict.fromkeys(effect.intervention_id for effect in effects_of(brief))
    if not names:
        return ()
    listed = brief.words.listing_html([link_to_intervention(brief, name) for name in names])
    return (Block(text=(brief.words.html("overview.interventions", interventions=listed),)),)


def _longest(brief: Brief, district: str) -> Row | None:
    rows = time_rows(brief, district)
    return rows[-1] if rows else None


def _effects_head(brief: Brief) -> str:
    return "overview.effects_said" if _is_several(brief) else "overview.effect"


def _districts_tables(brief: Brief) -> tuple[DataTable, ...]:
    horizon = max(
        (row["horizon_months"] for row in brief.tables.rows("time_on_support")),
        default=brief.run.params.survival.horizon_months,
    )
    view = _DISTRICTS.with_columns(cell(_effects_head(brief), _effects_said))
    return view.tables(brief, brief.run.params.districts, horizon=horizon)


def _count(measure: str) -> Callable[[Brief, str], Cell]:
    def write(brief: Brief, district: str) -> Cell:
        row = brief.tables.row("people", district=district, measure=measure)
        return brief.number(row, "count", COUNT) if row else NOTHING

    return write


def _mean_months(brief: Brief, district: str) -> Cell:
    row = _longest(brief, district)
    return brief.in_brackets(row, "estimate", MONTHS) if row else NOTHING


def _is_several(brief: Brief) -> bool:
    """Whether the run has several interventions."""
    return len({row["intervention_id"] for row in brief.tables.rows("effect_status")}) > 1


def _effects_said(brief: Brief, district: str) -> str:
    """Whether the effect can be said for a district; of several interventions the names of those
    whose effect can.
    """
    words, verdicts = brief.words, primary_verdicts(brief, district)
    if not _is_several(brief):
        return ", ".join(dict.fromkeys(words.text(row["effect_state"]) for row in verdicts)) or "–"
    estimated = [
        words.text(row["intervention_id"]) for row in verdicts if row["effect_state"] == "estimated"
    ]
    return ", ".join(dict.fromkeys(estimated)) or words.text("overview.no_effect_said")


def _figures(brief: Brief) -> tuple[Figure, ...]:
    longest = (_longest(brief, district) for district in (CITY, *brief.run.params.districts))
    tables = _MONTHS.tables(brief, [row for row in longest if row])
    return picture(brief, "district_comparison", brief.words.html("overview.figure"), tables)


def _name(brief: Brief, row: Row) -> str:
    return brief.words.label(CITY) if row["district"] == CITY else row["district"]


_DISTRICTS = View(
    "people",
    "overview.table_caption",
    "overview",
    (
        cell("district", link_to),
        cell("persons", _count("persons")),
        cell("with_support", _count("persons_with_support")),
        cell("mean_months", _mean_months),
    ),
    is_open=True,
    is_sortable=True,
)
_MONTHS = View(
    "time_on_support",
    "stay.time_caption",
    "stay",
    (cell("overview.district", _name, "district"), number("estimate", head="mean"), limits()),
)
