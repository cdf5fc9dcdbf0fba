"""The keys of parameter files, from the descriptions of their models' fields, each with an
example from the files that come with evalkit.
"""

import importlib
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Union

import yaml
from docutils import nodes
from pydantic import RootModel
from sphinx.util.docutils import SphinxDirective

from evalkit.records import Record
from pages.rst import escaped, joined, section, table

ROOT = Path(__file__).parents[2]
_PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "month or day",
    Path: "path",
    type(None): "null",
}
_LONGEST_EXAMPLE, _LONGEST_CHOICE = 70, 12


@dataclass(frozen=True)
class Key:
    """A key of a record: what it means, what it holds and what it is where nobody says it."""

    name: str
    meaning: str
    annotation: Any
    default: Any  # MISSING where the key must be there


class Keys(SphinxDirective):
    """`.. keys:: evalkit.params.RunFile params/*.yaml`: the keys of a model and of every
    record that it holds; examples are the first ones that the files show.
    """

    required_arguments = 1
    optional_arguments = 20

    def run(self) -> list[nodes.Node]:
        """A table of keys for each record."""
        model = model_named(self.arguments[0])
        shown: dict[tuple[type, str], str] = {}
        for pattern in self.arguments[1:]:
            for path in sorted(ROOT.glob(pattern)):
                self.env.note_dependency(str(path))
                _gather(model, yaml.safe_load(path.read_text(encoding="utf-8")), shown)
        file = self.env.docname.rpartition("/")[2]
        parts = [part for record in records_of(model) for part in _about(record, shown, file)]
        return self.parse_text_to_nodes(joined(parts), allow_section_headings=True)


def model_named(name: str) -> Any:
    """A model by the module and the name it stands under."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def records_of(model: Any) -> list[type]:
    """A model and every record that its keys hold, each once."""
    known: list[type] = []
    _add_records(model, known)
    return known


def keys_of(record: type) -> list[Key]:
    """The keys of a record, in their own order."""
    if is_dataclass(record):
        hints = typing.get_type_hints(record)
        return [
            Key(one.name, one.metadata.get("description", ""), hints[one.name], _default_of(one))
            for one in fields(record)
        ]
    return [
        Key(
            name,
            declared.description or "",
            declared.annotation,
            MISSING if declared.is_required() else declared.get_default(call_default_factory=True),
        )
        for name, declared in record.model_fields.items()
    ]


def _add_records(annotation: Any, known: list[type]) -> None:
    if _is_record(annotation) and annotation not in known:
        if not issubclass(annotation, RootModel):
            known.append(annotation)
        for key in _all_keys(annotation):
            _add_records(key.annotation, known)
    for part in typing.get_args(annotation):
        _add_records(part, known)


def _all_keys(record: type) -> list[Key]:
    return keys_of(record)


def _is_record(annotation: Any) -> bool:
    return inspect.isclass(annotation) and (
        issubclass(annotation, Record | RootModel)
        or (is_dataclass(annotation) and hasattr(annotation, "__pydantic_config__"))
    )


def _default_of(declared: Any) -> Any:
    if declared.default_factory is not MISSING:
        return declared.default_factory()
    return declared.default


def _about(record: type, shown: dict[tuple[type, str], str], file: str) -> Iterator[str]:
    yield f".. _keys-{file}-{record.__name__}:"
    yield section(_title(record), "-")
    yield " ".join(inspect.cleandoc(record.__doc__ or "").split("\n\n")[0].split())
    rows = [
        (
            f"``{key.name}``",
            escaped(key.meaning),
            _form(key.annotation, file),
            _default(key.default),
            f"``{shown[record, key.name]}``" if (record, key.name) in shown else "",
        )
        for key in keys_of(record)
    ]
    yield table(("key", "meaning", "holds", "default", "example"), rows, (16, 40, 18, 10, 16))


def _title(record: type) -> str:
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in record.__name__).split()
    return " ".join(words).capitalize()


def _form(annotation: Any, file: str) -> str:
    """What a key holds, in words; a record as a link to its keys."""
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if _is_record(annotation) and not issubclass(annotation, RootModel):
        return f":ref:`{_title(annotation)} <keys-{file}-{annotation.__name__}>`"
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _form(parts[0], file)
    if origin is Literal:
        few = ", ".join(f"``{part}``" for part in parts[:_LONGEST_CHOICE])
        return few + (", …" if len(parts) > _LONGEST_CHOICE else "")
    if origin in (Union, types.UnionType):
        forms = dict.fromkeys(_form(part, file) for part in parts if part is not type(None))
        return " or ".join(forms)
    if origin in (tuple, list, frozenset, set):
        forms = dict.fromkeys(_form(part, file) for part in parts if part is not Ellipsis)
        return f"list: {' or '.join(forms)}"
    if origin is not None and issubclass(origin, typing.get_origin(typing.Mapping)):
        return f"by name: {_form(parts[1], file)}"
    return "any"


def _default(value: Any) -> str:
    if value is MISSING:
        return "required"
    if value is None or value in ((), [], {}, ""):
        return ""
    if _is_record(type(value)):
        return "its defaults"
    return f"``{_flow(value)}``"


def _gather(annotation: Any, value: Any, shown: dict[tuple[type, str], str]) -> None:
    """The first example of each key that a file's content shows."""
    if _is_record(annotation) and isinstance(value, dict):
        for key in keys_of(annotation):
            if key.name in value:
                example = _flow(value[key.name])
                if len(example) <= _LONGEST_EXAMPLE and "`" not in example:
                    shown.setdefault((annotation, key.name), example)
                _gather(key.annotation, value[key.name], shown)
        if issubclass(annotation, RootModel):
            _gather(annotation.model_fields["root"].annotation, value, shown)
        return
    parts = typing.get_args(annotation)
    inner = value if isinstance(value, list) else [value]
    if isinstance(value, dict) and not any(_is_record(part) for part in parts):
        inner = list(value.values())
    if isinstance(value, dict) and typing.get_origin(annotation) is dict:
        inner = list(value.values())
    for part in parts:
        for one in inner:
            _gather(part, one, shown)


def _flow(value: Any) -> str:
    plain = list(value) if isinstance(value, tuple | frozenset | set) else value
    plain = plain.as_posix() if isinstance(plain, Path) else plain
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
