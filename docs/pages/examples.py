"""The examples of a room: a Python file in cells, run from its first cell to its last.

A cell begins with "# %% " and the names that it shows; its first comment lines are its sentence.
The value of its last line is shown, as a notebook would. Names stay known to the cells below.
"""

import ast
import contextlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.images import as_html

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference" / "examples"
SETUP = "setup"
_CELL = re.compile(r"^# %% (?P<names>.+)$", re.MULTILINE)
_SHOWN_ROWS, _SHOWN_LETTERS, _SHOWN_LINES = 8, 1500, 24


@dataclass(frozen=True)
class Example:
    """One cell: the names it shows, its sentence, its code and, once it was run, what it gave."""

    names: tuple[str, ...]
    sentence: str
    code: str
    shown: str = ""


def cells_of(room: str) -> list[Example]:
    """The examples of a room, as they are written; none where the room has no file."""
    path = FOLDER / f"{room}.py"
    if not path.exists():
        return []
    parts = _CELL.split(path.read_text(encoding="utf-8"))[1:]
    return [_cell(names, body) for names, body in zip(parts[::2], parts[1::2], strict=True)]


def run_examples(room: str) -> list[Example]:
    """The examples of a room with what they gave. They run in an empty folder that is deleted.

    Raises
    ------
    Exception
        What an example raises: it says in a note which.
    """
    return _run_all(room)[0]


def results_of(room: str) -> dict[str, Any]:
    """What the names of a room's examples hold when all have run, as `run_examples`."""
    return _run_all(room)[1]


@cache
def _run_all(room: str) -> tuple[list[Example], dict[str, Any]]:
    known: dict[str, Any] = {"__name__": "__main__"}
    with _in_an_empty_folder():
        return [_run(cell, known, room) for cell in cells_of(room)], known


def _cell(names: str, body: str) -> Example:
    lines = body.strip().splitlines()
    n_said = next((n for n, line in enumerate(lines) if not line.startswith("# ")), len(lines))
    sentence = " ".join(line.removeprefix("# ") for line in lines[:n_said])
    return Example(
        tuple(name.strip() for name in names.split(",")), sentence, "\n".join(lines[n_said:])
    )


def _run(cell: Example, known: dict[str, Any], room: str) -> Example:
    printed = io.StringIO()
    value = None
    try:
        with contextlib.redirect_stdout(printed):
            *before, last = ast.parse(cell.code).body
            exec(compile(ast.Module(before, []), room, "exec"), known)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), room, "eval"), known)
            else:
                exec(compile(ast.Module([last], []), room, "exec"), known)
    except Exception as fault:
        fault.add_note(f"in the example of {', '.join(cell.names)}, examples/{room}.py")
        raise
    shown = "".join(_shown(one) for one in (printed.getvalue() or None, value))
    return Example(cell.names, cell.sentence, cell.code, shown)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, pl.DataFrame):
        return _scrolling(as_html(value, n_rows=_SHOWN_ROWS))
    if hasattr(value, "_repr_html_"):
        return _scrolling(value._repr_html_())
    text = value if isinstance(value, str) else repr(value)
    text = text.replace(f"{ROOT}/", "")
    lines = text[:_SHOWN_LETTERS].splitlines()[:_SHOWN_LINES]
    more = "" if "\n".join(lines) == text.rstrip("\n") else "\n…"
    return f'<pre class="shown" tabindex="0">{escape(chr(10).join(lines))}{more}</pre>'


def _scrolling(markup: str) -> str:
    return f'<div class="shown" tabindex="0">{markup}</div>'


@contextlib.contextmanager
def _in_an_empty_folder() -> Iterator[None]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)
