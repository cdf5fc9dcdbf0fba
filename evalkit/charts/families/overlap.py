"""The chart of overlap: where starters and comparison group lie on the scale of the propensity to
start.
"""

import polars as pl

from evalkit.charts.labels import title_lines
from evalkit.charts.look.frame import Frame, Picture, label, largest, nice_ticks
from evalkit.charts.look.theme import FULL_WIDTH, finish
from evalkit.charts.register import ONE_EFFECT, chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import GAIN, INK, LOSS
from evalkit.words import Words

HEIGHT, KEY_LINE = 200, 18
SERIES = (
    ("share_treated", "treated", INK, (1, 0), "circle"),
    ("share_comparison", "before", LOSS, (2, 3), "square"),
    ("share_comparison_weighted", "after", GAIN, (7, 4), "diamond"),
)


@chart(of="overlap", needs=pl.col("share_treated").is_not_null(), one_of=ONE_EFFECT)
def overlap(table: Published, words: Words, /) -> Picture:
    """Shares of those who started, and of the comparison before and after weighting, from the least
    to the most likely to start.
    """
    rows = shown_rows(table).sort("bin")
    n_bins = int(largest(rows, "bin"))
    ticks = nice_ticks(0, largest(rows, *(column for column, *_ in SERIES)))
    frame = Frame(
        FULL_WIDTH - 40,
        HEIGHT,
        (0.5, n_bins + 0.5),
        (0, ticks[-1]),
        {"values": [1, n_bins], "title": title_lines(words.text("chart.overlap.x")), "format": "d"},
        {"values": ticks, "labelExpr": "format(datum.value, '.0%')"},
    )
    layers = []
    for index, (column, key, colour, dash, shape) in enumerate(SERIES):
        data = rows.select("bin", value=column).to_dicts()
        point = {"fill": colour, "stroke": "white", "size": 70, "shape": shape, "opacity": 1}
        key_rows = [{"text": words.text(f"chart.overlap.{key}")}]
        key_y = -KEY_LINE * (len(SERIES) - index)
        layers += [
            frame.layer(
                data, "line", x="bin", y="value", color=colour, strokeDash=list(dash), strokeWidth=2
            ),
            frame.layer(data, "point", x="bin", y="value", **point),
            frame.layer(key_rows, "point", x=8, y=key_y, **point),
            frame.layer(key_rows, "text", x=20, y=key_y, text=label()),
        ]
    return finish(frame.holds(*layers), words.text("chart.overlap.title"))
