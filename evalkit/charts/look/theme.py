"""The sizes of all charts, and what each is given last. Colours and letters are those of
`line.looks`.

A chart is drawn for a width of `WIDTH` and scales with its page: at 320 px the smallest text is
still about 12 px. No chart relies on colour alone: lines are labelled where they end and have their
own dashes, areas are labelled and divided by white, points have their own shapes.
"""

import altair as alt

from evalkit.charts.labels import wrapped
from evalkit.charts.look.frame import AnyPicture, Frame, label
from evalkit.disclosure import Published
from evalkit.line.looks import ARM_LOOKS, Look, chart_theme
from evalkit.line.states import LOOKS
from evalkit.words import Words

WIDTH = 400
PLOT_WIDTH = 218  # with labels at the ends of the lines
FULL_WIDTH = 375  # without
LETTERS = 46  # on a line of that width
MAX_SHOWN_WIDTH = "36rem"
SIGNED_AXIS = "datum.value == 0 ? '0' : format(datum.value, '+,.1~f')"
POINTS_AXIS = (
    "datum.value == 0 ? '0' : format(datum.value * 100, '+.0f')"  # shares as percentage points
)
_OTHER = Look("#454545", (4, 2))


def look_of(value: str) -> Look:
    """The look of a state, exit or arm."""
    return LOOKS.get(value) or ARM_LOOKS.get(value, _OTHER)


def finish(chart: AnyPicture, description: str) -> AnyPicture:
    """The chart in the theme, described in one sentence for readers who cannot see it."""
    chart.description, chart.config = description, chart_theme()
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
