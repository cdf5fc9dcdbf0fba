"""`evalkit lab`: which project it opens, on what, and what it leaves as it is."""

import json
import os
from pathlib import Path

import pytest

from evalkit.errors import ParameterError
from evalkit.project.lab import find_project, lab_command, lab_environment


@pytest.fixture
def project(tmp_path):
    (tmp_path / "town" / "notebooks" / "explore").mkdir(parents=True)
    return tmp_path / "town"


def test_find_project_is_found_from_inside_it(project):
    assert find_project(project / "notebooks" / "explore") == project


def test_find_project_is_not_the_folder_of_a_run(project):
    vintage = project / "runs" / "town" / "2026-06-1a2b3c4d"
    (vintage / "notebooks").mkdir(parents=True)
    (vintage / "run.json").write_text("{}")

    assert find_project(vintage / "notebooks") == project


def test_find_project_says_how_to_make_one_where_there_is_none(tmp_path):
    with pytest.raises(ParameterError) as refused:
        find_project(tmp_path)

    assert refused.value.what == "This folder belongs to no project."
    assert "evalkit new FOLDER" in refused.value.fix


def test_lab_is_for_this_computer_alone_and_shows_the_whole_project(project):
    command = lab_command(project, port=8888, with_browser=False)

    assert "--ServerApp.ip=127.0.0.1" in command and "--no-browser" in command
    assert f"--ServerApp.root_dir={project}" in command
    assert not [word for word in command if "token" in word or "password" in word]


@pytest.mark.parametrize(
    ("files", "opened"), [([], "notebooks"), (["index.ipynb"], "notebooks/index.ipynb")]
)
def test_lab_opens_on_the_index_where_there_is_one(project, files, opened):
    for file in files:
        (project / "notebooks" / file).write_text("{}")

    command = lab_command(project, port=8888, with_browser=True)

    (address,) = [word for word in command if word.startswith("--LabApp.default_url=")]
    assert address.endswith(f"/tree/{opened}")


def test_what_was_open_is_remembered_for_each_project_apart(project, tmp_path):
    (tmp_path / "other" / "town").mkdir(parents=True)

    commands = [
        lab_command(one, port=8888, with_browser=True)
        for one in (project, tmp_path / "other" / "town")
    ]

    addresses = [[word for word in one if "default_url" in word] for one in commands]
    assert addresses[0] != addresses[1]


def test_lab_puts_its_defaults_beside_those_that_are_set():
    environment = lab_environment({"JUPYTER_CONFIG_PATH": "theirs", "HOME": "home"})

    ours, theirs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    news = json.loads(Path(ours, "labconfig", "default_setting_overrides.json").read_text())
    assert (theirs, environment["HOME"]) == ("theirs", "home")
    assert news["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
