"""What would turn the answer: a price or an assumption within its own range, or the effect's own
uncertainty; and what is most worth knowing.
"""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from evalkit.report.decision.offered import Offered, value_of
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import Row
from evalkit.report.parts.price_text import in_own_unit, parameter_name
from evalkit.words import inside_sentence

_EFFECT = "effect"
_FIRM = ("expand", "keep", "stop")
# What is most worth knowing is told where it holds this share of what knowing everything is worth.
_MOST = 0.5
_MAX_NAMED = 3


def turns(brief: Brief, ones: Sequence[Offered]) -> Iterator[Markup]:
    """The price or assumption that turns society's sum within its own range, and the effect's own
    uncertainty where that does; or that nothing does. Of interventions that something is advised
    for, if there are any.
    """
    valued = [one for one in ones if value_of(brief, one, "society")]
    advised = [one for one in valued if one.advice["advice"] in _FIRM] or valued
    swings = [(one, row) for one in advised for row in _tornado(brief, one)]
    if not swings:
        return
    turning = [(one, row) for one, row in swings if _is_within(row)]
    by_effect = [
        one.name for one, row in swings if row["parameter"] == _EFFECT and _changes_sign(row)
    ]
    if turning:
        one, row = max(turning, key=lambda swing: swing[1]["swing"])
        yield brief.words.html(
            "now.turn_price",
            intervention=one.name,
            parameter=inside_sentence(parameter_name(brief, row)),
            value=in_own_unit(brief, row, "switching_value"),
            now=in_own_unit(brief, row, "value"),
        )
    if by_effect:
        names = brief.words.listing(by_effect[:_MAX_NAMED])
        yield brief.words.html("now.turn_effect", interventions=names)
    if not turning and not by_effect:
        yield brief.words.html("now.turn_none")


def _tornado(brief: Brief, one: Offered) -> list[Row]:
    rows = brief.tables.rows("value_tornado", perspective="society", **one.keys)
    return [row for row in rows if row.has("swing")]


def _is_within(row: Row) -> bool:
    """Whether society's sum changes sign at a value inside the parameter's own range."""
    if not row.has("switching_value", "value", "low", "high"):
        return False
    low, high = sorted((row["low"], row["high"]))
    return low < row["switching_value"] < high


def _changes_sign(row: Row) -> bool:
    return row.has("value_at_low", "value_at_high") and (
        row["value_at_low"] < 0 < row["value_at_high"]
        or row["value_at_high"] < 0 < row["value_at_low"]
    )


def worth_knowing(brief: Brief, ones: Sequence[Offered]) -> Markup | str:
    """The unknown that holds most of what knowing everything is worth; empty where none does."""
    first = next((one for one in ones if value_of(brief, one, "society")), None)
    if first is None:
        return ""
    rows = {
        row["group"]: row
        for row in brief.tables.rows(
            "value_information", district=first.scope, estimand=first.estimand
        )
        if row.has("value")
    }
    everything = rows.pop("all", None)
    if everything is None or not rows or everything["value"] <= 0:
        return ""
    group, row = max(rows.items(), key=lambda item: item[1]["value"])
    key = f"now.know_{group}"
    if row["value"] < _MOST * everything["value"] or not brief.words.has(key):
        return ""
    return brief.words.html("now.know", unknown=brief.words.text(key))
