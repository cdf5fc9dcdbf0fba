"""The second sentence of the answer: who pays and who gains."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.line.actors import PAYERS
from evalkit.report.decision.offered import Offered, is_moved, payer_of, purse_of, value_of
from evalkit.report.decision.valued import (
    GAINS,
    Sentence,
    Valued,
    amount,
    amount_form,
    side_of,
)
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import DURATION, Row
from evalkit.report.parts.verdicts import marked, pays
from evalkit.vocabulary import Band, band_of

# What a payer pays of the price that is so little beside what the district pays: nothing.
_NOTHING = 0.05
_N_TOLD = 2


def who_pays(brief: Brief, valued: Sequence[Valued]) -> Sentence | None:
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
    finding = words.html(f"answer.district_{side_of(band)}{_beside(band, best.band)}")
    rest = words.html(
        "answer.district_pays" if purse["paid_now"] > 0 else "answer.district_nets",
        intervention=best.one.name,
        horizon=brief.number(district, "horizon_months", DURATION),
        **_told_of_district(brief, district, purse),
    )
    return Sentence(
        pays(finding, district, "probability_positive"),
        rest + _gainer(brief, best.one, purse) + ".",
    )


def _told_of_district(brief: Brief, district: Row, purse: Row) -> dict[str, Markup]:
    """What the district pays and gets back; where it pays nothing, what it gains."""
    if purse["paid_now"] <= 0:
        return {"value": amount(brief, district)}
    form = amount_form(purse, "estimate", "paid_now")
    return {
        "price": brief.number(purse, "paid_now", form),
        "returned": brief.number(purse, "estimate", form),
    }


def _beside(district: Band, society: Band) -> str:
    """How the district stands beside society, where society gains."""
    if society not in GAINS or district == "unclear":
        return ""
    return "_too" if district in GAINS else "_alone"


def _gainer(brief: Brief, one: Offered, district: Row) -> Markup:
    """The other public payer that gains most, if one does, and whether it pays anything."""
    rows = {
        payer: row for payer in ("state", "city_region") if (row := payer_of(brief, one, payer))
    }
    gaining = {
        payer: row
        for payer, row in rows.items()
        if row.has("probability_positive") and band_of(row["probability_positive"]) in GAINS
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
        f"answer.{side_of(band_of(row['probability_positive']))}{'_free' if is_free else ''}",
        payer=brief.words.text(payer),
        value=brief.number(row, "estimate", amount_form(row)),
    )


def _of_payers(brief: Brief, best: Valued) -> Sentence | None:
    """The two payers that a start moves most, each with its verdict."""
    rows = {
        payer: row
        for payer in PAYERS
        if payer != "others" and (row := payer_of(brief, best.one, payer)) and is_moved(row)
    }
    largest = sorted(rows.items(), key=lambda item: -abs(item[1]["estimate"]))[:_N_TOLD]
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
        f"answer.payer_{side_of(band)}", payer=brief.words.text(payer), value=amount(brief, row)
    )
    subject = (row["district"], row["intervention_id"], payer)
    return marked(text, question="pays", subject=subject, horizon=row["horizon_months"], band=band)
