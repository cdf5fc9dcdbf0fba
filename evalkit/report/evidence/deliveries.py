"""What was delivered, and what more would add."""

from evalkit.line.needs import WHOLE_TABLE
from evalkit.report.parts.deliveries import missing
from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.numbers import Row
from evalkit.report.view import NOTHING, Cell, View, cell, number
from evalkit.words import capitalise


def what_was_delivered(brief: Brief) -> Section | None:
    """Each question that lacks something, with what it lacks and what that would add; none where
    the run has not counted what was delivered.
    """
    rows = brief.tables.rows("deliveries")
    if not rows:
        return None
    words, lacking = brief.words, missing(brief)
    points = tuple(
        words.html(
            "delivered.point",
            things=capitalise(words.listing(names)),
            adds=words.text(f"delivered.adds_{question}"),
        )
        for question, names in lacking.items()
    )
    lead = words.html("delivered.lead_some" if points else "delivered.lead_all")
    block = Block(points=points, tables=_DELIVERIES.tables(brief, rows))
    return Section("delivered", words.text("delivered.heading"), (lead,), (block,))


def _place(brief: Brief, row: Row) -> str:
    is_whole = row["column"] == WHOLE_TABLE
    return row["table"] if is_whole else f"{row['table']}: {row['column']}"


def _delivery(brief: Brief, row: Row) -> str:
    return brief.words.text(f"delivered.is_{row['delivery']}")


def _n_rows(brief: Brief, row: Row) -> Cell:
    return _ROWS.write(brief, row) if row.has("n_delivered") else NOTHING


_ROWS = number("n_delivered")
_DELIVERIES = View(
    "deliveries",
    "delivered.caption",
    "delivered",
    (
        cell("place", _place, "table", "column"),
        cell("delivery", _delivery, "delivery"),
        cell("n_rows", _n_rows, "n_delivered"),
    ),
)
