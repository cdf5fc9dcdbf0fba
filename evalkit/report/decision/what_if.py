"""What if: the value of a start under assumptions that the reader changes, computed in the page
from the table value_levers; without scripts and on paper, a table of some cases.
"""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from evalkit.report.decision.lever_data import LEVER_PAYERS, LEVERS, lever_data
from evalkit.report.decision.offered import Offered, value_of, valued
from evalkit.report.decision.panels import linked, origins, others_named
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.numbers import DURATION, Row, gain_form
from evalkit.report.parts.price_text import in_own_unit
from evalkit.words import capitalise

# More columns than this do not fit beside each other on paper.
_MOST_COLUMNS = 4
# By the unit of their price: what the cases of the method change.
_HALF_LIFE, _RATE = "months", "share per year"


class _Case(NamedTuple):
    """A row of the table of cases: what is changed, and each intervention's number."""

    name: Markup
    numbers: tuple[Markup, ...]


def what_if(brief: Brief) -> Part | None:
    """Six levers, the new value with its range, how sure it is and what would be advised; and a
    table of cases. None where nothing is valued; what is compared with another intervention has
    no advice that could change.
    """
    ones = [one for one in valued(brief) if one.advice.has("horizon_months")]
    if not ones:
        return None
    shown, currency = ones[:_MOST_COLUMNS], brief.words.currency(ones[0].advice["currency"])
    beside, of_all = origins(brief, ones, "what_if")
    body = render(
        "decision/what_if.html.j2",
        words=brief.words,
        levers=[
            (name, brief.words.text(f"what_if.{name}", **_in(name, currency))) for name in LEVERS
        ],
        payers=[(payer, capitalise(brief.words.label(payer))) for payer in LEVER_PAYERS],
        data=lever_data(brief, ones),
        of_all=of_all,
        heads=[
            (linked(brief, one, is_label=True), beside.get(one.intervention_id, ""))
            for one in shown
        ],
        cases=_cases(brief, shown),
        others=others_named(brief, ones[_MOST_COLUMNS:]),
    )
    return Part("what_if", brief.words.text("what_if.heading"), body)


def _in(lever: str, currency: str) -> dict[str, str]:
    return {"currency": currency} if lever == "price" else {}


def _cases(brief: Brief, ones: Sequence[Offered]) -> list[_Case]:
    """The page's value and what it would be in some cases, where an intervention has a number."""
    half_life = [_tornado_row(brief, one, _HALF_LIFE) for one in ones]
    rate = [_tornado_row(brief, one, _RATE) for one in ones]
    page, observed = (
        [value_of(brief, one, "society", part) for one in ones] for part in ("total", "observed")
    )
    displaced = {
        scenario: [_displaced(brief, one, scenario) for one in ones]
        for scenario in ("zero", "high")
    }
    advice = ones[0].advice
    is_projected = advice["followed_months"] != advice["horizon_months"]
    months = brief.number(advice, "followed_months", DURATION)
    cases = [
        _case(brief, "page", page),
        *(_case(brief, scenario, rows) for scenario, rows in displaced.items()),
        _case(brief, "half_life", half_life, "value_at_low", **_ends(brief, half_life, "low")),
        _case(brief, "rate", rate, "value_at_high", **_ends(brief, rate, "high")),
        *([_case(brief, "observed", observed, months=months)] if is_projected else []),
    ]
    return [case for case in cases if case is not None]


def _case(
    brief: Brief,
    name: str,
    rows: Sequence[Row | None],
    column: str = "estimate",
    **values: Markup,
) -> _Case | None:
    if not any(row is not None and row.has(column) for row in rows):
        return None
    numbers = tuple(
        brief.number(row, column, gain_form(row, column)) if row is not None else Markup("")
        for row in rows
    )
    return _Case(brief.words.html(f"what_if.case_{name}", **values), numbers)


def _displaced(brief: Brief, one: Offered, scenario: str) -> Row | None:
    return brief.tables.row(
        "value_displacement", displacement=scenario, perspective="society", **one.keys
    )


def _tornado_row(brief: Brief, one: Offered, unit: str) -> Row | None:
    """The row of the tornado that varies the price of a unit: the rate, or the half-life."""
    prices = {price["price"] for price in brief.tables.rows("prices", unit=unit)}
    rows = brief.tables.rows("value_tornado", perspective="society", **one.keys)
    return next((row for row in rows if row["parameter"] in prices), None)


def _ends(brief: Brief, rows: Sequence[Row | None], end: str) -> dict[str, Markup]:
    """The end that a price is moved to, and where it stands."""
    row = next((row for row in rows if row is not None and row.has(end, "value")), None)
    if row is None:
        return {"to": Markup(""), "now": Markup("")}
    return {"to": in_own_unit(brief, row, end), "now": in_own_unit(brief, row, "value")}
