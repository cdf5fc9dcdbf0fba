"""Whole runs of tiny notebooks with real kernels. The runs are shared by several tests, since each
kernel takes a second.
"""

import json
import os
import shutil
import signal
import stat
import sys
import threading
import time

import nbformat
import pytest

from evalkit.batch.bounds import Bounds
from evalkit.batch.dependencies import GROUPS
from evalkit.batch.manifest import read_attempts
from evalkit.batch.outcome import summary
from evalkit.batch.remembered import remembered_in
from evalkit.errors import BatchError

pytestmark = pytest.mark.slow

SECRET = "NI-0001"
SLEEP = "import time\ntime.sleep(60)"
# put together by the kernel, so that only its output holds the id
LEAK_ID = f"'{SECRET[:3]}' + '{SECRET[3:]}'"
KERNEL_FACTS = """
import json, os, sys
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
folder = os.path.dirname(app.connection_file)

def listeners_of_this_process():
    opened = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
              if os.path.lexists(f"/proc/self/fd/{fd}")}
    tables = [f"/proc/self/net/{kind}" for kind in ("tcp", "tcp6", "udp", "udp6", "unix")]
    rows = [(table, line.split()) for table in tables if os.path.exists(table)
            for line in list(open(table))[1:]]
    return sorted(
        {row[7] if table.endswith("unix") and len(row) > 7 else table for table, row in rows
         if f"socket:[{row[6 if table.endswith('unix') else 9]}]" in opened}
    )

facts = {
    "mode": os.stat(folder).st_mode & 0o777,
    "transport": app.transport,
    "python": sys.executable,
    "folder": os.getcwd(),
    "threads": os.environ["OMP_NUM_THREADS"],
    "hash_seed": os.environ["PYTHONHASHSEED"],
    "profile": os.environ["IPYTHONDIR"],
    "sockets": folder,
    "reachable": listeners_of_this_process(),
}
(Path(run_dir) / "work" / "facts.json").write_text(json.dumps(facts));
"""
# Shell, output, input, control and heartbeat of a kernel, and what its forked processes print.
N_SOCKETS = 6
FORKED = """
import multiprocessing, time
one = multiprocessing.get_context("fork").Process(
    target=lambda: print("printed by " + "a forked process", flush=True)
)
one.start()
one.join()
time.sleep(0.5)  # what it printed comes by another way than what ends the cell
"""


@pytest.fixture(scope="module")
def calm(tiny, tmp_path_factory):
    """A run in which all goes well: its project and its first result."""
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("calm") / "tiny")
    project.add_three_stations()
    project.add(
        "city/00_first",
        "from pathlib import Path",
        KERNEL_FACTS,
        FORKED,
        tiny.write_code("work/first.txt"),
        writes=["work/first.txt"],
    )
    return project, project.run()


@pytest.fixture(scope="module")
def stormy(tiny, tmp_path_factory):
    """A run in which each notebook fails in its own way and one succeeds: its project, result and
    outcomes by unit.
    """
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("stormy") / "tiny")
    project.add_person_table([SECRET])
    project.add("city/01_key_error", f"{{}}[{LEAK_ID}]", writes=["site/late.html"])
    project.add("city/02_own_error", OWN_ERROR)
    project.add("city/03_dead", "import os, signal", "os.kill(os.getpid(), signal.SIGKILL)")
    project.add("city/04_slow", SLEEP)
    project.add("city/05_forgets", "1 + 1", writes=["published/never"])
    project.add("city/06_shows", "x = 1", f"{LEAK_ID}")
    project.add(
        "city/07_page", tiny.write_code("site/page.html", LEAK_ID), writes=["site/page.html"]
    )
    project.add("city/08_good", tiny.write_code("site/index.html"), writes=["site/index.html"])
    project.add("city/09_stray", tiny.write_code("site/stray.html", LEAK_ID))
    project.add("district/10_after", after=["city/01_key_error", "city/08_good"])
    project.add("city/12_half", tiny.write_code("work/half.txt"), "1 / 0", writes=["work/half.txt"])
    project.add(
        "city/11_reads",
        "from evalkit.tables import read_table",
        "read_table(run_dir, 'person').height",
    )
    result = project.run(bounds=Bounds(time_limit_seconds=10), jobs=4)
    return project, result, {outcome.unit: outcome for outcome in result.outcomes}


