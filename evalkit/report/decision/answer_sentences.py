"""The three sentences that answer, each made by rule, of one population and up to one horizon: what
pays for society, who pays and who gains, and when the money is back.

Where no figure is the district's own, the first says so, with how many starters one takes, and all
three are of all districts together and say so. Verdicts follow the probability's band
(`vocabulary.band_of`) and are marked. A sentence that no published number carries is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from evalkit.line.actors import PAYERS
from evalkit.report.decision.offered import (
    Offered,
    is_moved,
    months_of,
    payback_of,
    payer_of,
    purse_of,
    value_of,
)
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, DURATION, PROBABILITY, Form, Row
from evalkit.report.parts.verdicts import marked, pays
from evalkit.vocabulary import BANDS, Band, band_of
from evalkit.words import capitalise, money_digits

_MAX_NAMED = 4
# The best is called the best from this probability on; the others give about as much where the
# least of them gives more than this share of it.
_LEADS_FROM, _EVEN_FROM = 0.6, 0.7
# What a payer pays of the price that is so little beside what the district pays: nothing.
_NOTHING = 0.05
_GAINS: tuple[Band, ...] = ("yes", "probably")
_LOSES: tuple[Band, ...] = ("probably_not", "no")


@dataclass(frozen=True)
class Sentence:
    """A sentence: its finding, and what follows."""

    finding: Markup
    rest: Markup


@dataclass(frozen=True)
class Answer:
    """The sentences; where none of the district's own figures stands, `no_own` says so and
    `population` whose figures the sentences tell.
    """

    sentences: tuple[Sentence, ...]
    no_own: Markup | str = ""
    population: Markup | str = ""


@dataclass(frozen=True)
class _Valued:
    """An intervention whose value to society is shown."""

    one: Offered
    society: Row

    @property
    def band(self) -> Band:
        return band_of(self.society["probability_positive"])


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
        _Valued(one, row)
        for one in ones
        if (row := value_of(brief, one, "society")) and row.has("probability_positive")
    ]
    if not valued:
        return Answer((_why_nothing(brief, ones),))
    own = [value for value in valued if value.one.is_own]
    sentences = tuple(
        replace(sentence, finding=_capital(sentence.finding))
        for write in (_what_pays, _who_pays, _when_back)
        if (sentence := write(brief, own or valued))
    )
    if own:
        return Answer(sentences)
    return Answer(sentences, _no_own(brief, valued), brief.words.html("answer.of_all"))


def _capital(finding: Markup) -> Markup:
    """Markup whose first letter, after the tags that it begins with, is a capital."""
    start = 0
    while finding[start : start + 1] == "<":
        start = finding.index(">", start) + 1
    return finding[:start] + capitalise(finding[start:])


def _no_own(brief: Brief, valued: Sequence[_Valued]) -> Markup:
    """That the district has no figure of its own, and the fewest starters that one would take."""
    if all(value.one.advice["figures"] == "city_no_effect" for value in valued):
        return brief.words.html("answer.no_own_effect", district=brief.district)
    needs = [
        value.one.advice
        for value in valued
        if value.one.advice.get("own_starters_needed") is not None
    ]
    if not needs:
        return brief.words.html("answer.no_own", district=brief.district)
    fewest = min(needs, key=lambda row: row["own_starters_needed"])
    return brief.words.html(
        "answer.no_own_needs",
        district=brief.district,
        n_starters=brief.number(fewest, "own_starters_needed", COUNT),
    )


# ---------------------------------------------------------------- what pays for society


def _what_pays(brief: Brief, valued: Sequence[_Valued]) -> Sentence:
    words = brief.words
    groups = {band: [value for value in valued if value.band == band] for band in BANDS}
    first, *others = (band for band in BANDS if groups[band])
    horizon = brief.number(valued[0].society, "horizon_months", DURATION)
    is_all = not others and len(valued) >= 3
    text = words.html(
        f"answer.{'all_' if is_all else ''}{first}",
        horizon=horizon,
        **({} if is_all else {"interventions": _names(brief, groups[first])}),
    )
    tails = [
        words.html(f"answer.also_{band}", interventions=_names(brief, groups[band]))
        for band in others
    ]
    finding = _all_marked(text, valued) if is_all else text
    rest = Markup().join([*(Markup("; ") + tail for tail in tails), Markup(". ")])
    return Sentence(finding, rest + _how_much(brief, valued))


def _all_marked(text: Markup, valued: Sequence[_Valued]) -> Markup:
    for value in valued:
        text = pays(text, value.society, "probability_positive")
    return text


def _names(brief: Brief, valued: Sequence[_Valued]) -> Markup:
    """The interventions by name, each marked with the verdict that the sentence says of it; of many
    the first, and that the table has more.
    """
    names = [pays(value.one.name, value.society, "probability_positive") for value in valued]
    if len(names) > _MAX_NAMED:
        names = [*names[: _MAX_NAMED - 1], escape(brief.words.text("answer.more"))]
    return brief.words.listing_html(names)


def _how_much(brief: Brief, valued: Sequence[_Valued]) -> Markup:
    """What a start of the most valued is worth to society, and whether it leads."""
    best, *others = valued
    words, row = brief.words, best.society
    if not others:
        if best.band in _GAINS:
            return words.html("answer.value_one", value=_money(brief, row))
        return words.html(
            "answer.value_unsure",
            value=_money(brief, row),
            probability=brief.number(row, "probability_positive", PROBABILITY),
        )
    if _is_even(brief, valued):
        low, high = (
            brief.number(value.society, "estimate", _form(row)) for value in (valued[-1], best)
        )
        return words.html("answer.value_even", low=low, high=high)
    key = "most" if best.band in _GAINS else "nearest"
    if key == "most" and not _leads(brief, best):
        key = "highest"
    return words.html(f"answer.value_{key}", best=best.one.name, value=_money(brief, row))


def _is_even(brief: Brief, valued: Sequence[_Valued]) -> bool:
    best, least = valued[0].society["estimate"], valued[-1].society["estimate"]
    all_gain = all(value.band in _GAINS for value in valued)
    return all_gain and not _leads(brief, valued[0]) and least > _EVEN_FROM * best


def _leads(brief: Brief, best: _Valued) -> bool:
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


# ---------------------------------------------------------------- who pays and who gains


def _who_pays(brief: Brief, valued: Sequence[_Valued]) -> Sentence | None:
    """Whether the district gets its money back on the most valued, and who gains without paying;
    where no posting concerns a district, who gains and who loses.
    """
    best = valued[0]
    district = value_of(brief, best.one, "district")
    if district is None or not district.has("probability_positive") or not is_moved(district):
        return _of_payers(brief, best)
    purse = purse_of(brief, best.one, "district")
    if purse is None or not purse.has("paid_now"):
        return None
    words, band = brief.words, band_of(district["probability_positive"])
    finding = words.html(f"answer.district_{_side(band)}{_beside(band, best.band)}")
    form = _form(purse, "estimate", "paid_now")
    rest = words.html(
        "answer.district_pays",
        intervention=best.one.name,
        price=brief.number(purse, "paid_now", form),
        returned=brief.number(purse, "estimate", form),
        horizon=brief.number(district, "horizon_months", DURATION),
    )
    return Sentence(
        pays(finding, district, "probability_positive"),
        rest + _gainer(brief, best.one, purse) + ".",
    )


def _side(band: Band) -> str:
    return "gains" if band in _GAINS else "loses" if band in _LOSES else "unclear"


def _beside(district: Band, society: Band) -> str:
    """How the district stands beside society, where society gains."""
    if society not in _GAINS or _side(district) == "unclear":
        return ""
    return "_too" if district in _GAINS else "_alone"


def _gainer(brief: Brief, one: Offered, district: Row) -> Markup:
    """The other public payer that gains most, if one does, and whether it pays anything."""
    rows = {
        payer: row for payer in ("state", "city_region") if (row := payer_of(brief, one, payer))
    }
    gaining = {
        payer: row
        for payer, row in rows.items()
        if row.has("probability_positive") and band_of(row["probability_positive"]) in _GAINS
    }
    if not gaining:
        return Markup()
    payer, row = max(gaining.items(), key=lambda item: item[1]["estimate"])
    paid = sum(
        purse["paid_now"] or 0.0
        for actor in PAYERS[payer]
        if (purse := purse_of(brief, one, actor))
    )
    is_free = paid <= _NOTHING * district["paid_now"]
    return brief.words.html(
        "answer.gains_free" if is_free else "answer.gains",
        payer=brief.words.text(payer),
        value=brief.number(row, "estimate", _form(row)),
    )


def _of_payers(brief: Brief, best: _Valued) -> Sentence | None:
    """The two payers that a start moves most, each with its verdict."""
    rows = {
        payer: row
        for payer in PAYERS
        if payer != "others" and (row := payer_of(brief, best.one, payer)) and is_moved(row)
    }
    largest = sorted(rows.items(), key=lambda item: -abs(item[1]["estimate"]))[:2]
    clauses = [
        _payer_clause(brief, payer, row)
        for payer, row in largest
        if row.has("probability_positive")
    ]
    if not clauses:
        return None
    finding, *others = clauses
    horizon = brief.number(best.society, "horizon_months", DURATION)
    rest = brief.words.html("answer.per_start", intervention=best.one.name, horizon=horizon)
    return Sentence(finding, Markup().join([*(Markup("; ") + clause for clause in others), rest]))


def _payer_clause(brief: Brief, payer: str, row: Row) -> Markup:
    band = band_of(row["probability_positive"])
    text = brief.words.html(
        f"answer.payer_{_side(band)}", payer=brief.words.text(payer), value=_money(brief, row)
    )
    subject = (row["district"], row["intervention_id"], payer)
    return marked(text, question="pays", subject=subject, horizon=row["horizon_months"], band=band)


# ---------------------------------------------------------------- when the money is back


def _when_back(brief: Brief, valued: Sequence[_Valued]) -> Sentence | None:
    """After how many months the public purse has its money back, the soonest first; where it does
    not get it back, that.
    """
    rows = [
        (value.one, row)
        for value in valued
        if (sum_of := value_of(brief, value.one, "public_purse"))
        and is_moved(sum_of)
        and (row := payback_of(brief, value.one, "public_purse"))
    ]
    if not rows:
        return None
    back = [
        (one, row)
        for one, row in rows
        if row["return_month"] is not None and band_of(row["probability_returns"]) in _GAINS
    ]
    if not back:
        return _not_back(brief, rows)
    back.sort(key=lambda item: item[1]["return_month"])
    return _one_back(brief, *back[0]) if len(rows) == 1 else _soonest_back(brief, back)


def _one_back(brief: Brief, one: Offered, row: Row) -> Sentence:
    probably = "_probably" if band_of(row["probability_returns"]) == "probably" else ""
    key = f"answer.back_one{probably}" if row["return_month"] else "answer.back_at_once"
    text = brief.words.html(key, intervention=one.name, **_month(brief, row))
    return Sentence(pays(text, row, "probability_returns"), Markup("."))


def _month(brief: Brief, row: Row) -> dict[str, Markup]:
    return {"month": brief.number(row, "return_month", COUNT)} if row["return_month"] else {}


def _soonest_back(brief: Brief, back: Sequence[tuple[Offered, Row]]) -> Sentence:
    words = brief.words
    (one, row), *later = back
    finding = words.html("answer.back_soonest", best=one.name)
    probably = "_probably" if band_of(row["probability_returns"]) == "probably" else ""
    key = f"answer.back_after{probably}" if row["return_month"] else "answer.back_never_out"
    rest = pays(words.html(key, **_month(brief, row)), row, "probability_returns")
    return Sentence(finding, rest + _later(brief, later) + ".")


def _later(brief: Brief, later: Sequence[tuple[Offered, Row]]) -> Markup:
    """When the others are back: each, or of many the last."""
    if not later:
        return Markup()
    if len(later) >= _MAX_NAMED:
        latest = brief.number(later[-1][1], "return_month", COUNT)
        return brief.words.html("answer.back_others", latest=latest)
    months = [brief.number(row, "return_month", COUNT) for _, row in later]
    return brief.words.html("answer.back_against", months=brief.words.listing_html(months))


def _not_back(brief: Brief, rows: Sequence[tuple[Offered, Row]]) -> Sentence:
    """Of the interventions whose money is not back, those that are nearest to it."""
    bands = {one.intervention_id: _unreturned(row) for one, row in rows}
    band = next(band for band in BANDS if band in bands.values())
    named = [(one, row) for one, row in rows if bands[one.intervention_id] == band]
    names = [escape(one.name) for one, _ in named]
    if len(names) > _MAX_NAMED:
        names = [*names[: _MAX_NAMED - 1], escape(brief.words.text("answer.more"))]
    text = brief.words.html(
        f"answer.back_{band}",
        interventions=brief.words.listing_html(names),
        horizon=brief.number(named[0][1], "horizon_months", DURATION),
    )
    for _, row in named:
        text = pays(text, row, "probability_returns")
    chance = Markup(".")
    if len(named) == 1:
        chance = brief.words.html(
            "answer.probability",
            probability=brief.number(named[0][1], "probability_returns", PROBABILITY),
        )
    return Sentence(text, chance)


def _unreturned(row: Row) -> Band:
    return band_of(row["probability_returns"])


# ---------------------------------------------------------------- nothing is valued


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


# ---------------------------------------------------------------- amounts


def _form(row: Row, *columns: str) -> Form:
    names = columns or ("estimate", "ci_lower", "ci_upper")
    return Form("money", money_digits(*(row.get(name) for name in names)), row["currency"])


def _money(brief: Brief, row: Row) -> Markup:
    """An amount with its range in brackets, the currency said once."""
    form = _form(row)
    return brief.in_brackets(row, "estimate", form, ends_as=Form("number", form.digits))
