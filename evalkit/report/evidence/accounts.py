"""Where the money went: budget against bookings, as booked and as re-coded, what contradicts
itself, what a place costs, and which district owes whom.
"""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.line.accounts import accounts_of
from evalkit.report.evidence.account_trail import (
    ACCOUNT_VIEWS,
    amounts_form,
    area_cell,
    contradictions,
    intervention_name,
    trail_tables,
    trail_text,
    whole_amount,
)
from evalkit.report.evidence.places_paid import places_blocks
from evalkit.report.evidence.process import pooled_with
from evalkit.report.parts.deliveries import missing
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.marks import Scale, bar, picture
from evalkit.report.parts.numbers import SHARE, YEAR, Form, Row
from evalkit.report.view import Column, View, cell, key, number, plain
from evalkit.tables import CITY
from evalkit.words import capitalise

_THICK = 7


def where_the_money_went(brief: Brief) -> Section | None:
    """The section about money; one line where no accounts were delivered and nothing is known of
    what places cost, none where the run has not looked.
    """
    words, district = brief.words, brief.area
    rows = brief.tables.rows("account_areas", district=district)
    last = max((row["year"] for row in rows), default=0)
    of_year = [row for row in rows if row["year"] == last]
    accounts = _accounts_blocks(brief, of_year, rows)
    blocks = (*accounts, *(places_blocks(brief) if brief.is_city else ()), *_settlement(brief))
    leads = (*pooled_with(brief), *_leads(brief, of_year)) if of_year else _missing(brief)
    if not leads and not blocks:
        return None
    return Section("money", words.text("accounts.heading"), leads, blocks)


def _missing(brief: Brief) -> tuple[Markup, ...]:
    """That accounts were not delivered, and what they would add."""
    things = missing(brief).get("money", [])
    if not things:
        return ()
    listed = capitalise(brief.words.listing(things))
    return (brief.words.html("accounts.missing", things=listed),)


def _leads(brief: Brief, rows: Sequence[Row]) -> tuple[Markup, ...]:
    """One sentence for each currency: of the budget, so much was booked."""
    words = brief.words
    leads = []
    for row in (row for row in rows if row["cost_area"] == CITY):
        form = amounts_form(row, rows, *ACCOUNT_VIEWS)
        shown = {
            name: brief.number(row, name, form)
            for name in (*ACCOUNT_VIEWS, "unspent")
            if row.has(name)
        }
        kind = "lead" if row.has("budget", "recoded") else "lead_alone"
        if row.has("unspent") and row["unspent"] < 0:
            kind = "lead_over"
        if kind == "lead_alone":
            kind = "lead_budget" if row.has("budget") else "lead_booked"
        if row.has("unspent_share"):
            shown["share"] = brief.number(row, "unspent_share", SHARE)
        place = words.text(CITY) if brief.is_city else brief.area
        year = brief.number(row, "year", YEAR)
        leads.append(words.html(f"accounts.{kind}", district=place, year=year, **shown))
    return tuple(leads)


def _accounts_blocks(
    brief: Brief, of_year: Sequence[Row], rows: Sequence[Row]
) -> tuple[Block, ...]:
    if not of_year:
        return ()
    years = _years_tables(brief, _other_years(rows, of_year))
    tables = (
        *_areas_tables(brief, of_year),
        *_districts_tables(brief, of_year),
        *trail_tables(brief),
        *years,
    )
    text, points = trail_text(brief, of_year), contradictions(brief)
    return (Block(text=text, points=points, tables=tables),)


def _areas_tables(brief: Brief, rows: Sequence[Row]) -> tuple[DataTable, ...]:
    """For each currency the areas with a bar for each of budget, bookings and bookings re-coded;
    other activities stand last but the whole.
    """
    outside = accounts_of(brief.run).outside
    shown = [row for row in rows if any(row.has(name) and row[name] for name in ACCOUNT_VIEWS)]
    order = sorted(
        shown,
        key=lambda row: (
            row["cost_area"] == CITY,
            row["cost_area"] in outside,
            -(row.get("recoded") or 0),
        ),
    )
    currencies = dict.fromkeys(row["currency"] for row in order)
    return tuple(
        table
        for currency in currencies
        for table in _areas_table(brief, [row for row in order if row["currency"] == currency])
    )


