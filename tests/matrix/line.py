"""The real notebooks of the line, run in this process: every code cell of every unit in the order
of the plan, without a kernel each.
"""

import ast
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from evalkit.batch.declared import PARAMETERS_TAG
from evalkit.batch.plan import Unit, plan_run
from evalkit.batch.vintage import prepare_run, write_run
from evalkit.cli.check import receipt
from evalkit.cli.faults import refuse_faulty_files
from evalkit.params import Run
from evalkit.reads import READS_VARIABLE, write_reads
from evalkit.report import write_stand_in


def check_line(run_file: Path) -> None:
    """What `evalkit check` looks at: parameters, named files, notebooks, and the extract as far as
    the first station.
    """
    run = prepare_run(run_file, out=Path("runs"))
    refuse_faulty_files(run)
    plan_run(run)
    receipt(run, None, None)


def run_line(
    run_file: Path,
    *,
    out: Path,
    is_latest_first: bool = False,
    last: str | None = None,
    failing: str | None = None,
) -> Run:
    """A run from its file to its pages, or to the unit `last`: what `evalkit check` refuses is
    refused, then every unit is executed.

    `is_latest_first` takes, of the units that may start, the one that the plan names last: as far
    from the plan's order as several jobs get. The unit `failing` leaves nothing, as if it had
    failed, nor do those that cannot do without it; a page stands in for each that is missing.
    """
    run = prepare_run(run_file, out=out)
    refuse_faulty_files(run)
    units = _up_to(last, plan_run(run)) if last else plan_run(run)
    write_run(run)
    missing: dict[str, Unit] = {}
    for unit in _latest_first(units) if is_latest_first else units:
        if unit.name == failing or unit.cause_to_skip(missing):
            missing[unit.name] = unit
        else:
            _execute(unit, run)
    for page in [
        path for unit in missing.values() for path in unit.writes if path.endswith("html")
    ]:
        write_stand_in(run, page)
    return run


def _up_to(last: str, units: Sequence[Unit]) -> list[Unit]:
    """A unit and all that it builds on, in the order of the plan."""
    needed = {last}
    for unit in reversed(units):
        needed |= set(unit.after) if unit.name in needed else set()
    return [unit for unit in units if unit.name in needed]


def _latest_first(units: Sequence[Unit]) -> list[Unit]:
    waiting, done = list(units), []
    while waiting:
        ready = [unit for unit in waiting if not {one.name for one in waiting} & set(unit.after)]
        done.append(ready[-1])
        waiting.remove(ready[-1])
    return done


def _execute(unit: Unit, run: Run) -> None:
    """Execute a unit's cells as the runner would: with its parameters, in its notebook's folder,
    reading only what it may.
    """
    place = run.run_dir / "work" / "attempts" / f"{unit.name.replace('/', '-')}.json"
    place.parent.mkdir(exist_ok=True)
    write_reads(place, unit=unit.name, run_dir=run.run_dir, reads=unit.reads)
    os.environ[READS_VARIABLE] = str(place)
    names: dict[str, Any] = {"display": lambda *shown: [_shown(one) for one in shown]}
    try:
        for cell in nbformat.read(unit.source, as_version=4).cells:
            if cell.cell_type == "code":
                _run_cell(cell.source, names, f"{unit.name}.ipynb")
                names |= (
                    unit.parameters(run.run_dir)
                    if PARAMETERS_TAG in cell.metadata.get("tags", [])
                    else {}
                )
    finally:
        del os.environ[READS_VARIABLE]
    missing = [path for path in unit.writes if not (run.run_dir / path).is_file()]
    assert not missing, f"{unit.name} did not write {missing}"


def _run_cell(source: str, names: dict[str, Any], file: str) -> None:
    """Run a cell; what its last line gives is shown, as Jupyter would."""
    tree = ast.parse(source)
    last = (
        tree.body.pop()
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";")
        else None
    )
    exec(compile(tree, file, "exec"), names)
    if last:
        _shown(eval(compile(ast.Expression(last.value), file, "eval"), names))


def _shown(value: Any) -> object:
    for way in ("_repr_mimebundle_", "_repr_html_"):
        if hasattr(value, way):
            return getattr(value, way)()
    return repr(value)
