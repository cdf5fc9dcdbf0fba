"""Tables brought into the shape of their contract, as a mapping file says: months that stand beside
each other go below each other, what was not delivered since it is the same everywhere is written
out, and several payments of one month become one.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.checking.cells import TypedCells
from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.intake.contracts.mapping import MonthColumns, TableMapping
from evalkit.intake.reading.delivered import (
    FILE,
    IS_WHOLE,
    LINE,
    OWN_COLUMNS,
    Delivered,
    texts_of,
)
from evalkit.line.columns import PERSON_IDS
from evalkit.months import add_months


def in_shape(file: Delivered, mapping: TableMapping) -> Delivered:
    """A delivered file with the columns that the mapping makes of others.

    Raises
    ------
    IntakeError
        If no column of it names a month where months stand beside each other.
    """
    if not mapping.made():
        return file
    months = mapping.months_in_columns
    cells = _below_each_other(file, months) if months else file.cells
    constants = [pl.lit(text).alias(name) for name, text in mapping.constants.items()]
    return replace(file, cells=cells.with_columns(constants))


def with_prefix(
    file: Delivered, contract: Contract, mapping: TableMapping, prefix: str
) -> Delivered:
    """A delivered file whose ids of persons and households have something before them."""
    sources = [
        source
        for column in contract.columns
        if column.name in PERSON_IDS and (source := mapping.source_of(column, file.columns))
    ]
    if not prefix or not sources:
        return file
    # An empty cell stays one.
    texts = {source: texts_of(file.cells[source]).str.strip_chars() for source in sources}
    cells = file.cells.with_columns(**texts).with_columns(
        pl.when(pl.col(source) != "").then(pl.lit(prefix) + pl.col(source)).alias(source)
        for source in sources
    )
    return replace(file, cells=cells)


def newest(
    files: Sequence[Delivered], contract: Contract, mapping: TableMapping
) -> tuple[tuple[Delivered, ...], list[str]]:
    """Of rows with one key the newest by a delivered column, over all files of a table, and a note
    of how many older ones were left out. Rows without a whole key stay.
    """
    by, keys = mapping.newest_by, contract.keys
    columns = {column.name: column for column in contract.columns}
    if by is None:
        return tuple(files), []
    found = [_keyed(file, [columns[key] for key in keys], mapping, by) for file in files]
    rows = pl.concat([cells.with_columns(file=pl.lit(i)) for i, cells in enumerate(found)])
    is_whole = pl.all_horizontal(pl.col(key).is_not_null() for key in contract.required_keys)
    older = rows.sort("by", nulls_last=False, maintain_order=True).filter(
        is_whole & pl.struct(keys).is_duplicated() & ~pl.struct(keys).is_last_distinct()
    )
    if older.is_empty():
        return tuple(files), []
    kept = tuple(
        replace(file, cells=file.cells.filter(~pl.col(LINE).is_in(_lines(older, i))))
        for i, file in enumerate(files)
    )
    return kept, [f"{older.height:,} rows are older than another of their key, by {by}: left out"]


def _keyed(
    file: Delivered, keys: Sequence[ContractColumn], mapping: TableMapping, by: str
) -> pl.DataFrame:
    """The key of each row as text, what tells the newest, and the line."""
    sources = {key.name: mapping.source_of(key, file.columns) for key in keys}
    optional = [key.name for key in keys if key.may_be_absent]
    lacking = [
        name
        for name, source in {**sources, by: by}.items()
        if source not in file.columns and name not in optional
    ]
    if lacking:
        raise IntakeError(
            "The newest rows of a file cannot be told.",
            where=f"{file.path.name} lacks {', '.join(lacking)} (columns found: "
            f"{', '.join(file.columns)})",
            why="The mapping file tells the newest of the rows with one key (newest_by). Nothing "
            "was read in.",
            fix="name the columns as they were delivered.",
        )
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, file.cells.height)
    texts = {
        name: texts_of(file.cells[source]).str.strip_chars() if source else empty
        for name, source in {**sources, "by": by}.items()
    }
    return pl.DataFrame({**texts, LINE: file.cells[LINE].cast(pl.Int64)})


def _lines(rows: pl.DataFrame, file: int) -> list[int]:
    return rows.filter(pl.col("file") == file)[LINE].to_list()


def added_up(
    typed: TypedCells, contract: Contract, columns: Sequence[str]
) -> tuple[TypedCells, list[str]]:
    """Rows that are alike in all but some numbers as one row with their sum, and a note of how many
    there were. Rows whose key or numbers are missing or could not be read stay as they are.
    """
    if not columns:
        return typed, []
    rows = typed.rows
    can_be_added = pl.all_horizontal(
        pl.col(IS_WHOLE),
        *[pl.col(key).is_not_null() for key in contract.required_keys],
        *[pl.col(column).is_not_null() for column in columns],
    )
    alike = [name for name in rows.columns if name not in (*columns, *OWN_COLUMNS)]
    added = (
        rows.filter(can_be_added)
        .group_by(alike, maintain_order=True)
        .agg(pl.col(*columns).sum(), pl.col(LINE, FILE, IS_WHOLE).first())
    )
    together = pl.concat([added.select(rows.columns), rows.filter(~can_be_added)])
    n_fewer = rows.height - together.height
    if not n_fewer:
        return typed, []
    note = (
        f"{rows.height:,} rows became {together.height:,}: {', '.join(columns)} of rows alike in "
        "all else were added up; the line is that of the first"
    )
    return replace(typed, rows=together, texts={}), [note]


def _below_each_other(file: Delivered, months: MonthColumns) -> pl.DataFrame:
    named = {name: month for name in file.columns if (month := months.month_of(name))}
    if not named:
        raise IntakeError(
            "No column of a file names a month as the mapping file says.",
            where=f"{file.path.name} (columns found: {', '.join(file.columns)})",
            why=f"months_in_columns takes columns of the form {months.form}. Nothing was read in.",
            fix="write the form as the columns have it: %Y for 2026, %m for 01, all else as it "
            "stands.",
        )
    others = [name for name in file.cells.columns if name not in named]
    texts = file.cells.with_columns(texts_of(file.cells[name]) for name in named)
    long = texts.unpivot(
        on=list(named), index=others, variable_name=months.month, value_name=months.value
    )
    text = pl.col(months.value).str.strip_chars()
    is_there = text.is_not_null() & ~text.is_in(["", *months.nothing])
    starts = {name: f"{month}" for name, month in named.items()}
    long = long.filter(is_there)
    if months.end:
        ends = {name: f"{add_months(month, 1)}" for name, month in named.items()}
        end = pl.col(months.month).replace_strict(ends, return_dtype=pl.String)
        long = long.with_columns(end.alias(months.end))
    start = pl.col(months.month).replace_strict(starts, return_dtype=pl.String)
    return long.with_columns(start.alias(months.month)).sort(LINE, maintain_order=True)
