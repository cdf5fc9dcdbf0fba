"""The chart of balance: how alike those who started and those compared with were before weighting,
and are after it.
"""

from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.frame import Frame, inner_ticks, padded
from evalkit.charts.labels import value_label
from evalkit.charts.source import ONE_EFFECT, drawn_if, shown_rows
from evalkit.charts.theme import FAINT, FULL_WIDTH, GAIN, GRID, INK, LOSS, SIGNED_AXIS, finish
from evalkit.disclosure import Published
from evalkit.words import Words

if TYPE_CHECKING:
    import altair as alt

# groups count as alike below this standardised difference: Austin (2009), Statistics in Medicine
# 28:3083
BALANCE_LIMIT = 0.1
ROW_HEIGHT, TOP = 46, 24
BEFORE = {
    "size": 80,
    "stroke": LOSS,
    "strokeWidth": 2,
    "fill": "white",
    "shape": "square",
    "opacity": 1,
}
AFTER = {
    "size": 90,
    "fill": GAIN,
    "stroke": "white",
    "strokeWidth": 1,
    "shape": "circle",
    "opacity": 1,
}


@drawn_if(pl.col("smd_after").is_not_null(), one_of=ONE_EFFECT)
def balance(table: Published, words: Words) -> "alt.LayerChart":
    """How alike the two groups are, before and after weighting: standardised differences, alike
    within ±0.1.

    Parameters
    ----------
    table : Published
        The table balance: covariate, smd_before, smd_after (standard deviations); one district and
        intervention.
    words : Words
        The reader's language.

    Raises
    ------
    DisclosureError, ParameterError
        As `effect_curves`.
    """
    rows = shown_rows(table, "balance").sort("covariate").to_dicts()
    points = [
        {
            "top": TOP + index * ROW_HEIGHT,
            "label": value_label(words, row["covariate"]),
            "before": row["smd_before"],
            "after": row["smd_after"],
        }
        for index, row in enumerate(rows)
    ]
    widest = max(
        BALANCE_LIMIT,
        *(abs(v) for point in points for v in (point["before"], point["after"]) if v is not None),
    )
    span, height = padded(-widest, widest), TOP + ROW_HEIGHT * len(points)
    title = [words.text("chart.balance.x"), words.text("chart.balance.limit")]
    ticks = {"values": inner_ticks(*span, n_steps=4), "labelExpr": SIGNED_AXIS, "labelFlush": True}
    x_axis = {**ticks, "title": title, "titleAnchor": "start", "titleAlign": "left", "titleX": 0}
    frame = Frame(FULL_WIDTH - 10, height, span, (0, height), x_axis, None, is_downwards=True)
    return finish(
        frame.holds(*_key(frame, words), *_rows(points, frame)), words.text("chart.balance.title")
    )


def _rows(points: list[dict], frame: Frame) -> list["alt.Chart"]:
    """Each covariate's name, and below it where the groups were and are."""
    import altair as alt

    rows = alt.Chart(pl.DataFrame(points)).transform_calculate(
        name="datum.top + 9",
        middle="datum.top + 29",
        high="datum.top + 20",
        low="datum.top + 38",
        zero="0",
        left=str(-BALANCE_LIMIT),
        right=str(BALANCE_LIMIT),
    )
    y = frame.y("middle")
    return [
        rows.mark_rect(color="#dfe6ea").encode(
            x=frame.x("left"), x2=alt.X2("right"), y=frame.y("high"), y2=alt.Y2("low")
        ),
        rows.mark_rule(color=GRID).encode(x=alt.XValue(0), x2=alt.X2Value(frame.width), y=y),
        rows.mark_rule(color=INK).encode(x=frame.x("zero"), y=frame.y("high"), y2=alt.Y2("low")),
        rows.mark_rule(color=FAINT, strokeWidth=2).encode(
            x=frame.x("before"), x2=alt.X2("after"), y=y
        ),
        rows.mark_point(**BEFORE).encode(x=frame.x("before"), y=y),
        rows.mark_point(**AFTER).encode(x=frame.x("after"), y=y),
        rows.mark_text().encode(x=alt.XValue(0), y=frame.y("name"), text=alt.Text("label:N")),
    ]


def _key(frame: Frame, words: Words) -> list["alt.Chart"]:
    """The two kinds of points named, above the first row."""
    import altair as alt

    layers = []
    for left, key, style in ((8, "before", BEFORE), (8 + frame.width // 2, "after", AFTER)):
        data = alt.Chart(alt.Data(values=[{"y": 7, "text": words.text(f"chart.balance.{key}")}]))
        layers.append(data.mark_point(**style).encode(x=alt.XValue(left), y=frame.y("y")))
        layers.append(
            data.mark_text().encode(
                x=alt.XValue(left + 12), y=frame.y("y"), text=alt.Text("text:N")
            )
        )
    return layers
