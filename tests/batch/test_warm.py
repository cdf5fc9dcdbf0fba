import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest

from evalkit.batch import warm
from evalkit.batch.kernels import fixed_environment, make_socket_folder, remove_socket_folder
from evalkit.batch.warm import WarmParent, warm_kernels, warm_parent
from evalkit.batch.warm_process import packages_of
from evalkit.params import PASSWORD_VARIABLE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="kernels are forked on Linux alone"),
]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
DISTRICTS = ("belfast", "n-eastern")
# More than it takes here, under load; nothing is waited for that has happened.
PATIENCE_SECONDS = 60.0
WHOSE_CHILD = """
import os
from evalkit import draws
import numpy
parent = open(f"/proc/{os.getppid()}/cmdline").read().split(chr(0))
facts = {"parent": parent, "chance": numpy.random.random(), "has_password": PASSWORD in os.environ}
""".replace("PASSWORD", repr(PASSWORD_VARIABLE))
WRITE_FACTS = """
import json
from pathlib import Path
name = globals().get("district", "first").lower().replace(".", "-")
(Path(run_dir) / "work" / f"facts-{name}.json").write_text(json.dumps(facts));
"""
SLEEP_AND_SAY = """
import os, time
from pathlib import Path
(Path(run_dir) / "work" / "asleep").write_text(f"{os.getpid()} {os.getppid()}")
time.sleep(600)
"""
RUN = """
import sys
from pathlib import Path
sys.path[:0] = [{here!r}]
from tiny_project import TinyProject
TinyProject(Path({root!r})).run()
"""


def make_project(tiny, folder):
    project = tiny.make_tiny_project(folder / "tiny")
    project.add_three_stations()
    for name in ("city/00_first", "district/01_part"):
        notebook = nbformat.read(project.notebook_path(name), as_version=4)
        notebook.cells += map(nbformat.v4.new_code_cell, (WHOSE_CHILD, WRITE_FACTS))
        nbformat.write(notebook, project.notebook_path(name))
    return project


def facts_of(project):
    return {
        name: json.loads((project.run_dir / "work" / f"facts-{name}.json").read_text())
        for name in ("first", *DISTRICTS)
    }


def is_forked(facts):
    return "evalkit.batch.warm_process" in facts["parent"]


@pytest.fixture(scope="module")
def both(tiny, tmp_path_factory):
    """The same project, run with forked kernels and with kernels started anew."""
    project = make_project(tiny, tmp_path_factory.mktemp("warm"))
    copy = shutil.copytree(project.root, tmp_path_factory.mktemp("cold") / "tiny")
    projects = {"warm": project, "cold": tiny.TinyProject(copy)}
    for way, each in projects.items():
        assert all(outcome.is_good for outcome in each.run(is_cold=way == "cold").outcomes)
    return projects


@pytest.fixture
def sockets():
    folder = make_socket_folder()
    yield folder
    remove_socket_folder(folder)


@pytest.fixture
def parent_of(sockets):
    """What forks kernels that have imported modules; ended afterwards."""
    parents = []

    def make(*modules, **more):
        environment = fixed_environment(sockets, {**os.environ, **more})
        parents.append(WarmParent(modules, sockets, environment))
        return parents[-1]

    yield make
    for parent in parents:
        parent.close()


def fork(parent, sockets):
    """A kernel of this parent, or none."""
    with open(sockets / "log", "wb") as log:
        return parent.fork(
            ["-f", str(sockets / "k1.json"), "--transport=ipc"],
            environment=fixed_environment(sockets, os.environ),
            folder=str(sockets),
            log=log.fileno(),
        )


