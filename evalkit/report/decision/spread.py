"""How long people stay on support in each district, beside what ways of working and reforms do."""

from collections.abc import Sequence

from markupsafe import Markup

from evalkit.report.decision.reforms import ways_and_reforms
from evalkit.report.parts.document import Brief, Part
from evalkit.report.parts.layout import render
from evalkit.report.parts.marks import Scale, axis, dot, hair, picture, scale_over, span
from evalkit.report.parts.numbers import MONTHS, Row
from evalkit.report.parts.place import Place
from evalkit.report.parts.sentences import are_apart
from evalkit.report.view import link_to
from evalkit.tables import CITY

_HEIGHT = 22


def months_on_support(brief: Brief, district: str) -> Row | None:
    """A district's mean months on support up to the longest horizon (table time_on_support); None
    where that is not shown.
    """
    rows = brief.tables.rows("time_on_support", district=district)
    longest = max(rows, key=lambda row: row["horizon_months"], default=None)
    return longest if longest is not None and longest.has("estimate") else None


def how_long_and_how(brief: Brief) -> Part | None:
    """Months on support in each district with its range, and what ways of working and reforms
    change; None without any of them.
    """
    words = brief.words
    sentences = ways_and_reforms(brief)
    shown = [row for name in brief.run.params.districts if (row := months_on_support(brief, name))]
    if len(shown) < 2:
        shown = []
    if not shown and not sentences:
        return None
    body = render(
        "decision/spread.html.j2",
        words=words,
        heading=_heading(brief, shown) if shown else "",
        reading=_reading(brief, shown) if shown else "",
        rows=_rows(brief, shown) if shown else (),
        axis=_axis(brief, shown) if shown else "",
        sentences=sentences,
        evidence=Place("", CITY).link(Place("evidence", CITY)),
    )
    return Part("spread", "", body)


def _heading(brief: Brief, shown: Sequence[Row]) -> Markup:
    """Whether the districts' months can be told apart, and then from how many to how many."""
    words = brief.words
    key = {None: "unknown", True: "apart", False: "alike"}[are_apart(shown)]
    ends = [pick(shown, key=lambda row: row["estimate"]) for pick in (min, max)]
    low, high = (brief.number(row, "estimate", MONTHS) for row in ends)
    horizon = words.duration(shown[0]["horizon_months"])
    return words.html(f"spread.heading_{key}", low=low, high=high, horizon=horizon)


def _reading(brief: Brief, shown: Sequence[Row]) -> Markup:
    words, city = brief.words, months_on_support(brief, CITY)
    horizon = words.duration(shown[0]["horizon_months"])
    if city is None:
        return words.html("spread.reading", horizon=horizon)
    mean = brief.number(city, "estimate", MONTHS)
    return words.html("spread.reading_with_city", horizon=horizon, mean=mean)


def _scale(brief: Brief, shown: Sequence[Row]) -> Scale:
    held = [
        row[column]
        for row in (*shown, months_on_support(brief, CITY))
        if row
        for column in ("estimate", "ci_lower", "ci_upper")
        if row.get(column) is not None
    ]
    return scale_over(held, step=1, around=held[:1])


def _rows(brief: Brief, shown: Sequence[Row]) -> list[tuple[Markup, Markup, Markup, Markup]]:
    """A district's name, picture, mean and range, the longest first."""
    scale, city = _scale(brief, shown), months_on_support(brief, CITY)
    mean = [hair(scale(city["estimate"]), _HEIGHT, "mean")] if city else []
    rows = []
    for row in sorted(shown, key=lambda row: -row["estimate"]):
        marks = [*mean]
        if row.has("ci_lower", "ci_upper"):
            ends = scale(row["ci_lower"]), scale(row["ci_upper"])
            marks.append(span(*ends, _HEIGHT / 2, "of-focus"))
        marks.append(dot(scale(row["estimate"]), _HEIGHT / 2, "of-focus"))
        rows.append(
            (
                link_to(brief, row["district"]),
                picture(*marks, height=_HEIGHT, label=""),
                brief.number(row, "estimate", MONTHS),
                brief.range_of(row, MONTHS),
            )
        )
    return rows


def _axis(brief: Brief, shown: Sequence[Row]) -> Markup:
    scale = _scale(brief, shown)
    ticks = scale.ticks(6)
    digits = 0 if all(value == int(value) for value in ticks) else 1
    return axis(scale, [(value, brief.words.number(value, digits)) for value in ticks])
