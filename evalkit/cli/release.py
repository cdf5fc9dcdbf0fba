"""`evalkit release`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli.status import JsonOption
from evalkit.errors import ParameterError


def release(
    run_dir: Annotated[
        Path,
        typer.Argument(help="The folder of a run (runs/northern_ireland): its latest vintage."),
    ],
    *,
    by: Annotated[str, typer.Option(help="Who answers for it; the log names them, and they sign.")],
    exception: Annotated[
        list[str] | None,
        typer.Option(help="A condition to leave aside, quarter or rules; each needs a --because."),
    ] = None,
    because: Annotated[
        list[str] | None, typer.Option(help="The reason, as it stands in the log.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the vintage that readers see public, for ever: checked, attacked together with all that
    is public already, and with earlier numbers for districts in which the data of fewer than five
    people have changed.
    """
    from evalkit.public import make_public
    from evalkit.public.register import LOG

    conditions, reasons = exception or [], because or []
    if len(conditions) != len(reasons):
        raise ParameterError(
            "Each exception has one reason.",
            where=f"--exception: {len(conditions)}, --because: {len(reasons)}",
            why="The log names the reason of each exception, and a person signs it.",
            fix='write: --exception quarter --because "..."',
        )
    vintage = make_public(run_dir, by=by, exceptions=dict(zip(conditions, reasons, strict=True)))
    if as_json:
        record = {
            "public": str(vintage.folder),
            "number": vintage.number,
            "stands": dict(vintage.stands),
            "log": str(vintage.folder / LOG),
        }
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
        return
    for district in vintage.held:
        typer.echo(f"earlier numbers stand: {district}, those of {vintage.stands[district]}")
    typer.echo(f"public: {vintage.folder}")
    typer.echo(f"to be read and signed: {vintage.folder / LOG}")
