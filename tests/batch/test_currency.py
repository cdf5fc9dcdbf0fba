import pytest

from evalkit.batch.manifest import Attempt, hash_files, params_hash, read_attempts
from evalkit.batch.staleness import decide, unit_keys
from evalkit.errors import ParameterError


@pytest.fixture
def done(project):
    """The three stations, with outputs and records as if all units had been done."""
    project.add_three_stations()
    run, units = project.prepare(), project.plan()
    keys = unit_keys(units, run)
    for path in (path for unit in units for path in unit.outputs):
        (run.run_dir / path).parent.mkdir(parents=True, exist_ok=True)
        (run.run_dir / path).write_text(path)
    attempts = [make_attempt(run, unit, keys[unit.name]) for unit in units]
    return project, attempts


def make_attempt(run, unit, key, status="ok"):
    return Attempt(
        run_id=run.run_id,
        unit=unit.name,
        notebook=unit.notebook,
        params_hash=params_hash(run),
        key=key,
        inputs=(),
        outputs=hash_files(run.run_dir, unit.outputs),
        seed=1,
        versions={},
        attempts=1,
        status=status,
        error=None,
        started=None,
        seconds=1.0,
    )


def reasons(project, attempts, **options) -> dict[str, str]:
    return {
        d.unit.name: d.reason
        for d in decide(project.plan(), project.prepare(), attempts, **options)
        if d.action == "run"
    }


def test_everything_runs_when_nothing_was_done(project):
    project.add_three_stations()

    found = reasons(project, read_attempts(project.run_dir))

    assert set(found.values()) == {"never done"}
    assert len(found) == 4


def test_nothing_runs_when_nothing_has_changed(done):
    project, attempts = done

    assert reasons(project, attempts) == {}


def test_changed_notebook_reruns_it_and_its_dependants_only(done):
    project, attempts = done
    project.add(
        "district/01_part", "1 + 1", after=["city/00_first"], writes=["published/part-{slug}.txt"]
    )

    assert reasons(project, attempts) == {
        "district/01_part@belfast": "changed: the notebook",
        "district/01_part@n-eastern": "changed: the notebook",
        "city/02_last": "follows district/01_part@belfast",
    }


def test_changed_extract_reruns_the_first_unit_and_what_follows(done):
    project, attempts = done
    (project.root / "extract" / "person.csv").write_text("person_id\nNI-0002\n")

    found = reasons(project, attempts)

    assert found["city/00_first"] == "changed: the extract"
    assert len(found) == 4


@pytest.mark.parametrize("change", ["seed: 2", "seed: 1\nmin_count: 6"])
def test_changed_parameter_reruns_everything(done, change):
    project, attempts = done
    project.run_file.write_text(project.run_file.read_text().replace("seed: 1", change))

    assert set(reasons(project, attempts).values()) == {"changed: the parameters"}


def test_changed_parameter_file_reruns_everything(done):
    project, attempts = done
    (project.root / "contracts" / "person.odcs.yaml").write_text("changed\n")

    assert set(reasons(project, attempts).values()) == {"changed: the parameters"}


def test_changed_source_of_evalkit_reruns_everything(done, monkeypatch):
    project, attempts = done
    monkeypatch.setattr("evalkit.batch.staleness.evalkit_source_hash", lambda: "another")

    assert set(reasons(project, attempts).values()) == {"changed: evalkit's source"}


def test_changed_lock_reruns_everything(done, monkeypatch):
    project, attempts = done
    monkeypatch.setattr("evalkit.batch.staleness.environment_hash", lambda: "another")

    assert set(reasons(project, attempts).values()) == {"changed: Python or requirements.lock"}


@pytest.mark.parametrize("harm", ["remove", "change"])
def test_output_that_is_not_as_recorded_reruns_its_unit_and_dependants(done, harm):
    project, attempts = done
    output = project.run_dir / "published" / "part-belfast.txt"
    if harm == "remove":
        output.unlink()
    else:
        output.write_text("changed")

    assert reasons(project, attempts) == {
        "district/01_part@belfast": "an output is missing or is not as recorded",
        "city/02_last": "follows district/01_part@belfast",
    }


def test_failed_attempt_does_not_make_a_unit_current(done):
    project, attempts = done
    run, units = project.prepare(), project.plan()
    first = make_attempt(run, units[0], attempts[0].key, status="failed")

    assert reasons(project, [first, *attempts[1:]])["city/00_first"] == "never done"


def test_pattern_takes_what_the_wanted_units_build_on_and_leaves_the_rest(project):
    project.add_three_stations()

    decisions = decide(project.plan(), project.prepare(), [], only="*@belfast")

    assert {d.unit.name: d.action for d in decisions} == {
        "city/00_first": "run",
        "district/01_part@belfast": "run",
        "district/01_part@n-eastern": "leave",
        "city/02_last": "leave",
    }


def test_force_reruns_the_wanted_units_only(done):
    project, attempts = done

    found = reasons(project, attempts, only="*@belfast", force=True)

    assert found == {"district/01_part@belfast": "forced"}


def test_pattern_without_a_match_is_refused(project):
    project.add_three_stations()

    with pytest.raises(ParameterError) as fault:
        decide(project.plan(), project.prepare(), [], only="city/00_frist")

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "No unit matches the pattern."
    assert where == '  where: --only "city/00_frist"'
    assert why == "  why:   The pattern is compared with whole unit names; * stands for any text."
    assert (
        fix
        == '  fix:   did you mean "city/00_first"?; evalkit run RUN_FILE --dry-run lists the units.'
    )
