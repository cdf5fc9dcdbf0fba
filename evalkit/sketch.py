"""Sketches: a picture of a table in one call, for whoever works with it.

A sketch has not passed disclosure control and says so in the picture; charts of published tables
are those of `charts`. Which picture a room's table gets: `pictures`.
"""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from evalkit.errors import EstimationError, first_few
from evalkit.images import Sketch
from evalkit.imports import altair
from evalkit.line.actors import ACTORS, PAYER_LOOKS
from evalkit.line.looks import ARM_LOOKS, FAINT, GRID, GROUP_LOOKS, INK, Look, chart_theme
from evalkit.line.states import LOOKS

if TYPE_CHECKING:
    import altair as alt

NOT_FOR_RELEASE = "Not for release: it has not passed disclosure control"
# Pixels.
_WIDTH, _HEIGHT, _ROW = 420, 260, 26
# Wide letters, since nobody knows which font a reader has; and how many stand in a line of a title.
_LETTER, _LETTERS = 8.5, 64
_FONT_SIZE = 13
_LIMITS = ("ci_lower", "ci_upper")


def curves(
    table: pl.DataFrame,
    *,
    x: str,
    y: str = "estimate",
    lines: Sequence[str] = (),
    title: str = "",
    x_title: str = "",
    y_title: str = "",
    form: Literal["step", "line"] = "step",
    nothing: float | None = None,
    shaded: tuple[float, float] | None = None,
) -> Sketch:
    """Curves with their ranges, where the table has limits.

    Parameters
    ----------
    table : DataFrame
        One row per point; limits as `ci_lower` and `ci_upper`.
    x, y : str
        Columns of numbers.
    lines : sequence of str
        Columns whose combinations are a curve each. States, payers and arms have the colours that
        they have in reports.
    title, x_title, y_title : str
        Without them the columns' names.
    form : {"step", "line"}
        Whether a value holds until the next point, or goes to it in a straight line.
    nothing : float, optional
        Where a line says that nothing differs.
    shaded : pair of float, optional
        A stretch of `x` on darker ground.

    Raises
    ------
    EstimationError
        If a column is not there, or the table has no rows.
    """
    alt = altair()
    _refuse_unfit(table, [x, y, *lines])
    drawn = _named(table, lines, "curve")
    held = "step-after" if form == "step" else "linear"
    across, up = alt.X(f"{x}:Q", title=x_title or x), y_title or y
    colour, dash = _told_apart(drawn, lines)
    shown = [*(["curve:N"] if lines else []), f"{x}:Q", f"{y}:Q"]
    layers = _ground(shaded, nothing)
    if _has_limits(table):
        band = _layer(drawn, "area", interpolate=held, opacity=0.15)
        low = alt.Y("ci_lower:Q", title=up)
        layers.append(band.encode(x=across, y=low, y2="ci_upper:Q", color=colour))
        shown += [f"{limit}:Q" for limit in _LIMITS]
    line = _layer(drawn, "line", interpolate=held, strokeWidth=2)
    layers.append(
        line.encode(
            x=across, y=alt.Y(f"{y}:Q", title=up), color=colour, strokeDash=dash, tooltip=shown
        )
    )
    title = title or f"{up} by {x_title or x}"
    return Sketch(_finished(layers, title, height=_HEIGHT), title)


def forest(
    table: pl.DataFrame,
    *,
    rows: Sequence[str],
    x: str = "estimate",
    title: str = "",
    x_title: str = "",
    y_title: str = "",
    nothing: float = 0.0,
    scale: Literal["linear", "log"] = "linear",
) -> Sketch:
    """Estimates below each other with their ranges, beside the line where nothing differs.

    Parameters
    ----------
    table : DataFrame
        One row per estimate; limits as `ci_lower` and `ci_upper`, on the scale of `x`.
    rows : sequence of str
        Columns that name an estimate.
    x : str
        Column of the estimates.
    nothing : float
        Where nothing differs: 0 for differences, 1 for ratios.

    Raises
    ------
    EstimationError
        If a column is not there, or the table has no rows.
    """
    alt = altair()
    _refuse_unfit(table, [x, *rows])
    drawn = _named(table, rows, "row")
    # Round ends of a scale of ratios are powers of ten, which squeeze what is between them.
    span = alt.Scale(type=scale, zero=False, nice=scale == "linear", padding=12)
    across = alt.X(f"{x}:Q", title=x_title or x, scale=span)
    down, shown = _down(drawn, y_title), ["row:N", f"{x}:Q"]
    layers = _ground(None, nothing, is_upright=True)
    if _has_limits(table):
        ranges = _layer(drawn, "rule", color=GROUP_LOOKS[0].colour, strokeWidth=2)
        layers.append(ranges.encode(x="ci_lower:Q", x2="ci_upper:Q", y=down))
        shown += [f"{limit}:Q" for limit in _LIMITS]
    points = _layer(drawn, "point", filled=True, size=70, opacity=1, color=GROUP_LOOKS[0].colour)
    layers.append(points.encode(x=across, y=down, tooltip=shown))
    title = title or (x_title or x)
    return Sketch(_finished(layers, title, height=_ROW * drawn["row"].n_unique()), title)


