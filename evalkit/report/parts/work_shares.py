"""Shares to work by both definitions, each with the most that it can be where nobody knows where
some went.
"""

from collections.abc import Mapping

from markupsafe import Markup

from evalkit.line.states import AGGREGATES
from evalkit.report.parts.document import Brief
from evalkit.report.parts.numbers import Form, Row

WORK = ("work", "any_work")


def work_by_both(
    brief: Brief, bounds: Mapping[str, Row], form: Form, key: str
) -> tuple[Markup, ...]:
    """One sentence for each definition of work: the share and the most that it can be. Where nobody
    went to subsidised work the two are one.
    """
    named = [name for name in WORK if name in bounds and bounds[name].has("share")]
    if not set(AGGREGATES["any_work"]) <= bounds.keys():
        named = [name for name in named if name != "any_work"]
    return tuple(
        _between(brief, bounds[name], form, key)
        for name in named
        if name == "any_work" or len(named) > 1 or is_open(bounds[name])
    )


def _between(brief: Brief, row: Row, form: Form, key: str) -> Markup:
    told = {
        "exit": brief.words.text(row["exit"]),
        "share": brief.number(row, "share", form),
    }
    if not is_open(row):
        return brief.words.html(f"{key}.to", **told)
    return brief.words.html(
        f"{key}.between", **told, at_most=brief.number(row, "share_at_most", form)
    )


def is_open(row: Row) -> bool:
    """Whether some of the unknown may have gone there."""
    return row.has("share", "share_at_most") and row["share_at_most"] > row["share"]
