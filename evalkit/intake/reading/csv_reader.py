"""CSV as municipalities make it. Cells stay text until the contract types them, so that no parse
failure can pass for an empty cell.

Column names stand on line 1. Encoding (utf-8 with or without byte order mark, else cp1252, of which
latin-1 is a part) and separator (semicolon, comma or tab) are detected plainly and reported. A file
whose separators and line ends, those between quotation marks aside, follow each other as on line 1
is well shaped; only others are taken apart line by line.
"""

import csv
import io
import mmap
from pathlib import Path

import numpy as np
import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.intake.reading.delivered import (
    FILE,
    IS_WHOLE,
    LINE,
    NO_LINES,
    OWN_COLUMNS,
    Delivered,
    unreadable,
)

_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What a file in utf-8 is said to be, without and with a byte order mark.
_UTF_8 = ("utf-8", "utf-8 with byte order mark")
# A control character that no delivery holds: reading with it as separator gives whole lines.
_NO_SEPARATOR = "\x1f"
# Bytes counted at a time: as many as the processor keeps at hand.
_PIECE = 1 << 18

# Separator, cells, and the lines that are searched as they stand: line 1 and the misshapen ones.
_Read = tuple[str, pl.DataFrame, pl.DataFrame]


def read_csv(path: Path) -> Delivered:
    """Read a CSV file; line numbers are those of the file."""
    encoding, content = _read_as_it_lies(path)
    if content is None:
        data, encoding = decode(path)
        content = _read_well_shaped(path, data, data) or _read_line_by_line(path, data)
    separator, cells, loose = content
    decimal = "point" if separator == "," else "comma or point"
    assumption = f"CSV, {encoding}, separated by {_SEPARATORS[separator]}, decimal {decimal}"
    return Delivered(path, cells, loose, separator != ",", assumption)


def decode(path: Path) -> tuple[bytes, str]:
    """A file's text as utf-8 without byte order mark, and the encoding it had.

    Raises
    ------
    IntakeError
        If the bytes are no text in utf-8 or cp1252, or contradict their own byte order mark.
    """
    data = path.read_bytes()
    if b"\x00" in data:
        raise unreadable(path, "It holds zero bytes: it is not text, or it is UTF-16.")
    is_marked = data.startswith(_BYTE_ORDER_MARK)
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        data.decode()
        return data, _UTF_8[is_marked]
    except UnicodeDecodeError as fault:
        if is_marked:
            line = data[: fault.start].count(b"\n") + 1
            raise unreadable(
                path,
                f"It begins with the byte order mark of utf-8, but line {line} is not utf-8: it "
                "looks like latin-1 under a false mark.",
            ) from None
    try:
        return data.decode("cp1252").encode(), "cp1252"
    except UnicodeDecodeError:
        raise unreadable(path, "It is neither utf-8 nor cp1252.") from None


def lines_of(data: bytes) -> pl.DataFrame:
    """The lines of a text in utf-8 (line, text)."""
    if not data.strip():
        return NO_LINES
    lines = pl.read_csv(
        io.BytesIO(data),
        separator=_NO_SEPARATOR,
        quote_char=None,
        has_header=False,
        infer_schema=False,
        new_columns=["text"],
    )
    return (
        lines.with_row_index("line", offset=1)
        .cast(NO_LINES.schema)
        .with_columns(pl.col("text").fill_null(""))
    )


def _read_as_it_lies(path: Path) -> tuple[str, _Read | None]:
    """Encoding and content of a file in utf-8 and well shaped, as most are; no content of others.
    Nothing is copied to find that out.
    """
    if not path.stat().st_size:
        return "", None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _UTF_8[data[: len(_BYTE_ORDER_MARK)] == _BYTE_ORDER_MARK], _read_well_shaped(
            path, data, path
        )


def _read_well_shaped(path: Path, data: bytes | mmap.mmap, source: bytes | Path) -> _Read | None:
    """Separator, cells and line 1, if every line has as many cells as line 1; None where that is
    not plain to see, or it is not utf-8.
    """
    try:
        header, separator, n_columns = _header_of(path, data)
    except UnicodeDecodeError:
        return None
    n_lines, is_quoted = _lines_of_one_shape(data, separator, n_columns)
    if n_columns < 2 or n_lines < 2:
        return None
    try:
        # Numbered while it is read, so that the number of a row lies in the same chunk as the row.
        cells = pl.read_csv(
            source,
            separator=separator,
            infer_schema=False,
            quote_char='"' if is_quoted else None,
            row_index_name=LINE,
            row_index_offset=2,
            glob=False,
        )
    except pl.exceptions.PolarsError:
        return None
    if cells.height != n_lines - 1:
        return None
    cells = cells.rename({column: column.strip() for column in cells.columns})
    own = cells.with_columns(pl.lit(path.name).alias(FILE), pl.lit(True).alias(IS_WHOLE))
    return separator, own, pl.DataFrame({"line": [1], "text": [header]})


