"""Which assumed prices decide: what each of grade L moves, and what income equalisation moves
between the municipality and the state.
"""

from collections.abc import Callable

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import Form, Row, gain_form
from evalkit.report.parts.price_text import in_own_unit, parameter_name
from evalkit.report.view import NOTHING, Cell, View, cell, number, word
from evalkit.tables import CITY
from evalkit.words import inside_sentence

_ASSUMED = "L"
_SOCIETY, _DISTRICT = "society", "district"
_N_ROWS = 12


def what_assumed_prices_move(brief: Brief) -> tuple[Block, ...]:
    """Society's sums at either end of each assumed price, all interventions together, widest first;
    of an intervention of which the district's sum alone can be said, the district's. None where no
    assumed price has a range.
    """
    prices = brief.tables.rows("prices")
    assumed = {row["price"] for row in prices if row["value_grade"] == _ASSUMED}
    told = [
        row
        for row in brief.tables.rows("value_tornado", district=CITY)
        if row["parameter"] in assumed and row.has("swing")
    ]
    of_society = {row["intervention_id"] for row in told if row["perspective"] == _SOCIETY}
    rows = [
        row
        for row in told
        if row["perspective"] == (_SOCIETY if row["intervention_id"] in of_society else _DISTRICT)
    ]
    if not rows:
        return ()
    widest = sorted(rows, key=lambda row: -row["swing"])[:_N_ROWS]
    return (
        Block(
            heading=brief.words.text("prices.decisive_heading"),
            text=(brief.words.html("prices.decisive_lead"), *_equalised(brief)),
            tables=_DECISIVE.tables(brief, widest),
        ),
    )


def _equalised(brief: Brief) -> tuple[Markup, ...]:
    """What income equalisation takes per start: a transfer, which no sum of society's shows."""
    taken = [
        Markup("{} ({})").format(
            inside_sentence(brief.words.label(row["intervention_id"])),
            brief.number(row, "estimate", gain_form(row)),
        )
        for row in brief.tables.rows("value_municipality", district=CITY, measure="equalised")
        if row.has("estimate") and row["estimate"]
    ]
    if not taken:
        return ()
    return (brief.words.html("prices.decisive_equalised", amounts=brief.words.listing_html(taken)),)


def _own(column: str) -> Callable[[Brief, Row], Cell]:
    def write(brief: Brief, row: Row) -> Cell:
        return in_own_unit(brief, row, column) if row.has(column) else NOTHING

    return write


def _swing_form(row: Row) -> Form:
    return gain_form(row, "value_at_low", "value_at_high")


_DECISIVE = View(
    "value_tornado",
    "prices.decisive_caption",
    "prices",
    (
        cell("parameter", parameter_name, "parameter"),
        word("intervention_id", head="decisive_intervention"),
        cell("decisive_value", _own("value"), "value"),
        cell("decisive_low", _own("low"), "low"),
        cell("decisive_high", _own("high"), "high"),
        word("perspective", head="decisive_whose"),
        number("value_at_low", _swing_form, head="decisive_at_low"),
        number("value_at_high", _swing_form, head="decisive_at_high"),
    ),
    is_open=True,
)
