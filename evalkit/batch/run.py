"""The run: units in the order of their dependencies, several at a time, each failure told and none
contagious.

The main thread alone decides and records; worker threads only execute. Ctrl-C (or a request to end)
sets a flag that the main thread looks at: it kills the kernels, records what was interrupted and
leaves a folder from which the same command goes on.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from evalkit.batch.bounds import MemoryWatch
from evalkit.batch.disk import can_be_written, refuse_full_disk, sweep_temporaries
from evalkit.batch.execute import (
    remove,
)
from evalkit.batch.failure import refusal_of_the_system
from evalkit.batch.kernels import fixed_environment, quiet_loggers
from evalkit.batch.last_look import last_look, undeclared
from evalkit.batch.layout import begin, last_vintage_with, place_of, record_in, show, sweep
from evalkit.batch.lock import locked
from evalkit.batch.manifest import (
    Attempt,
    last_good,
    move_older,
    read_attempts,
)
from evalkit.batch.outcome import OVERVIEW, BatchResult, Outcome
from evalkit.batch.plan import Unit
from evalkit.batch.progress import Ahead, Display
from evalkit.batch.session import Options, Session, execute
from evalkit.batch.staleness import Decision, Staleness, decide
from evalkit.batch.vintage import write_run
from evalkit.batch.warm import warm_kernels
from evalkit.batch.workers import workers
from evalkit.imports import import_without_grammars
from evalkit.params import Run
from evalkit.private_lists import delete_lists
from evalkit.runs import latest_of, vintages_of

# What writes a stand-in: of a run, for a page of it, with the address of the last that was made.
StandIn = Callable[[Run, str, str], object]


def run_batch(
    run: Run,
    units: tuple[Unit, ...],
    options: Options,
    display: Display,
    *,
    stand_in: StandIn | None = None,
) -> BatchResult:
    """Bring a run up to date: execute every unit that is not current, in a vintage of its own
    (`evalkit.batch.layout`), which readers see when it is whole. `stand_in` writes what stands in
    for a page that could not be made, so that no link of the others leads nowhere.

    Raises
    ------
    BatchError
        If the run folder is being run by another process, cannot be written to, or the disk has too
        little space left for what is to be made; or a cluster that was named cannot be used.
    ParameterError
        If `options.only` matches no unit.
    """
    home = run.run_dir.parent
    with (
        can_be_written(home),
        locked(home) as sockets,
        quiet_loggers(),
        workers(options.jobs, scheduler=options.scheduler, home=home) as executed_by,
        _stop_flag() as stop,
    ):
        delete_lists(vintages_of(home), until=date.today())
        run, staleness, attempts, decisions = _begin_vintage(run, units, options)
        watch = MemoryWatch(options.bounds.memory_limit_bytes)
        session = Session(run, options, sockets, executed_by, display, staleness, watch)
        _begin(session, decisions, attempts)
        to_do = [decision for decision in decisions if decision.is_open]
        if to_do:
            import_without_grammars("papermill")
        names = [decision.unit.name for decision in to_do]
        seconds = {name: one.seconds for name, one in last_good(attempts).items() if one.seconds}
        can_fork = not (options.is_cold or options.scheduler)
        notebooks = [decision.unit.source for decision in to_do] if can_fork else []
        with (
            warm_kernels(sockets, notebooks, environment=fixed_environment(sockets, os.environ)),
            display.shown(Ahead(names, seconds, executed_by.n_jobs)),
        ):
            execute(session, to_do, stop)
        return _close(session, units, stand_in, is_interrupted=stop.is_set())


def _close(
    session: Session,
    units: tuple[Unit, ...],
    stand_in: StandIn | None,
    *,
    is_interrupted: bool,
) -> BatchResult:
    """Search what leaves, and have readers see it if it is whole."""
    run, remembered = session.run, session.staleness.remembered
    gate, are_recognisable, home = None, True, run.run_dir.parent
    missing = _without_page(run, units, session.outcomes)
    try:
        if stand_in:
            for page, last in missing.items():
                stand_in(run, page, _address(run, page, last))
        gate, are_recognisable = last_look(run, remembered)
        if gate is None and not is_interrupted and _is_whole(run, units, session.outcomes):
            show(run.run_dir)
            sweep(home, keep=session.options.keep, also={last for last in missing.values() if last})
        remembered.save()
    except OSError as refused:
        session.troubles.append(f"the run could not be closed: {refusal_of_the_system(refused)}")
    return BatchResult(
        run,
        tuple(session.outcomes[unit.name] for unit in units),
        gate,
        tuple(missing),
        undeclared(run, units),
        are_recognisable,
        is_interrupted,
        latest_of(home),
        tuple(session.troubles),
    )


def _begin_vintage(
    run: Run, units: tuple[Unit, ...], options: Options
) -> tuple[Run, Staleness, list[Attempt], tuple[Decision, ...]]:
    """The run in the folder of its vintage, and what is to be done there. Where nothing is, it
    stays in the vintage that readers see.
    """
    place = place_of(run)
    run = place.before(run)
    if place.begins_with == place.folder:
        sweep_temporaries(run.run_dir)
    move_older(run.run_dir)
    attempts = read_attempts(run.run_dir)
    staleness = Staleness(run, attempts)
    decisions = decide(
        units,
        staleness,
        only=options.only,
        force=options.force,
        retry_failed=options.retry_failed,
    )
    refuse_full_disk(run.run_dir.parent, run.run_dir, [d.unit for d in decisions if d.is_open])
    planned = {unit.name for unit in units}
    has_changed = set(last_good(attempts)) - planned or any(d.is_open for d in decisions)
    if has_changed or not place.is_same_vintage:
        run = begin(run, place, planned)
        write_run(run)
        _remove_unplanned(run, units, attempts)
        attempts = read_attempts(run.run_dir)
        staleness = Staleness(run, attempts)
    elif not record_in(run.run_dir):
        write_run(run)
    return run, staleness, attempts, decisions


@contextmanager
def _stop_flag() -> Generator[threading.Event]:
    """A flag that Ctrl-C and a request to end set; handlers exist in the main thread only."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _remove_unplanned(run: Run, units: tuple[Unit, ...], attempts: list[Attempt]) -> None:
    """Take away what units left that are no longer planned."""
    planned = {unit.name for unit in units}
    kept = {path for unit in units for path in unit.outputs}
    outdated = {
        file.path for attempt in attempts if attempt.unit not in planned for file in attempt.outputs
    }
    for path in outdated - kept:
        target = (run.run_dir / path).resolve()
        if target.is_relative_to(run.run_dir):
            remove(target)


