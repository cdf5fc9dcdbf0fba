"""When an effect comes, on the page: the months lost while the intervention lasts, when they have
been made up for, whether work lasts, and when to start and stop.
"""

from markupsafe import Markup

from evalkit.line.estimands import ESTIMANDS
from evalkit.report.evidence.effects import Effect
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, MONTHS, SHARE, Row, key_number
from evalkit.report.parts.sentences import side_of_zero
from evalkit.report.view import Cell, View, cell
from evalkit.tables import CITY

_DECISIONS = ("start", "stop", "dose")
_NEARLY_ALL = 0.995  # a share that is rounded to all


def timing_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """Sentences on lock-in, break-even, lasting work and the other question (never), as far as they
    are published for the effect.
    """
    measures = {row["measure"]: row for row in brief.tables.rows("effect_timing", **effect.keys)}
    return (
        *_planned_text(brief, measures),
        *_break_even_text(brief, measures),
        *_lasting_text(brief, measures),
        *_never_text(brief, effect),
    )


def start_stop_text(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """At which months to start, to stop and to go on until is clearly better or worse, or that the
    data do not tell; one sentence per decision.
    """
    return tuple(
        sentence
        for decision in _DECISIONS
        if (
            rows := [
                row
                for row in _decision(brief, intervention_id, decision)
                if row.has("difference", "ci_lower", "ci_upper")
            ]
        )
        for sentence in _sentences(brief, decision, rows)
    )


def start_stop_tables(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """Months in work gained by each decision at each month asked about, all districts together."""
    decisions = [_decision(brief, intervention_id, decision) for decision in _DECISIONS]
    return _DECIDED.tables(brief, [row for rows in decisions for row in rows])


def _decision(brief: Brief, intervention_id: str, decision: str) -> list[Row]:
    return brief.tables.rows(
        "effect_moments", district=CITY, intervention_id=intervention_id, decision=decision
    )


def _sentences(brief: Brief, decision: str, rows: list[Row]) -> list[Markup]:
    by_side = {
        side: [row for row in rows if side_of_zero(row) == side] for side in ("above", "below")
    }
    sentences = [
        brief.words.html(f"moments.{decision}_{side}", months=_months_listed(brief, clear))
        for side, clear in by_side.items()
        if clear
    ]
    return sentences or [brief.words.html(f"moments.{decision}_unclear")]


def _months_listed(brief: Brief, rows: list[Row]) -> Markup:
    months = [key_number(row, "month", brief.words) for row in rows]
    together = Markup(f" {brief.words.text('unit.and')} ")
    return (
        together.join([Markup(", ").join(months[:-1]), months[-1]])
        if len(months) > 1
        else months[0]
    )


def _when(brief: Brief, row: Row) -> Markup:
    return brief.words.html(
        f"moments.{row['decision']}", month=key_number(row, "month", brief.words)
    )


def _gained(brief: Brief, row: Row) -> Cell:
    if row["reason"]:
        return brief.words.text("cannot_be_said")
    return brief.in_brackets(row, "difference", CHANGE_MONTHS)


def _planned_text(brief: Brief, measures: dict[str, Row]) -> tuple[Markup, ...]:
    lost, planned = measures.get("lock_in_months"), measures.get("planned_months")
    if lost is None or planned is None or not lost.has("estimate", "ci_lower", "ci_upper"):
        return ()
    text = brief.words.html(
        f"change.planned_{side_of_zero(lost)}",
        planned=brief.number(planned, "estimate", MONTHS),
        months=brief.number(lost, "estimate", CHANGE_MONTHS),
        range=brief.range_of(lost, CHANGE_MONTHS),
    )
    return (text,)


def _break_even_text(brief: Brief, measures: dict[str, Row]) -> tuple[Markup, ...]:
    row = measures.get("break_even_month")
    if row is None:
        return ()
    known = "".join("1" if row.has(name) else "0" for name in ("estimate", "ci_lower", "ci_upper"))
    key = {"111": "ranged", "110": "open", "010": "beyond_from", "100": "open_alone"}.get(
        known, "beyond"
    )
    if known == "111" and row["ci_upper"] == 1:
        key = "at_once"
    numbers = {
        name: brief.number(row, column, COUNT) if row.has(column) else ""
        for name, column in (("month", "estimate"), ("first", "ci_lower"), ("last", "ci_upper"))
    }
    return (brief.words.html(f"change.break_even_{key}", **numbers),)


def _lasting_text(brief: Brief, measures: dict[str, Row]) -> tuple[Markup, ...]:
    """Whether work lasts, and whether the exit from support does; not of an intervention that
    itself takes everybody off support, since that is all that the latter would tell.
    """
    shown = {
        key: row
        for key, measure in (("sustained", "sustained_work"), ("sustained_exit", "sustained_exit"))
        if (row := measures.get(measure)) is not None and row.has("treated", "comparison")
    }
    if "sustained_exit" in shown and shown["sustained_exit"]["treated"] > _NEARLY_ALL:
        del shown["sustained_exit"]
    return tuple(
        brief.words.html(
            f"change.{key}",
            treated=brief.number(row, "treated", SHARE),
            comparison=brief.number(row, "comparison", SHARE),
        )
        for key, row in shown.items()
    )


def _never_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """The answer to the other question beside the primary one."""
    if effect.estimand != ESTIMANDS["wait"]:
        return ()
    row = brief.tables.row(
        "effect_summary",
        outcome=f"months_{brief.words.outcome}",
        **{**effect.keys, "estimand": ESTIMANDS["never"]},
    )
    if row is None or not row.has("difference", "ci_lower", "ci_upper"):
        return ()
    shown = {
        "months": brief.number(row, "difference", CHANGE_MONTHS),
        "range": brief.range_of(row, CHANGE_MONTHS),
    }
    return (brief.words.html("change.never", **shown, **brief.when(effect.intervention_id)),)


_DECIDED = View(
    "effect_moments",
    "moments.caption",
    "moments",
    (
        cell("moments.decision", _when, "decision", "month"),
        cell("difference", _gained, "difference", "ci_lower", "ci_upper", "reason"),
    ),
)
