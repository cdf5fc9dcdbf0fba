"""One attempt at one unit: papermill into the private folder, then the checks, then everything into
its place.

The executed notebook is put in place last and whole, after its outputs were found and nothing in it
or them names a person. What fails the look is moved to work/withheld/; a failed notebook is kept as
work/failed/UNIT.failed.ipynb, since its traceback may hold data.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from re import Pattern
from time import monotonic
from typing import Any

from evalkit.batch.bounds import ENGINE, Bounds, register_engine
from evalkit.batch.kernels import (
    KERNEL_NAME,
    PrivateKernelManager,
    kernel_config,
    stop_kernels,
)
from evalkit.batch.plan import Unit
from evalkit.batch.scan import Findings, KnownIds, known_ids, scan_file, scan_notebook
from evalkit.errors import BatchError, DisclosureError, first_few
from evalkit.reads import RECORD, write_reads
from evalkit.tables import make_private_folder, print_of

START_SECONDS = 120
LEAVING_FOLDERS = ("published", "site", "tables")
_FIX_FINDINGS = (
    "show and publish only what disclosure control returned (Published); look at what "
    "was withheld in the private folder."
)


@dataclass(frozen=True)
class Workplace:
    """Where a unit works: the run folder, the folder of the kernels' sockets, the unit's number,
    what it may use, and whether its kernel is started anew though it could be forked.
    """

    run_dir: Path
    sockets: Path
    number: int
    bounds: Bounds
    is_cold: bool = False

    def attempt_folder(self, unit: Unit) -> Path:
        """The private folder of the attempt, removed afterwards."""
        return self.run_dir / "work" / "attempts" / unit.name

    def partial(self, unit: Unit) -> Path:
        """The notebook while it is being executed."""
        return self.attempt_folder(unit) / "partial.ipynb"

    def log(self, unit: Unit) -> Path:
        """What the kernel process itself printed."""
        return self.attempt_folder(unit) / "kernel.log"

    def reads(self, unit: Unit) -> Path:
        """Where it is written what the unit may read."""
        return self.attempt_folder(unit) / "reads.json"

    def record(self, unit: Unit) -> Path:
        """Where the kernel writes down what it reads."""
        return self.reads(unit).with_name(RECORD)

    def failed(self, unit: Unit) -> Path:
        """Where the notebook is kept if the unit fails."""
        return failed_notebook(self.run_dir, unit)

    def clear(self, unit: Unit) -> None:
        """Remove the private folder of the attempt."""
        shutil.rmtree(self.attempt_folder(unit), ignore_errors=True)


def failed_notebook(run_dir: Path, unit: Unit) -> Path:
    """Where the notebook of a failed unit is kept: its traceback may hold data."""
    return run_dir / "work" / "failed" / f"{unit.name}.failed.ipynb"


def execute_unit(unit: Unit, workplace: Workplace) -> None:
    """Execute a unit's notebook and put its outputs in place.

    Raises
    ------
    PapermillExecutionError, CellTimeoutError, DeadKernelError
        If the notebook fails, does not finish in time, or its kernel dies.
    BatchError
        If a declared output has not been written.
    DisclosureError
        If the executed notebook or an output holds an id of a person or a personal number.
    """
    import nbformat

    start_afresh(unit, workplace)
    run_notebook(unit, workplace)
    missing = [path for path in unit.writes if not (workplace.run_dir / path).is_file()]
    if missing:
        raise BatchError(
            f"{len(missing)} declared output{'s were' if len(missing) > 1 else ' was'} not "
            "written.",
            where=f"{unit.notebook}: {first_few(missing)}",
            why="Later notebooks and the report rely on what a notebook declares in "
            "metadata.evalkit.writes.",
            fix="write the file in the notebook's last cell, or take it out of the declaration.",
        )
    known = known_ids(workplace.run_dir)
    executed = nbformat.read(workplace.partial(unit), as_version=4)
    notebook = without_machine_marks(executed, unit, known)
    check_notebook(notebook, unit, known)
    check_outputs(unit, workplace.run_dir, known)
    put_in_place(notebook, workplace.run_dir / unit.executed)


def start_afresh(unit: Unit, workplace: Workplace) -> None:
    """Remove what an earlier attempt at the unit left, so that whatever is found afterwards is new;
    make its private folder.
    """
    remove_outputs(unit, workplace)
    workplace.failed(unit).unlink(missing_ok=True)
    workplace.clear(unit)
    make_private_folder(workplace.run_dir / "work")
    workplace.attempt_folder(unit).mkdir(parents=True)
    write_reads(workplace.reads(unit), unit=unit.name, run_dir=workplace.run_dir, reads=unit.reads)


def remove_outputs(unit: Unit, workplace: Workplace) -> None:
    """Remove every file that the unit may leave: no other unit builds on half a result."""
    for path in unit.outputs:
        remove(workplace.run_dir / path)


def remove(file: Path) -> None:
    """Remove a file of a run, and with a page what was printed of it."""
    file.unlink(missing_ok=True)
    if file.suffix == ".html":
        print_of(file).unlink(missing_ok=True)


def run_notebook(unit: Unit, workplace: Workplace) -> None:
    """Run the notebook with papermill; each cell may take what is left of the unit's time limit."""
    import papermill

    bounds = workplace.bounds
    deadline = monotonic() + bounds.time_limit_seconds
    register_engine()
    papermill.execute_notebook(
        _as_format_text(unit.source),
        _as_format_text(workplace.partial(unit)),
        parameters=unit.parameters(workplace.run_dir),
        kernel_name=KERNEL_NAME,
        language="python",
        engine_name=ENGINE,
        output_limit_bytes=bounds.output_limit_bytes,
        stop=lambda: stop_kernels(workplace.sockets, only=workplace.number),
        progress_bar=False,
        autosave_cell_every=0,
        start_timeout=START_SECONDS,
        timeout_func=lambda _cell: max(1, round(deadline - monotonic())),
        iopub_timeout=60,
        record_timing=False,
        kernel_manager_class=PrivateKernelManager,
        config=kernel_config(
            workplace.sockets,
            number=workplace.number,
            log_path=workplace.log(unit),
            reads_path=workplace.reads(unit),
            work_folder=unit.source.parent,
            n_threads=bounds.n_threads,
            is_intake=not unit.after,
            is_cold=workplace.is_cold,
        ),
    )


