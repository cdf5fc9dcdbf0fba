"""Gate 1: no personnummer or samordningsnummer enters, in whatever column, line, sheet or name of
whatever file.
"""

from collections.abc import Iterable

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.ids import (
    count_personal_numbers,
    looks_like_shortened_numbers,
    name_to_show,
    rows_with_personal_numbers,
)
from evalkit.intake.admission.delivery import Delivery
from evalkit.intake.reading.codes import stand_together
from evalkit.intake.reading.delivered import LINE, OWN_COLUMNS, Delivered
from evalkit.intake.reading.side_by_side import side_by_side

_SEARCHED = (pl.String, pl.Categorical, pl.Enum, pl.Binary)
# Fewer characters than these hold no personal number, however it is written; shortened ones are
# looked for apart.
_SHORTEST = 10
# As a number it has nine digits at least: ten, of which one leading zero may be lost.
_SMALLEST = 10**8


def refuse_personal_numbers(delivery: Delivery, rule_place: str) -> None:
    """Refuse a delivery if a cell, line, sheet or file name of it holds a personal number.

    Parameters
    ----------
    delivery : Delivery
        The files read as tables, and what else was found beside them.
    rule_place : str
        The contract file that the message names.

    Raises
    ------
    IntakeError
        Naming files, columns and lines, never values.
    """
    files = [file for delivered in delivery.tables.values() for file in delivered]
    findings = [finding for of_file in side_by_side(_findings, files) for finding in of_file]
    for name, content in delivery.searched.items():
        findings += _findings_in(name, content)
    findings += _names_with_numbers(
        [*{file.path.name for file in files}, *delivery.searched, *delivery.unsearched]
    )
    if not findings:
        return
    n_cells = sum(n for n, _ in findings)
    raise IntakeError(
        f"{n_cells:,} cell{'s contain' if n_cells > 1 else ' contains'} what looks like a "
        "personnummer or samordningsnummer.",
        where="; ".join(dict.fromkeys(finding for _, finding in findings)),
        why=f"{rule_place} admits pseudonyms only (rule no_personnummer). Nothing was read in.",
        fix="ask the sender for files without these numbers, and delete these ones; evalkit "
        "pseudonymise replaces them.",
    )


def _findings(file: Delivered) -> list[tuple[int, str]]:
    name, lines = name_to_show(file.path.name), file.cells[LINE]
    columns = [column for column in file.columns if _is_searched(file.cells.schema[column])]
    findings = [
        finding
        for of_column in side_by_side(lambda column: _in_column(file, column, lines), columns)
        for finding in of_column
    ]
    findings += _finding(name, "whole line", file.loose_lines["text"], file.loose_lines["line"])
    for sheet, cells in file.also_searched.items():
        findings += _findings_in(f"{name}, sheet {name_to_show(sheet)}", cells)
    return findings


def _in_column(file: Delivered, column: str, lines: pl.Series) -> list[tuple[int, str]]:
    name, cells = name_to_show(file.path.name), file.cells[column]
    findings = [] if _is_clear(file, column) else _finding(name, column, cells, lines)
    return findings + _shortened(name, column, cells)


def _is_clear(file: Delivered, column: str) -> bool:
    """Whether a quick look at a column, each value once, already shows that it holds no personal
    number.
    """
    cells = file.cells[column]
    if cells.dtype.is_integer():
        low, high = cells.to_frame().select(low=pl.first().min(), high=pl.first().max()).row(0)
        return (high or 0) < _SMALLEST and (low or 0) > -_SMALLEST
    if cells.dtype.is_float():
        # Below that size, with two decimals at most, no ten digits stand together. Streamed, so
        # that no copy of the whole column is made.
        is_long = (pl.first().abs() >= _SMALLEST) | (pl.first() != pl.first().round(2))
        return not cells.to_frame().lazy().select(is_long.any()).collect(engine="streaming").item()
    if cells.dtype != pl.String:
        return False
    # Texts that are coded quickly are; of others it is first asked whether they are long enough.
    return (not stand_together(cells) and _are_short(cells)) or not _rows_with_numbers(
        file.coded(column).values
    )


def _findings_in(name: str, content: pl.DataFrame) -> list[tuple[int, str]]:
    """Findings in a content that belongs to no contract: lines of text, or cells whose rows count
    from 1.
    """
    name = name_to_show(name)
    if content.columns == ["line", "text"]:
        return _finding(name, "whole line", content["text"], content["line"])
    lines = pl.int_range(1, content.height + 1, eager=True)
    columns = [
        (column, content[column])
        for column in content.columns
        if column not in OWN_COLUMNS and _is_searched(content[column].dtype)
    ]
    header = _finding(
        name,
        "column names",
        pl.Series(content.columns, dtype=pl.String),
        pl.Series([1] * content.width),
    )
    return header + [
        finding
        for column, cells in columns
        for finding in [*_finding(name, column, cells, lines), *_shortened(name, column, cells)]
    ]


def _is_searched(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype in _SEARCHED


def _finding(name: str, column: str, cells: pl.Series, lines: pl.Series) -> list[tuple[int, str]]:
    rows = _rows_with_numbers(cells)
    return (
        [
            (
                len(rows),
                f'{name}, column "{name_to_show(column)}", lines '
                f"{first_few(lines.gather(rows).to_list())}",
            )
        ]
        if rows
        else []
    )


def _rows_with_numbers(cells: pl.Series) -> list[int]:
    return (
        [] if cells.dtype == pl.String and _are_short(cells) else rows_with_personal_numbers(cells)
    )


def _are_short(texts: pl.Series) -> bool:
    return not (texts.str.len_bytes() >= _SHORTEST).any()


def _shortened(name: str, column: str, cells: pl.Series) -> list[tuple[int, str]]:
    if not looks_like_shortened_numbers(cells):
        return []
    return [
        (
            cells.count(),
            f'{name}, column "{name_to_show(column)}", most lines (ten digits whose leading '
            "zeros were lost)",
        )
    ]


def _names_with_numbers(names: Iterable[str]) -> list[tuple[int, str]]:
    n_found = sum(count_personal_numbers(name) > 0 for name in names)
    return (
        [(n_found, f"the names of {n_found} file{'s' if n_found > 1 else ''}")] if n_found else []
    )
