"""Value through time: when the money comes back, what is projected, what it gives for the money,
who should pay, and what the answer hangs on.
"""

from itertools import product

from markupsafe import Markup, escape

from evalkit.line.actors import PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, PROBABILITY, Form, Row, gain_form, money_form
from evalkit.report.parts.verdicts import pays
from evalkit.report.sections.effects import Effect, effects_of, heading_of, is_pooled
from evalkit.report.sections.value import price_name, price_unit
from evalkit.report.view import (
    NOTHING,
    Cell,
    View,
    cell,
    number,
    of,
    pivoted,
    with_range,
    word,
)
from evalkit.vocabulary import BANDS, Band, band_of
from evalkit.words import inside_sentence

_PARTS = ("observed", "projected", "total")
_N_TORNADO = 6
_MONTHS = "months"
_MONEY_MEASURES = ("net_public_cost_per_work_month", "programme_cost_per_work_month")


def when_it_pays(brief: Brief) -> Section:
    """The month of return first, then the curve, and the tables that decision-makers ask for."""
    effects = effects_of(brief)
    several = len(effects) > 1
    valued = [(effect, _payback(brief, effect)) for effect in effects if effect.scope]
    shown = [(effect, rows) for effect, rows in valued if rows]
    leads = (
        _grouped(brief, shown)
        if several
        else tuple(_lead(brief, effect, rows) for effect, rows in shown)
    )
    blocks = tuple(_block(brief, effect, rows, with_lead=several) for effect, rows in shown)
    heading, none = brief.words.text("value_time.heading"), brief.words.html("value_time.none")
    return Section(
        "value_time", heading, leads or (none,), blocks, grade=brief.grade("value_parts")
    )


def _grouped(brief: Brief, shown: list[tuple[Effect, dict[str, Row]]]) -> tuple[Markup, ...]:
    """One sentence for each verdict on whether the public purse gets its money back, with the
    interventions that it holds for; pooled sums apart.
    """
    held: dict[tuple[bool, str], list[Markup]] = {}
    horizons: list[Markup] = []
    for effect, rows in shown:
        purse, name = rows.get("public_purse"), escape(brief.words.text(effect.intervention_id))
        verdict = band_of(purse["probability_returns"]) if purse else "unshown"
        horizons += [brief.number(purse, "horizon_months", COUNT)] if purse else []
        held.setdefault((is_pooled(brief, effect), verdict), []).append(
            pays(name, purse, "probability_returns") if purse else name
        )
    sentences = []
    for pooled, verdict in product((False, True), (*BANDS, "unshown")):
        if (pooled, verdict) in held:
            names, horizon = (
                brief.words.listing_html(held[pooled, verdict]),
                horizons[0] if horizons else "",
            )
            sentence = brief.words.html(
                f"value_time.group_{verdict}", interventions=names, horizon=horizon
            )
            sentences.append(
                brief.words.html("value_page.pooled_lead", lead=sentence) if pooled else sentence
            )
    return tuple(sentences)


def _payback(brief: Brief, effect: Effect) -> dict[str, Row]:
    """By perspective, then by actor."""
    rows = {row["perspective"]: row for row in brief.tables.rows("value_payback", **effect.keys)}
    ordered = dict.fromkeys((*PERSPECTIVES_WITH_MUNICIPALITY, *rows))
    return {
        name: rows[name]
        for name in ordered
        if name in rows and rows[name].has("probability_returns")
    }


def _lead(brief: Brief, effect: Effect, rows: dict[str, Row]) -> Markup:
    purse = rows.get("public_purse")
    if purse is None:
        return brief.words.html("value_time.none")
    band = band_of(purse["probability_returns"])
    sentence = brief.words.html(
        f"value_time.lead_{band}",
        probability=brief.number(purse, "probability_returns", PROBABILITY),
        horizon=brief.number(purse, "horizon_months", COUNT),
    )
    lead = Markup(" ").join(
        [pays(sentence, purse, "probability_returns"), *_month_text(brief, purse, band)]
    )
    return (
        brief.words.html("value_page.pooled_lead", lead=lead) if is_pooled(brief, effect) else lead
    )


def _month_text(brief: Brief, purse: Row, band: Band) -> tuple[Markup, ...]:
    """The month that the estimate itself says, which need not be told where it says never and the
    verdict no.
    """
    month = purse.get("return_month")
    if month is None:
        return (
            ()
            if band in ("no", "probably_not")
            else (brief.words.html("value_time.estimate_never"),)
        )
    if month == 0:
        return (brief.words.html("value_time.estimate_at_once"),)
    return (
        brief.words.html(
            "value_time.estimate_month", month=brief.number(purse, "return_month", COUNT)
        ),
    )


