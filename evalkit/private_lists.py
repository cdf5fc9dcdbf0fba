"""Lists of people for those who work with them: in the run's private folder, by pseudonym, and only
for a declared time. The name of a list's file says on which day it is to be deleted.
"""

import io
import os
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from evalkit.errors import IntakeError
from evalkit.ids import name_to_show, rows_with_personal_numbers
from evalkit.tables import make_private_folder, slug

FOLDER = "lists"
# A spreadsheet opens it as text in columns, with å, ä and ö.
_SEPARATOR, _MARK = ";", "\N{BYTE ORDER MARK}"
_NAME = re.compile(r"(?P<slug>.+)_delete_(?P<day>\d{4}-\d{2}-\d{2})\.csv")


class PrivateList(NamedTuple):
    """A list, and the day on which it is to be deleted."""

    path: Path
    delete_on: date


def write_list(
    rows: pl.DataFrame,
    run_dir: Path | str,
    unit: str,
    *,
    keep_days: int,
    heading: str = "Delete this list on {day}.",
) -> PrivateList:
    """Write the list of a district where only the owner of the run can read it, in place of the one
    that was there; returns where it lies.

    Parameters
    ----------
    rows : DataFrame
        One row for each thing to do, with pseudonyms.
    run_dir : path
        The run's folder; the list lies in work/lists.
    unit : str
        Whose list it is.
    keep_days : int
        After how many days it is to be deleted. Days.
    heading : str
        Its first line, with the day in the place of {day}.
    """
    folder = make_private_folder(make_private_folder(Path(run_dir) / "work") / FOLDER)
    delete_on = date.today() + timedelta(days=keep_days)
    path = folder / f"{slug(unit)}_delete_{delete_on}.csv"
    temporary = folder / f".{path.name}.{os.getpid()}"
    text = rows.write_csv(separator=_SEPARATOR)
    content = f"{_MARK}{heading.format(day=delete_on)}\n{text}"
    descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    for earlier in lists_of(Path(run_dir)):
        if _NAME.fullmatch(earlier.path.name)["slug"] == slug(unit):  # ty: ignore[not-subscriptable]
            earlier.path.unlink(missing_ok=True)
    temporary.replace(path)
    return PrivateList(path, delete_on)


def lists_of(vintage: Path) -> list[PrivateList]:
    """The lists in a run's folder, by name."""
    folder = vintage / "work" / FOLDER
    named = [(path, _NAME.fullmatch(path.name)) for path in sorted(folder.glob("*.csv"))]
    return [PrivateList(path, date.fromisoformat(match["day"])) for path, match in named if match]


def delete_lists(vintages: Iterable[Path], *, until: date | None = None) -> int:
    """Delete the lists in these folders of runs whose day has come, or all of them without a day;
    returns how many.
    """
    over = [
        one
        for vintage in vintages
        for one in lists_of(vintage)
        if until is None or one.delete_on <= until
    ]
    for one in over:
        one.path.unlink(missing_ok=True)
    return len(over)


def read_list(path: Path | str) -> pl.DataFrame:
    """A list of people by pseudonym, a CSV file with ; or , between its columns; every cell is
    text.

    Raises
    ------
    IntakeError
        If the file is not there or no table, has no column person_id, or holds what looks like a
        personal number; names columns and how many lines, never what stands in them.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        separator = _SEPARATOR if _SEPARATOR in text.partition("\n")[0] else ","
        rows = pl.read_csv(io.StringIO(text), separator=separator, infer_schema=False)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as fault:
        raise IntakeError(
            "The list cannot be read.",
            where=name_to_show(path.name),
            why=f"It is there as a CSV file in UTF-8, or not at all ({type(fault).__name__}).",
            fix="give a file with a line of heads and one line per person.",
        ) from None
    if "person_id" not in rows.columns:
        raise IntakeError(
            "The list does not say who is on it.",
            where=f"{name_to_show(path.name)}: no column person_id among {rows.width}",
            why="People are named by their pseudonym, as in the extract.",
            fix="call the column of the pseudonyms person_id, and that of their households "
            "household_id.",
        )
    found = {name: len(rows_with_personal_numbers(rows[name])) for name in rows.columns}
    found = {name_to_show(name): n for name, n in found.items() if n}
    if found:
        told = ", ".join(f'column "{name}": {n} lines' for name, n in found.items())
        raise IntakeError(
            "The list holds what looks like a personal number.",
            where=f"{name_to_show(path.name)}, {told}",
            why="evalkit knows people by pseudonyms only. Nothing was read in.",
            fix="give the pseudonyms of the extract (evalkit pseudonymise), and delete this file.",
        )
    return rows
