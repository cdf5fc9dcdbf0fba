"""One run of a run folder at a time: a lock file that the system releases when its holder ends,
however it ends.
"""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from evalkit.batch.kernels import make_socket_folder, remove_socket_folder
from evalkit.errors import BatchError

LOCK = ".lock"


@contextmanager
def locked(run_dir: Path) -> Generator[Path]:
    """Hold the run folder and give a fresh folder for the kernels' sockets; what a killed run left
    there is removed.

    Raises
    ------
    BatchError
        If the folder is being run already; names the process.
    """
    path = run_dir / LOCK
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _already_running(path) from None
        holder = _read_holder(path)
        if holder.get("sockets"):
            remove_socket_folder(Path(holder["sockets"]))
        sockets = make_socket_folder()
        try:
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "sockets": str(sockets)}))
            file.flush()
            yield sockets
        finally:
            remove_socket_folder(sockets)
            file.truncate(0)


def _already_running(path: Path) -> BatchError:
    pid = _read_holder(path).get("pid", "unknown")
    return BatchError(
        "This run is being executed already.",
        where=f"{path}, process {pid}",
        why="Two runs of one folder would write over each other. Nothing was run.",
        fix="wait for the other one or end it; or give another folder with --out.",
    )


def _read_holder(path: Path) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8") or "{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
