"""The tables of the line inside a run: the only way to read and write them. Their columns: `line`.

A table file is whole or absent: it is written beside its place and renamed. Rows are sorted by the
table's keys and columns stand in the schema's order, so the same content gives the same bytes.
Tables whose rows are persons live under work/ (mode 0700).
"""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.errors import EvalkitError, IntakeError, first_few
from evalkit.line import tables as line
from evalkit.line.delivered import as_delivered
from evalkit.reads import may_read, refuse_undeclared

# Whether rows are in order is seen for so many at once, that large tables are not copied for it.
_ROWS_AT_ONCE = 500_000
# The district name of a row about all districts together.
CITY = "all"
# Letters that do not come apart into an ASCII one and an accent.
_NEAR_ASCII = {
    "ø": "o",
    "æ": "ae",
    "œ": "oe",
    "ß": "ss",
    "ð": "d",
    "đ": "d",
    "þ": "th",
    "ł": "l",
    "ı": "i",
}


def table_path(run_dir: Path | str, name: str, unit: str | None = None) -> Path:
    """Where a table of a run lies: work/NAME.parquet, or work/NAME/UNIT.parquet for the part of one
    district or intervention.
    """
    work = Path(run_dir) / "work"
    return work / name / f"{slug(unit)}.parquet" if unit else work / f"{name}.parquet"


