import json

import pytest

from evalkit.batch.declared import find_notebooks, read_declared
from evalkit.errors import BatchError, ParameterError


def test_source_hash_ignores_outputs_and_counts(project):
    path = project.add("city/00_first", "1 + 1")
    before = read_declared(path).source_hash
    content = json.loads(path.read_text())
    content["cells"][2] |= {
        "execution_count": 7,
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "2"}],
    }
    path.write_text(json.dumps(content))

    after = read_declared(path).source_hash

    assert after == before


def test_source_hash_changes_with_a_cell(project):
    before = read_declared(project.add("city/00_first", "1 + 1")).source_hash

    after = read_declared(project.add("city/00_first", "1 + 2")).source_hash

    assert after != before


def test_unknown_parameter_is_refused_with_the_near_name(project):
    path = project.add("district/01_part", parameters='run_dir = ""\ndistrikt = ""')

    with pytest.raises(ParameterError) as fault:
        read_declared(path)

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "A notebook's parameters are not those that a run gives."
    assert (
        where
        == f'  where: {path}, parameters cell: unknown: "distrikt" (did you mean "district"?); '
        'missing: "district"'
    )
    assert (
        why
        == "  why:   A parameter that the notebook does not declare would be set without effect. "
        "Nothing was run."
    )
    assert fix == "  fix:   declare exactly: run_dir, district."


def test_annotated_parameters_with_comments_are_understood(project):
    path = project.add(
        "district/01_part",
        parameters='run_dir: str = ""  # folder\n# which one\ndistrict: str | None = None',
    )

    assert read_declared(path).name == "district/01_part"


@pytest.mark.parametrize(
    "parameter", ['"a=b"', 'None | str = ""', 'Literal["sv", ""] = ""'], ids=["=", "|", "quotes"]
)
def test_parameters_are_read_as_python_has_them(project, parameter):
    sign = ":" if " = " in parameter else " ="

    path = project.add("city/00_first", parameters=f"run_dir{sign} {parameter}")

    assert read_declared(path).name == "city/00_first"


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "run_dir = os.getcwd()",
        "run_dir = other = 1",
        "run_dir, x = 1, 2",
        "run_dir: str",
    ],
)
def test_parameters_cell_that_does_more_is_refused(project, source):
    path = project.add("city/00_first", parameters=source)

    with pytest.raises(ParameterError) as fault:
        read_declared(path)

    assert "parameters cell, line 1" in fault.value.where


def test_parameters_cell_that_is_not_python_is_refused(project):
    path = project.add("city/00_first", parameters="run_dir = ''\nrun_dir = = 1")

    with pytest.raises(ParameterError) as fault:
        read_declared(path)

    assert fault.value.where == f"{path}, parameters cell, line 2"


def test_second_parameters_cell_is_refused(project):
    path = project.add("city/00_first")
    content = json.loads(path.read_text())
    content["cells"].append(content["cells"][1])
    path.write_text(json.dumps(content))

    with pytest.raises(ParameterError) as fault:
        read_declared(path)

    assert fault.value.what == "A notebook has 2 cells tagged parameters."


def test_notebook_without_declaration_is_refused(project):
    path = project.add("city/00_first")
    content = json.loads(path.read_text())
    del content["metadata"]["evalkit"]
    path.write_text(json.dumps(content))

    with pytest.raises(BatchError) as fault:
        read_declared(path)

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "A notebook does not say where it stands in the line."
    assert where == f"  where: {path}, notebook metadata"
    assert '"scope", "after", "writes"' in why
    assert fix == "  fix:   add the declaration, or move the notebook to explore/."


def test_mistyped_declaration_is_refused_with_the_near_name(project):
    path = project.add("city/00_first", evalkit={"scope": "city", "afther": []})

    with pytest.raises(ParameterError) as fault:
        read_declared(path)

    assert 'unknown key "afther" (did you mean "after"?)' in fault.value.where


def test_scope_that_contradicts_the_folder_is_refused(project):
    path = project.add("city/00_first", evalkit={"scope": "district"})

    with pytest.raises(BatchError) as fault:
        read_declared(path)

    assert fault.value.where == f"{path}: scope district, folder city"


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", '{"nbformat": 3, "cells": [], "metadata": {}}', '{"nbformat": 4}'],
)
def test_file_that_is_no_notebook_is_refused(project, content):
    path = project.add("city/00_first")
    path.write_text(content)

    with pytest.raises(BatchError) as fault:
        read_declared(path)

    assert fault.value.what == "A file is not a notebook."


def test_folder_without_notebooks_is_refused(project):
    with pytest.raises(BatchError) as fault:
        find_notebooks(project.root / "notebooks")

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "There are no notebooks to run."
    folder = project.root / "notebooks"
    assert where == f"  where: {folder}: no .ipynb files in city/, district/, intervention/"
    assert why == "  why:   The units of a run are its notebooks."
    assert "set" in fix
