"""`evalkit params` and the schemas of parameter files."""

import json
from pathlib import Path
from typing import Annotated

import typer

from evalkit.shipped import here_or_shipped


def params_explain(
    key: Annotated[
        str,
        typer.Argument(help="The key of a parameter, for example municipal_tax.stockholm or wage."),
    ],
    folder: Annotated[
        Path,
        typer.Option(
            help="The folder of the parameters; where it is missing, that which comes with "
            "evalkit.",
            callback=here_or_shipped,
        ),
    ] = Path("params"),
) -> None:
    """Print a parameter's values with period, source and grade, and where it is used."""
    from evalkit.economics import explain

    typer.echo("\n".join(explain(key, folder)))


def schema(
    out: Annotated[
        Path, typer.Option(help="The folder that the JSON Schemas are written to.")
    ] = Path("params/schema"),
) -> None:
    """Write the JSON Schemas of run files, protocols, price books, dated parameters, scenarios,
    mapping files, calendars of breaks, readings of accounts and codes of the offer, by which
    editors check, complete and explain them.
    """
    from pydantic import TypeAdapter

    from evalkit.economics import DatedFile, Scenario, WhatIf
    from evalkit.intake.contracts.mapping import MappingFile
    from evalkit.line.accounts import AccountsFile
    from evalkit.line.based_on import AnyPriceBookFile
    from evalkit.line.calendar import BreakFile
    from evalkit.line.offer_codes import OfferCodes
    from evalkit.line.protocol import Protocol
    from evalkit.params import RunFile

    out.mkdir(parents=True, exist_ok=True)
    models = {
        "run": RunFile,
        "protocol": Protocol,
        "price_book": AnyPriceBookFile,
        "rates": DatedFile,
        "scenario": Scenario,
        "what_if": WhatIf,
        "mapping": MappingFile,
        "calendar": BreakFile,
        "offer": OfferCodes,
        "accounts": AccountsFile,
    }
    for name, model in models.items():
        path = out / f"{name}.json"
        path.write_text(
            json.dumps(TypeAdapter(model).json_schema(), ensure_ascii=False, indent=2) + "\n",
            encoding="utf-8",
        )
        typer.echo(str(path))
