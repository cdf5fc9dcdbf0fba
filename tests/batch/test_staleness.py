"""What is run again when something has changed: decided from what each unit of a tiny run read when
it was executed. Each test changes one thing in a copy of the finished project.
"""

import json
import shutil

import pytest

from evalkit.batch import dependencies
from evalkit.batch.layout import place_of
from evalkit.batch.manifest import Attempt, append_attempt, read_attempts
from evalkit.batch.staleness import Staleness, decide
from evalkit.errors import ParameterError

# The first unit counts rows: its output is the same as long as the number of rows is.
COUNT = """
from pathlib import Path
text = (Path.cwd() / "../../extract/person.csv").read_text()
place = Path(run_dir) / "work" / "first.txt"
place.parent.mkdir(exist_ok=True)
place.write_text(str(len(text.splitlines())));
"""
PART = """
import helper
from pathlib import Path
from evalkit import params
from evalkit.tables import slug
run = params.read_run(run_dir)
first = (Path(run_dir) / "work" / "first.txt").read_text()
extra = Path.cwd() / "extra.txt"
place = Path(run_dir) / "published" / f"part-{slug(district)}.txt"
place.parent.mkdir(exist_ok=True)
try:
    more = extra.read_text()
except FileNotFoundError:
    more = ""
place.write_text(f"{helper.double(first)} {run.params.disclosure.min_persons} {more}");
"""
LAST = """
from pathlib import Path
from evalkit import params
run = params.read_run(run_dir)
parts = [path.read_text() for path in sorted((Path(run_dir) / "published").glob("part-*.txt"))]
place = Path(run_dir) / "site" / "index.html"
place.parent.mkdir(exist_ok=True)
place.write_text(run.params.title["en"] + " ".join(parts));
"""
HELPER = "def double(text):\n    return text * 2\n"
FIRST, PARTS = "city/00_first", ["district/01_part@belfast", "district/01_part@n-eastern"]
LAST_UNIT = "city/02_last"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    """A project whose run is finished."""
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("finished") / "tiny")
    project.add("city/00_first", COUNT, writes=["work/first.txt"])
    (project.root / "notebooks" / "district").mkdir()
    (project.root / "notebooks" / "district" / "helper.py").write_text(HELPER)
    project.add("district/01_part", PART, after=[FIRST], writes=["published/part-{slug}.txt"])
    project.add("city/02_last", LAST, after=["district/01_part"], writes=["site/index.html"])
    result = project.run(is_cold=True)
    assert result.exit_code == 0
    return project


@pytest.fixture
def done(finished, tiny, tmp_path):
    """A copy of the project and its run, in another place."""
    shutil.copytree(finished.root, tmp_path / "tiny")
    return tiny.TinyProject(tmp_path / "tiny")


def staleness_of(project) -> Staleness:
    run = project.prepare()
    run = place_of(run).before(run)
    return Staleness(run, read_attempts(run.run_dir))


def planned(project, **options) -> dict[str, str]:
    """What would run and why, and with "may: " before it what may."""
    decisions = decide(project.plan(), staleness_of(project), **options)
    return {
        decision.unit.name: ("may: " if decision.action == "may run" else "") + decision.reason
        for decision in decisions
        if decision.is_open
    }


