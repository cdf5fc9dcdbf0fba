"""What is done with deliveries before a run: `evalkit contract` and `evalkit pseudonymise`."""

from pathlib import Path
from typing import Annotated

import typer

from evalkit.cli.options import ContractsOption, FolderOption
from evalkit.vocabulary import SENDER_LANGUAGE


def pseudonymise(
    extract: Annotated[Path, typer.Argument(help="The folder of the delivered files.")],
    out: Annotated[Path, typer.Option(help="The folder to write; it must be new or empty.")],
    key: Annotated[
        Path,
        typer.Option(help="The file of the key: outside the project, readable by its owner only."),
    ],
    contracts: ContractsOption = Path("data_contracts"),
    mapping: Annotated[Path | None, typer.Option(help="The mapping file of the extract.")] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="A further column to copy, as the files name it; once for each column."),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option(help="The receipt to archive; without it NEW.receipt.txt beside the folder."),
    ] = None,
    language: Annotated[str, typer.Option(help="The language of the receipt.")] = SENDER_LANGUAGE,
) -> None:
    """Copy an extract with ids and personal numbers replaced by a keyed hash (HMAC-SHA256); columns
    that no contract knows are left behind.
    """
    from datetime import datetime

    from evalkit.intake import load_contracts
    from evalkit.intake.admission.pseudonym_key import read_key
    from evalkit.intake.admission.pseudonym_receipt import write_pseudonym_receipt
    from evalkit.intake.admission.pseudonymise import pseudonymise as replace_ids
    from evalkit.words import words

    secret = read_key(key, project=Path.cwd())
    archived = receipt or out.with_name(f"{out.name}.receipt.txt")
    if archived.exists():
        raise typer.BadParameter(f"the receipt {archived} exists already; name another (--receipt)")
    reader = words(language)
    done = replace_ids(
        extract,
        out,
        load_contracts(contracts),
        key=secret,
        mapping=mapping,
        keep=keep or (),
        contracts_folder=contracts,
    )
    made = datetime.now().astimezone()
    write_pseudonym_receipt(done, archived, key=secret, made=made, words=reader)
    for file in done.files:
        typer.echo(f"{file.n_replaced:>11,} cells replaced in {file.name}")
        if file.dropped:
            typer.echo(f"{'':>11} columns left behind: {', '.join(file.dropped)}")
        if file.n_emptied:
            typer.echo(f"{file.n_emptied:>11,} fields emptied that did not look like themselves")
    if done.left_out:
        typer.echo(f"left out, since no contract names them: {', '.join(done.left_out)}")
    typer.echo(f"receipt: {archived}")


def contract_init(
    file: Annotated[Path, typer.Argument(help="A delivered file.")],
    table: Annotated[
        str | None, typer.Option(help="The table that it holds; without it the one that fits best.")
    ] = None,
    contracts: ContractsOption = Path("data_contracts"),
) -> None:
    """Propose a mapping file from a file's column names and codes, to be read and mended by
    somebody who knows the system.
    """
    from evalkit.intake import load_contracts
    from evalkit.intake.admission.propose import propose_mapping

    typer.echo(propose_mapping(file, load_contracts(contracts), table=table), nl=False)


def contract_template(
    out: FolderOption,
    contracts: ContractsOption = Path("data_contracts"),
    language: Annotated[
        str, typer.Option(help="The language of headings and drop-downs.")
    ] = SENDER_LANGUAGE,
) -> None:
    """Write Excel templates with drop-downs, one workbook for registration by hand, and a data
    dictionary, in the senders' language.
    """
    from evalkit.intake import load_contracts, write_templates

    for path in write_templates(load_contracts(contracts), out, language=language):
        typer.echo(str(path))


def contract_docs(out: FolderOption, contracts: ContractsOption = Path("data_contracts")) -> None:
    """Write the contracts as pages that open offline, one per language."""
    from evalkit.intake import load_contracts, write_documentation

    for path in write_documentation(load_contracts(contracts), out):
        typer.echo(str(path))
