"""A run while it goes on: units are started when those before them have ended, several at a time,
and what becomes of each is recorded.

The main thread alone decides and records; worker threads only execute.
"""

import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from evalkit.batch.bounds import Bounds, MemoryWatch
from evalkit.batch.execute import (
    Workplace,
    keep_failed,
    remove,
    remove_outputs,
)
from evalkit.batch.failure import failure_in_words, is_dead_kernel, refusal_of_the_system
from evalkit.batch.kernels import (
    connection_of,
    live_kernels,
    stop_kernel,
    stop_kernels,
)
from evalkit.batch.manifest import (
    Attempt,
    FileHash,
    append_attempt,
    hash_files,
    params_hash,
)
from evalkit.batch.outcome import Outcome
from evalkit.batch.plan import Unit
from evalkit.batch.progress import Display
from evalkit.batch.staleness import NOTHING_CHANGED, Decision, Staleness
from evalkit.batch.workers import Workers, n_cores, taken_back
from evalkit.errors import BatchError
from evalkit.params import Run
from evalkit.runs import KEPT_VINTAGES

POLL_SECONDS = 0.2
WATCH_SECONDS = 1.0
# How often a unit whose kernel died by itself is tried again.
N_RETRIES = 1


@dataclass(frozen=True)
class Options:
    """How to run: how many units at a time (0: one per core), which units, whether current ones too
    or only those that failed and what comes after them, what each unit may use, how many earlier
    vintages are kept, the address of the scheduler whose workers execute the units (none: this
    machine does), and whether every kernel is started anew.
    """

    jobs: int = 0
    only: str | None = None
    force: bool = False
    retry_failed: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    keep: int = KEPT_VINTAGES
    scheduler: str | None = None
    is_cold: bool = False


@dataclass
class Session:
    """The state of a run while it goes on; only the main thread touches it. `roots` has for each
    unit that was skipped the one that went wrong.
    """

    run: Run
    options: Options
    sockets: Path
    workers: Workers
    display: Display
    staleness: Staleness
    watch: MemoryWatch
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    roots: dict[str, str] = field(default_factory=dict)
    n_attempts: dict[str, int] = field(default_factory=dict)
    running: dict[Future, tuple[Decision, Workplace, str, float]] = field(default_factory=dict)
    n_started: int = 0
    n_retried: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, BatchError] = field(default_factory=dict)
    watched_at: float = 0.0
    troubles: list[str] = field(default_factory=list)


