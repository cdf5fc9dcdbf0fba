"""Runs whose runner is killed at random moments, by a signal that nobody can answer: begun again
with other --jobs, they end with the very bytes of a run that nobody disturbed, and leave nothing.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from itertools import count, cycle
from pathlib import Path
from uuid import uuid4

import pytest

PROJECT = Path(__file__).parents[2]
# Kernels inherit the runner's environment: by this variable what is left of a run is found.
MARK = "EVALKIT_TEST_OF_KILLS"
OTHER_JOBS = (1, 3, 4)
# A kernel looks once a second whether its runner still is there.
SECONDS_TO_END = 30
# What tells of the attempts themselves and of where they were made, and not of what was made.
OF_ATTEMPTS = {"manifest.jsonl", ".remembered.json", "run.json"}
# What units read lies there by attempt: a kernel that was forked has imported more than one that
# was started anew, and which are depends on how many units a runner still finds to do.
READS = "reads"
HALF_WRITTEN = re.compile(r"^\..+\.\d+$")
TAKES_A_MOMENT = "import time\ntime.sleep(0.5)"


def start(run_file: Path, out: Path, jobs: int, mark: str) -> subprocess.Popen:
    """A runner of its own, as the command starts it."""
    order = ["run", str(run_file), "--out", str(out), "--jobs", str(jobs)]
    return subprocess.Popen(
        [sys.executable, "-m", "evalkit", *order],
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_whole(run_file: Path, out: Path, jobs: int, mark: str) -> float:
    """Run to the end, undisturbed; returns the seconds that it took."""
    began = time.monotonic()
    runner = start(run_file, out, jobs, mark)
    told, _ = runner.communicate()
    assert runner.returncode == 0, told
    return time.monotonic() - began


def run_killed(
    run_file: Path, out: Path, mark: str, moments: list[float], jobs_in_turn: cycle
) -> int:
    """Kill the runner at each of these moments, counted in seconds that a runner was at work, and
    begin again; then run to the end. Returns how many runners were killed.
    """
    n_killed = 0
    for before, moment in zip([0.0, *moments], moments, strict=False):
        runner = start(run_file, out, next(jobs_in_turn), mark)
        try:
            told, _ = runner.communicate(timeout=moment - before)
            assert runner.returncode == 0, told
        except subprocess.TimeoutExpired:
            runner.send_signal(signal.SIGKILL)
            runner.wait()
            runner.stdout.close()
            n_killed += 1
    run_whole(run_file, out, next(jobs_in_turn), mark)
    return n_killed


def random_moments(n: int, seconds: float, chance: random.Random) -> list[float]:
    return sorted(chance.uniform(0, seconds) for _ in range(n))


def made(out: Path) -> dict[str, bytes]:
    """What a run has made (private tables, published ones, pages, executed notebooks), by path."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name not in OF_ATTEMPTS and path.parent.name != READS
    }


def unlike(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The paths that only one of both has, or that hold other bytes."""
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def left_running(mark: str) -> list[int]:
    """The processes that a run left, after the time in which they may end by themselves."""
    for _ in range(SECONDS_TO_END):
        pids = [
            pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if bears(pid, mark)
        ]
        if not pids:
            break
        time.sleep(1)
    return pids


def bears(pid: int, mark: str) -> bool:
    try:
        return f"{MARK}={mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def assert_killed_equals_whole(run_file: Path, folder: Path, *, n_kills: int, n_a_run: int) -> None:
    """Kill runs of this file so often, `n_a_run` times each, and compare with one left alone."""
    entropy, mark = random.SystemRandom().getrandbits(32), uuid4().hex
    chance, jobs_in_turn = random.Random(entropy), cycle(OTHER_JOBS)
    seconds = run_whole(run_file, folder / "whole", 2, mark)
    expected, n_killed = made(folder / "whole"), 0
    for number in count():
        moments = random_moments(n_a_run, seconds, chance)
        about = f"moments {[round(moment, 2) for moment in moments]} of {seconds:.1f} s ({entropy})"
        out = folder / f"killed_{number}"
        n_killed += run_killed(run_file, out, mark, moments, jobs_in_turn)
        outcome = made(out)
        assert unlike(expected, outcome) == [], about
        assert [path for path in outcome if HALF_WRITTEN.match(Path(path).name)] == [], about
        print(f"{n_killed} runners killed so far, {len(outcome)} files compared; {about}")
        if n_killed >= n_kills:
            break
    assert left_running(mark) == []


@pytest.mark.slow
def test_a_run_killed_three_times_ends_with_the_bytes_of_one_left_alone(project, tiny):
    project.add_three_stations()
    part = tiny.write_code("published/part-{district.lower().replace('.', '-')}.txt")
    project.add(
        "district/01_part",
        part,
        TAKES_A_MOMENT,
        after=["city/00_first"],
        writes=["published/part-{slug}.txt"],
    )

    assert_killed_equals_whole(project.run_file, project.root, n_kills=1, n_a_run=3)


@pytest.mark.prove
def test_northern_ireland_killed_twenty_times_ends_with_the_bytes_of_a_run_left_alone(tmp_path):
    run_file = PROJECT / "params" / "northern_ireland.yaml"

    assert_killed_equals_whole(run_file, tmp_path, n_kills=20, n_a_run=5)
