"""Fixtures of the batch room: tiny projects (tiny_project.py), loaded by path since test folders
are no packages.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).parent / "tiny_project.py"


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
