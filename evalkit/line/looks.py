"""How a series is told apart, in charts and on pages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """Colour, dashes (on, off), the shape of points, and the colour on dark ground."""

    colour: str
    dash: tuple[int, ...] = (1, 0)
    shape: str = "circle"
    dark: str = ""

    @property
    def on_dark(self) -> str:
        """The colour on dark ground."""
        return self.dark or self.colour
