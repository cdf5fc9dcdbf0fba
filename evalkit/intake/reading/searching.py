"""The text of files that belong to no contract, so that gate 1 can search them: tables, text,
office documents and archives.
"""

import io
import re
import zipfile
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.reading.archive import open_archive
from evalkit.intake.reading.csv_reader import lines_of
from evalkit.intake.reading.readers import FORMATS, read_delivered, read_lines

# Workbooks that deliver no table, but can be searched like those that do.
_OTHER_WORKBOOKS = (".xls", ".xlsb", ".xlsm", ".ods")
_PARAGRAPH_END, _TAG = re.compile(rb"</(?:w|text|a):(?:p|h)>"), re.compile(rb"<[^>]*>")


def searchable(path: Path) -> dict[str, pl.DataFrame] | None:
    """The content of a file for the search, by part of the file ("" for all of it): tables of cells
    or of lines; None where it cannot be read.
    """
    suffix = path.suffix.lower()
    content = FORMATS[suffix].content if suffix in FORMATS else None
    try:
        if content == "sheets" or suffix in _OTHER_WORKBOOKS:
            return _sheets(path)
        if content == "cells":
            return {"": read_delivered(path).cells}
        if zipfile.is_zipfile(path):
            return _members(path)
    except (IntakeError, OSError, zipfile.BadZipFile, RuntimeError, ImportError):
        return None
    lines = read_lines(path)
    return None if lines is None else {"": lines}


def _sheets(path: Path) -> dict[str, pl.DataFrame] | None:
    import fastexcel

    if zipfile.is_zipfile(path):
        open_archive(path)
    try:
        book = fastexcel.read_excel(path)
        numbered = list(enumerate(book.sheet_names, start=1))
        return {
            f", sheet {i}": book.load_sheet(
                name, header_row=None, skip_rows=0, dtypes="string"
            ).to_polars()
            for i, name in numbered
        }
    except fastexcel.FastExcelError:
        return None


def _members(path: Path) -> dict[str, pl.DataFrame] | None:
    # Word processors cut a number in pieces by tags within a paragraph, so tags go before the
    # search and paragraphs become lines.
    texts = {}
    open_archive(path)
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        for i, info in enumerate(members, start=1):
            data = archive.read(info)
            if info.filename.endswith(".xml"):
                data = _TAG.sub(b"", _PARAGRAPH_END.sub(b"\n", data))
            if b"\x00" not in data:
                texts[f", part {i}"] = lines_of(data.decode("utf-8", errors="replace").encode())
            elif zipfile.is_zipfile(io.BytesIO(data)) or not info.filename.lower().endswith(
                (".png", ".jpg", ".jpeg", ".gif", ".bmp")
            ):
                return None
    return texts