OWN_ERROR = """
from evalkit.errors import IntakeError
raise IntakeError(
    "3 rows are wrong.",
    where="person.csv, lines 1, 2, 3",
    why="They break the contract.",
    fix="Ask the sender.",
)
"""


def test_calm_run_is_complete(calm):
    project, result = calm

    assert [outcome.status for outcome in result.outcomes] == ["ok"] * 4
    assert result.exit_code == 0
    assert result.report == project.home / "latest" / "site" / "index.html"


def test_executed_notebooks_stand_in_the_run_folder_without_clock_or_private_path(calm):
    project, _ = calm

    notebook = nbformat.read(
        project.run_dir / "notebooks" / "district" / "01_part@n-eastern.ipynb", as_version=4
    )

    injected = next(cell for cell in notebook.cells if "injected-parameters" in cell.metadata.tags)
    assert injected.source == '# Parameters\nrun_dir = "../.."\ndistrict = "N.Eastern"'
    assert "papermill" not in notebook.metadata
    assert str(project.root) not in json.dumps(notebook)


def test_executed_notebook_runs_again_where_it_lies(calm, tmp_path):
    from nbclient import NotebookClient

    project, _ = calm
    moved = shutil.copytree(project.run_dir, tmp_path / "moved")
    (moved / "site" / "index.html").unlink()
    notebook = nbformat.read(moved / "notebooks" / "city" / "02_last.ipynb", as_version=4)

    NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(moved / "notebooks" / "city")}},
    ).execute()

    assert (moved / "site" / "index.html").is_file()


def test_kernel_is_the_running_python_behind_private_sockets(calm):
    project, _ = calm

    facts = json.loads((project.run_dir / "work" / "facts.json").read_text())

    assert facts["transport"] == "ipc"
    assert facts["mode"] == 0o700
    assert os.path.realpath(facts["python"]) == os.path.realpath(sys.executable)
    assert facts["profile"].startswith(facts["sockets"])
    assert facts["folder"] == str(project.root / "notebooks" / "city")
    assert not os.path.exists(facts["sockets"])


def test_kernel_listens_in_its_private_folder_and_on_no_port(calm):
    """By the machine's own tables of sockets, those that the kernel process holds."""
    project, _ = calm

    facts = json.loads((project.run_dir / "work" / "facts.json").read_text())

    places = [place for place in facts["reachable"] if place != "/proc/self/net/unix"]
    assert len(places) == N_SOCKETS
    assert all(place.startswith(facts["sockets"]) for place in places)


def test_what_a_forked_process_prints_stands_in_the_notebook(calm):
    project, _ = calm

    executed = (project.run_dir / "notebooks" / "city" / "00_first.ipynb").read_text()

    assert "printed by a forked process" in executed


def test_work_is_private_and_attempts_leave_nothing(calm):
    project, _ = calm

    assert stat.S_IMODE((project.run_dir / "work").stat().st_mode) == 0o700
    assert not [
        path
        for path in (project.run_dir / "work").rglob("*")
        if path.is_file() and path.name not in ("first.txt", "facts.json")
        if path.parent.name != "reads"
    ]


def test_manifest_tells_what_was_read_outputs_and_versions(calm):
    project, _ = calm

    records = {attempt.unit: attempt for attempt in read_attempts(project.run_dir)}

    last = records["city/02_last"]
    assert set(last.key) == {"notebook", *GROUPS}
    assert [file.path for file in last.outputs] == [
        "site/index.html",
        "notebooks/city/02_last.ipynb",
    ]
    assert (last.status, last.attempts, last.error, last.seed) == ("ok", 1, None, 1)
    assert last.run_id == project.prepare().run_id


