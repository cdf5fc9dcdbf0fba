"""Progress on the standard error stream: a live line on a terminal, plain lines elsewhere. Results
go to the standard output.
"""

import sys
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from time import monotonic
from typing import TextIO

from evalkit.batch.outcome import Outcome
from evalkit.batch.plan import notebook_of

MAX_NAMES_SHOWN = 3
_MINUTE, _HOUR = 60, 3600


class Ahead:
    """What is still to be done, and how long it may take.

    Parameters
    ----------
    units : sequence of str
        The units that are to run, or may have to.
    seconds : mapping of str to float
        How long units took the last time. Others are expected to take as long as those of the same
        notebook, else as all that are known.
    n_jobs : int
        How many units run at a time.
    """

    def __init__(self, units: Sequence[str], seconds: Mapping[str, float], n_jobs: int):
        self._left = dict.fromkeys(units)
        self._n_of = Counter(map(notebook_of, units))
        self._seconds, self._n_jobs = dict(seconds), n_jobs
        self._started: dict[str, float] = {}
        self.n_units = len(units)

    @property
    def n_done(self) -> int:
        """How many units have ended."""
        return self.n_units - len(self._left)

    def started(self, unit: str) -> None:
        """A unit has started."""
        self._started[unit] = monotonic()

    def finished(self, outcome: Outcome) -> None:
        """A unit has ended, or will never start."""
        self._left.pop(outcome.unit, None)
        if outcome.seconds is not None:
            self._seconds[outcome.unit] = outcome.seconds

    def stage(self, unit: str) -> str:
        """How many units of the unit's notebook have ended: "04_effects 2 of 5"."""
        notebook = notebook_of(unit)
        n_left = sum(notebook_of(name) == notebook for name in self._left)
        n_units = self._n_of[notebook]
        return f"{notebook.split('/')[-1]} {n_units - n_left} of {n_units}"

    def seconds_left(self) -> float | None:
        """How long the rest may take; None while nothing is known. Seconds."""
        if not self._seconds:
            return None
        by_notebook: dict[str, list[float]] = {}
        for unit, seconds in self._seconds.items():
            by_notebook.setdefault(notebook_of(unit), []).append(seconds)
        of_any = fmean(self._seconds.values())
        left = 0.0
        for unit in self._left:
            known = by_notebook.get(notebook_of(unit))
            expected = self._seconds.get(unit, fmean(known) if known else of_any)
            ran = monotonic() - self._started[unit] if unit in self._started else 0.0
            left += max(expected - ran, 0.0)
        return left / max(min(self._n_jobs, len(self._left)), 1)


class Display:
    """Plain lines: one when a unit starts and one when it ends."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.running: list[str] = []
        self.ahead = Ahead((), {}, 1)
        self.start_clock = monotonic()

    @contextmanager
    def shown(self, ahead: Ahead) -> Generator[None]:
        """Show progress over the units that are to run."""
        self.ahead, self.start_clock = ahead, monotonic()
        yield

    def started(self, unit: str) -> None:
        """A unit has started."""
        self.ahead.started(unit)
        self.running.append(unit)
        self.say(f"start    {unit}")

    def finished(self, outcome: Outcome) -> None:
        """A unit has ended, or will never start."""
        self.running = [unit for unit in self.running if unit != outcome.unit]
        self.ahead.finished(outcome)
        self.say(self.line_on(outcome))

    def line_on(self, outcome: Outcome) -> str:
        """One line on how a unit ended, and how far the run is."""
        elapsed = f"{monotonic() - self.start_clock:.0f} s"
        progress = f"{self.ahead.n_done} of {self.ahead.n_units}, {elapsed}{self.time_left()}"
        return f"{self.end_of(outcome)}  [{self.ahead.stage(outcome.unit)}; {progress}]"

    def end_of(self, outcome: Outcome) -> str:
        """How a unit ended."""
        seconds = f"  {outcome.seconds:.1f} s" if outcome.seconds is not None else ""
        reason = "" if outcome.status == "ok" else f"  {outcome.reason}"
        return f"{outcome.status:<8} {outcome.unit}{seconds}{reason}"

    def time_left(self) -> str:
        """About how long the rest may take, in words; nothing while that is not known."""
        left = self.ahead.seconds_left()
        if left is None or self.ahead.n_done == self.ahead.n_units:
            return ""
        if left < _MINUTE:
            return ", less than a minute left"
        if left < _HOUR:
            return f", about {round(left / _MINUTE)} min left"
        return f", about {left / _HOUR:.1f} h left"

    def say(self, line: str) -> None:
        """Write a line."""
        self.stream.write(line + "\n")
        self.stream.flush()


class LiveDisplay(Display):
    """A terminal's display: finished units above, below them how many are done, the time, and what
    is running now.
    """

    @contextmanager
    def shown(self, ahead: Ahead) -> Generator[None]:
        """Show progress over the units that are to run."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self.ahead, self.start_clock = ahead, monotonic()
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
        )
        self.progress = Progress(
            *columns, console=Console(file=self.stream, highlight=False), transient=True
        )
        with self.progress:
            self.task = self.progress.add_task("", total=self.ahead.n_units)
            yield

    def started(self, unit: str) -> None:
        """A unit has started."""
        self.ahead.started(unit)
        self.running.append(unit)
        self._refresh()

    def finished(self, outcome: Outcome) -> None:
        """A unit has ended, or will never start."""
        super().finished(outcome)
        self._refresh()

    def line_on(self, outcome: Outcome) -> str:
        """One line on how a unit ended; how far the run is stands in the live line."""
        return self.end_of(outcome)

    def say(self, line: str) -> None:
        """Write a line above the live one."""
        self.progress.console.print(line, markup=False)

    def _refresh(self) -> None:
        first = self.running[:MAX_NAMES_SHOWN]
        names = ", ".join(f"{unit} ({self.ahead.stage(unit)})" for unit in first)
        more = " ..." if len(self.running) > MAX_NAMES_SHOWN else ""
        running = f"running: {names}{more}" if names else ""
        left = self.time_left().removeprefix(", ")
        self.progress.update(
            self.task,
            completed=self.ahead.n_done,
            description="; ".join(part for part in (left, running) if part),
        )


def make_display() -> Display:
    """The display that suits the standard error stream."""
    return LiveDisplay() if sys.stderr.isatty() else Display()
