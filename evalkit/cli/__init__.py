"""The command line: one module per command or group of commands, which this door puts together.

Results go to the standard output, progress and errors to the standard error.
Exit codes: 0 ok, 1 some units failed, 2 usage or parameters, 3 contract violated, 4 disclosure, 130
interrupted. Everything heavy is imported inside the command that needs it, so that --help is quick.
"""

from typing import Annotated, NoReturn

import typer

from evalkit import __version__
from evalkit.cli import (
    attack,
    check,
    count,
    delivery,
    design,
    lab,
    new,
    params,
    plan,
    record,
    release,
    report,
    run,
    score,
    simulate,
    status,
    tables,
    value,
    worklist,
)
from evalkit.errors import BatchError, EvalkitError

app = typer.Typer(
    name="evalkit",
    help="Which labour-market interventions pay off, for whom, and how sure are we?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in (
    new.new,
    lab.lab,
    run.run,
    plan.plan,
    status.status,
    status.verify,
    attack.attack,
    report.report,
    release.release,
    worklist.worklist,
    check.check,
    delivery.pseudonymise,
    design.design,
    value.scenario,
    value.drift,
    score.score,
    simulate.simulate,
    params.schema,
    tables.tables,
):
    app.command()(_command)

_contract = typer.Typer(
    help="Data contracts: propose a mapping, write templates and documentation.",
    no_args_is_help=True,
)
_contract.command("init")(delivery.contract_init)
_contract.command("template")(delivery.contract_template)
_contract.command("docs")(delivery.contract_docs)
app.add_typer(_contract, name="contract")

_record = typer.Typer(
    help="The official monthly record of income support: read it into tables, write it from them.",
    no_args_is_help=True,
)
_record.command("read")(record.read)
_record.command("write")(record.write)
app.add_typer(_record, name="record")

_count = typer.Typer(
    help="Counts that are owed to others: Kolada's key figure, the activity requirement.",
    no_args_is_help=True,
)
_count.command("kolada")(count.kolada)
_count.command("activity")(count.activity)
app.add_typer(_count, name="count")

_params = typer.Typer(
    help="Parameters: where a value comes from, how sure it is and where it is used.",
    no_args_is_help=True,
)
_params.command("explain")(params.params_explain)
app.add_typer(_params, name="params")


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 - typer hands it on by place
    if is_asked:
        typer.echo(f"evalkit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and stop."
        ),
    ] = False,
) -> None:
    """The options that stand before a command."""


def main() -> None:
    """The entry point: errors of evalkit's own family, and files that cannot be used, become four
    lines and an exit code.
    """
    try:
        app()
    except EvalkitError as fault:
        _end(fault)
    except OSError as fault:
        if fault.filename is None:
            raise
        _end(
            BatchError(
                "A file or folder could not be read or written.",
                where=str(fault.filename),
                why=f"The operating system says: {fault.strerror}.",
                fix="check the path, what it may be used for by you, and the space that is left.",
            )
        )


def _end(fault: EvalkitError) -> NoReturn:
    typer.echo(f"{type(fault).__name__}: {fault}", err=True)
    raise SystemExit(fault.exit_code)
