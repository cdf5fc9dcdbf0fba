"""Kernels that only their owner can reach: the running Python, over IPC sockets in a private
folder, quiet, and all alike.

Sockets have short absolute paths (a socket's path may hold some hundred bytes). The environment is
fixed so that results depend neither on a user's IPython profile, nor on the order of hashed sets,
nor on how many threads a linear-algebra library would take.
"""

import logging
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool, Int, Unicode
from traitlets.config import Config

from evalkit.batch.bounds import descendants
from evalkit.batch.warm import warm_parent
from evalkit.errors import BatchError
from evalkit.reads import PASSWORD_VARIABLE, READS_VARIABLE

KERNEL_NAME = "python3"
SOCKET_PATH_LIMIT = 80  # of 107 bytes; the rest is for the file's own name
SHUTDOWN_SECONDS = 2.0
FIXED_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
THREADS_VARIABLE = "POLARS_MAX_THREADS"
NOISY_LOGGERS = ("papermill", "traitlets", "asyncio")

# Loaded before a notebook's first cell, so that nothing is read unseen.
_RECORDER = "--ext=evalkit.reads"
_PROCESS = "evalkit.batch.kernel_process"

_live_kernels: dict[str, int] = {}
_live_kernels_lock = threading.Lock()


class PrivateKernelManager(AsyncKernelManager):
    """Starts the running interpreter as a kernel, whatever kernel name a notebook bears."""

    log_path = Unicode(help="File that takes what the kernel process itself prints.").tag(
        config=True
    )
    reads_path = Unicode(help="File that lists what the unit may read (evalkit.reads).").tag(
        config=True
    )
    work_folder = Unicode(
        help="The kernel's working folder: the notebook's own, as in JupyterLab."
    ).tag(config=True)
    n_threads = Int(1, help="How many threads tables are worked on with.").tag(config=True)
    is_intake = Bool(
        False, help="Whether it reads the extract, and may be told a database's password."
    ).tag(config=True)
    is_cold = Bool(False, help="Whether it is started anew, whatever could be forked.").tag(
        config=True
    )

    @property
    def kernel_spec(self) -> KernelSpec:
        """The running interpreter."""
        argv = [sys.executable, "-m", _PROCESS, "-f", "{connection_file}", _RECORDER]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        environment = {
            **fixed_environment(Path(self.connection_file).parent, kw["env"]),
            READS_VARIABLE: self.reads_path,
            THREADS_VARIABLE: str(self.n_threads),
        }
        if self.is_intake and PASSWORD_VARIABLE in kw["env"]:
            environment[PASSWORD_VARIABLE] = kw["env"][PASSWORD_VARIABLE]
        # papermill starts kernels as processes of this computer and no other way
        provisioner = cast(LocalProvisioner, self.provisioner)
        with open(self.log_path, "ab") as log:
            if not self._is_forked(kernel_cmd, environment, log.fileno(), provisioner):
                kw |= {"env": environment, "stdout": log, "stderr": log, "cwd": self.work_folder}
                await super()._async_launch_kernel(kernel_cmd, **kw)
        pid = provisioner.pid
        if pid is not None:
            with _live_kernels_lock:
                _live_kernels[self.connection_file] = pid

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        with _live_kernels_lock:
            pid = _live_kernels.get(self.connection_file)
        started = descendants(pid) if pid else []
        await super()._async_shutdown_kernel(now=now, restart=restart)
        _kill(started)

    def _is_forked(
        self,
        command: list[str],
        environment: dict[str, str],
        log: int,
        provisioner: LocalProvisioner,
    ) -> bool:
        """Have the kernel forked, if there is a process to fork it. That process is never told a
        password, which all that it forks later could find in its memory.
        """
        parent = warm_parent(Path(self.connection_file).parent)
        if parent is None or self.is_cold or PASSWORD_VARIABLE in environment:
            return False
        arguments = command[command.index("-f") :]
        process = parent.fork(arguments, environment=environment, folder=self.work_folder, log=log)
        if process is None:
            return False
        provisioner.process, provisioner.pid, provisioner.pgid = process, process.pid, process.pid
        self._reconcile_connection_info(provisioner.connection_info)
        return True

    async def _async_cleanup_resources(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002
        with _live_kernels_lock:
            _live_kernels.pop(self.connection_file, None)
        await super()._async_cleanup_resources(restart=restart)

    # The base class binds its own functions under these names.
    shutdown_kernel = _async_shutdown_kernel
    cleanup_resources = _async_cleanup_resources


def kernel_config(
    sockets: Path,
    *,
    number: int,
    log_path: Path,
    reads_path: Path,
    work_folder: Path,
    n_threads: int = 1,
    is_intake: bool = False,
    is_cold: bool = False,
) -> Config:
    """The configuration of one kernel, handed to papermill: its sockets, its log, what it may read,
    its folder, its threads, whether it reads the extract, and whether it is started anew.
    """
    return Config(
        {
            "PrivateKernelManager": {
                "transport": "ipc",
                "connection_file": str(connection_of(sockets, number)),
                "log_path": str(log_path),
                "reads_path": str(reads_path),
                "work_folder": str(work_folder),
                "n_threads": n_threads,
                "is_intake": is_intake,
                "is_cold": is_cold,
                "shutdown_wait_time": SHUTDOWN_SECONDS,
            }
        }
    )


def fixed_environment(sockets: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that all kernels with sockets in this folder have; no password is in it."""
    environment = {**environment, **FIXED_ENVIRONMENT, "IPYTHONDIR": str(sockets / "ipython")}
    environment.pop(PASSWORD_VARIABLE, None)
    return environment


def make_socket_folder() -> Path:
    """A new folder with a short path that only its owner can open.

    Raises
    ------
    BatchError
        If no place for temporary files has a short enough path.
    """
    candidates = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")
    folders = [folder for folder in candidates if folder]
    for folder in folders:
        if (
            len(os.fsencode(folder)) < SOCKET_PATH_LIMIT - 20
            and os.path.isdir(folder)
            and os.access(folder, os.W_OK | os.X_OK)
        ):
            return Path(tempfile.mkdtemp(prefix="evalkit-", dir=folder)).resolve()
    raise BatchError(
        "There is no place for the sockets of the kernels.",
        where=f"looked in: {', '.join(folders)}",
        why=f"A socket's path must be short; the folder's may have {SOCKET_PATH_LIMIT - 20} bytes "
        "and must be writable.",
        fix="set TMPDIR to a short path, for example /tmp.",
    )


def remove_socket_folder(folder: Path) -> None:
    """Remove a socket folder that `make_socket_folder` made."""
    if folder.name.startswith("evalkit-"):
        shutil.rmtree(folder, ignore_errors=True)


def stop_kernels(sockets: Path, *, only: int | None = None) -> None:
    """Kill every kernel whose sockets lie in the folder, or only the one with a number, with the
    processes it started.
    """
    for connection, pid in live_kernels(sockets).items():
        if only is None or connection == str(connection_of(sockets, only)):
            stop_kernel(pid)


def connection_of(sockets: Path, number: int) -> Path:
    """The connection file of the kernel with this number."""
    return sockets / f"k{number}.json"


def live_kernels(sockets: Path) -> dict[str, int]:
    """The processes of the kernels that run, by connection file."""
    with _live_kernels_lock:
        return {
            connection: pid
            for connection, pid in _live_kernels.items()
            if Path(connection).parent == sockets
        }


def stop_kernel(pid: int) -> None:
    """Kill a kernel and whatever it has started, in its own process group or not."""
    started = descendants(pid)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    _kill(started)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def quiet_loggers() -> Generator[None]:
    """Keep libraries from writing into the progress display; what they would say reaches the caller
    as an error.
    """
    levels = {name: logging.getLogger(name).level for name in NOISY_LOGGERS}
    silence_loggers()
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def silence_loggers() -> None:
    """Silence the libraries that run notebooks, in a process that has nothing to display."""
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
