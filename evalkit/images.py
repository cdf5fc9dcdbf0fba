"""What a notebook shows of pictures and tables, in forms that stay wherever it is opened: sketches
as images that hold their own bytes, tables with digits that tell.
"""

import re
import warnings
from base64 import b64encode
from functools import cached_property
from html import escape, unescape
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import altair as alt

# Beyond it a number stands with its power of ten.
_LONGEST_NUMBER = 1e12
_SHOWN_WIDTH = 576  # pixels
_MARK_NAMES = re.compile(r'\s(?:role|aria-[a-z-]+)="[^"]*"')
_LIVE = "application/vnd.vegalite.v5+json"


class Sketch:
    """A picture that a notebook shows wherever it is opened, without a script and a network.

    chart : the altair chart it is made of, to change as one likes. name : its title.
    """

    def __init__(self, chart: "alt.LayerChart | alt.VConcatChart", name: str):
        self.chart = chart
        self.name = name

    @cached_property
    def svg(self) -> str:
        """The picture as SVG markup. It is named as a whole, where it stands: its marks are not."""
        import vl_convert

        svg = vl_convert.vegalite_to_svg(self.chart.to_dict(), allowed_base_urls=[])
        return _MARK_NAMES.sub("", svg)

    @property
    def live(self) -> "LiveSketch":
        """The picture with values under the mouse and a zoom, where a notebook can show that."""
        return LiveSketch(self)

    def __repr__(self) -> str:
        return f"Sketch: {self.name}"

    def _repr_html_(self) -> str:
        width = re.search(r'width="(\d+)', self.svg)
        return image(self.svg, self.name, width=int(width[1]) if width else _SHOWN_WIDTH)


class LiveSketch:
    """A sketch that answers to the mouse in JupyterLab and editors with the same renderer;
    elsewhere it is the image.
    """

    def __init__(self, sketch: Sketch):
        self.sketch = sketch

    def __repr__(self) -> str:
        return repr(self.sketch)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        import vl_convert

        spec = self.sketch.chart.to_dict()
        # The renderer of notebooks is one version behind, and nothing here is newer: without the
        # version's address it draws the chart. It is not asked where there is HTML.
        with warnings.catch_warnings():  # panels below each other share their zoom, as they should
            warnings.simplefilter("ignore")
            live = self.sketch.chart.interactive().to_dict()
        live.pop("$schema")
        return {
            _LIVE: live,
            "image/png": vl_convert.vegalite_to_png(spec, scale=2, allowed_base_urls=[]),
            "text/plain": repr(self.sketch),
        }


def image(svg: str, name: str, *, width: int = _SHOWN_WIDTH) -> str:
    """SVG markup as an HTML image that holds its own bytes: what an untrusted notebook still shows.

    Parameters
    ----------
    svg : str
        An `svg` element.
    name : str
        What those hear who cannot see it.
    width : int
        How wide it is shown at most. Pixels.
    """
    return (
        f'<img alt="{escape(name, quote=True)}" width="{width}" style="max-width:100%" '
        f'src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}">'
    )


def name_of(svg: str) -> str:
    """What a picture calls itself for those who cannot see it."""
    found = re.search(r'aria-label="([^"]*)"', svg)
    return unescape(found[1]) if found else ""


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
    if not isinstance(value, float):
        return escape(str(value))
    is_long = 10 ** (n_digits - 1) <= abs(value) < _LONGEST_NUMBER
    return f"{value:,.0f}" if is_long else f"{value:.{n_digits}g}"