def with_city(table: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table once for their district and once for the city ("all")."""
    district = table["district"].name
    return pl.concat([table, table.with_columns(pl.lit(CITY).alias(district))])


def slug(name: str) -> str:
    """The name of a district, intervention or run as a file name: lower case, '-' between words,
    and ASCII alone, since archives and old file servers break other letters. A letter without an
    ASCII one near it is written by its number.
    """
    lower = unicodedata.normalize("NFC", name).lower()  # å as one letter, however it was typed
    words = "".join(letter if letter.isalnum() else " " for letter in lower).split()
    return "-".join("".join(map(_in_ascii, word)) for word in words)


def _in_ascii(letter: str) -> str:
    near = unicodedata.normalize("NFKD", _NEAR_ASCII.get(letter, letter))
    plain = near.encode("ascii", "ignore").decode("ascii")
    return plain or ("" if unicodedata.combining(letter) else f"u{ord(letter):x}")


def print_of(page: Path) -> Path:
    """Where a page's print lies: beside it. It goes when the page goes."""
    return page.with_suffix(".pdf")


def conform(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table with its declared columns, types and order of rows.

    Raises
    ------
    EvalkitError
        If a column is missing, undeclared or of another type, or a key is repeated.
    """
    keys = line.table(name).keys
    given = with_columns_of(table, name)
    ordered = in_order(given, keys)
    # Rows that were in order already increase strictly: none repeats another.
    if ordered is not given and ordered.select(same_as_before(keys).any()).item():
        raise EvalkitError(
            f"The table {name} holds the same key more than once.",
            where=f"key columns: {', '.join(keys)}",
            why="A repeated key would count a person or a month twice.",
            fix="look at the station that writes the table; the intake sets repeated keys aside.",
        )
    return ordered


def with_columns_of(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table with its declared columns and types, its rows as they stand.

    Raises
    ------
    EvalkitError
        If a column is missing, undeclared or of another type.
    """
    declared = line.table(name)
    missing = [column for column in declared.schema if column not in table.columns]
    extra = [column for column in table.columns if column not in declared.schema]
    if missing or (extra and not declared.open_columns):
        raise EvalkitError(
            f"The table {name} does not have its declared columns.",
            where=f"missing: {', '.join(missing) or 'none'}; undeclared: "
            f"{', '.join(extra) or 'none'}",
            why="Every station reads the tables by these columns (evalkit/line).",
            fix="hand on the declared columns, or change what is declared and all that uses it.",
        )
    columns = [pl.col(column).cast(kind) for column, kind in declared.schema.items()]
    return table.select(*columns, *[pl.col(column) for column in sorted(extra)])


def in_order(table: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The table sorted by its keys; left as it is where they already increase from row to row,
    which costs far less to see than to do.
    """
    starts = range(0, table.height - 1, _ROWS_AT_ONCE)
    return (
        table
        if all(_increases(table.slice(start, _ROWS_AT_ONCE + 1), keys) for start in starts)
        else table.sort(keys)
    )


def _increases(table: pl.DataFrame, keys: Sequence[str]) -> bool:
    ranked = table.select(
        word_ranks(table[key]) if table.schema[key] == pl.Categorical else table[key]
        for key in keys
    )
    increases, is_tie = pl.lit(False), pl.lit(True)
    for key in keys:
        n_empty = ranked[key].null_count()
        if n_empty == ranked.height or (not n_empty and ranked[key].min() == ranked[key].max()):
            continue
        increases = increases | (is_tie & (pl.col(key) > pl.col(key).shift(1)))
        is_tie = is_tie & (pl.col(key) == pl.col(key).shift(1))
    return bool(
        ranked.select(pl.repeat(False, pl.len()) | increases)
        .to_series()
        .slice(1)
        .fill_null(False)
        .all()
    )


def word_ranks(column: pl.Series) -> pl.Series:
    """A categorical column as the place of each word in the alphabet of its words, 0 first: numbers
    are compared far faster than words.
    """
    words = column.unique().sort().to_physical().to_numpy()
    rank = np.zeros(int(words.max(initial=0)) + 1, dtype=np.uint32)
    rank[words] = np.arange(len(words))
    return pl.Series(column.name, rank[column.to_physical().to_numpy()])


def same_as_before(keys: Sequence[str]) -> pl.Expr:
    """True for a row whose keys are those of the row before it."""
    return pl.all_horizontal(pl.col(key).eq_missing(pl.col(key).shift(1)) for key in keys) & (
        pl.int_range(pl.len()) > 0
    )


def write_table(
    table: pl.DataFrame, run_dir: Path | str, name: str, *, unit: str | None = None
) -> Path:
    """Write a table of a run, whole or not at all; returns its path."""
    path = table_path(run_dir, name, unit)
    make_private_folder(Path(run_dir) / "work")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    conform(table, name).write_parquet(temporary, compression="zstd")
    temporary.replace(path)
    return path


def write_tables(
    run_dir: Path | str, tables: Mapping[str, pl.DataFrame], *, unit: str | None = None
) -> list[Path]:
    """Write several tables of a run by name; returns their paths."""
    return [write_table(table, run_dir, name, unit=unit) for name, table in tables.items()]


def has_table(run_dir: Path | str, name: str, *, unit: str | None = None) -> bool:
    """Whether a table of a run has been written; some are delivered in some runs only.

    Raises
    ------
    BatchError
        If no unit before the running one declares to write it (`evalkit.reads`).
    """
    path = table_path(run_dir, name, unit)
    refuse_undeclared(path)
    return path.exists()


def read_table(run_dir: Path | str, name: str, *, unit: str | None = None) -> pl.DataFrame:
    """Read a table of a run.

    Raises
    ------
    IntakeError
        If the table has not been written; names the tables that exist.
    BatchError
        If no unit before the running one declares to write it (`evalkit.reads`).
    """
    path = table_path(run_dir, name, unit)
    if not has_table(run_dir, name, unit=unit):
        found = sorted(
            table.stem for table in (Path(run_dir) / "work").glob("*.parquet") if may_read(table)
        )
        raise IntakeError(
            f"The table {name} has not been written yet{f' for {unit}' if unit else ''}.",
            where=str(path),
            why="A notebook reads what earlier notebooks of the same run have written.",
            fix="run the earlier notebooks first (evalkit run); tables found: "
            f"{first_few(found, 12)}.",
        )
    return pl.read_parquet(path, glob=False)


def each_unit(
    run_dir: Path | str, name: str, units: Iterable[str], **values: object
) -> Iterator[pl.DataFrame]:
    """The parts of a table that the given districts or interventions have written, one after the
    other, as far as their columns have the given values; those without a part are left out.

    Only one part is held in memory at a time, and of it only the rows asked for.
    """
    wanted = [pl.col(column) == value for column, value in values.items()]
    for unit in units:
        if has_table(run_dir, name, unit=unit):
            path = table_path(run_dir, name, unit)
            yield pl.scan_parquet(path, glob=False).filter(*wanted).collect()


def read_units(
    run_dir: Path | str, name: str, units: Iterable[str], **values: object
) -> pl.DataFrame:
    """The parts of a table (see `each_unit`), one below the other."""
    parts = list(each_unit(run_dir, name, units, **values))
    return pl.concat(parts) if parts else line.table(name).empty()


def read_parts(run_dir: Path | str, units: Sequence[str], *names: str) -> dict[str, pl.DataFrame]:
    """Several tables by name, each from its parts (see `read_units`)."""
    return {name: read_units(run_dir, name, units) for name in names}


def read_tables(run_dir: Path | str, *names: str) -> dict[str, pl.DataFrame]:
    """Several tables of a run by name."""
    return {name: read_table(run_dir, name) for name in names}


def read_delivered(run_dir: Path | str, name: str) -> pl.DataFrame:
    """A delivered table of a run, empty where nobody delivered it: its part of the report is then
    left out.
    """
    return as_delivered({name: read_table(run_dir, name)} if has_table(run_dir, name) else {}, name)


def read_each_delivered(run_dir: Path | str, names: Iterable[str]) -> dict[str, pl.DataFrame]:
    """Several delivered tables of a run by name, each empty where nobody delivered it."""
    return {name: read_delivered(run_dir, name) for name in names}


def only(table: pl.DataFrame, **values: object) -> pl.DataFrame:
    """The rows whose columns have the given values: only(spells, district="Belfast")."""
    return table.filter(*[pl.col(column) == value for column, value in values.items()])


def make_private_folder(folder: Path) -> Path:
    """A folder that only its owner can open (mode 0700), made if need be."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def sha256_of(path: Path | str) -> str:
    """The SHA-256 of a file's bytes, as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
