"""The table of the first screen: one row for each intervention that is offered, with months and
values on scales that all rows share. A column that no row can fill is left out.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from evalkit.line.actors import PAYER_LOOKS
from evalkit.report.decision.offered import (
    Offered,
    is_moved,
    months_of,
    payback_of,
    value_of,
)
from evalkit.report.decision.panels import evidence_of
from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief
from evalkit.report.parts.marks import Scale, scale_over
from evalkit.report.parts.numbers import (
    CHANGE_MONTHS,
    COUNT,
    DURATION,
    PROBABILITY,
    RANGE,
    SHARE,
    Form,
    Row,
)
from evalkit.report.parts.verdicts import pays
from evalkit.vocabulary import band_of
from evalkit.words import Words, capitalise, money_digits

Column = Literal["starts", "cost", "months", "values", "back", "sure"]
PERSPECTIVES = ("district", "public_purse", "society")

_EVIDENCE: tuple[Column, ...] = ("months", "values", "back", "sure")
_MONEY: tuple[Column, ...] = ("values", "back", "sure")
_LINE_HEIGHT, _MONTHS_HEIGHT = 19, 20
_IN_THOUSANDS_FROM = 10_000
_SUM = ("estimate", *RANGE)


@dataclass(frozen=True)
class ValueLine:
    """What a start is worth to the district, the public purse or society: a number in a colour."""

    perspective: str
    label: str
    number: Markup


@dataclass(frozen=True)
class OfferRow:
    """One row, cell by cell; a cell that cannot be filled is empty.

    `evidence` is the address of its evidence, empty where it has none. `fills` are the columns that
    it fills; `reason` stands over the `reason_span` columns of evidence that it does not, or below
    the advice where there are none or the figures stand.
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
class OfferTable:
    """The rows, the columns that are shown, their heads, the axes of months and values, and the
    lines under the table.
    """

    rows: tuple[OfferRow, ...]
    columns: tuple[Column, ...]
    heads: dict[str, Markup]
    axes: dict[str, Markup]
    notes: tuple[Markup, ...]


@dataclass(frozen=True)
class _Shown:
    """An intervention with the published rows that its cells are written from."""

    one: Offered
    months: Row | None
    values: dict[str, Row]
    back: Row | None

    @property
    def society(self) -> Row | None:
        return self.values.get("society")


def offer_table(brief: Brief, ones: Sequence[Offered]) -> OfferTable:
    """The table of what is offered, in the order of `offered`."""
    shown = [_shown(brief, one) for one in ones]
    columns = _columns(shown)
    scales = _Scales(
        scale_over(_ends((row.months for row in shown), "difference"), step=1),
        _money_scale(_ends((row for one in shown for row in one.values.values()), "estimate")),
    )
    costs = money_digits(*(row.one.offer["cost"] for row in shown))
    writer = _Writer(brief, columns, scales, costs, _one_outcome(brief, shown))
    return OfferTable(
        tuple(writer.row(one) for one in shown),
        columns,
        writer.heads(shown),
        writer.axes(),
        tuple(_notes(brief, ones)),
    )


@dataclass(frozen=True)
class _Scales:
    months: Scale
    values: Scale

    @property
    def are_thousands(self) -> bool:
        return max(abs(self.values.low), abs(self.values.high)) >= _IN_THOUSANDS_FROM


def _shown(brief: Brief, one: Offered) -> _Shown:
    sums = {name: value_of(brief, one, name) for name in PERSPECTIVES}
    values = {name: row for name, row in sums.items() if row is not None and is_moved(row)}
    if "society" not in values and sums["society"] is not None:
        values["society"] = sums["society"]
    is_valued = "society" in values and values["society"].has("probability_positive")
    return _Shown(
        one,
        months_of(brief, one),
        values if is_valued else {},
        payback_of(brief, one, "public_purse") if "public_purse" in values else None,
    )


def _columns(shown: Sequence[_Shown]) -> tuple[Column, ...]:
    is_filled: dict[Column, bool] = {
        "starts": any(row.one.offer.has("n_starts") for row in shown),
        "cost": any(row.one.offer.has("cost") for row in shown),
        "months": any(row.months is not None for row in shown),
        "values": any(row.values for row in shown),
        "back": any(row.back is not None for row in shown),
        "sure": any(row.values for row in shown),
    }
    return tuple(column for column, filled in is_filled.items() if filled)


def _ends(rows: Iterable[Row | None], column: str) -> list[float]:
    names = (column, *RANGE)
    return [row[name] for row in rows if row for name in names if row[name] is not None]


