"""What is current: a unit is run again only if something that its result rests on has changed, or
its outputs are not as recorded.

What a unit's result rests on is its notebook and what it read when it was last run
(`evalkit.batch.dependencies`). That is known for certain once the units before it have ended: one
that is run again and leaves the same tables gives those after it no reason to run. Until then the
plan says of them that they may run.
"""

from collections.abc import Container
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from evalkit.batch.dependencies import Dependencies
from evalkit.batch.manifest import Attempt, hash_files, last_good
from evalkit.batch.plan import Unit
from evalkit.batch.remembered import remembered_in
from evalkit.errors import ParameterError, first_few, nearest
from evalkit.params import Run

NOTHING_CHANGED = "nothing has changed"
_MAX_NAMED = 3


@dataclass(frozen=True)
class Decision:
    """What is to happen with a unit, and why: run it, run it if what it reads changes, keep it as
    current, or leave it (not asked for).
    """

    unit: Unit
    action: Literal["run", "may run", "current", "leave"]
    reason: str

    @property
    def is_open(self) -> bool:
        """Whether the unit is to be run, or may have to be."""
        return self.action in ("run", "may run")


class Staleness:
    """Which units of a run are not as their last attempt left them, and why.

    Parameters
    ----------
    attempts : list of Attempt
        The run's attempts, oldest first.
    """

    def __init__(self, run: Run, attempts: list[Attempt]):
        self.remembered = remembered_in(run.run_dir.parent)
        self.dependencies = Dependencies(run, self.remembered)
        self._run_dir = run.run_dir
        self._last_ok = last_good(attempts)
        last = {attempt.unit: attempt.status for attempt in attempts}
        self.not_well = {unit for unit, status in last.items() if status != "ok"}

    def reason(self, unit: Unit, *, to_be_made: Container[str] = ()) -> str | None:
        """Why a unit cannot be kept, in words; nothing if it is current.

        What is still to be made anew (paths inside the run folder) is no reason yet.
        """
        attempt = self._last_ok.get(unit.name)
        if attempt is None:
            return "never done"
        changed = ["the notebook"] if attempt.key.get("notebook") != unit.source_hash else []
        changed += [
            name for name in self.dependencies.changes(attempt.key) if name not in to_be_made
        ]
        if changed:
            return f"changed: {first_few(changed, _MAX_NAMED)}"
        recorded = {file.path: file.sha256 for file in attempt.outputs}
        now = hash_files(self._run_dir, unit.outputs, self.remembered.sha256)
        is_as_recorded = {file.path: file.sha256 for file in now} == recorded
        if not is_as_recorded or not set(recorded).issuperset([*unit.writes, unit.executed]):
            return "an output is missing or is not as recorded"
        return None

    def follows(self, unit: Unit, makers: dict[str, str]) -> str | None:
        """The unit that makes anew what this one read, if there is one; `makers` are units by what
        they make.
        """
        attempt = self._last_ok.get(unit.name)
        read = self.dependencies.names(attempt.key, "tables") if attempt else ()
        return next((makers[path] for path in makers if path in read), None)


def decide(
    units: tuple[Unit, ...],
    staleness: Staleness,
    *,
    only: str | None = None,
    force: bool = False,
    retry_failed: bool = False,
) -> tuple[Decision, ...]:
    """A decision for each unit, in the order of the plan.

    Parameters
    ----------
    only : str, optional
        A pattern of unit names ("district/*", "*@belfast"); those units are wanted, and whatever
        they build on.
    force : bool
        Run the wanted units even if they are current.
    retry_failed : bool
        Of them only those are wanted that did not end well the last time, and what comes after
        them.

    Raises
    ------
    ParameterError
        If no unit matches the pattern.
    """
    wanted = _wanted(units, only)
    if retry_failed:
        wanted &= _with_followers(units, staleness.not_well)
    needed = _with_predecessors(units, wanted)
    makers: dict[str, str] = {}
    decisions = []
    for unit in units:
        if unit.name not in needed:
            decisions.append(Decision(unit, "leave", "not asked for"))
            continue
        is_forced = force and unit.name in wanted
        reason = "forced" if is_forced else staleness.reason(unit, to_be_made=makers)
        cause = None if reason else staleness.follows(unit, makers)
        if reason:
            decisions.append(Decision(unit, "run", reason))
        elif cause:
            decisions.append(Decision(unit, "may run", f"follows {cause}"))
        else:
            decisions.append(Decision(unit, "current", NOTHING_CHANGED))
        if decisions[-1].is_open:
            makers |= dict.fromkeys(unit.outputs, unit.name)
    return tuple(decisions)


def _wanted(units: tuple[Unit, ...], only: str | None) -> set[str]:
    wanted = {unit.name for unit in units if only is None or unit.is_called(only)}
    if not wanted:
        subjects = {unit.names[0] for unit in units if unit.names}
        notebooks = {unit.notebook for unit in units}
        known = {*subjects, *notebooks, *(f"*@{subject}" for subject in subjects)}
        close = get_close_matches(only or "", known, n=1)
        raise ParameterError(
            "No unit is meant.",
            where=f'--only "{only}"',
            why="Units are named by a notebook (district/02_time_on_support, district/*), by a "
            "district or an intervention of the run, or by both: district/02*@Belfast.",
            fix=f"{nearest(only or '', known if close else notebooks)}; evalkit run RUN_FILE "
            "--dry-run lists the units.",
        )
    return wanted


def _with_followers(units: tuple[Unit, ...], names: set[str]) -> set[str]:
    found = set(names)
    for unit in units:
        if found.intersection(unit.after):
            found.add(unit.name)
    return found


def _with_predecessors(units: tuple[Unit, ...], wanted: set[str]) -> set[str]:
    needed = set(wanted)
    for unit in reversed(units):
        if unit.name in needed:
            needed.update(unit.after)
    return needed
