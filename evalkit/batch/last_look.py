"""The last look at a run: everything that leaves it is searched for persons, whoever wrote it, and
files that no notebook declares are named.
"""

from pathlib import Path

from evalkit.batch.execute import LEAVING_FOLDERS, withhold_findings
from evalkit.batch.failure import Failure, failure_in_words
from evalkit.batch.plan import Unit
from evalkit.batch.remembered import Remembered
from evalkit.batch.scan import known_ids, search_basis
from evalkit.errors import BatchError, DisclosureError
from evalkit.params import Run
from evalkit.tables import print_of

# What is remembered of the ids that outputs were searched for: whether all can be told from counts.
_IDS, _RECOGNISABLE = "ids", "all"


def last_look(run: Run, remembered: Remembered) -> tuple[Failure | None, bool]:
    """Look once more through everything that leaves, whoever wrote it, but for what was searched
    before; says too whether ids can be told from counts.
    """
    paths = [path for folder in (*LEAVING_FOLDERS, "notebooks") for path in _files(run, folder)]
    contents = {path: remembered.sha256(run.run_dir / path) for path in paths}
    basis = search_basis(run.run_dir, remembered)
    unsearched = [path for path in paths if not remembered.is_clean(contents[path], basis)]
    if not unsearched and (fact := remembered.fact(_IDS) or "").startswith(basis):
        return None, fact.endswith(_RECOGNISABLE)
    try:
        known = known_ids(run.run_dir)
        withhold_findings(run.run_dir, unsearched, known, where="the finished run")
    except (DisclosureError, BatchError) as fault:
        return failure_in_words(fault, time_limit_seconds=0), True
    remembered.keep_clean(set(filter(None, contents.values())), basis)
    remembered.keep_fact(_IDS, f"{basis} {_RECOGNISABLE if known.are_recognisable else 'some'}")
    return None, known.are_recognisable


def undeclared(run: Run, units: tuple[Unit, ...]) -> tuple[str, ...]:
    """Files among the published tables and pages that no unit declares; prints lie beside declared
    pages.
    """
    declared = {path for unit in units for path in unit.outputs}
    declared |= {print_of(Path(path)).as_posix() for path in declared if path.endswith(".html")}
    return tuple(
        path
        for folder in ("published", "site")
        for path in _files(run, folder)
        if path not in declared
    )


def _files(run: Run, folder: str) -> list[str]:
    root = run.run_dir / folder
    return sorted(
        path.relative_to(run.run_dir).as_posix() for path in root.rglob("*") if path.is_file()
    )
