"""A delivery: the files of an extract's folder, each given to the contract it belongs to by its name.

A table is delivered as TABLE.csv, TABLE.parquet, or several files TABLE_anything; all of them together are the table.
"""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.contract import Contract
from evalkit.intake.mapping import Mapping
from evalkit.intake.readers import SUFFIXES, Delivered, read_delivered, read_lines


@dataclass(frozen=True)
class Delivery:
    """The files of a folder: by table those a contract names, then all others.

    `other_lines` holds the lines of the others as far as they are text; `unsearched` names those that are not.
    """

    folder: Path
    tables: Dictionary[str, tuple[Delivered, ...]]
    other_lines: Dictionary[Path, pl.DataFrame]
    unsearched: tuple[str, ...]


def read_folder(folder: Path, contracts: dict[str, Contract]) -> Delivery:
    """Read every file of an extract's folder.

    Raises
    ------
    IntakeError
        If the folder does not exist, or a file that a contract names cannot be read.
    """
    if not folder.is_dir():
        raise IntakeError(
            "The folder of the extract does not exist.",
            where=str(folder),
            why="The run file's extract.folder says where the delivered files lie; paths there are relative to the run file.",
            fix="check the path, or put the files there.",
        )
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    tables: dict[str, tuple[Delivered, ...]] = {}
    others: dict[Path, pl.DataFrame | None] = {}
    for path in paths:
        table = _table_of(path, contracts)
        if table:
            tables[table] = (*tables.get(table, ()), read_delivered(path))
        else:
            others[path] = read_lines(path)
    lines = {path: text for path, text in others.items() if text is not None}
    folders = [f"{path.name}/" for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    unsearched = [path.name for path, text in others.items() if text is None] + folders
    return Delivery(folder, tables, lines, tuple(sorted(unsearched)))


def refuse_incomplete(delivery: Delivery, contracts: dict[str, Contract], mapping: Mapping) -> None:
    """Stop the intake if a required table or a required column was not delivered; names what was found.

    Raises
    ------
    IntakeError
        Naming all missing tables, or else all missing columns by file.
    """
    missing = [f"{table}.csv" for table, contract in contracts.items() if contract.is_required and table not in delivery.tables]
    if missing:
        found = [file.path.name for files in delivery.tables.values() for file in files]
        raise IntakeError(
            f"{len(missing)} file{'s are' if len(missing) > 1 else ' is'} missing from the extract.",
            where=f"{delivery.folder}: {', '.join(missing)}",
            why=f"The contracts require these tables. Nothing was read in. Files found: {first_few(sorted(found), 12) or 'none'}.",
            fix="ask the sender for the missing files, named after their table (Parquet will do as well).",
        )
    faults = [
        f"{file.path.name} lacks {', '.join(lacking)} (columns found: {', '.join(file.columns)})"
        for table, files in delivery.tables.items()
        for file in files
        if (lacking := _lacking(contracts[table], file, mapping))
    ]
    if faults:
        raise IntakeError(
            f"{len(faults)} file{'s lack' if len(faults) > 1 else ' lacks'} columns that the contract requires.",
            where="; ".join(faults),
            why="A column that is not there cannot be told from one that is empty. Nothing was read in.",
            fix="ask the sender for the columns, or name them as they were delivered in the mapping file (columns: ours: theirs).",
        )


def describe(delivery: Delivery, contracts: dict[str, Contract], mapping: Mapping) -> pl.DataFrame:
    """What was assumed about each file: how it was read, what it does not hold and what was left unread (table, file, assumption)."""
    notes: list[tuple[str | None, str, str]] = []
    for table, files in delivery.tables.items():
        for file in files:
            notes += [(table, file.path.name, note) for note in _notes_on(file, contracts[table], mapping)]
    absent = [table for table, contract in contracts.items() if not contract.is_required and table not in delivery.tables]
    notes += [(table, "", "was not delivered; what rests on it is left out") for table in absent]
    notes += [(None, path.name, "belongs to no contract: searched for personal numbers, not read in") for path in delivery.other_lines]
    notes += [(None, name, "is not text and belongs to no contract: neither searched nor read in") for name in delivery.unsearched]
    return pl.DataFrame(notes, schema={"table": pl.String, "file": pl.String, "assumption": pl.String}, orient="row")


def _table_of(path: Path, contracts: dict[str, Contract]) -> str | None:
    if path.suffix.lower() not in SUFFIXES:
        return None
    named = [table for table in contracts if path.stem == table or path.stem.startswith(f"{table}_")]
    return max(named, key=len, default=None)


def _lacking(contract: Contract, file: Delivered, mapping: Mapping) -> list[str]:
    source = mapping.of(contract.table).columns
    return [
        name
        for column in contract.columns
        if not column.may_be_absent and (name := source.get(column.name, column.name)) not in file.columns
    ]


def _notes_on(file: Delivered, contract: Contract, mapping: Mapping) -> list[str]:
    source = mapping.of(contract.table).columns
    read = {source.get(name, name): name for name in contract.column_names}
    notes = [f"read as {file.assumption}"]
    absent = [ours for theirs, ours in read.items() if theirs not in file.columns]
    unread = [column for column in file.columns if column not in read]
    notes += [f"columns not delivered, empty for all rows: {', '.join(absent)}"] if absent else []
    notes += [f"columns not in the contract, not read in: {', '.join(unread)}"] if unread else []
    return notes if file.cells.height else [*notes, "holds no rows"]
