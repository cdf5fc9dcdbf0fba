"""The two readings of an effect in sentences: what it is if what set those who started apart before
lasts, and if that is only what the register holds (table effect_span).
"""

from markupsafe import Markup

from evalkit.line.protocol_parts import SecondReading
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS, Row
from evalkit.report.parts.sentences import READINGS


def reading_in_brackets(brief: Brief, row: Row, reading: str) -> Markup:
    """One of the readings ("plain", "second") in months, with its range in brackets."""
    limits = (f"{reading}_lower", f"{reading}_upper")
    return brief.in_brackets(row, reading, CHANGE_MONTHS, limits=limits)


def if_it_lasts(brief: Brief, intervention: str, row: Row, whom: Markup | str) -> Markup:
    """The sentence with both readings: what the effect is if what set those who started apart
    before lasts, and if it is only what the register holds.
    """
    about = brief.about(intervention).words
    protocol = brief.protocols.get(intervention)
    months = protocol.follow_up_months if protocol else 0
    return about.html(
        "readings.apart",
        intervention=whom,
        over=about.text("readings.over", duration=about.duration(months)) if months else "",
        **{name: reading_in_brackets(brief, row, name) for name in READINGS},
    )


def nothing_in_the_past(brief: Brief, intervention: str, interventions: Markup | str) -> Markup:
    """The sentence where too few had a past; its window and outcome are those of a protocol."""
    return brief.about(intervention).words.html(
        "readings.nothing",
        interventions=interventions,
        months=window_months(brief, intervention),
    )


def window_months(brief: Brief, intervention: str) -> str:
    """How many months before the present period of support the second reading looks at."""
    protocol = brief.protocols.get(intervention)
    rule = protocol.second_reading if protocol else SecondReading()
    return brief.words.number(rule.window_months)
