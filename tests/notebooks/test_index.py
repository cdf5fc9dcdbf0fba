"""notebooks/index.ipynb, on which JupyterLab opens: every notebook that comes with evalkit is there
once, and every link leads somewhere, in the repository and in a new project.
"""

import re

import nbformat
import pytest

from evalkit.batch.declared import SCOPES
from evalkit.project import new_project
from evalkit.shipped import shipped, shipped_notebooks

NOTEBOOKS = shipped("notebooks")
INDEX = NOTEBOOKS / "index.ipynb"


def _links() -> list[str]:
    cells = nbformat.read(INDEX, as_version=4).cells
    return [
        link
        for cell in cells
        if cell.cell_type == "markdown"
        for link in re.findall(r"\]\(([^)]+)\)", cell.source)
    ]


def test_every_notebook_is_in_the_index_once():
    listed = [link for link in _links() if link.endswith(".ipynb")]

    there = shipped_notebooks(*SCOPES, "explore")

    assert sorted(listed) == sorted(str(path.relative_to(NOTEBOOKS)) for path in there)


def test_notebooks_of_explore_are_listed_by_their_numbers():
    explore = [link for link in _links() if link.startswith("explore/")]
    numbered = [link for link in explore if link[len("explore/")].isdigit()]

    assert numbered == sorted(numbered)


def test_links_of_the_index_lead_somewhere():
    assert [link for link in _links() if not (NOTEBOOKS / link).exists()] == []


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return new_project(tmp_path_factory.mktemp("new") / "town").folder


def test_links_of_the_index_lead_somewhere_in_a_new_project(project):
    assert [link for link in _links() if not (project / "notebooks" / link).exists()] == []


def test_explore_notebooks_name_no_file_beside_them(project):
    """What they read comes with evalkit or from a run: a project has other files beside them."""
    naming = [
        path.name
        for path in shipped_notebooks("explore")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and "../" in cell.source
    ]

    assert naming == []
