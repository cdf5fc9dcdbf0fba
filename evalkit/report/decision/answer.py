"""The answer, on the first screen: a row for each intervention that is offered."""

from evalkit.report.decision.offered import offered
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render


def the_answer(brief: Brief) -> Part:
    """What pays off here, how sure, and what to do."""
    return Part(
        "answer", "", render("decision/answer.html.j2", words=brief.words, rows=offered(brief))
    )
