import dataclasses

from evalkit.batch import manifest
from evalkit.batch.manifest import (
    Attempt,
    FileHash,
    append_attempt,
    hash_files,
    move_older,
    read_attempts,
)

SHA256_OF_ABC = (
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1
)


def make_attempt(unit: str, status: str = "ok") -> Attempt:
    return Attempt(
        run_id="tiny-1",
        unit=unit,
        notebook=unit,
        params_hash="p",
        key={"notebook": "n"},
        outputs=(FileHash("work/first.txt", "b"),),
        seed=1,
        versions={"evalkit": "0"},
        attempts=1,
        status=status,
        error=None,
        started="2026-01-01T00:00:00+00:00",
        seconds=1.5,
    )


def test_attempts_come_back_as_they_were_appended(project):
    run = project.prepare()
    run.run_dir.mkdir(parents=True)
    appended = [make_attempt("city/00_first"), make_attempt("city/01_second", "failed")]

    for attempt in appended:
        append_attempt(run, attempt)

    assert read_attempts(run.run_dir) == appended


def test_torn_last_line_is_ignored_and_the_next_append_is_whole(project):
    run = project.prepare()
    run.run_dir.mkdir(parents=True)
    first, second, third = (make_attempt(f"city/{n}") for n in range(3))
    append_attempt(run, first)
    append_attempt(run, second)
    manifest = run.run_dir / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-40])
    after_the_kill = read_attempts(run.run_dir)

    append_attempt(run, third)

    assert after_the_kill == [first]
    assert read_attempts(run.run_dir) == [first, third]


def test_run_without_manifest_has_no_attempts(tmp_path):
    assert read_attempts(tmp_path) == []


def test_line_of_another_form_is_left_out(project):
    run = project.prepare()
    run.run_dir.mkdir(parents=True)
    (run.run_dir / "manifest.jsonl").write_text('{"unit": "city/00_first"}\n[]\n\n')
    append_attempt(run, make_attempt("city/00_first"))

    assert [attempt.unit for attempt in read_attempts(run.run_dir)] == ["city/00_first"]


def test_hash_files_leaves_out_what_does_not_exist(tmp_path):
    (tmp_path / "abc.txt").write_text("abc")

    assert hash_files(tmp_path, ("abc.txt", "none.txt")) == (FileHash("abc.txt", SHA256_OF_ABC),)


def test_record_bears_the_fields_of_the_design():
    fields = {field.name for field in dataclasses.fields(Attempt)}

    assert fields >= {
        "run_id",
        "unit",
        "notebook",
        "params_hash",
        "key",
        "outputs",
        "seed",
        "versions",
        "attempts",
        "status",
        "error",
        "started",
        "seconds",
    }


def test_a_long_manifest_keeps_the_last_line_and_the_last_good_one_of_each_unit(
    project, monkeypatch
):
    run = project.prepare()
    run.run_dir.mkdir(parents=True)
    first, good, failed = (make_attempt("city/00", status) for status in ("ok", "ok", "failed"))
    attempts = [dataclasses.replace(first, attempts=1), dataclasses.replace(good, attempts=2)]
    attempts += [dataclasses.replace(failed, attempts=3), make_attempt("city/01")]
    for attempt in attempts:
        append_attempt(run, attempt)
    move_older(run.run_dir)
    untouched = read_attempts(run.run_dir)

    monkeypatch.setattr(manifest, "_LONG_BYTES", 1)
    move_older(run.run_dir)

    assert untouched == attempts
    assert read_attempts(run.run_dir) == attempts[1:]
    assert len((run.run_dir / manifest.OLDER).read_text().splitlines()) == 1
