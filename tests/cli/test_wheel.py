"""evalkit as it is installed: a wheel, in a clean environment and an empty folder, where a new
project with the example runs to its pages.

What evalkit depends on is lent from the environment that runs the tests, by a .pth file; evalkit
itself and its command come from the wheel alone, and the example is run without its effects. `make
prove` runs the whole of it, with the dependencies that pyproject.toml names from the package index.
"""

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# Where `evalkit lab` opens, and whether what it does otherwise than by default came along.
_LAB = """
from pathlib import Path
from evalkit.project.lab import find_project, lab_command, lab_environment
project = find_project()
command = lab_command(project, port=0, with_browser=False)
defaults = Path(lab_environment({})["JUPYTER_CONFIG_PATH"])
print(project)
print(*[word.split("/tree/")[1] for word in command if "default_url" in word])
print((defaults / "labconfig" / "default_setting_overrides.json").is_file())
"""
# What the lines of the front page leave behind.
_SHOWN = """
import evalkit
print(evalkit.__file__)
print(effect.headline)
print(effect.plot().svg[:4])
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    _call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("evalkit-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the commands of an environment that has the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    commands = _environment(folder)
    _call(commands / "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=folder)
    (own,) = (folder / "env" / "lib").glob("python*/site-packages")
    (own / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return commands


def _environment(folder):
    venv.create(folder / "env", with_pip=True)
    return folder / "env" / "bin"


def _call(*command, cwd):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: text for name, text in os.environ.items() if not name.startswith("PYTHON")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_installed_evalkit_runs_the_main_job_in_an_empty_folder(installed, tmp_path):
    evalkit = installed / "evalkit"
    source = _call(
        installed / "python", "-c", "import evalkit; print(evalkit.__file__)", cwd=tmp_path
    )
    assert str(installed.parent) in source

    _call(evalkit, "new", "city", "--example", cwd=tmp_path)
    project = tmp_path / "city"
    _without_effects(project / "params" / "northern_ireland.yaml")
    opened = _call(
        installed / "python", "-c", _LAB, cwd=project / "notebooks" / "explore"
    ).splitlines()
    checked = _call(evalkit, "check", "params/northern_ireland.yaml", cwd=project)
    _call(evalkit, "run", "params/northern_ireland.yaml", cwd=project)

    assert opened == [str(project), "notebooks/index.ipynb", "True"]
    assert "21 units for 5 districts" in checked
    latest = project / "runs" / "northern_ireland" / "latest"
    assert (latest / "site" / "index.html").exists()
    assert str(ROOT) not in (latest / "run.json").read_text()


def _without_effects(run_file):
    declared = yaml.safe_load(run_file.read_text(encoding="utf-8"))
    kept = {key: value for key, value in declared.items() if key not in ("effects", "value")}
    run_file.write_text(yaml.safe_dump(kept, allow_unicode=True), encoding="utf-8")


def test_installed_evalkit_finds_contracts_and_parameters_of_its_own(installed, tmp_path):
    evalkit = installed / "evalkit"

    _call(evalkit, "contract", "docs", "--out", "docs", cwd=tmp_path)
    explained = _call(evalkit, "params", "explain", "discount_rate", cwd=tmp_path)

    assert (tmp_path / "docs").is_dir()
    assert "discount_rate" in explained


def test_the_lines_of_the_front_page_run_in_an_empty_folder(installed, tmp_path):
    (lines,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "lines.py").write_text(lines + _SHOWN, encoding="utf-8")

    imported, headline, picture = _call(installed / "python", "lines.py", cwd=tmp_path).splitlines()

    assert imported.startswith(str(installed.parent))
    assert re.match(r"course: \d+ start, 600 could; start now rather than wait", headline)
    assert picture == "<svg"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lines.py"]


@pytest.mark.prove
def test_the_dependencies_that_the_wheel_names_are_enough(wheel, tmp_path):
    commands = _environment(tmp_path)
    _call(commands / "pip", "install", "-q", wheel, cwd=tmp_path)

    _call(commands / "evalkit", "new", "city", "--example", cwd=tmp_path)
    _call(commands / "evalkit", "run", "params/northern_ireland.yaml", cwd=tmp_path / "city")

    latest = tmp_path / "city" / "runs" / "northern_ireland" / "latest"
    assert (latest / "site" / "index.html").exists()
