"""A letter as a workbook: a first sheet that says what is asked, one sheet per table with the cells
to mend in yellow and all others locked, and the hidden sheet by which it is taken back.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from evalkit.errors import IntakeError
from evalkit.ids import count_personal_numbers
from evalkit.intake.admission.letter_form import (
    FAULT,
    FILE,
    FIRST_CELL,
    FORM_SHEET,
    LINE,
    N_ROWS,
    NUMBER,
    REMOVE,
    form_lines,
)
from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.intake.contracts.in_words import name_in_words
from evalkit.intake.contracts.mapping import MappingFile
from evalkit.intake.letters.faults import Fault
from evalkit.intake.letters.sentences import allowed_words
from evalkit.vocabulary import in_language

if TYPE_CHECKING:
    from evalkit.words import Words

# Rows of one sheet that a person can be asked to mend; what is left comes in the next letter.
_MAX_ROWS = 1000
_MAX_NAME = 31
# A fixed moment, so that the same faults give the same bytes.
_CREATED = datetime(2026, 1, 1)
_HEADINGS = ("number", "file", "line", "fault", "n_rows", "remove")
_WIDTHS = (6, 24, 8, 60, 8, 14)
_CELL_WIDTH = 20
# The longest list that Excel takes in a cell's own rule.
_MAX_CHOICES = 255
_YELLOW, _GREY = "#FFF2A8", "#E7E6E6"


@dataclass(frozen=True)
class _Paper:
    """What a letter is written on and from."""

    book: Any
    formats: Mapping[str, Any]
    contracts: Mapping[str, Contract]
    mapping: MappingFile
    words: "Words"


def write_workbooks(
    faults: Sequence[Fault],
    consequences: pl.DataFrame,
    out: Path | str,
    *,
    contracts: Mapping[str, Contract],
    mapping: MappingFile,
    words: "Words",
) -> list[Path]:
    """Write letter_SENDER.xlsx for each sender who has something to mend; returns their paths.

    Parameters
    ----------
    faults : sequence of Fault
        What `find_faults` found.
    consequences : DataFrame
        Rows that only follow from them (`Admission.consequences`).
    out : path
        The folder to write to.
    contracts, mapping : mapping and MappingFile
        The contracts by table, and the mapping file of the delivery.
    words : Words
        The words of the senders' language.

    Raises
    ------
    IntakeError
        If a cell that would be shown holds a personal number.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    by_sender: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_sender[fault.sender].append(fault)
    paths = []
    for sender, of_sender in by_sender.items():
        path = out / ("_".join(part for part in ("letter", sender) if part) + ".xlsx")
        _write(path, sender, of_sender, consequences, (contracts, mapping, words))
        paths.append(path)
    return paths


def _write(
    path: Path,
    sender: str,
    faults: Sequence[Fault],
    consequences: pl.DataFrame,
    known: tuple[Mapping[str, Contract], MappingFile, "Words"],
) -> None:
    import xlsxwriter

    contracts, mapping, words = known
    by_table: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_table[fault.row.table].append(fault)
    sheets = _sheet_names(by_table, contracts, words)
    written = _numbered(by_table, sheets)
    _refuse_personal_numbers(path, written)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": _CREATED})
        paper = _Paper(book, _formats(book), contracts, mapping, words)
        _write_first(paper, sender, by_table, sheets, consequences)
        for table, sheet in sheets.items():
            _write_table(paper, sheet, table, [f for f in written if f.row.table == table])
        form = book.add_worksheet(FORM_SHEET)
        for i, line in enumerate(form_lines([fault.row for fault in written])):
            form.write_string(i, 0, line)
        form.very_hidden()


def _numbered(by_table: Mapping[str, list[Fault]], sheets: Mapping[str, str]) -> list[Fault]:
    """The faults that are told, with their numbers, sheets and the places of their cells."""
    told, number = [], 0
    for table, faults in by_table.items():
        columns = _columns(faults)
        for fault in faults[:_MAX_ROWS]:
            number += 1
            places = {name: FIRST_CELL + columns.index(name) for name in fault.row.columns}
            row = replace(fault.row, number=number, sheet=sheets[table], places=places)
            told.append(replace(fault, row=row))
    return told


def _columns(faults: Sequence[Fault]) -> list[str]:
    """The delivered columns of a sheet, the widest row's first."""
    widest = sorted(faults, key=lambda fault: -len(fault.row.columns))
    return list(dict.fromkeys(name for fault in widest for name in fault.row.columns))


def _refuse_personal_numbers(path: Path, faults: Sequence[Fault]) -> None:
    """Gate 1 has searched all that is shown; nothing that it might have missed leaves here."""
    n_found = sum(
        count_personal_numbers(text) > 0
        for fault in faults
        for text in (fault.row.file, *fault.row.given.values())
        if text
    )
    if n_found:
        raise IntakeError(
            f"Cells of a letter look like a personnummer or samordningsnummer: {n_found}.",
            where=path.name,
            why="No personal number may leave in a letter. The letter was not written.",
            fix="replace the numbers in the extract by pseudonyms (evalkit pseudonymise).",
        )


def _sheet_names(
    tables: Mapping[str, object], contracts: Mapping[str, Contract], words: "Words"
) -> dict[str, str]:
    """A sheet's name for each table: its term, as far as Excel takes it."""
    names: dict[str, str] = {}
    for table in tables:
        term = contracts[table].terms.get(words.language, table)
        kept = "".join(letter for letter in term if letter not in "[]:*?/\\'")[:_MAX_NAME]
        names[table] = kept if kept not in names.values() else table
    return names


