"""The sentences that answer where nothing can be valued: who gives more months in what it is judged
by, and how many.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, differences_of, months_of
from evalkit.report.decision.valued import Sentence, names_in_sentence
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS, DURATION, Row
from evalkit.report.parts.verdicts import band_of_months, marked
from evalkit.vocabulary import BANDS, Band


def with_months(brief: Brief, ones: Sequence[Offered]) -> list[tuple[Offered, Row]]:
    """The interventions whose months are shown with their range and how sure they are, with the
    row of effect_summary; the surest first.
    """
    rows = [
        (one, row)
        for one in ones
        if (row := months_of(brief, one)) is not None
        and row.has("ci_lower", "ci_upper", "probability_positive")
        and differences_of(brief, one)
    ]
    return sorted(rows, key=lambda pair: -pair[1]["probability_positive"])


def name_with_verdict(brief: Brief, one: Offered, row: Row) -> Markup:
    """The intervention's name, marked with what its months say: more, fewer, or unclear."""
    outcome = brief.about(one.intervention_id).words.outcome
    return marked(
        one.name,
        question="changes",
        subject=(*one.keys.values(), f"months_{outcome}"),
        horizon=differences_of(brief, one)[-1]["month"],
        band=band_of_months(row),
    )


def more_months(brief: Brief, ones: Sequence[Offered]) -> tuple[Sentence, ...]:
    """Which interventions give more months, which probably, of which it is unclear, and the largest
    estimate: a sentence for each outcome that they are judged by, since months in one are not set
    beside months in another. Empty where no months are shown.
    """
    by_outcome: dict[str, list[tuple[Offered, Row]]] = {}
    for one, row in with_months(brief, ones):
        where = brief.about(one.intervention_id).words.text("in_outcome")
        by_outcome.setdefault(where, []).append((one, row))
    return tuple(_in_one_outcome(brief, told, where) for where, told in by_outcome.items())


def _in_one_outcome(brief: Brief, told: Sequence[tuple[Offered, Row]], where: str) -> Sentence:
    words = brief.words
    names: dict[Band, list[Markup]] = {band: [] for band in BANDS}
    for one, row in told:
        names[band_of_months(row)].append(name_with_verdict(brief, one, row))
    first, *others = (band for band in BANDS if names[band])
    finding = words.html(
        f"answer.months_{first}",
        interventions=names_in_sentence(brief, names[first]),
        where=where,
    )
    tails = [
        words.html(f"answer.also_{band}", interventions=names_in_sentence(brief, names[band]))
        for band in others
    ]
    rest = Markup().join([*(Markup("; ") + tail for tail in tails), Markup(". ")])
    return Sentence(finding, rest + _largest(brief, told))


def _largest(brief: Brief, told: Sequence[tuple[Offered, Row]]) -> Markup:
    one, row = max(told, key=lambda pair: pair[1]["difference"])
    return brief.words.html(
        "answer.months_one" if len(told) == 1 else "answer.months_largest",
        intervention=one.name,
        months=brief.number(row, "difference", CHANGE_MONTHS),
        horizon=brief.number(differences_of(brief, one)[-1], "month", DURATION),
        range=brief.range_of(row, CHANGE_MONTHS),
    )
