"""Charts in a notebook: the same SVG as on the page, so that an executed notebook needs no script
and no network.
"""

from dataclasses import dataclass

from evalkit.charts.figures import one_by_one
from evalkit.charts.source import Chart
from evalkit.charts.theme import to_svg
from evalkit.disclosure import Published
from evalkit.words import Words


@dataclass(frozen=True)
class Shown:
    """What a notebook displays: one SVG or several below each other, and what they say in words."""

    svg: str
    said: str = ""

    def _repr_html_(self) -> str:
        return f"{self.svg}<p>{self.said}</p>" if self.said else self.svg


def show(chart: object, words: Words, said: str = "") -> Shown:
    """A chart as a notebook shows it, with the sentence (HTML) that says what it shows:
    show(exit_curves(table, words), words).
    """
    return Shown(to_svg(chart, words), said)


def show_each(chart: Chart, table: Published, words: Words, **beside: Published) -> Shown:
    """A chart for each intervention and estimand of a table, with other tables it needs:
    show_each(effect_curves, table, words).

    Where there is none, or nothing of one may be shown, words say so.
    """
    parts = [part for _, part in one_by_one("", table)] or [table]
    return Shown("\n".join(to_svg(chart(part, words, **beside), words) for part in parts))
