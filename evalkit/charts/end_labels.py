"""Labels at the ends of lines and beside areas, moved apart where they would overlap."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from evalkit.charts.frame import Frame

if TYPE_CHECKING:
    import altair as alt

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
    series: Sequence[tuple[str, str, float]],
    frame: Frame,
    names: Sequence[str],
    colours: Sequence[str],
) -> tuple["alt.Chart", "alt.Chart"]:
    """Labels to the right of the plot, each led by a mark in its series' colour, the words
    themselves in ink.

    Parameters
    ----------
    series : sequence of (name, label, value)
        The label may have several lines; it stands as near its value as the others allow.
    frame : Frame
        The plot.
    names, colours : sequence of str
        All series of the plot and their colours.
    """
    import altair as alt

    low, high = frame.y_span
    sizes = [LINE_HEIGHT * (label.count("\n") + 1) + 3 for _, label, _ in series]
    wished = [frame.height * (value - low) / (high - low) for _, _, value in series]
    placed = spread(wished, sizes, low=-LINE_HEIGHT / 2, high=frame.height + LINE_HEIGHT / 2)
    # A text of several lines hangs from its first one.
    rows = [
        {
            "name": name,
            "label": label,
            "y": low + (high - low) * (y + LINE_HEIGHT * label.count("\n") / 2) / frame.height,
        }
        for (name, label, _), y in zip(series, placed, strict=True)
    ]
    data = alt.Chart(pl.DataFrame(rows))
    colour = alt.Color(
        "name:N", scale=alt.Scale(domain=list(names), range=list(colours)), legend=None
    )
    text = data.mark_text(dx=20).encode(
        x=alt.XValue(frame.width), y=frame.y("y"), text=alt.Text("label:N")
    )
    key = data.mark_square(size=90, opacity=1, xOffset=12).encode(
        x=alt.XValue(frame.width), y=frame.y("y"), fill=colour
    )
    return key, text