def _money_scale(amounts: Sequence[float]) -> Scale:
    largest = max((abs(amount) for amount in amounts), default=0) or 1
    return scale_over(amounts, step=10 ** math.floor(math.log10(largest)) / 2)


def _one_outcome(brief: Brief, shown: Sequence[_Shown]) -> bool:
    """Whether all months are counted in one outcome over one follow-up."""
    kinds = {
        (brief.about(row.one.intervention_id).words.outcome, _follow_up(brief, row.one))
        for row in shown
        if row.months is not None
    }
    return len(kinds) < 2


def _follow_up(brief: Brief, one: Offered) -> int | None:
    protocol = brief.protocols.get(one.intervention_id)
    return protocol.follow_up_months if protocol else None


@dataclass(frozen=True)
class _Writer:
    """Writes the cells of a table whose columns and scales are settled."""

    brief: Brief
    columns: tuple[Column, ...]
    scales: _Scales
    cost_digits: int
    is_one_outcome: bool

    @property
    def words(self) -> Words:
        return self.brief.words

    def row(self, shown: _Shown) -> OfferRow:
        brief, one = self.brief, shown.one
        fills = frozenset(self._fills(shown))
        values, society = self._values(shown), shown.society
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
            months=self._months(shown),
            months_range=brief.range_of(shown.months, CHANGE_MONTHS) if shown.months else Markup(),
            months_unit="" if self.is_one_outcome else self._months_unit(one),
            months_picture=self._months_picture(shown),
            values=values,
            value_picture=self._value_picture(shown),
            back=self._back(shown),
            back_note=self._back_note(shown),
            verdict=self._verdict(society),
            band=band_of(society["probability_positive"]) if society else "",
            probability=brief.number(society, "probability_positive", PROBABILITY)
            if society
            else Markup(),
            value_range=brief.range_of(society, self._value_form("number"))
            if society
            else Markup(),
            advice=one.advice["advice"] or "cannot_be_said",
            reason=_reason(brief, one),
            reason_span=len(empty),
        )

    def heads(self, shown: Sequence[_Shown]) -> dict[str, Markup]:
        """The head of each column, by its name."""
        words = self.words
        horizon = next((row.society for row in shown if row.society), None)
        values = {
            "currency": words.currency(_currency(shown)),
            "horizon": self.brief.number(horizon, "horizon_months", DURATION) if horizon else "",
        }
        heads = {
            name: words.html(f"offer.{name}")
            for name in ("caption", "intervention", "starts", "back", "advice")
        }
        heads["cost"] = words.html("offer.cost", currency=values["currency"])
        heads["months"] = self._months_head(shown)
        if horizon:
            in_thousands = "_thousands" if self.scales.are_thousands else ""
            heads["values"] = words.html(f"offer.values{in_thousands}", **values)
            heads["sure"] = words.html("offer.sure", horizon=values["horizon"])
        return heads

    def axes(self) -> dict[str, Markup]:
        """The scales of months and values, for the heads of their columns."""
        months, values = self.scales.months, self.scales.values
        unit = 1000 if self.scales.are_thousands else 1
        return {
            "months": marks.axis(months, self._labels(months.ticks(4), 1)),
            "values": marks.axis(values, self._labels(self._value_ticks, unit)),
        }

    @property
    def _value_ticks(self) -> list[float]:
        """Fewer where amounts are written out, since their labels are long."""
        return self.scales.values.ticks(5 if self.scales.are_thousands else 3)

    def _labels(self, ticks: Sequence[float], unit: float) -> list[tuple[float, str]]:
        digits = 0 if all(float(tick / unit).is_integer() for tick in ticks) else 1
        return [(tick, self.words.number(tick / unit, digits)) for tick in ticks]

    def _fills(self, shown: _Shown) -> Iterable[Column]:
        yield from ("starts", "cost")
        if shown.months is not None:
            yield "months"
        if shown.values:
            yield from _MONEY

    def _months_head(self, shown: Sequence[_Shown]) -> Markup:
        first = next((row.one for row in shown if row.months is not None), None)
        if first is None:
            return Markup()
        if not self.is_one_outcome:
            return self.words.html("offer.months_own")
        about = self.brief.about(first.intervention_id).words
        return self.brief.words.html(
            "offer.months",
            months=about.text(f"months_{about.outcome}"),
            duration=self._duration(first),
        )

    def _months_unit(self, one: Offered) -> str:
        about = self.brief.about(one.intervention_id).words
        return about.text("offer.months_unit", duration=self._duration(one))

    def _duration(self, one: Offered) -> str:
        months = _follow_up(self.brief, one)
        return self.words.duration(months) if months else ""

    def _amount(self, row: Row, column: str) -> Markup:
        if not row.has(column):
            return Markup()
        return self.brief.number(row, column, Form("number", self.cost_digits))

    def _months(self, shown: _Shown) -> Markup:
        if shown.months is None:
            return Markup()
        return self.brief.number(shown.months, "difference", CHANGE_MONTHS)

    def _months_picture(self, shown: _Shown) -> Markup:
        row, scale = shown.months, self.scales.months
        if row is None:
            return Markup()
        middle = _MONTHS_HEIGHT / 2
        return marks.picture(
            marks.hair(scale(0), _MONTHS_HEIGHT, "zero"),
            *_range(row, scale, middle, "of-effect"),
            marks.dot(scale(row["difference"]), middle, "of-effect"),
            height=_MONTHS_HEIGHT,
            label="",
        )

    def _value_form(self, kind: Literal["number", "signed"]) -> Form:
        """Every value with the same digits, so that they can be held against each other."""
        largest = max(abs(self.scales.values.low), abs(self.scales.values.high))
        return Form(kind, money_digits(largest))

    def _values(self, shown: _Shown) -> tuple[ValueLine, ...]:
        form = self._value_form("signed")
        return tuple(
            ValueLine(
                name,
                self.words.text(f"offer.value_{name}"),
                self.brief.number(row, "estimate", form),
            )
            for name, row in shown.values.items()
        )

    def _value_picture(self, shown: _Shown) -> Markup:
        if not shown.values:
            return Markup()
        scale, height = self.scales.values, _LINE_HEIGHT * len(shown.values)
        drawn = [
            marks.hair(scale(tick), height, "grid" if tick else "zero")
            for tick in self._value_ticks
        ]
        for place, (name, row) in enumerate(shown.values.items()):
            middle = _LINE_HEIGHT * (place + 0.5)
            drawn += _range(row, scale, middle, f"of-{name}")
            shape = PAYER_LOOKS[name].shape
            drawn.append(marks.dot(scale(row["estimate"]), middle, f"of-{name}", shape))
        return marks.picture(*drawn, height=height, label=self._in_words(shown))

    def _in_words(self, shown: _Shown) -> str:
        """What the picture of values shows, for readers who cannot see it."""
        form = self._value_form("signed")
        return "; ".join(
            f"{self.words.text(f'offer.value_{name}')} "
            + self.brief.in_brackets(row, "estimate", form).striptags()
            for name, row in shown.values.items()
        )

    def _back(self, shown: _Shown) -> Markup:
        row = shown.back
        if row is None:
            return Markup()
        if row["return_month"] is None:
            horizon = self.brief.number(row, "horizon_months", DURATION)
            return self.words.html("offer.not_back", horizon=horizon)
        if row["return_month"] == 0:
            return self.words.html("offer.never_out")
        return self.brief.number(row, "return_month", COUNT)

    def _back_note(self, shown: _Shown) -> str:
        if shown.back is None or not shown.back["return_month"]:
            return ""
        is_likely = band_of(shown.back["probability_returns"]) in ("yes", "probably")
        return self.words.text("offer.months_back" if is_likely else "offer.months_back_unsure")

    def _verdict(self, society: Row | None) -> Markup:
        if society is None:
            return Markup()
        word = self.words.label(f"offer.pays_{band_of(society['probability_positive'])}")
        return pays(word, society, "probability_positive")


