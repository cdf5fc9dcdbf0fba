"""The one look of all charts: colours, letters, sizes.

A chart is drawn for a width of `WIDTH` and scales with its page: at 320 px the smallest text is
still about 12 px. Colours have a contrast of at least 3:1 to white, are told apart by readers with
colour-vision deficiencies, and differ in lightness; no chart relies on colour alone: lines are
labelled where they end and have their own dashes, areas are labelled and divided by white, points
have their own shapes.

References
----------
WCAG 2.1, 1.4.1 and 1.4.11. Palette after Okabe & Ito (2008), darkened to the contrast above.
"""

from typing import Any

import altair as alt

from evalkit.charts.labels import wrapped
from evalkit.charts.look.frame import AnyPicture, Frame, label
from evalkit.disclosure import Published
from evalkit.line.looks import Look
from evalkit.line.states import LOOKS
from evalkit.words import Words

WIDTH = 400
PLOT_WIDTH = 218  # with labels at the ends of the lines
FULL_WIDTH = 375  # without
LETTERS = 46  # on a line of that width
MAX_SHOWN_WIDTH = "36rem"
FONT = "'Liberation Sans', Arial, Helvetica, 'Segoe UI', Roboto, sans-serif"
FONT_SIZE = 15
INK, FAINT, GRID = "#1f1f1f", "#5f5f5f", "#dddddd"
GAIN, LOSS = "#00568f", "#c2500a"
SIGNED_AXIS = "datum.value == 0 ? '0' : format(datum.value, '+,.1~f')"
POINTS_AXIS = (
    "datum.value == 0 ? '0' : format(datum.value * 100, '+.0f')"  # shares as percentage points
)


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
_OTHER = Look("#454545", (4, 2))


def look_of(value: str) -> Look:
    """The look of a state, exit or arm."""
    return LOOKS.get(value) or ARM_LOOKS.get(value, _OTHER)


def config() -> dict[str, Any]:
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


def finish(chart: AnyPicture, description: str) -> AnyPicture:
    """The chart in the theme, described in one sentence for readers who cannot see it."""
    chart.description, chart.config = description, config()
    return chart


def nothing_to_show(table: Published, words: Words) -> alt.LayerChart:
    """In place of a chart of a table of which nothing can be drawn: the words that say so, and
    whether numbers are withheld.
    """
    is_withheld = (table.data["status"] == "suppressed").any()
    sentence = words.text("chart.nothing" if is_withheld else "chart.no_number")
    frame = Frame(FULL_WIDTH, 40, (0, 1), (0, 1))
    rows = [{"text": wrapped(sentence, LETTERS)}]
    return finish(frame.holds(frame.layer(rows, "text", x=0, text=label())), sentence)
