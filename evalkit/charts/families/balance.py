"""The chart of balance: how alike starters and comparison group are before and after weighting."""

from functools import partial
from typing import Any

import altair as alt
import polars as pl

from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Frame, Picture, inner_ticks, label, padded
from evalkit.charts.look.theme import FULL_WIDTH, SIGNED_AXIS, finish
from evalkit.charts.register import ONE_EFFECT, chart, shown_rows
from evalkit.disclosure import Published
from evalkit.line.adjustment import SMALL_IMBALANCE
from evalkit.line.looks import FAINT, GAIN, GRID, INK, LOSS
from evalkit.words import Words

ROW_HEIGHT, TOP = 46, 24
BEFORE: dict[str, Any] = {
    "size": 80,
    "stroke": LOSS,
    "strokeWidth": 2,
    "fill": "white",
    "shape": "square",
    "opacity": 1,
}
AFTER: dict[str, Any] = {
    "size": 90,
    "fill": GAIN,
    "stroke": "white",
    "strokeWidth": 1,
    "shape": "circle",
    "opacity": 1,
}


@chart(
    of="balance",
    needs=pl.col("smd_after").is_not_null(),
    one_of=ONE_EFFECT,
    page="effect",
)
def balance(table: Published, words: Words, /) -> Picture:
    """How alike the two groups are, before and after weighting: standardised differences, alike
    within ±0.1.
    """
    rows = shown_rows(table).sort("covariate").to_dicts()
    points = [
        {
            "top": TOP + index * ROW_HEIGHT,
            "label": value_label(words, row["covariate"]),
            "before": row["smd_before"],
            "after": row["smd_after"],
        }
        for index, row in enumerate(rows)
    ]
    differences = [row[name] for row in rows for name in ("smd_before", "smd_after")]
    widest = max(SMALL_IMBALANCE, *(abs(value) for value in differences if value is not None))
    span, height = padded(-widest, widest), TOP + ROW_HEIGHT * len(points)
    title = [words.text("chart.balance.x"), words.text("chart.balance.limit")]
    ticks = {"values": inner_ticks(*span, n_steps=4), "labelExpr": SIGNED_AXIS, "labelFlush": True}
    x_axis = {**ticks, "title": title, "titleAnchor": "start", "titleAlign": "left", "titleX": 0}
    frame = Frame(FULL_WIDTH - 10, height, span, (0, height), x_axis, None, is_downwards=True)
    return finish(
        frame.holds(*_key(frame, words), *_rows(points, frame)), words.text("chart.balance.title")
    )


def _rows(points: list[dict[str, Any]], frame: Frame) -> list[alt.Chart]:
    """Each covariate's name, and below it where the groups were and are."""
    rows = pl.DataFrame(points).with_columns(
        name=pl.col("top") + 9,
        middle=pl.col("top") + 29,
        high=pl.col("top") + 20,
        low=pl.col("top") + 38,
        zero=0,
        left=-SMALL_IMBALANCE,
        right=SMALL_IMBALANCE,
    )
    layer = partial(frame.layer, rows)
    return [
        layer("rect", x="left", x2="right", y="high", y2="low", color="#dfe6ea"),
        layer("rule", x=0, x2=frame.width, y="middle", color=GRID),
        layer("rule", x="zero", y="high", y2="low", color=INK),
        layer("rule", x="before", x2="after", y="middle", color=FAINT, strokeWidth=2),
        layer("point", x="before", y="middle", **BEFORE),
        layer("point", x="after", y="middle", **AFTER),
        layer("text", x=0, y="name", text=label("label")),
    ]


def _key(frame: Frame, words: Words) -> list[alt.Chart]:
    """The two kinds of points named, above the first row."""
    layers = []
    for left, key, style in ((8, "before", BEFORE), (8 + frame.width // 2, "after", AFTER)):
        rows = [{"y": 7, "text": words.text(f"chart.balance.{key}")}]
        layers.append(frame.layer(rows, "point", x=left, y="y", **style))
        layers.append(frame.layer(rows, "text", x=left + 12, y="y", text=label()))
    return layers
