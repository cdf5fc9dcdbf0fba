"""Units on a cluster: a scheduler and workers of dask.distributed on this machine, started as
docs/BATCH.md has it; one of them is killed while it executes a unit.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from evalkit.batch.bounds import Bounds
from evalkit.batch.outcome import INTERRUPTED_EXIT
from evalkit.batch.workers import workers
from evalkit.errors import BatchError

pytestmark = pytest.mark.slow

WAIT_SECONDS = 60
# The first time that the unit is executed it says by whom, and waits until that worker is killed.
WAITS_ONCE = """
import os, time
from pathlib import Path
going = Path(run_dir).parent / "going"
if district == "Belfast" and not going.exists():
    going.with_suffix(".new").write_text(f"{os.getppid()} {os.getpid()}")
    os.replace(going.with_suffix(".new"), going)
    time.sleep(100)
"""
COUNTS = """
from pathlib import Path
count = Path(run_dir).parent / "n_first"
count.write_text(str(int(count.read_text()) + 1 if count.exists() else 1));
"""
HOLDS_MEMORY = "held = bytearray(600_000_000)\nimport time\ntime.sleep(60)"


@contextmanager
def _dask(*arguments):
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for(condition):
    end = monotonic() + WAIT_SECONDS
    while not condition():
        assert monotonic() < end
        sleep(0.05)


@contextmanager
def _scheduler(folder):
    place = folder / "scheduler.json"
    with _dask(
        *("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"),
        *("--scheduler-file", str(place)),
    ):
        _wait_for(place.exists)
        yield json.loads(place.read_text())["address"]


@contextmanager
def _cluster(folder, *, n_workers):
    """The address of a scheduler with so many workers of one thread each."""
    from distributed import Client

    with ExitStack() as stack:
        address = stack.enter_context(_scheduler(folder))
        for number in range(n_workers):
            place = str(folder / f"worker{number}")
            stack.enter_context(
                _dask(
                    *("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
                    *("--local-directory", place),
                )
            )
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(n_workers, timeout=WAIT_SECONDS)
        yield address


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers; a test takes the first of them away."""
    with _cluster(tmp_path_factory.mktemp("dask"), n_workers=2) as address:
        yield address


def _project(tiny, folder, *cells):
    project = tiny.make_tiny_project(folder / "tiny")
    project.add_three_stations()
    project.add(
        "city/00_first",
        COUNTS,
        tiny.write_code("work/first.txt"),
        writes=["work/first.txt"],
    )
    project.add(
        "district/01_part",
        *cells,
        tiny.write_code("published/part-{district.lower().replace('.', '-')}.txt"),
        after=["city/00_first"],
        writes=["published/part-{slug}.txt"],
    )
    return project


def _is_alive(process):
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _left(project):
    """What a run leaves for others, by its path."""
    files = (
        path
        for folder in ("published", "site", "notebooks")
        for path in (project.run_dir / folder).rglob("*")
    )
    return {
        path.relative_to(project.run_dir).as_posix(): path.read_bytes()
        for path in files
        if path.is_file()
    }


def _kill_once_going(project, killed):
    going = project.home / "going"
    _wait_for(going.exists)
    killed += map(int, going.read_text().split())
    os.kill(killed[0], signal.SIGKILL)


def test_a_worker_killed_in_the_middle_loses_nothing(tiny, cluster, tmp_path):
    project = _project(tiny, tmp_path, WAITS_ONCE)
    killed = []
    killer = threading.Thread(target=_kill_once_going, args=(project, killed))
    killer.start()

    result = project.run(scheduler=cluster, jobs=0)
    killer.join()

    assert result.exit_code == 0
    assert {outcome.status for outcome in result.outcomes} == {"ok"}
    assert os.getpid() not in killed
    assert (project.home / "n_first").read_text() == "1"
    _wait_for(lambda: not any(map(_is_alive, killed)))
    on_cluster = _left(project)
    assert project.run(force=True).exit_code == 0
    assert _left(project) == on_cluster


def test_a_unit_on_a_worker_has_a_bound_of_memory(tiny, cluster, tmp_path):
    project = _project(tiny, tmp_path, HOLDS_MEMORY)

    result = project.run(
        scheduler=cluster, only="Belfast", bounds=Bounds(memory_limit_bytes=400_000_000)
    )

    [failed] = result.of("failed")
    assert failed.unit == "district/01_part@belfast"
    assert "memory" in failed.failure.headline


def test_a_run_that_is_stopped_ends_its_kernels_on_the_workers(tiny, cluster, tmp_path):
    project = _project(tiny, tmp_path, WAITS_ONCE)
    command = [sys.executable, "-m", "evalkit", "run", project.run_file, "--scheduler", cluster]
    run = subprocess.Popen(
        [*command, "--out", project.home.parent], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    _wait_for((project.home / "going").exists)
    _, kernel = map(int, (project.home / "going").read_text().split())

    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=WAIT_SECONDS)

    assert run.returncode == INTERRUPTED_EXIT
    assert b"goes on where this one stopped" in said
    _wait_for(lambda: not _is_alive(kernel))
    assert project.run(scheduler=cluster).exit_code == 0


def test_what_cannot_be_used_is_refused_before_anything_is_run(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("evalkit.batch.workers.CONNECT_SECONDS", 1)
    project = _project(tiny, tmp_path)

    with pytest.raises(BatchError, match="does not answer") as silent:
        project.run(scheduler="tcp://127.0.0.1:9")
    with (
        _scheduler(tmp_path) as address,
        pytest.raises(BatchError, match="no workers"),
        workers(0, scheduler=address, home=tmp_path),
    ):
        pass

    assert len(str(silent.value).splitlines()) == 4
    assert not list(project.home.glob("*/manifest.jsonl"))


def test_a_worker_that_does_not_see_the_folder_is_refused(cluster, tmp_path):
    with (
        pytest.raises(BatchError, match="cannot execute") as refused,
        workers(0, scheduler=cluster, home=tmp_path / "elsewhere"),
    ):
        pass

    assert "elsewhere" in str(refused.value)
