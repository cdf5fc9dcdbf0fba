"""Workbooks for those without a system: one per table, and one in which people register by hand,
with headings in the sender's words, drop-downs and a data dictionary.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.intake.contracts.contract import Contract, ContractColumn
from evalkit.line.delivered import REGISTERED, REGISTRATION_BOOK
from evalkit.vocabulary import SENDER_LANGUAGE, Language, in_language

if TYPE_CHECKING:
    from evalkit.words import Words

_ROWS = 2000
_HEADINGS = ("column", "name", "meaning", "kind", "must", "allowed")
# A fixed moment, so that the same contracts give the same bytes.
_CREATED = datetime(2026, 1, 1)


def write_templates(
    contracts: Mapping[str, Contract], out: Path | str, *, language: Language = SENDER_LANGUAGE
) -> list[Path]:
    """Write TABLE.xlsx for every table, registration.xlsx with a sheet for each of those that are
    registered by hand, and the data dictionary over all of them; returns their paths.

    A filled-in workbook can be delivered as it is: intake understands the sender's headings and
    words, and the names and codes that stand where a language has none.
    """
    from evalkit.words import words

    out, reader = Path(out), words(language)
    out.mkdir(parents=True, exist_ok=True)
    registered = [contracts[table] for table in REGISTERED if table in contracts]
    books = {table: [contract] for table, contract in contracts.items()}
    books |= {REGISTRATION_BOOK: registered} if len(registered) > 1 else {}
    return [
        *[_write_template(out / f"{name}.xlsx", book, reader) for name, book in books.items()],
        _write_dictionary(contracts, out, reader),
    ]


def _write_template(path: Path, contracts: Sequence[Contract], words: "Words") -> Path:
    """A workbook with a sheet for each contract, the dictionary of them and the lists behind their
    drop-downs.
    """
    with _workbook(path) as book:
        formats = _formats(book)
        sheets = [_add_sheet(book, contract, formats, words) for contract in contracts]
        _add_dictionary(book, contracts, formats, words, names_tables=len(contracts) > 1)
        lists, place = None, 0
        for sheet, contract in zip(sheets, contracts, strict=True):
            for i, column in enumerate(contract.columns):
                if column.labels:
                    lists = lists or book.add_worksheet(words.text("contract.lists"))
                    lists.write_column(0, place, _choices(column, words))
                rule = _validation(column, place, words)
                if rule:
                    sheet.data_validation(1, i, _ROWS, i, rule)
                place += 1
        if lists:
            lists.hide()
    return path


def _add_sheet(book: Any, contract: Contract, formats: dict[str, Any], words: "Words") -> Any:
    sheet = book.add_worksheet(contract.table)
    sheet.freeze_panes(1, 0)
    for i, column in enumerate(contract.columns):
        term = column.terms.get(words.language, column.name)
        sheet.write_string(0, i, term, formats["must" if column.is_needed else "may"])
        meaning = in_language(column.description, words.language)
        sheet.write_comment(0, i, meaning, {"visible": False})
        sheet.set_column(
            i,
            i,
            max(len(term) + 4, 14),
            formats["date"] if column.kind == "date" else None,
        )
    return sheet


def _write_dictionary(contracts: Mapping[str, Contract], out: Path, words: "Words") -> Path:
    path = out / f"{words.text('contract.dictionary')}.xlsx"
    with _workbook(path) as book:
        _add_dictionary(book, contracts.values(), _formats(book), words, names_tables=True)
    return path


def _add_dictionary(
    book: Any,
    contracts: Iterable[Contract],
    formats: dict[str, Any],
    words: "Words",
    *,
    names_tables: bool,
) -> None:
    """A sheet with every column of the contracts, and its table in front of it if asked for."""
    rows = [
        (*((contract.table,) if names_tables else ()), *_entry(column, words))
        for contract in contracts
        for column in contract.columns
    ]
    headings = (*(("table",) if names_tables else ()), *_HEADINGS)
    sheet = book.add_worksheet(words.text("contract.dictionary"))
    _fill_dictionary(sheet, headings, rows, formats, words)


def _workbook(path: Path) -> Any:
    import xlsxwriter

    book = xlsxwriter.Workbook(path)
    book.set_properties({"created": _CREATED})
    return book


def _formats(book: Any) -> dict[str, Any]:
    heading = {"bold": True, "border": 1, "text_wrap": True, "valign": "top"}
    return {
        "must": book.add_format({**heading, "bg_color": "#FFE699"}),
        "may": book.add_format({**heading, "bg_color": "#E7E6E6"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }


def _fill_dictionary(
    sheet: Any,
    headings: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    formats: dict[str, Any],
    words: "Words",
) -> None:
    shown = [words.text(f"contract.{heading}") for heading in headings]
    sheet.write_row(0, 0, shown, formats["may"])
    sheet.freeze_panes(1, 0)
    for i, row in enumerate(rows, start=1):
        sheet.write_row(i, 0, row, formats["wrap"])
    sheet.set_column(0, len(_HEADINGS), 28)


def _entry(column: ContractColumn, words: "Words") -> tuple[str, ...]:
    return (
        column.terms.get(words.language, column.name),
        column.name,
        in_language(column.description, words.language),
        words.text(f"contract.kind_{column.kind}"),
        words.text("contract.yes" if column.is_needed else "contract.no"),
        ", ".join(_choices(column, words)),
    )


def _choices(column: ContractColumn, words: "Words") -> list[str]:
    """The allowed values in the sender's words, or as they are delivered in other languages."""
    is_senders = words.language == SENDER_LANGUAGE
    return [label if is_senders else str(value) for value, label in column.labels.items()]


def _validation(column: ContractColumn, position: int, words: "Words") -> dict[str, Any] | None:
    if column.labels:
        from xlsxwriter.utility import xl_range_abs

        lists = words.text("contract.lists")
        source = f"={lists}!{xl_range_abs(0, position, len(column.labels) - 1, position)}"
        return {
            "validate": "list",
            "source": source,
            "error_message": words.text("contract.choose"),
        }
    if column.kind == "date":
        limits = {"minimum": datetime(1900, 1, 1), "maximum": datetime(2100, 12, 31)}
        return {
            "validate": "date",
            "criteria": "between",
            **limits,
            "error_message": words.text("contract.write_date"),
        }
    if column.kind in ("integer", "number"):
        low, high = column.limits.get("minimum", -1e12), column.limits.get("maximum", 1e12)
        kind = "integer" if column.kind == "integer" else "decimal"
        return {
            "validate": kind,
            "criteria": "between",
            "minimum": low,
            "maximum": high,
            "error_message": words.text("contract.write_number"),
        }
    return None
