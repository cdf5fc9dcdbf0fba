"""The reference as `make docs` builds it, once for all tests of it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))


@pytest.fixture(scope="session")
def built_docs(tmp_path_factory) -> Path:
    """The folder of the built pages; a warning of the build is an error."""
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", "-d", f"{folder}/doctrees"]
    built = subprocess.run(
        [*command, str(ROOT / "docs"), f"{folder}/html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return folder / "html"
