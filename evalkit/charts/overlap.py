"""The chart of overlap: where those who started and those compared with lie on the scale of how
likely the start was.
"""

from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.frame import Frame, nice_ticks
from evalkit.charts.labels import title_lines
from evalkit.charts.source import ONE_EFFECT, drawn_if, shown_rows
from evalkit.charts.theme import FULL_WIDTH, GAIN, INK, LOSS, finish
from evalkit.disclosure import Published
from evalkit.words import Words

if TYPE_CHECKING:
    import altair as alt

HEIGHT, KEY_LINE = 200, 18
SERIES = (
    ("share_treated", "treated", INK, (1, 0), "circle"),
    ("share_comparison", "before", LOSS, (2, 3), "square"),
    ("share_comparison_weighted", "after", GAIN, (7, 4), "diamond"),
)


@drawn_if(pl.col("share_treated").is_not_null(), one_of=ONE_EFFECT)
def overlap(table: Published, words: Words) -> "alt.LayerChart":
    """Shares of those who started, and of the comparison before and after weighting, from the least
    to the most likely to start.

    Parameters
    ----------
    table : Published
        The table overlap: bin, share_treated, share_comparison, share_comparison_weighted; one
        district and intervention.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError, ParameterError
        As `effect_curves`.
    """
    import altair as alt

    rows = shown_rows(table, "overlap").sort("bin")
    n_bins = int(rows["bin"].max())
    ticks = nice_ticks(0, max(rows[column].max() for column, *_ in SERIES))
    title = title_lines(words.text("chart.overlap.x"))
    frame = Frame(
        FULL_WIDTH - 40,
        HEIGHT,
        (0.5, n_bins + 0.5),
        (0, ticks[-1]),
        {"values": [1, n_bins], "title": title, "format": "d"},
        {"values": ticks, "labelExpr": "format(datum.value, '.0%')"},
    )
    layers = []
    for column, key, colour, dash, shape in SERIES:
        data = alt.Chart(alt.Data(values=rows.select("bin", value=column).to_dicts()))
        line = data.mark_line(color=colour, strokeDash=list(dash), strokeWidth=2).encode(
            x=frame.x("bin"), y=frame.y("value")
        )
        point = data.mark_point(
            fill=colour, stroke="white", size=70, shape=shape, opacity=1
        ).encode(x=frame.x("bin"), y=frame.y("value"))
        layers += [line, point, *_key(key, colour, shape, words)]
    return finish(frame.holds(*layers), words.text("chart.overlap.title"))


def _key(key: str, colour: str, shape: str, words: Words) -> list["alt.Chart"]:
    """A series named above the plot, with its point."""
    import altair as alt

    place = [name for _, name, *_ in SERIES].index(key)
    y = alt.YValue(-KEY_LINE * (len(SERIES) - place))
    data = alt.Chart(alt.Data(values=[{"text": words.text(f"chart.overlap.{key}")}]))
    return [
        data.mark_point(fill=colour, stroke="white", size=70, shape=shape, opacity=1).encode(
            x=alt.XValue(8), y=y
        ),
        data.mark_text().encode(x=alt.XValue(20), y=y, text=alt.Text("text:N")),
    ]
