"""Small pieces of reStructuredText, which the directives put together and Sphinx reads."""

import textwrap
from collections.abc import Iterable, Sequence


def section(title: str, mark: str) -> str:
    """A heading: the mark that underlines it says its level."""
    return f"{title}\n{mark * len(title)}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """A table whose cells are reStructuredText themselves."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        f"   :widths: {' '.join(map(str, widths))}",
        "",
    ]
    for row in (head, *rows):
        for place, cell in enumerate(row):
            start = "   * - " if place == 0 else "     - "
            first, *rest = cell.splitlines() or [""]
            lines += [start + first, *(f"       {line}" if line else "" for line in rest)]
    return "\n".join(lines)


def code(text: str, language: str = "python") -> str:
    """A block of code."""
    return f".. code-block:: {language}\n\n{indented(text)}"


def html(markup: str) -> str:
    """Markup that goes into the page as it is."""
    return f".. raw:: html\n\n{indented(markup)}"


def indented(text: str, by: int = 3) -> str:
    """Every line moved to the right."""
    return textwrap.indent(text, " " * by)


def escaped(text: str) -> str:
    """Text in which no character has a meaning of its own."""
    return "".join(f"\\{letter}" if letter in "\\*`_|<>@" else letter for letter in text)


def joined(parts: Iterable[str]) -> str:
    """Paragraphs below each other."""
    return "\n\n".join(part for part in parts if part)
