"""The pictures of an effect with the tables of their numbers: under its primary estimand and,
folded away, under others.
"""

from markupsafe import Markup

from evalkit.line.states import KNOWN_FROM_PAYMENTS, LEAST_RECORDED
from evalkit.report.evidence.effects import (
    VERDICT_COLUMNS,
    Effect,
    marked_change,
    months_gained,
)
from evalkit.report.parts.definitions import tells_work
from evalkit.report.parts.document import Brief, DataTable, Figure, Further
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import CHANGE_MONTHS, MONTHS, POINTS, SHARE, Form, Row
from evalkit.report.parts.verdicts import band_of_months
from evalkit.report.view import Cell, View, cell, key, number, of, pivoted, with_range
from evalkit.tables import slug

_TABLE_STEP_MONTHS = 3
_PICTURES = ("effect_curves", "effect_months")
_ARMS = ("treated", "comparison", "difference")


def effect_pictures(brief: Brief, effect: Effect, conclusion: Markup) -> tuple[Figure, ...]:
    """The curves of an effect and the months in each state, where there is something to draw."""
    curves = picture(
        brief, "effect_curves", conclusion, _curve_tables(brief, effect), of=effect.names
    )
    return (*curves, *_months_figure(brief, effect))


def further_pictures(brief: Brief, effect: Effect) -> tuple[Further, ...]:
    """The same pictures under the intervention's other estimands."""
    questions = [
        (other, brief.words.text(other.estimand, **brief.when(other.intervention_id)))
        for other in _other_questions(brief, effect)
    ]
    return tuple(
        Further(
            summary=brief.words.text("change.further", question=question),
            figures=effect_pictures(
                brief, other, brief.words.html("change.figure_other", question=question)
            ),
        )
        for other, question in questions
    )


def summary_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """What differs between the arms: shares at the end, and months in each state."""
    rows = [
        row
        for row in brief.tables.rows("effect_summary", **effect.keys)
        if _is_known(brief, row) or not _is_nothing(row)
    ]
    primary = brief.words.outcome
    return _SUMMARY.tables(brief, sorted(rows, key=lambda row: _outcome_order(row, primary)))


def _months_figure(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    months = months_gained(brief, effect)
    is_told = months is not None and months.has(*VERDICT_COLUMNS)
    verdict = band_of_months(months) if is_told else "unclear"
    sentence = brief.words.html(f"change.figure_months_{verdict}")
    conclusion = marked_change(brief, effect, sentence) if is_told else sentence
    tables = summary_tables(brief, effect)
    return picture(brief, "effect_months", conclusion, tables, of=effect.names)


def _other_questions(brief: Brief, effect: Effect) -> list[Effect]:
    """The same intervention under its other estimands, where the charts drew them."""
    rows = brief.tables.rows(
        "effect_status", district=brief.district, intervention_id=effect.intervention_id
    )
    others = [
        Effect(effect.intervention_id, row["estimand"], row)
        for row in rows
        if row["estimand"] != effect.estimand and row["effect_state"] == "estimated"
    ]
    return [
        other
        for other in others
        if any(f"{name}-{slug('-'.join(other.names))}" in brief.figures for name in _PICTURES)
    ]


def _curve_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The share in the outcome by arm and their difference at every third month."""
    rows = brief.tables.rows("effect_curves", state=brief.words.outcome, **effect.keys)
    edges = (1, max((row["month"] for row in rows), default=0))
    lines = pivoted(rows, "month", "arm", _ARMS)
    months = [month for month in lines if month % _TABLE_STEP_MONTHS == 0 or month in edges]
    return _CURVES.tables(brief, [lines[month] for month in months])


def _outcome_order(row: Row, primary: str) -> tuple[bool, bool, str]:
    """The primary outcome first, then months by name."""
    return (
        not _is_share(row),
        row["outcome"] != f"months_{primary}",
        row["outcome"],
    )


def _is_share(row: Row) -> bool:
    return row["outcome"].endswith("_share_at_end")


def _outcome(brief: Brief, row: Row) -> Cell:
    """Where the effect is told in months without support, what people live on is known as far as
    it is on record.
    """
    label = brief.words.label(row["outcome"])
    if _is_known(brief, row):
        return label
    return brief.words.text("outcome.on_record", outcome=label)


def _is_known(brief: Brief, row: Row) -> bool:
    """Whether the outcome is known of every month, not only as far as it is on record."""
    state = row["outcome"].removeprefix("months_")
    return tells_work(brief) or state in KNOWN_FROM_PAYMENTS or _is_share(row)


def _is_nothing(row: Row) -> bool:
    """Whether no month is on record in either arm."""
    arms = ("treated", "comparison")
    return row.has(*arms) and all(row[arm] < LEAST_RECORDED for arm in arms)


def _level(row: Row) -> Form:
    return SHARE if _is_share(row) else MONTHS


def _difference(brief: Brief, row: Row) -> Cell:
    if not _is_share(row):
        return brief.in_brackets(row, "difference", CHANGE_MONTHS)
    return brief.in_brackets(row, "difference", POINTS) + f", {brief.words.text('unit.points')}"


_CURVES = View(
    "effect_curves",
    "change.curve_caption",
    "change",
    (
        of("difference", key("month"), "stay.month"),
        of("treated", with_range(), "value.treated"),
        of("comparison", with_range(), "value.comparison"),
        of("difference", with_range(form=POINTS), "difference_points"),
    ),
)
_SUMMARY = View(
    "effect_summary",
    "change.summary_caption",
    "change",
    (
        cell("outcome", _outcome, "outcome"),
        number("treated", _level, head="value.treated"),
        number("comparison", _level, head="value.comparison"),
        cell("value.difference", _difference, "difference", "ci_lower", "ci_upper"),
    ),
)
