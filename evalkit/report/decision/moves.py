"""What moves if money moves: starts and money now and as planned, what that gives, and what further
money and shared places would give.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, offered
from evalkit.report.decision.unseen import unseen
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale, axis, dot, picture, scale_over, span
from evalkit.report.parts.numbers import COUNT, MILLION, Form, Row
from evalkit.report.view import link_to
from evalkit.tables import CITY
from evalkit.words import capitalise

# More interventions than these do not fit beside each other; those whose money moves most stand.
MOST_COLUMNS = 6
# Plans cost the same where they differ by less than this share, as whole starts make them do.
_SAME_COST = 0.01
_DIGITS, _MILLIONS = 3, 6
_HEIGHT = 22
_GOES_ON = ("expand", "keep")
_STARTS = ("n_starts_now", "n_starts_planned")
_COSTS = ("cost_now", "cost_planned")


@dataclass(frozen=True)
class Move:
    """What moves of an intervention, as it is written: its starts and its money a year, now and as
    planned, and what the move gives society a year.
    """

    name: str
    picture: Markup
    starts: Markup
    money: Markup
    added: Markup


def what_moves(brief: Brief) -> Part:
    """The plan on the districts' own places beside today's use; a sentence where there is no plan
    or nothing to move.
    """
    words = brief.words
    plans = {row["plan"]: row for row in brief.tables.rows("allocation_plans") if row.has("value")}
    now, plan = plans.get("now"), plans.get("own_places")
    if now is None or plan is None:
        why = "unseen.no_plan" if unseen(brief, offered(brief)) else "moves.none"
        return Part("moves", words.text("moves.heading"), words.html(why))
    if not plan["n_starts"]:
        return Part("moves", words.text("moves.heading"), words.html("moves.nothing_gains"))
    moved = _moved(brief)
    body = render(
        "decision/moves.html.j2",
        words=words,
        reading=_reading(brief, moved, plan["currency"]),
        axis=_axis(brief, moved) if moved else "",
        moves=_moves(brief, moved),
        names=[capitalise(one.name) for one, _ in moved],
        districts=_by_district(brief, moved),
        sentences=[
            sentence
            for sentence in (
                _further_money(brief),
                _shared_places(brief, plan, plans.get("shared_places")),
                _bad_outcome(brief, plan),
            )
            if sentence
        ],
    )
    return Part("moves", _heading(brief, now, plan), body)


def _heading(brief: Brief, now: Row, plan: Row) -> Markup:
    """What the plan gives society beside today's use, and whether at the same cost."""
    form = _form([now, plan], ("value",))
    worth = {name: brief.number(row, "value", form) for name, row in (("now", now), ("best", plan))}
    if plan["value"] <= now["value"]:
        return brief.words.html("moves.heading_none_better", **worth)
    is_same = abs(plan["cost"] - now["cost"]) <= _SAME_COST * abs(now["cost"])
    return brief.words.html(f"moves.heading_{'same' if is_same else 'other'}_money", **worth)


def _reading(brief: Brief, moved: Sequence[tuple[Offered, Row]], currency: str) -> tuple[str, ...]:
    """What is counted, and why an intervention may get less money though its advice is to go on."""
    words = brief.words
    if not moved:
        return ()
    symbol = words.currency(currency)
    counted = words.text(
        "moves.reading",
        horizon=words.duration(brief.run.params.value.horizon_months),
        unit=words.text("moves.millions", currency=symbol) if _are_millions(moved) else symbol,
    )
    is_cut = any(_change(row) < 0 and one.advice["advice"] in _GOES_ON for one, row in moved)
    return (counted, words.text("moves.less_for_more")) if is_cut else (counted,)


def _moved(brief: Brief) -> list[tuple[Offered, Row]]:
    """The interventions that start anybody now or as planned, for all districts together; those
    whose money moves most first.
    """
    by_intervention = {
        row["intervention_id"]: row
        for row in brief.tables.rows("allocation_moves", district=CITY)
        if row.has(*_STARTS, *_COSTS) and any(row[column] for column in _STARTS)
    }
    moved = [
        (one, by_intervention[one.intervention_id])
        for one in offered(brief)
        if one.intervention_id in by_intervention
    ]
    return sorted(moved, key=lambda pair: -abs(_change(pair[1])))[:MOST_COLUMNS]


def _change(row: Row) -> float:
    return row["cost_planned"] - row["cost_now"]


def _moves(brief: Brief, moved: Sequence[tuple[Offered, Row]]) -> list[Move]:
    rows = [row for _, row in moved]
    money, gain = (
        _bare(rows, columns, are_millions=_are_millions(moved))
        for columns in (_COSTS, ("added_value",))
    )
    scale = _scale(moved)
    return [
        Move(
            capitalise(one.name),
            _dumbbell(row, scale),
            _from_to(brief, row, _STARTS, COUNT),
            _from_to(brief, row, _COSTS, money),
            brief.in_brackets(row, "added_value", gain),
        )
        for one, row in moved
    ]


def _from_to(brief: Brief, row: Row, columns: tuple[str, str], form: Form) -> Markup:
    now, planned = (brief.number(row, column, form) for column in columns)
    return brief.words.html("moves.from_to", now=now, planned=planned)


def _scale(moved: Sequence[tuple[Offered, Row]]) -> Scale:
    costs = [row[column] for _, row in moved for column in _COSTS]
    return scale_over(costs, step=10.0 ** max(0, _magnitude(costs)))


