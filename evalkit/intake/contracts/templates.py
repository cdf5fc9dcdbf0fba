"""Workbooks for those without a system: one per table, with Swedish headings, drop-downs and a data
dictionary.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from evalkit.intake.contracts.contract import Column, Contract

_ROWS = 2000
_KINDS = {"string": "text", "integer": "heltal", "number": "tal", "date": "datum (ÅÅÅÅ-MM-DD)"}
_HEADINGS = (
    "Kolumn",
    "Namn i evalkit",
    "Vad den betyder",
    "Typ",
    "Måste fyllas i",
    "Tillåtna värden",
)
_DICTIONARY, _LISTS = "Dataordlista", "Listor"
# A fixed moment, so that the same contracts give the same bytes.
_CREATED = datetime(2026, 1, 1)


def write_templates(contracts: dict[str, Contract], out: Path | str) -> list[Path]:
    """Write TABLE.xlsx for every table, and Dataordlista.xlsx over all of them; returns their
    paths.

    A filled-in workbook can be delivered as it is: intake understands the Swedish headings and
    words.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return [
        *[_write_template(contract, out) for contract in contracts.values()],
        _write_dictionary(contracts, out),
    ]


def _write_template(contract: Contract, out: Path) -> Path:
    path = out / f"{contract.table}.xlsx"
    with _workbook(path) as book:
        sheet, lists = book.add_worksheet(contract.table), None
        formats = _formats(book)
        sheet.freeze_panes(1, 0)
        for i, column in enumerate(contract.columns):
            sheet.write_string(0, i, column.term, formats["must" if column.is_required else "may"])
            sheet.write_comment(0, i, column.description["sv"], {"visible": False})
            sheet.set_column(
                i,
                i,
                max(len(column.term) + 4, 14),
                formats["date"] if column.kind == "date" else None,
            )
        dictionary = book.add_worksheet(_DICTIONARY)
        _fill_dictionary(
            dictionary, [(contract.table, column) for column in contract.columns], formats
        )
        for i, column in enumerate(contract.columns):
            if column.labels:
                lists = lists or book.add_worksheet(_LISTS)
                lists.write_column(0, i, list(column.labels.values()))
            rule = _validation(column, i)
            if rule:
                sheet.data_validation(1, i, _ROWS, i, rule)
        if lists:
            lists.hide()
    return path


def _write_dictionary(contracts: dict[str, Contract], out: Path) -> Path:
    path = out / f"{_DICTIONARY}.xlsx"
    with _workbook(path) as book:
        rows = [
            (contract.table, column)
            for contract in contracts.values()
            for column in contract.columns
        ]
        _fill_dictionary(book.add_worksheet(_DICTIONARY), rows, _formats(book), with_table=True)
    return path


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
    sheet: Any, rows: list[tuple[str, Column]], formats: dict[str, Any], *, with_table: bool = False
) -> None:
    sheet.write_row(0, 0, (("Tabell",) if with_table else ()) + _HEADINGS, formats["may"])
    sheet.freeze_panes(1, 0)
    for i, (table, column) in enumerate(rows, start=1):
        sheet.write_row(i, 0, ((table,) if with_table else ()) + _entry(column), formats["wrap"])
    sheet.set_column(0, len(_HEADINGS), 28)


def _entry(column: Column) -> tuple[str, ...]:
    must = "ja" if column.is_required and not column.may_be_absent else "nej"
    return (
        column.term,
        column.name,
        column.description["sv"],
        _KINDS[column.kind],
        must,
        ", ".join(column.labels.values()),
    )


def _validation(column: Column, position: int) -> dict[str, Any] | None:
    if column.labels:
        from xlsxwriter.utility import xl_range_abs

        source = f"={_LISTS}!{xl_range_abs(0, position, len(column.labels) - 1, position)}"
        return {
            "validate": "list",
            "source": source,
            "error_message": "Välj ett av orden i listan.",
        }
    if column.kind == "date":
        limits = {"minimum": datetime(1900, 1, 1), "maximum": datetime(2100, 12, 31)}
        return {
            "validate": "date",
            "criteria": "between",
            **limits,
            "error_message": "Skriv ett datum, ÅÅÅÅ-MM-DD.",
        }
    if column.kind in ("integer", "number"):
        low, high = column.limits.get("minimum", -1e12), column.limits.get("maximum", 1e12)
        kind = "integer" if column.kind == "integer" else "decimal"
        return {
            "validate": kind,
            "criteria": "between",
            "minimum": low,
            "maximum": high,
            "error_message": "Skriv ett tal inom gränserna.",
        }
    return None
