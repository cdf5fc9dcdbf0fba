"""Charts of how sure a value is: what moves society's sum most, and which intervention is best as a
month in work is worth more.
"""

from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.end_labels import end_labels
from evalkit.charts.frame import Frame, nice_ticks, titled
from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.ranges import RangeRow, range_chart
from evalkit.charts.source import ONE_EFFECT, POOLED, drawn_if, shown_rows
from evalkit.charts.theme import GAIN, GROUP_LOOKS, PLOT_WIDTH, SIGNED_AXIS, finish
from evalkit.disclosure import Published
from evalkit.words import Words, money_digits

if TYPE_CHECKING:
    import altair as alt

HEIGHT, LABEL_LETTERS = 220, 15
MOST_ROWS = 8
NOTHING = "none"  # the option of doing nothing


@drawn_if(pl.col("swing").is_not_null(), one_of=(*ONE_EFFECT, "currency"))
def value_tornado(table: Published, words: Words, prices: Published) -> "alt.LayerChart":
    """How far each uncertain price, rate and the effect itself moves society's sum per participant,
    the widest on top.

    Parameters
    ----------
    table : Published
        The table value_tornado: parameter, value_at_low, value_at_high, swing, currency; one
        district, intervention and estimand.
    words : Words
        The reader's language.
    prices : Published
        The table prices, for what the parameters are called.

    Raises
    ------
    DisclosureError
        If a table is not `Published`.
    ParameterError
        If it holds several districts, interventions, estimands or currencies.
    """
    rows = shown_rows(table, "value_tornado")
    named = shown_rows(prices, "value_tornado").select("price", f"name_{words.language}")
    names = {key: words.price(key, name) for key, name in named.iter_rows()}
    chart = range_chart(
        [
            _swing(row, names, words)
            for row in rows.sort("swing", "parameter", descending=[True, False])
            .head(MOST_ROWS)
            .to_dicts()
        ],
        x_title=words.text("chart.value_tornado.x", currency=rows["currency"][0]),
        axis_labels=SIGNED_AXIS,
    )
    return _titled(chart, rows, "", words.text("chart.value_tornado.title"), words)


@drawn_if(pl.col("probability").is_not_null(), one_of=("district", "estimand", "currency"))
def value_acceptability(table: Published, words: Words) -> "alt.LayerChart":
    """How likely each intervention, or doing nothing, is to be best, by what a further month in
    work is worth.

    Parameters
    ----------
    table : Published
        The table value_acceptability: threshold, option, probability, is_on_frontier, currency; one
        district and estimand. Points mark the option that is best on average.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError, ParameterError
        As `value_tornado`.
    """
    import altair as alt

    rows = shown_rows(table, "value_acceptability")
    options = sorted(rows["option"].unique(), key=lambda option: (option != NOTHING, option))
    last = float(rows["threshold"].max())
    x_axis = {
        "values": nice_ticks(0, last, n_steps=3)[:-1],
        "labelExpr": "format(datum.value, ',.0f')",
        "title": title_lines(
            words.text("chart.value_acceptability.x", currency=rows["currency"][0])
        ),
    }
    y_axis = {"values": [0, 0.25, 0.5, 0.75, 1], "labelExpr": "format(datum.value, '.0%')"}
    frame = Frame(PLOT_WIDTH, HEIGHT, (0, last), (0, 1), x_axis, y_axis)
    data = alt.Chart(
        rows.select("threshold", "option", "probability", "is_on_frontier").sort(
            "option", "threshold"
        )
    )
    looks = dict(zip(options, GROUP_LOOKS, strict=False))
    colours = [look.colour for look in looks.values()]
    colour = alt.Color("option:N", scale=alt.Scale(domain=options, range=colours), legend=None)
    dash = alt.StrokeDash(
        "option:N",
        scale=alt.Scale(domain=options, range=[list(look.dash) for look in looks.values()]),
        legend=None,
    )
    line = data.mark_line(strokeWidth=2.5).encode(
        x=frame.x("threshold"), y=frame.y("probability"), color=colour, strokeDash=dash
    )
    best = data.transform_filter(alt.datum.is_on_frontier).mark_point(
        size=60, filled=True, opacity=1
    )
    points = best.encode(x=frame.x("threshold"), y=frame.y("probability"), fill=colour)
    named = {NOTHING: words.text("chart.value_acceptability.none")}
    ends = rows.filter(pl.col("threshold") == last).select("option", "probability").iter_rows()
    labels = [
        (option, wrapped(named.get(option) or value_label(words, option), LABEL_LETTERS), share)
        for option, share in ends
    ]
    chart = frame.holds(line, points, *end_labels(labels, frame, options, colours))
    return _titled(
        chart,
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
    chart: "alt.LayerChart", rows: pl.DataFrame, title: str, description: str, words: Words
) -> "alt.LayerChart":
    pooled = (
        value_label(words, "chart.pooled") if rows["district"].to_list()[:1] == [POOLED] else ""
    )
    lines = title_lines(pooled, title)
    return finish(titled(chart, lines), description)
