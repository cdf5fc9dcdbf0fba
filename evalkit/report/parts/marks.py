"""Small pictures made of page elements: dots, ranges, ticks and curves at percentages of a width
that the page gives them, so that letters keep their size at any width and one scale serves many
rows.

What they show stands as numbers beside them; each picture is named with its numbers for readers who
cannot see it. Colours are classes that the style sheet fills (`layout.style`): of-society,
of-state, to-work.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to per cent of a picture's width (or height); values beyond its
    ends are drawn at them.
    """

    low: float
    high: float

    def __call__(self, value: float) -> float:
        inside = min(max(value, self.low), self.high)
        return round((inside - self.low) / (self.high - self.low) * 100, 2)

    def ticks(self, about: int = 5) -> list[float]:
        """Round values within the scale, about so many."""
        raw = (self.high - self.low) / about
        magnitude = 10 ** math.floor(math.log10(raw))
        step = next(factor * magnitude for factor in _STEPS if factor * magnitude >= raw)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(step * index, 10) for index in range(first, last + 1)]


def scale_over(values: Iterable[float], *, step: float, around: Sequence[float] = (0.0,)) -> Scale:
    """The scale that holds all values and those of `around`, out to whole steps."""
    held = [*values, *around]
    low, high = math.floor(min(held) / step) * step, math.ceil(max(held) / step) * step
    return Scale(low, high if high > low else low + step)


def picture(*marks: Markup, height: int, label: str, css: str = "") -> Markup:
    """An SVG of full width that holds marks.

    Parameters
    ----------
    *marks : Markup
        What it shows, the lowest first.
    height : int
        CSS pixels.
    label : str
        What it shows, in words with its numbers; empty where the numbers stand beside it (the
        picture is then hidden from readers who cannot see it).
    css : str
        Further classes.
    """
    name = Markup('role="img" aria-label="{}"').format(label) if label else 'aria-hidden="true"'
    return Markup('<svg class="{}" width="100%" height="{}" {}>{}</svg>').format(
        css, height, Markup(name), Markup("").join(marks)
    )


def hair(at: float, height: float, css: str = "grid", *, top: float = 0) -> Markup:
    """A vertical line at a percentage: "grid", "zero" or a class of its own."""
    return Markup('<line class="{}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(
        css, at, at, top, height
    )


def span(low: float, high: float, y: float, css: str) -> Markup:
    """A range: a horizontal line between two percentages."""
    return Markup('<line class="range {}" x1="{}%" x2="{}%" y1="{}" y2="{}"/>').format(
        css, low, high, y, y
    )


def dot(at: float, y: float, css: str, shape: str = "circle") -> Markup:
    """A point at a percentage: "circle", "square" or "diamond"."""
    if shape == "circle":
        return Markup('<circle cx="{}%" cy="{}" r="5" class="mark {}"/>').format(at, y, css)
    outline = {
        "square": '<rect x="-4.5" y="-4.5" width="9" height="9" class="mark {}"/>',
        "diamond": '<path d="M0-6.5 6.5 0 0 6.5-6.5 0z" class="mark {}"/>',
    }[shape]
    return _at(at, y, Markup(outline).format(css))


def text_at(at: float, y: float, text: str, css: str = "", *, anchor: str = "middle") -> Markup:
    """Letters at a percentage; their size is the style sheet's."""
    return _at(
        at, y, Markup('<text class="{}" text-anchor="{}">{}</text>').format(css, anchor, text)
    )


def bar(low: float, high: float, y: float, height: float, css: str) -> Markup:
    """A bar between two percentages."""
    return Markup('<rect class="{}" x="{}%" width="{}%" y="{}" height="{}"/>').format(
        css, low, round(high - low, 2), y, height
    )


def axis(scale: Scale, labels: Iterable[tuple[float, str]], *, height: int = 22) -> Markup:
    """The labels of a scale with their ticks, for the head of a column of pictures."""
    marks = [
        text_at(scale(value), height - 10, label)
        + hair(scale(value), height, "tick", top=height - 6)
        for value, label in labels
    ]
    return picture(*marks, height=height, label="", css="axis")


def axis_below(scale: Scale, labels: Sequence[tuple[float, str]], *, height: int = 18) -> Markup:
    """The labels of a scale below a picture; those at its ends stay within it."""
    anchors = {0.0: "start", 100.0: "end"}
    marks = [
        text_at(at, height - 5, label, anchor=anchors.get(at, "middle"))
        for value, label in labels
        for at in [scale(value)]
    ]
    return picture(*marks, height=height, label="", css="axis")


def level(y: float, label: str, css: str = "grid") -> Markup:
    """A horizontal line at a height, its label to the left of the picture: "grid" or "zero"."""
    return Markup(
        '<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>'
        '<text class="level" x="-6" y="{}" text-anchor="end">{}</text>'
    ).format(css, y, y, y + 4, label)


def curve(points: Iterable[tuple[float, float]], x: Scale, y: Scale, css: str) -> Markup:
    """A line through points, for `plot`."""
    return Markup('<path class="{}" vector-effect="non-scaling-stroke" d="{}"/>').format(
        css, _outline(points, x, y)
    )


def band(
    points: Sequence[tuple[float, float, float]], x: Scale, y: Scale, css: str = "band"
) -> Markup:
    """The area between the lower and upper values at each x, for `plot`."""
    lower = [(at, low) for at, low, _ in points]
    upper = [(at, high) for at, _, high in points]
    outline = _outline([*upper, *reversed(lower)], x, y)
    return Markup('<path class="{}" d="{}Z"/>').format(css, outline)


def shade(low: float, high: float, css: str = "shade") -> Markup:
    """A stretch of a plot from top to bottom between two percentages, for `plot`."""
    return Markup('<rect class="{}" x="{}" width="{}" y="0" height="100"/>').format(
        css, low, round(high - low, 2)
    )


def plot(
    curves: Iterable[Markup], marks: Iterable[Markup], *, height: int, label: str, css: str = ""
) -> Markup:
    """A picture of curves that stretch with the page, under marks and letters that do not.

    Parameters
    ----------
    curves : iterable of Markup
        `curve`, `band` and `shade`.
    marks : iterable of Markup
        What keeps its size: gridlines, labels, dots.
    height, label, css
        As `picture`.
    """
    stretched = Markup(
        '<svg width="100%" height="{}" viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg>'
    ).format(height, Markup("").join(curves))
    return picture(stretched, *marks, height=height, label=label, css=f"plot {css}".strip())


def _outline(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{x(at):.2f} {100 - y(value):.2f}" for at, value in points)


def _at(x: float, y: float, inner: Markup) -> Markup:
    """What is drawn around a point: an SVG of its own, since only that can stand at a percentage
    and a pixel.
    """
    return Markup('<svg x="{}%" y="{}" class="point">{}</svg>').format(x, escape(y), inner)
