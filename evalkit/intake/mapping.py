"""Mapping files: how a delivery goes beyond the contracts, or says the same in other words.

A mapping declares covariates that only this data set has, and carries another system's column names and codes over to ours.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field

from evalkit.params import Record, Text, load


class Covariate(Record):
    """A further column of the person table: what it is, its type, and when it was measured.

    A covariate not known at the first month may describe people, but must not adjust a comparison that begins before it was measured.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: Literal["integer", "number", "string", "date"]
    description: Text
    measured: str
    is_known_at_first_month: bool
    values: tuple[int | str, ...] = ()


class TableMapping(Record):
    """One table: delivered column by our column, delivered code -> our code by our column, and covariates."""

    columns: dict[str, str] = Field(default_factory=dict)
    codes: dict[str, dict[str, str]] = Field(default_factory=dict)
    covariates: tuple[Covariate, ...] = ()


class Mapping(Record):
    """A mapping file: the source of the data set, and one entry for each table that needs one."""

    source: str
    tables: dict[str, TableMapping] = Field(default_factory=dict)

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
    return Mapping(source="") if path is None else load(path, Mapping)
