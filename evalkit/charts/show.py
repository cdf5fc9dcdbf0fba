"""A chart in a notebook: the same SVG as on the page, so that an executed notebook needs no script and no network."""

from dataclasses import dataclass

from evalkit.charts.labels import Words
from evalkit.charts.theme import to_svg


@dataclass(frozen=True)
class Shown:
    """An SVG that a notebook displays."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg


def show(chart: object, words: Words) -> Shown:
    """A chart as a notebook shows it: show(exit_curves(table, words), words)."""
    return Shown(to_svg(chart, words))
