"""Fixtures of the command line: tiny projects (../batch/tiny_project.py), loaded by path since test
folders are no packages.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from evalkit import cli

PLACE = Path(__file__).parents[1] / "batch" / "tiny_project.py"


def _tiny_project():
    spec = importlib.util.spec_from_file_location("tiny_project", PLACE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tiny():
    """The module tiny_project.py."""
    return sys.modules.get("tiny_project") or _tiny_project()


@pytest.fixture
def project(tiny, tmp_path):
    """A project without notebooks."""
    return tiny.make_tiny_project(tmp_path / "tiny")


@pytest.fixture
def call(monkeypatch, capsys):
    """A function that calls `evalkit ARGUMENTS` and gives exit code, standard output and standard
    error.
    """

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["evalkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        written = capsys.readouterr()
        return stopped.value.code or 0, written.out, written.err

    return run