def check_notebook(notebook: Any, unit: Unit, known: KnownIds) -> None:
    """Refuse an executed notebook that names a person."""
    findings = scan_notebook(notebook, known)
    if findings:
        raise DisclosureError(
            f"An executed notebook holds {sum(findings.values(), Findings()).in_words()}.",
            where=f"{unit.name}, cells {first_few(findings, 12)} (the injected parameters count as "
            "one)",
            why="Executed notebooks are outputs too and are shown to others. It was not put in "
            "place.",
            fix=_FIX_FINDINGS,
        )


def check_outputs(unit: Unit, run_dir: Path, known: KnownIds) -> None:
    """Refuse the unit's tables and pages that name a person, after moving them out of sight."""
    leaving = [path for path in unit.outputs if path.split("/")[0] in LEAVING_FOLDERS]
    withhold_findings(run_dir, leaving, known, where=unit.name)


def withhold_findings(run_dir: Path, paths: list[str], known: KnownIds, *, where: str) -> None:
    """Look through files that are to leave; those with findings are moved to work/withheld/.

    Raises
    ------
    DisclosureError
        If there are any; names the files and the counts, never the values.
    """
    findings = {
        path: in_file
        for path in paths
        if (run_dir / path).is_file() and (in_file := scan_file(run_dir / path, known))
    }
    for path in findings:
        target = make_private_folder(run_dir / "work") / "withheld" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(run_dir / path, target)
        remove(run_dir / path)
    if findings:
        raise DisclosureError(
            f"{len(findings)} file{'s' if len(findings) > 1 else ''} about to leave "
            f"hold{'' if len(findings) > 1 else 's'} "
            f"{sum(findings.values(), Findings()).in_words()}.",
            where=f"{where}: {first_few(findings, 6)}; moved to work/withheld/",
            why="Published tables and pages must neither name a person nor open a database.",
            fix=_FIX_FINDINGS,
        )


def without_machine_marks(notebook: Any, unit: Unit, known: KnownIds) -> Any:
    """The notebook without papermill's clock times and this computer's paths, so that the same
    results give the same file: it names its run's folder from where it lies, and runs again there.
    """
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for mark in ("papermill", "execution"):
            cell.metadata.pop(mark, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
            cell.source = _injected(unit)
        if known.places and "outputs" in cell:
            cell.outputs = _without(known.places, cell.outputs)
    return notebook


def _without(places: Pattern, content: Any) -> Any:
    """A nested structure whose texts name no folder of this computer."""
    if isinstance(content, str):
        return places.sub("…", content)
    if isinstance(content, list):
        return [_without(places, part) for part in content]
    if isinstance(content, dict):
        return type(content)({key: _without(places, part) for key, part in content.items()})
    return content


def _injected(unit: Unit) -> str:
    """The cell of a unit's parameters, with the run's folder as seen from the executed notebook."""
    run_dir = Path(*[".."] * len(Path(unit.executed).parent.parts))
    lines = [
        f"{name} = {json.dumps(value, ensure_ascii=False)}"
        for name, value in unit.parameters(run_dir).items()
    ]
    return "\n".join(["# Parameters", *lines])


def put_in_place(notebook: Any, path: Path) -> None:
    """Write a notebook whole or not at all."""
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    nbformat.write(notebook, temporary)
    os.replace(temporary, path)


def keep_failed(unit: Unit, workplace: Workplace) -> Path | None:
    """Keep the notebook and the kernel's own words of a failed attempt in work/failed/; returns the
    path to look at, if there is one.
    """
    target = workplace.failed(unit)
    target.parent.mkdir(parents=True, exist_ok=True)
    log, kept_log = workplace.log(unit), target.with_suffix(".log")
    kept_log.unlink(missing_ok=True)
    if log.exists() and log.stat().st_size:
        os.replace(log, kept_log)
    if workplace.partial(unit).exists():
        os.replace(workplace.partial(unit), target)
        return target
    return kept_log if kept_log.exists() else None


def _as_format_text(path: Path) -> str:
    """A path for papermill, which takes braces in a path for parameters."""
    return str(path).replace("{", "{{").replace("}", "}}")
