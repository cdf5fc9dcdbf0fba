"""Charts in a notebook: the same SVG as on the page, so that an executed notebook needs no script
and no network.
"""

from collections.abc import Callable
from dataclasses import dataclass

from evalkit.charts.figures import one_by_one
from evalkit.charts.look.frame import Picture
from evalkit.charts.look.svg import to_svg
from evalkit.disclosure import Published
from evalkit.words import Words


@dataclass(frozen=True)
class Shown:
    """What a notebook displays: one SVG or several below each other, and what they say in words."""

    svg: str
    caption: str = ""

    def _repr_html_(self) -> str:
        return f"{self.svg}<p>{self.caption}</p>" if self.caption else self.svg


def show(chart: Picture, words: Words, caption: str = "") -> Shown:
    """A chart as a notebook shows it, with the sentence (HTML) that says what it shows:
    show(exit_curves(table, words), words).
    """
    return Shown(to_svg(chart, words), caption)


def show_each(
    chart: Callable[..., Picture], table: Published, words: Words, **others: Published
) -> Shown:
    """A chart for each intervention and estimand of a table, with other tables it needs:
    show_each(effect_curves, table, words).

    Where there is none, or nothing of one may be shown, words say so.
    """
    series = [rows for _, rows in one_by_one("", table)] or [table]
    return Shown("\n".join(to_svg(chart(rows, words, **others), words) for rows in series))
