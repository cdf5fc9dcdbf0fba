"""Prices and assumptions in words: what they are called, and their values in their own unit."""

from markupsafe import Markup

from evalkit.line.price_book import kept_of_tax_in
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, Form, Row

_MONTHS = "months"


def price_name(brief: Brief, price: Row) -> str:
    """The name of a price in the reader's language."""
    return brief.words.price(price.values)


def price_unit(brief: Brief, price: Row) -> str:
    """The unit of a price in the reader's language."""
    return brief.words.text(f"price_unit.{price['unit'].replace(' ', '_')}")


def parameter_name(brief: Brief, row: Row) -> str:
    """What a row of value_tornado changes: the price's own name; the effect has its word."""
    price = brief.tables.row("prices", price=row["parameter"])
    return price_name(brief, price) if price else brief.words.label(row["parameter"])


def in_own_unit(brief: Brief, row: Row, column: str) -> Markup:
    """A value of value_tornado in its price's own unit: shares as per cent, amounts of money,
    months; the effect as a multiple.
    """
    price = brief.tables.row("prices", price=row["parameter"])
    if price is None:
        return brief.number(row, column, Form("number", 2))
    if price["unit"] == _MONTHS:
        return brief.number(row, column, COUNT, unit=price_unit(brief, price))
    if price.has("currency"):
        digits = 0 if abs(row[column]) < 1000 else -2
        return brief.number(row, column, Form("money", digits, price["currency"]))
    return brief.number(row, column, Form("percent", 0 if abs(row[column]) >= 0.1 else 1))


def kept_of_new_tax(brief: Brief) -> tuple[Markup, ...]:
    """What the municipality keeps of new tax, where the price book knows income equalisation."""
    own, common = (
        brief.tables.row("prices", price=kept_of_tax_in(district))
        for district in (brief.district, "")
    )
    kept = own or common
    if kept is None:
        return ()
    share = brief.number(kept, "value", Form("percent", 1))
    key = "prices.kept" if kept["value"] >= 0 else "prices.kept_none"
    return (brief.words.html(key, share=share),)
