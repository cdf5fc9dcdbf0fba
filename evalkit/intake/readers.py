"""Readers: a delivered file as a table of cells, with the line each row stood on and what had to be assumed to read it.

CSV cells stay text until the contract types them, so that no parse failure can pass for an empty cell. A CSV file has its column names on
line 1; encoding and separator are detected plainly (utf-8 with or without byte order mark, else cp1252; comma, semicolon or tab) and reported.
Rows of a Parquet file count from 1.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few

LINE, FILE, IS_WHOLE = "_line", "_file", "_is_whole"
OWN_COLUMNS = (LINE, FILE, IS_WHOLE)
SUFFIXES = (".csv", ".parquet")
_SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}
# A control character that no delivery holds: reading with it as separator gives whole lines.
_NO_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Delivered:
    """A file as read: `cells` has the file's columns (text, or as typed in Parquet) and _line, _file, _is_whole.

    `loose_lines` holds header and misshapen lines as they stand (line, text), since their cells cannot be told apart.
    """

    path: Path
    cells: pl.DataFrame
    loose_lines: pl.DataFrame
    has_decimal_comma: bool
    assumption: str

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [column for column in self.cells.columns if column not in OWN_COLUMNS]


def read_delivered(path: Path | str) -> Delivered:
    """Read a delivered file by its suffix, .csv or .parquet.

    Raises
    ------
    IntakeError
        If the file cannot be read, has no column names, repeats one, or has a line break inside a cell.
    """
    path = Path(path)
    return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)


def read_lines(path: Path) -> pl.DataFrame | None:
    """The lines of a text file (line, text), or None where the file is not text."""
    data = path.read_bytes()
    if b"\x00" in data:
        return None
    return _lines(_decode(data, path)[0])


def _read_parquet(path: Path) -> Delivered:
    try:
        cells = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise _unreadable(path, "It is not a Parquet file, or it is damaged.") from fault
    cells = cells.with_row_index(LINE, offset=1).with_columns(
        pl.col(LINE).cast(pl.Int64), pl.lit(path.name).alias(FILE), pl.lit(True).alias(IS_WHOLE)
    )
    no_lines = pl.DataFrame(schema={"line": pl.Int64, "text": pl.String})
    return Delivered(path, cells, no_lines, has_decimal_comma=False, assumption="Parquet; lines are row numbers, from 1")


def _read_csv(path: Path) -> Delivered:
    text, encoding = _decode(path.read_bytes(), path)
    header = text.split("\n", 1)[0].rstrip("\r")
    separator = max(_SEPARATORS, key=header.count)
    lines = _lines(text)
    _check_header(path, header, separator)
    _check_quotes(path, lines)
    try:
        cells = pl.read_csv(io.BytesIO(text.encode()), separator=separator, infer_schema=False, truncate_ragged_lines=True)
    except pl.exceptions.PolarsError as fault:
        raise _unreadable(path, "Its lines cannot be told apart into cells.") from fault
    cells = cells.rename({column: column.strip() for column in cells.columns})
    shape = _shape_of(lines, separator)
    if cells.height != lines.height - 1:
        raise _unreadable(path, "Its rows do not match its lines, so line numbers would be wrong.")
    rows = shape.slice(1).select(pl.col("line").alias(LINE), pl.lit(path.name).alias(FILE), "is_blank", pl.col("is_whole").alias(IS_WHOLE))
    cells = cells.hstack(rows).filter(~pl.col("is_blank")).drop("is_blank")
    loose = shape.filter((pl.col("line") == 1) | ~pl.col("is_whole")).select("line", "text")
    decimal = separator == ";"
    assumption = f"CSV, {encoding}, separated by {_SEPARATORS[separator]}, decimal {'comma or point' if decimal else 'point'}"
    return Delivered(path, cells, loose, decimal, assumption)


def _decode(data: bytes, path: Path) -> tuple[str, str]:
    if b"\x00" in data:
        raise _unreadable(path, "It holds zero bytes: it is not text, or it is UTF-16.")
    for codec, name in (("utf-8-sig", "utf-8"), ("cp1252", "cp1252")):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        return text, f"{name} with byte order mark" if data.startswith(b"\xef\xbb\xbf") else name
    raise _unreadable(path, "It is neither utf-8 nor cp1252.")


def _lines(text: str) -> pl.DataFrame:
    schema = {"line": pl.Int64, "text": pl.String}
    if not text.strip():
        return pl.DataFrame(schema=schema)
    lines = pl.read_csv(
        io.BytesIO(text.encode()), separator=_NO_SEPARATOR, quote_char=None, has_header=False, infer_schema=False, new_columns=["text"]
    )
    return lines.with_row_index("line", offset=1).cast(schema).with_columns(pl.col("text").fill_null(""))


def _check_header(path: Path, header: str, separator: str) -> None:
    names = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    if not any(names):
        raise _unreadable(path, "Line 1 holds no column names.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or set(names) & set(OWN_COLUMNS):
        raise _unreadable(path, f"Line 1 names a column twice, or as evalkit's own: {first_few(repeated or OWN_COLUMNS)}.")


def _check_quotes(path: Path, lines: pl.DataFrame) -> None:
    broken = lines.filter(pl.col("text").str.count_matches('"', literal=True) % 2 == 1)["line"].to_list()
    if broken:
        raise IntakeError(
            f"{len(broken)} lines have a quotation mark without its partner.",
            where=f"{path.name}, lines {first_few(broken)}",
            why="A cell with a line break or a stray quotation mark shifts all rows after it. Nothing was read in.",
            fix="ask the sender for a file without line breaks and stray quotation marks inside cells.",
        )


def _shape_of(lines: pl.DataFrame, separator: str) -> pl.DataFrame:
    # Separators inside quotation marks are no separators.
    bare = pl.col("text").str.replace_all('"[^"]*"', "")
    n_fields = bare.str.count_matches(separator, literal=True)
    return lines.with_columns(is_blank=pl.col("text").str.strip_chars() == "", is_whole=n_fields == n_fields.first()).with_columns(
        is_whole=pl.col("is_whole") | pl.col("is_blank")
    )


def _unreadable(path: Path, why: str) -> IntakeError:
    return IntakeError(
        "A delivered file could not be read.",
        where=path.name,
        why=f"{why} Nothing was read in.",
        fix="ask the sender for a CSV file in utf-8 with column names on line 1, or for Parquet.",
    )
