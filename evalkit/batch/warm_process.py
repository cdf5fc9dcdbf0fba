"""A process that has imported what the notebooks of a run need, and forks a kernel for each unit.

A fork holds one thread, whatever its parent had: so this process imports and does nothing else, and
nothing that starts a thread. Where an import has started one after all, it forks nothing, and the
runner starts its kernels anew. Whenever the runner ends, however it ends, the socket to it closes;
then this process kills its kernels and ends.

    python -m evalkit.batch.warm_process SOCKET MODULE ...      the modules that notebooks import
"""

import ctypes
import gc
import json
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalkit.batch import kernel_process
from evalkit.imports import import_without_grammars

MESSAGE_BYTES = 2**20
_PACKAGE = Path(kernel_process.__file__).parents[1]
_FROM = re.compile(r"^from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]+)", re.MULTILINE)
_IMPORT = re.compile(r"^import\s+([\w.]+)", re.MULTILINE)
# It starts threads when it is imported, and so do the rooms that use it.
_STARTS_THREADS = frozenset({"polars"})
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """A kernel that is to be: its arguments, environment and folder, the file that takes what it
    prints, and where it says that it is there.
    """

    arguments: list[str]
    environment: dict[str, str]
    folder: str
    log: int
    answer: int


def main(runner: socket.socket, modules: list[str]) -> None:
    """Import, then fork until the runner is gone. Every fork returns from here as a kernel."""
    # ipykernel looks once, when it is imported, for the parent without whom a kernel ends.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    kernel_process.import_ipykernel()
    for module in packages_of(modules):
        with suppress(ImportError):
            import_without_grammars(module)
    gc.collect()
    gc.freeze()
    this = os.getpid()
    if order := _serve(runner):
        runner.close()
        _become_kernel(order, parent=this)


def packages_of(modules: list[str]) -> list[str]:
    """What modules of evalkit import as soon as they are imported, from outside it and of Python's
    own library, and starts no thread.
    """
    waiting, seen, packages = list(modules), set(), {}
    while waiting:
        module = waiting.pop()
        top, *names = module.split(".")
        if module in seen or top in _STARTS_THREADS or top in sys.stdlib_module_names:
            continue
        seen.add(module)
        if top != "evalkit":
            packages[module] = None
            continue
        places = (_PACKAGE.joinpath(*names[:n]) for n in range(len(names) + 1))
        for place in places:
            for file in (place / "__init__.py", place.with_suffix(".py")):
                if str(file) not in seen and file.is_file():
                    seen.add(str(file))
                    waiting += imported(file.read_text(encoding="utf-8"))
    return list(packages)


def imported(code: str) -> list[str]:
    """The modules that code imports at once, and what it takes from them, which may be modules."""
    found = _IMPORT.findall(code)
    for module, names in _FROM.findall(code):
        found += [module, *(f"{module}.{name}" for name in re.findall(r"\w+(?: as \w+)?", names))]
    return [name.split(" ")[0] for name in found]


def _serve(runner: socket.socket) -> Order | None:
    """Fork what the runner orders. In a fork, the order; here none, when the runner is gone."""
    kernels: set[int] = set()
    while True:
        content, files, _, _ = socket.recv_fds(runner, MESSAGE_BYTES, 2)
        if not content:
            break
        message: dict[str, Any] = json.loads(content)
        if ended := message.get("ended"):
            # Not before it is asked to: until then no other process can bear the number.
            kernels.discard(ended)
            os.waitpid(ended, 0)
            continue
        order = Order(**message, log=files[0], answer=files[1])
        if len(os.listdir("/proc/self/task")) == 1:
            pid = os.fork()
            if pid == 0:
                return order
            kernels.add(pid)
        for file in files:
            os.close(file)
    for pid in kernels:
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
    return None


def _become_kernel(order: Order, *, parent: int) -> None:
    """What sets a kernel apart that was started anew: a session, a log, an environment and a folder
    of its own, and its own chance. It ends with its parent.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    for number in (1, 2):
        os.dup2(order.log, number)
    os.close(order.log)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    sys.argv = [kernel_process.__file__, *order.arguments]
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
    app = kernel_process.prepared(order.arguments)
    os.write(order.answer, str(os.getpid()).encode())
    os.close(order.answer)
    app.start()


if __name__ == "__main__":
    kernel_process.leave_working_folder()
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
