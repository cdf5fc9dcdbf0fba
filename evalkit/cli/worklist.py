"""`evalkit worklist`."""

from datetime import date
from typing import Annotated

import typer

from evalkit.cli.status import RunArgument


def worklist(
    run_dir: RunArgument,
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete all of them, whatever their day.")
    ] = False,
) -> None:
    """Say where a run's private lists lie, what the districts have to do next by pseudonym, and
    delete those whose day has come. A run writes the list of a district when its process is counted
    anew, and deletes those whose day has come, too.
    """
    from evalkit.private_lists import delete_lists, lists_of
    from evalkit.runs import find_run, vintages_of

    latest = find_run(run_dir)
    today = date.today()
    vintages = vintages_of(latest.parent)
    n_deleted = delete_lists(vintages, until=None if delete else today)
    for one in lists_of(latest):
        typer.echo(f"{one.path}  deleted in {(one.delete_on - today).days} days")
    if n_deleted:
        typer.echo(f"deleted: {n_deleted}")
    elif not lists_of(latest):
        typer.echo("there are no lists")
