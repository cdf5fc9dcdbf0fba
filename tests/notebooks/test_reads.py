"""What each notebook of the line reads is written by notebooks that it comes after, however far
back.
"""

import ast
import json
from pathlib import Path
from typing import get_args

import pytest

from evalkit.batch.declared import DeclaredNotebook, find_notebooks
from evalkit.line.adjustment import LatestTable

FOLDER = Path(__file__).parents[2] / "notebooks"
LINE = {notebook.name: notebook for notebook in find_notebooks(FOLDER)}
# Calls that name a table of the run in their arguments, and the folder that it lies in.
READERS = {
    **dict.fromkeys(
        ("read_table", "read_tables", "read_units", "read_parts", "each_unit", "read_delivered"),
        "work",
    ),
    "read_published": "published",
}


def _before(name: str) -> set[str]:
    """The notebooks that a notebook comes after, however far back."""
    after = LINE[name].declaration.after
    return set(after).union(*(_before(one) for one in after))


def _writes(names) -> set[str]:
    declared = [LINE[name].declaration for name in names]
    return {path for one in declared for path in (*one.writes, *one.may_write)}


def _written_before(name: str) -> set[str]:
    """Tables: one lies in one file, or in a part for each district or intervention."""
    return {path.removesuffix(".parquet").split("/{slug}")[0] for path in _writes(_before(name))}


def _calls(notebook: DeclaredNotebook):
    cells = json.loads(notebook.path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        for node in (
            ast.walk(ast.parse("".join(cell["source"]))) if cell["cell_type"] == "code" else ()
        ):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield (
                    node.func.attr,
                    [
                        one.value
                        for one in node.args
                        if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    ],
                )


@pytest.mark.parametrize("name", LINE)
def test_tables_that_a_notebook_reads_are_written_by_notebooks_before_it(name):
    read = {
        f"{READERS[call]}/{table}"
        for call, tables in _calls(LINE[name])
        if call in READERS
        for table in tables
    }

    assert read <= _written_before(name)


@pytest.mark.parametrize(
    "name",
    [name for name in LINE if any(call == "read_each_delivered" for call, _ in _calls(LINE[name]))],
)
def test_tables_that_a_protocol_may_take_latest_values_from_are_written_before(name):
    assert {f"work/{table}" for table in get_args(LatestTable)} <= _written_before(name)


@pytest.mark.parametrize(
    "name", [name for name in LINE if any(call == "read_unit" for call, _ in _calls(LINE[name]))]
)
def test_a_page_waits_for_every_notebook_that_publishes_a_table(name):
    behind = {other for other in LINE if name in _before(other)}

    publishing = {
        other for other in LINE if any(path.startswith("published/") for path in _writes([other]))
    }

    assert publishing - behind - {name} <= _before(name)
