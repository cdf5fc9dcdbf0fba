"""The prices that all values rest on, with their grades and sources, and which are assumed."""

from markupsafe import Markup

from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.numbers import YEAR, Form, Row, interval
from evalkit.report.parts.price_text import price_name, price_unit
from evalkit.report.view import NOTHING, Cell, View, cell, number, plain
from evalkit.words import inside_sentence


def prices_behind(brief: Brief) -> Section:
    """Every price with its value, its limits, its unit, grade and source; or that there is none."""
    words, prices = brief.words, brief.tables.rows("prices")
    heading = words.text("prices.heading")
    if not prices:
        return Section("prices", heading, (words.html("prices.none"),))
    return Section(
        "prices",
        heading,
        (words.html("prices.lead"),),
        (
            Block(
                text=(_assumed_in_words(brief, prices), *_carried_in_words(brief, prices)),
                tables=_PRICES.tables(brief, prices),
            ),
        ),
    )


def _assumed_in_words(brief: Brief, prices: list[Row]) -> Markup:
    """Which prices are of grade L: none, all, or by name."""
    words = brief.words
    assumed = [
        inside_sentence(price_name(brief, row)) for row in prices if row["value_grade"] == "L"
    ]
    if not assumed:
        return words.html("prices.all_sourced")
    if len(assumed) == len(prices):
        return words.html("value_page.grade_l_all")
    return words.html("value_page.grade_l", prices=words.listing(assumed, separator=";"))


def _carried_in_words(brief: Brief, prices: list[Row]) -> tuple[Markup, ...]:
    """Which prices stand on a value of an earlier year, carried forward on request."""
    carried = [inside_sentence(price_name(brief, row)) for row in prices if row.has("carried")]
    if not carried:
        return ()
    names = brief.words.listing(carried, separator=";")
    return (brief.words.html("prices.carried_prices", prices=names),)


def _price_form(row: Row) -> Form:
    """Rates keep three decimals, small prices two, amounts none."""
    size = abs(row["value"] or 0)
    return Form("number", 0 if size >= 100 or float(size).is_integer() else 2 if size >= 1 else 3)


def _price_limits(brief: Brief, row: Row) -> Cell:
    return interval(row, _price_form(row), brief.words, limits=("low", "high")) or NOTHING


def _unit_and_year(brief: Brief, row: Row) -> Cell:
    unit = price_unit(brief, row)
    if not row.has("price_year"):
        return unit
    return Markup("{}, {}").format(unit, brief.number(row, "price_year", YEAR))


_PRICES = View(
    "prices",
    "value_page.prices_caption",
    "value_page",
    (
        cell("price", price_name, "price"),
        number("value", _price_form),
        cell("low_high", _price_limits, "low", "high"),
        cell("unit", _unit_and_year, "unit", "price_year"),
        plain("value_grade", head="grade"),
        cell("source", lambda brief, row: brief.words.price_source(row.values), "source"),
    ),
    is_open=True,
    has_note=False,
)
