"""How a run stands: which units are done, which failed, which are no longer current, and why."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evalkit.batch.execute import failed_notebook
from evalkit.batch.layout import place_of
from evalkit.batch.manifest import read_attempts
from evalkit.batch.plan import Unit
from evalkit.batch.staleness import Staleness, decide
from evalkit.batch.verify import last_attempts
from evalkit.params import Run

State = Literal["done", "failed", "skipped", "interrupted", "stale", "never done"]
NOT_WELL = ("failed", "skipped", "interrupted")


@dataclass(frozen=True)
class Standing:
    """How a unit stands.

    `reason` says why it failed, was skipped or is no longer current; `look_at` is the private file
    to open after a failure.
    """

    unit: str
    state: State
    reason: str = ""
    look_at: Path | None = None


def standings(run: Run, units: tuple[Unit, ...]) -> tuple[Standing, ...]:
    """How each unit of a run stands in the vintage that the run goes on with, in the order of the
    plan.
    """
    run = place_of(run).before(run)
    last = last_attempts(run.run_dir)
    found = []
    for decision in decide(units, Staleness(run, read_attempts(run.run_dir))):
        name = decision.unit.name
        attempt = last.get(name)
        if attempt is None:
            found.append(Standing(name, "never done"))
        elif attempt.status in NOT_WELL:
            kept = failed_notebook(run.run_dir, decision.unit)
            look_at = kept if attempt.status == "failed" and kept.exists() else None
            found.append(Standing(name, attempt.status, attempt.error or "", look_at))
        elif decision.action == "current":
            found.append(Standing(name, "done"))
        else:
            found.append(Standing(name, "stale", decision.reason))
    return tuple(found)
