"""What counts as work: the sentence beside the figure of an effect, which gives it by the other
definition, says that months without support are not months of work, or what the next step is.
"""

from collections.abc import Mapping

from markupsafe import Markup

from evalkit.line.states import CLOSER, WITHOUT_SUPPORT
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS

_OTHER = {"work": "any_work", "any_work": "work", CLOSER: "work"}


def tells_work(brief: Brief) -> bool:
    """Whether the brief's words are about what people live on; else about months without support,
    of which it is not known.
    """
    return brief.words.outcome != WITHOUT_SUPPORT


def definition_text(brief: Brief, effect: Mapping[str, str]) -> tuple[Markup, ...]:
    """The effect on work with, or without, subsidised work; of months without support that they
    are not work.

    Parameters
    ----------
    brief : Brief
        In words about the effect's outcome (`Brief.about`).
    effect : mapping
        The key values of the effect in the published tables: district, intervention_id, estimand.
    """
    words = brief.words
    if not tells_work(brief):
        return (words.html("outcome.not_work"),)
    if words.outcome not in _OTHER:
        return ()
    meant = _what_is_closer(brief, effect["intervention_id"])
    other = brief.tables.row("effect_summary", outcome=f"months_{_OTHER[words.outcome]}", **effect)
    if other is None or not other.has("difference", "ci_lower", "ci_upper"):
        return meant
    months = brief.number(other, "difference", CHANGE_MONTHS)
    limits = brief.range_of(other, CHANGE_MONTHS)
    return (*meant, words.html(f"outcome.{words.outcome}_otherwise", months=months, range=limits))


def _what_is_closer(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """What counts as the next step, where the effect is told in being closer to work."""
    protocol, words = brief.protocols.get(intervention_id), brief.words
    if protocol is None or protocol.next_step is None:
        return ()
    rule = protocol.next_step
    meant = words.html(
        "outcome.closer_means",
        closer=words.label(CLOSER),
        step=words.number(rule.ladder_step),
        months=words.number(rule.holds_months),
    )
    handed_over = words.html("outcome.closer_means_handed_over")
    return (meant, handed_over) if rule.end_reasons else (meant,)
