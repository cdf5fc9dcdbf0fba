"""How a run went: one outcome per unit, the exit code, and the summary for people and programs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from evalkit.batch.failure import GENERAL_EXIT, Failure
from evalkit.errors import DisclosureError, IntakeError, first_few
from evalkit.params import Run
from evalkit.runs import LATEST

Status = Literal["ok", "current", "left", "failed", "skipped", "interrupted"]
INTERRUPTED_EXIT = 130
# The page that a run's site opens on.
OVERVIEW = "site/index.html"
_GRAVEST_FIRST = (DisclosureError.exit_code, IntakeError.exit_code, GENERAL_EXIT)


@dataclass(frozen=True)
class Outcome:
    """What became of a unit.

    `reason` says why it ran, was kept or failed; `look_at` is the private file to open after a
    failure.
    """

    unit: str
    status: Status
    reason: str
    seconds: float | None = None
    failure: Failure | None = None
    look_at: Path | None = None

    @property
    def is_good(self) -> bool:
        """Whether other units may build on it."""
        return self.status in ("ok", "current")


@dataclass(frozen=True)
class BatchResult:
    """A finished run: outcomes in the order of the plan, what the last look found, pages that could
    not be made and have a stand-in, files that nobody declared, and the vintage that readers see.
    """

    run: Run
    outcomes: tuple[Outcome, ...]
    gate: Failure | None
    missing_pages: tuple[str, ...]
    undeclared: tuple[str, ...]
    are_ids_recognisable: bool
    is_interrupted: bool
    seen: Path | None
    troubles: tuple[str, ...] = ()

    def of(self, *statuses: Status) -> list[Outcome]:
        """The outcomes with one of the given statuses."""
        return [outcome for outcome in self.outcomes if outcome.status in statuses]

    @property
    def exit_code(self) -> int:
        """0 ok, 1 some units failed, 3 contract violated, 4 disclosure, 130 interrupted."""
        if self.is_interrupted:
            return INTERRUPTED_EXIT
        codes = {
            failure.exit_code
            for failure in (self.gate, *(outcome.failure for outcome in self.outcomes))
            if failure
        }
        return next(
            (code for code in _GRAVEST_FIRST if code in codes),
            GENERAL_EXIT if self.troubles or self.of("failed", "skipped") else 0,
        )

    @property
    def report(self) -> Path | None:
        """The report's first page, where readers see this run."""
        if self.seen != self.run.run_dir:
            return None
        pointed = self.run.run_dir.with_name(LATEST)
        return (pointed if pointed.is_dir() else self.run.run_dir) / OVERVIEW


def summary(result: BatchResult) -> str:
    """What ran, what was current, what failed and where to look, and where the report lies."""
    lines = [
        _headline(result),
        *(line for outcome in result.outcomes for line in _lines_on(outcome)),
    ]
    if result.gate:
        lines += ["withheld", *_indented(result.gate.text)]
    lines += [f"trouble  {trouble}" for trouble in result.troubles]
    if result.missing_pages:
        pages = first_few(list(result.missing_pages), 6)
        lines.append(f"missing  pages that could not be made, and say so: {pages}")
    if result.undeclared:
        lines.append(f"warning  files declared by no notebook: {first_few(result.undeclared, 5)}")
    if not result.are_ids_recognisable:
        lines.append(
            "warning  some ids of persons are plain short numbers and cannot be told from counts: "
            "pages were not searched for them"
        )
    return "\n".join([*lines, *_lines_on_report(result)])


def summary_as_record(result: BatchResult) -> dict[str, Any]:
    """The summary for programs."""
    return {
        "run": result.run.params.run,
        "run_id": result.run.run_id,
        "run_dir": str(result.run.run_dir),
        "exit_code": result.exit_code,
        "units": [
            {
                "unit": outcome.unit,
                "status": outcome.status,
                "reason": outcome.reason,
                "seconds": outcome.seconds,
                "error": outcome.failure.text if outcome.failure else None,
                "look_at": str(outcome.look_at) if outcome.look_at else None,
            }
            for outcome in result.outcomes
        ],
        "withheld": result.gate.text if result.gate else None,
        "troubles": list(result.troubles),
        "missing_pages": list(result.missing_pages),
        "undeclared": list(result.undeclared),
        "report": str(result.report) if result.report else None,
    }


def _headline(result: BatchResult) -> str:
    words: dict[Status, str] = {
        "ok": "done",
        "current": "current",
        "failed": "failed",
        "skipped": "skipped",
        "interrupted": "interrupted",
        "left": "not asked for",
    }
    counts = [
        f"{len(outcomes)} {word}"
        for status, word in words.items()
        if (outcomes := result.of(status))
    ]
    state = (
        "interrupted"
        if result.is_interrupted
        else ("complete" if result.exit_code == 0 else "NOT complete")
    )
    return f"{result.run.params.run}: {state}; of {len(result.outcomes)} units {', '.join(counts)}"


def _lines_on(outcome: Outcome) -> list[str]:
    if outcome.failure:
        look_at = (
            [f"    look at: {outcome.look_at} (private: a traceback may hold data)"]
            if outcome.look_at
            else []
        )
        return [f"failed   {outcome.unit}", *_indented(outcome.failure.text), *look_at]
    if outcome.status in ("skipped", "interrupted"):
        return [f"{outcome.status}  {outcome.unit}: {outcome.reason}"]
    return []


def _lines_on_report(result: BatchResult) -> list[str]:
    if result.is_interrupted:
        return ["The same command goes on where this one stopped."]
    if not result.report:
        if not result.seen:
            return [f"There is no report: {OVERVIEW} was not written."]
        seen = result.seen / OVERVIEW
        return [f"There is no new report. Readers still see that of {result.seen.name}: {seen}"]
    name = "The report" if result.exit_code == 0 else "The report (not complete, see above)"
    return [f"{name}: {result.report}", f"Open it in any web browser: {result.report.as_uri()}"]


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