def has_ended(pid):
    """Whether a process is gone, or only waits for its end to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(is_so):
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    assert is_so()


def test_kernels_are_forks_unless_they_are_asked_to_be_started_anew(both):
    assert all(map(is_forked, facts_of(both["warm"]).values()))
    assert not any(map(is_forked, facts_of(both["cold"]).values()))


def test_forks_leave_what_kernels_started_anew_leave(both):
    left = {
        way: {
            file.relative_to(project.run_dir): file.read_bytes()
            for folder in ("published", "site", "notebooks")
            for file in (project.run_dir / folder).rglob("*.*")
        }
        for way, project in both.items()
    }

    assert left["warm"] == left["cold"]


def test_each_fork_has_its_own_chance(both):
    chances = {facts["chance"] for facts in facts_of(both["warm"]).values()}

    assert len(chances) == len(DISTRICTS) + 1


def test_forks_write_down_at_least_what_kernels_started_anew_do(both):
    read = {way: {} for way in both}
    for way, project in both.items():
        for file in (project.run_dir / "work" / "reads").glob("*.json"):
            read[way] |= json.loads(file.read_text())

    assert read["cold"]
    assert set(read["cold"]) - set(read["warm"]) <= {"debugpy"}


def test_password_reaches_no_fork(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "sesame")
    project = make_project(tiny, tmp_path)

    project.run()

    facts = facts_of(project)
    assert facts["first"]["has_password"]
    assert not is_forked(facts["first"])
    assert all(is_forked(facts[name]) for name in DISTRICTS)
    assert not any(facts[name]["has_password"] for name in DISTRICTS)


def test_kernel_starts_anew_where_nothing_can_be_forked(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(warm, "_PROCESS", "evalkit.no_such_module")
    project = make_project(tiny, tmp_path)

    assert all(outcome.is_good for outcome in project.run().outcomes)
    assert not any(map(is_forked, facts_of(project).values()))


def test_killed_runner_leaves_no_kernel_behind(tiny, tmp_path):
    project = make_project(tiny, tmp_path)
    project.add("city/00_first", SLEEP_AND_SAY, writes=["work/first.txt"])
    code = RUN.format(here=str(Path(__file__).parent), root=str(project.root))
    runner = subprocess.Popen([sys.executable, "-c", code])
    said = lambda: list(project.home.glob("*/work/asleep"))  # noqa: E731
    wait_until(lambda: said() and said()[0].read_text())
    kernel, parent = map(int, said()[0].read_text().split())
    assert parent != runner.pid

    runner.kill()
    runner.wait()

    wait_until(lambda: has_ended(kernel) and has_ended(parent))


def test_silent_parent_is_asked_once(parent_of, sockets, monkeypatch):
    monkeypatch.setattr(warm, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(warm, "END_SECONDS", 0.2)
    parent = parent_of()
    os.kill(parent.process.pid, signal.SIGSTOP)

    assert fork(parent, sockets) is None
    assert parent.is_silent
    assert fork(parent, sockets) is None


def test_process_with_a_second_thread_forks_nothing(parent_of, sockets, tmp_path):
    (tmp_path / "starts_a_thread.py").write_text(
        textwrap.dedent("""
            import threading
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        """)
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    assert fork(parent_of("starts_a_thread", PYTHONPATH=path), sockets) is None


def test_kernels_can_be_forked_for_the_notebooks_that_are_shipped(sockets):
    """None of what they import at once starts a thread, but what is left out."""
    notebooks = sorted(NOTEBOOKS.glob("[cdi]*/*.ipynb"))
    environment = fixed_environment(sockets, os.environ)
    with warm_kernels(sockets, notebooks, environment=environment):
        kernel = fork(warm_parent(sockets), sockets)

        assert kernel is not None
        assert kernel.poll() is None
        kernel.kill()
        assert kernel.wait(PATIENCE_SECONDS) == 0


def test_what_rooms_import_is_imported_before_without_what_starts_threads():
    packages = packages_of(["evalkit.charts", "evalkit.params.read_run"])

    assert {"numpy", "pydantic", "altair"} <= set(packages)
    assert not any(name.split(".")[0] in ("polars", "evalkit", "os") for name in packages)
