"""A parameter file in which every key is explained: what its model says of the key stands above it,
after "# ", and keys that are left at their default stand there with a # before them ("#seed: 1").
"""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic.fields import FieldInfo

from evalkit.intake.admission.proposed_text import LOOK
from evalkit.records import Record

WIDTH = 100


def commented(
    model: type[Record], values: Mapping[str, Any], remarks: Mapping[str, str] | None = None
) -> str:
    """The text of a parameter file.

    Parameters
    ----------
    model : type
        The model of the file.
    values : mapping
        What the file says, as YAML has it; every key without a default is among them.
    remarks : mapping of str, optional
        What somebody has to look at, by key ("extract.first_month"): a comment beginning with LOOK.
    """
    return "\n".join(_lines(model, values, remarks or {}, within="", is_off=False)) + "\n"


def looks(text: str) -> list[tuple[int, str]]:
    """The lines of a file that somebody has to look at: the line's number, and why."""
    lines = text.splitlines()
    return [
        (_next_key(lines, number), line.strip(" #").removeprefix(LOOK))
        for number, line in enumerate(lines, start=1)
        if line.strip().startswith(f"# {LOOK}")
    ]


def _next_key(lines: list[str], number: int) -> int:
    """The number of the first line after a comment that is none."""
    return next(
        (n for n in range(number + 1, len(lines) + 1) if not lines[n - 1].strip().startswith("#")),
        number,
    )


def _lines(
    model: type[Record],
    values: Mapping[str, Any],
    remarks: Mapping[str, str],
    *,
    within: str,
    is_off: bool,
) -> Iterator[str]:
    indent = "  " * within.count(".")
    for name, declared in model.model_fields.items():
        key = f"{within}{name}"
        if not within:
            yield ""
        yield from _comment(declared.description or "", indent)
        if key in remarks:
            yield f"{indent}# {LOOK}{remarks[key]}"
        is_said = name in values and not is_off
        mark = "" if is_said else "#"
        inner = _records_in(declared.annotation)
        if inner and _is_record(declared.annotation):
            yield f"{indent}{mark}{name}:"
            content = values.get(name, {})
            yield from _lines(inner, content, remarks, within=f"{key}.", is_off=not is_said)
            continue
        if inner:
            yield from _keys_of(inner, indent)
        value = values[name] if is_said else _default(declared)
        yield from _entry(name, value, f"{indent}{mark}")


def _comment(text: str, indent: str, more: str = "") -> list[str]:
    start = f"{indent}# {more}"
    return textwrap.wrap(
        text, WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False
    )


def _keys_of(model: type[Record], indent: str) -> Iterator[str]:
    """What the keys of one entry of a list mean."""
    for name, declared in model.model_fields.items():
        text = f"{name}: {declared.description or ''}"
        for number, line in enumerate(textwrap.wrap(text, WIDTH - len(indent) - 8)):
            yield f"{indent}#   {'- ' if number == 0 else '  '}{line}"


def _entry(name: str, value: Any, indent: str) -> list[str]:
    """A key with its value, in one line where it fits."""
    plain = _plain(value)
    if isinstance(plain, dict) and plain and all(isinstance(v, str) for v in plain.values()):
        return [f"{indent}{name}:", *(f"{indent}  {k}: {_flow(v)}" for k, v in plain.items())]
    line = f"{indent}{name}: {_flow(plain)}"
    if not isinstance(plain, list) or not plain:
        return [line]
    if len(line) <= WIDTH and not isinstance(plain[0], dict):
        return [line]
    return [f"{indent}{name}:", *(f"{indent}  - {_flow(one)}" for one in plain)]


def _flow(value: Any) -> str:
    if value is None:
        return "null"
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    )
    return text.removesuffix("...\n").strip()


def _plain(value: Any) -> Any:
    """A value as YAML writes it."""
    if isinstance(value, Record):
        return _plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Path):
        return value.as_posix()
    return value.isoformat() if isinstance(value, date) else value


def _default(declared: FieldInfo) -> Any:
    return None if declared.is_required() else declared.get_default(call_default_factory=True)


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Record)


def _records_in(annotation: Any) -> type[Record] | None:
    """The record that a key holds, by itself or in a list."""
    if _is_record(annotation):
        return annotation
    return next((one for part in get_args(annotation) if (one := _records_in(part))), None)