def _range(row: Row, scale: Scale, middle: float, css: str) -> list[Markup]:
    if not row.has(*RANGE):
        return []
    return [marks.span(scale(row["ci_lower"]), scale(row["ci_upper"]), middle, css)]


def _currency(shown: Sequence[_Shown]) -> str:
    rows = [row.one.offer for row in shown] + [row.society for row in shown if row.society]
    return next((row["currency"] for row in rows if row["currency"]), "")


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


def _notes(brief: Brief, ones: Sequence[Offered]) -> Iterable[Markup]:
    """Which rows show the figures of all districts together and how many starts figures of the
    district's own take; said in the first sentence where no row has its own.
    """
    borrowed = [one for one in ones if one.is_borrowed]
    if borrowed and any(one.is_own for one in ones):
        yield brief.words.html("offer.note_borrowed")
        needs = [
            brief.words.html(
                "offer.need",
                intervention=one.name,
                n_starters=brief.number(one.advice, "own_starters_needed", COUNT),
            )
            for one in borrowed
            if one.advice.get("own_starters_needed") is not None
        ]
        if needs:
            yield brief.words.html(
                "offer.note_needs", interventions=brief.words.listing_html(needs)
            )
    if any(one.scope and one.advice["figures"] == "pooled" for one in ones):
        yield brief.words.html("offer.note_pooled")
