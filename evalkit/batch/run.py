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
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from evalkit.batch.execute import (
    Workplace,
    execute_unit,
    keep_failed,
    remove,
    remove_outputs,
)
from evalkit.batch.failure import failure_in_words
from evalkit.batch.kernels import quiet_loggers, stop_kernels
from evalkit.batch.last_look import last_look, undeclared
from evalkit.batch.layout import begin, last_vintage_with, place_of, show, sweep
from evalkit.batch.lock import locked
from evalkit.batch.manifest import (
    Attempt,
    FileHash,
    append_attempt,
    hash_files,
    last_good,
    move_older,
    params_hash,
    read_attempts,
)
from evalkit.batch.outcome import OVERVIEW, BatchResult, Outcome
from evalkit.batch.plan import Unit
from evalkit.batch.progress import Ahead, Display
from evalkit.batch.staleness import NOTHING_CHANGED, Decision, Staleness, decide
from evalkit.batch.vintage import write_run
from evalkit.imports import import_without_grammars
from evalkit.params import Run
from evalkit.runs import KEPT_VINTAGES, latest_of

# What writes a stand-in: of a run, for a page of it, with the address of the last that was made.
StandIn = Callable[[Run, str, str], object]
TIME_LIMIT_SECONDS = 3600.0
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Options:
    """How to run: how many units at a time (0: one per core), which units, whether current ones
    too or only those that failed and what comes after them, each unit's time limit (seconds), and
    how many earlier vintages are kept.
    """

    jobs: int = 0
    only: str | None = None
    force: bool = False
    retry_failed: bool = False
    time_limit_seconds: float = TIME_LIMIT_SECONDS
    keep: int = KEPT_VINTAGES

    @property
    def n_jobs(self) -> int:
        """How many units run at a time."""
        return self.jobs or len(os.sched_getaffinity(0))


