"""`evalkit run`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.faults import refuse_faulty_files
from evalkit.cli.options import OutOption, RunFileArgument
from evalkit.runs import KEPT_VINTAGES

if TYPE_CHECKING:
    from evalkit.batch.staleness import Decision
    from evalkit.params import Run


def run(
    run_file: RunFileArgument,
    *,
    out: OutOption = Path("runs"),
    jobs: Annotated[
        int, typer.Option(min=0, help="How many units at a time; 0 is one per core.")
    ] = 0,
    only: Annotated[
        str | None,
        typer.Option(
            help="Only units like this, and what they build on: "
            '"district/*", "intervention/05_effects@*", "Belfast".'
        ),
    ] = None,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds that one unit may take.")] = 900,
    output_limit: Annotated[
        float, typer.Option(min=0.001, help="Megabytes that a unit's notebook may show.")
    ] = 10,
    memory_limit: Annotated[
        float,
        typer.Option(
            min=0, help="Gigabytes that a unit may hold; 0 is four fifths of the machine's."
        ),
    ] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done and why; do nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Run the units even if they are current.")
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Only units that failed the last time, and what follows them."
        ),
    ] = False,
    keep: Annotated[
        int, typer.Option(min=1, help="How many earlier vintages are kept, for comparison.")
    ] = KEPT_VINTAGES,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Have the units executed by the workers of a dask.distributed cluster: the "
            "address of its scheduler (tcp://10.0.0.5:8786). --jobs 0 is then one per thread."
        ),
    ] = None,
    cold: Annotated[
        bool,
        typer.Option("--cold", help="Start every kernel anew; none is a fork of another process."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Give the result as JSON.")] = False,
) -> None:
    """Bring a run up to date: execute its notebooks, as far as anything has changed, and write the
    report.
    """
    from evalkit.batch.bounds import Bounds
    from evalkit.batch.layout import place_of
    from evalkit.batch.manifest import read_attempts
    from evalkit.batch.outcome import summary, summary_as_record
    from evalkit.batch.plan import plan_run
    from evalkit.batch.progress import make_display
    from evalkit.batch.run import run_batch
    from evalkit.batch.session import Options
    from evalkit.batch.staleness import Staleness, decide
    from evalkit.batch.vintage import prepare_run

    prepared = prepare_run(run_file, out=out)
    refuse_faulty_files(prepared)
    units = plan_run(prepared)
    if dry_run:
        before = place_of(prepared).before(prepared)
        staleness = Staleness(before, read_attempts(before.run_dir))
        asked = {"only": only, "force": force, "retry_failed": retry_failed}
        decisions = decide(units, staleness, **asked)
        typer.echo(_decisions_as_text(decisions, as_json=as_json))
        return
    bounds = Bounds(time_limit, round(output_limit * 1e6), round(memory_limit * 1e9))
    options = Options(
        jobs=jobs,
        only=only,
        force=force,
        retry_failed=retry_failed,
        bounds=bounds,
        keep=keep,
        scheduler=scheduler,
        is_cold=cold,
    )
    result = run_batch(prepared, units, options, make_display(), stand_in=_write_stand_in)
    typer.echo(
        json.dumps(summary_as_record(result), ensure_ascii=False, indent=2)
        if as_json
        else summary(result)
    )
    raise typer.Exit(result.exit_code)


def _write_stand_in(run: "Run", page: str, last_report: str) -> None:
    from evalkit.report import write_stand_in

    write_stand_in(run, page, last_report=last_report)


def _decisions_as_text(decisions: "tuple[Decision, ...]", *, as_json: bool) -> str:
    if as_json:
        return json.dumps(
            [{"unit": d.unit.name, "action": d.action, "reason": d.reason} for d in decisions],
            indent=2,
        )
    lines = [
        f"{decision.action:<8} {decision.unit.name}  ({decision.reason})" for decision in decisions
    ]
    n_to_run, n_open = (
        sum(decision.action == action for decision in decisions) for action in ("run", "may run")
    )
    may_run = f", {n_open} more may" if n_open else ""
    return "\n".join(
        [*lines, f"{n_to_run} of {len(decisions)} units would run{may_run}; nothing was done"]
    )
