"""How both readings of an effect are made, what each of them catches, what neither does, and what
would settle it.
"""

from collections.abc import Iterable

from markupsafe import Markup

from evalkit.line.protocol_parts import SecondReading
from evalkit.report.method.in_worlds import how_often_spans_hold
from evalkit.report.parts.document import Block, Brief, Section


def how_effects_are_read(brief: Brief) -> Section:
    """The plain reading, the second one and the span of both, with the windows and limits that the
    run's protocols declare.
    """
    words = brief.words
    rules = [protocol.second_reading for protocol in brief.protocols.values()] or [SecondReading()]
    values = {
        "months": words.listing(_each(words.number(rule.window_months) for rule in rules)),
        "link": Markup('<a href="#trials">{}</a>').format(words.text("trial.heading")),
        "least": words.listing(_each(words.percent(rule.min_share_with_past) for rule in rules)),
    }
    points = tuple(
        Markup("<b>{}</b> {}").format(
            words.text(f"readings.name_{reading}"), words.html(f"readings.made_{reading}", **values)
        )
        for reading in ("plain", "second", "span")
    )
    text = ("blind", "nothing_shown", "where", "settled", "scorecard")
    return Section(
        "readings",
        words.text("readings.method_heading"),
        (words.html("readings.method_lead"),),
        (
            Block(points=points),
            Block(text=tuple(words.html(f"readings.{name}", **values) for name in text)),
            how_often_spans_hold(brief),
        ),
    )


def _each(texts: Iterable[str]) -> list[str]:
    """Each text once, in the order in which it comes."""
    return list(dict.fromkeys(texts))
