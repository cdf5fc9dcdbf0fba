"""What leaves a run names no folder of this computer and no column that was not read in."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from evalkit.params import read_run
from evalkit.runs import vintage_folder

pytestmark = pytest.mark.slow
COLUMN = "Anteckning om Anna"


@pytest.fixture(scope="module")
def told(tiny, tmp_path_factory):
    """A run whose notebooks print where they lie, and one page of which says so: project and
    result.
    """
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("told") / "tiny")
    unread = f"pl.DataFrame({{'table': ['a'], 'file': ['b'], 'column': ['{COLUMN[:9]}' + "
    project.add(
        "city/00_first",
        "print('in', run_dir)\nimport warnings\nwarnings.warn(run_dir)\n{'at': run_dir}",
        "import polars as pl",
        f"{unread}'{COLUMN[9:]}']}}).write_parquet(run_dir + '/work/unread_columns.parquet')",
        tiny.write_code("site/index.html"),
        writes=["work/unread_columns.parquet", "site/index.html"],
    )
    for name, content in (("place", "run_dir"), ("home", "str(Path.home() / 'x')")):
        project.add(
            f"city/01_{name}",
            tiny.write_code(f"site/{name}.html", content),
            writes=[f"site/{name}.html"],
        )
    project.add(
        "city/02_column",
        tiny.write_code("site/column.html", f"'{COLUMN[:9]}' + '{COLUMN[9:]}'"),
        after=["city/00_first"],
        writes=["site/column.html"],
    )
    return project, project.run()


def test_executed_notebook_names_no_folder_of_this_computer(told):
    project, _ = told
    executed = project.run_dir / "notebooks" / "city" / "00_first.ipynb"

    text = executed.read_text()

    assert str(project.root) not in text and str(Path.home()) + "/" not in text
    assert "in …/tiny/" in text
    nbformat.validate(nbformat.read(executed, as_version=4))


@pytest.mark.parametrize("record", ["run.json", "manifest.jsonl"])
def test_records_of_a_run_name_no_folder_of_this_computer(told, record):
    project, _ = told

    assert str(project.root) not in (project.run_dir / record).read_text()


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("place", "1 path of this computer"),
        ("home", "1 path of this computer"),
        ("column", "1 name of columns that were not read in"),
    ],
)
def test_page_that_names_one_is_withheld_in_words(told, page, what):
    project, result = told
    (outcome,) = [one for one in result.outcomes if one.unit.endswith(f"_{page}")]

    assert outcome.status == "failed"
    assert f"hold {what}" in outcome.failure.text or f"holds {what}" in outcome.failure.text
    assert str(project.root) not in outcome.failure.text and COLUMN not in outcome.failure.text
    assert not (project.run_dir / "site" / f"{page}.html").exists()


def test_project_that_is_moved_with_its_runs_finds_its_run_file(told, tmp_path):
    project, _ = told
    moved = tmp_path / "moved"
    shutil.copytree(project.root, moved, symlinks=True)

    run = read_run(vintage_folder(moved / "runs" / "tiny"))

    assert run.run_file == moved / "params" / "tiny.yaml"
    assert json.loads((run.run_dir / "run.json").read_text())["run_dir"] == run.run_dir.name
