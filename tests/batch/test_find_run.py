"""Which run a notebook shows: the one that is named, the newest finished one, or the example, which
is then run.
"""

import os

import pytest

from evalkit import params, runs
from evalkit.errors import ParameterError, ProtocolError
from evalkit.line.protocols import protocol_of


@pytest.fixture
def seen(project, monkeypatch):
    """A tiny project, seen from the folder of its explore notebooks."""
    monkeypatch.delenv(runs.RUNS_VARIABLE, raising=False)
    project.add_three_stations()
    here = project.root / "notebooks" / "explore"
    here.mkdir()
    monkeypatch.chdir(here)
    return project


def _made(folder, name, *, at=None):
    """A run's folder, finished at a moment (seconds), or not."""
    run = folder / name
    (run / "site").mkdir(parents=True)
    (run / "run.json").write_text("{}")
    if at is not None:
        page = run / "site" / "index.html"
        page.write_text("")
        os.utime(page, (at, at))
    return run


def test_find_run_takes_the_newest_finished_run(seen, capsys):
    folder = seen.root / "runs"
    _made(folder, "older", at=1_000)
    newest = _made(folder, "newest", at=2_000)
    _made(folder, "unfinished")

    found = runs.find_run()

    assert found == newest and capsys.readouterr().out.strip().endswith(str(newest))


def test_find_run_looks_in_the_folder_that_the_environment_names(seen, tmp_path, monkeypatch):
    _made(seen.root / "runs", "here", at=2_000)
    elsewhere = _made(tmp_path / "elsewhere", "there", at=1_000)
    monkeypatch.setenv(runs.RUNS_VARIABLE, str(tmp_path / "elsewhere"))

    assert runs.find_run() == elsewhere


@pytest.mark.parametrize("given", ["../../runs/first", "first"])
def test_find_run_takes_a_folder_or_a_name_that_is_given(seen, given):
    run = _made(seen.root / "runs", "first")

    assert runs.find_run(given) == run


def test_find_run_names_the_nearest_when_a_folder_holds_no_run(seen):
    _made(seen.root / "runs", "northern_ireland")

    with pytest.raises(ParameterError) as refused:
        runs.find_run("../../runs/northen_ireland")

    assert refused.value.what == "This folder holds no run."
    assert 'did you mean "northern_ireland"?' in refused.value.where
    assert "newest finished run" in refused.value.fix


def test_find_run_runs_the_example_where_none_has_finished(seen, monkeypatch, capsys):
    _made(seen.root / "runs", "unfinished")
    monkeypatch.setattr(runs, "shipped", lambda *parts: seen.run_file)

    found = runs.find_run()

    said = capsys.readouterr().out
    assert found == seen.run_dir
    assert "No run has finished" in said and "ok       city/02_last" in said


def test_find_run_says_why_the_example_could_not_be_run(seen, monkeypatch):
    monkeypatch.setattr(runs, "shipped", lambda *parts: seen.root / "params" / "none.yaml")

    with pytest.raises(ParameterError) as refused:
        runs.find_run()

    assert refused.value.what == "The example could not be run."
    assert "evalkit run" in refused.value.fix


def test_runs_folder_is_made_beside_the_notebooks_where_a_project_has_none(seen):
    assert runs.runs_folder() == seen.root / "runs"


def test_runs_folder_of_a_project_is_its_own_where_another_lies_further_up(seen):
    (seen.root.parent / "runs").mkdir()

    assert runs.runs_folder() == seen.root / "runs"


def test_runs_folder_is_found_from_an_executed_notebook(seen, monkeypatch):
    run = _made(seen.root / "runs", "first")
    (run / "notebooks" / "city").mkdir(parents=True)
    monkeypatch.chdir(run / "notebooks" / "city")

    assert runs.runs_folder() == seen.root / "runs"


def test_runs_folder_is_made_here_outside_a_project(tmp_path, monkeypatch):
    monkeypatch.delenv(runs.RUNS_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)

    assert runs.runs_folder() == tmp_path / "runs"


def test_read_run_reads_the_newest_finished_run(seen):
    seen.run()

    run = params.read_run()

    assert run.run_dir == seen.run_dir and run.params.run == "tiny"


def test_district_of_a_run_is_its_first_when_none_is_named(seen):
    run = seen.prepare()

    assert (run.district(), run.district("N.Eastern")) == ("Belfast", "N.Eastern")


def test_district_names_the_nearest_when_the_run_has_none_of_the_name(seen):
    with pytest.raises(ParameterError) as refused:
        seen.prepare().district("Belfst")

    assert 'did you mean "Belfast"?' in refused.value.where


def test_protocol_of_a_run_is_its_first_when_none_is_named(seen):
    seen.add_protocols("course", "coaching")

    assert protocol_of(seen.prepare()).intervention_id == "course"


def test_protocol_of_a_run_without_protocols_is_refused(seen):
    with pytest.raises(ProtocolError, match="asks about no intervention"):
        protocol_of(seen.prepare())


def test_list_runs_names_the_newest_first_and_unfinished_last(seen):
    for name, at in (("older", 1_000), ("newest", 2_000), ("begun", None)):
        _made(seen.root / "runs", name, at=at)

    listed = runs.list_runs()

    assert listed["run"].to_list() == ["newest", "older", "begun"]
    assert listed["finished"].is_null().to_list() == [False, False, True]


def test_list_runs_names_a_run_with_the_vintage_that_readers_see(seen):
    seen.run()

    listed = runs.list_runs()

    assert listed.select("run", "vintage").rows() == [("tiny", runs.find_run().name)]
