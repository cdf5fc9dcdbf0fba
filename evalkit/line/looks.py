"""How series are told apart, in charts and on pages, and the letters and colours of all charts.

Colours have a contrast of at least 3:1 to white, are told apart by readers with colour-vision
deficiencies, and differ in lightness.

References
----------
WCAG 2.1, 1.4.1 and 1.4.11. Palette after Okabe & Ito (2008), darkened to the contrast above.
"""

from dataclasses import dataclass
from typing import Any

FONT = "'Liberation Sans', Arial, Helvetica, 'Segoe UI', Roboto, sans-serif"
FONT_SIZE = 15
INK, FAINT, GRID = "#1f1f1f", "#5f5f5f", "#dddddd"
GAIN, LOSS = "#00568f", "#c2500a"


@dataclass(frozen=True)
class Look:
    """Colour, dashes (on, off), the shape of points, and the colour on dark ground."""

    colour: str
    dash: tuple[int, ...] = (1, 0)
    shape: str = "circle"
    dark: str = ""

    @property
    def on_dark(self) -> str:
        """The colour on dark ground."""
        return self.dark or self.colour


ARM_LOOKS: dict[str, Look] = {
    "treated": Look("#00477a"),
    "comparison": Look("#6d6d6d", (7, 4), "square"),
    "difference": Look("#00477a"),
}
# Groups of people have no colours of their own: they take these in order.
GROUP_LOOKS: tuple[Look, ...] = (
    Look("#00477a"),
    Look("#cc6a00", (7, 3)),
    Look("#0a8f6c", (2, 3)),
    Look("#a3417a", (9, 3, 2, 3)),
    Look("#8a5a2b", (4, 4)),
    Look("#3f86c4", (10, 4)),
    Look("#7b6fc0", (3, 6)),
    Look("#454545", (6, 6)),
    Look("#6d6d6d", (1, 4)),
    Look("#8c8c8c", (1, 6)),
)


def chart_theme() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart.

    No text is cut off at a width, so that none is measured for it, and single marks are given no
    labels of their own, which `_plain_svg` would take out: measuring letters is most of what Vega
    does.
    """
    text = {"font": FONT, "fontSize": FONT_SIZE, "color": INK}
    title = {
        **text,
        "fontWeight": "normal",
        "anchor": "start",
        "align": "left",
        "frame": "group",
        "offset": 10,
        "lineHeight": 19,
    }
    labels = {"labelFont": FONT, "labelFontSize": FONT_SIZE, "labelColor": INK, "labelPadding": 5}
    titles = {
        "titleFont": FONT,
        "titleFontSize": FONT_SIZE,
        "titleColor": INK,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    }
    lines = {"domainColor": FAINT, "tickColor": FAINT, "gridColor": GRID, "gridWidth": 1}
    return {
        "aria": False,
        "background": "white",
        "padding": 5,
        "view": {"stroke": None},
        "title": {**title, "limit": 0},
        "text": {
            **text,
            "align": "left",
            "baseline": "middle",
            "lineBreak": "\n",
            "lineHeight": 17,
        },
        "axis": {**labels, **titles, **lines, "labelLimit": 0, "titleLimit": 0},
        "axisX": {"grid": False, "tickSize": 5},
        "axisY": {"grid": True, "domain": False, "ticks": False},
        "concat": {"spacing": 24},
    }
