"""The answer, on the first screen: three sentences, what to do now, and a row for each intervention
that is offered.
"""

from evalkit.report.decision.answer_sentences import answer_in_sentences
from evalkit.report.decision.do_now import do_now
from evalkit.report.decision.offer_table import offer_table
from evalkit.report.decision.offered import offered
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render


def the_answer(brief: Brief) -> Part:
    """What pays for society here, for whom, how sure, and what to do."""
    ones = offered(brief)
    body = render(
        "decision/answer.html.j2",
        words=brief.words,
        answer=answer_in_sentences(brief, ones),
        now=do_now(brief, ones),
        table=offer_table(brief, ones) if ones else None,
    )
    return Part("answer", "", body)
