"""`evalkit attack`."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli.status import JsonOption, RunArgument


def attack(
    run_dir: RunArgument,
    *,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(
            "--with", help="A vintage that is known too, as the run's public ones always are."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Work out from a run's published tables what can be known of single people, and write down
    what was tried and found (attack.json). Exit code 4 if anything was found.
    """
    from evalkit.disclosure.attack import attack as attack_run
    from evalkit.disclosure.attack import describe, write_certificate
    from evalkit.public import public_vintages
    from evalkit.runs import find_run

    folder = find_run(run_dir)
    public = [vintage.folder for vintage in public_vintages(folder.parent)]
    known = [find_run(one) if _is_run(one) else one.resolve() for one in earlier or ()]
    made = attack_run(folder, list(dict.fromkeys([*public, *known])))
    file = write_certificate(folder, made)
    if as_json:
        typer.echo(file.read_text(encoding="utf-8"), nl=False)
    else:
        typer.echo("\n".join([*describe(made), f"written to {file}"]))
    if not made.passed:
        raise typer.Exit(4)


def _is_run(folder: Path) -> bool:
    return not (folder / "published").is_dir()
