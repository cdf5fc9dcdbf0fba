"""When an effect comes, on the page: the months lost while the intervention lasts, when they have
been made up for, whether work lasts, and when to start and stop.
"""

from markupsafe import Markup

from evalkit.line.estimands import ESTIMANDS
from evalkit.report.parts.document import Brief, DataTable
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, MONTHS, SHARE, Row, key_number
from evalkit.report.parts.sentences import side_of_zero
from evalkit.tables import CITY

_DECISIONS = ("start", "stop", "dose")


def timing_texts(brief: Brief, keys: dict[str, str | None]) -> tuple[Markup, ...]:
    """Sentences on lock-in, break-even, lasting work and the other question (never), as far as they
    are published for the effect.

    Parameters
    ----------
    keys : dict
        district, intervention_id and estimand of the rows shown.
    """
    measures = {row["measure"]: row for row in brief.shelf.rows("effect_timing", **keys)}
    return (
        *_planned_text(brief, measures),
        *_break_even_text(brief, measures),
        *_lasting_text(brief, measures),
        *_never_text(brief, keys),
    )


def moments_text(brief: Brief, intervention_id: str) -> tuple[Markup, ...]:
    """At which months to start, to stop and to go on until is clearly better or worse, or that the
    data do not tell; one sentence a decision.
    """
    return tuple(
        sentence
        for decision in _DECISIONS
        if (
            rows := [
                row
                for row in _moments(brief, intervention_id, decision)
                if row.has("difference", "ci_lower", "ci_upper")
            ]
        )
        for sentence in _moments_said(brief, decision, rows)
    )


def moments_table(brief: Brief, intervention_id: str) -> tuple[DataTable, ...]:
    """Months in work gained by each decision at each month asked about, all districts together."""
    words = brief.words
    rows = [row for decision in _DECISIONS for row in _moments(brief, intervention_id, decision)]
    if not rows:
        return ()
    head = (words.text("moments.decision"), words.text("moments.difference"))
    body = tuple(
        (
            words.html(f"moments.{row['decision']}", month=key_number(row, "month", words)),
            _moment_cell(brief, row),
        )
        for row in rows
    )
    return (DataTable(words.text("moments.caption"), head, body, brief.note("effect_moments")),)


def _moments(brief: Brief, intervention_id: str, decision: str) -> list[Row]:
    return brief.shelf.rows(
        "effect_moments", district=CITY, intervention_id=intervention_id, decision=decision
    )


def _moments_said(brief: Brief, decision: str, rows: list[Row]) -> list[Markup]:
    by_side = {
        side: [row for row in rows if side_of_zero(row) == side] for side in ("above", "below")
    }
    found = [(side, chosen) for side, chosen in by_side.items() if chosen]
    if not found:
        return [brief.words.html(f"moments.{decision}_unclear")]
    return [
        brief.words.html(f"moments.{decision}_{side}", months=_months_listed(brief, chosen))
        for side, chosen in found
    ]


def _months_listed(brief: Brief, rows: list[Row]) -> Markup:
    months = [key_number(row, "month", brief.words) for row in rows]
    together = Markup(f" {brief.words.text('unit.and')} ")
    return (
        together.join([Markup(", ").join(months[:-1]), months[-1]])
        if len(months) > 1
        else months[0]
    )


def _moment_cell(brief: Brief, row: Row) -> Markup | str:
    return (
        brief.words.text("cannot_be_said")
        if row["reason"]
        else brief.in_brackets(row, "difference", CHANGE_MONTHS)
    )


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
    row = measures.get("sustained_work")
    if row is None or not row.has("treated", "comparison"):
        return ()
    arms = {arm: brief.number(row, arm, SHARE) for arm in ("treated", "comparison")}
    return (brief.words.html("change.sustained", **arms),)


def _never_text(brief: Brief, keys: dict[str, str | None]) -> tuple[Markup, ...]:
    """The answer to the other question beside the primary one."""
    if keys["estimand"] != ESTIMANDS["wait"]:
        return ()
    row = brief.shelf.row(
        "effect_summary",
        outcome=f"months_{brief.words.outcome}",
        **{**keys, "estimand": ESTIMANDS["never"]},
    )
    if row is None or not row.has("difference", "ci_lower", "ci_upper"):
        return ()
    shown = {
        "months": brief.number(row, "difference", CHANGE_MONTHS),
        "range": brief.range_of(row, CHANGE_MONTHS),
    }
    return (brief.words.html("change.never", **shown, **brief.when(keys["intervention_id"])),)
