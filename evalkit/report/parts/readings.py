"""The two readings of an effect in sentences: what it is if what set those who started apart before
lasts, and if that is only what the register holds (table effect_span).
"""

from typing import Literal

from markupsafe import Markup

from evalkit.line.protocol_parts import SecondReading
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS, Row
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.parts.verdicts import band_of_months

# What they say beside each other.
Readings = Literal["same", "less_sure", "both_unclear", "apart", "past_shows_nothing"]

# By the columns of effect_span that begin with their names.
READINGS = ("plain", "second")


def readings_of(row: Row, months: Row | None) -> Readings | None:
    """What the two readings of an effect say beside each other.

    Apart where they lie on opposite sides of zero and one of them is clear of it. The same where
    both ranges are clear of zero, or where the page's word for both together is any but unclear.
    Else both are unclear where both ranges hold zero, or one is less sure than the other.

    Parameters
    ----------
    row : Row
        Of effect_span.
    months : Row, optional
        Of effect_summary: with the probability of which both readings are sure.

    Returns
    -------
    str or None
        None where a reading is not shown.
    """
    if row["verdict"] == "past_shows_nothing":
        return "past_shows_nothing"
    if not row.has(*READINGS):
        return None
    sides = {side_of_zero(row, f"{name}_lower", f"{name}_upper") for name in READINGS}
    if row["plain"] * row["second"] < 0 and sides != {"unclear"}:
        return "apart"
    is_told = months is not None and months.has("difference", "probability_positive")
    if "unclear" not in sides or (is_told and band_of_months(months) != "unclear"):
        return "same"
    return "both_unclear" if sides == {"unclear"} else "less_sure"


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
