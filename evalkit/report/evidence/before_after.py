"""Months without support before and after the date of a law, as far as the run asks and the extract
reaches.
"""

from markupsafe import Markup

from evalkit.line.adjustment import step_term
from evalkit.line.calendar import break_months, compared_breaks, last_month_needed
from evalkit.months import add_months
from evalkit.report.parts.document import Block, Brief
from evalkit.report.parts.numbers import CHANGE_MONTHS, MONTHS, Row
from evalkit.report.view import View, cell, number, with_range, word
from evalkit.run_rules import BeforeAfter

_NEEDED = ("after", "before", "difference", "ci_lower", "ci_upper")


def before_and_after(brief: Brief) -> tuple[Block, ...]:
    """A passage for each break that the run compares, or why it cannot be."""
    compared = compared_breaks(brief.run)
    if not compared:
        return ()
    text = [sentence for declared in compared for sentence in _texts(brief, declared)]
    rows = brief.tables.rows("before_after", district=brief.district)
    if any(row.has(*_NEEDED) for row in rows):
        text.append(brief.words.html("activity.change_if"))
    heading, tables = brief.words.text("activity.change_heading"), _VIEW.tables(brief, rows)
    return (Block(heading=heading, text=tuple(text), tables=tables),)


def _texts(brief: Brief, declared: BeforeAfter) -> tuple[Markup, ...]:
    change = brief.words.label(step_term(declared.at))
    rows = {
        row["measure"]: row
        for row in brief.tables.rows("before_after", district=brief.district, break_key=declared.at)
    }
    found = rows.get("change")
    if found is None:
        return (_not_yet(brief, declared, change),)
    if not found.has(*_NEEDED):
        return (brief.words.html("activity.change_withheld", change=change),)
    earlier = rows.get("change_year_before")
    return (
        brief.words.html(
            "activity.change",
            change=change,
            duration=declared.months_on_support,
            cohort=declared.cohort_months,
            months=declared.follow_up_months,
            **_numbers(brief, found),
        ),
        brief.words.html("activity.change_year_before", **_numbers(brief, earlier))
        if earlier and earlier.has(*_NEEDED)
        else brief.words.html("activity.change_alone"),
        *_other_breaks(brief, declared),
    )


def _numbers(brief: Brief, row: Row) -> dict[str, Markup]:
    return {
        "after": brief.number(row, "after", MONTHS),
        "before": brief.number(row, "before", MONTHS),
        "difference": brief.number(row, "difference", CHANGE_MONTHS),
        "range": brief.range_of(row, CHANGE_MONTHS),
    }


def _not_yet(brief: Brief, declared: BeforeAfter, change: str) -> Markup:
    """Until when the extract must reach, or that it begins too late."""
    extract = brief.run.params.extract
    needed = last_month_needed(declared, break_months(brief.run)[declared.at], brief.run)
    if needed <= extract.n_months:
        return brief.words.html("activity.change_too_late", change=change)
    month = brief.words.month(add_months(extract.first_month, needed - 1))
    return brief.words.html("activity.change_not_yet", change=change, month=month)


def _other_breaks(brief: Brief, declared: BeforeAfter) -> tuple[Markup, ...]:
    """What else changed between the beginning of the earlier year and the end of the later one."""
    months = break_months(brief.run)
    begins = months[declared.at]
    last = begins + declared.cohort_months + declared.follow_up_months - 2
    others = [
        brief.words.text(step_term(key))
        for key, month in months.items()
        if begins - 12 < month <= last and key != declared.at
    ]
    if not others:
        return ()
    return (brief.words.html("activity.change_others", others="; ".join(others)),)


_VIEW = View(
    "before_after",
    "activity.change_caption",
    "activity",
    (
        cell(
            "change_break",
            lambda brief, row: brief.words.label(step_term(row["break_key"])),
            "break_key",
        ),
        word("measure", "activity.measure_", head="change_measure"),
        number("after", MONTHS, head="change_after"),
        number("before", MONTHS, head="change_before"),
        with_range("difference", CHANGE_MONTHS, head="change_difference"),
    ),
)
