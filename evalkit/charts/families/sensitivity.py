"""Charts of how sure a value is: what moves society's sum most, and which intervention is best as a
month in work is worth more.
"""

from functools import partial

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
    nice_ticks,
    titled,
)
from evalkit.charts.look.ranges import RangeRow, range_chart
from evalkit.charts.look.theme import PLOT_WIDTH, SIGNED_AXIS, finish
from evalkit.charts.register import ONE_EFFECT, chart, pooled_note, shown_rows
from evalkit.disclosure import Published, require_published
from evalkit.line.looks import GAIN, GROUP_LOOKS
from evalkit.words import Words, money_digits

HEIGHT, LABEL_LETTERS = 220, 15
MOST_ROWS = 8
NOTHING = "none"  # the option of doing nothing


@chart(
    of="value_tornado",
    needs=pl.col("swing").is_not_null() & (pl.col("perspective") == "society"),
    one_of=(*ONE_EFFECT, "currency"),
)
def value_tornado(table: Published, words: Words, /, prices: Published) -> Picture:
    """How far each uncertain price, rate and the effect itself moves society's sum per participant,
    the widest on top.

    `prices` is the published table prices, for what the parameters are called.
    """
    rows = shown_rows(table).filter(perspective="society")
    price_rows = shown_rows(require_published(prices, where="chart value_tornado"))
    names = {row["price"]: words.price(row) for row in price_rows.iter_rows(named=True)}
    picture = range_chart(
        [
            _swing(row, names, words)
            for row in rows.sort("swing", "parameter", descending=[True, False])
            .head(MOST_ROWS)
            .to_dicts()
        ],
        x_title=words.text("chart.value_tornado.x", currency=rows["currency"][0]),
        axis_labels=SIGNED_AXIS,
    )
    return _titled(picture, rows, "", words.text("chart.value_tornado.title"), words)


@chart(
    of="value_acceptability",
    needs=pl.col("probability").is_not_null(),
    one_of=("district", "estimand", "currency"),
)
def value_acceptability(table: Published, words: Words, /) -> Picture:
    """How likely each intervention, or doing nothing, is to be best, by what a further month in
    work is worth.

    Points mark the option that is best on average.
    """
    rows = shown_rows(table)
    options = sorted(rows["option"].unique(), key=lambda option: (option != NOTHING, option))
    last = largest(rows, "threshold")
    x_axis = {
        "values": nice_ticks(0, last, n_steps=3)[:-1],
        "labelExpr": "format(datum.value, ',.0f')",
        "title": title_lines(
            words.text("chart.value_acceptability.x", currency=rows["currency"][0])
        ),
    }
    y_axis = {"values": [0, 0.25, 0.5, 0.75, 1], "labelExpr": "format(datum.value, '.0%')"}
    frame = Frame(PLOT_WIDTH, HEIGHT, (0, last), (0, 1), x_axis, y_axis)
    looks = dict(zip(options, GROUP_LOOKS, strict=False))
    chances = rows.select("threshold", "option", "probability", "is_on_frontier").sort(
        "option", "threshold"
    )
    layer = partial(frame.layer, x="threshold", y="probability")
    colour, dash = colours("option", looks), dashes("option", looks)
    line = layer(chances, "line", color=colour, strokeDash=dash, strokeWidth=2.5)
    best = chances.filter("is_on_frontier")
    points = layer(best, "point", fill=colour, size=60, filled=True, opacity=1)
    nothing = words.text("chart.value_acceptability.none")
    ends = rows.filter(pl.col("threshold") == last).select("option", "probability").iter_rows()
    labels = [
        (
            option,
            wrapped(nothing if option == NOTHING else value_label(words, option), LABEL_LETTERS),
            share,
        )
        for option, share in ends
    ]
    return _titled(
        frame.holds(line, points, *end_labels(labels, frame, looks)),
        rows,
        words.text("chart.value_acceptability.y"),
        words.text("chart.value_acceptability.title"),
        words,
    )


def _swing(row: dict, names: dict[str, str], words: Words) -> RangeRow:
    """A parameter with what society's sum is at its low end and at its high end."""
    ends = row["value_at_low"], row["value_at_high"]
    at_low, at_high = (words.signed(end, money_digits(*ends)) for end in ends)
    return RangeRow(
        label=names.get(row["parameter"]) or value_label(words, row["parameter"]),
        value=f"{at_low} → {at_high}",
        estimate=None,
        low=min(ends),
        high=max(ends),
        colour=GAIN,
    )


def _titled(
    picture: alt.LayerChart, rows: pl.DataFrame, title: str, description: str, words: Words
) -> alt.LayerChart:
    lines = title_lines(pooled_note(rows, words), title)
    return finish(titled(picture, lines), description)
