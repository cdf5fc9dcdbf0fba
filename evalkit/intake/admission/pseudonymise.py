"""Pseudonyms: ids replaced by a keyed hash (HMAC-SHA256), so that the same person has the same
pseudonym in every file of every delivery.

The key lies in a file outside the project that only its owner can read; it is never a parameter, an
argument or an environment variable. A pseudonym is 128 bits of the hash written with the letters a
to p: without digits it can never pass for a personal number. A personal number is hashed as its ten
digits without century and sign, so that its different ways of writing give one pseudonym. (Two
people exactly a hundred years apart with the same number would share one.)
"""

import hashlib
import hmac
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from evalkit.errors import IntakeError
from evalkit.ids import replace_personal_numbers, ten_digits_of
from evalkit.intake.admission.delivery import table_of
from evalkit.intake.contracts.contract import Contract
from evalkit.intake.contracts.mapping import MappingFile, TableMapping, load_mapping
from evalkit.intake.reading.csv_reader import decode, lines_of
from evalkit.intake.reading.delivered import IS_WHOLE, OWN_COLUMNS, Delivered
from evalkit.intake.reading.monthly_record import FIELDS, is_monthly_record
from evalkit.intake.reading.readers import FORMATS, read_delivered
from evalkit.line.columns import PERSON_IDS

_SHORTEST_KEY = 32
_N_BYTES = 16
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_RECORD_NUMBERS = (FIELDS.index("person_1"), FIELDS.index("person_2"))


@dataclass(frozen=True)
class Pseudonymised:
    """The files that were written, with the number of ids replaced in each, and those left out."""

    written: dict[str, int]
    left_out: tuple[str, ...]


def read_key(path: Path | str, *, project: Path | str) -> bytes:
    """Read the key of the pseudonyms.

    Parameters
    ----------
    path : path
        The file of the key, at least 32 bytes.
    project : path
        The folder of the project, inside which no key may lie.

    Raises
    ------
    IntakeError
        If the file is missing or too short, lies inside the project, or can be read by others than
        its owner.
    """
    given, real = Path(path), Path(path).resolve()
    if real.is_relative_to(Path(project).resolve()) or Path(os.path.abspath(given)).is_relative_to(
        Path(project).resolve()
    ):
        raise _bad_key(
            "The key lies inside the project's folder.",
            "move it to a place of its own, for example a folder in your home.",
        )
    if not real.is_file():
        raise _bad_key(
            "There is no such file.",
            "make one: head -c 32 /dev/urandom > KEYFILE && chmod 600 KEYFILE",
        )
    if real.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _bad_key("Others than its owner may read or change the file.", "chmod 600 KEYFILE")
    key = real.read_bytes()
    if len(key) < _SHORTEST_KEY:
        raise _bad_key(
            f"The key is shorter than {_SHORTEST_KEY} bytes.",
            "make one: head -c 32 /dev/urandom > KEYFILE && chmod 600 KEYFILE",
        )
    return key


def pseudonymise(
    folder: Path | str,
    out: Path | str,
    contracts: dict[str, Contract],
    *,
    key: bytes,
    mapping: Path | str | None = None,
) -> Pseudonymised:
    """Copy an extract with pseudonyms for ids: person_id and household_id as a whole, personal
    numbers wherever they stand.

    CSV files and monthly records stay text; other files become Parquet. Files of no contract are
    left out.

    Raises
    ------
    IntakeError
        If a file cannot be read, or the folder to write holds files already.
    """
    folder, out = Path(folder), Path(out)
    if out.exists() and any(out.iterdir()):
        raise IntakeError(
            "The folder to write is not empty.",
            where=str(out),
            why="Old files would stay among the new ones. Nothing was written.",
            fix="name a new folder.",
        )
    mapping_file, hashed = load_mapping(mapping), _remembering(key)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as unfinished:
        done = _copy(folder, Path(unfinished), contracts, mapping_file, hashed)
        if out.exists():
            out.rmdir()
        shutil.copytree(unfinished, out)
        out.chmod(0o700)
    return done


