"""Names beside points, placed where they lie on no point, no line and no other name."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from evalkit.charts.look.frame import Frame, label
from evalkit.line.looks import FAINT, FONT_SIZE

Point = tuple[float, float]

HALF_HEIGHT = 9.0  # of a name
POINT_RADIUS, LINE_RADIUS, AIR = 8.0, 2.0, 4.0  # what names keep off: points, lines, other names
_REACH, _STEP = 96.0, 4.0  # how far from its point a name may stand, and between places tried
_LED = 14.0  # a name farther from its point than this is led to it
_LEADER_SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)  # where a leader is looked at
# Letters as shares of the size of the font, rounded up (Arial and fonts like it).
_NARROW, _WIDE = set(" -',.Ifijlrt|"), set("MWmw")


def point_labels(
    labelled: Sequence[tuple[str, Point]],
    others: Sequence[Point],
    lines: Sequence[Sequence[Point]],
    frame: Frame,
) -> tuple[alt.Chart, alt.Chart]:
    """Two layers: thin lines that lead to names that had to stand farther off, to be drawn beneath
    the points; and the names.

    Parameters
    ----------
    labelled : sequence of (name, point)
        The points that get names, in the units of the frame.
    others : sequence of points
        The other points of the plot.
    lines : sequence of sequences of points
        The lines of the plot, as their corners.
    frame : Frame
        The plot; names stay inside it.
    """
    names = [name for name, _ in labelled]
    points = _to_pixels([point for _, point in labelled], frame)
    centres = place_names(
        names,
        points,
        _to_pixels(others, frame),
        [_to_pixels(line, frame) for line in lines],
        frame.width,
        frame.height,
    )
    half = np.array([(half_width(name), HALF_HEIGHT) for name in names]).reshape(-1, 2)
    nearest = np.clip(points, centres - half, centres + half)
    is_led = np.hypot(*(nearest - points).T) > _LED
    rows = [
        {
            "name": name,
            "x": x,
            "y": y,
            "point_x": point[0],
            "point_y": point[1],
            "end_x": end[0],
            "end_y": end[1],
            "is_led": bool(led),
        }
        for (name, point), (x, y), end, led in zip(
            labelled, _to_values(centres, frame), _to_values(nearest, frame), is_led, strict=True
        )
    ]
    leaders = frame.layer(
        [row for row in rows if row["is_led"]],
        "rule",
        x="point_x",
        y="point_y",
        x2="end_x",
        y2="end_y",
        color=FAINT,
        strokeWidth=1,
    )
    return leaders, frame.layer(rows, "text", x="x", y="y", text=label("name"), align="center")


def place_names(
    names: Sequence[str],
    points: np.ndarray,
    others: np.ndarray,
    lines: Sequence[np.ndarray],
    width: float,
    height: float,
) -> np.ndarray:
    """Centres of the names, from left to right each at the nearest free place; in pixels, shape
    (n_names, 2).

    A leader to the name passes no other point. Where no place within reach is free, the least is
    covered: rather a line than a point, rather a point than a name.
    """
    all_points = np.concatenate([points, others])
    corners = np.concatenate([np.zeros((0, 2)), *map(_dots, lines)])
    centres = np.zeros((len(names), 2))
    order = np.lexsort(points.T[::-1])
    for n_placed, index in enumerate(order):
        half, point = half_width(names[index]), points[index]
        corner = np.array([half, HALF_HEIGHT])
        across, up = (
            _STEP * np.arange(-steps, steps + 1) for steps in np.ceil((corner + _REACH) / _STEP)
        )
        offset = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        distance = np.hypot(*np.maximum(np.abs(offset) - corner, 0).T)
        tried = np.clip(point + offset, corner, (width, height) - corner)
        leader = point - np.clip(point, tried - corner, tried + corner)
        neighbours = np.delete(all_points, index, axis=0)
        on_names = sum(
            _covers(tried, half + AIR + half_width(names[other]), 2 * HALF_HEIGHT, centres[[other]])
            for other in order[:n_placed]
        )
        on_leader = sum(
            _covers(point - share * leader, POINT_RADIUS, POINT_RADIUS, neighbours)
            for share in _LEADER_SHARES
        )
        covered = (
            100 * on_names
            + 10 * _covers(tried, half + POINT_RADIUS, HALF_HEIGHT + POINT_RADIUS, all_points)
            + 10 * on_leader
            + _covers(tried, half + LINE_RADIUS, HALF_HEIGHT + LINE_RADIUS, corners)
        )
        # Of places equally near, those beside the point come before those above or below it, the
        # middle before the sides, the right before the left.
        centres[index] = tried[
            np.lexsort((-offset[:, 0], *np.abs(offset).T, np.round(distance), covered))[0]
        ]
    return centres


def half_width(name: str) -> float:
    """Half of the room that a name takes, in pixels."""
    shares = (
        0.34
        if letter in _NARROW
        else 0.9
        if letter in _WIDE
        else 0.74
        if letter.isupper()
        else 0.58
        for letter in name
    )
    return sum(shares) * FONT_SIZE / 2


def _covers(
    centres: np.ndarray, half_width: float, half_height: float, dots: np.ndarray
) -> np.ndarray:
    """How many dots lie within a box around each centre."""
    gap = np.abs(centres[:, None] - dots[None])
    return ((gap[..., 0] < half_width) & (gap[..., 1] < half_height)).sum(axis=1)


def _dots(line: np.ndarray) -> np.ndarray:
    """A line as dots so close that no name fits between them."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0.0, along[-1] + HALF_HEIGHT, HALF_HEIGHT)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def _to_pixels(points: Sequence[Point], frame: Frame) -> np.ndarray:
    """Pixels to the right of and above the frame's lower left corner; shape (n_points, 2)."""
    low, size = _span(frame)
    return (np.array(points, dtype=float).reshape(-1, 2) - low) / size * (frame.width, frame.height)


def _to_values(pixels: np.ndarray, frame: Frame) -> list[list[float]]:
    low, size = _span(frame)
    return (low + pixels / (frame.width, frame.height) * size).tolist()


def _span(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    (left, right), (bottom, top) = frame.x_span, frame.y_span
    return np.array([left, bottom]), np.array([right - left, top - bottom])
