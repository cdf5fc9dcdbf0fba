"""Mapping files: how one data set differs from the contracts.

A mapping file declares the covariates that only this data set has, translates another system's
column names, codes and date formats into ours, and names the crosswalk from former districts to
those of the run.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from evalkit.errors import IntakeError
from evalkit.intake.contracts.contract import Contract, ContractColumn, load_contracts, plain
from evalkit.line.delivered import delivered
from evalkit.vocabulary import Grade, Text

_COLUMN_NAME = re.compile("[a-z][a-z0-9_]*")
# Unknown keys are refused wherever they stand.
_REFUSING: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class ExtraColumn:
    """A covariate that only this data set has, as a further column of the person table.

    One that is not known at the first month may describe people, but must not adjust a comparison
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
    """How one delivered table differs from its contract.

    columns : the delivered column, by ours. codes : by our column, our code for each delivered
    one. formats : how a column writes its dates where that is not 2026-09-01 ("%Y%m%d", or "%Y%m"
    for months). last_days : columns that name the last day of a period, or its last month where
    they are written without a day; the end is then the day after. grades, cautions : how sure the
    codes of a column are (H, M, L) and what to beware of; both are repeated in the receipt.
    covariates : columns that the contract does not have.
    """

    __pydantic_config__: ClassVar = _REFUSING

    columns: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)
    last_days: tuple[str, ...] = ()
    grades: dict[str, Grade] = field(default_factory=dict)
    cautions: dict[str, str] = field(default_factory=dict)
    covariates: tuple[ExtraColumn, ...] = ()

    def source_of(self, column: ContractColumn, names: Sequence[str]) -> str | None:
        """The delivered column that holds one of ours: the one that the mapping names, or one of
        the same name or the Swedish term; None if there is none.
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
class MappingFile:
    """A mapping file: the source of the data set, one entry for each table that needs one, the path
    of a crosswalk, relative to the mapping file, and who sent which files (patterns of their names,
    by sender), where that is not what stands behind the table in a name.
    """

    __pydantic_config__: ClassVar = _REFUSING

    source: str
    crosswalk: Path | None = None
    tables: dict[str, TableMapping] = field(default_factory=dict)
    senders: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, table: str) -> TableMapping:
        """The mapping of a table; empty where the file says nothing of it."""
        return self.tables.get(table, TableMapping())


def load_mapping(path: Path | str | None) -> MappingFile:
    """Read a mapping file; without one, columns and codes are taken as the contracts name them.

    Raises
    ------
    ParameterError
        If the file is missing, or a key is unknown, missing or of the wrong type.
    """
    if path is None:
        return MappingFile(source="")
    # Imported here: most deliveries come without a mapping, and what reads one takes a fifth of a
    # second to import.
    from evalkit.records import load

    return load(path, MappingFile)


def contracts_with_covariates(folder: Path | str, mapping: MappingFile) -> dict[str, Contract]:
    """The contracts of a folder by table, with the covariates that a mapping file declares.

    Raises
    ------
    IntakeError
        As `load_contracts` and `with_covariates`.
    """
    return {
        table: with_covariates(contract, mapping.of(table).covariates)
        for table, contract in load_contracts(folder).items()
    }


def with_covariates(contract: Contract, covariates: tuple[ExtraColumn, ...]) -> Contract:
    """A contract with the covariates of a mapping file as further columns, which must be delivered
    and filled.

    Raises
    ------
    IntakeError
        If the contract has a column of that name already, or its table takes no covariates.
    """
    known = {column.name for column in contract.columns}
    repeated = [covariate.name for covariate in covariates if covariate.name in known]
    if repeated or (covariates and not delivered()[contract.table].open_columns):
        raise IntakeError(
            "A mapping file declares covariates that the contract has no room for.",
            where=f"table {contract.table}: {', '.join(repeated) or 'takes no covariates'}",
            why="A covariate is a further column of the person table and cannot replace one that "
            "the contract declares.",
            fix="rename the covariate, or move it to the person table.",
        )
    columns = tuple(
        ContractColumn(c.name, c.type, is_required=True, allowed=c.values) for c in covariates
    )
    return replace(contract, columns=contract.columns + columns)
