"""Finished runs: where they lie, which of them is the newest, and the example where there is none.

A run is finished when its site has its first page, which the last of its notebooks writes.
"""

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl

from evalkit.errors import ParameterError, nearest
from evalkit.shipped import shipped

# Names the folder of the runs where it is not that of a project.
RUNS_VARIABLE = "EVALKIT_RUNS"
RUNS = "runs"
# A folder of this name stands in every project, beside that of the runs.
_PROJECT_FOLDER = "notebooks"
_RUN_RECORD = "run.json"
_FINISHED_BY = ("site", "index.html")
_EXAMPLE = ("params", "northern_ireland.yaml")


def find_run(run_dir: Path | str = "") -> Path:
    """The folder of a run: the one that is given, else the newest finished run.

    Where nothing has finished yet, the example that comes with evalkit is run then and there, which
    takes about a minute and is told as it goes on.

    Parameters
    ----------
    run_dir : path, optional
        A run's folder, or its name in the folder of the runs (see `runs_folder`). Empty: the newest
        finished run.

    Returns
    -------
    Path
        The run's folder, absolute.

    Raises
    ------
    ParameterError
        If the given folder holds no run (names the nearest that do), or the example cannot be run.
    """
    if run_dir != "":
        return _given(Path(run_dir))
    folder = runs_folder()
    finished = finished_runs(folder)
    if finished:
        _say(f"The newest finished run: {finished[0]}")
        return finished[0]
    return _run_example(folder)


def runs_folder() -> Path:
    """Where the runs lie: the folder that EVALKIT_RUNS names, else runs/ of the nearest folder
    upwards that has one, else the place for it in the project, or here.
    """
    if named := os.environ.get(RUNS_VARIABLE):
        return Path(named).resolve()
    here = Path.cwd()
    upwards = (here, *here.parents)
    for beside in (RUNS, _PROJECT_FOLDER):
        for folder in upwards:
            if (folder / beside).is_dir():
                return folder / RUNS
    return here / RUNS


def finished_runs(folder: Path) -> list[Path]:
    """The folders of the finished runs, the newest first."""
    pages = [run.joinpath(*_FINISHED_BY) for run in runs_in(folder)]
    times = {page.parents[1]: page.stat().st_mtime_ns for page in pages if page.is_file()}
    return sorted(times, key=lambda run: (-times[run], run.name))


def list_runs(folder: Path | None = None) -> pl.DataFrame:
    """The runs that there are: the one that notebooks open first, then the others.

    Parameters
    ----------
    folder : Path, optional
        The folder of the runs; without it the one of `runs_folder`.

    Returns
    -------
    DataFrame
        One row per run: `run` (its name, which a notebook takes as run_dir) and `finished` (when
        its first page was written, local time; null where it has not finished).
    """
    folder = folder or runs_folder()
    finished = finished_runs(folder)
    others = [run for run in runs_in(folder) if run not in finished]
    pages = [run.joinpath(*_FINISHED_BY) for run in finished]
    times = [datetime.fromtimestamp(round(page.stat().st_mtime)) for page in pages]
    return pl.DataFrame(
        {
            "run": [run.name for run in (*finished, *others)],
            "finished": [*times, *[None] * len(others)],
        },
        schema={"run": pl.String, "finished": pl.Datetime},
    )


def runs_in(folder: Path) -> list[Path]:
    """The folders of all runs, finished or not, by name."""
    return sorted(record.parent for record in folder.glob(f"*/{_RUN_RECORD}"))


def _given(run_dir: Path) -> Path:
    folder = runs_folder()
    for place in (run_dir, folder / run_dir):
        if (place / _RUN_RECORD).is_file():
            return place.resolve()
    known = [run.name for run in runs_in(folder)]
    raise ParameterError(
        "This folder holds no run.",
        where=f"{run_dir / _RUN_RECORD}; runs in {folder}: "
        f"{nearest(run_dir.name, known) if known else 'none'}",
        why="Notebooks and commands read a run's parameters from the run's own folder.",
        fix='name a run\'s folder, or leave run_dir = "" for the newest finished run; a run is '
        "started with: evalkit run params/NAME.yaml",
    )


def _run_example(folder: Path) -> Path:
    """Run the example in a process of its own, as the command does, and tell how it goes on."""
    _say(
        f"No run has finished in {folder} yet. The example that comes with evalkit (real data from "
        "Northern Ireland) is run now, which takes about a minute. Your own is run with: evalkit "
        "run params/NAME.yaml"
    )
    command = [sys.executable, "-m", "evalkit", "run", str(shipped(*_EXAMPLE))]
    said: list[str] = []
    with subprocess.Popen(
        [*command, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            for line in process.stdout or ():
                said.append(line.rstrip())
                _say(said[-1])
        finally:
            process.terminate()
    finished = finished_runs(folder)
    if not finished:
        raise ParameterError(
            "The example could not be run.",
            where=f"{folder}: {said[-1] if said else 'nothing was said'}",
            why="Without a run there is nothing that a notebook could show.",
            fix=f"see what it said with: evalkit run {shipped(*_EXAMPLE)} --out {folder}",
        )
    return finished[0]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
