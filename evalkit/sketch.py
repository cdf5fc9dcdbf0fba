"""Sketches: a picture of a table in one call, for whoever works with it.

A sketch has not passed disclosure control and says so in the picture; charts of published tables
are those of `charts`. Its `chart` is altair's own, to change as one likes.
"""

from base64 import b64encode
from collections.abc import Sequence
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from evalkit.errors import EstimationError, first_few

if TYPE_CHECKING:
    import altair as alt

NOT_FOR_RELEASE = "Not for release: it has not passed disclosure control"
# Pixels.
_WIDTH, _HEIGHT, _ROW = 420, 260, 26
_SHOWN_WIDTH = 576
_LIMITS = ("ci_lower", "ci_upper")


class Sketch:
    """A picture that a notebook shows wherever it is opened, without a script and a network.

    chart : the altair chart it is made of, for further work.
    """

    def __init__(self, chart: "alt.LayerChart", name: str):
        self.chart = chart
        self.name = name

    @cached_property
    def svg(self) -> str:
        """The picture as SVG markup."""
        import vl_convert

        return vl_convert.vegalite_to_svg(self.chart.to_dict(), allowed_base_urls=[])

    def __repr__(self) -> str:
        return f"Sketch: {self.name}"

    def _repr_html_(self) -> str:
        return image(self.svg, self.name)


def image(svg: str, name: str) -> str:
    """SVG markup as an HTML image that holds its own bytes: what an untrusted notebook still shows.

    Parameters
    ----------
    svg : str
        An `svg` element.
    name : str
        What those hear who cannot see it.
    """
    return (
        f'<img alt="{escape(name, quote=True)}" width="{_SHOWN_WIDTH}" '
        f'src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'
    )


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
) -> Sketch:
    """Curves with their ranges, where the table has limits.

    Parameters
    ----------
    table : DataFrame
        One row per point; limits as `ci_lower` and `ci_upper`.
    x, y : str
        Columns of numbers.
    lines : sequence of str
        Columns whose combinations are a curve each.
    title, x_title, y_title : str
        Without them the columns' names.
    form : {"step", "line"}
        Whether a value holds until the next point, or goes to it in a straight line.

    Raises
    ------
    EstimationError
        If a column is not there, or the table has no rows.
    """
    import altair as alt

    _refuse_unfit(table, [x, y, *lines])
    name = " · ".join(lines)
    named = [pl.col(line).cast(pl.String).fill_null("–") for line in lines]
    curve = pl.concat_str(named, separator=" · ") if named else pl.lit("")
    drawn = table.with_columns(curve.alias("curve"))
    held = "step-after" if form == "step" else "linear"
    across, up = alt.X(f"{x}:Q", title=x_title or x), y_title or y
    colour = alt.Color("curve:N", title=name) if lines else alt.value("#00477a")
    layers = [
        _layer(drawn, "line", interpolate=held).encode(
            x=across, y=alt.Y(f"{y}:Q", title=up), color=colour
        )
    ]
    if set(_LIMITS) <= set(table.columns):
        band = _layer(drawn, "area", interpolate=held, opacity=0.18)
        low = alt.Y("ci_lower:Q", title=up)
        layers.insert(0, band.encode(x=across, y=low, y2="ci_upper:Q", color=colour))
    title = title or f"{up} by {x_title or x}"
    return Sketch(_finished(layers, title, height=_HEIGHT), title)


def forest(
    table: pl.DataFrame,
    *,
    rows: Sequence[str],
    x: str = "estimate",
    title: str = "",
    x_title: str = "",
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
    import altair as alt

    _refuse_unfit(table, [x, *rows])
    drawn = table.with_columns(
        pl.concat_str([pl.col(row).cast(pl.String) for row in rows], separator=" · ").alias("row")
    )
    across = alt.X(f"{x}:Q", title=x_title or x, scale=alt.Scale(type=scale, zero=False))
    down = alt.Y("row:N", sort=None, title=None)
    line = pl.DataFrame({"at": [nothing]})
    layers = [_layer(line, "rule", strokeDash=[4, 4]).encode(x="at:Q")]
    if set(_LIMITS) <= set(table.columns):
        ranges = _layer(drawn, "rule")
        layers.append(ranges.encode(x="ci_lower:Q", x2="ci_upper:Q", y=down))
    layers.append(_layer(drawn, "point", filled=True, size=60, opacity=1).encode(x=across, y=down))
    title = title or (x_title or x)
    return Sketch(_finished(layers, title, height=_ROW * drawn.height), title)


def as_html(table: pl.DataFrame, *, n_rows: int = 30, n_digits: int = 4) -> str:
    """A table as HTML, numbers with so many digits that tell."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in table.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{_cell(value, n_digits)}</td>' for value in row)}</tr>"
        for row in table.head(n_rows).iter_rows()
    )
    more = f"<p>{n_rows} of {table.height:,} rows.</p>" if table.height > n_rows else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _cell(value: object, n_digits: int) -> str:
    if value is None:
        return "–"
    return f"{value:.{n_digits}g}" if isinstance(value, float) else escape(str(value))


def _layer(
    rows: pl.DataFrame, mark: Literal["area", "line", "point", "rule"], **look: Any
) -> "alt.Chart":
    import altair as alt

    return alt.Chart(rows, mark=alt.MarkDef(type=mark, **look))


def _finished(layers: Sequence["alt.Chart"], title: str, *, height: int) -> "alt.LayerChart":
    import altair as alt

    chart = alt.LayerChart(layer=list[Any](layers))
    return chart.properties(
        width=_WIDTH, height=height, title={"text": title, "subtitle": NOT_FOR_RELEASE}
    )


def _refuse_unfit(table: pl.DataFrame, columns: Sequence[str]) -> None:
    lacking = [column for column in columns if column not in table.columns]
    if lacking or table.is_empty():
        raise EstimationError(
            "A table cannot be sketched.",
            where=f"columns missing: {first_few(lacking, 6) or 'none'}; rows: {table.height}",
            why=f"A sketch needs them. Columns found: {first_few(table.columns, 12)}.",
            fix="name columns that the table has.",
        )