@pytest.fixture
def copied(calm, tiny, tmp_path):
    """The calm project, done, in another place."""
    shutil.copytree(calm[0].root, tmp_path / "tiny", copy_function=shutil.copy)
    return tiny.TinyProject(tmp_path / "tiny")


def test_second_run_keeps_everything_even_in_another_place(copied):
    result = copied.run()

    assert [outcome.status for outcome in result.outcomes] == ["current"] * 4
    assert result.exit_code == 0


def test_of_a_finished_run_no_file_is_hashed_or_searched_again(copied, monkeypatch):
    copied.run()
    copied.run()
    remembered_in.cache_clear()
    done_again = []
    for place in ("remembered.sha256_of", "execute.scan_file"):
        monkeypatch.setattr(f"evalkit.batch.{place}", lambda path, *_: done_again.append(path))

    result = copied.run()

    assert (result.exit_code, done_again) == (0, [])
    assert result.are_ids_recognisable


def test_what_was_searched_before_is_searched_again_for_new_ids(copied):
    page = copied.run().run.run_dir / "site" / "stray.html"
    page.write_text(SECRET)
    was_there = copied.run().gate is None and page.exists()
    copied.add_person_table([SECRET])

    gate = copied.run().gate

    assert was_there and "site/stray.html" in gate.text
    assert not page.exists()


@pytest.mark.parametrize("record", ["{half", None], ids=["cut", "gone"])
def test_a_run_goes_on_where_its_record_is_damaged(copied, record):
    place = copied.run_dir / "run.json"
    whole = place.read_text()
    place.unlink()
    if record:
        place.write_text(record)

    result = copied.run()

    assert result.exit_code == 0
    written = (result.run.run_dir / "run.json").read_text()
    assert json.loads(written)["params"] == json.loads(whole)["params"]


def test_changed_notebook_runs_anew_and_what_it_builds_on_is_kept(copied, tiny):
    copied.add(
        "city/02_last",
        tiny.write_code("site/index.html", "'y'"),
        after=["district/01_part"],
        writes=["site/index.html"],
    )

    result = copied.run()

    assert [outcome.status for outcome in result.outcomes] == ["current"] * 3 + ["ok"]
    assert (copied.run_dir / "site" / "index.html").read_text() == "y"
    assert read_attempts(copied.run_dir)[-1].attempts == 2


def test_a_print_belongs_to_its_page_until_the_page_is_made_anew(copied):
    print_of_page = copied.run_dir / "site" / "index.pdf"
    print_of_page.touch()
    (copied.run_dir / "site" / "stray.pdf").touch()

    kept = copied.run()

    assert kept.undeclared == ("site/stray.pdf",)
    assert print_of_page.exists()
    copied.run(force=True)
    assert not print_of_page.exists()


def test_outputs_of_units_no_longer_planned_are_taken_away(copied):
    copied.notebook_path("city/02_last").unlink()

    result = copied.run()

    assert files(copied, "site") == []
    assert len(files(copied, "notebooks")) == 3
    assert result.exit_code == 0


def test_a_file_that_a_unit_may_write_is_gone_when_it_writes_it_no_more(project, tiny):
    project.add("city/00_first", tiny.write_code("work/extra.txt"), may_write=["work/extra.txt"])
    first = project.run()
    was_there = (project.run_dir / "work" / "extra.txt").exists()
    project.add("city/00_first", "1 + 1", may_write=["work/extra.txt"])

    second, third = project.run(), project.run()

    assert was_there and not (project.run_dir / "work" / "extra.txt").exists()
    assert [result.outcomes[0].status for result in (first, second, third)] == [
        "ok",
        "ok",
        "current",
    ]


