"""`evalkit plan`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli.options import OutOption, RunFileArgument


class Form(StrEnum):
    """How a plan is written."""

    text = "text"
    snakemake = "snakemake"


def plan(
    run_file: RunFileArgument,
    *,
    out: OutOption = Path("runs"),
    form: Annotated[
        Form, typer.Option("--as", help="A list of units, or a Snakefile with a rule for each.")
    ] = Form.text,
) -> None:
    """Show the units of a run, each with those that it comes after; nothing is run."""
    from evalkit.batch.plan import plan_run
    from evalkit.batch.snakemake import as_snakefile
    from evalkit.batch.vintage import prepare_run

    run = prepare_run(run_file, out=out)
    units = plan_run(run)
    if form is Form.snakemake:
        typer.echo(as_snakefile(run, units, run_file=run_file, out=out), nl=False)
        return
    for unit in units:
        typer.echo(f"{unit.name}  after {', '.join(unit.after)}" if unit.after else unit.name)
