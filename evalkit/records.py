"""Records: what parameter files, price books, protocols and mappings are made of; unknown or
mistyped keys are refused.
"""

import hashlib
import json
from dataclasses import is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import ConstructorError

from evalkit.errors import ParameterError, nearest


# libyaml reads the same files several times as fast; where it is missing the plain reader serves.
class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML in which no key stands twice: the reader would take the last one without a word."""

    def construct_mapping(self, node, deep=False):  # noqa: FBT002 - as the reader calls it
        known = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in known:
                raise ConstructorError(
                    problem=f'The key "{key.value}" stands twice.', problem_mark=key.start_mark
                )
            known.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


_SHOWN_LETTERS = 100


class Record(BaseModel):
    """The base of all parameter models: unknown keys are refused and nothing changes after
    loading.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """What was written down, without defaults: long values as their beginning, tables as their
        length.
        """
        return [(name, _Short(value)) for name, value in self._written()]

    def _repr_html_(self) -> str:
        from polars import DataFrame

        from evalkit.images import as_html

        rows = [(name, repr(_Short(value))) for name, value in self._written()]
        table = DataFrame(rows, schema=["key", "value"], orient="row")
        return f"<p>{type(self).__name__}</p>{as_html(table, n_rows=len(rows))}"

    def _written(self) -> list[tuple[str, Any]]:
        return [
            (name, getattr(self, name))
            for name in type(self).model_fields
            if name in self.model_fields_set
        ]


class _Short:
    """A value of a record as its `repr` shows it."""

    def __init__(self, value: Any):
        self.value = value

    def __repr__(self) -> str:
        if isinstance(self.value, tuple) and any(isinstance(v, Record) for v in self.value):
            return f"{len(self.value)} x {type(self.value[0]).__name__}"
        text = repr(self.value)
        return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}..."


Model = TypeVar("Model")


def load(path: Path | str, model: type[Model]) -> Model:
    """Read a YAML parameter file into its model: a Record, or a dataclass that refuses unknown keys
    by its `__pydantic_config__`.

    Raises
    ------
    ParameterError
        If the file is missing, is a folder or is not YAML, or a key is unknown, missing or of the
        wrong type; all faults are named at once.
    """
    place = (str(path), model)
    stamp = _stamp(Path(path)) if issubclass(model, Record) else None
    if stamp is None or _LOADED.get(place, (None,))[0] != stamp:
        _LOADED[place] = stamp, validate(read_yaml(path), model, where=str(path))
    return _LOADED[place][1]


# Records by file and model, with the file's stamp when it was read: pages ask for a run's protocols
# and price book again and again. Records do not change, so they can be shared.
_LOADED: dict[tuple[str, type], tuple[tuple[int, int] | None, Any]] = {}


def _stamp(path: Path) -> tuple[int, int] | None:
    """When a file was changed and how long it is; None where there is none."""
    if not path.is_file():
        return None
    state = path.stat()
    return state.st_mtime_ns, state.st_size


def read_yaml(path: Path | str) -> Any:
    """The content of a YAML file in which no key stands twice.

    Raises
    ------
    ParameterError
        If the file is missing, is a folder or is not YAML.
    """
    path = Path(path)
    if path.is_dir():
        found = ", ".join(sorted(p.name for p in path.glob("*.yaml")))
        raise ParameterError(
            "A folder is named where a parameter file is needed.",
            where=str(path),
            why="Parameters are read from one YAML file at a time.",
            fix=f"name the file; files found in the folder: {found or 'none'}.",
        )
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)
    except FileNotFoundError:
        found = (
            ", ".join(sorted(p.name for p in path.parent.glob("*.yaml")))
            if path.parent.is_dir()
            else "no such folder"
        )
        raise ParameterError(
            "A parameter file is missing.",
            where=str(path),
            why="Nothing can run without it.",
            fix=f"check the path; files found beside it: {found or 'none'}.",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        mark = getattr(fault, "problem_mark", None)
        raise ParameterError(
            "A parameter file is not valid YAML.",
            where=f"{path}, line {mark.line + 1}" if mark else str(path),
            why=getattr(fault, "problem", None) or "The file could not be parsed.",
            fix="mend the line; indentation, colons and keys that stand twice are the usual "
            "causes.",
        ) from None


def validate(content: Any, model: type[Model], *, where: str) -> Model:
    """Content as its model, each value of the kind that is declared: `yes` is no number, nor is one
    in quotes. Every fault is named with its place, never with its value.
    """
    try:
        # As JSON, where texts stand for dates and paths and lists for tuples, and nothing else is
        # taken for what it is not.
        text = json.dumps(content, default=_as_json)
        return TypeAdapter(model).validate_json(text, strict=True)
    except ValidationError as fault:
        faults = [_fault_in_words(error, model, content) for error in fault.errors()]
        raise ParameterError(
            f"{len(faults)} parameter{'s are' if len(faults) > 1 else ' is'} not as declared.",
            where=f"{where}: {'; '.join(faults)}",
            why=f"{model.__name__} refuses unknown, missing and mistyped parameters before "
            "anything runs.",
            fix="mend the named keys; params/schema/ holds the JSON Schema for editors.",
        ) from None


def _as_json(value: Any) -> Any:
    """What JSON has no form for, in the form that models read."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if hasattr(value, "item"):  # a number of numpy
        return value.item()
    return list(value) if isinstance(value, set | frozenset) else str(value)


def hash_of(model: BaseModel) -> str:
    """A short stable hash of a parameter model: the first 12 hex digits of the SHA-256 of its
    canonical JSON.
    """
    canonical = json.dumps(model.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _fault_in_words(error: ErrorDetails, model: type, content: Any) -> str:
    place = _place(error["loc"], content)
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return (
            f'unknown key "{place}" '
            f"({nearest(str(error['loc'][-1]), _keys_at(model, error['loc'][:-1]))})"
        )
    if error["type"] == "missing":
        return f'missing key "{place}"'
    message = error["msg"].split("\n")[0].removeprefix("Value error, ")
    # A fault of several keys together belongs to the whole and has no place of its own.
    return f'"{place}": {message}' if place else message


def _place(location: tuple, content: Any) -> str:
    """A fault's place; a record of a list is named by its key rather than its position:
    'prices.wage.value'.
    """
    steps = []
    for step in location:
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step in range(len(content)):
            content = content[step]
        else:
            content = None
        key = (
            content.get("key", content.get("posting"))
            if isinstance(step, int) and isinstance(content, dict)
            else None
        )
        steps.append(str(step if key is None else key))
    return ".".join(steps)


def _keys_at(model: type, location: tuple) -> list[str]:
    for step in location:
        kind = _kinds_of_keys(model).get(step)
        for candidate in (kind, *get_args(kind)):
            if isinstance(candidate, type) and (
                is_dataclass(candidate) or issubclass(candidate, BaseModel)
            ):
                model = candidate
    return list(_kinds_of_keys(model))


def _kinds_of_keys(model: type) -> dict[str, Any]:
    if issubclass(model, BaseModel):
        return {name: field.annotation for name, field in model.model_fields.items()}
    return get_type_hints(model)
