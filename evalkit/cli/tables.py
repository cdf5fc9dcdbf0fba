"""`evalkit tables`."""

from pathlib import Path
from typing import Annotated

import typer


def tables(
    out: Annotated[Path, typer.Option(help="The page that is written.")] = Path("docs/tables.md"),
) -> None:
    """Write the documentation of all tables: what a row is, keys, values, types and units, and what
    disclosure control withholds.
    """
    from evalkit.line.documentation import documentation

    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(documentation(), encoding="utf-8")
    typer.echo(str(out))