def pseudonym(text: str, key: bytes) -> str:
    """The pseudonym of an id: 32 letters."""
    digest = hmac.new(key, (ten_digits_of(text) or text.strip()).encode(), hashlib.sha256).digest()
    return digest[:_N_BYTES].hex().translate(_LETTERS)


def _copy(
    folder: Path,
    out: Path,
    contracts: dict[str, Contract],
    mapping: MappingFile,
    hashed: Callable[[str], str],
) -> Pseudonymised:
    written, left_out = {}, []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        table = table_of(path, contracts) if path.parent == folder else None
        if path.parent == folder and is_monthly_record(path):
            written[path.name] = _record(path, out / path.name, hashed)
        elif table:
            target, count = _table(
                read_delivered(path, table=table), out, contracts[table], mapping.of(table), hashed
            )
            written[target] = count
        else:
            left_out.append(str(path.relative_to(folder)))
    return Pseudonymised(written, tuple(left_out))


def _remembering(key: bytes) -> Callable[[str], str]:
    known: dict[str, str] = {}

    def hashed(text: str) -> str:
        if text not in known:
            known[text] = pseudonym(text, key)
        return known[text]

    return hashed


def _table(
    file: Delivered,
    out: Path,
    contract: Contract,
    mapping: TableMapping,
    hashed: Callable[[str], str],
) -> tuple[str, int]:
    ids = [
        mapping.source_of(column, file.columns)
        for column in contract.columns
        if column.name in PERSON_IDS
    ]
    if not file.cells.get_column(IS_WHOLE).all():
        raise _misshapen(file.path)
    cells, n_replaced = file.cells.drop(OWN_COLUMNS), 0
    for name in cells.columns:
        dtype = cells.schema[name]
        if not (dtype.is_numeric() or dtype == pl.String):
            continue
        text = _as_text(cells[name])
        replace = (
            (lambda cell: hashed(cell) if cell.strip() else cell)
            if name in ids
            else (lambda cell: replace_personal_numbers(cell, hashed))
        )
        changed = _replaced(text, replace)
        n_changed = int((changed != text).sum())
        cells = cells.with_columns(changed.alias(name)) if n_changed else cells
        n_replaced += n_changed
    if FORMATS[file.path.suffix.lower()].content == "lines":
        separator = ";" if file.has_decimal_comma else ","
        cells.write_csv(out / file.path.name, separator=separator)
        return file.path.name, n_replaced
    target = f"{file.path.stem}.parquet"
    cells.write_parquet(out / target)
    return target, n_replaced


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_float():
        whole = cells.cast(pl.Int64, strict=False)
        return pl.select(
            pl.when(whole.cast(pl.Float64) == cells)
            .then(whole.cast(pl.String))
            .otherwise(cells.cast(pl.String))
        ).to_series()
    return cells.cast(pl.String)


def _replaced(text: pl.Series, replace: Callable[[str], str]) -> pl.Series:
    unique = text.drop_nulls().unique()
    pairs = {cell: new for cell in unique.to_list() if (new := replace(cell)) != cell}
    return text.replace(pairs) if pairs else text


def _record(path: Path, target: Path, hashed: Callable[[str], str]) -> int:
    data, _ = decode(path)
    n_replaced, lines = 0, []
    for line in lines_of(data)["text"].to_list():
        fields = line.rstrip("\r").split("\t")
        places = [
            i
            for i in range(len(fields))
            if (i in _RECORD_NUMBERS or i >= len(FIELDS)) and fields[i].strip()
        ]
        for i in places:
            fields[i] = hashed(fields[i])
        n_replaced += len(places)
        lines.append("\t".join(fields) + "\r\n")
    target.write_bytes("".join(lines).encode())
    return n_replaced


def _misshapen(path: Path) -> IntakeError:
    return IntakeError(
        "A file has lines with more or fewer cells than line 1 has column names.",
        where=path.name,
        why="Cells beyond the last column would be lost or escape the search. The file was not "
        "written.",
        fix="mend the lines, or ask the sender for the file anew; evalkit check names them.",
    )


def _bad_key(why: str, fix: str) -> IntakeError:
    return IntakeError(
        "The key of the pseudonyms cannot be used.",
        where="the file given by --key",
        why=f"{why} Nothing was written.",
        fix=fix,
    )
