"""A researcher's own notebooks, notebooks/explore/my_*: git, ruff, nbval, the tests and the wheel
leave them alone, whatever they hold.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from evalkit import shipped

ROOT = Path(__file__).parents[2]
OWN, SHIPPED = "notebooks/explore/my_try.ipynb", "notebooks/explore/first.ipynb"
BROKEN = "import os\nfor name in range(3): print(1 / 0, 'a line that is longer than is let in' * 9)"


@pytest.fixture
def working(tmp_path):
    """A working copy with the repository's settings, a notebook of its own and one that comes with
    evalkit.
    """
    for name in ("pyproject.toml", ".gitignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "notebooks" / "explore").mkdir(parents=True)
    for path, source in ((OWN, BROKEN), (SHIPPED, "1 + 1")):
        cell = nbformat.v4.new_code_cell(source)
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / path)
    return tmp_path


def _call(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_nbval_does_not_collect_an_own_notebook(working):
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    told = _call(*pytest_, "--nbval-lax", "--collect-only", "notebooks", cwd=working)

    assert told.returncode == 0 and "first" in told.stdout and "my_try" not in told.stdout


def test_ruff_passes_over_an_own_notebook(working):
    told = _call(sys.executable, "-m", "ruff", "check", ".", cwd=working)

    assert told.returncode == 0, told.stdout


def test_git_does_not_see_an_own_notebook(working):
    _call("git", "init", "-q", cwd=working)

    seen = _call("git", "status", "--porcelain", "-uall", cwd=working).stdout

    assert SHIPPED in seen and OWN not in seen


def test_own_notebook_is_none_of_those_that_come_with_evalkit(working, monkeypatch):
    monkeypatch.setattr(shipped, "_PACKAGE", working / "evalkit")

    assert shipped.shipped_notebooks() == [working / SHIPPED]
