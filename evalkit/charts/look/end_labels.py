"""Labels at the ends of lines and beside areas, moved apart where they would overlap."""

from collections.abc import Mapping, Sequence
from functools import partial

import altair as alt
import polars as pl

from evalkit.charts.look.frame import Frame, colours, label
from evalkit.line.looks import Look

LINE_HEIGHT = 17


def spread(
    positions: Sequence[float], sizes: Sequence[float], *, low: float, high: float
) -> list[float]:
    """Positions as near as possible to those wished for, in the same order, without overlap and
    inside [low, high].

    Parameters
    ----------
    positions : sequence of float
        Wished centres. Pixels.
    sizes : sequence of float
        Height of each label. Pixels.
    low, high : float
        The room there is; when it is too small the labels run over at `high`. Pixels.

    Returns
    -------
    list of float
        Centres in the order given. Pixels.
    """
    order = sorted(range(len(positions)), key=lambda i: (positions[i], i))
    placed = [0.0] * len(positions)
    edge = high
    # From the far end inwards: each label gives way to the one after it, then the row is pushed
    # back inside.
    for i in reversed(order):
        placed[i] = min(positions[i], edge - sizes[i] / 2)
        edge = placed[i] - sizes[i] / 2
    edge = low
    for i in order:
        placed[i] = max(placed[i], edge + sizes[i] / 2)
        edge = placed[i] + sizes[i] / 2
    return placed


def end_labels(
    series: Sequence[tuple[str, str, float]], frame: Frame, looks: Mapping[str, Look]
) -> tuple[alt.Chart, alt.Chart]:
    """Labels to the right of the plot, each led by a mark in its series' colour, the words
    themselves in ink.

    Parameters
    ----------
    series : sequence of (name, label, value)
        The label may have several lines; it stands as near its value as the others allow.
    frame : Frame
        The plot.
    looks : mapping of str to Look
        The look of every series of the plot, by name.
    """
    low, high = frame.y_span
    sizes = [LINE_HEIGHT * (text.count("\n") + 1) + 3 for _, text, _ in series]
    wished = [frame.height * (value - low) / (high - low) for _, _, value in series]
    placed = spread(wished, sizes, low=-LINE_HEIGHT / 2, high=frame.height + LINE_HEIGHT / 2)
    # A text of several lines hangs from its first one.
    rows = pl.DataFrame(
        [
            {
                "name": name,
                "label": text,
                "y": low + (high - low) * (y + LINE_HEIGHT * text.count("\n") / 2) / frame.height,
            }
            for (name, text, _), y in zip(series, placed, strict=True)
        ]
    )
    layer = partial(frame.layer, rows, x=frame.width, y="y")
    key = layer("square", fill=colours("name", looks), size=90, opacity=1, xOffset=12)
    return key, layer("text", text=label("label"), dx=20)
