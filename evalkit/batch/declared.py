"""What a notebook declares about itself: scope, predecessors and outputs (metadata.evalkit) and its
parameters (the tagged cell).

A notebook lies under city/ (one unit per run), district/ (one unit per district) or intervention/
(one unit per intervention that the run has a protocol of). Its name is its path without the ending:
"district/02_time_on_support".
"""

import ast
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalkit.errors import BatchError, ParameterError, nearest
from evalkit.records import Record, validate

Scope = Literal["city", "district", "intervention"]
Need = Literal["protocols", "price_book"]
GIVEN_PARAMETERS: dict[Scope, tuple[str, ...]] = {
    "city": ("run_dir",),
    "district": ("run_dir", "district"),
    "intervention": ("run_dir", "intervention"),
}
SCOPES: tuple[Scope, ...] = tuple(GIVEN_PARAMETERS)
_FOLDERS = ", ".join(f"{scope}/" for scope in SCOPES)
PARAMETERS_TAG = "parameters"
NOTEBOOK_FORMAT = 4


class Declaration(Record):
    """metadata.evalkit of a notebook: whom one unit covers, which notebooks come before, and which
    files of the run it writes.

    `writes` are paths inside the run folder; `{slug}` stands for the file name of the unit's
    district or intervention and `{language}` for each language of the run. A published table is
    named once, without an ending: "published/balance" stands for its Parquet file and its record.
    `may_write` are those that only some runs have (a table that not everybody delivers). A notebook
    reads nothing of the run but what it and the notebooks that it comes after, however far back,
    write or may write. `needs` are the parts of the run file without which there is nothing for the
    notebook to do: it is then left out of the run.
    """

    scope: Scope
    after: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    writes: tuple[str, ...] = ()
    may_write: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeclaredNotebook:
    """A notebook of the line, with the hash of what it does (its cells without outputs, and its
    declaration).
    """

    name: str
    path: Path
    declaration: Declaration
    source_hash: str


def find_notebooks(folder: Path) -> tuple[DeclaredNotebook, ...]:
    """The notebooks in the scopes' folders, in the order of their names' numbers.

    Raises
    ------
    BatchError
        If there are none, or one is not a notebook or does not lie in its scope's folder.
    ParameterError
        If a declaration is faulty, or a parameters cell does not declare exactly the parameters
        that a run gives.
    """
    paths = [path for scope in SCOPES for path in (folder / scope).glob("*.ipynb")]
    if not paths:
        raise BatchError(
            "There are no notebooks to run.",
            where=f"{folder}: no .ipynb files in {_FOLDERS}",
            why="The units of a run are its notebooks.",
            fix=f'set "notebooks" in the run file to the folder that holds {_FOLDERS}.',
        )
    return tuple(
        read_declared(path)
        for path in sorted(paths, key=lambda path: (path.name, path.parent.name))
    )


def read_declared(path: Path) -> DeclaredNotebook:
    """One notebook with its declaration, after checking its parameters cell (see `find_notebooks`
    for the errors).
    """
    name = f"{path.parent.name}/{path.stem}"
    notebook = _read_notebook(path)
    if "evalkit" not in notebook["metadata"]:
        raise BatchError(
            "A notebook does not say where it stands in the line.",
            where=f"{path}, notebook metadata",
            why=f'Every notebook in {_FOLDERS} declares "evalkit": {{"scope", "after", "writes"}} '
            "in its metadata.",
            fix="add the declaration, or move the notebook to explore/.",
        )
    declaration = validate(
        notebook["metadata"]["evalkit"], Declaration, where=f"{path}, metadata.evalkit"
    )
    if declaration.scope != path.parent.name:
        raise BatchError(
            "A notebook's scope and its folder disagree.",
            where=f"{path}: scope {declaration.scope}, folder {path.parent.name}",
            why="The folder tells a reader how often a notebook runs: once for the city, for each "
            "district, or for each intervention.",
            fix="move the notebook or change its declaration.",
        )
    _check_parameters(notebook, declaration.scope, where=str(path))
    return DeclaredNotebook(name, path, declaration, _source_hash(notebook))


def _read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as plain JSON, with each cell's source as one text; nbformat is left to the
    execution, since it takes seconds to import.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if notebook["nbformat"] != NOTEBOOK_FORMAT:
            raise ValueError
        cells = [
            {**cell, "source": "".join(cell["source"]), "tags": cell["metadata"].get("tags", [])}
            for cell in notebook["cells"]
        ]
        return {"metadata": dict(notebook["metadata"]), "cells": cells}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BatchError(
            "A file is not a notebook.",
            where=str(path),
            why=f"It is not JSON with cells and metadata in notebook format {NOTEBOOK_FORMAT}.",
            fix="restore the file, or take it out of the folder.",
        ) from None


def _check_parameters(notebook: dict[str, Any], scope: Scope, *, where: str) -> None:
    given = GIVEN_PARAMETERS[scope]
    cells = [cell for cell in notebook["cells"] if PARAMETERS_TAG in cell["tags"]]
    if len(cells) != 1:
        raise _parameter_error(
            f"A notebook has {len(cells)} cells tagged {PARAMETERS_TAG}.",
            where=where,
            fix=f"tag one cell {PARAMETERS_TAG}; it declares: {', '.join(given)}.",
        )
    declared = _declared_names(cells[0]["source"], where=where)
    unknown = [f'"{name}" ({nearest(name, given)})' for name in declared if name not in given]
    missing = [f'"{name}"' for name in given if name not in declared]
    if unknown or missing:
        raise _parameter_error(
            "A notebook's parameters are not those that a run gives.",
            where=f"{where}, parameters cell: unknown: {', '.join(unknown) or 'none'}; missing: "
            f"{', '.join(missing) or 'none'}",
            fix=f"declare exactly: {', '.join(given)}.",
        )


def _declared_names(source: str, *, where: str) -> list[str]:
    """The names that a parameters cell assigns; anything but the assignment of a plain value is
    refused.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as fault:
        raise _parameter_error(
            "A parameters cell is not valid Python.",
            where=f"{where}, parameters cell, line {fault.lineno}",
            fix="mend the line.",
        ) from None
    names = []
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant())
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant())
            ):
                names.append(name)
            case _:
                raise _parameter_error(
                    "A parameters cell does more than assign plain values.",
                    where=f"{where}, parameters cell, line {statement.lineno}",
                    fix='write one "name = value" per line, with a number, a text, True, False or '
                    "None as the value.",
                )
    return names


def _parameter_error(what: str, *, where: str, fix: str) -> ParameterError:
    why = (
        "A parameter that the notebook does not declare would be set without effect. Nothing "
        "was run."
    )
    return ParameterError(what, where=where, why=why, fix=fix)


def _source_hash(notebook: dict[str, Any]) -> str:
    """The hash of what a notebook does: types, sources and tags of its cells and its declaration,
    not outputs or counts.
    """
    cells = [
        (cell.get("cell_type"), cell["source"], sorted(cell["tags"])) for cell in notebook["cells"]
    ]
    content = json.dumps(
        [cells, notebook["metadata"]["evalkit"]], sort_keys=True, ensure_ascii=False
    )
    return hashlib.sha256(content.encode()).hexdigest()
