"""The form of a letter about faulty rows: a workbook that a sender mends and returns.

Beside the sheets that are read by people it has a hidden one that says of each row which delivered
row (or value, or missing row) it is about and which of its cells may be changed. Rows are found by
their number in column A, so that they may be sorted or parted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from evalkit.errors import IntakeError
from evalkit.ids import count_personal_numbers, name_to_show
from evalkit.intake.reading.archive import open_archive
from evalkit.intake.reading.readers import library

FORM_SHEET, FORM = "evalkit", "letter of evalkit, form 1"
# What stands in the columns of a sheet before the delivered cells.
NUMBER, FILE, LINE, FAULT, N_ROWS, REMOVE = range(6)
FIRST_CELL = 6
# What the sender writes to have a row removed, in any language.
YES = frozenset(("ja", "yes", "x", "1", "true"))
Kind = Literal["row", "value", "missing"]


@dataclass(frozen=True)
class Named:
    """Delivered columns of a file that name a row of another table, in the order of its key."""

    table: str
    file: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class LetterRow:
    """A row of a letter.

    number : in column A of its sheet. kind : a delivered row; a value that stands in many rows; or
    a row that others name and that was not delivered. table, file, line : of the delivered row;
    `files` those in which the value stands. columns : the delivered columns shown. places : the
    column of the sheet in which each stands, counted from 0. marked : those whose cells may be
    changed. given : what stood in the shown cells. named_in : who names the missing row.
    """

    number: int
    sheet: str
    kind: Kind
    table: str
    columns: tuple[str, ...]
    marked: tuple[str, ...]
    given: Mapping[str, str | None]
    may_remove: bool = False
    file: str = ""
    line: int = 0
    files: tuple[str, ...] = ()
    named_in: tuple[Named, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A row of a returned letter: the cells that were changed, and whether the row is to go."""

    row: LetterRow
    changed: Mapping[str, str | None]
    is_removed: bool


def form_lines(rows: Sequence[LetterRow]) -> list[str]:
    """The lines of the hidden sheet."""
    return [FORM, *(json.dumps(asdict(row), ensure_ascii=False) for row in rows)]


def read_letter(path: Path) -> tuple[Answer, ...]:
    """The answers of a returned letter.

    Raises
    ------
    IntakeError
        If the file is no letter, a row or column of it is missing, cells that are not marked were
        changed, or a personal number was written.
    """
    sheets = _sheets(path)
    rows = [_row(json.loads(line)) for line in sheets.pop(FORM_SHEET).to_series(0).to_list()[1:]]
    by_number = {name: _by_number(cells) for name, cells in sheets.items()}
    answers, lost, locked, numbers = [], [], [], []
    for row in rows:
        cells = by_number.get(row.sheet, {}).get(row.number)
        place = f"sheet {row.sheet}, number {row.number}"
        if cells is None:
            lost.append(place)
            continue
        now = {
            name: cells[row.places[name]] if row.places[name] < len(cells) else None
            for name in row.columns
        }
        changed = {name: text for name, text in now.items() if text != row.given[name]}
        locked += [place] if set(changed) - set(row.marked) else []
        numbers += [place] if any(map(count_personal_numbers, filter(None, now.values()))) else []
        is_removed = row.may_remove and (cells[REMOVE] or "").lower() in YES
        answers.append(Answer(row, changed, is_removed))
    _refuse(path, "Rows of the letter are missing", lost, "Sheets, rows and numbers stay as sent.")
    _refuse(path, "Rows were changed in cells that are not marked", locked, "Only these may be.")
    _refuse(path, "Rows hold what looks like a personal number", numbers, "Pseudonyms only.")
    return tuple(answers)


def _sheets(path: Path) -> dict[str, pl.DataFrame]:
    fastexcel = library("fastexcel", path)
    open_archive(path)
    try:
        book = fastexcel.read_excel(path)
        sheets = {
            name: book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for name in book.sheet_names
        }
    except fastexcel.FastExcelError as fault:
        raise _no_letter(path) from fault
    form = sheets.get(FORM_SHEET)
    if form is None or not form.width or form.height < 1 or form.item(0, 0) != FORM:
        raise _no_letter(path)
    return sheets


def _row(content: dict[str, Any]) -> LetterRow:
    content["named_in"] = tuple(
        Named(named["table"], named["file"], tuple(named["columns"]))
        for named in content["named_in"]
    )
    for name in ("columns", "marked", "files"):
        content[name] = tuple(content[name])
    return LetterRow(**content)


def _by_number(cells: pl.DataFrame) -> dict[int, list[str | None]]:
    """The cells of each numbered row, stripped; empty ones as None."""
    stripped = [[(text or "").strip() or None for text in row] for row in cells.iter_rows()]
    numbers = [(row[NUMBER] or "").removesuffix(".0") for row in stripped]
    return {
        int(number): row for number, row in zip(numbers, stripped, strict=True) if number.isdigit()
    }


def _refuse(path: Path, what: str, places: list[str], why: str) -> None:
    if places:
        raise IntakeError(
            f"{what}: {len(places)}.",
            where=f"{name_to_show(path.name)}: {'; '.join(places[:5])}",
            why=f"{why} A letter is taken back whole or not at all. Nothing was read in.",
            fix="mend these rows in the letter (or take the letter as it was sent), and return it "
            "again.",
        )


def _no_letter(path: Path) -> IntakeError:
    return IntakeError(
        "This file is no letter of evalkit.",
        where=name_to_show(path.name),
        why=f"A letter has a hidden sheet ({FORM_SHEET}) that says which delivered rows it is "
        "about. Nothing was read in.",
        fix="return the workbook that evalkit check --letter wrote, saved as Excel (.xlsx).",
    )