@pytest.fixture(scope="module")
def one_fails(tiny, tmp_path_factory):
    """A run with two interventions, whose first notebook fails for one of them after it has
    written half its outputs: its project, result and outcomes by unit.
    """
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("one_fails") / "tiny")
    project.add_protocols("coaching", "training")
    weights = tiny.write_code("work/weights-{intervention}.txt")
    project.add(
        "intervention/01_weights",
        weights,
        "{'training': 1}[intervention];",
        writes=["work/weights-{slug}.txt"],
    )
    project.add(
        "district/02_sums",
        LIST_WEIGHTS,
        tiny.write_code("work/sums-{district.lower().replace('.', '-')}.txt", "found"),
        after=["intervention/01_weights"],
        writes=["work/sums-{slug}.txt"],
    )
    project.add(
        "intervention/03_effects",
        tiny.write_code("work/effects-{intervention}.txt"),
        after=["intervention/01_weights", "district/02_sums"],
        writes=["work/effects-{slug}.txt"],
    )
    project.add(
        "city/04_page",
        LIST_WEIGHTS,
        tiny.write_code("site/index.html", "found"),
        after=["intervention/03_effects"],
        writes=["site/index.html"],
    )
    result = project.run()
    return project, result, {outcome.unit: outcome for outcome in result.outcomes}


LIST_WEIGHTS = """
from pathlib import Path
found = " ".join(sorted(path.name for path in (Path(run_dir) / "work").glob("weights-*.txt")))
"""


def test_a_failing_intervention_stops_only_what_is_about_it(one_fails):
    _, result, outcomes = one_fails

    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "intervention/01_weights@coaching": "failed",
        "intervention/01_weights@training": "ok",
        "district/02_sums@belfast": "ok",
        "district/02_sums@n-eastern": "ok",
        "intervention/03_effects@coaching": "skipped",
        "intervention/03_effects@training": "ok",
        "city/04_page": "ok",
    }
    assert result.exit_code == 1
    assert "failed   intervention/01_weights@coaching" in summary(result)
    assert "The report (not complete, see above)" in summary(result)


def test_what_a_failing_intervention_half_wrote_is_not_collected(one_fails):
    project, _, _ = one_fails

    assert (project.run_dir / "site" / "index.html").read_text() == "weights-training.txt"
    assert (project.run_dir / "work" / "sums-belfast.txt").read_text() == "weights-training.txt"


def test_a_mended_intervention_is_collected_by_the_next_run(one_fails, tiny, tmp_path):
    shutil.copytree(one_fails[0].root, tmp_path / "tiny", copy_function=shutil.copy)
    project = tiny.TinyProject(tmp_path / "tiny")
    project.add(
        "intervention/01_weights",
        tiny.write_code("work/weights-{intervention}.txt"),
        writes=["work/weights-{slug}.txt"],
    )

    result = project.run()

    assert result.exit_code == 0
    page = (project.run_dir / "site" / "index.html").read_text()
    assert page == "weights-coaching.txt weights-training.txt"


@pytest.fixture(scope="module")
def one_district_fails(tiny, tmp_path_factory):
    """A run whose first district fails after the city's first notebook: its project, result and
    outcomes by unit.
    """
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("one_district") / "tiny")
    project.add_three_stations()
    project.add(
        "district/01_part",
        "{'N.Eastern': 1}[district];",
        tiny.write_code("published/part-{district.lower().replace('.', '-')}.txt"),
        after=["city/00_first"],
        writes=["published/part-{slug}.txt"],
    )
    project.add(
        "district/03_page",
        tiny.write_code("site/{district.lower().replace('.', '-')}.html"),
        after=["district/01_part"],
        writes=["site/{slug}.html"],
    )
    stood_in = []
    result = project.run(stand_in=lambda _run, page, _last: stood_in.append(page))
    return result, {outcome.unit: outcome.status for outcome in result.outcomes}, stood_in


