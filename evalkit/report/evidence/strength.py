"""How strong something unmeasured would have to be, told in the measure of what was measured; and
whether a third opinion with trees agrees.
"""

from markupsafe import Markup

from evalkit.report.evidence.effects import Effect
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import CHANGE_MONTHS, Form, Row
from evalkit.report.view import View, cell, number, with_own_range
from evalkit.tables import CITY
from evalkit.words import capitalise

_TIMES = Form("number", 1)


def strength_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """What the strongest measured group moves, and how many times as strong something unmeasured
    would have to be; or that nothing measured tells it.
    """
    words, rows = brief.words, _rows(brief, effect)
    if not rows:
        return ()
    told = next((row for row in rows if row.has("times")), None)
    if told is None:
        return (words.html("strength.nothing"),)
    found = words.html(
        "strength.moved_by_all" if len(rows) == 1 else "strength.moved",
        covariate=_name(brief, told),
        moved=brief.in_brackets(
            told, "moved", CHANGE_MONTHS, limits=("moved_lower", "moved_upper")
        ),
    )
    sentences = [found, words.html("strength.times", times=brief.number(told, "times", _TIMES))]
    if told.has("times_limit"):
        key = "strength.limit" if told["times_limit"] else "strength.limit_none"
        times = brief.number(told, "times_limit", _TIMES)
        sentences.append(words.html(key, **({"times": times} if told["times_limit"] else {})))
    return (Markup(" ").join(sentences),)


def strength_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """Every measured group, the one that moves the difference most first."""
    return _VIEW.tables(brief, _rows(brief, effect))


def trees_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """Whether the third opinion with trees agrees, or why there is none."""
    keys = {"district": CITY, "intervention_id": effect.intervention_id}
    row = brief.tables.row("trees", **keys)
    if row is None or not row.has("verdict"):
        return ()
    if row["verdict"] == "not_computed":
        return (brief.words.html(f"trees.{row['reason']}"),)
    if not row.has("difference"):
        return ()
    found = brief.words.html(
        "trees.found", months=brief.in_brackets(row, "difference", CHANGE_MONTHS)
    )
    return (Markup(" ").join([found, brief.words.html(f"trees.{row['verdict']}")]),)


def _rows(brief: Brief, effect: Effect) -> list[Row]:
    """All districts together: the weights are theirs."""
    rows = brief.tables.rows("strength", district=CITY, intervention_id=effect.intervention_id)
    shown = [row for row in rows if row.has("moved")]
    return sorted(shown, key=lambda row: -abs(row["moved"]))


def _name(brief: Brief, row: Row) -> str:
    """A group in words; one that has none as it is declared."""
    name = row["covariate"]
    return brief.words.text(name) if brief.words.has(name) else name.replace("_", " ")


_VIEW = View(
    "strength",
    "strength.caption",
    "strength",
    (
        cell("head_group", lambda brief, row: capitalise(_name(brief, row)), "covariate"),
        with_own_range("moved", CHANGE_MONTHS, head="head_moved"),
        number("times", _TIMES, head="head_times", or_nothing=True),
        number("times_limit", _TIMES, head="head_times_limit", or_nothing=True),
    ),
)
