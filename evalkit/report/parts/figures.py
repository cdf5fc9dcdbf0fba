"""Pictures on their way into a page: named for readers who cannot see them, scaled to the page,
safe beside each other.

A picture comes as SVG text from the charts. It is refused if it could run a program or fetch
anything; its ids are made unique to the page.
"""

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from evalkit.errors import DisclosureError
from evalkit.report.parts.document import Brief, DataTable, Figure
from evalkit.tables import slug

_ROOT = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_FORBIDDEN = re.compile(
    r"<script|<foreignObject|<image|<use[^>]+href\s*=\s*[\"'](?!#)|\son\w+\s*=|(?:xlink:)?href\s*=\s*[\"'](?!#)|url\((?!['\"]?#)|@import",
    re.IGNORECASE,
)


def picture(
    brief: Brief,
    name: str,
    conclusion: Markup,
    tables: Sequence[DataTable],
    *,
    of: Sequence[str] = (),
) -> tuple[Figure, ...]:
    """The figure of that name with its conclusion and its table; nothing if the charts had nothing
    to draw.

    `of` names the intervention and estimand of an effect's figure; figures of what all its
    estimands share bear the intervention's name alone.
    """
    names = [f"{name}-{slug('-'.join(of[:count]))}" for count in range(len(of), 0, -1)] or [name]
    drawn = next((candidate for candidate in names if candidate in brief.figures), None)
    if drawn is None:
        return ()
    svg = place_svg(brief.figures[drawn], name=drawn, label=conclusion.striptags())
    return (Figure(name=drawn, svg=svg, conclusion=conclusion, tables=tuple(tables)),)


def place_svg(svg: str, *, name: str, label: str) -> Markup:
    """An SVG as it may stand in a page: role and label on its root, width left to the page, ids
    that no other picture has.

    Parameters
    ----------
    svg : str
        The picture.
    name : str
        The figure's name; it begins every id.
    label : str
        What the picture shows, in one sentence; used where the picture does not name itself
        (aria-label).

    Raises
    ------
    DisclosureError
        If the text is no SVG, runs a script or points outside the page.
    """
    root = _ROOT.search(svg)
    if root is None or _FORBIDDEN.search(svg):
        raise DisclosureError(
            f"The picture {name} cannot stand in a page.",
            where=f'figure "{name}"',
            why="A page is self-contained: a picture is plain SVG without scripts, events, images "
            "or addresses outside itself.",
            fix="draw it with the charts' own functions.",
        )
    body = _with_own_ids(svg[root.end() :], name)
    return Markup(_root_tag(root[0], label) + body)


def _root_tag(tag: str, label: str) -> str:
    size = dict(re.findall(r'\s(width|height)="([\d.]+)(?:px)?"', tag))
    own_label = re.search(r'\saria-label="([^"]*)"', tag)
    tag = re.sub(
        r'\s(?:width|height|role|aria-[\w-]+|tabindex|focusable|id|style|class)="[^"]*"', "", tag
    )
    view = (
        ""
        if "viewBox" in tag or len(size) < 2
        else f' viewBox="0 0 {size["width"]} {size["height"]}"'
    )
    name = own_label[1] if own_label and own_label[1] else escape(label)
    return f'<svg role="img" focusable="false" aria-label="{name}"{view}{tag[4:]}'


def _with_own_ids(body: str, name: str) -> str:
    body = re.sub(r'(\sid\s*=\s*["\'])', rf"\g<1>{name}-", body)
    body = re.sub(r"(url\(['\"]?#)", rf"\g<1>{name}-", body)
    return re.sub(r'(href\s*=\s*["\']#)', rf"\g<1>{name}-", body)
