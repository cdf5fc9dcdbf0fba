"""The third sentence of the answer: when the public purse has its money back."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, is_moved, payback_of, value_of
from evalkit.report.decision.valued import (
    GAINS,
    MAX_NAMED,
    Sentence,
    Valued,
    names_in_sentence,
)
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, DURATION, PROBABILITY, Row
from evalkit.report.parts.verdicts import pays
from evalkit.vocabulary import BANDS, band_of


def when_back(brief: Brief, valued: Sequence[Valued]) -> Sentence | None:
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
        if row["return_month"] is not None and band_of(row["probability_returns"]) in GAINS
    ]
    if not back:
        return _not_back(brief, rows)
    back.sort(key=lambda item: item[1]["return_month"])
    return (
        _one_back(brief, *back[0])
        if len(rows) == 1
        else _soonest_back(brief, back, are_all_back=len(back) == len(rows))
    )


def _one_back(brief: Brief, one: Offered, row: Row) -> Sentence:
    probably = "_probably" if band_of(row["probability_returns"]) == "probably" else ""
    key = f"answer.back_one{probably}" if row["return_month"] else "answer.back_at_once"
    text = brief.words.html(key, intervention=one.name, **_month(brief, row))
    return Sentence(pays(text, row, "probability_returns"), Markup("."))


def _month(brief: Brief, row: Row) -> dict[str, Markup]:
    return {"month": brief.number(row, "return_month", COUNT)} if row["return_month"] else {}


def _soonest_back(
    brief: Brief, back: Sequence[tuple[Offered, Row]], *, are_all_back: bool
) -> Sentence:
    words = brief.words
    (one, row), *later = back
    finding = words.html("answer.back_soonest", best=one.name)
    probably = "_probably" if band_of(row["probability_returns"]) == "probably" else ""
    key = f"answer.back_after{probably}" if row["return_month"] else "answer.back_never_out"
    rest = pays(words.html(key, **_month(brief, row)), row, "probability_returns")
    return Sentence(finding, rest + _later(brief, later, are_all_others=are_all_back) + ".")


def _later(brief: Brief, later: Sequence[tuple[Offered, Row]], *, are_all_others: bool) -> Markup:
    """When the others are back: each, by name where some never are; of many the last."""
    words = brief.words
    if not later:
        return Markup()
    if len(later) >= MAX_NAMED:
        latest = brief.number(later[-1][1], "return_month", COUNT)
        return words.html("answer.back_others", latest=latest)
    months = [brief.number(row, "return_month", COUNT) for _, row in later]
    if are_all_others and len(later) > 1:
        text = words.html("answer.back_of_others", months=words.listing_html(months))
    else:
        text = words.listing_html(
            [
                words.html("answer.back_other", month=month, intervention=one.name)
                for month, (one, _) in zip(months, later, strict=True)
            ]
        )
    return words.html("answer.back_against", months=text)


def _not_back(brief: Brief, rows: Sequence[tuple[Offered, Row]]) -> Sentence:
    """Of the interventions whose money is not back, those that are nearest to it."""
    bands = {one.intervention_id: band_of(row["probability_returns"]) for one, row in rows}
    band = next(band for band in BANDS if band in bands.values())
    named = [(one, row) for one, row in rows if bands[one.intervention_id] == band]
    text = brief.words.html(
        f"answer.back_{band}",
        interventions=names_in_sentence(brief, [one.name for one, _ in named]),
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
