"""What a unit may use: time, output, memory and threads. A unit that uses more is stopped, and the
others go on.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evalkit.errors import BatchError

TIME_LIMIT_SECONDS = 900.0
OUTPUT_LIMIT_BYTES = 10_000_000
ENGINE = "evalkit"
# Of the machine's memory: what one unit may take where nothing else is declared, and what is left
# free by stopping the largest unit.
_SHARE_OF_ONE, _SHARE_LEFT_FREE = 0.8, 0.03
_PROC = Path("/proc")
_MB, _GB = 1e6, 1e9


@dataclass(frozen=True)
class Bounds:
    """What each unit may use: time (seconds), what its notebook may show (bytes), memory of its
    kernel and of the processes that it starts (bytes; 0: four fifths of the machine's), and
    threads.
    """

    time_limit_seconds: float = TIME_LIMIT_SECONDS
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES
    memory_limit_bytes: int = 0
    n_threads: int = 1


def too_much_output(limit_bytes: int, *, cell: int) -> BatchError:
    """The fault of a notebook that shows more than it may."""
    return BatchError(
        f"A notebook shows more than {limit_bytes / _MB:g} MB.",
        where=f"In [{cell}]",
        why="Executed notebooks are kept and opened by others; output without end fills the memory "
        "and the disk.",
        fix="show less, or write it to a table; --output-limit raises the bound.",
    )


def too_much_memory(reached_bytes: int, bound: str) -> BatchError:
    """The fault of a unit whose kernel took more memory than it may; `bound` in words."""
    return BatchError(
        "A unit took more memory than it may.",
        where=f"its kernel held {reached_bytes / _GB:.1f} GB; {bound}",
        why="The whole run, and what else this machine does, would have been stopped with it.",
        fix="run fewer units at a time (--jobs), or raise the bound (--memory-limit).",
    )


class MemoryWatch:
    """Finds the kernels that take too much memory; knows nothing where there is no /proc."""

    def __init__(self, limit_bytes: int):
        total, _ = _memory_of_machine()
        self.limit_bytes = limit_bytes or round(total * _SHARE_OF_ONE)

    def too_large(self, kernels: dict[str, int]) -> dict[str, BatchError]:
        """Of kernels by name, each with its process, those that are to be stopped, with why."""
        if not kernels or not _PROC.is_dir():
            return {}
        held = memory_of(kernels)
        bound = f"the bound is {self.limit_bytes / _GB:.1f} GB"
        over = {name for name, n_bytes in held.items() if n_bytes > self.limit_bytes}
        total, free = _memory_of_machine()
        if not over and free < total * _SHARE_LEFT_FREE:
            bound = f"it was the largest when the machine had {free / _GB:.1f} GB left"
            over = {max(held, key=lambda name: held[name])}
        return {name: too_much_memory(held[name], bound) for name in over}


def memory_of(kernels: dict[str, int]) -> dict[str, int]:
    """The memory of kernels by name, with the processes that each has started (bytes)."""
    processes = _processes()
    return {
        name: sum(
            processes[pid][1] for pid in (pid, *descendants(pid, processes)) if pid in processes
        )
        for name, pid in kernels.items()
    }


def descendants(pid: int, processes: dict[int, tuple[int, int]] | None = None) -> list[int]:
    """The processes that a process has started, and theirs, whatever session they are in."""
    parents = _processes() if processes is None else processes
    found, last = [], [pid]
    while last:
        last = [child for child, (parent, _) in parents.items() if parent in last]
        found += last
    return found


def register_engine() -> None:
    """Tell papermill of the engine that stops a notebook at its bound of output
    (`output_limit_bytes`): it then calls `stop`, since a kernel goes on while it is asked to end.
    """
    from papermill.engines import papermill_engines

    papermill_engines.register(ENGINE, _bounded_engine())


@cache
def _bounded_engine() -> type:
    # Inside a function, since papermill takes a second to import.
    from nbformat.v4 import new_output
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine

    class BoundedClient(PapermillNotebookClient):
        """Stops at a message that would make the output larger than it may be."""

        def __init__(
            self,
            nb_man: Any,
            *,
            output_limit_bytes: int,
            stop: Callable[[], None],
            **options: Any,
        ):
            super().__init__(nb_man, **options)
            self.limit_bytes, self.n_bytes, self.stop = output_limit_bytes, 0, stop
            self.fault: BatchError | None = None

        def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
            self.n_bytes += _size(msg["content"])
            if self.n_bytes > self.limit_bytes:
                words = f"Stopped: more than {self.limit_bytes / _MB:g} MB of output.\n"
                self.stop()
                cell.outputs.append(new_output("stream", name="stderr", text=words))
                number = cell.get("execution_count") or 0
                self.fault = too_much_output(self.limit_bytes, cell=number)
                raise self.fault
            return super().process_message(msg, cell, cell_index)

    class BoundedEngine(Engine):
        """papermill's own engine, with the client above."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
            for unused in ("input_path", "timeout"):
                options.pop(unused, None)
            options["startup_timeout"] = options.pop("start_timeout")
            client = BoundedClient(nb_man, kernel_name=kernel_name, **options)
            try:
                client.execute()
            except Exception as fault:  # noqa: BLE001 - it is raised again
                # That the kernel was killed for it may be noticed first.
                raise client.fault or fault from None

    return BoundedEngine


def _size(content: dict[str, Any]) -> int:
    """How much of a message stands in the notebook: texts, and pictures as their code."""
    shown = content.get("text"), content.get("evalue"), *content.get("data", {}).values()
    traceback = content.get("traceback") or ()
    return sum(len(text) for text in (*shown, *traceback) if isinstance(text, str))


def _processes() -> dict[int, tuple[int, int]]:
    """Every process with its parent and the memory that it holds (bytes)."""
    found, page = {}, os.sysconf("SC_PAGE_SIZE")
    for place in _PROC.glob("[0-9]*"):
        try:
            # After the name, which may hold blanks and brackets: state, parent, ... (proc(5)).
            fields = (place / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        found[int(place.name)] = int(fields[1]), int(fields[21]) * page
    return found


def _memory_of_machine() -> tuple[int, int]:
    """How much memory the machine has, and how much is free (bytes)."""
    try:
        lines = (_PROC / "meminfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 2**62, 2**62
    amounts = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return amounts["MemTotal"], amounts.get("MemAvailable", amounts["MemFree"])
