"""Readers: a delivered file as a table of cells, by its suffix.

CSV, Excel workbooks, Parquet, and the files of SAS, SPSS and Stata. FORMATS lists what is read;
another kind of file is one more entry. Libraries beyond polars are imported when a file asks for
them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.reading.archive import merged_cells, open_archive
from evalkit.intake.reading.csv_reader import decode, lines_of, read_csv
from evalkit.intake.reading.delivered import LINE, OWN_COLUMNS, Delivered, typed_file, unreadable

# What fastexcel calls a column whose cell in row 1 is empty.
_UNNAMED = "__UNNAMED__"


@dataclass(frozen=True)
class Format:
    """A kind of delivered file.

    read : its reader; given the path and the name of the table, which chooses among the sheets of
    a workbook. content : as what a file of no contract is searched for personal numbers.
    """

    read: Callable[[Path, str | None], Delivered]
    content: Literal["lines", "cells", "sheets"]


def read_delivered(
    path: Path | str, *, table: str | None = None, sheet: str | None = None
) -> Delivered:
    """Read a delivered file by its suffix; one that FORMATS does not list is read as CSV.

    Parameters
    ----------
    path : path
        The file.
    table : str, optional
        The sheet of a workbook to read, if it has one of that name; else its first sheet is read.
    sheet : str, optional
        The sheet that must be there instead.

    Raises
    ------
    IntakeError
        If the file cannot be read, lacks the sheet, has no column names, repeats one, or has a line
        break inside a cell.
    """
    path = Path(path)
    if sheet is not None and path.suffix.lower() == ".xlsx":
        return _read_workbook(path, sheet, is_declared=True)
    return FORMATS.get(path.suffix.lower(), _TEXT).read(path, table)


def read_lines(path: Path) -> pl.DataFrame | None:
    """The lines of a text file (line, text), or None where the file is not text."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return lines_of(data.decode("utf-16", errors="replace").encode())
    if b"\x00" in data:
        return None
    try:
        return lines_of(decode(path)[0])
    except IntakeError:
        return lines_of(data.decode("latin-1").encode())


def _read_text(path: Path, _table: str | None) -> Delivered:
    return read_csv(path)


def _read_parquet(path: Path, _table: str | None) -> Delivered:
    try:
        # Numbered while it is read, so that the number of a row lies in the same chunk as the row.
        cells = pl.read_parquet(path, row_index_name=LINE, row_index_offset=1, glob=False)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise unreadable(path, "It is not a Parquet file, or it is damaged.") from fault
    return typed_file(path, cells, "Parquet; lines are row numbers, from 1")


def _read_workbook(path: Path, table: str | None, *, is_declared: bool = False) -> Delivered:
    fastexcel = library("fastexcel", path)
    archive = open_archive(path)
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
        if is_declared and table not in names:
            raise unreadable(path, f"It lacks the sheet {table}; sheets found: {', '.join(names)}.")
        chosen = table if table is not None and table in names else names[0]
        sheets = {
            name: _trimmed(book.load_sheet(name, header_row=0, schema_sample_rows=None).to_polars())
            for name in names
            if name == chosen
        }
        others = {
            name: book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in names
            if name != chosen
        }
    except fastexcel.FastExcelError as fault:
        raise unreadable(
            path, "It is not an Excel workbook, it is damaged, or a sheet in it is empty."
        ) from fault
    cells = _named(sheets[chosen], path)
    _refuse_merged(path, chosen, merged_cells(archive, chosen))
    assumption = (
        f"Excel workbook, sheet {names.index(chosen) + 1} of {len(names)}; lines are the "
        "sheet's rows"
    )
    delivered = typed_file(path, cells, assumption, first_line=2, also_searched=others)
    is_filled = pl.any_horizontal(pl.col(name).is_not_null() for name in cells.columns)
    return replace(delivered, cells=delivered.cells.filter(is_filled))


def _read_statistics_file(
    path: Path, _table: str | None, *, program: str, reader: str
) -> Delivered:
    pyreadstat = library("pyreadstat", path)
    try:
        cells, _ = getattr(pyreadstat, reader)(path, output_format="polars")
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeDecodeError,
        ValueError,
    ) as fault:
        raise unreadable(path, f"It is not a file of {program}, or it is damaged.") from fault
    assumption = f"{program} file, codes without their labels; lines are row numbers, from 1"
    return typed_file(path, cells, assumption)


def _trimmed(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.rename({column: column.strip() for column in cells.columns})


def _named(cells: pl.DataFrame, path: Path) -> pl.DataFrame:
    """The cells of a sheet without columns that have neither a name nor a value."""
    unnamed = [name for name in cells.columns if name.startswith(_UNNAMED)]
    if len(unnamed) == cells.width or set(cells.columns) & set(OWN_COLUMNS):
        raise unreadable(path, "Row 1 of its sheet holds no column names.")
    filled = [name for name in unnamed if cells[name].null_count() < cells.height]
    if filled:
        places = [_letters(cells.columns.index(name)) for name in filled]
        raise unreadable(
            path,
            f"Row 1 of its sheet names no column above cells that are filled: {first_few(places)}. "
            "A title above the table, or merged cells, stand where each column should have its "
            "name.",
        )
    return cells.drop(unnamed)


def _refuse_merged(path: Path, sheet: str, merged: list[str]) -> None:
    if merged:
        raise IntakeError(
            "Cells of a workbook are merged.",
            where=f"{path.name}, cells {first_few(merged)} of the sheet that is read",
            why="A merged cell holds its value for the first of its rows and columns only; the "
            "others would pass for empty. Nothing was read in.",
            fix="unmerge the cells (in Excel: Home, Merge & Center, Unmerge), write the value in "
            "each row, and one name above each column.",
        )


def _letters(position: int) -> str:
    """A column of a sheet, counted from 0, as Excel names it: A, B, ... Z, AA."""
    before, last = divmod(position, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


def library(name: str, path: Path) -> Any:
    """A library that a kind of file needs.

    Raises
    ------
    IntakeError
        If it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as fault:
        raise IntakeError(
            f"A file of the kind {path.suffix} cannot be read here.",
            where=path.name,
            why=f"The library {name} is not installed. Nothing was read in.",
            fix='install evalkit with its readers (pip install "evalkit[readers]"), or ask for CSV '
            "or Parquet.",
        ) from fault


def _of(program: str, reader: str) -> Format:
    return Format(partial(_read_statistics_file, program=program, reader=reader), "cells")


_TEXT = Format(_read_text, "lines")
# The kinds of files that can deliver a table, by suffix; the readers of SAS, SPSS and Stata are
# named as pyreadstat has them.
FORMATS = {
    ".csv": _TEXT,
    ".txt": _TEXT,
    ".tsv": _TEXT,
    ".xlsx": Format(_read_workbook, "sheets"),
    ".parquet": Format(_read_parquet, "cells"),
    ".sav": _of("SPSS", "read_sav"),
    ".zsav": _of("SPSS", "read_sav"),
    ".por": _of("SPSS", "read_por"),
    ".dta": _of("Stata", "read_dta"),
    ".sas7bdat": _of("SAS", "read_sas7bdat"),
    ".xpt": _of("SAS transport", "read_xport"),
}
