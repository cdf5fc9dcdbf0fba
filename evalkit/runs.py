"""Runs and their vintages: where they lie, which is the newest, and the example if there is none.

runs/NAME/ holds a folder for each vintage, named by the last month of the data and the hash of what
went in (2026-06-1a2b3c4d; a vintage that is made again has a number behind it), and `latest`, which
names the one that readers see: the newest that was finished. Where a file system has no symbolic
links, `latest` is a file with the vintage's name, and latest.html opens its report.
"""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import ParameterError, nearest
from evalkit.shipped import shipped

if TYPE_CHECKING:
    import polars as pl

# Names the folder of the runs where it is not that of a project.
RUNS_VARIABLE = "EVALKIT_RUNS"
RUNS = "runs"
# A folder of this name stands in every project, beside that of the runs.
NOTEBOOKS = "notebooks"
RUN_RECORD = "run.json"
LATEST = "latest"
# How many earlier vintages are kept, if nothing else is said.
KEPT_VINTAGES = 3
_VINTAGE = re.compile(r"\d{4}-\d{2}-[0-9a-f]{8}(\.\d+)?")
_FINISHED_BY = ("site", "index.html")
_EXAMPLE = ("params", "northern_ireland.yaml")
# A line of the progress that says what has begun; those that say what has ended are enough here.
_BEGINS = "start "


def find_run(run_dir: Path | str = "") -> Path:
    """The folder of a run's vintage: the one that is given, else of the newest finished run.

    Where nothing has finished yet, the example that comes with evalkit is run then and there, which
    takes about a minute and is told as it goes on.

    Parameters
    ----------
    run_dir : path, optional
        A run's folder (its latest vintage is taken) or that of a vintage, or its name in the folder
        of the runs (see `runs_folder`). Empty: the newest finished run.

    Returns
    -------
    Path
        The vintage's folder, absolute.

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
    """Where the runs lie: the folder that EVALKIT_RUNS names, else runs/ of the project that this
    is, or of the nearest folder upwards that has one, or the place for it here.
    """
    if named := os.environ.get(RUNS_VARIABLE):
        return Path(named).resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if is_project(folder) or (folder / RUNS).is_dir():
            return folder / RUNS
    return here / RUNS


def is_project(folder: Path) -> bool:
    """Whether a folder is a project's: it has notebooks, as the folder of a vintage has too."""
    return (folder / NOTEBOOKS).is_dir() and not (folder / RUN_RECORD).is_file()


def finished_runs(folder: Path) -> list[Path]:
    """The finished vintage that readers see of each run, that of the newest run first."""
    seen = [vintage for run in runs_in(folder) if (vintage := _seen_of(run))]
    return [vintage for vintage, _ in sorted(seen, key=lambda one: (-one[1], one[0]))]


def list_runs(folder: Path | None = None) -> "pl.DataFrame":
    """The runs that there are: the one that notebooks open first, then the others.

    Parameters
    ----------
    folder : Path, optional
        The folder of the runs; without it the one of `runs_folder`.

    Returns
    -------
    DataFrame
        One row per run: `run` (its name, which a notebook takes as run_dir), `vintage` (the one
        that readers see) and `finished` (since when they see it, local time); both are null where
        the run has not finished.
    """
    import polars as pl

    found = [(run.name, _seen_of(run)) for run in runs_in(folder or runs_folder())]
    rows = [
        (name, seen and seen[0].name, seen and datetime.fromtimestamp(seen[1] // 10**9))
        for name, seen in found
    ]
    schema = {"run": pl.String, "vintage": pl.String, "finished": pl.Datetime}
    listed = pl.DataFrame(rows, schema=schema, orient="row")
    return listed.sort("finished", descending=True, nulls_last=True, maintain_order=True)


def _seen_of(run_folder: Path) -> tuple[Path, int] | None:
    """The finished vintage that readers see of a run, and since when (nanoseconds)."""
    if (vintage := latest_of(run_folder)) is not None:
        return vintage, (run_folder / LATEST).lstat().st_mtime_ns
    page = run_folder.joinpath(*_FINISHED_BY)
    return (run_folder, page.stat().st_mtime_ns) if page.is_file() else None


def runs_in(folder: Path) -> list[Path]:
    """The folders of all runs, finished or not, by name."""
    return sorted(run for run in folder.glob("*/") if vintage_folder(run) is not None)


def latest_of(run_folder: Path) -> Path | None:
    """The vintage that readers of a run see; None where none has been finished."""
    name = _pointed_to(run_folder / LATEST)
    vintage = run_folder / Path(name).name
    return vintage.resolve() if name and (vintage / RUN_RECORD).is_file() else None


def _pointed_to(pointer: Path) -> str:
    if pointer.is_symlink():
        return os.readlink(pointer)
    if pointer.is_file():
        return pointer.read_text(encoding="utf-8").strip()
    # Who copies a run's folder without its links has a copy of the vintage here.
    record = pointer / RUN_RECORD
    return json.loads(record.read_text(encoding="utf-8"))["run_dir"] if record.is_file() else ""


def vintages_of(run_folder: Path) -> list[Path]:
    """The vintages of a run, finished or not, that which was worked on last first."""
    times = {
        record.parent: record.stat().st_mtime_ns
        for record in run_folder.glob(f"*/{RUN_RECORD}")
        if _VINTAGE.fullmatch(record.parent.name)
    }
    return sorted(times, key=lambda folder: (times[folder], folder.name), reverse=True)


def parts_begun(run_folder: Path) -> list[Path]:
    """Folders of vintages that were never begun to the end: a killed run left them."""
    return sorted(
        folder
        for folder in run_folder.glob("*/")
        if _VINTAGE.fullmatch(folder.name) and not (folder / RUN_RECORD).exists()
    )


def vintage_folder(folder: Path) -> Path | None:
    """The vintage that a folder stands for: itself, or of a run's folder the latest, or the one
    worked on last where none is finished; None where it is neither.
    """
    if (latest := latest_of(folder)) is not None:
        return latest
    if (folder / RUN_RECORD).is_file():
        return folder.resolve()
    begun = vintages_of(folder)
    return begun[0].resolve() if begun else None


def base_of(vintage: str) -> str:
    """The name of a vintage without the number that it bears if it was made again."""
    return vintage.partition(".")[0]


def time_made(vintage: str) -> int:
    """Whether a vintage was made the first, the second ... time, by its name."""
    return int(vintage.partition(".")[2] or 1)


def made_again(vintage: str) -> str:
    """The name that a vintage bears when it is made once more."""
    return f"{base_of(vintage)}.{time_made(vintage) + 1}"


def _given(run_dir: Path) -> Path:
    folder = runs_folder()
    for place in (run_dir, folder / run_dir):
        if (vintage := vintage_folder(place)) is not None:
            return vintage
    known = [run.name for run in runs_in(folder)]
    raise ParameterError(
        "This folder holds no run.",
        where=f"{run_dir / RUN_RECORD}; runs in {folder}: "
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
                if not line.startswith(_BEGINS):
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