def _axis(brief: Brief, moved: Sequence[tuple[Offered, Row]]) -> Markup:
    scale, unit = _scale(moved), MILLION if _are_millions(moved) else 1.0
    digits = 0 if scale.high >= unit else 1
    return axis(
        scale, [(value, brief.words.number(value / unit, digits)) for value in scale.ticks(4)]
    )


def _dumbbell(row: Row, scale: Scale) -> Markup:
    now, planned = (scale(row[column]) for column in _COSTS)
    y = _HEIGHT / 2
    marks = (
        span(0, 100, y, "track"),
        span(min(now, planned), max(now, planned), y, "of-effect"),
        dot(now, y, "of-effect hollow"),
        dot(planned, y, "of-effect"),
    )
    return picture(*marks, height=_HEIGHT, label="")


def _by_district(
    brief: Brief, moved: Sequence[tuple[Offered, Row]]
) -> list[tuple[Markup, str, list[tuple[Markup, Markup, float | None]]]]:
    """For each district its starts now and as planned of each intervention, and what the move
    gives.
    """
    if len(brief.run.params.districts) < 2 or not moved:
        return []
    rows = {
        (row["district"], row["intervention_id"]): row
        for row in brief.tables.rows("allocation_moves")
    }
    form = _bare(rows.values(), ("added_value",), are_millions=_are_millions(moved))

    def cell(district: str, one: Offered) -> tuple[Markup, Markup, float | None]:
        row = rows.get((district, one.intervention_id))
        if row is None:
            return Markup("–"), Markup(""), None
        if not row.has(*_STARTS):
            return brief.number(row, "n_starts_now", COUNT), Markup(""), None
        starts = _from_to(brief, row, _STARTS, COUNT)
        change = row["n_starts_planned"] - row["n_starts_now"]
        return starts, brief.in_brackets(row, "added_value", form), change

    return [
        (link_to(brief, name), name, [cell(name, one) for one, _ in moved])
        for name in brief.run.params.districts
    ]


def _further_money(brief: Brief) -> Markup | None:
    """What the largest further amount of money gives society."""
    rows = [
        row
        for row in brief.tables.rows("allocation_returns")
        if row.has("added_value") and row["free_budget"]
    ]
    if not rows:
        return None
    most = max(rows, key=lambda row: row["free_budget"])
    gain = _form([most], ("added_value", "ci_lower", "ci_upper"))
    limits = brief.range_of(most, gain)
    return brief.words.html(
        f"moves.further{'_in_range' if limits else ''}",
        further=brief.number(most, "free_budget", _further_form(most)),
        added=brief.number(most, "added_value", gain),
        range=limits,
    )


def _further_form(row: Row) -> Form:
    """The further money to the last figure that is not nought: it is a round sum."""
    amount, currency = row["free_budget"], row["currency"]
    if amount < MILLION:
        return Form("money", 0, currency)
    digits = next(
        (
            digits
            for digits in range(_DIGITS)
            if round(amount / MILLION, digits) * MILLION == amount
        ),
        _DIGITS - 1,
    )
    return Form("millions", digits, currency)


def _shared_places(brief: Brief, own: Row, shared: Row | None) -> Markup | None:
    """What it gives that districts use each other's places; that it gives nothing where both plans
    are worth the same as they are written.
    """
    if shared is None:
        return None
    form = _form([own, shared], ("value",))
    step = (MILLION if form.kind == "millions" else 1) * 10.0**-form.digits
    if shared["value"] - own["value"] < step:
        return brief.words.html("moves.sharing_nothing")
    return brief.words.html(
        "moves.sharing",
        shared=brief.number(shared, "value", form),
        own=brief.number(own, "value", form),
    )


def _bad_outcome(brief: Brief, plan: Row) -> Markup | None:
    """What the plan gives in the worst outcomes."""
    if not plan.has("downside"):
        return None
    form = _form([plan], ("value", "downside"))
    return brief.words.html(
        "moves.downside",
        share=brief.words.percent(brief.run.params.allocation.downside_level),
        downside=brief.number(plan, "downside", form),
        value=brief.number(plan, "value", form),
    )


def _form(rows: Iterable[Row], columns: Sequence[str]) -> Form:
    """Money with three figures of the largest amount in these columns, from a million on in
    millions.
    """
    rows = list(rows)
    amounts = _amounts(rows, columns)
    currency = next((row["currency"] for row in rows if row.get("currency")), "")
    digits = _DIGITS - 1 - _magnitude(amounts)
    if _magnitude(amounts) >= _MILLIONS:
        return Form("millions", max(0, digits + _MILLIONS), currency)
    return Form("money", min(0, digits), currency)


def _bare(rows: Iterable[Row], columns: Sequence[str], *, are_millions: bool) -> Form:
    """The same without currency, in the unit that stands above the table."""
    digits = _DIGITS - 1 - _magnitude(_amounts(rows, columns))
    if are_millions:
        return Form("in_millions", min(max(0, digits + _MILLIONS), _DIGITS - 1))
    return Form("number", min(0, digits))


def _are_millions(moved: Sequence[tuple[Offered, Row]]) -> bool:
    """Whether the money of the moves is told in millions."""
    return _magnitude(_amounts([row for _, row in moved], _COSTS)) >= _MILLIONS


def _amounts(rows: Iterable[Row], columns: Sequence[str]) -> list[float]:
    return [row[column] for row in rows for column in columns if row.get(column) is not None]


def _magnitude(amounts: Sequence[float]) -> int:
    """The power of ten of the largest amount."""
    size = max((abs(amount) for amount in amounts), default=0)
    return math.floor(math.log10(size)) if size >= 1 else 0
