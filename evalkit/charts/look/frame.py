"""How layers and panels make a chart, and the scales that all layers share. Every layer names them:
one that did not would widen them with its own defaults.

Charts are put together in place, their marks and channels as plain Vega-Lite: altair's own ways
(`layer`, `vconcat`, `properties`, `configure`) each copy every layer two or three times, and its
objects of channels, scales and axes carry all options that are not set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import Any, Literal, TypeVar

import altair as alt
import polars as pl

from evalkit.line.looks import Look

Picture = alt.Chart | alt.LayerChart | alt.VConcatChart
AnyPicture = TypeVar("AnyPicture", alt.Chart, alt.LayerChart, alt.VConcatChart)
Mark = Literal["area", "line", "point", "rect", "rule", "square", "text"]
Rows = pl.DataFrame | Sequence[Mapping[str, Any]]
Channel = dict[str, Any]

# A span of a single number has one tick, however fine.
_MOST_STEPS = 20


@dataclass(frozen=True)
class Frame:
    """The plot that a chart is drawn in: its size in pixels, the span of both scales, and how their
    axes look (None: no axis).

    `is_downwards` counts y from the top, for charts whose rows are placed in pixels.
    """

    width: int
    height: int
    x_span: tuple[float, float]
    y_span: tuple[float, float]
    x_axis: Mapping[str, Any] | None = field(default_factory=dict)
    y_axis: Mapping[str, Any] | None = field(default_factory=dict)
    is_downwards: bool = False

    def layer(
        self,
        rows: Rows,
        mark: Mark,
        *,
        x: str | float | None = None,
        y: str | float | None = None,
        x2: str | float | None = None,
        y2: str | float | None = None,
        **look: Any,
    ) -> alt.Chart:
        """Marks of one kind, one per row (a line or an area: one per series).

        Parameters
        ----------
        rows : DataFrame or sequence of mappings
            The data.
        mark : str
            The kind of mark.
        x, y, x2, y2 : str or float, optional
            Where the mark begins and ends: a column on the plot's scale, or pixels from the left
            and the top.
        **look
            How the marks look. A channel (`colours`, `label`) differs by row; any other value is
            the same for all marks.
        """
        channels = {name: value for name, value in look.items() if isinstance(value, dict)}
        style = {name: value for name, value in look.items() if name not in channels}
        ends = {"x": self._x(x), "y": self._y(y), "x2": _end(x2), "y2": _end(y2)}
        channels |= {name: end for name, end in ends.items() if end is not None}
        chart = alt.Chart(rows if isinstance(rows, pl.DataFrame) else alt.Data(values=list(rows)))
        chart.mark, chart.encoding = {"type": mark, **style}, alt.FacetedEncoding(**channels)
        return chart

    def holds(self, *layers: alt.Chart) -> alt.LayerChart:
        """The layers on top of each other, at the frame's size."""
        chart, held = alt.LayerChart(), list[Any](layers)
        chart.layer, chart.width, chart.height = held, self.width, self.height
        return chart

    def _x(self, position: str | float | None) -> Channel | None:
        return _on_scale(position, self.x_axis, domain=list(self.x_span))

    def _y(self, position: str | float | None) -> Channel | None:
        span = list(self.y_span)
        return _on_scale(position, self.y_axis, domain=span, reverse=self.is_downwards)


def label(column: str = "text") -> Channel:
    """The column whose words a layer of text writes."""
    return {"field": column, "type": "nominal"}


def as_written(column: str) -> Channel:
    """The column that holds each mark's own colour or shape."""
    return {"field": column, "type": "nominal", "scale": None}


def colours(column: str, looks: Mapping[str, Look]) -> Channel:
    """The series told apart by colour, in the order of drawing; no legend: they are named where
    they end.
    """
    return _by_series(column, looks, [look.colour for look in looks.values()])


