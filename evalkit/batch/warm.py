"""Kernels that need not import what others have imported before: each is a fork of one process that
did (`evalkit.batch.warm_process`). On Linux, and where enough units are to be run; what is not
answered, or cannot be, is a kernel started anew, with the same results.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PAYS_FROM_UNITS = 4
ANSWER_SECONDS = 60.0
END_SECONDS = 5.0
_PROCESS = "evalkit.batch.warm_process"
_OF_EVALKIT = re.compile(r"from (evalkit[\w.]*) import ([\w, ]+)")

# By the folder of the kernels' sockets.
_parents: dict[Path, "WarmParent"] = {}


class ForkedKernel:
    """The process of a forked kernel, as its manager knows processes (`subprocess.Popen`)."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, parent: "WarmParent"):
        self.pid, self.returncode = pid, None
        self._parent, self._descriptor = parent, os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Nothing as long as it runs, 0 as soon as it has ended, whatever it ended by."""
        if self.returncode is None and _is_readable(self._descriptor, seconds=0):
            self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired` after so many seconds."""
        if self._descriptor >= 0:
            if not _is_readable(self._descriptor, seconds=timeout):
                raise subprocess.TimeoutExpired(_PROCESS, timeout or 0)
            self.returncode = 0
            os.close(self._descriptor)
            self._descriptor = -1
            self._parent.forget(self.pid)
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it has not ended."""
        if self._descriptor >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmParent:
    """The process that imports and forks, and the socket to it."""

    def __init__(self, modules: Iterable[str], sockets: Path, environment: Mapping[str, str]):
        self._runner, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock, self.is_silent = threading.Lock(), False
        with theirs:
            command = [sys.executable, "-m", _PROCESS, str(theirs.fileno()), *sorted(modules)]
            self.process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=dict(environment),
                cwd=sockets,  # an empty folder, so that no module is taken from another
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def fork(
        self, arguments: list[str], *, environment: Mapping[str, str], folder: str, log: int
    ) -> ForkedKernel | None:
        """A kernel that is ready to be spoken to; none if there is no answer in time."""
        if self.is_silent:
            return None
        order = {"arguments": arguments, "environment": dict(environment), "folder": folder}
        answer, theirs = os.pipe()
        try:
            try:
                with self._lock:
                    socket.send_fds(self._runner, [json.dumps(order).encode()], [log, theirs])
            finally:
                os.close(theirs)
            self.is_silent = not _is_readable(answer, seconds=ANSWER_SECONDS)
            pid = b"" if self.is_silent else os.read(answer, 32)
            return ForkedKernel(int(pid), self) if pid else None
        except OSError:
            return None
        finally:
            os.close(answer)

    def forget(self, pid: int) -> None:
        """Let the number of a kernel that has ended be another's."""
        with suppress(OSError), self._lock:
            self._runner.sendall(json.dumps({"ended": pid}).encode())

    def close(self) -> None:
        """End the process and every kernel that it has forked."""
        with suppress(OSError):
            self._runner.shutdown(socket.SHUT_RDWR)
        self._runner.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def warm_kernels(
    sockets: Path, notebooks: Sequence[Path], *, environment: Mapping[str, str]
) -> Generator[None]:
    """While this lasts, kernels whose sockets lie in the folder are forks of one process, which has
    imported what the notebooks (one for each unit) import.
    """
    if not hasattr(os, "pidfd_open") or len(notebooks) < PAYS_FROM_UNITS:
        yield
        return
    _parents[sockets] = WarmParent(_modules(set(notebooks)), sockets, environment)
    try:
        yield
    finally:
        _parents.pop(sockets).close()


def warm_parent(sockets: Path) -> WarmParent | None:
    """The process whose forks the kernels of this folder are, where there is one."""
    return _parents.get(sockets)


def _modules(notebooks: Iterable[Path]) -> set[str]:
    """The modules of evalkit that notebooks import."""
    return {
        f"{module}.{name}"
        for notebook in notebooks
        for module, names in _OF_EVALKIT.findall(notebook.read_text(encoding="utf-8"))
        for name in re.findall(r"\w+", names)
    }


def _is_readable(file: int, *, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
