"""What every reader hands on: cells with the line each row stood on, and what had to be assumed to
read them.
"""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError
from evalkit.intake.reading.codes import Coded, code_texts

LINE, FILE, IS_WHOLE = "_line", "_file", "_is_whole"
# Characters of a cell that are shown of it; longer ones are no value of any column.
MAX_SHOWN = 200
OWN_COLUMNS = (LINE, FILE, IS_WHOLE)
NO_LINES = pl.DataFrame(schema={"line": pl.Int64, "text": pl.String})


@dataclass(frozen=True)
class Delivered:
    """A file as read. `cells` has the columns of the file (text, or as typed by the file) and
    _line, _file, _is_whole.

    `loose_lines` holds header and misshapen lines as they stand (line, text), since their cells
    cannot be told apart. `also_searched` holds what else stands in the file (other sheets of a
    workbook), by name: searched for personal numbers, not read in.
    """

    path: Path
    cells: pl.DataFrame
    loose_lines: pl.DataFrame
    has_decimal_comma: bool
    assumption: str
    also_searched: dict[str, pl.DataFrame] = field(default_factory=dict)
    _coded: dict[str, Coded] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def columns(self) -> list[str]:
        """The file's own columns."""
        return [column for column in self.cells.columns if column not in OWN_COLUMNS]

    def coded(self, column: str) -> Coded:
        """A column of texts as numbers (`code_texts`), computed once."""
        if column not in self._coded:
            self._coded[column] = code_texts(self.cells[column])
        return self._coded[column]

    def is_coded(self, column: str) -> bool:
        """Whether a column has been coded already."""
        return column in self._coded


def texts_of(cells: pl.Series) -> pl.Series:
    """Cells as the text that stands for them: whole numbers without decimals, as ids and codes are
    written; texts as they stand.
    """
    if not cells.dtype.is_float():
        return cells.cast(pl.String)
    whole = cells.cast(pl.Int64, strict=False)
    return (
        pl.select(
            pl.when(whole.cast(pl.Float64) == cells)
            .then(whole.cast(pl.String))
            .otherwise(cells.cast(pl.String))
        )
        .to_series()
        .alias(cells.name)
    )


def shown_text(text: str | None) -> str | None:
    """A cell's text as a letter shows it and an answer is compared with it: without spaces around
    it, cut where it is very long; None where nothing is left.
    """
    return (text or "").strip()[:MAX_SHOWN] or None


def typed_file(
    path: Path, cells: pl.DataFrame, assumption: str, *, first_line: int = 1, **more: dict
) -> Delivered:
    """A file whose cells have types of their own. Rows are numbered unless the reader did so."""
    numbered = cells if LINE in cells.columns else cells.with_row_index(LINE, offset=first_line)
    marked = numbered.with_columns(pl.lit(path.name).alias(FILE), pl.lit(True).alias(IS_WHOLE))
    return Delivered(path, marked, NO_LINES, has_decimal_comma=True, assumption=assumption, **more)


def unreadable(path: Path, why: str) -> IntakeError:
    """The error for a file that cannot be read: names the file and why, never its content."""
    return IntakeError(
        "A delivered file could not be read.",
        where=path.name,
        why=f"{why} Nothing was read in.",
        fix="ask the sender for a CSV file in utf-8 with column names on line 1, or for Parquet.",
    )