def replace_in(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_everything_runs_when_nothing_was_done(project):
    project.add_three_stations()

    reasons = planned(project)

    assert set(reasons.values()) == {"never done"}
    assert len(reasons) == 4


def test_nothing_runs_when_nothing_has_changed_even_in_another_place(done):
    assert planned(done) == {}


def test_comments_in_run_file_and_code_and_texts_for_readers_cost_nothing(done):
    done.run_file.write_text("# a comment\n" + done.run_file.read_text())
    replace_in(
        done.root / "notebooks" / "district" / "helper.py", "    return", "    # why\n    return"
    )
    (done.root / "contracts" / "README.md").write_text("For readers.\n")

    assert planned(done) == {}


def test_a_parameter_reruns_those_that_read_it_and_what_follows_may_run(done):
    done.run_file.write_text(done.run_file.read_text() + "disclosure: {min_persons: 25}\n")

    assert planned(done) == {
        **dict.fromkeys(PARTS, "changed: disclosure.min_persons"),
        LAST_UNIT: f"may: follows {PARTS[0]}",
    }


def test_a_title_reruns_the_pages_that_show_it(done):
    replace_in(done.run_file, "en: Trial", "en: Another")

    assert planned(done) == {LAST_UNIT: "changed: title"}


def test_a_parameter_that_no_unit_read_reruns_nothing(done):
    replace_in(done.run_file, "seed: 1", "seed: 2")

    assert planned(done) == {}


def test_a_changed_notebook_reruns_it_and_what_follows_may_run(done):
    done.add(
        "district/01_part", PART + "\n1 + 1", after=[FIRST], writes=["published/part-{slug}.txt"]
    )

    assert planned(done) == {
        **dict.fromkeys(PARTS, "changed: the notebook"),
        LAST_UNIT: f"may: follows {PARTS[0]}",
    }


def test_code_that_a_notebook_imports_from_its_own_folder_is_read(done):
    replace_in(done.root / "notebooks" / "district" / "helper.py", "* 2", "* 3")

    assert planned(done)[PARTS[0]] == "changed: ../notebooks/district/helper.py"


def test_a_file_that_was_looked_for_in_vain_and_has_come_is_a_change(done):
    (done.root / "notebooks" / "district" / "extra.txt").write_text("more")

    assert planned(done)[PARTS[1]] == "changed: ../notebooks/district/extra.txt"


def test_a_module_of_evalkit_reruns_those_that_loaded_it(done, tmp_path, monkeypatch):
    shutil.copytree(dependencies.PACKAGE_ROOT, tmp_path / "evalkit")
    monkeypatch.setattr(dependencies, "PACKAGE_ROOT", tmp_path / "evalkit")
    unused = tmp_path / "evalkit" / "simulate" / "city" / "city.py"
    unused.write_text(unused.read_text() + "\nx = 1\n")
    before = planned(done)

    loaded = tmp_path / "evalkit" / "months.py"
    loaded.write_text(loaded.read_text() + "\nx = 1\n")

    assert before == {}
    assert planned(done) == {
        **dict.fromkeys(PARTS, "changed: evalkit/months.py"),
        LAST_UNIT: "changed: evalkit/months.py",
    }


def test_an_installed_version_reruns_those_that_loaded_the_package(done, monkeypatch):
    known = dependencies._version
    monkeypatch.setattr(
        dependencies, "_version", lambda name: "0.0" if name == "pydantic" else known(name)
    )

    assert planned(done) == {
        **dict.fromkeys(PARTS, "changed: the installed version of pydantic"),
        LAST_UNIT: "changed: the installed version of pydantic",
    }


@pytest.mark.parametrize("harm", ["remove", "change"])
def test_an_output_that_is_not_as_recorded_is_made_anew_and_what_follows_may_run(done, harm):
    output = done.run_dir / "published" / "part-belfast.txt"
    output.unlink() if harm == "remove" else output.write_text("changed")

    assert planned(done) == {
        PARTS[0]: "an output is missing or is not as recorded",
        LAST_UNIT: f"may: follows {PARTS[0]}",
    }


def test_a_unit_of_which_it_is_not_known_what_it_read_is_run(done):
    shutil.rmtree(done.run_dir / "work" / "reads")

    assert set(planned(done).values()) == {f"changed: {dependencies.UNKNOWN}"}


def test_failed_attempts_do_not_make_a_unit_current(project):
    project.add_three_stations()
    run = project.prepare()
    run.run_dir.mkdir(parents=True)
    append_attempt(run, make_attempt(run, project.plan()[0], "failed"))

    assert planned(project)[FIRST] == "never done"


def make_attempt(run, unit, status: str) -> Attempt:
    return Attempt(
        run_id=run.run_id,
        unit=unit.name,
        notebook=unit.notebook,
        params_hash="",
        key={"notebook": unit.source_hash},
        outputs=(),
        seed=1,
        versions={},
        attempts=1,
        status=status,
        error=None,
        started=None,
        seconds=1.0,
    )


def test_pattern_takes_what_the_wanted_units_build_on_and_leaves_the_rest(project):
    project.add_three_stations()

    decisions = decide(project.plan(), staleness_of(project), only="*@belfast")

    assert {d.unit.name: d.action for d in decisions} == {
        FIRST: "run",
        PARTS[0]: "run",
        PARTS[1]: "leave",
        LAST_UNIT: "leave",
    }


def test_force_reruns_the_wanted_units_only(done):
    assert planned(done, only="*@belfast", force=True) == {PARTS[0]: "forced"}


def test_pattern_without_a_match_is_refused(project):
    project.add_three_stations()

    with pytest.raises(ParameterError) as fault:
        decide(project.plan(), staleness_of(project), only="city/00_frist")

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "No unit is meant."
    assert where == '  where: --only "city/00_frist"'
    assert why == (
        "  why:   Units are named by a notebook (district/02_time_on_support, district/*), by a "
        "district or an intervention of the run, or by both: district/02*@Belfast."
    )
    assert (
        fix
        == '  fix:   did you mean "city/00_first"?; evalkit run RUN_FILE --dry-run lists the units.'
    )


def test_a_unit_that_leaves_the_same_tables_gives_its_followers_no_reason_to_run(done):
    (done.root / "extract" / "person.csv").write_text("person_id\nNI-0002\n")

    before, result = planned(done), done.run()

    assert before[FIRST] == "changed: ../extract/person.csv"
    assert before[PARTS[0]] == f"may: follows {FIRST}"
    assert {outcome.unit: outcome.status for outcome in result.outcomes} == {
        FIRST: "ok",
        **dict.fromkeys([*PARTS, LAST_UNIT], "current"),
    }
    assert planned(done) == {}


def test_a_unit_that_leaves_other_tables_is_followed(done):
    (done.root / "extract" / "person.csv").write_text("person_id\nNI-0001\nNI-0002\n")

    result = done.run()

    assert [outcome.status for outcome in result.outcomes] == ["ok"] * 4
    assert (done.run_dir / "site" / "index.html").read_text() == "Trial33 20  33 20 "


def test_a_unit_that_is_skipped_leaves_nothing_that_was_made_from_something_else(done):
    done.add("city/00_first", "1 / 0", writes=["work/first.txt"])

    result = done.run()

    assert {outcome.unit: outcome.status for outcome in result.outcomes} == {
        FIRST: "failed",
        **dict.fromkeys([*PARTS, LAST_UNIT], "skipped"),
    }
    assert not (done.run_dir / "site" / "index.html").exists()


def test_what_a_unit_read_stands_in_the_manifest_in_few_words(done):
    lines = (done.run_dir / "manifest.jsonl").read_text().splitlines()

    keys = {line["unit"]: line["key"] for line in map(json.loads, lines)}

    assert max(map(len, lines)) < 2500
    assert keys[PARTS[0]]["tables"] == keys[PARTS[1]]["tables"]
    tables = done.run_dir / "work" / "reads" / f"{keys[LAST_UNIT]['tables']}.json"
    assert (
        list(json.loads(tables.read_text()))
        == [
            "published/part-belfast.txt",
            "published/part-n-eastern.txt",
            "work/first.txt",
        ][:2]
    )