def _block(brief: Brief, effect: Effect, rows: dict[str, Row], *, with_lead: bool) -> Block:
    words = brief.words
    payback = _PAYBACK.tables(brief, list(rows.values()))
    figures = picture(
        brief, "value_curve", words.html("value_time.figure"), payback, of=effect.names
    )
    return Block(
        heading=heading_of(brief, effect),
        pooled=is_pooled(brief, effect),
        leads=(_lead(brief, effect, rows),) if with_lead else (),
        text=(escape(brief.note("value_payback")), *_text(brief, effect)),
        points=_switches(brief, effect),
        figures=figures,
        tables=(
            *(() if figures else payback),
            *_parts_tables(brief, effect),
            *_ratios_tables(brief, effect),
            *_purse_tables(brief, effect),
            *_sums_tables(brief, effect, _MUNICIPALITY),
            *_TORNADO.tables(brief, _tornado_rows(brief, effect)),
            *_sums_tables(brief, effect, _DELAY),
        ),
    )


def _text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = [
        row
        for row in brief.tables.rows("value_parts", perspective="society", **effect.keys)
        if row.has("estimate")
    ]
    if not rows:
        return ()
    counts = {name: brief.number(rows[0], name, COUNT) for name in ("n_draws", "n_effect_draws")}
    return (
        *(
            (brief.words.html("value_time.projected"),)
            if rows[0].get("horizon_months") != rows[0].get("followed_months")
            else ()
        ),
        brief.words.html(
            "value_time.draws"
            if rows[0]["n_draws"] == rows[0]["n_effect_draws"]
            else "value_time.draws_recycled",
            **counts,
        ),
    )


def _parts_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("value_parts", **effect.keys)
    lines = pivoted(rows, "perspective", "part", _PARTS)
    ordered = [lines[name] for name in PERSPECTIVES_WITH_MUNICIPALITY if name in lines]
    return _BY_PART.tables(brief, ordered)


def _purse_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("value_purse", **effect.keys)
    moved = [row for row in rows if row.has("estimate") and (row["estimate"] or row["paid_now"])]
    return _PURSE.tables(brief, moved)


def _sums_tables(brief: Brief, effect: Effect, view: View) -> tuple[DataTable, ...]:
    rows = brief.tables.rows(view.of, **effect.keys)
    return view.tables(brief, [row for row in rows if row.has("estimate")])


def _ratios_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    rows = brief.tables.rows("value_ratios", **effect.keys)
    return _RATIOS.tables(brief, [row for row in rows if row.status == "ok"])


def _ratio(brief: Brief, row: Row) -> Cell:
    if not row.has("estimate"):
        return brief.words.text(f"case.{row['case']}")
    form = (
        money_form(row, "estimate", "ci_lower", "ci_upper")
        if row["measure"] in _MONEY_MEASURES
        else Form("number", 1)
    )
    if not row.has("ci_lower", "ci_upper"):
        return Markup("{} ({})").format(
            brief.number(row, "estimate", form), brief.words.text("case.unbounded")
        )
    return brief.in_brackets(row, "estimate", form)


def _tornado_rows(brief: Brief, effect: Effect) -> list[Row]:
    rows = [row for row in brief.tables.rows("value_tornado", **effect.keys) if row.has("swing")]
    return sorted(rows, key=lambda row: -row["swing"])[:_N_TORNADO]


def _switches(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
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


_PAYBACK = View(
    "value_payback",
    "value_time.figure_caption",
    "value_time",
    (
        word("perspective", head="value_page.perspective"),
        number("deepest", lambda row: money_form(row, "deepest", "deepest_lower", "deepest_upper")),
        number("deepest_month", or_nothing=True),
        number("return_month", or_nothing=True),
        number("probability_returns"),
    ),
)
_BY_PART = View(
    "value_parts",
    "value_time.parts_caption",
    "value_time",
    (
        of("total", word("perspective"), "value_page.perspective"),
        *(of(part, with_range(), f"part.{part}") for part in _PARTS),
    ),
)
_RATIOS = View(
    "value_ratios",
    "value_time.ratios_caption",
    "value_time",
    (word("measure", "measure."), cell("result", _ratio, "estimate", "ci_lower", "ci_upper")),
)
_PURSE = View(
    "value_purse",
    "value_time.purse_caption",
    "value_time",
    (
        word("actor", head="value_page.actor"),
        with_range(head="gain"),
        number("paid_now"),
        number("paid_proposed", or_nothing=True),
    ),
)
_MUNICIPALITY = View(
    "value_municipality",
    "value_time.municipality_caption",
    "value_time",
    (word("measure", "measure."), with_range(head="value_page.estimate")),
)
_DELAY = View(
    "value_delay",
    "value_time.delay_caption",
    "value_time",
    (word("perspective", head="measure"), with_range(head="value_page.estimate")),
)
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
