"""The first sentence of the answer: what pays for society."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.valued import (
    GAINS,
    Sentence,
    Valued,
    amount,
    amount_form,
    names_in_sentence,
)
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import DURATION, PROBABILITY
from evalkit.report.parts.verdicts import pays
from evalkit.vocabulary import BANDS

# The best is called the best from this probability on; the others give about as much where the
# least of them gives more than this share of it.
_LEADS_FROM, _EVEN_FROM = 0.6, 0.7
# From so many interventions on, all of one band are told together.
_ALL_FROM = 3


def what_pays(brief: Brief, valued: Sequence[Valued]) -> Sentence:
    """What pays for society, what does not, and what a start of the most valued gives."""
    words = brief.words
    groups = {band: [value for value in valued if value.band == band] for band in BANDS}
    first, *others = (band for band in BANDS if groups[band])
    horizon = brief.number(valued[0].society, "horizon_months", DURATION)
    is_all = not others and len(valued) >= _ALL_FROM
    text = words.html(
        f"answer.{'all_' if is_all else ''}{first}",
        horizon=horizon,
        **({} if is_all else {"interventions": _marked_names(brief, groups[first])}),
    )
    tails = [
        words.html(f"answer.also_{band}", interventions=_marked_names(brief, groups[band]))
        for band in others
    ]
    finding = _all_marked(text, valued) if is_all else text
    rest = Markup().join([*(Markup("; ") + tail for tail in tails), Markup(". ")])
    return Sentence(finding, rest + _how_much(brief, valued))


def _all_marked(text: Markup, valued: Sequence[Valued]) -> Markup:
    for value in valued:
        text = pays(text, value.society, "probability_positive")
    return text


def _marked_names(brief: Brief, valued: Sequence[Valued]) -> Markup:
    """The interventions by name, each marked with the verdict that the sentence says of it."""
    return names_in_sentence(
        brief,
        [pays(value.one.name, value.society, "probability_positive") for value in valued],
    )


def _how_much(brief: Brief, valued: Sequence[Valued]) -> Markup:
    """What a start of the most valued is worth to society, and whether it leads."""
    best, *others = valued
    words, row = brief.words, best.society
    if not others:
        if best.band in GAINS:
            return words.html("answer.value_one", value=amount(brief, row))
        return words.html(
            "answer.value_unsure",
            value=amount(brief, row),
            probability=brief.number(row, "probability_positive", PROBABILITY),
        )
    if _is_even(brief, valued):
        low, high = (
            brief.number(value.society, "estimate", amount_form(row))
            for value in (valued[-1], best)
        )
        return words.html("answer.value_even", low=low, high=high)
    key = "most" if best.band in GAINS else "nearest"
    if key == "most" and not _leads(brief, best):
        key = "highest"
    return words.html(f"answer.value_{key}", best=best.one.name, value=amount(brief, row))


def _is_even(brief: Brief, valued: Sequence[Valued]) -> bool:
    best, least = valued[0].society["estimate"], valued[-1].society["estimate"]
    all_gain = all(value.band in GAINS for value in valued)
    return all_gain and not _leads(brief, valued[0]) and least > _EVEN_FROM * best


def _leads(brief: Brief, best: Valued) -> bool:
    """Whether it is probable enough that it is the most valuable; so where that is not known."""
    one = best.one
    row = brief.tables.row(
        "value_options",
        district=one.scope,
        estimand=one.estimand,
        option=one.intervention_id,
    )
    if row is None or not row.has("probability_best"):
        return True
    return row["probability_best"] >= _LEADS_FROM