def _areas_table(brief: Brief, rows: Sequence[Row]) -> tuple[DataTable, ...]:
    sizes = [row[name] for row in rows for name in ACCOUNT_VIEWS if row.has(name)]
    scale = Scale(0, max(*sizes, 1.0))
    columns = (
        cell("cost_area", area_cell, "cost_area"),
        cell("picture", lambda brief, row: _bars(row, scale)),
        *_amounts(rows),
    )
    view = View("account_areas", "accounts.areas", "accounts", columns, is_open=True)
    return view.tables(brief, rows)


def _districts_tables(brief: Brief, of_year: Sequence[Row]) -> tuple[DataTable, ...]:
    """The districts, or what they are pooled in, beside each other in the city's year."""
    areas = dict.fromkeys(map(brief.run.params.monitoring.area_of, brief.run.params.districts))
    if not brief.is_city or len(areas) < 2:
        return ()
    year = of_year[0]["year"]
    rows = [
        row
        for area in areas
        for row in brief.tables.rows("account_areas", district=area, year=year, cost_area=CITY)
    ]
    if not rows:
        return ()
    columns = (plain("district"), *_amounts(rows), number("unspent_share", SHARE, or_nothing=True))
    view = View("account_areas", "accounts.by_district", "accounts", columns, is_sortable=True)
    return view.tables(brief, rows, year=brief.number(of_year[0], "year", YEAR))


def _bars(row: Row, scale: Scale) -> Markup:
    """Three bars under each other, on the scale of the table: budget, booked, re-coded."""
    drawn = [
        bar(0, scale(max(row[name], 0)), at * (_THICK + 2), _THICK, name)
        for at, name in enumerate(ACCOUNT_VIEWS)
        if row.has(name)
    ]
    return picture(*drawn, height=3 * (_THICK + 2), label="", css="amounts")


def _amounts(rows: Sequence[Row]) -> tuple[Column, ...]:
    def form(row: Row) -> Form:
        return amounts_form(row, rows, *ACCOUNT_VIEWS)

    return tuple(number(name, form, or_nothing=True) for name in (*ACCOUNT_VIEWS, "unspent"))


def _other_years(rows: Sequence[Row], of_year: Sequence[Row]) -> list[Row]:
    shown = {row["year"] for row in of_year}
    return [row for row in rows if row["cost_area"] == CITY and row["year"] not in shown]


def _years_tables(brief: Brief, rows: Sequence[Row]) -> tuple[DataTable, ...]:
    if not rows:
        return ()
    columns = (key("year", YEAR), *_amounts(rows))
    return View("account_areas", "accounts.years", "accounts", columns).tables(brief, rows)


def _settlement(brief: Brief) -> tuple[Block, ...]:
    """Which district owes whom for places used in a year."""
    rows = [
        row
        for row in brief.tables.rows("settlement")
        if row.has("amount")
        and (brief.is_city or brief.district in (row["home_district"], row["provider_district"]))
    ]
    if not rows:
        return ()
    words = brief.words
    most = max(rows, key=lambda row: row["amount"])
    told = words.html(
        "accounts.settlement_most",
        home=most["home_district"],
        provider=most["provider_district"],
        intervention=intervention_name(brief, most["intervention_id"]),
        amount=brief.number(most, "amount", Form("money", 0, most["currency"])),
    )
    return (
        Block(
            heading=words.text("accounts.settlement_heading"),
            text=(words.html("accounts.settlement"), told),
            tables=_SETTLEMENT.tables(brief, rows),
        ),
    )


_SETTLEMENT = View(
    "settlement",
    "accounts.settlement_caption",
    "accounts",
    (
        plain("home_district"),
        plain("provider_district"),
        cell("intervention", lambda brief, row: intervention_name(brief, row["intervention_id"])),
        whole_amount("amount"),
    ),
)