def bars(
    table: pl.DataFrame,
    *,
    rows: Sequence[str],
    x: str = "estimate",
    title: str = "",
    x_title: str = "",
    y_title: str = "",
) -> Sketch:
    """Amounts below each other as bars from nothing, with their ranges where the table has limits.
    States, payers and arms that the last of `rows` names have the colours that they have in
    reports.

    Parameters and errors as `forest`.
    """
    alt = altair()
    _refuse_unfit(table, [x, *rows])
    drawn = _named(table, rows, "row")
    across, shown = alt.X(f"{x}:Q", title=x_title or x), ["row:N", f"{x}:Q"]
    known = _known_looks(drawn[rows[-1]]) if rows else None
    colour = (
        alt.Color(f"{rows[-1]}:N", scale=_scale(list(known), [*known.values()]), legend=None)
        if known
        else alt.value(GROUP_LOOKS[0].colour)
    )
    layers = [
        _layer(drawn, "bar", opacity=0.85).encode(
            x=across, y=_down(drawn, y_title), color=colour, tooltip=shown
        ),
        *_ground(None, 0.0, is_upright=True),
    ]
    if _has_limits(table):
        ranges = _layer(drawn, "rule", color=INK, strokeWidth=1.5)
        layers.append(ranges.encode(x="ci_lower:Q", x2="ci_upper:Q", y=_down(drawn, y_title)))
        shown += [f"{limit}:Q" for limit in _LIMITS]
    title = title or (x_title or x)
    return Sketch(_finished(layers, title, height=_ROW * drawn["row"].n_unique()), title)


def pairs(
    table: pl.DataFrame,
    *,
    rows: Sequence[str],
    ends: tuple[str, str],
    title: str = "",
    x_title: str = "",
    y_title: str = "",
    nothing: float | None = 0.0,
    shaded: tuple[float, float] | None = None,
) -> Sketch:
    """Two values below each other for each row, joined by a line: balance before and after
    weighting, a value at either end of an assumption, a plan beside what is.

    Parameters
    ----------
    table : DataFrame
        One row per pair.
    rows : sequence of str
        Columns that name a pair.
    ends : pair of str
        Columns of the two values, hollow first.
    nothing, shaded
        As in `curves`, on the scale of the values.

    Raises
    ------
    EstimationError
        If a column is not there, or the table has no rows.
    """
    alt = altair()
    _refuse_unfit(table, [*ends, *rows])
    drawn = _named(table, rows, "row")
    long = drawn.unpivot(list(ends), index=["row"], variable_name="end", value_name="at")
    known = alt.Scale(domain=list(ends), range=["white", GROUP_LOOKS[0].colour])
    edges = alt.Scale(domain=list(ends), range=[GROUP_LOOKS[1].colour, GROUP_LOOKS[0].colour])
    across = alt.X("at:Q", title=x_title or " and ".join(ends))
    layers = _ground(shaded, nothing, is_upright=True)
    joined = _layer(drawn, "rule", color=FAINT, strokeWidth=2)
    layers.append(joined.encode(x=f"{ends[0]}:Q", x2=f"{ends[1]}:Q", y=_down(drawn, y_title)))
    points = _layer(long, "point", size=80, opacity=1, strokeWidth=2)
    layers.append(
        points.encode(
            x=across,
            y=_down(drawn, y_title),
            fill=alt.Fill("end:N", scale=known, title=None),
            stroke=alt.Stroke("end:N", scale=edges, title=None),
            shape=alt.Shape(
                "end:N", scale=alt.Scale(domain=list(ends), range=["square", "circle"]), title=None
            ),
            tooltip=["row:N", "end:N", "at:Q"],
        )
    )
    title = title or (x_title or " and ".join(ends))
    return Sketch(_finished(layers, title, height=_ROW * drawn["row"].n_unique()), title)


def beneath(upper: Sketch, lower: Sketch, *, title: str) -> Sketch:
    """Two sketches as one, the second under the first."""
    alt = altair()
    stacked = [sketch.chart.copy(deep=True) for sketch in (upper, lower)]
    for chart, sketch in zip(stacked, (upper, lower), strict=True):
        chart.title, chart.config = sketch.name, alt.Undefined
    return Sketch(_headed(alt.VConcatChart(vconcat=list[Any](stacked)), title), title)


def _named(table: pl.DataFrame, columns: Sequence[str], name: str) -> pl.DataFrame:
    """The table with a column that joins the words of others."""
    words = [pl.col(column).cast(pl.String).fill_null("–") for column in columns]
    joined = pl.concat_str(words, separator=" · ") if words else pl.lit("")
    return table.with_columns(joined.alias(name))


