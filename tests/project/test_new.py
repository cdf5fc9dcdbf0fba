"""A new project: every key explained, every file valid, nothing overwritten."""

import subprocess

import pytest
import yaml

from evalkit.economics import load_price_book
from evalkit.errors import ParameterError
from evalkit.line.protocol import Protocol
from evalkit.params import RunFile
from evalkit.project import new_project
from evalkit.project.commented import commented, looks
from evalkit.records import load


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "Östra Göinge")


def test_run_file_and_protocol_of_a_new_project_are_as_declared(project):
    params = project.folder / "params"

    run = load(project.folder / project.run_file, RunFile)
    protocol = load(params / "protocols" / "example.yaml", Protocol)

    assert run.run == "ostra_goinge"
    assert protocol.primary_outcome == "without_support"


def test_price_book_of_a_new_project_rests_on_one_that_is_there(project):
    book = load_price_book(project.folder / "params" / "unit_costs" / "ostra_goinge.yaml")

    assert book.book == "ostra_goinge"
    assert book.price_year == 2026


def test_every_key_of_a_run_file_is_explained_and_every_default_shown(project):
    text = (project.folder / project.run_file).read_text(encoding="utf-8")

    for name, declared in RunFile.model_fields.items():
        assert declared.description.split()[0] in text
        assert f"\n{name}:" in text or f"\n#{name}:" in text


def test_keys_that_are_left_out_say_what_holds_without_them(project):
    text = (project.folder / project.run_file).read_text(encoding="utf-8")
    uncommented = "\n".join(
        line.replace("#", "", 1)
        if line.strip().startswith("#") and line.strip()[1] != " "
        else line
        for line in text.splitlines()
    )

    said = RunFile.model_validate(yaml.safe_load(uncommented))

    assert said == load(project.folder / project.run_file, RunFile)


def test_lines_to_look_at_are_those_of_the_keys(project):
    lines = (project.folder / project.run_file).read_text(encoding="utf-8").splitlines()

    keys = [lines[line - 1].split(":")[0].strip() for _, line, _ in project.looks]

    assert keys == ["districts", "first_month", "data_through"]


def test_git_takes_neither_data_nor_runs_of_a_new_project(project):
    (project.folder / "extract" / "person.csv").touch()
    (project.folder / "runs").mkdir()
    (project.folder / "runs" / "run.json").touch()
    (project.folder / "persons.xlsx").touch()
    subprocess.run(["git", "init", "-q"], cwd=project.folder, check=True)

    shown = subprocess.run(
        ["git", "status", "--porcelain", "-uall"],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "params/ostra_goinge.yaml" in shown
    assert not any(name in shown for name in ("person.csv", "persons.xlsx", "runs/run.json"))


def test_nothing_that_is_there_is_overwritten(tmp_path):
    (tmp_path / "notes.md").write_text("kept")

    with pytest.raises(ParameterError, match="not empty"):
        new_project(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]


def test_read_me_file_begins_in_the_language_asked_for(tmp_path):
    swedish, english = (
        new_project(tmp_path / language, language=language).folder / "README.md"
        for language in ("sv", "en")
    )

    assert "Lägg filerna" in swedish.read_text(encoding="utf-8").split("Put the files")[0]
    assert "Put the files" in english.read_text(encoding="utf-8").split("Lägg filerna")[0]
    with pytest.raises(ParameterError, match="language fi"):
        new_project(tmp_path / "fi", language="fi")


def test_remark_stands_between_what_a_key_means_and_the_key():
    text = commented(RunFile, {"run": "a", "extract": {}}, {"run": "is this its name?"})

    lines = text.splitlines()
    line, why = looks(text)[0]
    assert (lines[line - 1], why) == ("run: a", "is this its name?")
    assert lines[line - 2] == "# LOOK: is this its name?"
