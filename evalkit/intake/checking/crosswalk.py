"""A dated crosswalk: rows that name a district as it was are counted under the district that it has
become.

Changes up to the last month known are followed, one after another, so that a run has one set of
districts over its whole period. A run whose data end before a change keeps the districts that were.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import Field

from evalkit.intake.checking.cells import TypedCells
from evalkit.intake.contracts.contract import Contract
from evalkit.records import Record, load
from evalkit.vocabulary import Grade

_DATES = ("month", "start", "date")
_RULE = "known_district"


class Change(Record):
    """Districts that became one: since when, how sure that is, and who says so."""

    since: date
    into: str
    merged: tuple[str, ...] = Field(alias="from", min_length=1)
    grade: Grade
    source: str


class Crosswalk(Record):
    """The changes of a city's districts, and their source."""

    source: str
    changes: tuple[Change, ...]

    def names_on(self, day: date) -> dict[str, tuple[str, tuple[Change, ...]]]:
        """The district that each former district has become by a day, and the changes between."""
        ways: dict[str, tuple[str, tuple[Change, ...]]] = {}
        for change in sorted(self.changes, key=lambda change: change.since):
            if change.since > day:
                break
            ways |= {
                old: (change.into, (*way, change))
                for old, (now, way) in ways.items()
                if now in change.merged
            }
            ways |= {old: (change.into, (change,)) for old in change.merged}
        return ways


def load_crosswalk(path: Path | str | None) -> Crosswalk:
    """Read a crosswalk; without one no district changes.

    Raises
    ------
    ParameterError
        If the file is missing, or a key is unknown, missing or of the wrong type.
    """
    return Crosswalk(source="", changes=()) if path is None else load(path, Crosswalk)


def carry_districts_over(
    typed: TypedCells,
    contract: Contract,
    crosswalk: Crosswalk,
    *,
    districts: tuple[str, ...],
    data_through: date,
) -> tuple[TypedCells, list[str]]:
    """Translate former districts to those of the run. Also returns notes on what was translated:
    column, names, number of rows, date and grade.

    A name that the run itself uses stays as it is.
    """
    ways = {
        old: way for old, way in crosswalk.names_on(data_through).items() if old not in districts
    }
    columns = [str(rule.arguments["column"]) for rule in contract.rules if rule.rule == _RULE]
    columns += [
        name
        for name in contract.column_names
        if name == "provider_district" and name not in columns
    ]
    if not ways or not columns:
        return typed, []
    notes = [note for column in columns for note in _notes(typed.rows, column, ways)]
    names = {old: now for old, (now, _) in ways.items()}
    rows = typed.rows.with_columns(pl.col(column).replace(names) for column in columns)
    texts = {
        name: coded.with_values(coded.values.replace(names)) if name in columns else coded
        for name, coded in typed.texts.items()
    }
    return replace(typed, rows=rows, texts=texts), notes


def _notes(
    rows: pl.DataFrame, column: str, ways: dict[str, tuple[str, tuple[Change, ...]]]
) -> list[str]:
    when = next((name for name in _DATES if name in rows.columns), None)
    carried = rows.filter(pl.col(column).is_in(list(ways)))
    by_way: dict[tuple[str, ...], int] = defaultdict(int)
    for old, count in carried.group_by(column).len().sort(column).rows():
        by_way[(old,)] += count
    notes = []
    for (old,), count in by_way.items():
        now, way = ways[old]
        steps = ", ".join(
            f"{change.into} since {change.since:%Y-%m-%d} (grade {change.grade})" for change in way
        )
        late = (
            carried.filter((pl.col(column) == old) & (pl.col(when) >= way[0].since)).height
            if when
            else 0
        )
        after = f"; {late:,} of them are dated after the change" if late else ""
        notes.append(
            f'column "{column}": {count:,} rows of {old} are counted under {now}: {steps}{after}'
        )
    return notes
