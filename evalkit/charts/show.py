"""Charts in a notebook: the same picture as on the page, in a form that is shown wherever an
executed notebook is opened, without a script and a network.

An executed notebook is not trusted where it is opened, and JupyterLab then drops inline SVG. An
image that holds its own bytes stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from evalkit.charts.figures import one_by_one
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.svg import to_svg
from evalkit.disclosure import Published
from evalkit.images import image, name_of
from evalkit.words import Words


@dataclass(frozen=True)
class Shown:
    """What a notebook displays: pictures below each other, each with the rows it is drawn from, and
    what they say in words.

    svgs : SVG markup. tables : the rows of each, as HTML. table_word : what stands on the fold that
    holds them. caption : HTML, below the last.
    """

    svgs: tuple[str, ...]
    tables: tuple[str, ...]
    table_word: str
    caption: str = ""

    def __repr__(self) -> str:
        return "\n".join(f"Picture: {name_of(svg)}" for svg in self.svgs)

    def _repr_html_(self) -> str:
        fold = escape(self.table_word)
        pictures = [
            f"{image(svg, name_of(svg))}<details><summary>{fold}</summary>{rows}</details>"
            for svg, rows in zip(self.svgs, self.tables, strict=True)
        ]
        caption = [f"<p>{self.caption}</p>"] if self.caption else []
        return "\n".join((*pictures, *caption))


def show(
    chart: Callable[..., Picture],
    table: Published,
    words: Words,
    *,
    caption: str = "",
    **others: Published,
) -> Shown:
    """A chart of a published table as a notebook shows it: show(exit_curves, table, words).

    Parameters
    ----------
    chart : callable
        A chart of this room.
    table : Published
        What it is drawn from: one picture for each intervention and estimand of it. Where nothing
        of one may be shown, the picture says so.
    words : Words
        The reader's language.
    caption : str
        The sentence (HTML) that says what is shown.
    **others : Published
        Further tables that the chart needs, by its own names for them.
    """
    series = [rows for _, rows in one_by_one("", table)] or [table]
    return Shown(
        tuple(to_svg(chart(rows, words, **others), words) for rows in series),
        tuple(rows._repr_html_() for rows in series),
        words.text("chart.rows"),
        caption,
    )
