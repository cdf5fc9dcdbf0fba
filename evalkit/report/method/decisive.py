"""The assumed values that decide: what each price or rate of source grade L moves, and what income
equalisation moves between the municipality and the state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.numbers import Row, gain_form, money_form
from evalkit.report.parts.price_text import in_own_unit, kept_of_new_tax, parameter_name
from evalkit.report.view import NOTHING, Cell, View, cell
from evalkit.tables import CITY
from evalkit.words import inside_sentence

_ASSUMED = "L"
# In the order of columns: whose sums the table value_tornado tells.
_PERSPECTIVES = ("society", "municipality", "district")


@dataclass(frozen=True)
class _Assumed:
    """An assumed price, and of each perspective the row of value_tornado in which it moves most."""

    price: Row
    moved: Mapping[str, Row]

    @property
    def any_row(self) -> Row:
        """A row with its value and range, which are the same for all."""
        return next(iter(self.moved.values()))

    @property
    def swing(self) -> float:
        """The most that it moves anybody's sum."""
        return max(row["swing"] for row in self.moved.values())


def what_decides(brief: Brief) -> Section | None:
    """The assumed prices and rates that move a sum of all districts together, those that move most
    first; None where nothing is valued.
    """
    swings = [row for row in brief.tables.rows("value_tornado", district=CITY) if row.has("swing")]
    if not swings:
        return None
    words, assumed = brief.words, _assumed(brief, swings)
    heading = words.text("decisive.heading")
    if not assumed:
        return Section("decisive", heading, (words.html("decisive.none"),))
    text = (
        words.html("decisive.reading", grade=_ASSUMED),
        *_equalised(brief),
        *kept_of_new_tax(brief),
    )
    block = Block(text=text, tables=_VIEW.tables(brief, assumed))
    return Section("decisive", heading, (_lead(brief, assumed[0]),), (block,))


def _assumed(brief: Brief, swings: Sequence[Row]) -> list[_Assumed]:
    prices = {
        row["price"]: row
        for row in brief.tables.rows("prices")
        if row.has("value") and row["value_grade"] == _ASSUMED
    }
    moved: dict[str, dict[str, Row]] = {}
    for row in sorted(swings, key=lambda row: -row["swing"]):
        if row["parameter"] in prices and row["swing"]:
            moved.setdefault(row["parameter"], {}).setdefault(row["perspective"], row)
    assumed = [_Assumed(prices[name], rows) for name, rows in moved.items()]
    return sorted(assumed, key=lambda one: (-one.swing, one.price["price"]))


def _lead(brief: Brief, most: _Assumed) -> Markup:
    """Which assumption moves most, and whose sum."""
    whose = max(most.moved, key=lambda name: most.moved[name]["swing"])
    return brief.words.html(
        "decisive.lead",
        parameter=inside_sentence(parameter_name(brief, most.any_row)),
        perspective=brief.words.text(whose),
        swing=_swing(brief, most.moved[whose]),
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
    return (brief.words.html("decisive.equalised", amounts=brief.words.listing_html(taken)),)


def _swing(brief: Brief, row: Row) -> Markup:
    return brief.number(row, "swing", money_form(row, "swing"))


def _moves(perspective: str):
    """The cell of a perspective: how much it moves, and in which intervention."""

    def write(brief: Brief, one: _Assumed) -> Cell:
        row = one.moved.get(perspective)
        if row is None:
            return NOTHING
        if len(brief.protocols) < 2:
            return _swing(brief, row)
        return brief.words.html(
            "decisive.moves",
            swing=_swing(brief, row),
            intervention=brief.words.text(row["intervention_id"]),
        )

    return cell(f"decisive.{perspective}", write, "swing")


def _value(brief: Brief, one: _Assumed) -> Cell:
    return in_own_unit(brief, one.any_row, "value")


def _range(brief: Brief, one: _Assumed) -> Cell:
    """Between which ends it was varied; a half-life has no end where an effect may stay."""
    ends = [
        in_own_unit(brief, one.any_row, name)
        if one.any_row.has(name)
        else brief.words.html("decisive.no_end")
        for name in ("low", "high")
    ]
    return brief.words.html("unit.range", low=ends[0], high=ends[1])


_VIEW = View(
    "value_tornado",
    "decisive.caption",
    "decisive",
    (
        cell("assumption", lambda brief, one: parameter_name(brief, one.any_row), "parameter"),
        cell("value", _value, "value"),
        cell("range", _range, "low", "high"),
        *(_moves(perspective) for perspective in _PERSPECTIVES),
        cell("grade", lambda brief, one: one.price["value_grade"]),
        cell("source", lambda brief, one: brief.words.price_source(one.price.values)),
    ),
    is_open=True,
)
