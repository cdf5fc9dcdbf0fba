"""The checks of an effect in words: placebos, the naive figure, unknown destinations, and what
could have been detected.
"""

from dataclasses import replace

from markupsafe import Markup

from evalkit.line.adjustment import step_term
from evalkit.line.calendar import break_months
from evalkit.report.evidence.effects import Effect
from evalkit.report.parts.definitions import tells_work
from evalkit.report.parts.document import Brief, DataTable, Figure
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, MONTHS, POINTS, SHARE, Form, Row
from evalkit.report.parts.readings import window_months
from evalkit.report.view import NOTHING, Cell, View, cell, number, verdict, with_range, word
from evalkit.vocabulary import TIMES

_THOUSANDTHS, _RATIO = Form("number", 3), Form("number", 2)
_FORMS = {
    "starters": COUNT,
    "effective_sample_size": COUNT,
    "max_abs_smd": _RATIO,
    "max_abs_smd_products": _RATIO,
    "calendar_time": _RATIO,
    "earlier_participation": _RATIO,
    "share_outside_support": SHARE,
    "top_1_percent_share": SHARE,
}
_READINGS = {
    "share_ended": SHARE,
    "share_in_work": SHARE,
    "comparison_in_work": SHARE,
    "corrected": POINTS,
    "bias": POINTS,
    "none_work": POINTS,
    "all_work": POINTS,
    "worst_case": POINTS,
    "best_case": POINTS,
    "none_work_months": CHANGE_MONTHS,
    "all_work_months": CHANGE_MONTHS,
    "worst_case_months": CHANGE_MONTHS,
    "best_case_months": CHANGE_MONTHS,
    "detectable": Form("hundredths", 1),
    "detectable_months": MONTHS,
}


_OF_PLACEBOS = (
    "sure.placebo_history_passed",
    "sure.placebo_history_warning",
    "sure.placebo_history_not_testable",
    "sure.placebo_outcome_passed",
    "sure.placebo_outcome_warning",
)
_CASES = ("worst_case", "best_case", "worst_case_months", "best_case_months")
_BOUNDS = ("none_work", "all_work", "none_work_months", "all_work_months", *_CASES)


def check_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """Sentences about placebos, remaining imbalance, refusals, the naive figure, unknown
    destinations and what could have been detected.
    """
    return (
        *_placebo_texts(brief, effect),
        *_unlike_texts(brief, effect),
        *_crossed_text(brief, effect),
        *refused_text(brief, effect),
        *_reading_texts(brief, effect),
    )


def check_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The checks with their limits and verdicts."""
    view = replace(_CHECKS, of=_family(brief))
    return view.tables(brief, _checks(brief, effect))


def naive_picture(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    """The naive figure beside the corrected one, with the table of all readings."""
    readings = _readings(brief, effect)
    if not readings:
        return ()
    shown = [
        readings[name]
        for name in _READINGS
        if name in readings and (name not in _BOUNDS or _has_unseen(readings))
    ]
    tables = _VIEW_OF_READINGS.tables(brief, shown)
    return picture(brief, "naive", brief.words.html("sure.figure_naive"), tables, of=effect.names)


def _checks(brief: Brief, effect: Effect) -> list[Row]:
    """The checks of the city's weights or, on a district's page, of its own people."""
    return brief.tables.rows(
        _family(brief), district=brief.district, intervention_id=effect.intervention_id
    )


def _family(brief: Brief) -> str:
    return "effect_checks" if brief.is_city else "district_checks"


def _readings(brief: Brief, effect: Effect) -> dict[str, Row]:
    return {
        row["reading"]: row
        for row in brief.tables.rows("effect_readings", **effect.keys)
        if row.has("estimate")
    }


def _placebo_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """What each placebo found, or that it could not be made."""
    months = window_months(brief, effect.intervention_id)
    found = {
        f"sure.{row['check']}_{row['verdict']}"
        for row in _checks(brief, effect)
        if row["check"].startswith("placebo_") and row.has("verdict")
    }
    return tuple(brief.words.html(key, months=months) for key in _OF_PLACEBOS if key in found)


def _unlike_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """In what the arms differ that the weights were not built on."""
    words, text = brief.words, []
    for row in _checks(brief, effect):
        if row.get("verdict") != "warning":
            continue
        if row["check"] == "max_abs_smd_products":
            first, second = (words.text(name) for name in row["term"].split(TIMES))
            text.append(
                words.html("sure.warning_spread", one=first)
                if first == second
                else words.html("sure.warning_together", one=first, other=second)
            )
        elif row["check"] in ("calendar_time", "earlier_participation"):
            text.append(words.html(f"sure.warning_{row['check']}"))
    return tuple(text)


def _crossed_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """Which breaks in law the follow-up crosses that the models do not allow for."""
    protocol = brief.protocols.get(effect.intervention_id)
    crossed = protocol.crossed_breaks(break_months(brief.run)) if protocol else ()
    if not crossed:
        return ()
    breaks = "; ".join(brief.words.text(step_term(key)) for key in crossed)
    return (brief.words.html("activity.crossed", breaks=breaks),)


def refused_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """The checks for which an effect is refused."""
    refused = [row for row in _checks(brief, effect) if row.get("verdict") == "refused"]
    return tuple(
        brief.words.html("sure.check_refused", check=brief.words.text(f"check.{row['check']}"))
        for row in refused
    )


def _reading_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    words, readings = brief.words, _readings(brief, effect)
    if not {"share_ended", "corrected", "detectable"} <= readings.keys():
        return ()
    text = [
        words.html(
            "sure.naive_share",
            ended=brief.number(readings["share_ended"], "estimate", SHARE),
            corrected=brief.number(readings["corrected"], "estimate", POINTS),
        )
    ]
    if readings["corrected"].get("information") == "too_little":
        text.append(
            words.html(
                "sure.too_little",
                detectable=brief.number(readings["detectable"], "estimate", Form("hundredths", 1)),
            )
        )
    if _has_unseen(readings):
        limits = {name.replace("_case", ""): readings[name] for name in _CASES}
        forms = {name: CHANGE_MONTHS if name.endswith("_months") else POINTS for name in limits}
        text.append(
            words.html(
                "sure.bounds",
                **{
                    name: brief.number(row, "estimate", forms[name]) for name, row in limits.items()
                },
            )
        )
    if not tells_work(brief):
        text.append(words.html("outcome.nothing_unseen"))
    return tuple(text)


def _has_unseen(readings: dict[str, Row]) -> bool:
    """Whether the register misses months of somebody, so that bounds say more than the difference
    itself.
    """
    is_told = all(name in readings for name in _CASES)
    return (
        is_told
        and readings["worst_case_months"]["estimate"] != readings["best_case_months"]["estimate"]
    )


def _form_of_check(row: Row) -> Form:
    return _FORMS.get(row["check"], _THOUSANDTHS)


def _value_of_check(brief: Brief, row: Row) -> Cell:
    if row.status == "ok" and not row.has("value"):
        return NOTHING
    return brief.number(row, "value", _form_of_check(row))


_CHECKS = View(
    "effect_checks",
    "sure.checks_caption",
    "sure",
    (
        word("check", "check."),
        cell("check_value", _value_of_check, "value"),
        number("limit", _form_of_check, head="check_limit", or_nothing=True),
        verdict(),
    ),
)
_VIEW_OF_READINGS = View(
    "effect_readings",
    "sure.readings_caption",
    "sure",
    (word("reading"), with_range(form=lambda row: _READINGS[row["reading"]], head="check_value")),
)
