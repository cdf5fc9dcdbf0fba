"""The fourth answer: what the intervention costs and gives, to whom, and which prices it rests on."""

from markupsafe import Markup

from evalkit.report.change import Effect, effects_of, is_pooled, pooled_heading
from evalkit.report.document import Block, Brief, DataTable, Figure, KeyFigure, Section
from evalkit.report.figures import picture
from evalkit.report.numbers import SHARE, YEAR, Form, Row, money_form
from evalkit.report.sentences import side_of_zero

PERSPECTIVES = ("person", "district", "public_purse", "society")
_MONEY_COLUMNS = ("estimate", "ci_lower", "ci_upper")


def costs_and_gains(brief: Brief, *, heading: str = "value_page.heading") -> Section:
    """The sum per participant from each perspective, who receives and who pays, and the prices behind it."""
    valued = [(effect, _summary(brief, effect)) for effect in effects_of(brief)]
    shown = [(effect, rows) for effect, rows in valued if rows]
    leads = tuple(_lead(brief, effect, rows) for effect, rows in shown) or (brief.words.html("value_page.none"),)
    prices = Block(tables=_prices_table(brief)) if shown else Block()
    blocks = (*(_block(brief, effect, rows) for effect, rows in shown), prices)
    return Section(name="value", heading=brief.words.text(heading), leads=leads, blocks=blocks)


def assumed_prices(brief: Brief) -> list[str]:
    """The names of prices of grade L, as they stand inside a sentence."""
    name = f"name_{brief.words.language}"
    return [row[name] for row in brief.shelf.rows("prices") if row["value_grade"] == "L"]


def _summary(brief: Brief, effect: Effect) -> dict[str, Row]:
    rows = brief.shelf.rows("value_summary", **effect.keys) if effect.scope else []
    by_perspective = {row["perspective"]: row for row in rows}
    return {name: by_perspective[name] for name in PERSPECTIVES if name in by_perspective}


def _lead(brief: Brief, effect: Effect, rows: dict[str, Row]) -> Markup:
    society = rows.get("society")
    if society is None or not society.has(*_MONEY_COLUMNS):
        return brief.words.html("value_page.none")
    form = _form(rows)
    key = f"value_page.lead_{side_of_zero(society)}"
    lead = brief.words.html(key, estimate=brief.number(society, "estimate", form), range=brief.range_of(society, form))
    return brief.words.html("value_page.pooled_lead", lead=lead) if is_pooled(brief, effect) else lead


def _form(rows: dict[str, Row]) -> Form:
    currency = next((row["currency"] for row in rows.values() if row.get("currency")), "")
    return money_form(rows.values(), _MONEY_COLUMNS, currency)


def _block(brief: Brief, effect: Effect, rows: dict[str, Row]) -> Block:
    words = brief.words
    assumed = assumed_prices(brief)
    warning = (words.html("value_page.grade_l", prices=words.listing(assumed)),) if assumed else ()
    return Block(
        heading=pooled_heading(brief, effect),
        pooled=is_pooled(brief, effect),
        text=(*warning, *_reading(brief, rows)),
        key_figures=_key_figures(brief, rows),
        figures=_figures(brief, effect, rows),
        tables=_summary_table(brief, rows),
    )


def _reading(brief: Brief, rows: dict[str, Row]) -> tuple[Markup, ...]:
    priced = next((row for row in rows.values() if row.has("currency", "price_year")), None)
    if priced is None:
        return ()
    year = brief.number(priced, "price_year", YEAR)
    return (brief.words.html("value_page.reading", currency=priced["currency"], year=year),)


def _key_figures(brief: Brief, rows: dict[str, Row]) -> tuple[KeyFigure, ...]:
    form, words = _form(rows), brief.words
    return tuple(
        brief.key_figure(row, "estimate", form, words.text("value_page.for", perspective=words.text(name))) for name, row in rows.items()
    )


def _figures(brief: Brief, effect: Effect, rows: dict[str, Row]) -> tuple[Figure, ...]:
    words = brief.words
    return (
        *picture(brief, "value_summary", words.html("value_page.figure_summary"), _summary_table(brief, rows), of=effect.names),
        *picture(brief, "value_by_actor", words.html("value_page.figure"), _actor_table(brief, effect), of=effect.names),
    )


def _summary_table(brief: Brief, rows: dict[str, Row]) -> tuple[DataTable, ...]:
    words, form = brief.words, _form(rows)
    body = tuple(
        (words.label(name), brief.in_brackets(row, "estimate", form), brief.number(row, "probability_positive", SHARE))
        for name, row in rows.items()
    )
    head = tuple(words.text(f"value_page.{column}") for column in ("perspective", "estimate", "probability"))
    return (DataTable(caption=words.text("value_page.summary_caption"), head=head, rows=body, note=brief.note("value_summary")),)


def _actor_table(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    words, rows = brief.words, brief.shelf.rows("value_by_actor", **effect.keys)
    if not rows:
        return ()
    form = money_form(rows, _MONEY_COLUMNS, next((row["currency"] for row in rows if row.get("currency")), ""))
    body = tuple(
        (words.label(row["actor"]), words.label(row["posting"]), words.label(row["kind"]), brief.in_brackets(row, "estimate", form))
        for row in rows
    )
    head = tuple(words.text(f"value_page.{column}") for column in ("actor", "posting", "kind", "estimate"))
    return (DataTable(caption=words.text("value_page.actor_caption"), head=head, rows=body, note=brief.note("value_by_actor")),)


def _prices_table(brief: Brief) -> tuple[DataTable, ...]:
    words, rows = brief.words, brief.shelf.rows("prices")
    if not rows:
        return ()
    body = tuple(_price_line(brief, row) for row in rows)
    head = tuple(words.text(f"value_page.{column}") for column in ("price", "value", "low_high", "unit", "grade", "source"))
    return (DataTable(caption=words.text("value_page.prices_caption"), head=head, rows=body),)


def _price_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    form = Form("number", _price_digits(row["value"]))
    limits: Markup | str = "–"
    if row.has("low", "high"):
        limits = brief.words.html("unit.range", low=brief.number(row, "low", form), high=brief.number(row, "high", form))
    return (
        row[f"name_{brief.words.language}"],
        brief.number(row, "value", form),
        limits,
        Markup("{}, {}").format(row["unit"], brief.number(row, "price_year", YEAR)) if row.has("price_year") else row["unit"],
        row["value_grade"],
        row["source"],
    )


def _price_digits(value: float | None) -> int:
    """Rates keep three decimals, small prices two, amounts none."""
    size = abs(value or 0)
    return 0 if size >= 100 or float(size).is_integer() else 2 if size >= 1 else 3
