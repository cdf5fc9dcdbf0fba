"""A delivery: the files of an extract's folder, each given to the contract it belongs to by its
name.

A table is delivered as TABLE.csv (or .xlsx, .parquet, .sav, .dta, .sas7bdat ...), or as several
files TABLE_anything; all of them together are the table. Monthly records (monthly_record*.txt) hold
three tables at once, and letters that came back (returned_*.xlsx) mend what was delivered. Every
other file, in subfolders too, is searched for personal numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.admission.lone_adults import NOTE
from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.mapping import MappingFile, TableMapping
from evalkit.intake.reading.database import is_database, read_database
from evalkit.intake.reading.delivered import Delivered
from evalkit.intake.reading.monthly_record import is_monthly_record, read_monthly_records
from evalkit.intake.reading.readers import FORMATS, read_delivered
from evalkit.intake.reading.record_layout import load_layouts
from evalkit.intake.reading.searching import searchable
from evalkit.intake.reading.side_by_side import side_by_side
from evalkit.line.delivered import REGISTERED, REGISTRATION_BOOK
from evalkit.line.derived import UNREAD
from evalkit.line.needs import HOUSEHOLDS, Need
from evalkit.reads import listed, note_file

# What the name of a letter begins with that came back from a sender.
RETURNED = "returned_"
Note = tuple[str | None, str, str]
_LEFT_OUT = "was not delivered; what rests on it is left out"


@dataclass(frozen=True)
class Delivery:
    """The files of a folder, or the tables of a database, and which contract each belongs to.

    `searched` holds the text of all other files as far as they can be read, by name; `unsearched`
    names those that cannot. `returned` are the letters that came back (returned_*.xlsx), which are
    searched as well.
    """

    place: str
    tables: Mapping[str, tuple[Delivered, ...]]
    searched: Mapping[str, pl.DataFrame]
    unsearched: tuple[str, ...]
    returned: tuple[Path, ...] = ()

    def of(self, contracts: Mapping[str, Contract]) -> "Delivery":
        """The same delivery for some of the contracts: files of other tables are searched only."""
        of_contracts = {table: files for table, files in self.tables.items() if table in contracts}
        others = [
            file for table, files in self.tables.items() if table not in contracts for file in files
        ]
        contents = {
            file.path.name: searchable(file.path) if file.path.is_file() else {"": file.cells}
            for file in others
        }
        searched, unsearched = _by_part(contents)
        return replace(
            self,
            tables=of_contracts,
            searched={**self.searched, **searched},
            unsearched=(*self.unsearched, *unsearched),
        )


def read_delivery(
    place: Path | str,
    keys: Mapping[str, Sequence[str]],
    mapping: MappingFile | None = None,
    *,
    contracts_folder: Path | str | None = None,
) -> Delivery:
    """Read every file of a folder, or every table of a database, that has the name of a contract or
    fits a pattern of the mapping file.

    Parameters
    ----------
    place : path or str
        The folder, or the URI of the database.
    keys : mapping of str to sequence of str
        The key columns of each table that is looked for, by its name.
    mapping : MappingFile, optional
        The mapping file, which may say which files and sheets hold a table.
    contracts_folder : path, optional
        The folder of the contracts, beside which the layouts of monthly records lie.

    Raises
    ------
    IntakeError
        If the folder does not exist, or a file of a table cannot be read.
    """
    mapping = mapping or MappingFile(source="")
    if is_database(place):
        return Delivery("the database", read_database(str(place), keys), {}, ())
    folder = Path(place)
    if not folder.is_dir():
        raise IntakeError(
            "The folder of the extract does not exist.",
            where=str(folder),
            why="The delivered files are looked for where --extract says, or else the run file's "
            "extract.folder (relative to the run file).",
            fix="check the path, or put the files there.",
        )
    paths = [path for path in listed(folder, "**/*") if path.is_file()]
    for path in paths:
        note_file(path)  # not every library that reads tables opens files where Python sees it
    is_at_top = {path: path.parent == folder and not path.name.startswith(".") for path in paths}
    held = [
        (path, table)
        for path in paths
        if is_at_top[path]
        for table in tables_of(path, keys, mapping)
    ]
    records = [path for path in paths if is_at_top[path] and is_monthly_record(path)]
    with_tables = {path for path, _ in held}
    others = [path for path in paths if path not in with_tables and path not in records]
    tables: dict[str, tuple[Delivered, ...]] = {}
    for (_, table), delivered in zip(
        held,
        side_by_side(
            lambda one: read_delivered(one[0], table=one[1], sheet=sheet_of(*one, mapping)),
            held,
        ),
        strict=True,
    ):
        if (
            table in REGISTERED[1:]
            and is_registration(delivered.path)
            and delivered.cells.is_empty()
        ):
            continue  # what the first sheet is read with searches this one
        tables[table] = (*tables.get(table, ()), delivered)
    if records:
        derived = read_monthly_records(records, load_layouts(contracts_folder))
        with_rows = {file.path for file in derived["income_support"]}
        # What stands beside a record is in no table as it stands, and searched like other files.
        others += [path for path in records if path not in with_rows]
        tables |= {
            table: (*tables.get(table, ()), *files)
            for table, files in derived.items()
            if table != "person" or table not in tables
        }
    return Delivery(
        str(folder),
        tables,
        *_by_part({str(path.relative_to(folder)): searchable(path) for path in others}),
        tuple(path for path in others if is_at_top[path] and is_returned(path)),
    )


def refuse_incomplete(
    delivery: Delivery,
    contracts: Mapping[str, Contract],
    mapping: MappingFile,
    needs: Sequence[Need] = (),
) -> None:
    """Refuse a delivery that lacks a required table or column, or what a run asks for beside them;
    the error names what was found.

    Parameters
    ----------
    needs : sequence of Need
        The tables and columns that keys of the run file ask for.

    Raises
    ------
    IntakeError
        Naming all missing tables, or else all missing columns by file, or else all that the run
        file asks for and nobody delivered.
    """
    missing = [
        f"{table}.csv"
        for table, contract in contracts.items()
        if contract.is_required and table not in delivery.tables
    ]
    if missing:
        delivered = [file.path.name for files in delivery.tables.values() for file in files]
        raise IntakeError(
            f"{len(missing)} file{'s are' if len(missing) > 1 else ' is'} missing from the "
            "extract.",
            where=f"{delivery.place}: {', '.join(missing)}",
            why="The contracts require these tables. Nothing was read in. Files found: "
            f"{first_few(sorted(delivered), 12) or 'none'}.",
            fix="ask the sender for the missing files, named after their table (Parquet will do as "
            "well).",
        )
    faults = [
        f"{file.path.name} lacks {', '.join(lacking)} (columns found: {', '.join(file.columns)})"
        for table, files in delivery.tables.items()
        for file in files
        if (lacking := _lacking(contracts[table], file, mapping))
    ]
    if faults:
        raise IntakeError(
            f"{len(faults)} file{'s lack' if len(faults) > 1 else ' lacks'} columns that the "
            "contract requires.",
            where="; ".join(faults),
            why="A column that is not there cannot be told from one that is empty. Nothing was "
            "read in.",
            fix="ask the sender for the columns, or name them as they were delivered in the "
            "mapping file (columns: ours: theirs).",
        )
    _refuse_unmet(delivery, contracts, mapping, needs)


def _refuse_unmet(
    delivery: Delivery,
    contracts: Mapping[str, Contract],
    mapping: MappingFile,
    needs: Sequence[Need],
) -> None:
    """Refuse a delivery that lacks what keys of the run file ask for."""

    def holds(table: str, column: str | None) -> bool:
        return any(
            column is None or _has_column(contracts[table], file, mapping, column)
            for file in delivery.tables.get(table, ())
        )

    keys: dict[str, list[str]] = {}
    for need in needs:
        if not holds(need.table, need.column) and not any(holds(*one) for one in need.instead):
            others = [f"{table}.{column}" for table, column in need.instead]
            name = f"{need.table}.{need.column}" if need.column else need.table
            keys.setdefault(" or else ".join([name, *others]), []).append(need.key)
    if keys:
        raise IntakeError(
            f"{len(keys)} table{'s or columns' if len(keys) > 1 else ' or column'} that the run "
            f"file asks for {'were' if len(keys) > 1 else 'was'} not delivered.",
            where="; ".join(f"{name} (asked for by {', '.join(of)})" for name, of in keys.items()),
            why="What is asked for rests on them, and without them it cannot be said. Nothing was "
            f"read in. Tables found: {', '.join(sorted(delivery.tables))}.",
            fix="deliver them (a file named after its table, columns as the contract or the "
            "mapping file names them), or take the keys out of the run file or its protocols; "
            "where nobody knows what people live on, primary_outcome: without_support asks for "
            "support alone.",
        )


def describe(
    delivery: Delivery,
    contracts: Mapping[str, Contract],
    mapping: MappingFile,
    further: Sequence[Note] = (),
) -> pl.DataFrame:
    """What was assumed about each file, what it lacks and what was left unread: one row per note,
    with table, file and assumption.

    `found` are further notes, made while the cells became values.
    """
    notes: list[Note] = []
    for table, files in delivery.tables.items():
        for file in files:
            notes += [
                (table, file.path.name, note) for note in _notes_on(file, contracts[table], mapping)
            ]
    notes += further
    absent = [
        table
        for table, contract in contracts.items()
        if not contract.is_required and table not in delivery.tables
    ]
    notes += [(table, "", NOTE if table == HOUSEHOLDS else _LEFT_OUT) for table in absent]
    notes += [
        (None, name, "belongs to no contract: searched for personal numbers, not read in")
        for name in delivery.searched
        if not any(name.startswith(path.name) for path in delivery.returned)
        and not (is_monthly_record(Path(name)) and Path(name).name == name)
    ]
    notes += [
        (None, name, "is not text and belongs to no contract: neither searched nor read in")
        for name in delivery.unsearched
    ]
    return notes_table(notes)


def unread_columns(
    delivery: Delivery, contracts: Mapping[str, Contract], mapping: MappingFile
) -> pl.DataFrame:
    """The delivered columns that no contract and no mapping names: table, file, column."""
    columns = [
        (table, file.path.name, column)
        for table, files in delivery.tables.items()
        for file in files
        for column in _unread(file, contracts[table], mapping.of(table))
    ]
    return pl.DataFrame(columns, schema=UNREAD.schema, orient="row").unique(maintain_order=True)


def notes_table(notes: Sequence[Note]) -> pl.DataFrame:
    """Notes as a table: table, file, assumption."""
    return pl.DataFrame(
        notes, schema={"table": pl.String, "file": pl.String, "assumption": pl.String}, orient="row"
    )


def is_registration(path: Path) -> bool:
    """Whether a file has the name of a workbook in which people register by hand."""
    stem = path.stem
    return path.suffix.lower() == ".xlsx" and (
        stem == REGISTRATION_BOOK or stem.startswith(f"{REGISTRATION_BOOK}_")
    )


def sheet_of(path: Path, table: str, mapping: MappingFile) -> str | None:
    """The sheet that must hold a table, where it is said."""
    return mapping.of(table).sheet or (table if is_registration(path) else None)


def is_returned(path: Path) -> bool:
    """Whether a file has the name of a letter that came back."""
    return path.name.startswith(RETURNED) and path.suffix.lower() == ".xlsx"


def tables_of(path: Path, tables: Iterable[str], mapping: MappingFile) -> tuple[str, ...]:
    """The tables that a file delivers: those whose patterns in the mapping file it fits, else the
    one that it is named after; none for a file of no table. A workbook of registration delivers
    several, unless the mapping file says where they stand.
    """
    if path.suffix.lower() not in FORMATS or is_monthly_record(path) or is_returned(path):
        return ()
    tables = tuple(tables)
    if is_registration(path):
        return tuple(table for table in REGISTERED if not mapping.of(table).files)
    fitting = tuple(
        table
        for table in tables
        if any(fnmatch(path.stem, pattern) for pattern in mapping.of(table).files)
    )
    if fitting:
        return fitting
    named = [
        table
        for table in tables
        if not mapping.of(table).files and (path.stem == table or path.stem.startswith(f"{table}_"))
    ]
    return (max(named, key=len),) if named else ()


def _by_part(
    contents: Mapping[str, Mapping[str, pl.DataFrame] | None],
) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """What can be searched, by name of file and part; and the names of files in which nothing can
    be.
    """
    searched = {
        f"{name}{part}": text
        for name, parts in contents.items()
        for part, text in (parts or {}).items()
    }
    return searched, tuple(name for name, parts in contents.items() if parts is None)


def _lacking(contract: Contract, file: Delivered, mapping: MappingFile) -> list[str]:
    of_table = mapping.of(contract.table)
    lacking = [
        column
        for column in contract.columns
        if not (column.may_be_absent or column.name in of_table.not_delivered)
        and of_table.source_of(column, file.columns) is None
    ]
    return [of_table.columns.get(column.name, column.name) for column in lacking]


def _has_column(contract: Contract, file: Delivered, mapping: MappingFile, name: str) -> bool:
    of_table = mapping.of(contract.table)
    return any(
        column.name == name and of_table.source_of(column, file.columns) is not None
        for column in contract.columns
    )


def _unread(file: Delivered, contract: Contract, mapping: TableMapping) -> list[str]:
    read = {mapping.source_of(column, file.columns) for column in contract.columns}
    return [column for column in file.columns if column not in read]


def _notes_on(file: Delivered, contract: Contract, mapping: MappingFile) -> list[str]:
    of_table = mapping.of(contract.table)
    source = {column.name: of_table.source_of(column, file.columns) for column in contract.columns}
    absent = [ours for ours, theirs in source.items() if theirs is None]
    renamed = [
        f'"{theirs}" is {ours}' for ours, theirs in source.items() if theirs not in (None, ours)
    ]
    unread = _unread(file, contract, of_table)
    notes = [f"read as {file.assumption}"]
    notes += [f"columns under other names: {', '.join(renamed)}"] if renamed else []
    notes += [f"columns not delivered, empty for all rows: {', '.join(absent)}"] if absent else []
    notes += [f"columns not in the contract, not read in: {', '.join(unread)}"] if unread else []
    notes += _notes_on_shape(of_table)
    notes += [
        f'codes of "{column}" carried over by the mapping, grade {grade}'
        for column, grade in of_table.grades.items()
    ]
    notes += [f'codes of "{column}": {caution}' for column, caution in of_table.cautions.items()]
    return notes if file.cells.height else [*notes, "holds no rows"]


def _notes_on_shape(mapping: TableMapping) -> list[str]:
    """What the mapping makes of the files beyond names and codes."""
    months = mapping.months_in_columns
    notes = [f'"{name}" is {text} in all rows' for name, text in mapping.constants.items()]
    notes += [f'"{name}" is multiplied by {unit:g}' for name, unit in mapping.units.items()]
    notes += [
        f'"{name}" is reckoned from the age on {day}; it may be a year off'
        for name, day in mapping.ages.items()
    ]
    if months:
        notes.append(f'"{months.month}" and "{months.value}" come from columns named {months.form}')
    return notes
