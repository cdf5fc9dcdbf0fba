"""How sure the shares of exits are where nobody knows where some went: between what they lie, work
by both definitions, and what each source would say alone.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.line.states import OUTCOMES
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import SHARE, Row
from evalkit.report.parts.work_shares import WORK, is_open, work_by_both
from evalkit.report.view import View, number, word

_SOURCES = ("together", "livelihood", "exit_reason", "end_reason")


def bounds_by_month(brief: Brief, month: int | None) -> tuple[Markup, ...]:
    """The sentences on the shares that have left by a quoted month: how many for nobody knows
    where, and what that leaves of the shares to work.
    """
    bounds = {
        row["exit"]: row
        for row in brief.tables.rows("exit_curve_bounds", district=brief.district)
        if row["month"] == month
    }
    unknown = next(
        (
            row
            for row in brief.tables.rows("exit_curves", district=brief.district, exit="unknown")
            if row["month"] == month and row.has("estimate")
        ),
        None,
    )
    told = (
        (brief.words.html("exits.unknown", share=brief.number(unknown, "estimate", SHARE)),)
        if unknown is not None and unknown["estimate"] > 0
        else ()
    )
    return (*told, *work_by_both(brief, bounds, SHARE, "exits"))


def example_list(brief: Brief) -> tuple[Markup, ...]:
    """That codes of reasons are read by a list which is an example alone."""
    is_example = any(row["code_list"] == "example" for row in brief.tables.rows("reason_codes"))
    return (brief.words.html("sources.example_list"),) if is_example else ()


def bounds_tables(brief: Brief) -> tuple[DataTable, ...]:
    """All ways out with the most that each share can be, and the shares by each source alone."""
    ended = brief.tables.rows("exit_bounds", district=brief.district, measure="ended")
    ordered = sorted(ended, key=lambda row: _order(row["exit"]))
    sources = brief.tables.rows("exit_sources")
    n_sources = len({row["source"] for row in sources} - {"together"})
    return (
        *(_BOUNDS.tables(brief, ordered) if any(map(is_open, ordered)) else ()),
        *(_BY_SOURCE.tables(brief, _by_source(sources)) if n_sources > 1 else ()),
    )


def _by_source(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (_SOURCES.index(row["source"]), _order(row["exit"])))


def _order(outcome: str) -> int:
    """Work by both definitions first, then as in the table of states."""
    if outcome in WORK:
        return WORK.index(outcome) - len(WORK)
    return OUTCOMES.index(outcome)


_BOUNDS = View(
    "exit_bounds",
    "exits.bounds_caption",
    "exits",
    (word("exit"), number("share"), number("share_at_most")),
)
_BY_SOURCE = View(
    "exit_sources",
    "exits.sources_caption",
    "exits",
    (word("source", "exits."), word("exit"), number("n_spells"), number("share")),
)