def _known_looks(values: pl.Series) -> dict[str, Look] | None:
    """The looks that values have in reports (an actor its payer's); None where one has none."""
    actors = {actor: PAYER_LOOKS[payer] for actor, payer, *_ in ACTORS.iter_rows()}
    looks = {**actors, **PAYER_LOOKS, **LOOKS, **ARM_LOOKS}
    names = values.cast(pl.String).unique(maintain_order=True).to_list()
    return {name: looks[name] for name in names} if set(names) <= set(looks) else None


def _told_apart(drawn: pl.DataFrame, lines: Sequence[str]) -> tuple[Any, Any]:
    """Colour and dashes of curves."""
    alt = altair()
    if not lines:
        return alt.value(GROUP_LOOKS[0].colour), alt.Undefined
    names = drawn["curve"].unique(maintain_order=True).to_list()
    known = _known_looks(drawn["curve"]) if len(lines) == 1 else None
    own = [GROUP_LOOKS[place % len(GROUP_LOOKS)] for place in range(len(names))]
    looks = own if known is None else list(known.values())
    title = " · ".join(lines)
    legend = alt.Legend(symbolType="stroke", symbolOpacity=1)
    dashes = alt.Scale(domain=names, range=[list(look.dash) for look in looks])
    return (
        alt.Color("curve:N", title=title, scale=_scale(names, looks), legend=legend),
        alt.StrokeDash("curve:N", title=title, scale=dashes),
    )


def _scale(names: list[str], looks: Sequence[Look]) -> Any:
    alt = altair()
    return alt.Scale(domain=names, range=[look.colour for look in looks])


def _down(drawn: pl.DataFrame, title: str) -> Any:
    alt = altair()
    longest = drawn["row"].str.len_chars().max()
    room = int(_LETTER * longest) if isinstance(longest, int) else 0
    return alt.Y("row:N", sort=None, title=title or None, axis=alt.Axis(minExtent=room))


def _ground(
    shaded: tuple[float, float] | None, nothing: float | None, *, is_upright: bool = False
) -> list["alt.Chart"]:
    """What lies behind: a stretch of the axis across, and the line where nothing differs."""
    layers = []
    if shaded is not None:
        stretch = pl.DataFrame({"from": [float(shaded[0])], "to": [float(shaded[1])]})
        ground = _layer(stretch, "rect", color=GRID, opacity=0.6)
        layers.append(ground.encode(x="from:Q", x2="to:Q"))
    if nothing is not None:
        line = _layer(pl.DataFrame({"at": [nothing]}), "rule", strokeDash=[4, 4], color=FAINT)
        layers.append(line.encode(x="at:Q") if is_upright else line.encode(y="at:Q"))
    return layers


def _has_limits(table: pl.DataFrame) -> bool:
    return all(name in table.columns and table[name].count() for name in _LIMITS)


def _layer(
    rows: pl.DataFrame, mark: Literal["area", "bar", "line", "point", "rect", "rule"], **look: Any
) -> "alt.Chart":
    alt = altair()
    return alt.Chart(rows, mark=alt.MarkDef(type=mark, **look))


def _finished(layers: Sequence["alt.Chart"], title: str, *, height: int) -> "alt.LayerChart":
    alt = altair()
    chart = alt.LayerChart(layer=list[Any](layers))
    return _headed(chart.properties(width=_WIDTH, height=height), title)


def _headed(chart: Any, title: str) -> Any:
    """The chart in the look of all charts, under its title and what it is not for."""
    theme = chart_theme()
    small = {"labelFontSize": _FONT_SIZE, "titleFontSize": _FONT_SIZE}
    fonts = {name: theme["axis"][name] for name in ("labelFont", "titleFont")}
    chart.config = {
        **theme,
        "padding": {"left": 5, "top": 5, "bottom": 5, "right": 40},
        "axis": {**theme["axis"], **small, "tickCount": 6, "labelOverlap": True},
        "legend": {**fonts, **small, "labelLimit": 0},
    }
    lines = wrap(title, _LETTERS)
    text = title if len(lines) < 2 else lines
    return chart.properties(title={"text": text, "subtitle": NOT_FOR_RELEASE})


def _refuse_unfit(table: pl.DataFrame, columns: Sequence[str]) -> None:
    lacking = [column for column in columns if column not in table.columns]
    if lacking:
        raise EstimationError(
            "A table lacks what its picture needs.",
            where=f"columns missing: {first_few(lacking, 6)}",
            why=f"Columns found: {first_few(table.columns, 12)}.",
            fix="name columns that the table has.",
        )
    if table.is_empty():
        raise EstimationError(
            "A table without rows has no picture.",
            where=f"columns: {first_few(table.columns, 12)}",
            why="Nothing is left to draw, perhaps after a filter.",
            fix="look at the values of the column that was filtered by.",
        )
