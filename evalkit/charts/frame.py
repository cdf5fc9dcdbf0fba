"""How layers and panels make a chart, and the scales that all layers share. Every layer names them:
one that did not would widen them with its own defaults.

Charts are put together in place: altair's own ways (`layer`, `vconcat`, `properties`, `configure`)
each copy every layer two or three times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor, log10
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

# A span of a single number has one tick, however fine.
_MOST_STEPS = 20


@dataclass(frozen=True)
class Frame:
    """The room a chart is drawn in: its size in pixels, the span of both scales, and how their axes
    look (None: no axis).

    `is_downwards` counts y from the top, for charts whose rows are placed in pixels.
    """

    width: int
    height: int
    x_span: tuple[float, float]
    y_span: tuple[float, float]
    x_axis: Mapping[str, Any] | None = field(default_factory=dict)
    y_axis: Mapping[str, Any] | None = field(default_factory=dict)
    is_downwards: bool = False

    def x(self, column: str) -> "alt.X":
        """A column on the x scale."""
        import altair as alt

        axis = None if self.x_axis is None else alt.Axis(**{"title": None, **self.x_axis})
        return alt.X(
            f"{column}:Q",
            scale=alt.Scale(domain=list(self.x_span), nice=False, zero=False),
            axis=axis,
        )

    def y(self, column: str) -> "alt.Y":
        """A column on the y scale."""
        import altair as alt

        axis = None if self.y_axis is None else alt.Axis(**{"title": None, **self.y_axis})
        scale = alt.Scale(
            domain=list(self.y_span), nice=False, zero=False, reverse=self.is_downwards
        )
        return alt.Y(f"{column}:Q", scale=scale, axis=axis)

    def holds(self, *layers: "alt.Chart") -> "alt.LayerChart":
        """The layers on top of each other, at the frame's size."""
        import altair as alt

        chart = alt.LayerChart()
        chart.layer, chart.width, chart.height = list(layers), self.width, self.height
        return chart


def titled(chart, lines: str | list[str]):
    """The chart under a title; no title where there is nothing to say."""
    if lines:
        chart.title = lines
    return chart


def stacked(*panels, **independent: str):
    """The panels below each other; `independent` names the scales that each has for itself:
    color="independent".
    """
    import altair as alt

    chart = alt.VConcatChart()
    chart.vconcat, chart.resolve = list(panels), {"scale": independent}
    return chart


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


def _floor(value: float) -> int:
    return round(value) if abs(value - round(value)) < 1e-9 else floor(value)
