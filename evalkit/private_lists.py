"""Lists of people for those who work with them: in the run's private folder, by pseudonym, and only
for a declared time. The name of a list's file says on which day it is to be deleted.
"""

import os
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

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
) -> None:
    """Write the list of a district where only the owner of the run can read it, in place of the one
    that was there.

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
