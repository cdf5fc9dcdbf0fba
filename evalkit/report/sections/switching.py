"""What a value hangs on: the prices that move society's sum most, and at which it becomes zero."""

from markupsafe import Markup

from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import COUNT, Form, Row, gain_form
from evalkit.report.sections.effects import Effect
from evalkit.report.sections.prices import price_name, price_unit
from evalkit.report.view import NOTHING, Cell, View, cell, number
from evalkit.words import inside_sentence

_N_TORNADO = 6
_MONTHS = "months"


def tornado_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """Society's sum at the low and the high value of the prices that move it most."""
    return _TORNADO.tables(brief, _tornado_rows(brief, effect))


def switching_points(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """The switching values in words: at which price the sum for society becomes zero."""
    return tuple(
        brief.words.html(
            "value_time.switch_sentence",
            value=_in_own_unit(brief, row, "switching_value"),
            parameter=inside_sentence(_parameter(brief, row)),
            now=_in_own_unit(brief, row, "value"),
        )
        for row in _tornado_rows(brief, effect)
        if row.has("switching_value", "value")
    )


def _tornado_rows(brief: Brief, effect: Effect) -> list[Row]:
    rows = [row for row in brief.tables.rows("value_tornado", **effect.keys) if row.has("swing")]
    return sorted(rows, key=lambda row: -row["swing"])[:_N_TORNADO]


def _parameter(brief: Brief, row: Row) -> str:
    """The price's own name; the effect has its word."""
    price = brief.tables.row("prices", price=row["parameter"])
    return price_name(brief, price) if price else brief.words.label(row["parameter"])


def _in_own_unit(brief: Brief, row: Row, column: str) -> Markup:
    """A value in its price's own unit: shares as per cent, amounts of money, months; the effect as
    a multiple.
    """
    price = brief.tables.row("prices", price=row["parameter"])
    if price is None:
        return brief.number(row, column, Form("number", 2))
    if price["unit"] == _MONTHS:
        return brief.number(row, column, COUNT, unit=price_unit(brief, price))
    if price.has("currency"):
        return brief.number(
            row, column, Form("money", 0 if abs(row[column]) < 1000 else -2, price["currency"])
        )
    return brief.number(row, column, Form("percent", 0 if abs(row[column]) >= 0.1 else 1))


def _switching_value(brief: Brief, row: Row) -> Cell:
    if not row.has("switching_value"):
        return NOTHING
    return _in_own_unit(brief, row, "switching_value")


def _swing_form(row: Row) -> Form:
    return gain_form(row, "value_at_low", "value_at_high")


_TORNADO = View(
    "value_tornado",
    "value_time.tornado_caption",
    "value_time",
    (
        cell("parameter", _parameter, "parameter"),
        number("value_at_low", _swing_form, head="at_low"),
        number("value_at_high", _swing_form, head="at_high"),
        cell("switching", _switching_value, "switching_value"),
    ),
)
