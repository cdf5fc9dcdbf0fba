"""Which files of its run a unit may read: those that the units before it, and it itself, declare to
write.

So no result depends on a unit that happens to run beside it. The runner writes down what each unit
may read and hands the place on in the environment; a notebook opened by hand has no such list and
reads whatever the run's folder holds.
"""

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from evalkit.errors import BatchError

READS_VARIABLE = "EVALKIT_READS"


def write_reads(file: Path, *, unit: str, run_dir: Path, reads: Iterable[str]) -> None:
    """Write the list of files that a unit may read (paths inside the run folder); `READS_VARIABLE`
    names it.
    """
    content = {"unit": unit, "run_dir": str(run_dir.resolve()), "reads": sorted(reads)}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def may_read(path: Path) -> bool:
    """Whether the unit that is running may read a file of its run; always true outside a run and
    for other folders.
    """
    file = os.environ.get(READS_VARIABLE)
    if not file:
        return True
    _, run_dir, reads = _permitted(file)
    full = path.resolve()
    return not full.is_relative_to(run_dir) or full.relative_to(run_dir).as_posix() in reads


def refuse_undeclared(path: Path) -> None:
    """Refuse to read a file of the run that no earlier unit declares to write.

    Raises
    ------
    BatchError
        Naming the unit and the file.
    """
    if not may_read(path):
        unit, run_dir, _ = _permitted(os.environ[READS_VARIABLE])
        raise BatchError(
            "A notebook reads a file that no notebook before it declares to write.",
            where=f"{unit}: {path.resolve().relative_to(run_dir).as_posix()}",
            why="Whether the file is there, and what it holds, would depend on which units happen "
            "to be done already.",
            fix="name the notebook that writes it in metadata.evalkit.after; files of some runs "
            'only belong in its "may_write".',
        )


@cache
def _permitted(file: str) -> tuple[str, Path, frozenset[str]]:
    content = json.loads(Path(file).read_text(encoding="utf-8"))
    return content["unit"], Path(content["run_dir"]), frozenset(content["reads"])
