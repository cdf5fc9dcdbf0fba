"""Charts of value through time: borrowing from the future until the money is back."""

from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.end_labels import end_labels
from evalkit.charts.frame import Frame, month_ticks, nice_ticks, titled
from evalkit.charts.labels import title_lines, value_label, wrapped
from evalkit.charts.source import ONE_EFFECT, POOLED, drawn_if, shown_rows
from evalkit.charts.theme import INK, PLOT_WIDTH, SIGNED_AXIS, finish
from evalkit.disclosure import Published
from evalkit.line.states import LOOKS
from evalkit.words import Words

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 240
LABEL_LETTERS = 15
# Who is drawn, and as what: three lines that can be told apart.
_DRAWN = {
    "municipality": LOOKS["support"],
    "public_purse": LOOKS["studies"],
    "society": LOOKS["work"],
}


@drawn_if(pl.col("perspective") == "society", one_of=(*ONE_EFFECT, "currency"))
def value_curve(table: Published, words: Words) -> "alt.LayerChart":
    """What has been gained or laid out so far by the municipality, the public purse and society,
    month by month, with ranges.

    Parameters
    ----------
    table : Published
        The table value_curve: perspective, month, estimate, ci_lower, ci_upper, currency; one
        district, intervention and estimand.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError
        If the table is not `Published`.
    ParameterError
        If it holds several districts, interventions, estimands or currencies.
    """
    import altair as alt

    rows = shown_rows(table, "value_curve")
    rows = rows.filter(pl.col("perspective").is_in(list(_DRAWN))).sort("perspective", "month")
    last = int(rows["month"].max())
    ticks = nice_ticks(*(float(limit) for limit in _span(rows)))
    x_axis = {"values": month_ticks(last), "title": words.text("chart.value_curve.x")}
    frame = Frame(
        PLOT_WIDTH,
        HEIGHT,
        (0, last),
        (ticks[0], ticks[-1]),
        x_axis,
        {"values": ticks, "labelExpr": SIGNED_AXIS},
    )
    data = alt.Chart(rows.select("perspective", "month", "estimate", "ci_lower", "ci_upper"))
    names, colours = list(_DRAWN), [look.colour for look in _DRAWN.values()]
    colour = alt.Color("perspective:N", scale=alt.Scale(domain=names, range=colours), legend=None)
    dashes = alt.Scale(domain=names, range=[list(look.dash) for look in _DRAWN.values()])
    band = data.mark_area(opacity=0.13).encode(
        x=frame.x("month"), y=frame.y("ci_lower"), y2=alt.Y2("ci_upper"), color=colour
    )
    dash = alt.StrokeDash("perspective:N", scale=dashes, legend=None)
    line = data.mark_line(strokeWidth=2.5).encode(
        x=frame.x("month"), y=frame.y("estimate"), color=colour, strokeDash=dash
    )
    zero = (
        alt.Chart(alt.Data(values=[{"at": 0}]))
        .mark_rule(color=INK, strokeWidth=1.2)
        .encode(y=frame.y("at"))
    )
    ends = rows.filter(pl.col("month") == last).to_dicts()
    named = [
        (
            row["perspective"],
            wrapped(value_label(words, row["perspective"]), LABEL_LETTERS),
            row["estimate"],
        )
        for row in ends
    ]
    chart = frame.holds(band, zero, line, *end_labels(named, frame, names, colours))
    pooled = (
        value_label(words, "chart.pooled") if rows["district"].to_list()[:1] == [POOLED] else ""
    )
    title = title_lines(pooled, words.text("chart.value_curve.y", currency=rows["currency"][0]))
    return finish(titled(chart, title), words.text("chart.value_curve.title"))


def _span(rows: pl.DataFrame) -> tuple[float, float]:
    low, high = rows["ci_lower"].fill_null(0).min(), rows["ci_upper"].fill_null(0).max()
    return min(low, rows["estimate"].min(), 0.0), max(high, rows["estimate"].max(), 0.0)
