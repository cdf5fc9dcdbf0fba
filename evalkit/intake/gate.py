"""Gate 1: no personnummer or samordningsnummer enters, in whatever column of whatever file."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from evalkit.errors import IntakeError, first_few
from evalkit.ids import rows_with_personal_numbers
from evalkit.intake.readers import LINE, Delivered

_SEARCHED = (pl.String, pl.Categorical, pl.Enum, pl.Binary)


def refuse_personal_numbers(delivered: Sequence[Delivered], other_lines: dict[Path, pl.DataFrame], rule_place: str) -> None:
    """Stop the intake if any cell of any file, or any line of a file that no contract names, holds a personal number.

    Parameters
    ----------
    delivered : sequence of Delivered
        The files read as tables.
    other_lines : dict
        Lines (line, text) of the other text files.
    rule_place : str
        The contract file that the message names.

    Raises
    ------
    IntakeError
        Naming files, columns and lines, never values.
    """
    found = [place for file in delivered for place in _places(file)]
    for path, lines in other_lines.items():
        found += _place(path, "whole line", lines["text"], lines["line"])
    if not found:
        return
    raise IntakeError(
        f"{sum(n for n, _ in found):,} cells contain what looks like a personnummer or samordningsnummer.",
        where="; ".join(place for _, place in found),
        why=f"{rule_place} admits pseudonyms only (rule no_personnummer). Nothing was read in.",
        fix="ask the sender for files without these numbers, and delete these ones.",
    )


def _places(file: Delivered) -> list[tuple[int, str]]:
    searched = [column for column in file.columns if file.cells.schema[column].is_numeric() or file.cells.schema[column] in _SEARCHED]
    places = [place for column in searched for place in _place(file.path, column, file.cells[column], file.cells[LINE])]
    return places + _place(file.path, "whole line", file.loose_lines["text"], file.loose_lines["line"])


def _place(path: Path, column: str, cells: pl.Series, lines: pl.Series) -> list[tuple[int, str]]:
    rows = rows_with_personal_numbers(cells)
    if not rows:
        return []
    return [(len(rows), f'{path.name}, column "{column}", lines {first_few(lines.gather(rows).to_list())}')]
