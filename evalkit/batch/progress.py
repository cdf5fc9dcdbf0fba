"""Progress on the standard error stream: a live line on a terminal, plain lines elsewhere. Results
go to the standard output.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from evalkit.batch.outcome import Outcome

MAX_NAMES_SHOWN = 3


class Display:
    """Plain lines: one when a unit starts and one when it ends."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.running: list[str] = []
        self.n_units = self.n_done = 0
        self.start_clock = monotonic()

    @contextmanager
    def shown(self, units: list[str]) -> Generator[None]:
        """Show progress over the units that are to run."""
        self.n_units, self.start_clock = len(units), monotonic()
        yield

    def started(self, unit: str) -> None:
        """A unit has started."""
        self.running.append(unit)
        self.say(f"start    {unit}")

    def finished(self, outcome: Outcome) -> None:
        """A unit has ended, or will never start."""
        self.running = [unit for unit in self.running if unit != outcome.unit]
        self.n_done += 1
        self.say(self.line_on(outcome))

    def line_on(self, outcome: Outcome) -> str:
        """One line on how a unit ended."""
        seconds = f"  {outcome.seconds:.1f} s" if outcome.seconds is not None else ""
        reason = "" if outcome.status == "ok" else f"  {outcome.reason}"
        elapsed = monotonic() - self.start_clock
        return (
            f"{outcome.status:<8} {outcome.unit}{seconds}{reason}  [{self.n_done} of "
            f"{self.n_units}, {elapsed:.0f} s]"
        )

    def say(self, line: str) -> None:
        """Write a line."""
        self.stream.write(line + "\n")
        self.stream.flush()


class LiveDisplay(Display):
    """A terminal's display: finished units above, below them how many are done, the time, and what
    is running now.
    """

    @contextmanager
    def shown(self, units: list[str]) -> Generator[None]:
        """Show progress over the units that are to run."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self.n_units, self.start_clock = len(units), monotonic()
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
            self.task = self.progress.add_task("", total=self.n_units)
            yield

    def started(self, unit: str) -> None:
        """A unit has started."""
        self.running.append(unit)
        self._refresh()

    def finished(self, outcome: Outcome) -> None:
        """A unit has ended, or will never start."""
        super().finished(outcome)
        self._refresh()

    def line_on(self, outcome: Outcome) -> str:
        """One line on how a unit ended; how many are done stands in the live line."""
        return super().line_on(outcome).rsplit("  [", 1)[0]

    def say(self, line: str) -> None:
        """Write a line above the live one."""
        self.progress.console.print(line, markup=False)

    def _refresh(self) -> None:
        names = ", ".join(self.running[:MAX_NAMES_SHOWN]) + (
            " ..." if len(self.running) > MAX_NAMES_SHOWN else ""
        )
        self.progress.update(
            self.task, completed=self.n_done, description=f"running: {names}" if names else ""
        )


def make_display() -> Display:
    """The display that suits the standard error stream."""
    return LiveDisplay() if sys.stderr.isatty() else Display()
