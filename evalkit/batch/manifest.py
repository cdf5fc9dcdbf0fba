"""manifest.jsonl: one line for each attempt at a unit, appended and never changed.

A line is written in one call and synced, so a kill can tear at most the last one; a torn line is
ignored when reading and closed off by the next append. The only clock times of a run stand here.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from evalkit.params import Run
from evalkit.records import hash_of
from evalkit.tables import sha256_of

MANIFEST = "manifest.jsonl"


@dataclass(frozen=True)
class FileHash:
    """A file by its path (inside the run folder, or by its role among the inputs) and its
    SHA-256.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Attempt:
    """One attempt at a unit.

    `status` is ok, failed, skipped or interrupted; `error` is one line without data; `key` tells
    what the unit's result rests on, by part; `started` is UTC (ISO 8601), `seconds` the wall time.
    """

    run_id: str
    unit: str
    notebook: str
    params_hash: str
    key: dict[str, str]
    inputs: tuple[FileHash, ...]
    outputs: tuple[FileHash, ...]
    seed: int
    versions: dict[str, str]
    attempts: int
    status: str
    error: str | None
    started: str | None
    seconds: float | None


def append_attempt(run: Run, attempt: Attempt) -> None:
    """Append one line to the run's manifest and sync it to the disk."""
    path = run.run_dir / MANIFEST
    line = json.dumps(asdict(attempt), ensure_ascii=False) + "\n"
    torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, (("\n" if torn else "") + line).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_attempts(run_dir: Path) -> list[Attempt]:
    """The attempts of a run, oldest first; torn lines and lines of another form are left out."""
    path = run_dir / MANIFEST
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [attempt for line in lines if (attempt := _parse(line))]


def hash_files(run_dir: Path, paths: tuple[str, ...]) -> tuple[FileHash, ...]:
    """The hashes of those of the given files (paths inside the run folder) that exist."""
    return tuple(
        FileHash(path, sha256_of(run_dir / path)) for path in paths if (run_dir / path).is_file()
    )


def params_hash(run: Run) -> str:
    """The hash of the run's parameters, as it stands in every record."""
    return hash_of(run.params)


def _parse(line: bytes) -> Attempt | None:
    try:
        content = json.loads(line)
        files = {
            side: tuple(FileHash(**file) for file in content.pop(side))
            for side in ("inputs", "outputs")
        }
        return Attempt(**content, **files)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
