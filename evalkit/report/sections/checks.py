"""The checks of an effect in words: placebos, the naive figure, unknown destinations, and what
could have been found.
"""

from markupsafe import Markup

from evalkit.report.parts.document import Brief, DataTable, Figure
from evalkit.report.parts.figures import picture
from evalkit.report.parts.numbers import CHANGE_MONTHS, COUNT, MONTHS, POINTS, SHARE, Form, Row
from evalkit.report.sections.change import Effect
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
    "e_value": _RATIO,
    "e_value_limit": _RATIO,
}


_CASES = ("worst_case", "best_case", "worst_case_months", "best_case_months")
_BOUNDS = ("none_work", "all_work", "none_work_months", "all_work_months", *_CASES)


def check_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """Sentences about the placebos, unlikeness, what is refused, the naive figure, what is not seen
    and what could have been found.
    """
    return (
        *_placebo_text(brief, effect),
        *_unlike_texts(brief, effect),
        *refused_text(brief, effect),
        *_reading_texts(brief, effect),
    )


def check_tables(brief: Brief, effect: Effect) -> tuple[DataTable, ...]:
    """The checks with their limits and verdicts."""
    words, rows = brief.words, _checks(brief, effect)
    if not rows:
        return ()
    head = tuple(
        words.text(key)
        for key in ("sure.check", "sure.check_value", "sure.check_limit", "sure.verdict")
    )
    return (
        DataTable(
            words.text("sure.checks_caption"),
            head,
            tuple(_check_line(brief, row) for row in rows),
            brief.note("effect_checks"),
        ),
    )


def naive_picture(brief: Brief, effect: Effect) -> tuple[Figure, ...]:
    """The naive figure beside the corrected one, with the table of all readings."""
    words, readings = brief.words, _readings(brief, effect)
    if not readings:
        return ()
    told = [
        name
        for name in _READINGS
        if name in readings and (name not in _BOUNDS or _has_unseen(readings))
    ]
    rows = tuple(
        (words.label(name), brief.in_brackets(readings[name], "estimate", _READINGS[name]))
        for name in told
    )
    head = (words.text("sure.reading"), words.text("sure.check_value"))
    table = DataTable(
        words.text("sure.readings_caption"), head, rows, brief.note("effect_readings")
    )
    return picture(brief, "naive", words.html("sure.figure_naive"), (table,), of=effect.names)


def _checks(brief: Brief, effect: Effect) -> list[Row]:
    """The city's checks: weights are the city's."""
    return brief.shelf.rows("effect_checks", district="all", intervention_id=effect.intervention_id)


def _readings(brief: Brief, effect: Effect) -> dict[str, Row]:
    return {
        row["reading"]: row
        for row in brief.shelf.rows("effect_readings", **effect.keys)
        if row.has("estimate")
    }


def _placebo_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    verdicts = {
        row["verdict"]
        for row in _checks(brief, effect)
        if row["check"].startswith("placebo_") and row.has("verdict")
    }
    if "warning" in verdicts:
        return (brief.words.html("sure.placebo_warning"),)
    return (brief.words.html("sure.placebo_passed"),) if "passed" in verdicts else ()


def _unlike_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """What the arms differ in although the weights were built on other things."""
    words, text = brief.words, []
    for row in _checks(brief, effect):
        if row.get("verdict") != "warning":
            continue
        if row["check"] == "max_abs_smd_products":
            one, other = (words.text(name) for name in row["term"].split(TIMES))
            text.append(
                words.html("sure.warning_spread", one=one)
                if one == other
                else words.html("sure.warning_together", one=one, other=other)
            )
        elif row["check"] in ("calendar_time", "earlier_participation"):
            text.append(words.html(f"sure.warning_{row['check']}"))
    return tuple(text)


def refused_text(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    """The checks for which an effect is refused."""
    refused = [row for row in _checks(brief, effect) if row.get("verdict") == "refused"]
    return tuple(
        brief.words.html("sure.check_refused", check=brief.words.text(f"check.{row['check']}"))
        for row in refused
    )


def _reading_texts(brief: Brief, effect: Effect) -> tuple[Markup, ...]:
    words, found = brief.words, _readings(brief, effect)
    if not {"share_ended", "corrected", "detectable"} <= found.keys():
        return ()
    text = [
        words.html(
            "sure.naive_share",
            ended=brief.number(found["share_ended"], "estimate", SHARE),
            corrected=brief.number(found["corrected"], "estimate", POINTS),
        )
    ]
    if found["corrected"].get("information") == "too_little":
        text.append(
            words.html(
                "sure.too_little",
                detectable=brief.number(found["detectable"], "estimate", Form("hundredths", 1)),
            )
        )
    if _has_unseen(found):
        limits = {name.replace("_case", ""): found[name] for name in _CASES}
        forms = {name: CHANGE_MONTHS if name.endswith("_months") else POINTS for name in limits}
        text.append(
            words.html(
                "sure.bounds",
                **{
                    name: brief.number(row, "estimate", forms[name]) for name, row in limits.items()
                },
            )
        )
    if {"e_value", "e_value_limit"} <= found.keys() and found["e_value_limit"]["estimate"] > 1:
        values = {
            name: brief.number(found[name], "estimate", _RATIO)
            for name in ("e_value", "e_value_limit")
        }
        text.append(words.html("sure.e_value", **values))
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


def _check_line(brief: Brief, row: Row) -> tuple[Markup | str, ...]:
    form = _FORMS.get(row["check"], _THOUSANDTHS)
    limit = brief.number(row, "limit", form) if row.has("limit") else "–"
    verdict = (
        brief.words.label(f"verdict.{row['verdict']}")
        if row.has("verdict")
        else brief.words.text("mark.suppressed")
    )
    value = brief.number(row, "value", form) if row.has("value") or row.status != "ok" else "–"
    return brief.words.label(f"check.{row['check']}"), value, limit, verdict
