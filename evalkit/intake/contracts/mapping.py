"""Mapping files: how one data set differs from the contracts.

A mapping file says which files hold which table, translates another system's columns, codes, dates,
units and shapes into ours, declares the covariates that only this data set has, and names the
crosswalk from former districts to those of the run.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, ClassVar, Literal

from evalkit.errors import IntakeError, nearest
from evalkit.intake.contracts.code_lists import UNKNOWN, CodeList
from evalkit.intake.contracts.contract import Contract, ContractColumn, load_contracts, plain
from evalkit.line.delivered import delivered
from evalkit.vocabulary import Grade, Text

_COLUMN_NAME = re.compile("[a-z][a-z0-9_]*")
_YEAR, _MONTH = re.compile("%[Yy]"), re.compile("%[mbB]")
# Unknown keys are refused wherever they stand.
_REFUSING: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True)
class ExtraColumn:
    """A covariate that only this data set has, as a further column of the person table."""

    __pydantic_config__: ClassVar = _REFUSING

    name: str = field(metadata={"description": "The column's name, in the files and in evalkit."})
    type: Literal["integer", "number", "string", "date", "boolean"] = field(
        metadata={"description": "What its cells hold."}
    )
    description: Text = field(metadata={"description": "What it means, by language."})
    measured: str = field(metadata={"description": "When and how it was measured."})
    is_known_at_first_month: bool = field(
        metadata={
            "description": "Whether it was known at the first month. One that was not may "
            "describe people, but must not adjust a comparison that begins before it was "
            "measured."
        }
    )
    values: tuple[int | str, ...] = field(
        metadata={"description": "The values that it may have; without any, every one."}, default=()
    )

    def __post_init__(self):
        if not _COLUMN_NAME.fullmatch(self.name):
            raise ValueError(f"the name of a covariate is written as {_COLUMN_NAME.pattern}")


@dataclass(frozen=True)
class MonthColumns:
    """Months that stand beside each other, one column each, instead of below each other."""

    __pydantic_config__: ClassVar = _REFUSING

    form: str = field(
        metadata={
            "description": 'How a column names its month ("Belopp %Y%m"); those that fit are taken.'
        }
    )
    month: str = field(metadata={"description": "Our column for the month."})
    value: str = field(metadata={"description": "Our column for what stands in the cell."})
    end: str | None = field(
        metadata={
            "description": "Our column for the first day after the month, where the table "
            "has periods."
        },
        default=None,
    )
    nothing: tuple[str, ...] = field(
        metadata={
            "description": "What a cell holds, beside nothing at all, where there is no row "
            "for the month."
        },
        default=(),
    )

    def __post_init__(self):
        # Without a year every column would be a month of 1900; weeks are no months.
        if not (_YEAR.search(self.form) and _MONTH.search(self.form)):
            raise ValueError(
                f'form "{self.form}" needs a year (%Y or %y) and a month (%m, %b or %B): columns '
                "of weeks, or of months without a year, cannot be laid on the calendar"
            )

    def month_of(self, name: str) -> date | None:
        """The month that a delivered column names; None where it names none."""
        try:
            return datetime.strptime(name, self.form).date().replace(day=1)
        except ValueError:
            return None

    def made(self) -> tuple[str, ...]:
        """Our columns that are made of these."""
        return (self.month, self.value, *([self.end] if self.end else []))


@dataclass(frozen=True)
class TableMapping:
    """How one delivered table differs from its contract."""

    __pydantic_config__: ClassVar = _REFUSING

    files: tuple[str, ...] = field(
        metadata={
            "description": "The files that hold the table, as patterns of their names "
            'without suffix ("Betalning*"); without any they are named after the table.'
        },
        default=(),
    )
    sheet: str | None = field(metadata={"description": "The sheet of a workbook."}, default=None)
    columns: dict[str, str] = field(
        metadata={"description": "The delivered column, by ours."}, default_factory=dict
    )
    not_delivered: tuple[str, ...] = field(
        metadata={
            "description": "Columns of ours that the files do not hold, whatever their names."
        },
        default=(),
    )
    constants: dict[str, str] = field(
        metadata={
            "description": "What stands in all rows of a column that was not delivered, by "
            "our column."
        },
        default_factory=dict,
    )
    unknown: dict[str, str] = field(
        metadata={
            "description": "Our code for all delivered ones that `codes` does not name, by "
            "our column; they are counted."
        },
        default_factory=dict,
    )
    units: dict[str, float] = field(
        metadata={
            "description": "By what a delivered number is multiplied (1000 where it counts "
            "thousands), by our column."
        },
        default_factory=dict,
    )
    ages: dict[str, date] = field(
        metadata={
            "description": "Columns of years of birth that were delivered as ages, and the "
            "day on which they were these."
        },
        default_factory=dict,
    )
    months_in_columns: MonthColumns | None = field(
        metadata={"description": "Months that stand beside each other, one column each."},
        default=None,
    )
    added_up: tuple[str, ...] = field(
        metadata={
            "description": "Numbers that are added up over rows alike in all else (several "
            "payments of one month)."
        },
        default=(),
    )
    newest_by: str | None = field(
        metadata={
            "description": "The delivered column (a month, a date) by which the newest of "
            "the rows with one key is told; older ones are left out and counted."
        },
        default=None,
    )
    codes: dict[str, dict[str, str]] = field(
        metadata={"description": "Our code for each delivered one, by our column."},
        default_factory=dict,
    )
    code_lists: dict[str, Path] = field(
        metadata={
            "description": "The list file of a column of reasons (exit_reason, end_reason), "
            "relative to this file: what each code means. Codes of no list count as unknown."
        },
        default_factory=dict,
    )
    formats: dict[str, str] = field(
        metadata={
            "description": "How a column writes its dates where that is not 2026-09-01 "
            '("%Y%m%d", or "%Y%m" for months), by our column.'
        },
        default_factory=dict,
    )
    last_days: tuple[str, ...] = field(
        metadata={
            "description": "Columns that name the last day of a period, or its last month "
            "where they are written without a day; the end is then the day after."
        },
        default=(),
    )
    grades: dict[str, Grade] = field(
        metadata={
            "description": "How sure the codes of a column are (H, M, L), by our column; "
            "repeated in the receipt."
        },
        default_factory=dict,
    )
    cautions: dict[str, str] = field(
        metadata={"description": "What to beware of, by our column; repeated in the receipt."},
        default_factory=dict,
    )
    covariates: tuple[ExtraColumn, ...] = field(
        metadata={"description": "Columns that the contract does not have."}, default=()
    )

    def made(self) -> frozenset[str]:
        """Our columns that are made of something else than one delivered column."""
        months = self.months_in_columns
        return frozenset((*self.constants, *(months.made() if months else ())))

    def own_columns(self) -> dict[str, tuple[str, ...]]:
        """Our columns that each entry names, by entry."""
        months = self.months_in_columns
        named = {
            name: tuple(getattr(self, name))
            for name in (
                *("columns", "not_delivered", "constants", "codes", "code_lists", "unknown"),
                *("formats", "last_days", "units", "ages", "added_up", "grades", "cautions"),
            )
        }
        return {**named, "months_in_columns": months.made() if months else ()}

    def source_of(self, column: ContractColumn, names: Sequence[str]) -> str | None:
        """The delivered column that holds one of ours: the one that the mapping names, or one of
        the same name or the Swedish term; None if there is none.
        """
        if column.name in self.not_delivered:
            return None
        if column.name in self.made():
            # It stands there once the table has been brought into shape.
            return column.name if column.name in names else None
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
    """A mapping file: how a data set differs from the contracts."""

    __pydantic_config__: ClassVar = _REFUSING

    source: str = field(metadata={"description": "Where the data set comes from."})
    crosswalk: Path | None = field(
        metadata={
            "description": "The crosswalk from former districts to those of the run, "
            "relative to this file."
        },
        default=None,
    )
    tables: dict[str, TableMapping] = field(
        metadata={"description": "One entry for each table that needs one."}, default_factory=dict
    )
    senders: dict[str, tuple[str, ...]] = field(
        metadata={
            "description": "Who sent which files (patterns of their names, by sender), where"
            " that is not what stands behind the table in a name."
        },
        default_factory=dict,
    )
    id_prefix: dict[str, str] = field(
        metadata={
            "description": "What is put before the ids of persons and households, by pattern of "
            "the files' names without suffix, where two systems number their people alike."
        },
        default_factory=dict,
    )

    def prefix_of(self, stem: str) -> str:
        """What is put before the ids of a file; nothing where no pattern fits its name."""
        fitting = (text for form, text in self.id_prefix.items() if fnmatch(stem, form))
        return next(fitting, "")

    def of(self, table: str) -> TableMapping:
        """The mapping of a table; empty where the file says nothing of it."""
        return self.tables.get(table, TableMapping())


def load_mapping(path: Path | str | None) -> MappingFile:
    """Read a mapping file; without one, columns and codes are taken as the contracts name them.

    Raises
    ------
    ParameterError
        If the file or a list of codes that it names is missing, or a key is unknown, missing or of
        the wrong type.
    """
    if path is None:
        return MappingFile(source="")
    # Imported here: most deliveries come without a mapping, and what reads one takes a fifth of a
    # second to import.
    from evalkit.records import load

    mapping = load(path, MappingFile)
    if not any(table.code_lists for table in mapping.tables.values()):
        return mapping
    tables = {name: _with_lists(table, Path(path).parent) for name, table in mapping.tables.items()}
    return replace(mapping, tables=tables)


def _with_lists(table: TableMapping, folder: Path) -> TableMapping:
    """The mapping of a table with the codes of its lists; codes that it names itself go first."""
    lists = {column: load_code_list(folder / path) for column, path in table.code_lists.items()}
    example = "the list of codes is an example, of no system: put your own in its place"
    return replace(
        table,
        codes=table.codes
        | {column: one.by_code | table.codes.get(column, {}) for column, one in lists.items()},
        unknown=dict.fromkeys(lists, UNKNOWN) | table.unknown,
        grades={column: one.grade for column, one in lists.items()} | table.grades,
        cautions={column: example for column, one in lists.items() if one.is_example}
        | table.cautions,
    )


def load_code_list(path: Path | str) -> CodeList:
    """Read a list of codes.

    Raises
    ------
    ParameterError
        If the file is missing, or a key is unknown, missing or of the wrong type, or a state does
        not exist.
    """
    # As in `load_mapping`.
    from evalkit.records import load

    return load(path, CodeList)


def contracts_with_covariates(folder: Path | str, mapping: MappingFile) -> dict[str, Contract]:
    """The contracts of a folder by table, with the covariates that a mapping file declares.

    Raises
    ------
    IntakeError
        As `load_contracts` and `with_covariates`, or if the mapping file names a table or column
        that no contract has.
    """
    contracts = {
        table: with_covariates(contract, mapping.of(table).covariates)
        for table, contract in load_contracts(folder).items()
    }
    _refuse_unknown_names(contracts, mapping)
    return contracts


def _refuse_unknown_names(contracts: Mapping[str, Contract], mapping: MappingFile) -> None:
    """Refuse what would be passed over in silence: a misspelt table or column of ours."""
    faults = [
        f"table {table} ({nearest(table, delivered())})"
        for table in mapping.tables
        if table not in delivered()
    ]
    for table, contract in contracts.items():
        of_table, names = mapping.of(table), contract.column_names
        faults += [
            f"{table}.{entry}: {name} ({nearest(name, names)})"
            for entry, named in of_table.own_columns().items()
            for name in named
            if name not in names
        ]
        faults += [
            f"{table}: {name} is named by columns, and made of something else as well"
            for name in of_table.made() & set(of_table.columns)
        ]
        must = {column.name for column in contract.columns if column.is_required}
        faults += [
            f"{table}.not_delivered: {name} is required"
            for name in of_table.not_delivered
            if name in must
        ]
    if faults:
        raise IntakeError(
            f"{len(faults)} entr{'ies' if len(faults) > 1 else 'y'} of the mapping file cannot be "
            "followed.",
            where="; ".join(faults),
            why="The mapping names our tables and columns; what it says of others would be passed "
            "over. Nothing was read in.",
            fix="write the names as the contracts have them (evalkit contract docs shows them).",
        )


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
