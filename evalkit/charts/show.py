"""Charts in a notebook: the same picture as on the page, in a form that is shown wherever an
executed notebook is opened, without a script and a network.

An executed notebook is not trusted where it is opened, and JupyterLab then drops inline SVG. An
image that holds its own bytes stays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from evalkit.charts.figures import one_by_one
from evalkit.charts.labels import value_label
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.svg import to_svg
from evalkit.charts.register import ONE_EFFECT
from evalkit.disclosure import Published
from evalkit.images import image, name_of
from evalkit.words import Words


@dataclass(frozen=True)
class Shown:
    """What a notebook displays: pictures below each other, each with the rows it is drawn from, and
    what they say in words.

    svgs : SVG markup. tables : the rows of each, as HTML. table_word : what stands on the fold that
    holds them. names : where there are several, what each is of. caption : HTML, below the last.
    """

    svgs: tuple[str, ...]
    tables: tuple[str, ...]
    table_word: str
    names: tuple[str, ...]
    caption: str = ""

    def __repr__(self) -> str:
        return "\n".join(f"Picture: {name_of(svg)}" for svg in self.svgs)

    def _repr_html_(self) -> str:
        fold = escape(self.table_word)
        pictures = [
            f"{f'<h4>{escape(name)}</h4>' if name else ''}{image(svg, name_of(svg))}"
            f"<details><summary>{fold}</summary>{rows}</details>"
            for svg, rows, name in zip(self.svgs, self.tables, self.names, strict=True)
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
        _names(series, words),
        caption,
    )


def _names(series: list[Published], words: Words) -> tuple[str, ...]:
    """What each picture is of, by the keys in which they differ; nothing where there is one."""
    keys = [
        key
        for key in ONE_EFFECT[1:]
        if key in series[0].keys and len({rows.data[key].first() for rows in series}) > 1
    ]
    return tuple(
        " · ".join(value_label(words, str(rows.data[key].first())) for key in keys)
        for rows in series
    )
