"""A chart of values with ranges, one below the other: each row carries its name, its number in
words, a point and its range.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.frame import Frame, inner_ticks, padded
from evalkit.charts.labels import wrapped
from evalkit.charts.theme import FAINT, FULL_WIDTH, GRID, INK, LETTERS

if TYPE_CHECKING:
    import altair as alt

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
) -> "alt.LayerChart":
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
    import altair as alt

    placed, height = _placed(rows, top=LINE if sides else 0)
    frame = _frame(
        rows,
        height,
        reference,
        {"title": wrapped(x_title, LETTERS).split("\n"), "labelExpr": axis_labels},
    )
    data, y = alt.Chart(pl.DataFrame(placed, schema_overrides=_NUMBERS)), frame.y("y")
    colour, shape = alt.Color("colour:N", scale=None), alt.Shape("shape:N", scale=None)
    track = data.mark_rule(color=GRID).encode(x=alt.XValue(0), x2=alt.X2Value(frame.width), y=y)
    bar = data.mark_rule(strokeWidth=5, opacity=0.5).encode(
        x=frame.x("low"), x2=alt.X2("high"), y=y, color=colour
    )
    point = data.mark_point(size=110, filled=True, opacity=1, stroke="white", strokeWidth=1)
    layers = [
        track,
        *_reference_marks(placed, reference, frame),
        bar,
        point.encode(x=frame.x("estimate"), y=y, fill=colour, shape=shape),
    ]
    layers += _words_of_rows(data, frame)
    if sides:
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


def _words_of_rows(data: "alt.Chart", frame: Frame) -> list["alt.Chart"]:
    import altair as alt

    def line(column: str, y: str, **style) -> "alt.Chart":
        return data.mark_text(**style).encode(y=frame.y(y), text=alt.Text(f"{column}:N"))

    is_bold, is_beside = alt.datum.is_bold, alt.datum.value_x > 0
    left, right = alt.XValue(0), alt.XValue(frame.width)
    return [
        line("label", "label_y", fontWeight="bold").encode(x=left).transform_filter(is_bold),
        line("label", "label_y").encode(x=left).transform_filter(~is_bold),
        line("value", "value_y", align="right").encode(x=right).transform_filter(is_beside),
        line("value", "value_y").encode(x=left).transform_filter(~is_beside),
        line("note", "note_y").encode(x=left, color=alt.ColorValue(FAINT)),
    ]


def _reference_marks(
    placed: list[dict], reference: float | None, frame: Frame
) -> list["alt.Chart"]:
    """The reference on every row's own line: a line through the whole chart would strike out the
    words.
    """
    import altair as alt

    if reference is None:
        return []
    data = alt.Chart(
        pl.DataFrame(
            [{"at": reference, "top": row["y"] - 9, "bottom": row["y"] + 9} for row in placed]
        )
    )
    return [
        data.mark_rule(color=INK, strokeWidth=1.5).encode(
            x=frame.x("at"), y=frame.y("top"), y2=alt.Y2("bottom")
        )
    ]


def _sides(sides: tuple[str, str], reference: float, frame: Frame) -> list["alt.Chart"]:
    """The names of the two sides of the reference, on top, kept inside the chart."""
    import altair as alt

    at = frame.width * (reference - frame.x_span[0]) / (frame.x_span[1] - frame.x_span[0])
    left, right = f"← {sides[0]}", f"{sides[1]} →"
    places = [
        (left, max(at - 6, LETTER * len(left)), "right"),
        (right, min(at + 6, frame.width - LETTER * len(right)), "left"),
    ]
    data = alt.Chart(alt.Data(values=[{"y": 4}]))
    return [
        data.mark_text(align=align, color=FAINT, text=text).encode(x=alt.XValue(x), y=frame.y("y"))
        for text, x, align in places
    ]
