"""What to do next: at most three things, each with what it costs and gives. They follow from
published tables: the plan (allocation_moves), the advice and its trials, and the shared purse.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, divided_purse_of, value_of
from evalkit.report.decision.turns import turns, worth_knowing
from evalkit.report.decision.unseen import unseen
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, DURATION, MILLION, RANGE, SHARE, Form, Row
from evalkit.report.view import link_to_method
from evalkit.vocabulary import LIKELY, band_of
from evalkit.words import money_digits

_MAX_THINGS = 3
_COUNTING_DIGITS = 2
_WORTH_KEEPING = ("expand", "keep")
# A plan that changes starts by less than half a start a year changes nothing.
_HALF_A_START = 0.5


@dataclass(frozen=True)
class Thing:
    """One thing to do: in a few words, and what it takes and gives."""

    kind: str
    intervention_id: str
    title: Markup
    text: Markup


@dataclass(frozen=True)
class DoNow:
    """What to do, or that there is nothing; whose figures it rests on where only some are the
    district's own; what would change the advice, and what is most worth knowing.
    """

    things: tuple[Thing, ...]
    nothing: Markup | str
    basis: Markup | str
    turns: tuple[Markup, ...]
    worth_knowing: Markup | str


def do_now(brief: Brief, ones: Sequence[Offered]) -> DoNow:
    """What to do next, from what is offered.

    Parameters
    ----------
    brief : Brief
        The page.
    ones : sequence of Offered
        What is offered, as `offered` orders it.
    """
    things = tuple(_Plan(brief, ones).things())
    by_id = {one.intervention_id: one for one in ones}
    is_borrowed = any(by_id[thing.intervention_id].is_borrowed for thing in things)
    return DoNow(
        things,
        "" if things else brief.words.html(_why_nothing(brief, ones)),
        brief.words.html("now.of_all") if is_borrowed and any(one.is_own for one in ones) else "",
        tuple(turns(brief, ones)),
        worth_knowing(brief, ones),
    )


def _why_nothing(brief: Brief, ones: Sequence[Offered]) -> str:
    """The key of the sentence that there is nothing to do."""
    if any(one.advice["probability_society"] is not None for one in ones):
        return "now.nothing"
    return "unseen.nothing" if unseen(brief, ones) else "now.nothing_known"


@dataclass(frozen=True)
class _Plan:
    brief: Brief
    ones: Sequence[Offered]

    def things(self) -> list[Thing]:
        """What is most urgent, at most three things; where there is room, also the second of what
        there should be more of.
        """
        more = list(self._more())
        told = [
            *more[:1],
            *islice(self._less(), 1),
            *islice(self._try_out(), 1),
            *islice(self._divide(), 1),
        ][:_MAX_THINGS]
        if more and len(told) < _MAX_THINGS:
            told[1:1] = more[1:2]
        return told

    def _more(self) -> Iterator[Thing]:
        """More of what is to be expanded: as the plan has it, that which gives most first; then by
        the start. What the plan has less of stands back, unless nothing else is to be expanded.
        """
        plan = self._by_id()
        expanded = self._advised("expand")
        planned = [
            (plan[one.intervention_id]["added_value"], one)
            for one in expanded
            if one.intervention_id in plan and _is_more(plan[one.intervention_id])
        ]
        for _, one in sorted(planned, key=lambda pair: -pair[0]):
            row = plan[one.intervention_id]
            yield self._thing("more", one, self._moved(row, f"now.more_text{_probably(row)}"))
        others = [one for one in expanded if one not in [other for _, other in planned]]
        unlike_plan = [one for one in others if _has_less(plan.get(one.intervention_id))]
        stand_back = () if len(unlike_plan) == len(expanded) else unlike_plan
        for one in others:
            if one not in stand_back:
                yield from self._by_the_start(one)

    def _by_the_start(self, one: Offered) -> Iterator[Thing]:
        society = value_of(self.brief, one, "society")
        if society is not None and one.offer.has("cost"):
            text = self.brief.words.html(
                f"now.expand_text{_probably(society)}",
                cost=self._number(one.offer, "cost"),
                value=self._with_range(society, "estimate"),
                horizon=self.brief.number(society, "horizon_months", DURATION),
            )
            yield self._thing("more", one, text)

    def _less(self) -> Iterator[Thing]:
        """Less of what is to end; else of what the plan takes most money from, where that pays for
        more of what is to be expanded. Nothing is taken from what is to be expanded or kept: what
        the same money could do stands on the city's page.
        """
        stopped = self._advised("stop")
        for one in sorted(stopped, key=lambda one: -(one.offer["n_starts"] or 0.0)):
            society = value_of(self.brief, one, "society")
            if society is not None:
                text = self.brief.words.html(
                    f"now.stop_text{_probably(society)}",
                    starts=self.brief.number(one.offer, "n_starts", COUNT),
                    value=self._with_range(society, "estimate"),
                    horizon=self.brief.number(society, "horizon_months", DURATION),
                )
                yield self._thing("stop", one, text)
        plan = self._by_id()
        buys = any(
            one.intervention_id in plan and _is_more(plan[one.intervention_id])
            for one in self._advised("expand")
        )
        moves = [
            (one, plan[one.intervention_id])
            for one in self.ones
            if buys
            and one.advice["advice"] not in _WORTH_KEEPING
            and one.intervention_id in plan
            and _has_less(plan[one.intervention_id])
        ]
        for one, row in sorted(moves, key=lambda move: _freed(move[1]), reverse=True):
            yield self._thing("less", one, self._moved(row, "now.less_text"))

    def _try_out(self) -> Iterator[Thing]:
        """A trial of what is to be tried out, where one was sized; else what certainty is worth."""
        brief = self.brief
        how = link_to_method(brief, "trials")
        for one in self._advised("try_out"):
            advice = one.advice
            worth = "trial_worth" if advice.get("trial_persons") else "worth_of_knowing"
            if advice.get(worth) is None:
                continue
            size = (
                {
                    "persons": brief.number(advice, "trial_persons", COUNT),
                    "months": brief.number(advice, "trial_months", COUNT),
                }
                if worth == "trial_worth"
                else {}
            )
            text = brief.words.html(
                f"now.try_text{'' if size else '_unsized'}",
                worth=brief.number(advice, worth, _rounded(advice, worth)),
                **size,
            )
            text += Markup(" {}").format(brief.words.html("now.try_how", method=how))
            yield self._thing("try_out", one, text)

    def _divide(self) -> Iterator[Thing]:
        """The price of what the district loses most on, divided as the public gain is."""
        losing = []
        for one in self.ones:
            district = value_of(self.brief, one, "district")
            purse = divided_purse_of(self.brief, one)
            if purse is not None and district is not None and district["estimate"] < 0:
                losing.append((district["estimate"], one, purse))
        for _, one, purse in sorted(losing, key=lambda item: item[0]):
            form = self._form(purse, "paid_now", "paid_proposed")
            text = self.brief.words.html(
                "now.divide_text",
                intervention=one.name,
                price=self.brief.number(purse, "paid_now", form),
                share=self.brief.number(purse, "gain_share", SHARE),
                proposed=self.brief.number(purse, "paid_proposed", form),
            )
            yield self._thing("divide", one, text)

    def _advised(self, advice: str) -> list[Offered]:
        return [one for one in self.ones if one.advice["advice"] == advice]

    def _by_id(self) -> dict[str, Row]:
        """What the plan changes here, of each intervention whose own figures it may rest on."""
        needed = (
            *("n_starts_now", "n_starts_planned", "cost_now", "cost_planned", "added_value"),
            "probability_positive",
        )
        own = {one.intervention_id for one in self.ones if one.is_own}
        return {
            row["intervention_id"]: row
            for row in self.brief.tables.rows("allocation_moves", district=self.brief.district)
            if row["intervention_id"] in own and row.has(*needed)
        }

    def _thing(self, kind: str, one: Offered, text: Markup) -> Thing:
        title = self.brief.words.html(f"now.{kind}", intervention=one.name)
        return Thing(kind, one.intervention_id, title, text)

    def _moved(self, row: Row, key: str) -> Markup:
        brief = self.brief
        cost = _rounded(row, "cost_now", "cost_planned")
        value = _rounded(row, "added_value", *RANGE)
        return brief.words.html(
            key,
            horizon=brief.words.duration(brief.run.params.value.horizon_months),
            starts_now=brief.number(row, "n_starts_now", COUNT),
            starts_planned=brief.number(row, "n_starts_planned", COUNT),
            cost_now=brief.number(row, "cost_now", _bare(cost, row["cost_now"])),
            cost_planned=brief.number(row, "cost_planned", _whole(cost, row["cost_planned"])),
            value=brief.in_brackets(row, "added_value", value, ends_as=_bare(value)),
        )

    def _form(self, row: Row, *columns: str) -> Form:
        return Form("money", money_digits(*(row.get(name) for name in columns)), row["currency"])

    def _number(self, row: Row, column: str) -> Markup:
        return self.brief.number(row, column, self._form(row, column))

    def _with_range(self, row: Row, column: str) -> Markup:
        form = self._form(row, column, *RANGE)
        return self.brief.in_brackets(row, column, form, ends_as=Form("number", form.digits))


def _whole(form: Form, value: float) -> Form:
    """The form of a value; nothing has no decimals."""
    return form if value else replace(form, digits=min(form.digits, 0))


def _bare(form: Form, value: float = 1.0) -> Form:
    """The same without the currency, where another amount names it."""
    kind = "in_millions" if form.kind == "millions" else "number"
    return replace(_whole(form, value), kind=kind, currency="")


def _is_more(row: Row) -> bool:
    """Whether the plan has more starts, and society probably gains by it."""
    return (
        row["n_starts_planned"] - row["n_starts_now"] >= _HALF_A_START
        and row["probability_positive"] >= LIKELY
    )


def _has_less(row: Row | None) -> bool:
    return row is not None and row["n_starts_now"] - row["n_starts_planned"] >= _HALF_A_START


def _probably(row: Row) -> str:
    """The end of a text's key where the band of a row's probability is not sure."""
    return "_probably" if band_of(row["probability_positive"]) not in ("yes", "no") else ""


def _freed(row: Row) -> float:
    return row["cost_now"] - row["cost_planned"]


def _rounded(row: Row, column: str, *others: str) -> Form:
    """A sum of many starts with two digits that count; in millions where it or one of the other
    columns, written beside it, is a million or more.
    """
    size = abs(row[column])
    largest = max(abs(row[name] or 0.0) for name in (column, *others))
    if largest >= MILLION:
        return Form("millions", 0 if size >= 10 * MILLION else 1, row["currency"])
    digits = _COUNTING_DIGITS - 1 - math.floor(math.log10(size or 1))
    return Form("money", min(0, digits), row["currency"])
