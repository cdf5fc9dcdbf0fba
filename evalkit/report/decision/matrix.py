"""Where it pays: a row for each district, a column for each intervention, on the city's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from evalkit.report.decision.offered import (
    Offered,
    horizon_months,
    offered,
    value_of,
    valued,
)
from evalkit.report.decision.spread import months_on_support
from evalkit.report.decision.unseen import unseen
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.numbers import COUNT, MONTHS, Form, Row
from evalkit.report.parts.verdicts import pays
from evalkit.report.view import link_to
from evalkit.vocabulary import Band, band_of
from evalkit.words import capitalise

# More interventions than these make the table wider than a page; the most valuable ones stand.
MOST_COLUMNS = 6
_IN_HUNDREDS = Form("signed", -2)
_ADULTS = "long_term_10_of_12"


@dataclass(frozen=True)
class Cell:
    """What a district's cell says of an intervention.

    Attributes
    ----------
    text : Markup
        A verdict in a word, or why there is none.
    band : str
        The verdict; empty where there is none.
    number : Markup
        What a start is worth to society; empty without a verdict.
    order : float or None
        What the column is sorted by.
    """

    text: Markup
    band: Band | str = ""
    number: Markup | str = ""
    order: float | None = None


@dataclass(frozen=True)
class Count:
    """A number of a district: what its column is sorted by (None where it is withheld), and as it
    is written.
    """

    order: float | None
    number: Markup


@dataclass(frozen=True)
class _Share:
    """In how many districts an intervention surely pays for society, of those with figures of their
    own.
    """

    name: str
    n_yes: int
    n_own: int

    @property
    def share(self) -> float:
        return self.n_yes / self.n_own


def where_it_pays(brief: Brief) -> Part | None:
    """The districts beside each other: how many live on support and how long, and for each
    intervention whether it pays for society. One district is no matrix, which is said.
    """
    words, districts = brief.words, brief.run.params.districts
    if len(districts) < 2:
        return Part("districts", words.text("matrix.one_district", district=districts[0]), Markup())
    with_value = valued(brief)
    shown = with_value[:MOST_COLUMNS]
    of_district = {name: _by_intervention(brief, name) for name in districts}
    columns = [
        (
            one,
            [
                _cell(brief, name, of_district[name].get(one.intervention_id), one)
                for name in districts
            ],
        )
        for one in shown
    ]
    horizon = words.duration(horizon_months(shown) or brief.run.params.value.horizon_months)
    body = render(
        "decision/matrix.html.j2",
        words=words,
        horizon=horizon,
        no_value="unseen.matrix" if unseen(brief, offered(brief)) else "matrix.no_value",
        currency=_currency(brief, shown),
        names=[capitalise(one.name) for one in shown],
        others=words.listing([one.name for one in with_value[MOST_COLUMNS:]]),
        counts=_counts(brief),
        rows=[
            (name, link_to(brief, name), [cells[at] for _, cells in columns])
            for at, name in enumerate(districts)
        ],
        is_any_missing=any(not cell.band for _, cells in columns for cell in cells),
    )
    shares = [_share(one, cells) for one, cells in columns]
    return Part("districts", _heading(brief, shares, horizon), body)


def _currency(brief: Brief, shown: Sequence[Offered]) -> str:
    codes = (one.advice["currency"] for one in shown)
    return brief.words.currency(next((code for code in codes if code), ""))


def _by_intervention(brief: Brief, district: str) -> dict[str, Offered]:
    """What a district offers, with whose figures each row shows."""
    rows = offered(replace(brief, district=district))
    return {one.intervention_id: one for one in rows}


def _counts(brief: Brief) -> list[tuple[str, dict[str, Count]]]:
    """The columns before the interventions, each with its head and its cells by district: adults on
    support in the last year in which they were counted, and mean months on support.
    """
    words, districts = brief.words, brief.run.params.districts
    adults = brief.tables.rows("long_term", measure=_ADULTS, answer="all")
    year = max((row["year"] for row in adults), default=None)
    stays = [row for name in districts if (row := months_on_support(brief, name))]
    columns = [
        (
            words.text("matrix.adults", year=year),
            [row for row in adults if row["year"] == year],
            "n_persons",
            COUNT,
        ),
        (
            words.text("matrix.months", horizon=words.duration(stays[0]["horizon_months"]))
            if stays
            else "",
            stays,
            "estimate",
            MONTHS,
        ),
    ]
    return [
        (
            head,
            {row["district"]: Count(row[value], brief.number(row, value, form)) for row in rows},
        )
        for head, rows, value, form in columns
        if rows
    ]


def _cell(brief: Brief, district: str, here: Offered | None, one: Offered) -> Cell:
    """A verdict with its number where the district's figures are its own, else the reason."""
    words = brief.words
    if here is None:
        return Cell(words.html("matrix.not_offered"))
    own = value_of(brief, here, "society") if here.is_own else None
    if own is not None and own.has("probability_positive"):
        band = band_of(own["probability_positive"])
        text = pays(words.text(f"matrix.{band}"), own, "probability_positive")
        return Cell(text, band, brief.number(own, "estimate", _IN_HUNDREDS), own["estimate"])
    status = brief.tables.row(
        "effect_status",
        district=district,
        intervention_id=one.intervention_id,
        estimand=one.estimand,
    )
    return Cell(_why_not(brief, here, status))


def _why_not(brief: Brief, here: Offered, status: Row | None) -> Markup:
    """Why a district has no figure of its own, in a few words."""
    words = brief.words
    if here.advice["figures"] == "city_few_starters":
        if status is not None and status.has("n_starters"):
            starters = brief.number(status, "n_starters", COUNT)
            return words.html("matrix.few_starters", n_starters=starters)
        return words.html("advice_reason.few_starters")
    reason = here.advice["advice_reason"]
    if here.advice["figures"] != "none" and status is not None:
        reason = status["reason"]
    key = f"advice_reason.{reason}"
    return words.html(key if words.has(key) else "advice_reason.not_computed")


def _share(one: Offered, cells: Sequence[Cell]) -> _Share:
    own = [cell for cell in cells if cell.band]
    return _Share(one.name, sum(cell.band == "yes" for cell in own), len(own))


def _heading(brief: Brief, shares: Sequence[_Share], horizon: str) -> str:
    """The finding: where the intervention that pays in most districts does, and the one that pays
    in the smallest share of them.
    """
    words, own = brief.words, [share for share in shares if share.n_own]
    if not shares:
        return words.text("matrix.heading_no_value")
    if not own:
        return words.text("matrix.heading_few")
    best = max(own, key=lambda share: (share.n_yes, share.share))
    worst = min(own, key=lambda share: share.share)
    if not best.n_yes:
        return words.text("matrix.heading_none", horizon=horizon)
    if worst.share == 1 and len(own) > 1:
        return words.text("matrix.heading_all", horizon=horizon)
    key = "only" if best.n_own == 1 else "every" if best.share == 1 else "some"
    told = capitalise(words.text(f"matrix.heading_{key}", horizon=horizon, **_counted(brief, best)))
    if worst.share >= best.share:
        return told
    key = "other_none" if not worst.n_yes else "other"
    return words.text(f"matrix.heading_{key}", told=told, **_counted(brief, worst))


def _counted(brief: Brief, share: _Share) -> Mapping[str, str]:
    words = brief.words
    return {
        "intervention": share.name,
        "n_yes": words.count(share.n_yes, one=words.text("matrix.one")),
        "n_own": words.count(share.n_own, one=words.text("matrix.one")),
    }
