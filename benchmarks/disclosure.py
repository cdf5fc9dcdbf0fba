"""How fast gate 2 is: the tables of a run that share its people, in this state and in another one,
and how the time grows with the number of districts.

    python benchmarks/disclosure.py RUN_FILE [OTHER_RUN_FILE] [N_DISTRICTS ...]

A run file stands in params/ of a working copy, whose evalkit is taken; the other one is that of
another state (git worktree add). Each state makes the tables from the delivered files by its own
notebooks (linked_tables.py), in a process of its own; both then pass them through gate 2 in turns,
5 times after one warm-up of each. The figures are medians of the processor's seconds. Districts
beyond those of the run are copies of them, made in this state alone.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

TURNS = 5
NAMES = ("this", "other")
PASSAGES = Path(__file__).with_name("linked_tables.py")


class State:
    """A state of gate 2 with its tables, in a process of its own."""

    def __init__(self, run_file: str, *further: str):
        checkout = Path(run_file).resolve().parents[1]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        self.process = subprocess.Popen(
            [sys.executable, str(PASSAGES), "time", run_file, *further],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tables = self._said()

    def passage(self) -> float:
        """The seconds of one passage of all tables."""
        if self.process.stdin:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        return float(self._said())

    def end(self) -> None:
        """Let the process end."""
        self.process.communicate()

    def _said(self) -> str:
        return self.process.stdout.readline().strip() if self.process.stdout else ""


def in_turns(states: dict[str, State]) -> dict[str, float]:
    """The median seconds of each state."""
    seconds: dict[str, list[float]] = {name: [] for name in states}
    for turn in range(TURNS + 1):
        for name, state in states.items():
            taken = state.passage()
            seconds[name] += [taken] if turn else []
    for state in states.values():
        state.end()
    return {name: statistics.median(of_state) for name, of_state in seconds.items()}


def main(run_file: str, *further: str) -> None:
    """Print the table."""
    print(f"load {os.getloadavg()[0]:.1f}\n\n| tables | state | seconds |\n|---|---|---|")
    others = [one for one in further if not one.isdigit()]
    states = {name: State(file) for name, file in zip(NAMES, [run_file, *others], strict=False)}
    rows = [(states[name].tables, name, taken) for name, taken in in_turns(states).items()]
    for n_districts in filter(str.isdigit, further):
        grown = State(run_file, n_districts)
        seconds = in_turns({NAMES[0]: grown})[NAMES[0]]
        rows.append((f"{n_districts} districts: {grown.tables}", NAMES[0], seconds))
    for tables, name, taken in rows:
        print(f"| {tables} | {name} | {taken:.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