def _header_of(path: Path, data: bytes | mmap.mmap) -> tuple[str, str, int]:
    """Line 1, its separator, and how many columns it names."""
    end = data.find(b"\n")
    header = data[: end if end >= 0 else None].removeprefix(_BYTE_ORDER_MARK).rstrip(b"\r").decode()
    separator = max(_SEPARATORS, key=header.count)
    return header, separator, _check_header(path, header, separator)


def _lines_of_one_shape(
    data: bytes | mmap.mmap, separator: str, n_columns: int
) -> tuple[int, bool]:
    """How many lines a text has if each has as many cells as columns, else 0; and whether quotation
    marks stand in it.

    It counts as none of that shape, too, if zero bytes or line ends between quotation marks stand
    in it.
    """
    numbers, n_lines = np.frombuffer(data, dtype=np.uint8), 0
    line = np.array([ord(separator)] * (n_columns - 1) + [ord("\n")], dtype=np.uint8)
    # What may stand in a piece, and before it of a line begun.
    lines = np.tile(line, _PIECE // n_columns + 2)
    begun, is_quoted, is_open = lines[:0], False, np.uint8(0)
    for first in range(0, len(numbers), _PIECE):
        piece = numbers[first : first + _PIECE]
        is_mark, is_quote = (piece == line[0]) | (piece == line[-1]), piece == ord('"')
        if is_open or is_quote.any():
            # 1 where one of the quotation marks so far lacks its partner.
            is_between = (np.cumsum(is_quote, dtype=np.uint8) + is_open) & np.uint8(1)
            if (piece[is_between.view(bool)] == line[-1]).any():
                return 0, True
            is_mark, is_quoted, is_open = is_mark > is_between, True, is_between[-1]
        marks = np.concatenate([begun, piece[is_mark]])
        if not piece.all() or (marks != lines[: len(marks)]).any():
            return 0, is_quoted
        n_lines, begun = (
            n_lines + len(marks) // n_columns,
            marks[len(marks) - len(marks) % n_columns :],
        )
    # The last line may do without its end.
    is_last = len(begun) == n_columns - 1 and data[-1:] != b"\n"
    return (0 if is_open or (len(begun) and not is_last) else n_lines + is_last), is_quoted


def _read_line_by_line(path: Path, data: bytes) -> _Read:
    _, separator, _ = _header_of(path, data)
    lines = lines_of(data)
    _check_quotes(path, lines)
    try:
        cells = pl.read_csv(
            io.BytesIO(data), separator=separator, infer_schema=False, truncate_ragged_lines=True
        )
    except pl.exceptions.PolarsError as fault:
        raise unreadable(path, "Its lines cannot be told apart into cells.") from fault
    cells = cells.rename({column: column.strip() for column in cells.columns})
    shape = _shape_of(lines, separator)
    if cells.height != lines.height - 1:
        raise unreadable(path, "Its rows do not match its lines, so line numbers would be wrong.")
    rows = shape.slice(1).select(
        pl.col("line").alias(LINE),
        pl.lit(path.name).alias(FILE),
        "is_blank",
        pl.col("is_whole").alias(IS_WHOLE),
    )
    cells = cells.hstack(rows).filter(~pl.col("is_blank")).drop("is_blank")
    return (
        separator,
        cells,
        shape.filter((pl.col("line") == 1) | ~pl.col("is_whole")).select("line", "text"),
    )


def _check_header(path: Path, header: str, separator: str) -> int:
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    if not any(names):
        raise unreadable(path, "Line 1 holds no column names.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or set(names) & set(OWN_COLUMNS):
        raise unreadable(
            path,
            "Line 1 names a column twice, or as evalkit's own: "
            f"{first_few(repeated or OWN_COLUMNS)}.",
        )
    return len(names)


def _check_quotes(path: Path, lines: pl.DataFrame) -> None:
    broken = lines.filter(pl.col("text").str.count_matches('"', literal=True) % 2 == 1)[
        "line"
    ].to_list()
    if broken:
        raise IntakeError(
            f"{len(broken)} lines have a quotation mark without its partner.",
            where=f"{path.name}, lines {first_few(broken)}",
            why="A cell with a line break or a stray quotation mark shifts all rows after it. "
            "Nothing was read in.",
            fix="ask the sender for a file without line breaks and stray quotation marks inside "
            "cells.",
        )


def _shape_of(lines: pl.DataFrame, separator: str) -> pl.DataFrame:
    # Separators inside quotation marks are no separators.
    bare = pl.col("text").str.replace_all('"[^"]*"', "")
    n_fields = bare.str.count_matches(separator, literal=True)
    return lines.with_columns(
        is_blank=pl.col("text").str.strip_chars() == "", is_whole=n_fields == n_fields.first()
    ).with_columns(is_whole=pl.col("is_whole") | pl.col("is_blank"))
