"""The disk that a run is written to: whether it can be, whether there is space for what is to be
made, and what a killed run left half-written.
"""

import os
import re
import shutil
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from evalkit.batch.plan import Unit
from evalkit.errors import BatchError

# What is written beside its place before it is renamed: .NAME.PROCESS
_TEMPORARY = re.compile(r"^\..+\.\d+$")
_MB = 1e6


@contextmanager
def can_be_written(home: Path) -> Generator[None]:
    """Make the folder of a run, and refuse one that cannot be written to before anything is run.

    Raises
    ------
    BatchError
        Naming the folder and what the system says.
    """
    probe = home / f".probe.{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as refused:
        raise BatchError(
            "A run cannot be written to its folder.",
            where=str(home),
            why=f"The operating system says: {refused.strerror}. Nothing was run.",
            fix="choose a folder that you may write to with --out, or have this one opened to you.",
        ) from None
    yield


def refuse_full_disk(home: Path, before: Path, units: Iterable[Unit]) -> None:
    """Refuse to begin where what units left the last time would not fit.

    Raises
    ------
    BatchError
        Naming the bytes that are needed and those that are free.
    """
    files = (before / path for unit in units for path in unit.outputs)
    needed = sum(file.stat().st_size for file in files if file.is_file())
    free = shutil.disk_usage(home).free
    if free <= needed:
        raise BatchError(
            "The disk is too full for this run.",
            where=f"{home}: needed {needed:,} bytes, as the last time; free {free:,} bytes",
            why="The run would stop half-way. Nothing was run.",
            fix="free some space (evalkit run --keep N keeps fewer earlier vintages), or choose "
            "another disk with --out.",
        )


def sweep_temporaries(run_dir: Path) -> None:
    """Remove what a killed run left half-written; nobody else writes while this run is held."""
    for path in run_dir.rglob(".*"):
        if _TEMPORARY.match(path.name) and path.is_file():
            path.unlink(missing_ok=True)
