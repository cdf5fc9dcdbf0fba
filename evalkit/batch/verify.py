"""Whether the files of a vintage are still as they were when they were made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evalkit.batch.manifest import Attempt, read_attempts
from evalkit.tables import sha256_of


@dataclass(frozen=True)
class Difference:
    """A file that is not as it was recorded, and the unit that made it."""

    path: str
    unit: str
    what: Literal["changed", "missing"]


def recorded_outputs(run_dir: Path) -> dict[str, tuple[str, str]]:
    """The files that a vintage's units left, by path inside its folder: the unit that made each and
    its SHA-256. A unit whose last attempt did not end well has none.
    """
    return {
        file.path: (attempt.unit, file.sha256)
        for attempt in last_attempts(run_dir).values()
        for file in attempt.outputs
    }


def last_attempts(run_dir: Path) -> dict[str, Attempt]:
    """The last attempt at each unit, by unit."""
    return {attempt.unit: attempt for attempt in read_attempts(run_dir)}


def differences(run_dir: Path) -> tuple[Difference, ...]:
    """The files of a vintage that are not as recorded; each is read and hashed anew."""
    found = []
    for path, (unit, sha256) in sorted(recorded_outputs(run_dir).items()):
        file = run_dir / path
        if not file.is_file():
            found.append(Difference(path, unit, "missing"))
        elif sha256_of(file) != sha256:
            found.append(Difference(path, unit, "changed"))
    return tuple(found)
