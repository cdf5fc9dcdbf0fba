"""What is current: a unit is run again only if something that its result rests on has changed, or
its outputs are not as recorded.

A unit's key has parts: its notebook, the parameters, evalkit's source, the environment, the
extract's files (for units without predecessors) and the keys of the units before it.
"""

import fnmatch
import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from evalkit.batch.manifest import Attempt, hash_files
from evalkit.batch.plan import Unit
from evalkit.batch.vintage import environment_hash, evalkit_source_hash
from evalkit.errors import ParameterError, nearest
from evalkit.params import Run
from evalkit.records import hash_of

Key = dict[str, str]
PART_NAMES = {
    "notebook": "the notebook",
    "parameters": "the parameters",
    "evalkit": "evalkit's source",
    "environment": "Python or requirements.lock",
    "extract": "the extract",
    "before": "a unit before it",
}


@dataclass(frozen=True)
class Decision:
    """What is to happen with a unit, and why: run it, keep it as current, or leave it (not asked
    for).
    """

    unit: Unit
    key: Key
    action: Literal["run", "current", "leave"]
    reason: str


def decide(
    units: tuple[Unit, ...],
    run: Run,
    attempts: list[Attempt],
    *,
    only: str | None = None,
    force: bool = False,
) -> tuple[Decision, ...]:
    """A decision for each unit, in the order of the plan.

    Parameters
    ----------
    only : str, optional
        A pattern of unit names ("district/*", "*@belfast"); those units are wanted, and whatever
        they build on.
    force : bool
        Run the wanted units even if they are current.

    Raises
    ------
    ParameterError
        If no unit matches the pattern.
    """
    keys = unit_keys(units, run)
    last_ok = {attempt.unit: attempt for attempt in attempts if attempt.status == "ok"}
    wanted = _wanted(units, only)
    needed = _with_predecessors(units, wanted)
    decisions: dict[str, Decision] = {}
    for unit in units:
        if unit.name not in needed:
            decisions[unit.name] = Decision(unit, keys[unit.name], "leave", "not asked for")
            continue
        reason = (
            "forced"
            if force and unit.name in wanted
            else _reason_to_run(unit, run, keys[unit.name], last_ok, decisions)
        )
        decisions[unit.name] = Decision(
            unit, keys[unit.name], "run" if reason else "current", reason or "nothing has changed"
        )
    return tuple(decisions.values())


def unit_keys(units: tuple[Unit, ...], run: Run) -> dict[str, Key]:
    """The key of each unit by name."""
    extract = {name: sha256 for name, sha256 in run.inputs.items() if name.startswith("extract/")}
    others = {name: sha256 for name, sha256 in run.inputs.items() if name not in extract}
    shared = {
        "parameters": _hash([hash_of(run.params), others]),
        "evalkit": evalkit_source_hash(),
        "environment": environment_hash(),
    }
    keys: dict[str, Key] = {}
    for unit in units:
        root = (
            {"before": _hash([keys[name] for name in unit.after])}
            if unit.after
            else {"extract": _hash(extract)}
        )
        keys[unit.name] = {"notebook": unit.source_hash, **shared, **root}
    return keys


def _wanted(units: tuple[Unit, ...], only: str | None) -> set[str]:
    names = {unit.name for unit in units}
    wanted = {name for name in names if only is None or fnmatch.fnmatchcase(name, only)}
    if not wanted:
        raise ParameterError(
            "No unit matches the pattern.",
            where=f'--only "{only}"',
            why="The pattern is compared with whole unit names; * stands for any text.",
            fix=f"{nearest(only or '', names)}; evalkit run RUN_FILE --dry-run lists the units.",
        )
    return wanted


def _with_predecessors(units: tuple[Unit, ...], wanted: set[str]) -> set[str]:
    needed = set(wanted)
    for unit in reversed(units):
        if unit.name in needed:
            needed.update(unit.after)
    return needed


def _reason_to_run(
    unit: Unit, run: Run, key: Key, last_ok: dict[str, Attempt], decisions: dict[str, Decision]
) -> str | None:
    """Why a unit cannot be kept, in words; nothing if it is current."""
    before = [name for name in unit.after if decisions[name].action == "run"]
    attempt = last_ok.get(unit.name)
    if attempt is None:
        return "never done"
    changed = [
        words
        for name, words in PART_NAMES.items()
        if name != "before" and attempt.key.get(name) != key.get(name)
    ]
    if changed:
        return f"changed: {', '.join(changed)}"
    if before:
        return f"follows {before[0]}"
    if attempt.key != key:
        return f"changed: {PART_NAMES['before']}"
    recorded = {file.path: file.sha256 for file in attempt.outputs}
    present = {file.path: file.sha256 for file in hash_files(run.run_dir, unit.outputs)}
    if present != recorded or not set(recorded).issuperset([*unit.writes, unit.executed]):
        return "an output is missing or is not as recorded"
    return None


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
