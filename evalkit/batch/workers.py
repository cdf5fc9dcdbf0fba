"""Who executes units: threads of this process, or the workers of a dask.distributed cluster that is
there already, over a folder that all its machines see under one path.

What a unit needs of its machine (sockets, kernel, bounds) lives where it is executed. A worker that
dies loses nothing: the scheduler hands its units to another one, which begins them afresh. Of what
ended it knows nothing: the runner alone decides and records.
"""

import atexit
import logging
import os
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

from evalkit import __version__
from evalkit.batch.bounds import MemoryWatch
from evalkit.batch.execute import Workplace, execute_unit
from evalkit.batch.kernels import (
    connection_of,
    live_kernels,
    make_socket_folder,
    remove_socket_folder,
    silence_loggers,
    stop_kernel,
)
from evalkit.batch.plan import Unit
from evalkit.errors import BatchError, first_few
from evalkit.imports import import_without_grammars

CONNECT_SECONDS = 10
WATCH_SECONDS = 1.0
_numbers = count(1)


@dataclass(frozen=True)
class Workers:
    """Has a unit executed as soon as somebody is free; how many units are under way at a time."""

    submit: Callable[[Unit, Workplace], Future]
    n_jobs: int


@contextmanager
def workers(n_jobs: int, *, scheduler: str | None, home: Path) -> Generator[Workers]:
    """Threads, `n_jobs` of them (0: one per core); or with the address of a scheduler its workers,
    as many units at a time as they have threads unless `n_jobs` says fewer. `home` is the run's
    folder.

    Raises
    ------
    BatchError
        If the scheduler does not answer, has no workers, or one of them does not see the folder or
        has another evalkit.
    """
    if scheduler:
        with _client(scheduler) as client:
            n_threads = _checked_threads(client, scheduler, home)
            yield Workers(partial(_submit_to, client), n_jobs or n_threads)
        return
    n_jobs = n_jobs or n_cores()
    with ThreadPoolExecutor(n_jobs, thread_name_prefix="unit") as pool:
        yield Workers(partial(pool.submit, execute_unit), n_jobs)


def n_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def _submit_to(client: Any, unit: Unit, workplace: Workplace) -> Future:
    """Have a worker of a cluster execute a unit. What has ended is released at once: a result that
    a dead worker held would be made again, while others read what the unit left.
    """
    future: Future = Future()
    # Each unit is executed for what it leaves in the folder: none stands for another.
    task = client.submit(execute_on_worker, unit, workplace, pure=False)

    def pass_on(ended: Any) -> None:
        fault = ended.exception() if ended.status == "error" else None
        is_cancelled = ended.cancelled()
        ended.release()
        if is_cancelled:
            future.cancel()
        # Whoever waits is told of a cancellation by the same call.
        if not future.set_running_or_notify_cancel():
            return
        if fault:
            future.set_exception(fault)
        else:
            future.set_result(None)

    task.add_done_callback(pass_on)
    future.add_done_callback(lambda ended: task.cancel() if ended.cancelled() else None)
    return future


def execute_on_worker(unit: Unit, workplace: Workplace) -> None:
    """Execute a unit in a worker of a cluster, within the bounds of its machine.

    Raises
    ------
    BatchError
        If the unit took more memory than it may, or the runner no longer wants it; and what
        `execute_unit` raises.
    """
    from distributed import get_worker

    import_without_grammars("papermill")
    silence_loggers()
    n_threads = max(1, n_cores() // get_worker().state.nthreads)
    own = replace(
        workplace,
        sockets=_sockets_of_worker(),
        number=next(_numbers),
        bounds=replace(workplace.bounds, n_threads=n_threads),
    )
    stopped: list[BatchError] = []
    has_ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(unit, own, stopped, has_ended), daemon=True)
    watcher.start()
    try:
        execute_unit(unit, own)
    except Exception:
        if stopped:
            raise stopped[0] from None
        raise
    finally:
        has_ended.set()
        watcher.join()


@cache
def _sockets_of_worker() -> Path:
    folder = make_socket_folder()
    atexit.register(remove_socket_folder, folder)
    return folder


def _watch(
    unit: Unit, workplace: Workplace, stopped: list[BatchError], has_ended: threading.Event
) -> None:
    """Stop the unit's kernel when it takes too much memory, or when its folder has gone: then the
    runner was stopped.
    """
    connection = str(connection_of(workplace.sockets, workplace.number))
    memory = MemoryWatch(workplace.bounds.memory_limit_bytes)
    while not has_ended.wait(WATCH_SECONDS):
        kernels = live_kernels(workplace.sockets)
        if connection not in kernels:
            continue
        fault = memory.too_large(kernels).get(connection)
        if fault is None and not workplace.attempt_folder(unit).is_dir():
            fault = taken_back(unit)
        if fault:
            stopped.append(fault)
            stop_kernel(kernels[connection])
            return


def taken_back(unit: Unit) -> BatchError:
    """The fault of a unit that nobody executes any more."""
    return BatchError(
        "A unit was taken back before it ended.",
        where=unit.name,
        why="The run was stopped, or the scheduler of the cluster has gone.",
        fix="give the same command again; it goes on where this one stopped.",
    )


def _client(scheduler: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise BatchError(
            "The library that speaks to a cluster is not installed.",
            where=f"--scheduler {scheduler}",
            why="dask.distributed comes with the extra `cluster`. Nothing was run.",
            fix='install "evalkit[cluster]" here and on every worker; or leave --scheduler out.',
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    try:
        return Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as fault:
        raise BatchError(
            "The scheduler of the cluster does not answer.",
            where=f"--scheduler {scheduler}",
            why=f"{type(fault).__name__} within {CONNECT_SECONDS} seconds. Nothing was run.",
            fix="start it (dask scheduler), give the address that it prints, as in "
            "tcp://10.0.0.5:8786.",
        ) from None


def _checked_threads(client: Any, scheduler: str, home: Path) -> int:
    """How many threads the workers of a cluster have, after a look at whether they can be used."""
    n_threads = client.nthreads()
    if not n_threads:
        raise BatchError(
            "The cluster has no workers.",
            where=f"--scheduler {scheduler}",
            why="Nobody would execute the units. Nothing was run.",
            fix=f"start one on each machine: dask worker {scheduler} --nthreads 4",
        )
    answers = client.run(_what_a_worker_has, home)
    unfit = sorted(worker for worker, answer in answers.items() if answer != (True, __version__))
    if unfit:
        raise BatchError(
            f"{len(unfit)} of {len(answers)} workers cannot execute units.",
            where=f"{first_few(unfit)}; folder {home}, evalkit {__version__}",
            why="Each worker must see the run's folder under the same path, and have the same "
            "evalkit. Nothing was run.",
            fix="share the folder with all machines, install the same version on them, and start "
            "the workers anew.",
        )
    return sum(n_threads.values())


def _what_a_worker_has(home: Path) -> tuple[bool, str]:
    return home.is_dir() and os.access(home, os.W_OK), __version__
