"""Value through time: when the money comes back, what is projected, what it gives for the money,
and who should pay.
"""

from dataclasses import replace

from markupsafe import Markup, escape

from evalkit.line.actors import PERSPECTIVES_WITH_MUNICIPALITY
from evalkit.report.evidence.effects import Effect, are_several, effects_of, heading_of
from evalkit.report.evidence.switching import switching_points, tornado_tables
from evalkit.report.evidence.value import sentences_by_verdict
from evalkit.report.parts.document import Block, Brief, DataTable, Section
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import COUNT, PROBABILITY, Form, Row, money_form
from evalkit.report.parts.price_text import kept_of_new_tax
from evalkit.report.parts.verdicts import pays
from evalkit.report.view import (
    Cell,
    View,
    cell,
    number,
    of,
    pivoted,
    with_range,
    word,
)
from evalkit.vocabulary import Band, band_of

_PARTS = ("observed", "projected", "total")
_MONEY_MEASURES = ("net_public_cost_per_work_month", "programme_cost_per_work_month")


def when_it_pays(brief: Brief) -> Section | None:
    """The month of return first, then the curve, and the tables that decision-makers ask for; none
    where nothing is valued.
    """
    effects = [effect for effect in effects_of(brief) if effect.is_told]
    shown = [(effect, rows) for effect in effects if (rows := _payback(brief, effect))]
    if not shown:
        return None
    if not are_several(brief):
        leads = tuple(_lead(brief, effect, rows) for effect, rows in shown)
    else:
        leads = sentences_by_verdict(
            brief,
            shown,
            perspective="public_purse",
            needed=("probability_returns",),
            column="probability_returns",
            key="value_time.group",
        )
    blocks = tuple(
        _block(brief, effect, rows, with_lead=are_several(brief)) for effect, rows in shown
    )
    return Section("value_time", brief.words.text("value_time.heading"), leads, blocks)


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
    if not brief.is_livelihood_known(effect.intervention_id):
        return brief.words.html("unseen.back")
    purse = rows.get("public_purse")
    if purse is None:
        return brief.words.html("value_time.none")
    band = band_of(purse["probability_returns"])
    sentence = brief.words.html(
        f"value_time.lead_{band}",
        probability=brief.number(purse, "probability_returns", PROBABILITY),
        horizon=brief.number(purse, "horizon_months", COUNT),
    )
    return Markup(" ").join(
        [pays(sentence, purse, "probability_returns"), *_month_text(brief, purse, band)]
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
    kept = kept_of_new_tax(brief) if brief.is_livelihood_known(effect.intervention_id) else ()
    return Block(
        heading=heading_of(brief, effect),
        leads=(_lead(brief, effect, rows),) if with_lead else (),
        text=(escape(brief.note("value_payback")), *_text(brief, effect), *kept),
        points=switching_points(brief, effect),
        figures=figures,
        tables=(
            *(() if figures else payback),
            *_parts_tables(brief, effect),
            *_ratios_tables(brief, effect),
            *_purse_tables(brief, effect),
            *_sums_tables(brief, effect, _MUNICIPALITY),
            *tornado_tables(brief, effect),
            *_sums_tables(brief, effect, _DELAY),
        ),
    )


def _text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    rows = [
        row
        for row in brief.tables.rows("value_parts", perspective="district", **effect.keys)
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
    is_known = brief.is_livelihood_known(effect.intervention_id)
    return (_PURSE if is_known else _OWN_PURSE).tables(brief, moved)


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
_OWN_PURSE = replace(_PURSE, caption="unseen.purse_caption", columns=_PURSE.columns[:-1])
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
