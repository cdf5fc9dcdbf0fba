"""The three sentences that answer, each made by rule, of one population and up to one horizon: what
pays for society, who pays and who gains, and when the money is back. Where nothing is valued, the
first says who gives more months. Of interventions of whose people nobody knows what they live on,
one says why society's gain cannot be said, and what a start gives in the district's budget.

Where no figure is the district's own, the first says so, with how many starters one takes, and all
three are of all districts together and say so. Verdicts follow the probability's band
(`vocabulary.band_of`) and are marked. A sentence that no published number carries is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.decision.more_months import more_months, with_months
from evalkit.report.decision.offered import Offered, months_of, value_of
from evalkit.report.decision.unseen import told_of_unseen
from evalkit.report.decision.valued import Sentence, Valued
from evalkit.report.decision.what_pays import what_pays
from evalkit.report.decision.when_back import when_back
from evalkit.report.decision.who_pays import who_pays
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT
from evalkit.words import capitalise


@dataclass(frozen=True)
class Answer:
    """The sentences; where none of the district's own figures stands, `no_own` says so and
    `population` whose figures the sentences tell.
    """

    sentences: tuple[Sentence, ...]
    no_own: Markup | str = ""
    population: Markup | str = ""


def answer_in_sentences(brief: Brief, ones: Sequence[Offered]) -> Answer:
    """The answer in two or three sentences; in one that says why where nothing is valued.

    Parameters
    ----------
    brief : Brief
        The page.
    ones : sequence of Offered
        What is offered, as `offered` orders it.
    """
    valued = [
        Valued(one, row)
        for one in ones
        if (row := value_of(brief, one, "society")) and row.has("probability_positive")
    ]
    not_seen = tuple(
        replace(sentence, finding=_capital(sentence.finding))
        for sentence in told_of_unseen(brief, ones)
    )
    if not valued:
        return _in_months(brief, ones, not_seen or (_why_nothing(brief, ones),))
    own = [value for value in valued if value.one.is_own]
    sentences = tuple(
        replace(sentence, finding=_capital(sentence.finding))
        for write in (what_pays, who_pays, when_back)
        if (sentence := write(brief, own or valued))
    )
    if own:
        return Answer((*sentences, *not_seen))
    return Answer(
        (*sentences, *not_seen),
        _no_own(brief, [value.one for value in valued]),
        brief.words.html("answer.of_all"),
    )


def _in_months(brief: Brief, ones: Sequence[Offered], why: tuple[Sentence, ...]) -> Answer:
    """The answer where nothing is valued: who gives more months, as far as that is shown, and why
    their worth cannot be said.
    """
    shown = [one for one, _ in with_months(brief, ones)]
    own = [one for one in shown if one.is_own]
    told = more_months(brief, own or shown)
    if not told:
        return Answer(why)
    sentences = (*(replace(one, finding=_capital(one.finding)) for one in told), *why)
    if own:
        return Answer(sentences)
    return Answer(sentences, _no_own(brief, shown), brief.words.html("answer.of_all"))


def _capital(finding: Markup) -> Markup:
    """Markup whose first letter, after the tags that it begins with, is a capital."""
    start = 0
    while finding[start : start + 1] == "<":
        start = finding.index(">", start) + 1
    return finding[:start] + capitalise(finding[start:])


def _no_own(brief: Brief, ones: Sequence[Offered]) -> Markup:
    """That the district has no figure of its own, and the fewest starters that one would take."""
    if all(one.advice["figures"] == "city_no_effect" for one in ones):
        return brief.words.html("answer.no_own_effect", district=brief.district)
    needs = [one.advice for one in ones if one.advice.get("own_starters_needed") is not None]
    if not needs:
        return brief.words.html("answer.no_own", district=brief.district)
    fewest = min(needs, key=lambda row: row["own_starters_needed"])
    return brief.words.html(
        "answer.no_own_needs",
        district=brief.district,
        n_starters=brief.number(fewest, "own_starters_needed", COUNT),
    )


def _why_nothing(brief: Brief, ones: Sequence[Offered]) -> Sentence:
    """Why no value is told: nothing is offered, no prices, no effect, or too few people."""
    words = brief.words
    if not ones:
        key, reason = "nothing_offered", ""
    elif any(months_of(brief, one) for one in ones):
        key, reason = "months_only", _reasons(brief, [one for one in ones if one.scope])
    elif all(one.advice["advice_reason"] is None for one in ones):
        key, reason = "withheld", ""
    else:
        key, reason = "no_effect", _reasons(brief, ones)
    finding = _capital(words.html(f"answer.{key}"))
    return Sentence(finding, words.html("answer.because", reason=reason) if reason else Markup("."))


def _reasons(brief: Brief, ones: Sequence[Offered]) -> str:
    reasons = [one.advice["advice_reason"] for one in ones if one.advice["advice_reason"]]
    return brief.words.listing(
        [brief.words.text(f"advice_reason.{reason}") for reason in dict.fromkeys(reasons)]
    )
