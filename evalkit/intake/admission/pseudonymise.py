"""An extract with pseudonyms for its ids, so that the same person has the same pseudonym in every
file of every delivery.

What is not known is not copied: only columns that the contract or the mapping file names, and those
that somebody asks to keep. Everything that stayed behind is said, and can be archived as a receipt.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from evalkit.errors import IntakeError, nearest
from evalkit.ids import (
    looks_like_shortened_numbers,
    name_to_show,
    replace_personal_numbers,
    ten_digits_of,
)
from evalkit.intake.admission.delivery import is_registration, sheet_of, tables_of
from evalkit.intake.admission.pseudonym_key import HOUSEHOLD, PERSON, pseudonym
from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.mapping import (
    MappingFile,
    TableMapping,
    load_mapping,
    with_covariates,
)
from evalkit.intake.reading.csv_reader import decode, lines_of
from evalkit.intake.reading.delivered import IS_WHOLE, Delivered, texts_of
from evalkit.intake.reading.monthly_record import is_monthly_record
from evalkit.intake.reading.readers import FORMATS, read_delivered
from evalkit.intake.reading.record_layout import (
    RecordLayout,
    layout_of,
    load_layouts,
)
from evalkit.line.delivered import REGISTERED
from evalkit.line.needs import HOUSEHOLDS

# A personal number without its century.
_N_DIGITS = 10
# Types whose cells hold no text: they are copied as they stand.
_WITHOUT_TEXT = (pl.Date, pl.Datetime, pl.Time, pl.Duration, pl.Boolean)

# The pseudonym of a text, given whose id it is.
_Hash = Callable[[str, str], str]


@dataclass(frozen=True)
class CopiedFile:
    """What became of a delivered file.

    name : the file that was written. replaced : cells changed, by column. dropped : columns that
    neither contract nor mapping knows. kept : unknown columns that were asked for. n_emptied :
    fields of a record that did not look like themselves. n_sheets : other sheets of a workbook,
    which stayed behind. sha256 : of the file as written.
    """

    name: str
    table: str
    n_rows: int
    replaced: Mapping[str, int]
    dropped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    n_emptied: int = 0
    n_sheets: int = 0
    sha256: str = field(default="", kw_only=True)

    @property
    def n_replaced(self) -> int:
        """How many cells were changed."""
        return sum(self.replaced.values())


@dataclass(frozen=True)
class Pseudonymised:
    """The files that were written, and the names of those that belong to no contract and were left
    out.
    """

    files: tuple[CopiedFile, ...]
    left_out: tuple[str, ...]


def pseudonymise(
    folder: Path | str,
    out: Path | str,
    contracts: Mapping[str, Contract],
    *,
    key: bytes,
    mapping: Path | str | None = None,
    keep: Sequence[str] = (),
    contracts_folder: Path | str | None = None,
) -> Pseudonymised:
    """Copy an extract with pseudonyms for ids: of persons and of households apart, and of a person
    for each personal number that stands in another column. Where persons were delivered and no
    members of households, a household is one person and has that person's pseudonym.

    CSV files and monthly records stay text; other files become Parquet. Files of no contract and
    columns that neither contract nor mapping knows are left out.

    Parameters
    ----------
    folder, out : path
        The folder of the delivered files, and the one to write: new or empty.
    contracts : mapping
        The contracts by table.
    key : bytes
        What `read_key` read.
    mapping : path, optional
        The mapping file of the extract.
    keep : sequence of str
        Further columns to copy, as the files name them; personal numbers in them are replaced.
    contracts_folder : path, optional
        The folder of the contracts, beside which the layouts of monthly records lie.

    Raises
    ------
    IntakeError
        If a file cannot be read or searched, one column holds persons and households, a column to
        keep is in no file, or the folder to write holds files already. Nothing is written then.
    """
    folder, out = Path(folder), Path(out)
    refuse_filled(out)
    mapping_file = load_mapping(mapping)
    known = {
        table: with_covariates(contract, mapping_file.of(table).covariates)
        for table, contract in contracts.items()
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as unfinished:
        copying = _Copying(
            Path(unfinished),
            known,
            mapping_file,
            _remembering(key),
            tuple(keep),
            load_layouts(contracts_folder),
        )
        done = copying.folder(folder)
        if out.exists():
            out.rmdir()
        shutil.copytree(unfinished, out)
        out.chmod(0o700)
    return done


@dataclass(frozen=True)
class _Copying:
    """What every file is copied by."""

    out: Path
    contracts: Mapping[str, Contract]
    mapping: MappingFile
    hashed: _Hash
    keep: tuple[str, ...]
    layouts: tuple[RecordLayout, ...]
    columns_seen: set[str] = field(default_factory=set)

    def folder(self, folder: Path) -> Pseudonymised:
        """Copy every file of a folder that belongs to a contract."""
        written, left_out = [], []
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        held = {
            path: tables_of(path, self.contracts, self.mapping) if path.parent == folder else ()
            for path in paths
        }
        is_record = {path: path.parent == folder and is_monthly_record(path) for path in paths}
        delivered = {table for tables in held.values() for table in tables}
        are_alone = (
            "person" in delivered and HOUSEHOLDS not in delivered and not any(is_record.values())
        )
        for path, tables in held.items():
            if is_record[path]:
                written.append(self._record(path))
            elif tables and is_registration(path):
                # Each sheet becomes a file of its own, named after its table.
                written += [
                    self._tables(path, (table,), are_alone=are_alone, start=f"{table}_")
                    for table in tables
                ]
            elif tables:
                written.append(self._tables(path, tables, are_alone=are_alone))
            else:
                left_out.append(name_to_show(str(path.relative_to(folder))))
        if missing := set(self.keep) - self.columns_seen:
            raise _unknown_columns(sorted(missing), self.columns_seen)
        return Pseudonymised(tuple(written), tuple(left_out))

    def _tables(
        self, path: Path, tables: Sequence[str], *, are_alone: bool, start: str = ""
    ) -> CopiedFile:
        sheets = {sheet_of(path, table, self.mapping) for table in tables}
        if len(sheets) > 1 and FORMATS[path.suffix.lower()].content == "sheets":
            raise _several_sheets(path)
        file = read_delivered(path, table=tables[0], sheet=sheets.pop())
        if not file.cells.get_column(IS_WHOLE).all():
            raise _misshapen(file.path)
        self.columns_seen.update(file.columns)
        ids: dict[str, str] = {}
        known: set[str] = set()
        for table in tables:
            of_table = _known_columns(file, self.contracts[table], self.mapping.of(table))
            known |= of_table[1]
            for name, named in of_table[0].items():
                of = PERSON if are_alone else named
                if ids.setdefault(name, of) != of:
                    raise _one_for_both(file.path, name)
        copied = [name for name in file.columns if name in known or name in self.keep]
        columns = {name: self._column(file, name, ids.get(name)) for name in copied}
        cells = pl.DataFrame([cells for cells, _ in columns.values()])
        copied_elsewhere = REGISTERED if start else ()
        target = self._write(path.with_name(f"{start}{path.name}"), file, cells)
        return CopiedFile(
            target.name,
            ", ".join(tables),
            cells.height,
            {name: n for name, (_, n) in columns.items() if n},
            dropped=tuple(name_to_show(name) for name in file.columns if name not in copied),
            kept=tuple(name_to_show(name) for name in copied if name not in known),
            n_sheets=len(file.also_searched.keys() - copied_elsewhere),
            sha256=_sha256(target),
        )

    def _column(self, file: Delivered, name: str, of: str | None) -> tuple[pl.Series, int]:
        """A column with pseudonyms, and how many of its cells were changed."""
        cells = file.cells[name].rename(self._without_numbers(name))
        if isinstance(cells.dtype, _WITHOUT_TEXT):
            return cells, 0
        if isinstance(cells.dtype, pl.Categorical | pl.Enum):
            cells = cells.cast(pl.String)
        if not (cells.dtype.is_numeric() or cells.dtype in (pl.String, pl.Null)):
            raise _unsearchable(file.path, name)
        text = texts_of(cells)
        as_written = _zeros_for(text) if of else str
        replace = (
            (lambda cell: self.hashed(as_written(cell), of) if cell.strip() else cell)
            if of
            else self._without_numbers
        )
        changed = _replaced(text, replace)
        n_changed = int((changed != text).sum())
        return (changed if n_changed else cells), n_changed

    def _without_numbers(self, text: str) -> str:
        return replace_personal_numbers(text, lambda number: self.hashed(number, PERSON))

    def _write(self, path: Path, file: Delivered, cells: pl.DataFrame) -> Path:
        name = self._without_numbers(path.name)
        if FORMATS[path.suffix.lower()].content == "lines":
            target = self.out / name
            cells.write_csv(target, separator=";" if file.has_decimal_comma else ",")
            return target
        stem, suffix = Path(name).stem, path.suffix.lower().removeprefix(".")
        target = self.out / f"{stem}.parquet"
        # A workbook and an SPSS file of one name are two files.
        target = self.out / f"{stem}_{suffix}.parquet" if target.exists() else target
        cells.write_parquet(target)
        return target

    def _record(self, path: Path) -> CopiedFile:
        data, _ = decode(path)
        texts = lines_of(data)["text"].to_list()
        layout = layout_of(path, texts, self.layouts)
        lines = [layout.split(text) for text in texts]
        replaced, n_emptied = Counter(), 0
        for fields in lines:
            for place, text in enumerate(fields):
                name = layout.name_at(place)
                if text.strip() and (layout.holds_number(place) or name == HOUSEHOLD):
                    fields[place] = self.hashed(text, HOUSEHOLD if name == HOUSEHOLD else PERSON)
                    replaced[name] += 1
                elif text.strip() and not (
                    layout.knows(place) and layout.looks_right(place, text.strip())
                ):
                    fields[place] = ""
                    n_emptied += 1
        target = self.out / self._without_numbers(path.name)
        joined = "".join(layout.separator.join(fields) + "\r\n" for fields in lines)
        target.write_bytes(joined.encode())
        return CopiedFile(
            target.name,
            "monthly_record",
            len(lines),
            dict(replaced),
            n_emptied=n_emptied,
            sha256=_sha256(target),
        )


def _remembering(key: bytes) -> _Hash:
    known: dict[tuple[str, str], str] = {}

    def hashed(text: str, of: str) -> str:
        if (text, of) not in known:
            known[text, of] = pseudonym(text, key, of=of)
        return known[text, of]

    return hashed


def _known_columns(
    file: Delivered, contract: Contract, mapping: TableMapping
) -> tuple[dict[str, str], set[str]]:
    """The delivered columns that hold ids, with whose they are; and all that are known."""
    sources = {
        column.name: source
        for column in contract.columns
        if (source := mapping.source_of(column, file.columns)) is not None
    }
    if PERSON in sources and sources[PERSON] == sources.get(HOUSEHOLD):
        raise _one_for_both(file.path, sources[PERSON])
    ids = {sources[name]: name for name in (PERSON, HOUSEHOLD) if name in sources}
    months = mapping.months_in_columns
    named = [
        name
        for name in file.columns
        if name == mapping.newest_by or (months and months.month_of(name))
    ]
    return ids, {*sources.values(), *named}


def _zeros_for(ids: pl.Series) -> Callable[[str], str]:
    """How an id was written before its column became one of numbers: those of people born in 2000
    to 2009 lose the zeros that they begin with, where personal numbers stand without century.
    """
    values = ids.drop_nulls().unique().to_list()
    if not (any(map(ten_digits_of, values)) or looks_like_shortened_numbers(ids)):
        return str

    def with_zeros(text: str) -> str:
        padded = text.strip().removesuffix(".0").zfill(_N_DIGITS)
        return padded if ten_digits_of(padded) else text

    return with_zeros


def _replaced(text: pl.Series, replace: Callable[[str], str]) -> pl.Series:
    unique = text.drop_nulls().unique()
    pairs = {cell: new for cell in unique.to_list() if (new := replace(cell)) != cell}
    return text.replace(pairs) if pairs else text


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _misshapen(path: Path) -> IntakeError:
    return IntakeError(
        "A file has lines with more or fewer cells than line 1 has column names.",
        where=name_to_show(path.name),
        why="Cells beyond the last column would be lost or escape the search. Nothing was written.",
        fix="mend the lines, or ask the sender for the file anew; evalkit check names them.",
    )


def _one_for_both(path: Path, column: str) -> IntakeError:
    return IntakeError(
        "One delivered column holds both persons and households.",
        where=f'{name_to_show(path.name)}, column "{name_to_show(column)}"',
        why="Persons and households get pseudonyms of their own, and a column can bear only one of "
        "them. Nothing was written.",
        fix="deliver the column twice, under two names, and let the mapping file name one for each "
        f"of {PERSON} and {HOUSEHOLD}.",
    )


def _several_sheets(path: Path) -> IntakeError:
    return IntakeError(
        "Sheets of one workbook hold different tables.",
        where=name_to_show(path.name),
        why="The copy of a workbook is a single table. Nothing was written.",
        fix="save each sheet as a file of its own, and let the mapping file name it (files).",
    )


def _unsearchable(path: Path, column: str) -> IntakeError:
    return IntakeError(
        "A column is of a type that cannot be searched for personal numbers.",
        where=f'{name_to_show(path.name)}, column "{name_to_show(column)}"',
        why="What cannot be searched is not copied. Nothing was written.",
        fix="ask the sender for text, numbers or dates.",
    )


def _unknown_columns(columns: Sequence[str], found: set[str]) -> IntakeError:
    return IntakeError(
        f"{len(columns)} column{'s' if len(columns) > 1 else ''} to keep "
        f"{'are' if len(columns) > 1 else 'is'} in no file.",
        where="--keep: "
        + "; ".join(f'"{name}" ({nearest(name, map(name_to_show, found))})' for name in columns),
        why="What was asked for would be missing without a word. Nothing was written.",
        fix="write the column as the file names it.",
    )


def refuse_filled(out: Path) -> None:
    """Refuse a folder to write that holds files already.

    Raises
    ------
    IntakeError
        Naming the folder.
    """
    if out.exists() and any(out.iterdir()):
        raise IntakeError(
            "The folder to write is not empty.",
            where=str(out),
            why="Old files would stay among the new ones. Nothing was written.",
            fix="name a new folder.",
        )