def _write_first(
    paper: _Paper,
    sender: str,
    by_table: Mapping[str, list[Fault]],
    sheets: Mapping[str, str],
    consequences: pl.DataFrame,
) -> None:
    words, wrap = paper.words, paper.formats["wrap"]
    sheet = paper.book.add_worksheet(words.text("letter.sheet"))
    sheet.set_column(0, 0, 100, wrap)
    title = words.text("letter.title_of", sender=sender) if sender else words.text("letter.title")
    sheet.write_string(0, 0, title, paper.formats["title"])
    lines = [words.text(f"letter.{part}") for part in ("lead", "how", "private", "back")]
    lines.append("")
    for table, faults in by_table.items():
        n_rows = words.number(sum(fault.n_rows for fault in faults))
        lines.append(
            words.text(
                "letter.of_table", sheet=sheets[table], n=words.number(len(faults)), n_rows=n_rows
            )
        )
        if len(faults) > _MAX_ROWS:
            left = words.number(len(faults) - _MAX_ROWS)
            lines.append(words.text("letter.more", sheet=sheets[table], n=left))
    following: Counter[str] = Counter()
    for table, _, n_rejected in consequences.rows():
        following[table] += n_rejected
    for table, n in following.items():
        name = name_in_words(paper.contracts[table], table, words)
        lines.append(words.text("letter.follows", n=words.number(n), table=name))
    for i, line in enumerate(lines, start=1):
        sheet.write_string(i, 0, line, wrap)
    sheet.protect()


def _write_table(paper: _Paper, name: str, table: str, faults: Sequence[Fault]) -> None:
    sheet, words, formats = paper.book.add_worksheet(name), paper.words, paper.formats
    for i, (heading, width) in enumerate(zip(_HEADINGS, _WIDTHS, strict=True)):
        sheet.write_string(0, i, words.text(f"letter.{heading}"), formats["heading"])
        sheet.set_column(i, i, width)
    ours = _ours(paper, table, _columns(faults))
    for i, (source, column) in enumerate(ours.items(), start=FIRST_CELL):
        sheet.write_string(0, i, source, formats["heading"])
        sheet.set_column(i, i, _CELL_WIDTH)
        if column:
            sheet.write_comment(0, i, in_language(column.description, words.language))
    for i, fault in enumerate(faults, start=1):
        _write_fault(paper, sheet, i, fault, ours)
    sheet.freeze_panes(1, FAULT + 1)
    sheet.protect(options={"format_columns": True, "format_rows": True})


def _write_fault(
    paper: _Paper,
    sheet: Any,
    i: int,
    fault: Fault,
    ours: Mapping[str, ContractColumn | None],
) -> None:
    row, formats, words = fault.row, paper.formats, paper.words
    sheet.write_number(i, NUMBER, row.number, formats["locked"])
    sheet.write_string(i, FILE, row.file or ", ".join(row.files), formats["locked"])
    if row.kind == "row":
        sheet.write_number(i, LINE, row.line, formats["locked"])
    sheet.write_string(i, FAULT, " ".join(fault.sentences), formats["wrap"])
    sheet.write_number(i, N_ROWS, fault.n_rows, formats["locked"])
    if row.may_remove:
        proposed = words.text("contract.yes") if fault.is_removal_proposed else ""
        sheet.write_string(i, REMOVE, proposed, formats["marked"])
        sheet.data_validation(i, REMOVE, i, REMOVE, _choice([words.text("contract.yes")], words))
    for name in row.columns:
        place, text = row.places[name], row.given[name] or ""
        is_marked = name in row.marked
        sheet.write_string(i, place, text, formats["marked" if is_marked else "locked"])
        column = ours[name]
        if is_marked and column and column.labels:
            sheet.data_validation(i, place, i, place, _choice(allowed_words(column, words), words))


def _ours(paper: _Paper, table: str, sources: Sequence[str]) -> dict[str, ContractColumn | None]:
    """Our column for each delivered one."""
    contract, mapping = paper.contracts[table], paper.mapping.of(table)
    by_source = {mapping.source_of(column, sources): column for column in contract.columns}
    return {source: by_source.get(source) for source in sources}


def _choice(values: Sequence[str], words: "Words") -> dict[str, Any]:
    """A drop-down of a cell; none where Excel would not take so long a list, nor one that holds
    the comma that parts its entries.
    """
    entries = [] if any("," in value for value in values) else list(values)
    if not entries or len(",".join(entries)) > _MAX_CHOICES:
        return {"validate": "any"}
    return {
        "validate": "list",
        "source": entries,
        "error_type": "warning",
        "error_message": words.text("contract.choose"),
    }


def _formats(book: Any) -> dict[str, Any]:
    heading = {"bold": True, "border": 1, "text_wrap": True, "valign": "top", "bg_color": _GREY}
    cell = {"valign": "top", "border": 1, "border_color": _GREY}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "heading": book.add_format(heading),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        # As text, so that Excel makes no date or number of what is written.
        "locked": book.add_format({**cell, "num_format": "@"}),
        "marked": book.add_format(
            {**cell, "num_format": "@", "bg_color": _YELLOW, "locked": False}
        ),
    }
