"""From a chart to self-contained SVG markup, without a browser, a network or the copies that altair
makes on the way.
"""

import hashlib
import re
from html import escape
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from evalkit.charts.look.frame import Picture
from evalkit.charts.look.theme import MAX_SHOWN_WIDTH, WIDTH
from evalkit.words import Words


def to_svg(chart: Picture, words: Words) -> str:
    """A chart as self-contained SVG markup: no scripts, no outside addresses, the same bytes for
    the same chart.

    Parameters
    ----------
    chart : altair chart
        A chart of this room.
    words : Words
        Its language decides how numbers on the axes are written.

    Returns
    -------
    str
        An `svg` element that fills the width it is given, with role "img" and the chart's
        description as its name.
    """
    written = specification(chart)
    version = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    svg = vl_convert.vegalite_to_svg(
        written, vl_version=version, format_locale=words.d3_locale(), allowed_base_urls=[]
    )
    return _own_ids(_plain_svg(svg, written["description"]))


def _plain_svg(svg: str, description: str) -> str:
    """Vega's labels of single marks are taken out: with role "img" nobody hears them, the data
    table stands beside the chart.
    """
    [(width, height)] = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    body = re.sub(
        r'<rect width="[^"]*" height="[^"]*" fill="white"/>',
        '<rect width="100%" height="100%" fill="white"/>',
        svg[svg.index(">") + 1 :],
        count=1,
    )
    body = re.sub(r' (?:role|aria-[a-z]+|pointer-events|class)="[^"]*"', "", body)
    # Attribute values come from number arithmetic; more than two decimals of a pixel are noise.
    body = re.sub(r"(?<=\d\.\d\d)\d+", "", body)
    name = escape(description, quote=True)
    view = f"0 0 {max(float(width), WIDTH):g} {float(height):g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" '
        f'width="100%" role="img" aria-label="{name}"'
        f' style="max-width:{MAX_SHOWN_WIDTH};height:auto">{body}'
    )


def _own_ids(svg: str) -> str:
    """Ids that do not clash with those of another chart in the same page: numbered anew under a
    prefix from the content.
    """
    ids = dict.fromkeys(re.findall(r' id="([^"]+)"', svg))
    for number, name in enumerate(ids):
        svg = svg.replace(f' id="{name}"', f' id="@{number}"').replace(
            f"url(#{name})", f"url(#@{number})"
        )
    prefix = "c" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    return re.sub(r'( id="|url\(#)@(\d+)', rf"\g<1>{prefix}-\2", svg)


def specification(chart: Picture) -> dict[str, Any]:
    """The specification of a chart, as `chart.to_dict()` gives it, in a fraction of the time.

    Parameters
    ----------
    chart : altair chart
        A chart of this room: layers and panels whose tables are polars DataFrames or `alt.Data`. It
        is not changed.

    Returns
    -------
    dict
        Each layer is written once, and each table once, under a name by its order. The theme that
        altair lays under its own is left out.
    """
    names: dict[int, str] = {}
    datasets: dict[str, list[dict]] = {}

    def named(rows: pl.DataFrame) -> dict[str, str]:
        name = names.setdefault(id(rows), f"data-{len(names)}")
        if name not in datasets:
            datasets[name] = rows.to_dicts()
        return {"name": name}

    def written(value: Any) -> Any:
        if isinstance(value, alt.TopLevelMixin | alt.FacetedEncoding):
            # A chart's own to_dict would make it and all its layers anew.
            return {
                key: written(item) for key, item in value._kwds.items() if item is not alt.Undefined
            }
        if isinstance(value, alt.SchemaBase):
            return value.to_dict(validate=False)
        if isinstance(value, list):
            return [written(item) for item in value]
        return named(value) if isinstance(value, pl.DataFrame) else value

    return {"$schema": alt.SCHEMA_URL, **written(chart), "datasets": datasets}