def dashes(column: str, looks: Mapping[str, Look]) -> Channel:
    """The series told apart by dashes too, for readers who cannot tell the colours."""
    return _by_series(column, looks, [list(look.dash) for look in looks.values()])


def titled(chart: AnyPicture, lines: str | list[str]) -> AnyPicture:
    """The chart under a title; no title where there is nothing to say."""
    if lines:
        chart.title = lines
    return chart


def stacked(*panels: Picture, **independent: str) -> alt.VConcatChart:
    """The panels below each other; `independent` names the scales that each has for itself:
    color="independent".
    """
    chart, held = alt.VConcatChart(), list[Any](panels)
    chart.vconcat, chart.resolve = held, {"scale": independent}
    return chart


def largest(rows: pl.DataFrame, *columns: str, at_least: float | None = None) -> float:
    """The largest number of some columns; `at_least` where none is as large."""
    return max(_numbers(rows, columns, at_least))


def smallest(rows: pl.DataFrame, *columns: str, at_most: float | None = None) -> float:
    """The smallest number of some columns; `at_most` where none is as small."""
    return min(_numbers(rows, columns, at_most))


def nice_ticks(low: float, high: float, n_steps: int = 5) -> list[float]:
    """Round tick values that span from `low` to `high`: steps of 1, 2 or 5 times a power of ten. A
    single value is given one unit above it.
    """
    if high <= low:
        high = low + 1
    span = max(high - low, 1e-9)
    power = 10.0 ** floor(log10(span / n_steps))
    step = next(
        factor * power for factor in (1, 2, 5, 10) if factor * power * n_steps >= span * 0.999
    )
    first, last = _floor(low / step), -_floor(-high / step)
    return [round(step * k, 10) for k in range(first, last + 1)]


def inner_ticks(low: float, high: float, n_steps: int = 5) -> list[float]:
    """Those of `nice_ticks` that lie between `low` and `high`; of finer ones where only one would,
    since one tick shows no scale.
    """
    inside = [tick for tick in nice_ticks(low, high, n_steps) if low <= tick <= high]
    return (
        inside if len(inside) > 1 or n_steps > _MOST_STEPS else inner_ticks(low, high, n_steps + 1)
    )


def month_ticks(last_month: int) -> list[int]:
    """Ticks at quarters, half years, years or two years, whichever a small chart can carry."""
    step = 3 if last_month <= 12 else 6 if last_month <= 30 else 12 if last_month <= 72 else 24
    return list(range(0, last_month + 1, step))


def padded(low: float, high: float, share: float = 0.04) -> tuple[float, float]:
    """A span with a margin at both ends, so that nothing is drawn on the edge."""
    margin = share * ((high - low) or 1.0)
    return low - margin, high + margin


def _end(position: str | float | None) -> Channel | None:
    """Where a mark ends: at a column on its scale, or at a pixel."""
    if position is None:
        return None
    return {"field" if isinstance(position, str) else "value": position}


def _on_scale(
    position: str | float | None, axis: Mapping[str, Any] | None, **scale: Any
) -> Channel | None:
    """Where a mark begins; a column brings the plot's scale and axis with it."""
    if not isinstance(position, str):
        return _end(position)
    return {
        "field": position,
        "type": "quantitative",
        "scale": {**scale, "nice": False, "zero": False},
        "axis": None if axis is None else {"title": None, **axis},
    }


def _by_series(column: str, looks: Mapping[str, Look], values: list[Any]) -> Channel:
    scale = {"domain": list(looks), "range": values}
    return {"field": column, "type": "nominal", "scale": scale, "legend": None}


def _numbers(rows: pl.DataFrame, columns: Sequence[str], other: float | None) -> list[float]:
    numbers = [value for column in columns for value in rows[column].drop_nulls().to_list()]
    return numbers if other is None else [*numbers, other]


def _floor(value: float) -> int:
    return round(value) if abs(value - round(value)) < 1e-9 else floor(value)
