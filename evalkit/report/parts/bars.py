"""Bars of counts, a row for each thing counted: the whole pale, a part of it in full colour, the
numbers beside them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, ROW, TOP, THICK = 520, 40, 19, 13
_NUMBERS = 130


@dataclass(frozen=True)
class Bar:
    """A row: what it is of, the whole and the part, and the numbers as they are written."""

    name: str
    whole: float
    part: float
    shown: Markup


def bars(rows: Sequence[Bar], *, label: str) -> Markup:
    """The picture of the rows, the first one at the top.

    Parameters
    ----------
    rows : sequence of Bar
        The rows, on one scale from zero.
    label : str
        What it shows, for readers who cannot see it.
    """
    largest = max((max(row.whole, row.part) for row in rows), default=0) or 1
    drawn = Markup("").join(
        _row(row, at * ROW, (WIDTH - _NUMBERS) / largest) for at, row in enumerate(rows)
    )
    return Markup(
        '<svg class="bars" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, ROW * len(rows), label, drawn)


def _row(row: Bar, y: int, scale: float) -> Markup:
    whole, part = round(row.whole * scale, 1), round(row.part * scale, 1)
    return Markup(
        '<text x="0" y="{}">{}</text>'
        '<rect class="whole" x="0" y="{}" width="{}" height="{}"/>'
        '<rect class="part" x="0" y="{}" width="{}" height="{}"/>'
        '<text x="{}" y="{}">{}</text>'
    ).format(
        *(y + 13, row.name),
        *(y + TOP, max(whole, 1), THICK),
        *(y + TOP + 3, part, THICK - 6),
        *(max(whole, part) + 6, y + TOP + 11, row.shown),
    )