def test_a_failing_district_stops_only_what_is_about_it(one_district_fails):
    result, statuses, _ = one_district_fails

    assert statuses == {
        "city/00_first": "ok",
        "district/01_part@belfast": "failed",
        "district/01_part@n-eastern": "ok",
        "district/03_page@belfast": "skipped",
        "district/03_page@n-eastern": "ok",
        "city/02_last": "ok",
    }
    assert result.exit_code == 1


def test_a_page_that_could_not_be_made_has_a_stand_in_and_is_named(one_district_fails):
    result, _, stood_in = one_district_fails

    assert stood_in == ["site/belfast.html"]
    line = "missing  pages that could not be made, and say so: site/belfast.html"
    assert line in summary(result).splitlines()


def test_what_would_collect_is_skipped_where_a_notebook_of_the_city_took_all_away(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add_protocols("coaching", "training")
    project.add("city/00_first", "1 / 0")
    project.add("intervention/01_weights", after=["city/00_first"])
    project.add("district/02_sums", after=["intervention/01_weights"])
    project.add("city/03_page", after=["district/02_sums"])

    result = project.run()

    statuses = [outcome.status for outcome in result.outcomes]
    assert statuses == ["failed", *["skipped"] * 5]


def test_there_is_no_report_where_the_only_district_fails(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add_three_stations()
    project.add("district/01_part", "1 / 0", after=["city/00_first"])
    stood_in = []

    result = project.run(stand_in=lambda _run, page, _last: stood_in.append(page))

    assert [outcome.status for outcome in result.outcomes] == ["ok", "failed", "failed", "skipped"]
    assert (result.report, stood_in) == (None, [])


def test_a_failing_unit_leaves_none_of_its_outputs(stormy):
    project, _, outcomes = stormy

    assert outcomes["city/12_half"].status == "failed"
    assert not (project.run_dir / "work" / "half.txt").exists()


def test_failing_units_do_not_stop_the_others(stormy):
    _, _, outcomes = stormy

    assert outcomes["city/08_good"].status == "ok"


def test_error_of_a_notebook_is_told_by_kind_and_place_without_its_data(stormy):
    project, _, outcomes = stormy

    outcome = outcomes["city/01_key_error"]

    assert outcome.failure.text == "KeyError at In [3]"
    assert (
        outcome.look_at
        == project.run_dir / "work" / "failed" / "city" / "01_key_error.failed.ipynb"
    )
    assert SECRET in outcome.look_at.read_text()


def test_own_error_of_a_notebook_is_told_by_its_four_lines(stormy):
    _, _, outcomes = stormy

    what, where, why, fix = outcomes["city/02_own_error"].failure.text.splitlines()

    assert what == "IntakeError: 3 rows are wrong."
    assert where == "  where: person.csv, lines 1, 2, 3"
    assert why == "  why:   They break the contract."
    assert fix == "  fix:   Ask the sender."


def test_a_unit_does_not_read_what_no_unit_before_it_writes(stormy):
    _, _, outcomes = stormy

    what, where, *_ = outcomes["city/11_reads"].failure.text.splitlines()

    assert (
        what == "BatchError: A notebook reads a file that no notebook before it declares to write."
    )
    assert where == "  where: city/11_reads: work/person.parquet"


def test_dead_kernel_is_reported(stormy):
    _, _, outcomes = stormy

    assert (
        outcomes["city/03_dead"].failure.headline
        == "the kernel died (killed, out of memory, or a crash in compiled code)"
    )


def test_unit_beyond_its_time_limit_is_stopped(stormy):
    _, _, outcomes = stormy

    assert (
        outcomes["city/04_slow"].failure.headline
        == "not finished within the time limit of 10 seconds"
    )


def test_declared_output_that_was_not_written_fails_the_unit(stormy):
    _, _, outcomes = stormy

    what, where, why, fix = outcomes["city/05_forgets"].failure.text.splitlines()

    assert what == "BatchError: 2 declared outputs were not written."
    assert where == "  where: city/05_forgets: published/never.parquet, published/never.json"
    assert (
        why == "  why:   Later notebooks and the report rely on what a notebook declares in "
        "metadata.evalkit.writes."
    )
    assert (
        fix
        == "  fix:   write the file in the notebook's last cell, or take it out of the declaration."
    )


def test_id_in_an_executed_notebook_keeps_it_from_its_place_without_showing_it(stormy):
    project, _, outcomes = stormy

    what, where, why, fix = outcomes["city/06_shows"].failure.text.splitlines()

    assert what == "DisclosureError: An executed notebook holds 1 id of persons or households."
    assert where == "  where: city/06_shows, cells 5 (the injected parameters count as one)"
    assert (
        why
        == "  why:   Executed notebooks are outputs too and are shown to others. It was not put in "
        "place."
    )
    assert "Published" in fix
    assert not (project.run_dir / "notebooks" / "city" / "06_shows.ipynb").exists()


def test_id_in_a_page_fails_the_unit_and_withholds_the_page(stormy):
    project, _, outcomes = stormy

    what, where, why, fix = outcomes["city/07_page"].failure.text.splitlines()

    assert what == "DisclosureError: 1 file about to leave holds 1 id of persons or households."
    assert where == "  where: city/07_page: site/page.html; moved to work/withheld/"
    assert (
        why == "  why:   Published tables and pages must neither name a person nor open a database."
    )
    assert "Published" in fix
    assert not (project.run_dir / "site" / "page.html").exists()
    assert (project.run_dir / "work" / "withheld" / "site" / "page.html").exists()


def test_page_that_nobody_declared_is_looked_through_at_the_end(stormy):
    project, result, outcomes = stormy

    assert outcomes["city/09_stray"].status == "ok"
    assert "site/stray.html" in result.gate.text
    assert not (project.run_dir / "site" / "stray.html").exists()


def test_dependants_of_a_failed_unit_are_skipped_with_the_cause(stormy):
    project, _, outcomes = stormy

    records = {attempt.unit: attempt for attempt in read_attempts(project.run_dir)}

    assert outcomes["district/10_after@belfast"].status == "skipped"
    assert outcomes["district/10_after@belfast"].reason == "depends on city/01_key_error"
    assert records["district/10_after@belfast"].error == "depends on city/01_key_error"


def test_exit_code_is_that_of_the_gravest_failure(stormy):
    _, result, _ = stormy

    assert result.exit_code == 4


def test_neither_manifest_nor_leaving_folders_hold_the_id(stormy):
    project, _, _ = stormy

    leaving = [
        project.run_dir / "manifest.jsonl",
        *(path for name in ("site", "notebooks", "published") for path in files(project, name)),
    ]

    assert not [path for path in leaving if SECRET in path.read_text()]


def files(project, folder: str) -> list:
    return [path for path in (project.run_dir / folder).rglob("*") if path.is_file()]


def test_run_folder_in_use_is_refused(tiny, tmp_path):
    from evalkit.batch.lock import locked

    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add_three_stations()
    project.home.mkdir(parents=True)

    with locked(project.home), pytest.raises(BatchError) as fault:
        project.run()

    assert fault.value.what == "This run is being executed already."


def test_interrupt_stops_kernels_records_it_and_leaves_no_half_output(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add(
        "city/00_slow", tiny.write_code("work/started.txt"), SLEEP, writes=["work/started.txt"]
    )
    project.add("city/01_next", after=["city/00_slow"])
    threading.Thread(
        target=interrupt_when_there, args=(project.run_dir / "work" / "started.txt",)
    ).start()

    result = project.run()

    assert result.exit_code == 130
    assert [outcome.status for outcome in result.outcomes] == ["interrupted", "interrupted"]
    assert [attempt.status for attempt in read_attempts(project.run_dir)] == ["interrupted"]
    assert not (project.run_dir / "notebooks").exists()


def interrupt_when_there(path) -> None:
    while not path.exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
