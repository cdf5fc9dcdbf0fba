"""A chart of values with ranges, one below the other: each row carries its name, its number in
words, a point and its range.
"""

from dataclasses import dataclass
from typing import Any

import altair as alt
import polars as pl

from evalkit.charts.labels import wrapped
from evalkit.charts.look.frame import Frame, as_written, inner_ticks, label, padded
from evalkit.charts.look.theme import FULL_WIDTH, LETTERS
from evalkit.line.looks import FAINT, GRID, INK

LINE = 18
LETTER = 8.0  # the width of a letter. Pixels
_NUMBERS = dict.fromkeys(("estimate", "low", "high"), pl.Float64)  # also where no row has a range


@dataclass(frozen=True)
class RangeRow:
    """A row: its name, its number in words, the number (None: a range without a point) and its
    range, colour and point, and a note below the name."""

    label: str
    value: str
    estimate: float | None
    low: float | None
    high: float | None
    colour: str
    shape: str = "circle"
    note: str = ""
    is_bold: bool = False


def range_chart(
    rows: list[RangeRow],
    *,
    x_title: str,
    axis_labels: str,
    reference: float | None = 0.0,
    sides: tuple[str, str] | None = None,
) -> alt.LayerChart:
    """Rows with ranges over one scale.

    Parameters
    ----------
    rows : list of RangeRow
        From top to bottom.
    x_title : str
        What the scale measures, with its unit.
    axis_labels : str
        How numbers on the scale are written: a Vega expression.
    reference : float, optional
        Where a line is drawn through all rows: zero for differences.
    sides : tuple of str, optional
        What lies left and right of the reference line.
    """
    placed, height = _placed(rows, top=LINE if sides else 0)
    axis = {"title": wrapped(x_title, LETTERS).split("\n"), "labelExpr": axis_labels}
    frame = _frame(rows, height, reference, axis)
    data = pl.DataFrame(placed, schema_overrides=_NUMBERS)
    colour, shape = as_written("colour"), as_written("shape")
    dot: dict[str, Any] = {"size": 110, "filled": True, "stroke": "white", "strokeWidth": 1}
    layers = [
        frame.layer(data, "rule", x=0, x2=frame.width, y="y", color=GRID),
        *_reference_marks(placed, reference, frame),
        frame.layer(
            data, "rule", x="low", x2="high", y="y", color=colour, strokeWidth=5, opacity=0.5
        ),
        frame.layer(data, "point", x="estimate", y="y", fill=colour, shape=shape, opacity=1, **dot),
        *_words_of_rows(data, frame),
    ]
    if sides and reference is not None:
        layers += _sides(sides, reference, frame)
    return frame.holds(*layers)


def _frame(rows: list[RangeRow], height: int, reference: float | None, axis: dict) -> Frame:
    values = [
        v for row in rows for v in (row.estimate, row.low, row.high, reference) if v is not None
    ]
    span = padded(min(values), max(values))
    ticks = {
        "values": inner_ticks(*span, n_steps=4),
        "titleAnchor": "start",
        "titleAlign": "left",
        "labelFlush": True,
        "titleX": 0,
    }
    return Frame(
        FULL_WIDTH - 10, height, span, (0, height), {**ticks, **axis}, None, is_downwards=True
    )


def _placed(rows: list[RangeRow], *, top: int) -> tuple[list[dict], int]:
    """Every row with the heights of its lines of text and of its range. Pixels from the top."""
    is_tight = all(len(row.label) + len(row.value) <= LETTERS for row in rows)
    placed, y = [], float(top)
    for row in rows:
        label_y = y + LINE / 2
        value_y = label_y if is_tight else label_y + LINE
        note_y = value_y + LINE
        range_y = (note_y if row.note else value_y) + LINE + 2
        placed.append(
            {
                **vars(row),
                "label_y": label_y,
                "value_y": value_y,
                "note_y": note_y,
                "y": range_y,
                "value_x": FULL_WIDTH - 10 if is_tight else 0,
            }
        )
        y = range_y + LINE * 1.2
    return placed, round(y)


def _words_of_rows(data: pl.DataFrame, frame: Frame) -> list[alt.Chart]:
    is_bold, is_beside = pl.col("is_bold"), pl.col("value_x") > 0

    def line(column: str, if_: pl.Expr | None, **style: Any) -> alt.Chart:
        rows = data if if_ is None else data.filter(if_)
        style = {"x": 0, "y": f"{column}_y", **style}
        return frame.layer(rows, "text", text=label(column), **style)

    return [
        line("label", is_bold, fontWeight="bold"),
        line("label", ~is_bold),
        line("value", is_beside, x=frame.width, align="right"),
        line("value", ~is_beside),
        line("note", None, color=FAINT),
    ]


def _reference_marks(
    placed: list[dict[str, Any]], reference: float | None, frame: Frame
) -> list[alt.Chart]:
    """The reference on every row's own line: a line through the whole chart would strike out the
    words.
    """
    if reference is None:
        return []
    rows = pl.DataFrame(
        [{"at": reference, "top": row["y"] - 9, "bottom": row["y"] + 9} for row in placed]
    )
    return [frame.layer(rows, "rule", x="at", y="top", y2="bottom", color=INK, strokeWidth=1.5)]


def _sides(sides: tuple[str, str], reference: float, frame: Frame) -> list[alt.Chart]:
    """The names of the two sides of the reference, on top, kept inside the chart."""
    at = frame.width * (reference - frame.x_span[0]) / (frame.x_span[1] - frame.x_span[0])
    left, right = f"← {sides[0]}", f"{sides[1]} →"
    ends = [
        (left, max(at - 6, LETTER * len(left)), "right"),
        (right, min(at + 6, frame.width - LETTER * len(right)), "left"),
    ]
    rows = [{"y": 4}]
    return [
        frame.layer(rows, "text", x=x, y="y", text=text, align=align, color=FAINT)
        for text, x, align in ends
    ]
