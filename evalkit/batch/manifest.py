"""manifest.jsonl: one line for each attempt at a unit, appended and never changed.

A line is written in one call and synced, so a kill can tear at most the last one; a torn line is
ignored when reading and closed off by the next append. When the file has grown long, lines that no
later run asks for move to manifest.older.jsonl. The only clock times of a run stand here.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from evalkit.params import Run
from evalkit.records import hash_of
from evalkit.tables import sha256_of

MANIFEST = "manifest.jsonl"
OLDER = "manifest.older.jsonl"
_LONG_BYTES = 4_000_000


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
    what the unit's result rests on, by part: the hash of its notebook, and of each group of what it
    read (`evalkit.batch.dependencies`); `started` is UTC (ISO 8601), `seconds` the wall time.
    """

    run_id: str
    unit: str
    notebook: str
    params_hash: str
    key: dict[str, str]
    outputs: tuple[FileHash, ...]
    seed: int
    versions: dict[str, str]
    attempts: int
    status: str
    error: str | None
    started: str | None
    seconds: float | None


def write_attempts(run_dir: Path, attempts: Iterable[Attempt]) -> None:
    """Begin a manifest with these attempts."""
    text = "".join(map(_line, attempts))
    (run_dir / MANIFEST).write_text(text, encoding="utf-8")


def last_good(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    """The last attempt at each unit that ended well, by unit."""
    return {attempt.unit: attempt for attempt in attempts if attempt.status == "ok"}


def append_attempt(run: Run, attempt: Attempt) -> None:
    """Append one line to the run's manifest and sync it to the disk."""
    path = run.run_dir / MANIFEST
    line = _line(attempt)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        length = os.lseek(descriptor, 0, os.SEEK_END)
        os.lseek(descriptor, max(length - 1, 0), os.SEEK_SET)
        is_torn = os.read(descriptor, 1) not in (b"", b"\n")
        os.write(descriptor, (("\n" if is_torn else "") + line).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_attempts(run_dir: Path) -> list[Attempt]:
    """The attempts of a run, oldest first; torn lines and lines of another form are left out."""
    path = run_dir / MANIFEST
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [attempt for line in lines if (attempt := _parse(line))]


def move_older(run_dir: Path) -> None:
    """Where the manifest has grown long, keep the last line on each unit and the last one that went
    well; move the others to `OLDER`.
    """
    path = run_dir / MANIFEST
    if not path.exists() or path.stat().st_size < _LONG_BYTES:
        return
    lines = path.read_bytes().splitlines(keepends=True)
    attempts = [_parse(line) for line in lines]
    kept = {(attempt.unit, "last"): n for n, attempt in enumerate(attempts) if attempt}
    kept |= {
        (attempt.unit, "ok"): n
        for n, attempt in enumerate(attempts)
        if attempt and attempt.status == "ok"
    }
    with (run_dir / OLDER).open("ab") as older:
        older.writelines(line for n, line in enumerate(lines) if n not in kept.values())
    temporary = path.with_name(f".{MANIFEST}.{os.getpid()}")
    temporary.write_bytes(b"".join(lines[n] for n in sorted(set(kept.values()))))
    temporary.replace(path)


def hash_files(
    run_dir: Path,
    paths: tuple[str, ...],
    of: Callable[[Path], str | None] = sha256_of,
) -> tuple[FileHash, ...]:
    """The hashes of those of the given files (paths inside the run folder) that exist; `of` hashes
    a file.
    """
    hashes = {path: of(run_dir / path) for path in paths if (run_dir / path).is_file()}
    return tuple(FileHash(path, sha256) for path, sha256 in hashes.items() if sha256)


def params_hash(run: Run) -> str:
    """The hash of the run's parameters, as it stands in every record."""
    return hash_of(run.params)


def _line(attempt: Attempt) -> str:
    return json.dumps(asdict(attempt), ensure_ascii=False) + "\n"


def _parse(line: bytes) -> Attempt | None:
    try:
        content = json.loads(line)
        outputs = tuple(FileHash(**file) for file in content.pop("outputs"))
        return Attempt(**content, outputs=outputs)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
