"""Mapping files: how a delivery goes beyond the contracts, or says the same in other words.

A mapping declares covariates that only this data set has, carries another system's column names,
codes and forms of dates over to ours, and names the crosswalk by which old districts become those
of the run.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from evalkit.intake.contracts.contract import Column, plain
from evalkit.vocabulary import Grade, Text

_COLUMN_NAME = re.compile("[a-z][a-z0-9_]*")
# Unknown keys are refused wherever they stand.
_REFUSING: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class Covariate:
    """A further column of the person table: what it is, its type, and when it was measured.

    A covariate not known at the first month may describe people, but must not adjust a comparison
    that begins before it was measured.
    """

    __pydantic_config__: ClassVar = _REFUSING

    name: str
    type: Literal["integer", "number", "string", "date", "boolean"]
    description: Text
    measured: str
    is_known_at_first_month: bool
    values: tuple[int | str, ...] = ()

    def __post_init__(self):
        if not _COLUMN_NAME.fullmatch(self.name):
            raise ValueError(f"the name of a covariate is written as {_COLUMN_NAME.pattern}")


@dataclass(frozen=True)
class TableMapping:
    """One table: delivered column by our column, delivered code -> our code by our column, and
    covariates.

    `formats` says how a column writes its dates where that is not 2026-09-01: "%Y%m%d", or "%Y%m"
    for months. `last_days` are columns that name the last day of a period, or its last month where
    they are written without a day; the end is then the day after. `grades` says how sure the codes
    of a column are (H, M, L) and `cautions` what to beware of; both are repeated in the receipt.
    """

    __pydantic_config__: ClassVar = _REFUSING

    columns: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    last_days: tuple[str, ...] = ()
    grades: dict[str, Grade] = field(default_factory=dict)
    cautions: dict[str, str] = field(default_factory=dict)
    covariates: tuple[Covariate, ...] = ()

    def source_of(self, column: Column, names: Sequence[str]) -> str | None:
        """The delivered column that holds one of ours: as the mapping says, else of the same name,
        else of its Swedish term; or None.
        """
        if column.name in self.columns:
            return self.columns[column.name] if self.columns[column.name] in names else None
        if column.name in names:
            return column.name
        taken = set(self.columns.values())
        return next(
            (
                name
                for name in names
                if column.term and plain(name) == plain(column.term) and name not in taken
            ),
            None,
        )


@dataclass(frozen=True)
class Mapping:
    """A mapping file: the source of the data set, one entry for each table that needs one, and a
    crosswalk beside the mapping file.

    `crosswalk` is a path relative to the mapping file.
    """

    __pydantic_config__: ClassVar = _REFUSING

    source: str
    crosswalk: Path | None = None
    tables: dict[str, TableMapping] = field(default_factory=dict)

    def of(self, table: str) -> TableMapping:
        """The mapping of a table; empty where the file says nothing of it."""
        return self.tables.get(table, TableMapping())


def load_mapping(path: Path | str | None) -> Mapping:
    """Read a mapping file; without one, columns and codes are taken as the contracts name them.

    Raises
    ------
    ParameterError
        If the file is missing, or a key is unknown, missing or of the wrong type.
    """
    if path is None:
        return Mapping(source="")
    # Imported here: most deliveries come without a mapping, and what reads one takes a fifth of a
    # second to import.
    from evalkit.records import load

    return load(path, Mapping)
