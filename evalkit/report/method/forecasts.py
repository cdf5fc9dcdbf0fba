"""What was told before, and what came: the record of forecasts, how they have done beside two naive
rivals, and what is expected now.
"""

from markupsafe import Markup

from evalkit.report.evidence.ladder_picture import intervention_name
from evalkit.report.evidence.sources import code
from evalkit.report.parts.document import Block, Brief, Section
from evalkit.report.parts.forecasts import forecast_sentence, latest
from evalkit.report.parts.numbers import COUNT, SHARE, Form, Row
from evalkit.report.view import View, cell, number, word
from evalkit.tables import CITY
from evalkit.words import capitalise

_SIGNED = Form("signed_percent")
_QUANTITIES = ("exits_to_work", "months_on_support", "starts", CITY)
_NOT_SCORED = ("redefined", "changed", "gone", "withheld")


def what_was_told(brief: Brief) -> Section | None:
    """How earlier forecasts have done, and those of this report for all districts together."""
    words = brief.words
    sentence = forecast_sentence(brief)
    if sentence is None:
        return None
    rows = latest(brief, district=CITY)
    scores = sorted(
        brief.tables.rows("forecast_scores"), key=lambda row: _QUANTITIES.index(row["quantity"])
    )
    month = {"month": words.month(rows[0]["made"])} if rows else {}
    text = (
        words.html("forecast.what"),
        *((words.html("forecast.limits"),) if scores else ()),
        *_not_scored(brief),
        *_seal(brief),
    )
    tables = (*_SCORES.tables(brief, scores), *_EXPECTED.tables(brief, rows, **month))
    return Section(
        "forecasts",
        words.text("forecast.heading"),
        (sentence,),
        (Block(text=text, tables=tables),),
    )


def _not_scored(brief: Brief) -> tuple[Markup, ...]:
    row = brief.tables.row("forecast_scores", quantity=CITY)
    reasons = [
        brief.words.html(f"forecast.not_{reason}", n=brief.number(row, f"n_{reason}", COUNT))
        for reason in _NOT_SCORED
        if row is not None and row[f"n_{reason}"]
    ]
    listed = brief.words.listing_html(reasons)
    return (brief.words.html("forecast.not_scored", reasons=listed),) if reasons else ()


def _seal(brief: Brief) -> tuple[Markup, ...]:
    lines = sorted(brief.tables.rows("forecast_record", district=CITY), key=lambda row: row["made"])
    return (brief.words.html("forecast.seal", hash=code(lines[-1]["chain"])),) if lines else ()


def _what(brief: Brief, row: Row) -> Markup | str:
    """Starts by the name of their intervention; other counts by their own."""
    if row["intervention_id"] == CITY:
        return capitalise(brief.words.text(f"forecast.{row['quantity']}"))
    name = intervention_name(brief, row["intervention_id"])
    return capitalise(brief.words.text("forecast.starts_of", intervention=name))


def _between(level: int):
    lower, upper = f"n_{level}_lower", f"n_{level}_upper"

    def write(brief: Brief, row: Row) -> Markup | str:
        if not row.has(lower, upper):
            return brief.words.text("mark.suppressed")
        ends = (brief.number(row, end, COUNT) for end in (lower, upper))
        return Markup("{}–{}").format(*ends)

    return cell(f"between_{level}", write, lower, upper)


_SCORES = View(
    "forecast_scores",
    "forecast.scores_caption",
    "forecast",
    (
        word("quantity", "forecast."),
        number("n_forecasts", COUNT),
        *(number(f"n_held_{level}", COUNT) for level in (50, 80, 95)),
        number("bias", _SIGNED),
        *(number(f"error_{rival}", SHARE) for rival in ("expected", "last_year", "city_mean")),
    ),
    is_open=True,
)
_EXPECTED = View(
    "forecasts",
    "forecast.expected_caption",
    "forecast",
    (
        cell("what_head", _what, "quantity", "intervention_id"),
        cell("due", lambda brief, row: brief.words.month(row["due"]), "due"),
        number("n_expected", COUNT),
        _between(50),
        _between(95),
    ),
)
