"""What the rows of the first screen are drawn from: the published rows behind each, the scales that
all of them share, and the small pictures on them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from evalkit.line.actors import PAYER_LOOKS
from evalkit.report.decision.offered import (
    Offered,
    is_moved,
    months_of,
    payback_of,
    value_of,
)
from evalkit.report.decision.unseen import budget_of
from evalkit.report.parts import marks
from evalkit.report.parts.document import Brief
from evalkit.report.parts.marks import Scale, scale_over
from evalkit.report.parts.numbers import RANGE, Form, Row
from evalkit.words import Words, money_digits

PERSPECTIVES = ("district", "public_purse", "society")

_LINE_HEIGHT, _MONTHS_HEIGHT = 19, 20
# From so many on, every other line of values is drawn.
_MANY_TICKS = 5
_IN_THOUSANDS_FROM = 10_000


@dataclass(frozen=True)
class Shown:
    """An intervention with the published rows that its cells are written from; sums that no posting
    concerns are left out, except society's. Of one of whose people nobody knows what they live on,
    the district's sum stands alone.
    """

    one: Offered
    months: Row | None
    values: dict[str, Row]
    back: Row | None

    @property
    def society(self) -> Row | None:
        """What a start is worth to society, where that is shown."""
        return self.values.get("society")

    @property
    def budget(self) -> Row | None:
        """What a start gives in the district's budget, where that is all that can be said."""
        return None if self.society else self.values.get("district")


def shown(brief: Brief, one: Offered) -> Shown:
    """The published rows of an intervention."""
    sums = {name: value_of(brief, one, name) for name in PERSPECTIVES}
    society = sums["society"]
    is_valued = society is not None and society.has("probability_positive")
    values = {
        name: row
        for name, row in sums.items()
        if is_valued and row is not None and (name == "society" or is_moved(row))
    }
    if not values and (budget := budget_of(brief, one)):
        values = {"district": budget}
    return Shown(
        one,
        months_of(brief, one),
        values,
        payback_of(brief, one, "public_purse") if "public_purse" in values else None,
    )


@dataclass(frozen=True)
class Scales:
    """The scales of months and of values, which all rows share."""

    months: Scale
    values: Scale

    @property
    def are_thousands(self) -> bool:
        """Whether values are told in thousands on the axis."""
        return self._largest >= _IN_THOUSANDS_FROM

    @property
    def value_ticks(self) -> list[float]:
        """Where values have a line: few, so that their labels stay apart on paper too, but enough
        to read a length by.
        """
        choices = (self.values.ticks(about) for about in (3, 4, 5))
        ticks = next((ticks for ticks in choices if len(ticks) >= 3), self.values.ticks(5))
        if len(ticks) < _MANY_TICKS:
            return ticks
        return [tick for tick in ticks if round(tick / (ticks[1] - ticks[0])) % 2 == 0]

    def value_form(self, kind: Literal["number", "signed"]) -> Form:
        """Every value with the same digits, so that they can be held against each other."""
        return Form(kind, money_digits(self._largest))

    @property
    def _largest(self) -> float:
        return max(abs(self.values.low), abs(self.values.high))


def scales_of(rows: Sequence[Shown]) -> Scales:
    """The scales that hold all rows with their ranges."""
    months = _ends((row.months for row in rows), "difference")
    values = _ends((value for row in rows for value in row.values.values()), "estimate")
    largest = max((abs(amount) for amount in values), default=0) or 1
    step = 10 ** math.floor(math.log10(largest)) / 2
    return Scales(scale_over(months, step=1), scale_over(values, step=step))


def axes(scales: Scales, words: Words) -> dict[str, Markup]:
    """The scales of months and values, for the heads of their columns."""
    unit = 1000 if scales.are_thousands else 1
    return {
        "months": marks.axis(scales.months, _labels(scales.months.ticks(4), 1, words)),
        "values": marks.axis(scales.values, _labels(scales.value_ticks, unit, words)),
    }


def months_picture(row: Row | None, scales: Scales) -> Markup:
    """Months gained as a dot on its range; its numbers stand below."""
    if row is None:
        return Markup()
    scale, middle = scales.months, _MONTHS_HEIGHT / 2
    return marks.picture(
        marks.hair(scale(0), _MONTHS_HEIGHT, "zero"),
        *_range(row, scale, middle, "of-effect"),
        marks.dot(scale(row["difference"]), middle, "of-effect"),
        height=_MONTHS_HEIGHT,
        label="",
    )


def value_picture(brief: Brief, values: dict[str, Row], scales: Scales, *, n_lines: int) -> Markup:
    """What a start is worth to each, as a dot on its range, beside so many lines of text; empty
    without values.
    """
    if not values:
        return Markup()
    scale, height = scales.values, _LINE_HEIGHT * n_lines
    drawn = [
        marks.hair(scale(tick), height, "grid" if tick else "zero") for tick in scales.value_ticks
    ]
    for place, (name, row) in enumerate(values.items()):
        middle = _LINE_HEIGHT * (place + 0.5)
        drawn += _range(row, scale, middle, f"of-{name}")
        drawn.append(
            marks.dot(scale(row["estimate"]), middle, f"of-{name}", PAYER_LOOKS[name].shape)
        )
    form = scales.value_form("signed")
    label = "; ".join(
        f"{brief.words.text(f'offer.value_{name}')} "
        + brief.in_brackets(row, "estimate", form).striptags()
        for name, row in values.items()
    )
    return marks.picture(*drawn, height=height, label=label)


def _ends(rows: Iterable[Row | None], column: str) -> list[float]:
    names = (column, *RANGE)
    return [row[name] for row in rows if row for name in names if row[name] is not None]


def _labels(ticks: Sequence[float], unit: float, words: Words) -> list[tuple[float, str]]:
    digits = 0 if all(float(tick / unit).is_integer() for tick in ticks) else 1
    return [(tick, words.number(tick / unit, digits)) for tick in ticks]


def _range(row: Row, scale: Scale, middle: float, css: str) -> list[Markup]:
    if not row.has(*RANGE):
        return []
    return [marks.span(scale(row["ci_lower"]), scale(row["ci_upper"]), middle, css)]