@dataclass
class _Session:
    """The state of a run while it goes on; only the main thread touches it."""

    run: Run
    options: Options
    sockets: Path
    display: Display
    staleness: Staleness
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    n_attempts: dict[str, int] = field(default_factory=dict)
    running: dict[Future, tuple[Decision, Workplace, str, float]] = field(default_factory=dict)
    n_started: int = 0


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
        If the run folder is being run by another process.
    ParameterError
        If `options.only` matches no unit.
    """
    home = run.run_dir.parent
    home.mkdir(parents=True, exist_ok=True)
    with locked(home) as sockets, quiet_loggers(), _stop_flag() as stop:
        run, staleness, attempts, decisions = _begin_vintage(run, units, options)
        session = _Session(run, options, sockets, display, staleness)
        _begin(session, decisions, attempts)
        to_do = [decision for decision in decisions if decision.is_open]
        if to_do:
            import_without_grammars("papermill")
        names = [decision.unit.name for decision in to_do]
        seconds = {name: one.seconds for name, one in last_good(attempts).items() if one.seconds}
        with display.shown(Ahead(names, seconds, options.n_jobs)):
            _execute(session, to_do, stop)
        missing = _without_page(run, units, session.outcomes)
        if stand_in:
            for page, last in missing.items():
                stand_in(run, page, _address(run, page, last))
        gate, are_recognisable = last_look(run, staleness.remembered)
        if gate is None and not stop.is_set() and _is_whole(run, units, session.outcomes):
            show(run.run_dir)
            sweep(home, keep=options.keep, also={last for last in missing.values() if last})
        staleness.remembered.save()
        in_plan_order = tuple(session.outcomes[unit.name] for unit in units)
        return BatchResult(
            run,
            in_plan_order,
            gate,
            tuple(missing),
            undeclared(run, units),
            are_recognisable,
            stop.is_set(),
            latest_of(home),
        )


def _begin_vintage(
    run: Run, units: tuple[Unit, ...], options: Options
) -> tuple[Run, Staleness, list[Attempt], tuple[Decision, ...]]:
    """The run in the folder of its vintage, and what is to be done there. Where nothing is, it
    stays in the vintage that readers see.
    """
    place = place_of(run)
    run = place.before(run)
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
    planned = {unit.name for unit in units}
    has_changed = set(last_good(attempts)) - planned or any(d.is_open for d in decisions)
    if has_changed or not place.is_same_vintage:
        run = begin(run, place, planned)
        write_run(run)
        _remove_unplanned(run, units, attempts)
        attempts = read_attempts(run.run_dir)
        staleness = Staleness(run, attempts)
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
        for number in (signal.SIGINT, signal.SIGTERM)
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


def _begin(session: _Session, decisions: tuple[Decision, ...], attempts: list[Attempt]) -> None:
    session.n_attempts = {attempt.unit: attempt.attempts for attempt in attempts}
    for decision in decisions:
        if not decision.is_open:
            status = "current" if decision.action == "current" else "left"
            session.outcomes[decision.unit.name] = Outcome(
                decision.unit.name, status, decision.reason
            )


def _execute(session: _Session, decisions: list[Decision], stop: threading.Event) -> None:
    waiting = _longest_chain_first(decisions)
    with ThreadPoolExecutor(session.options.n_jobs, thread_name_prefix="unit") as pool:
        while (waiting or session.running) and not stop.is_set():
            waiting = _start_ready(session, waiting, pool)
            done, _ = wait(session.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                _finish(session, future, is_stopping=False)
        while session.running:
            stop_kernels(session.sockets)
            done, _ = wait(session.running, timeout=POLL_SECONDS)
            for future in done:
                _finish(session, future, is_stopping=True)
    for decision in waiting:
        session.outcomes[decision.unit.name] = Outcome(
            decision.unit.name, "interrupted", "not started"
        )


def _longest_chain_first(decisions: list[Decision]) -> list[Decision]:
    """Units with the longest chain of units waiting for them come first, so that no core idles at
    the end.
    """
    chain = {decision.unit.name: 1 for decision in decisions}
    for decision in reversed(decisions):
        for name in decision.unit.after:
            if name in chain:
                chain[name] = max(chain[name], chain[decision.unit.name] + 1)
    return sorted(decisions, key=lambda decision: -chain[decision.unit.name])


def _start_ready(
    session: _Session, waiting: list[Decision], pool: ThreadPoolExecutor
) -> list[Decision]:
    """Start what may start, mark what never can, and return what still waits."""
    still_waiting = []
    for decision in waiting:
        before = [session.outcomes.get(name) for name in decision.unit.after]
        cause = decision.unit.cause_to_skip(
            {outcome.unit for outcome in before if outcome and not outcome.is_good}
        )
        if cause:
            _skip(session, decision, cause)
        elif not all(before) or len(session.running) >= session.options.n_jobs:
            still_waiting.append(decision)
        elif reason := _reason_now(session, decision):
            _start(session, replace(decision, reason=reason), pool)
        else:
            _keep(session, decision)
    return still_waiting


def _reason_now(session: _Session, decision: Decision) -> str | None:
    """Why a unit is run, now that all units before it have ended; nothing if it is current."""
    if decision.action == "run":
        return decision.reason
    return session.staleness.reason(decision.unit)


def _keep(session: _Session, decision: Decision) -> None:
    outcome = Outcome(decision.unit.name, "current", NOTHING_CHANGED)
    session.outcomes[decision.unit.name] = outcome
    session.display.finished(outcome)


def _start(session: _Session, decision: Decision, pool: ThreadPoolExecutor) -> None:
    session.n_started += 1
    workplace = Workplace(
        session.run.run_dir, session.sockets, session.n_started, session.options.time_limit_seconds
    )
    started = datetime.now(UTC).isoformat(timespec="seconds")
    session.display.started(decision.unit.name)
    session.running[pool.submit(execute_unit, decision.unit, workplace)] = (
        decision,
        workplace,
        started,
        monotonic(),
    )


def _skip(session: _Session, decision: Decision, cause: str) -> None:
    """A unit that cannot be made anew leaves nothing behind that was made from something else."""
    unit = decision.unit
    for path in unit.outputs:
        remove(session.run.run_dir / path)
    outcome = Outcome(unit.name, "skipped", f"depends on {cause}")
    _record(session, unit, outcome)
    session.display.finished(outcome)


def _finish(session: _Session, future: Future, *, is_stopping: bool) -> None:
    decision, workplace, started, start_clock = session.running.pop(future)
    unit, staleness = decision.unit, session.staleness
    seconds = round(monotonic() - start_clock, 2)
    key = {"notebook": unit.source_hash}
    if future.exception() is None:
        key |= staleness.dependencies.recorded(unit, workplace.record(unit))
    outcome = _outcome_of(decision, future.exception(), workplace, seconds, is_stopping=is_stopping)
    outputs = (
        hash_files(session.run.run_dir, unit.outputs, staleness.remembered.sha256)
        if outcome.is_good
        else ()
    )
    _record(session, unit, outcome, started=started, key=key, outputs=outputs)
    session.display.finished(outcome)


def _outcome_of(
    decision: Decision,
    fault: BaseException | None,
    workplace: Workplace,
    seconds: float,
    *,
    is_stopping: bool,
) -> Outcome:
    unit = decision.unit
    if fault is None:
        workplace.clear(unit)
        return Outcome(unit.name, "ok", decision.reason, seconds)
    remove_outputs(unit, workplace)
    if is_stopping:
        workplace.clear(unit)
        return Outcome(unit.name, "interrupted", "stopped while running", seconds)
    failure = failure_in_words(fault, time_limit_seconds=workplace.time_limit_seconds)
    look_at = keep_failed(unit, workplace)
    workplace.clear(unit)
    return Outcome(unit.name, "failed", failure.headline, seconds, failure, look_at)


def _record(
    session: _Session,
    unit: Unit,
    outcome: Outcome,
    *,
    started: str | None = None,
    key: dict[str, str] | None = None,
    outputs: tuple[FileHash, ...] = (),
) -> None:
    run = session.run
    is_attempt = outcome.status != "skipped"
    session.outcomes[unit.name] = outcome
    session.n_attempts[unit.name] = session.n_attempts.get(unit.name, 0) + is_attempt
    attempt = Attempt(
        run_id=run.run_id,
        unit=unit.name,
        notebook=unit.notebook,
        params_hash=params_hash(run),
        key=key or {},
        outputs=outputs,
        seed=run.params.seed,
        versions=run.versions,
        attempts=session.n_attempts[unit.name],
        status=outcome.status,
        error=None if outcome.is_good else outcome.reason,
        started=started,
        seconds=outcome.seconds,
    )
    append_attempt(run, attempt)


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
