"""Charts of value through time: borrowing from the future until the money is back."""

import altair as alt
import polars as pl

from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.look.end_labels import end_labels
from evalkit.charts.look.frame import (
    Frame,
    Picture,
    colours,
    dashes,
    largest,
    month_ticks,
    nice_ticks,
    smallest,
    titled,
)
from evalkit.charts.look.theme import PLOT_WIDTH, SIGNED_AXIS, finish
from evalkit.charts.register import ONE_EFFECT, chart, pooled_note, shown_rows
from evalkit.disclosure import Published
from evalkit.line.looks import INK
from evalkit.line.states import LOOKS
from evalkit.words import Words

HEIGHT = 240
LABEL_LETTERS = 15
# Who is drawn, and as what: three lines that can be told apart.
_DRAWN = {
    "municipality": LOOKS["support"],
    "public_purse": LOOKS["studies"],
    "society": LOOKS["work"],
}


@chart(
    of="value_curve",
    needs=pl.col("perspective") == "society",
    one_of=(*ONE_EFFECT, "currency"),
    page="effect",
)
def value_curve(table: Published, words: Words, /) -> Picture:
    """What has been gained or laid out so far by the municipality, the public purse and society,
    month by month, with ranges.
    """
    rows = shown_rows(table)
    rows = rows.filter(pl.col("perspective").is_in(list(_DRAWN))).sort("perspective", "month")
    last = int(largest(rows, "month"))
    ticks = nice_ticks(
        smallest(rows, "ci_lower", "estimate", at_most=0.0),
        largest(rows, "ci_upper", "estimate", at_least=0.0),
    )
    frame = Frame(
        PLOT_WIDTH,
        HEIGHT,
        (0, last),
        (ticks[0], ticks[-1]),
        {"values": month_ticks(last), "title": words.text("chart.value_curve.x")},
        {"values": ticks, "labelExpr": SIGNED_AXIS},
    )
    zero = frame.layer([{"at": 0}], "rule", y="at", color=INK, strokeWidth=1.2)
    ends = [
        (name, wrapped(value_label(words, name), LABEL_LETTERS), estimate)
        for name, estimate in rows.filter(pl.col("month") == last)
        .select("perspective", "estimate")
        .iter_rows()
    ]
    layers = (*_band_and_line(rows, frame, zero), *end_labels(ends, frame, _DRAWN))
    currency = rows["currency"][0]
    title = title_lines(
        pooled_note(rows, words), words.text("chart.value_curve.y", currency=currency)
    )
    return finish(titled(frame.holds(*layers), title), words.text("chart.value_curve.title"))


def _band_and_line(rows: pl.DataFrame, frame: Frame, zero: alt.Chart) -> tuple[alt.Chart, ...]:
    """Ranges, zero above them, and the lines on top."""
    data = rows.select("perspective", "month", "estimate", "ci_lower", "ci_upper")
    colour = colours("perspective", _DRAWN)
    band = frame.layer(
        data, "area", x="month", y="ci_lower", y2="ci_upper", color=colour, opacity=0.13
    )
    line = frame.layer(
        data,
        "line",
        x="month",
        y="estimate",
        color=colour,
        strokeDash=dashes("perspective", _DRAWN),
        strokeWidth=2.5,
    )
    return band, zero, line
