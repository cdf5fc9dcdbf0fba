"""What a value hangs on: the prices that move society's sum most, and at which it becomes zero; of
an effect of which the district's sum alone can be said, those that move that.
"""

from markupsafe import Markup

from evalkit.report.evidence.effects import Effect
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import Form, Row, gain_form
from evalkit.report.parts.price_text import in_own_unit, parameter_name
from evalkit.report.view import NOTHING, Cell, View, cell, number
from evalkit.words import inside_sentence

_N_TORNADO = 6
_SOCIETY, _DISTRICT = "society", "district"


def tornado_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The sum at the low and the high value of the prices that move it most."""
    rows = _tornado_rows(brief, effect)
    whose = rows[0]["perspective"] if rows else _SOCIETY
    return _TORNADO[whose].tables(brief, rows)


def switching_points(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """The switching values in words: at which price the sum becomes zero."""
    return tuple(
        brief.words.html(
            _SWITCHES[row["perspective"]],
            value=in_own_unit(brief, row, "switching_value"),
            parameter=inside_sentence(parameter_name(brief, row)),
            now=in_own_unit(brief, row, "value"),
        )
        for row in _tornado_rows(brief, effect)
        if row.has("switching_value", "value")
    )


def _tornado_rows(brief: Brief, effect: Effect) -> list[Row]:
    told = [row for row in brief.tables.rows("value_tornado", **effect.keys) if row.has("swing")]
    of_society = [row for row in told if row["perspective"] == _SOCIETY]
    rows = of_society or [row for row in told if row["perspective"] == _DISTRICT]
    return sorted(rows, key=lambda row: -row["swing"])[:_N_TORNADO]


def _switching_value(brief: Brief, row: Row) -> Cell:
    if not row.has("switching_value"):
        return NOTHING
    return in_own_unit(brief, row, "switching_value")


def _swing_form(row: Row) -> Form:
    return gain_form(row, "value_at_low", "value_at_high")


_SWITCHES = {_SOCIETY: "value_time.switch_sentence", _DISTRICT: "unseen.switch_sentence"}
_TORNADO = {
    whose: View(
        "value_tornado",
        caption,
        "value_time",
        (
            cell("parameter", parameter_name, "parameter"),
            number("value_at_low", _swing_form, head="at_low"),
            number("value_at_high", _swing_form, head="at_high"),
            cell("switching", _switching_value, "switching_value"),
        ),
    )
    for whose, caption in (
        (_SOCIETY, "value_time.tornado_caption"),
        (_DISTRICT, "unseen.tornado_caption"),
    )
}