def execute(session: Session, decisions: list[Decision], stop: threading.Event) -> None:
    """Work through units until all have ended, or the flag to stop is set: what runs is then killed
    and recorded as interrupted.
    """
    waiting = _longest_chain_first(decisions)
    while (waiting or session.running) and not stop.is_set():
        waiting = _start_ready(session, waiting)
        done, _ = wait(session.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        _stop_too_large(session)
        for future in done:
            waiting += _finish(session, future, is_stopping=False)
    while session.running:
        stop_kernels(session.sockets)
        for future in session.running:
            future.cancel()
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


def _start_ready(session: Session, waiting: list[Decision]) -> list[Decision]:
    """Start what may start, mark what never can, and return what still waits."""
    still_waiting = []
    for decision in waiting:
        before = [session.outcomes.get(name) for name in decision.unit.after]
        cause = _cause_to_skip(
            session, decision.unit, {one.unit for one in before if one and not one.is_good}
        )
        if cause:
            _skip(session, decision, cause)
        elif not all(before) or len(session.running) >= session.workers.n_jobs:
            still_waiting.append(decision)
        elif reason := _reason_now(session, decision):
            _start(session, replace(decision, reason=reason))
        else:
            _keep(session, decision)
    return still_waiting


def _cause_to_skip(session: Session, unit: Unit, ended_badly: set[str]) -> str | None:
    """The unit without which this one cannot be run, if there is one: also one of the city that
    took all interventions or districts away which this one would collect.
    """
    roots = (session.roots.get(name, name) for name in unit.after if name in ended_badly)
    of_city = (root for root in roots if "@" not in root)
    return unit.cause_to_skip(ended_badly) or next(of_city, None)


def _reason_now(session: Session, decision: Decision) -> str | None:
    """Why a unit is run, now that all units before it have ended; nothing if it is current."""
    if decision.action == "run":
        return decision.reason
    return session.staleness.reason(decision.unit)


def _keep(session: Session, decision: Decision) -> None:
    outcome = Outcome(decision.unit.name, "current", NOTHING_CHANGED)
    session.outcomes[decision.unit.name] = outcome
    session.display.finished(outcome)


def _start(session: Session, decision: Decision) -> None:
    session.n_started += 1
    workplace = Workplace(
        session.run.run_dir,
        session.sockets,
        session.n_started,
        _bounds_of_one(session),
        # What died may have died of being forked.
        is_cold=bool(session.n_retried[decision.unit.name]),
    )
    started = datetime.now(UTC).isoformat(timespec="seconds")
    session.display.started(decision.unit.name)
    session.running[session.workers.submit(decision.unit, workplace)] = (
        decision,
        workplace,
        started,
        monotonic(),
    )


def _bounds_of_one(session: Session) -> Bounds:
    """What one unit may use when so many run at a time."""
    n_threads = max(1, n_cores() // session.workers.n_jobs)
    return replace(session.options.bounds, n_threads=n_threads)


def _skip(session: Session, decision: Decision, cause: str) -> None:
    """A unit that cannot be made anew leaves nothing behind that was made from something else."""
    unit = decision.unit
    for path in unit.outputs:
        remove(session.run.run_dir / path)
    session.roots[unit.name] = session.roots.get(cause, cause)
    outcome = Outcome(unit.name, "skipped", f"depends on {cause}")
    _record(session, unit, outcome)
    session.display.finished(outcome)


def _stop_too_large(session: Session) -> None:
    """Stop the kernels that take more memory than they may."""
    if monotonic() - session.watched_at < WATCH_SECONDS:
        return
    kernels = live_kernels(session.sockets)
    for connection, fault in session.watch.too_large(kernels).items():
        session.stopped[connection] = fault
        stop_kernel(kernels[connection])
    session.watched_at = monotonic()


def _fault_of(
    session: Session, future: Future, unit: Unit, workplace: Workplace
) -> BaseException | None:
    """Why an attempt went wrong, if it did; of a kernel that was stopped, why it was."""
    fault = taken_back(unit) if future.cancelled() else future.exception()
    if fault is None or not is_dead_kernel(fault):
        return fault
    return session.stopped.get(str(connection_of(workplace.sockets, workplace.number)), fault)


def _finish(session: Session, future: Future, *, is_stopping: bool) -> list[Decision]:
    """Record how a unit ended; returns it if it is to be tried once more, because its kernel died
    by itself.
    """
    decision, workplace, started, start_clock = session.running.pop(future)
    unit, staleness = decision.unit, session.staleness
    seconds = round(monotonic() - start_clock, 2)
    key = {"notebook": unit.source_hash}
    fault, outputs = _fault_of(session, future, unit, workplace), ()
    try:
        if fault is None:
            key |= staleness.dependencies.recorded(unit, workplace.record(unit))
            outputs = hash_files(session.run.run_dir, unit.outputs, staleness.remembered.sha256)
    except OSError as refused:
        fault = refused
    outcome = _outcome_of(decision, fault, workplace, seconds, is_stopping=is_stopping)
    _record(session, unit, outcome, started=started, key=key, outputs=outputs)
    is_dead = fault is not None and not is_stopping and is_dead_kernel(fault)
    if is_dead and session.n_retried[unit.name] < N_RETRIES:
        session.n_retried[unit.name] += 1
        del session.outcomes[unit.name]
        return [replace(decision, action="run", reason="its kernel died; tried once more")]
    session.display.finished(outcome)
    return []


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
    with suppress(OSError):
        remove_outputs(unit, workplace)
    if is_stopping:
        workplace.clear(unit)
        return Outcome(unit.name, "interrupted", "stopped while running", seconds)
    failure = failure_in_words(fault, time_limit_seconds=workplace.bounds.time_limit_seconds)
    look_at = None
    with suppress(OSError):
        look_at = keep_failed(unit, workplace)
    workplace.clear(unit)
    return Outcome(unit.name, "failed", failure.headline, seconds, failure, look_at)


def _record(
    session: Session,
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
    try:
        append_attempt(run, attempt)
    except OSError as refused:
        # What is not recorded is run again the next time: nothing is lost but time.
        words = f"the manifest could not be written ({refusal_of_the_system(refused)})"
        if words not in session.troubles:
            session.troubles.append(words)
