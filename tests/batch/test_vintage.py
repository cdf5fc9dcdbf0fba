import os
import stat
from pathlib import Path

import pytest

from evalkit.batch.vintage import prepare_run, write_run
from evalkit.errors import ParameterError
from evalkit.params import read_run


def test_run_id_is_the_same_in_another_place(tiny, tmp_path):
    here, there = (tiny.make_tiny_project(tmp_path / name) for name in ("here", "there"))

    assert here.prepare().run_id == there.prepare().run_id


@pytest.mark.parametrize("change", ["extract/person.csv", "contracts/person.odcs.yaml"])
def test_run_id_changes_with_a_file_that_goes_in(project, change):
    before = project.prepare().run_id

    (project.root / change).write_text("changed\n")

    assert project.prepare().run_id != before


def test_run_id_changes_with_a_parameter(project):
    before = project.prepare().run_id

    project.run_file.write_text(project.run_file.read_text().replace("seed: 1", "seed: 2"))

    assert project.prepare().run_id != before


def test_a_database_file_is_an_input_whose_change_is_seen(project):
    database = project.root / "extract.db"
    database.write_bytes(b"first content")
    project.run_file.write_text(
        project.run_file.read_text().replace("folder: ../extract", f'folder: "sqlite://{database}"')
    )
    before = project.prepare()

    database.write_bytes(b"other content")

    assert list(before.inputs) == ["extract/database"]
    assert project.prepare().run_id != before.run_id


def test_inputs_are_named_by_role(project):
    (project.root / "extract" / "part").mkdir()
    (project.root / "extract" / "part" / "more.csv").write_text("x\n")
    (project.root / "extract" / ".hidden").write_text("x\n")

    assert list(project.prepare().inputs) == ["extract/part/more.csv", "extract/person.csv"]


def test_inputs_hold_the_dated_parameters_that_a_price_book_takes_values_from(project):
    (project.root / "rates.yaml").write_text("records: []\n")
    (project.root / "book.yaml").write_text("defaults: [rates.yaml, missing.yaml]\n")
    book = Path(os.path.relpath(project.root / "book.yaml", project.run_file.parent)).as_posix()
    project.run_file.write_text(project.run_file.read_text() + f"value: {{price_book: {book}}}\n")
    before = project.prepare()

    (project.root / "rates.yaml").write_text("records: [changed]\n")

    assert "value.price_book/named/rates.yaml" in before.inputs
    assert project.prepare().run_id != before.run_id


def test_inputs_hold_the_lists_of_codes_and_the_crosswalk_that_a_mapping_names(project):
    for name in ("reasons.yaml", "districts.yaml"):
        (project.root / name).write_text("codes: []\n")
    (project.root / "mapping.yaml").write_text(
        "crosswalk: districts.yaml\n"
        "tables: {income_support: {code_lists: {exit_reason: reasons.yaml}}}\n"
    )
    mapping = Path(os.path.relpath(project.root / "mapping.yaml", project.run_file.parent))
    text = project.run_file.read_text().replace(
        "first_month:", f"mapping: {mapping.as_posix()}, first_month:"
    )
    project.run_file.write_text(text)
    before = project.prepare()

    (project.root / "reasons.yaml").write_text("codes: [changed]\n")

    assert {
        "extract.mapping/named/reasons.yaml",
        "extract.mapping/named/districts.yaml",
    } <= set(before.inputs)
    assert project.prepare().run_id != before.run_id


def test_written_run_is_read_back_and_work_is_private(project):
    run = project.prepare()

    write_run(run)

    assert read_run(run.run_dir) == run
    assert stat.S_IMODE((run.run_dir / "work").stat().st_mode) == 0o700


def test_versions_name_python_and_the_packages_without_paths(project):
    versions = project.prepare().versions

    assert {"evalkit", "evalkit_source", "python", "polars", "numpy"} <= set(versions)
    assert not [version for version in versions.values() if "/" in version]


def test_missing_files_are_named_all_at_once(project):
    project.run_file.write_text(
        project.run_file.read_text().replace("../extract", "../extrakt")
        + "effects: {protocols: [protocols/x.yaml]}\n"
    )

    with pytest.raises(ParameterError) as fault:
        project.prepare()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "2 files or folders named in a run file cannot be found."
    assert (
        where == f"  where: {project.run_file}: extract.folder: ../extrakt; effects.protocols: "
        "protocols/x.yaml"
    )
    assert why == "  why:   Everything a run reads must be there before it starts. Nothing was run."
    assert fix == "  fix:   mend the paths; they are written relative to the run file's folder."


@pytest.mark.parametrize("name", ["../tiny", "a/b", ".tiny", "''"])
def test_run_name_that_is_no_folder_name_is_refused(project, name):
    project.run_file.write_text(project.run_file.read_text().replace("run: tiny", f"run: {name}"))

    with pytest.raises(ParameterError) as fault:
        prepare_run(project.run_file, out=project.root)

    assert fault.value.what == "The name of a run cannot be a folder name."