def _begin(session: Session, decisions: tuple[Decision, ...], attempts: list[Attempt]) -> None:
    session.n_attempts = {attempt.unit: attempt.attempts for attempt in attempts}
    for decision in decisions:
        if not decision.is_open:
            status = "current" if decision.action == "current" else "left"
            session.outcomes[decision.unit.name] = Outcome(
                decision.unit.name, status, decision.reason
            )


def _without_page(
    run: Run, units: tuple[Unit, ...], outcomes: Mapping[str, Outcome]
) -> dict[str, Path | None]:
    """The pages that could not be made beside an overview, each with the newest other vintage that
    has it.
    """
    if not (run.run_dir / OVERVIEW).exists():
        return {}
    return {
        page: last_vintage_with(page, unit, run.run_dir)
        for unit in units
        if outcomes[unit.name].status in ("failed", "skipped")
        for page in unit.writes
        if page.endswith(".html")
    }


def _address(run: Run, page: str, vintage: Path | None) -> str:
    """The address of a page in another vintage, from the place of the same page in this one."""
    here = (run.run_dir / page).parent
    return Path(os.path.relpath(vintage / page, here)).as_posix() if vintage else ""


def _is_whole(run: Run, units: tuple[Unit, ...], outcomes: Mapping[str, Outcome]) -> bool:
    """Whether readers may see a run: its overview was made, and what was not asked for is current
    all the same.
    """
    left = {unit.name for unit in units if outcomes[unit.name].status == "left"}
    if not any(
        OVERVIEW in unit.writes and (outcomes[unit.name].is_good or unit.name in left)
        for unit in units
    ):
        return False
    decisions = decide(units, Staleness(run, read_attempts(run.run_dir))) if left else ()
    return all(d.action == "current" for d in decisions if d.unit.name in left)
