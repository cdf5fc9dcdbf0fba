"""Notebooks of the line are thin: parameters, narrative, calls, no logic and no numbers of their
own. Those of explore/ may hold both. Outputs stand only where they are promised.
"""

import ast

import nbformat
import pytest

from evalkit.batch.declared import GIVEN_PARAMETERS, SCOPES
from evalkit.shipped import shipped_notebooks

LINE = shipped_notebooks(*SCOPES)
NOTEBOOKS = [*LINE, *shipped_notebooks("explore")]
FORBIDDEN = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.If,
    ast.Try,
    ast.Lambda,
    ast.ListComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.SetComp,
)
POLARS_ALLOWED = {"head", "sort"}
POLARS_METHODS = {
    "filter",
    "select",
    "with_columns",
    "group_by",
    "join",
    "agg",
    "pivot",
    "unpivot",
    "explode",
    "drop",
    "rename",
}
MAX_STATEMENTS = 5
CELLS = range(8, 16)


def _read(path):
    return nbformat.read(path, as_version=4)


def _code(path):
    return [cell for cell in _read(path).cells if cell.cell_type == "code"]


def _tags(cell):
    return cell.metadata.get("tags", [])


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def notebook(request):
    return request.param


@pytest.fixture(params=LINE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def line_notebook(request):
    return request.param


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 7


def test_notebook_has_eight_to_fifteen_cells(line_notebook):
    assert len(_read(line_notebook).cells) in CELLS


def test_notebook_opens_with_title_then_parameters_then_imports(notebook):
    title, parameters, imports = _read(notebook).cells[:3]

    assert title.cell_type == "markdown" and title.source.startswith("# ")
    assert "parameters" in _tags(parameters)
    assert imports.source.startswith(("from evalkit", "import evalkit"))


def test_parameters_are_scalars(notebook):
    cell = next(cell for cell in _code(notebook) if "parameters" in _tags(cell))

    values = [node.value for node in ast.parse(cell.source).body]

    assert all(isinstance(value, ast.Constant) for value in values)


def test_a_notebook_opens_on_any_run(line_notebook):
    scope = _read(line_notebook).metadata["evalkit"]["scope"]
    cell = next(cell for cell in _code(line_notebook) if "parameters" in _tags(cell))

    values = {node.targets[0].id: node.value.value for node in ast.parse(cell.source).body}

    assert values == dict.fromkeys(GIVEN_PARAMETERS[scope], "")


def test_the_folder_of_the_run_is_asked_of_the_run(notebook):
    """What is given may be empty: it is the run that knows where it lies."""
    asked = [
        ast.unparse(call)
        for cell in _code(notebook)
        for call in ast.walk(ast.parse(cell.source))
        if isinstance(call, ast.Call)
        and any(isinstance(one, ast.Name) and one.id == "run_dir" for one in call.args)
    ]

    assert set(asked) <= {"params.read_run(run_dir)"}


def test_notebook_holds_no_logic(line_notebook):
    found = [
        type(node).__name__
        for cell in _code(line_notebook)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, FORBIDDEN)
    ]

    assert found == []


def test_notebook_calls_no_polars_beyond_head_and_sort(line_notebook):
    calls = {
        node.func.attr
        for cell in _code(line_notebook)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }

    assert not calls & POLARS_METHODS
    assert not any("polars" in cell.source for cell in _code(line_notebook))


def test_notebook_states_no_numbers_outside_its_parameters(line_notebook):
    numbers = [
        node.value
        for cell in _code(line_notebook)
        if "parameters" not in _tags(cell)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
    ]

    assert numbers == []


def test_cells_after_the_imports_are_short(line_notebook):
    long = [
        cell.source
        for cell in _code(line_notebook)[2:]
        if len(ast.parse(cell.source).body) > MAX_STATEMENTS
    ]

    assert long == []


def test_every_picture_is_displayed(notebook):
    """Jupyter shows what a cell's last line gives; of the others, only what is displayed."""
    unseen = [
        ast.unparse(statement)
        for cell in _code(notebook)
        for statement in ast.parse(cell.source).body[:-1]
        if isinstance(statement, ast.Expr) and ast.unparse(statement).startswith("charts.show(")
    ]

    assert unseen == []


def test_outputs_are_stored_only_where_they_are_promised(notebook):
    stored = [
        cell.source
        for cell in _code(notebook)
        if cell.outputs and "nbval-check-output" not in _tags(cell)
    ]
    promised = [
        cell.source
        for cell in _code(notebook)
        if "nbval-check-output" in _tags(cell) and not cell.outputs
    ]

    assert stored == [] and promised == []


def test_notebook_names_the_kernel_that_every_machine_has(notebook):
    assert _read(notebook).metadata.kernelspec.name == "python3"


def test_notebook_declares_scope_and_outputs(line_notebook):
    declared = _read(line_notebook).metadata["evalkit"]

    assert declared["scope"] == line_notebook.parent.name
    assert isinstance(declared["after"], list) and declared["writes"]
