"""Readers: a delivered file as a table of cells, by its suffix.

CSV, Excel workbooks, Parquet, and the files of SAS, SPSS and Stata. Libraries beyond polars are
imported when a file asks for them.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.reading.csv_reader import decode, lines_of, read_csv
from evalkit.intake.reading.delivered import LINE, OWN_COLUMNS, Delivered, typed_file, unreadable

STATISTICS_FILES = {
    ".sav": "SPSS",
    ".zsav": "SPSS",
    ".por": "SPSS",
    ".dta": "Stata",
    ".sas7bdat": "SAS",
    ".xpt": "SAS transport",
}
SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".parquet", *STATISTICS_FILES)


def read_delivered(path: Path | str, *, table: str | None = None) -> Delivered:
    """Read a delivered file by its suffix.

    Parameters
    ----------
    path : path
        The file.
    table : str, optional
        The sheet of a workbook to read, if it has one of that name; else its first sheet is read.

    Raises
    ------
    IntakeError
        If the file cannot be read, has no column names, repeats one, or has a line break inside a
        cell.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _read_parquet(path)
    if suffix == ".xlsx":
        return _read_workbook(path, table)
    if suffix in STATISTICS_FILES:
        return _read_statistics_file(path)
    return read_csv(path)


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


def _read_parquet(path: Path) -> Delivered:
    try:
        # Numbered while it is read, so that the number of a row lies in the same chunk as the row.
        cells = pl.read_parquet(path, row_index_name=LINE, row_index_offset=1, glob=False)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise unreadable(path, "It is not a Parquet file, or it is damaged.") from fault
    return typed_file(path, cells, "Parquet; lines are row numbers, from 1")


def _read_workbook(path: Path, table: str | None) -> Delivered:
    fastexcel = _library("fastexcel", path)
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
        chosen = table if table in names else names[0]
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
    cells = sheets[chosen]
    _check_names(path, cells.columns)
    assumption = (
        f"Excel workbook, sheet {names.index(chosen) + 1} of {len(names)}; lines are the "
        "sheet's rows"
    )
    delivered = typed_file(path, cells, assumption, first_line=2, also_searched=others)
    is_filled = pl.any_horizontal(pl.col(name).is_not_null() for name in cells.columns)
    return replace(delivered, cells=delivered.cells.filter(is_filled))


def _read_statistics_file(path: Path) -> Delivered:
    pyreadstat = _library("pyreadstat", path)
    suffix = path.suffix.lower()
    read: Callable[..., tuple[pl.DataFrame, Any]] = {
        ".dta": pyreadstat.read_dta,
        ".sas7bdat": pyreadstat.read_sas7bdat,
        ".xpt": pyreadstat.read_xport,
        ".por": pyreadstat.read_por,
    }.get(suffix, pyreadstat.read_sav)
    try:
        cells, _ = read(path, output_format="polars")
    except (
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        UnicodeDecodeError,
        ValueError,
    ) as fault:
        raise unreadable(
            path, f"It is not a file of {STATISTICS_FILES[suffix]}, or it is damaged."
        ) from fault
    return typed_file(
        path,
        cells,
        f"{STATISTICS_FILES[suffix]} file, codes without their labels; lines are row numbers, from "
        "1",
    )


def _trimmed(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.rename({column: column.strip() for column in cells.columns})


def _check_names(path: Path, columns: list[str]) -> None:
    if (
        not columns
        or all(name.startswith("__UNNAMED__") for name in columns)
        or set(columns) & set(OWN_COLUMNS)
    ):
        raise unreadable(path, "Row 1 of its sheet holds no column names.")


def _library(name: str, path: Path) -> Any:
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
