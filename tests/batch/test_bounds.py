"""What a unit may use, and what a run does when the machine gives less than it needs."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from evalkit.batch import session as session_module
from evalkit.batch.bounds import Bounds
from evalkit.batch.disk import sweep_temporaries
from evalkit.batch.manifest import read_attempts
from evalkit.batch.outcome import summary
from evalkit.batch.scan import known_ids, scan_text
from evalkit.errors import BatchError, ParameterError
from evalkit.reads import PASSWORD_VARIABLE

MEGABYTE = 1_000_000
PASSWORD = "hemligt&lösen/ord"
PRINT_FOR_EVER = "while True:\n    print('x' * 10_000)"
PRINT_MUCH = f"for _ in range(20):\n    print('x' * {MEGABYTE})"
EAT_MEMORY = (
    "import time\nheld = bytearray(2_000_000_000)\nheld[::4096] = b'1' * len(held[::4096])\n"
    "time.sleep(60)"
)
START_ANOTHER = (
    "import subprocess, sys, time\n"
    "other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], "
    "start_new_session=True)\n"
    "(Path(run_dir) / 'work' / 'other.txt').write_text(str(other.pid))"
)
DIES = "import os\nos._exit(1)"
DIES_ONCE = (
    "import os\nfrom pathlib import Path\nmark = Path(run_dir) / 'work' / 'mark'\n"
    "if not mark.exists():\n    mark.write_text('')\n    os._exit(1)"
)
SHOW_PASSWORD = f"import os\nos.environ.get('{PASSWORD_VARIABLE}')"


@pytest.fixture(scope="module")
def greedy(tiny, tmp_path_factory):
    """A run of notebooks that take too much, each of one thing, and one that does not."""
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("greedy") / "tiny")
    project.add("city/01_for_ever", PRINT_FOR_EVER)
    project.add("city/02_much", PRINT_MUCH)
    project.add("city/03_memory", EAT_MEMORY)
    project.add("city/04_dies", DIES)
    project.add("city/05_dies_once", DIES_ONCE)
    project.add("city/06_good", tiny.write_code("site/index.html"), writes=["site/index.html"])
    bounds = Bounds(60, 5 * MEGABYTE, 1500 * MEGABYTE)
    result = project.run(bounds=bounds, jobs=2)
    return project, result, {outcome.unit: outcome for outcome in result.outcomes}


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["city/01_for_ever", "city/02_much"])
def test_a_notebook_that_shows_too_much_is_stopped_and_cut(greedy, unit):
    _, _, outcomes = greedy

    outcome = outcomes[unit]

    assert outcome.reason == "BatchError: A notebook shows more than 5 MB."
    assert "fix:" in outcome.failure.text
    kept = outcome.look_at.read_text(encoding="utf-8")
    assert "Stopped: more than 5 MB of output." in kept and len(kept) < 6 * MEGABYTE


@pytest.mark.slow
def test_a_unit_that_holds_too_much_memory_is_stopped_with_both_amounts(greedy):
    _, _, outcomes = greedy

    text = outcomes["city/03_memory"].failure.text

    assert "A unit took more memory than it may." in text
    assert "the bound is 1.5 GB" in text and "its kernel held" in text


@pytest.mark.slow
def test_a_kernel_that_dies_is_tried_once_more(greedy):
    project, _, outcomes = greedy

    attempts = read_attempts(project.run_dir)

    tried = {
        unit: [attempt.status for attempt in attempts if attempt.unit == unit]
        for unit in ("city/04_dies", "city/05_dies_once", "city/03_memory")
    }
    assert tried == {
        "city/04_dies": ["failed", "failed"],
        "city/05_dies_once": ["failed", "ok"],
        "city/03_memory": ["failed"],
    }
    assert outcomes["city/05_dies_once"].reason == "its kernel died; tried once more"


@pytest.mark.slow
def test_others_end_well_beside_units_that_take_too_much(greedy):
    _, result, outcomes = greedy

    assert outcomes["city/06_good"].status == "ok"
    assert result.exit_code == 1 and not result.troubles


@pytest.mark.slow
@pytest.mark.parametrize(
    "then", ["1 + 1", "1 / 0", EAT_MEMORY], ids=["ends", "fails", "is_stopped"]
)
def test_what_a_kernel_has_started_ends_with_it(tiny, tmp_path, then):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/01_starts", "from pathlib import Path", START_ANOTHER, then)

    project.run(bounds=Bounds(60, 5 * MEGABYTE, 1500 * MEGABYTE))

    started = int((project.run_dir / "work" / "other.txt").read_text())
    assert not _is_running(started)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # nobody has asked yet how it ended


@pytest.mark.slow
def test_the_password_of_a_database_reaches_the_intake_alone_and_does_not_leave(
    tiny, tmp_path, monkeypatch
):
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_shows", SHOW_PASSWORD)
    project.add("city/00_uses", f"{SHOW_PASSWORD} is not None")
    project.add("city/01_later", f"{SHOW_PASSWORD} is None", after=["city/00_uses"])

    result = project.run()

    outcomes = {outcome.unit: outcome for outcome in result.outcomes}
    assert "holds the database's password" in outcomes["city/00_shows"].failure.text
    assert not (project.run_dir / "notebooks" / "city" / "00_shows.ipynb").exists()
    shown = {
        name: (project.run_dir / "notebooks" / "city" / f"{name}.ipynb").read_text()
        for name in ("00_uses", "01_later")
    }
    assert all('"True"' in text and PASSWORD not in text for text in shown.values())
    assert PASSWORD not in summary(result)


@pytest.mark.parametrize(
    "written",
    [
        f"postgresql://me:{PASSWORD}@host",
        "postgresql://me:hemligt%26l%C3%B6sen%2Ford@host",
        "hemligt&amp;lösen/ord",
        "aGVtbGlndCZsw7ZzZW4vb3Jk",
        "eDpoZW1saWd0Jmzdoesnotmatter",
    ],
)
def test_a_password_is_found_however_it_is_written(tmp_path, monkeypatch, written):
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)

    findings = scan_text(written, known_ids(tmp_path))

    assert bool(findings) is ("doesnotmatter" not in written)


@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_a_password_is_found_inside_encoded_text(tmp_path, monkeypatch, before):
    import base64

    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    encoded = base64.b64encode(f"{before}{PASSWORD} and more".encode()).decode()

    assert scan_text(encoded, known_ids(tmp_path)).n_secrets == 1


@pytest.mark.slow
def test_a_run_goes_on_when_its_record_cannot_be_written(tiny, tmp_path, monkeypatch):
    def is_full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(session_module, "append_attempt", is_full)
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add_three_stations()

    result = project.run()

    assert [outcome.status for outcome in result.outcomes] == ["ok"] * 4
    assert result.exit_code == 1
    assert summary(result).count("No space left on device") == 1


def test_a_run_that_would_not_fit_is_refused_with_the_bytes(tiny, tmp_path, monkeypatch):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first", writes=["site/index.html"])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))

    with pytest.raises(BatchError, match="too full") as fault:
        project.run()

    assert "free 0 bytes" in fault.value.where


def test_a_folder_that_cannot_be_written_to_is_refused_in_words(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first")
    (project.root / "runs").write_text("a file stands where the folder should")

    with pytest.raises(BatchError, match="cannot be written") as fault:
        project.run()

    assert str(project.home) in fault.value.where and "Nothing was run" in fault.value.why


def test_a_name_that_no_file_can_bear_is_refused_in_the_plan(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("district/01_part", writes=["published/part-{slug}.txt"])
    project.run_file.write_text(tiny.RUN_FILE.replace("Belfast", "L" * 300))

    with pytest.raises(ParameterError, match="too long for a file") as fault:
        project.plan()

    assert "L" * 40 in fault.value.where and "L" * 41 not in fault.value.where


def test_two_spellings_of_one_name_are_refused(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("district/01_part")
    both = "Älvsjö, A\u0308lvsjo\u0308"
    project.run_file.write_text(tiny.RUN_FILE.replace("Belfast", both), encoding="utf-8")

    with pytest.raises(ParameterError, match="cannot be told apart"):
        project.plan()


def test_what_a_killed_run_left_half_written_is_swept(tmp_path):
    for name in ("work/.person.parquet.4711", "published/.a.json.12", "site/sv/.index.html.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half")
    kept = tmp_path / "work" / ".remembered.json"
    kept.write_text("{}")

    sweep_temporaries(tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


@pytest.mark.slow
def test_a_damaged_table_that_no_unit_wrote_is_told_in_words(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first", tiny.write_code("site/index.html"), writes=["site/index.html"])
    (project.run_dir / "work").mkdir(parents=True)
    (project.run_dir / "work" / "person.parquet").write_text("no table")

    result = project.run()

    assert "A table of the run cannot be read." in summary(result)
    assert "work/person.parquet" in summary(result) and result.exit_code == 1
