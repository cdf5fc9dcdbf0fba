"""A room's page: what each name of its `__all__` is for, and its example."""

import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from evalkit.records import Record
from pages.examples import SETUP, Example, run_examples
from pages.rst import code, html, indented, joined, section

# The heading of names that come from no room inside the room.
_OF_THE_GROUND = "Names"


class Room(SphinxDirective):
    """`.. room:: survival`: everything that `from evalkit import survival` offers.

    Names stand in the order of the rooms inside the room, and after each its example.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The page's content."""
        room = self.arguments[0]
        module = importlib.import_module(f"evalkit.{room}")
        self.env.note_dependency(str(self.env.srcdir / "reference" / "examples" / f"{room}.py"))
        examples = run_examples(room)
        parts = [inspect.cleandoc(module.__doc__ or "")]
        parts += [_example(cell) for cell in examples if SETUP in cell.names]
        for title, names in _by_room_inside(module).items():
            parts += [section(title, "-"), *_about(module, title)]
            parts += [_entry(module, name, examples) for name in names]
        return self.parse_text_to_nodes(joined(parts), allow_section_headings=True)


def without_signature(
    _app: object, _what: str, _name: str, documented: Any, *_: object
) -> tuple[str, str | None] | None:
    """Records of parameter files stand without a signature: their keys have a page of their own."""
    is_record = inspect.isclass(documented) and issubclass(documented, Record)
    return ("", None) if is_record else None


def _by_room_inside(module: ModuleType) -> dict[str, list[str]]:
    """The names by the room inside the room they come from, or all under one heading."""
    titles: dict[str, list[str]] = {}
    for name in module.__all__:
        home = getattr(getattr(module, name), "__module__", module.__name__)
        titles.setdefault(_room_inside(home, module.__name__), []).append(name)
    floors = [*_floors(module), _OF_THE_GROUND]
    order = sorted(titles, key=lambda title: (title == _OF_THE_GROUND, floors.index(title)))
    return {title: titles[title] for title in order}


def _room_inside(home: str, room: str) -> str:
    inside = home.removeprefix(f"{room}.").split(".") if home.startswith(f"{room}.") else []
    return inside[0].replace("_", " ").capitalize() if len(inside) > 1 else _OF_THE_GROUND


def _floors(module: ModuleType) -> list[str]:
    """The rooms inside a room as its door opens them."""
    return [*dict.fromkeys(_room_inside(home, module.__name__) for home in _homes(module))]


def _homes(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        yield getattr(value, "__module__", None) or module.__name__
    yield module.__name__


def _about(module: ModuleType, title: str) -> list[str]:
    if title == _OF_THE_GROUND:
        return []
    inside = importlib.import_module(f"{module.__name__}.{title.lower().replace(' ', '_')}")
    return [inspect.cleandoc(inside.__doc__ or "")]


def _entry(module: ModuleType, name: str, examples: list[Example]) -> str:
    value = getattr(module, name)
    kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
    content = [_example(cell) for cell in examples if name in cell.names]
    return joined([f".. auto{kind}:: {module.__name__}.{name}", indented(joined(content))])


def _example(cell: Example) -> str:
    return joined(
        [
            ".. rubric:: Example" if SETUP not in cell.names else "",
            cell.sentence,
            code(cell.code),
            html(cell.shown) if cell.shown else "",
        ]
    )
