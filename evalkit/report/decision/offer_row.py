"""A row of the first screen, cell by cell."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from evalkit.report.decision.offer_figures import (
    PERSPECTIVES,
    Scales,
    Shown,
    months_picture,
    value_picture,
)
from evalkit.report.decision.offered import Offered
from evalkit.report.decision.panels import evidence_of
from evalkit.report.decision.unseen import budget_in_row
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    DURATION,
    PROBABILITY,
    SHARE,
    Form,
    Row,
)
from evalkit.report.parts.verdicts import pays
from evalkit.vocabulary import band_of
from evalkit.words import capitalise

Column = Literal["starts", "cost", "months", "values", "back", "sure"]

_MONEY: tuple[Column, ...] = ("values", "back", "sure")
_EVIDENCE: tuple[Column, ...] = ("months", *_MONEY)


@dataclass(frozen=True)
class ValueLine:
    """What a start is worth to the district, the public purse or society: a number in a colour, or
    grey words where it cannot be said.
    """

    perspective: str
    label: str
    number: Markup
    is_said: bool = True


@dataclass(frozen=True)
class OfferRow:
    """One row, cell by cell; a cell that cannot be filled is empty.

    `evidence` is the address of its evidence, empty where it has none. `fills` are the columns that
    it fills; `reason` stands over the `reason_span` columns of evidence that it does not (after the
    values, where these stand), or below the advice where there are none or the figures stand.
    """

    intervention_id: str
    name: str
    evidence: str
    note: Markup | str
    is_borrowed: bool
    fills: frozenset[Column]
    starts: Markup
    cost: Markup
    price_per_month: Markup
    months: Markup
    months_range: Markup
    months_unit: str
    months_picture: Markup
    values: tuple[ValueLine, ...]
    value_picture: Markup
    back: Markup
    back_note: str
    verdict: Markup
    band: str
    probability: Markup
    value_range: Markup
    advice: str
    reason: Markup | str
    reason_span: int


@dataclass(frozen=True)
class RowWriter:
    """Writes the rows of a table whose columns, scales and digits are settled.

    Attributes
    ----------
    brief : Brief
        The page.
    columns : tuple of str
        The columns that some row fills.
    scales : Scales
        Those of months and values.
    cost_digits : int
        The digits of every cost.
    is_one_outcome : bool
        Whether the months of all rows are counted in one outcome over one follow-up.
    """

    brief: Brief
    columns: tuple[Column, ...]
    scales: Scales
    cost_digits: int
    is_one_outcome: bool

    def row(self, shown: Shown) -> OfferRow:
        """The cells of an intervention."""
        brief, one = self.brief, shown.one
        fills = frozenset(self._fills(shown))
        society = shown.society
        empty = [column for column in _EVIDENCE if column in self.columns and column not in fills]
        return OfferRow(
            one.intervention_id,
            capitalise(one.name),
            evidence_of(brief, one) if one.intervention_id in brief.protocols else "",
            _whose(brief, one),
            one.is_borrowed,
            fills,
            starts=brief.number(one.offer, "n_starts", COUNT),
            cost=self._amount(one.offer, "cost"),
            price_per_month=self._amount(one.offer, "price_per_month"),
            months=brief.number(shown.months, "difference", CHANGE_MONTHS)
            if shown.months
            else Markup(),
            months_range=brief.range_of(shown.months, CHANGE_MONTHS) if shown.months else Markup(),
            months_unit="" if self.is_one_outcome else _months_unit(brief, one),
            months_picture=months_picture(shown.months, self.scales),
            values=self._values(shown),
            value_picture=value_picture(
                brief, shown.values, self.scales, n_lines=len(self._values(shown))
            ),
            back=self._back(shown),
            back_note=self._back_note(shown),
            verdict=self._verdict(society),
            band=band_of(society["probability_positive"]) if society else "",
            probability=brief.number(society, "probability_positive", PROBABILITY)
            if society
            else Markup(),
            value_range=brief.range_of(society, self.scales.value_form("number"))
            if society
            else Markup(),
            advice=one.advice["advice"] or "cannot_be_said",
            reason=self._why(shown, empty),
            reason_span=len(empty),
        )

    def _fills(self, shown: Shown) -> Iterable[Column]:
        yield from ("starts", "cost")
        if shown.months is not None:
            yield "months"
        if shown.budget:
            yield "values"
        elif shown.values:
            yield from _MONEY

    def _why(self, shown: Shown, empty: list[Column]) -> Markup | str:
        """What stands where evidence is missing, or below the advice."""
        if shown.budget and empty:
            return budget_in_row(self.brief, shown.one, shown.budget)
        if empty and shown.values:
            return self.brief.words.text("mark.suppressed")
        return _reason(self.brief, shown.one)

    def _amount(self, row: Row, column: str) -> Markup:
        if not row.has(column):
            return Markup()
        return self.brief.number(row, column, Form("number", self.cost_digits))

    def _values(self, shown: Shown) -> tuple[ValueLine, ...]:
        form, words = self.scales.value_form("signed"), self.brief.words
        lines = tuple(
            ValueLine(
                name,
                words.text(f"offer.value_{name}"),
                self.brief.number(row, "estimate", form),
            )
            for name, row in shown.values.items()
        )
        if not shown.budget:
            return lines
        unsaid = words.html("unseen.line")
        others = [name for name in PERSPECTIVES if name not in shown.values]
        return lines + tuple(
            ValueLine(name, words.text(f"offer.value_{name}"), unsaid, is_said=False)
            for name in others
        )

    def _back(self, shown: Shown) -> Markup:
        row = shown.back
        if row is None:
            return Markup()
        if row["return_month"] is None:
            horizon = self.brief.number(row, "horizon_months", DURATION)
            return self.brief.words.html("offer.not_back", horizon=horizon)
        if row["return_month"] == 0:
            return self.brief.words.html("offer.never_out")
        return self.brief.number(row, "return_month", COUNT)

    def _back_note(self, shown: Shown) -> str:
        if shown.back is None or not shown.back["return_month"]:
            return ""
        is_likely = band_of(shown.back["probability_returns"]) in ("yes", "probably")
        return self.brief.words.text(
            "offer.months_back" if is_likely else "offer.months_back_unsure"
        )

    def _verdict(self, society: Row | None) -> Markup:
        if society is None:
            return Markup()
        word = self.brief.words.label(f"offer.pays_{band_of(society['probability_positive'])}")
        return pays(word, society, "probability_positive")


def follow_up(brief: Brief, one: Offered) -> int | None:
    """The months that people are followed, as its protocol says; None without one."""
    protocol = brief.protocols.get(one.intervention_id)
    return protocol.follow_up_months if protocol else None


def duration_text(brief: Brief, one: Offered) -> str:
    """The same in words; empty without a protocol."""
    months = follow_up(brief, one)
    return brief.words.duration(months) if months else ""


def _months_unit(brief: Brief, one: Offered) -> str:
    about, duration = brief.about(one.intervention_id).words, duration_text(brief, one)
    return about.text("offer.months_unit", duration=duration) if duration else ""


def _whose(brief: Brief, one: Offered) -> Markup | str:
    """The line below the name: whose figures stand in the row where they are not the district's
    own; else how many complete it as planned.
    """
    words = brief.words
    if one.is_borrowed:
        if one.advice["figures"] == "city_no_effect":
            return words.html("offer.borrowed_no_effect")
        here = brief.tables.row("effect_status", **(one.keys | {"district": brief.district}))
        if here is None or not here.has("n_starters"):
            return words.html("offer.borrowed_few")
        return words.html("offer.borrowed", n_starters=brief.number(here, "n_starters", COUNT))
    if one.offer.has("completed_share"):
        return words.html(
            "offer.completed", share=brief.number(one.offer, "completed_share", SHARE)
        )
    return ""


def _reason(brief: Brief, one: Offered) -> Markup | str:
    """Why this is advised, in a few words; of a trial, how large it is."""
    advice, words = one.advice, brief.words
    if advice["advice_reason"] is None:
        return words.text("mark.suppressed")
    if advice["advice"] == "try_out" and _has_trial(advice):
        return words.html(
            "offer.trial",
            persons=brief.number(advice, "trial_persons", COUNT),
            months=brief.number(advice, "trial_months", COUNT),
        )
    short = f"offer.why_{advice['advice_reason']}"
    return words.text(short if words.has(short) else f"advice_reason.{advice['advice_reason']}")


def _has_trial(advice: Row) -> bool:
    return advice.get("trial_persons") is not None and advice.get("trial_months") is not None
