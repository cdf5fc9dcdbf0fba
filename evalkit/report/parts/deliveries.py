"""What was not delivered and would add something to the pages, by the question that it answers."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.line.needs import ANSWERS, WHOLE_TABLE
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import Row
from evalkit.words import capitalise

# Questions that few runs ask: told with the evidence, not on the decision pages.
_SELDOM = (
    *("payments", "exchange", "roll_outs", "adjustment", "activity", "plans"),
    *("needs", "content", "outreach", "population", "money", "process"),
)


def missing(brief: Brief) -> dict[str, list[str]]:
    """What was not delivered, in words, by question; questions that the page's people do not raise
    are left out.
    """
    by_question: dict[str, list[str]] = {}
    rows = {(row["table"], row["column"]): row for row in brief.tables.rows("deliveries")}
    for place, question in ANSWERS.items():
        row = rows.get(place)
        if row is None or row["delivery"] == "delivered" or not _is_raised(brief, question):
            continue
        by_question.setdefault(question, []).append(_name(brief, *place))
    return by_question


def missing_of_most(brief: Brief) -> list[str]:
    """What was not delivered of that which most runs ask for, in words."""
    return [
        name
        for question, names in missing(brief).items()
        if question not in _SELDOM
        for name in names
    ]


def not_delivered(brief: Brief, *questions: str) -> tuple[Markup, ...]:
    """A line for each of these questions that lacks something: what was not delivered, and what it
    would add.
    """
    lacking = missing(brief)
    return tuple(
        brief.words.html(
            "delivered.point",
            things=capitalise(brief.words.listing(lacking[question])),
            adds=brief.words.text(f"delivered.adds_{question}"),
        )
        for question in questions
        if question in lacking
    )


def nothing_delivered(brief: Brief, *questions: str) -> tuple[Markup, ...]:
    """One line for several questions of a section of which nothing was delivered: all that is
    missing, and what the first of it would add.
    """
    lacking = {name: names for name, names in missing(brief).items() if name in questions}
    if not lacking:
        return ()
    first = next(name for name in questions if name in lacking)
    named = [name for question in questions for name in lacking.get(question, ())]
    return (
        brief.words.html(
            "delivered.point",
            things=capitalise(brief.words.listing(named)),
            adds=brief.words.text(f"delivered.adds_{first}"),
        ),
    )


def _name(brief: Brief, table: str, column: str) -> str:
    return brief.words.text(f"delivered.{table if column == WHOLE_TABLE else column}")


def _is_raised(brief: Brief, question: str) -> bool:
    if question == "beginnings":
        return _is_some(
            brief.tables.rows(
                "people", district=brief.district, measure="support_spells_start_unknown"
            ),
            "count",
        )
    if question == "exits":
        return _is_some(brief.tables.rows("state_sources", source="unknown"), "share")
    return True


def _is_some(rows: Sequence[Row], column: str) -> bool:
    """Whether a count is more than none, or is withheld."""
    return any(not row.has(column) or row[column] > 0 for row in rows)
