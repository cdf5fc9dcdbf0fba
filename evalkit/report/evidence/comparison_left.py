"""Whether anybody is left to compare with: from which month on nearly all who could start were in
some intervention.
"""

from markupsafe import Markup

from evalkit.report.evidence.effects import Effect
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import COUNT, SHARE, Row
from evalkit.report.view import View, cell, number, verdict
from evalkit.tables import CITY


def run_dry_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """From which month on nobody is left to compare with, and what can be asked instead."""
    row = next((row for row in _rows(brief, effect) if row.get("verdict") == "refused"), None)
    protocol = brief.protocols.get(effect.intervention_id)
    if row is None or protocol is None:
        return ()
    is_told = row.has("share_unassigned")
    return (
        brief.words.html(
            "activity.run_dry" if is_told else "activity.run_dry_few",
            month=_month(brief, row),
            share=brief.number(row, "share_unassigned", SHARE) if is_told else "",
            limit=brief.words.percent(protocol.refusal.min_share_unassigned or 0),
        ),
    )


def comparison_left_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The share that is in no intervention, month by month; on the page of all districts."""
    return _LEFT.tables(brief, _rows(brief, effect)) if brief.is_city else ()


def _rows(brief: Brief, effect: Effect) -> list[Row]:
    rows = brief.tables.rows(
        "comparison_left", district=CITY, intervention_id=effect.intervention_id
    )
    return sorted(rows, key=lambda row: row["calendar_month"])


def _month(brief: Brief, row: Row) -> str:
    return brief.words.month(row["calendar_month"])


_LEFT = View(
    "comparison_left",
    "activity.left_caption",
    "activity",
    (
        cell("left_month", _month, "calendar_month"),
        number("share_unassigned", SHARE, head="left_share", or_nothing=True),
        number("effective_sample_size", COUNT, head="left_worth", or_nothing=True),
        verdict(),
    ),
)
