"""What pages tell of forecasts in one sentence."""

from markupsafe import Markup

from evalkit.months import add_months, month_number
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import COUNT, Row
from evalkit.tables import CITY


def forecast_sentence(brief: Brief) -> Markup | None:
    """How many forecasts held, when the first will be scored, or that the register is too short;
    None in a run without forecasts.
    """
    words = brief.words
    if not brief.tables.family("forecasts"):
        return None
    scores = brief.tables.row("forecast_scores", quantity=CITY)
    if brief.tables.rows("forecast_record", line_status="changed"):
        return words.html("forecast.changed")
    if scores is not None and scores["n_forecasts"]:
        counts = {name: brief.number(scores, name, COUNT) for name in ("n_held_95", "n_forecasts")}
        return words.html("forecast.held", **counts)
    rows = latest(brief)
    if not rows:
        return words.html("forecast.too_short")
    extract = brief.run.params.extract
    lag = month_number(extract.follow_up_through) - month_number(brief.run.params.last_month_known)
    first = add_months(min(row["due"] for row in brief.tables.rows("forecasts")), lag)
    return words.html(
        "forecast.waiting", month=words.month(rows[0]["made"]), due=words.month(first)
    )


def latest(brief: Brief, **chosen: str) -> list[Row]:
    """The rows of the forecasts that were made last."""
    rows = brief.tables.rows("forecasts", **chosen)
    made = max((row["made"] for row in rows), default=None)
    return [row for row in rows if row["made"] == made]
