"""Contracts: one ODCS v3 YAML file per delivered table, read into the columns and rules that intake enforces.

The standard says what a column is called, its type, whether it must be filled, its range, form and allowed values, the primary key and the
foreign keys. What it has no word for stands as `quality` of type custom with engine evalkit; RULE_ARGUMENTS lists those rules.
Three custom properties are ours: `delivery` (required or optional) on a contract, `mayBeAbsent` on a column, and `descriptionSv`, what is
said in Swedish, on both.
Source: Open Data Contract Standard 3.2, bitol.io.
"""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from evalkit.errors import IntakeError, nearest
from evalkit.schemas import SCHEMAS

if TYPE_CHECKING:
    from evalkit.intake.mapping import Covariate, Mapping
    from evalkit.records import Text

Kind = Literal["string", "integer", "number", "date", "boolean"]
DTYPES: dict[str, pl.DataType] = {"string": pl.String, "integer": pl.Int32, "number": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}
RULE_ARGUMENTS = {
    "no_personnummer": (),
    "known_district": ("column",),
    "first_day_of_month": ("column",),
    "within_extract": ("column",),
    "not_after_extract": ("column",),
    "end_after_start": ("start", "end"),
    "given_together": ("first", "second"),
    "needs": ("column", "needs"),
    "not_above": ("smaller", "larger"),
    "no_overlap": ("by", "start", "end"),
}


@dataclass(frozen=True)
class Column:
    """A column of a contract. `allowed` is empty where any value is; `limits` are bounds by their ODCS names.

    `labels` are the Swedish words for the allowed values; `term` is the Swedish term for the column.
    """

    name: str
    kind: Kind
    is_required: bool = False
    may_be_absent: bool = False
    allowed: tuple[Any, ...] = ()
    pattern: str | None = None
    limits: Dictionary[str, float] = field(default_factory=dict)
    labels: Dictionary[Any, str] = field(default_factory=dict)
    term: str = ""
    description: "Text" = field(default_factory=dict)

    @property
    def dtype(self) -> pl.DataType:
        """The column's type in the admitted table."""
        return DTYPES[self.kind]


@dataclass(frozen=True)
class CustomRule:
    """A rule beyond the standard: its name and sentence, and which rule of evalkit it is with which arguments."""

    name: str
    sentence: str
    rule: str
    arguments: Dictionary[str, Any]


@dataclass(frozen=True)
class Reference:
    """A foreign key: these columns must be found in those of another table."""

    name: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """One delivered table: its columns, key, rules and references, and the file that says so."""

    table: str
    path: Path
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    rules: tuple[CustomRule, ...]
    references: tuple[Reference, ...]
    is_required: bool
    term: str = ""
    description: "Text" = field(default_factory=dict)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns in the contract's order."""
        return [column.name for column in self.columns]


def load_contracts(folder: Path | str) -> dict[str, Contract]:
    """Read all contracts of a folder (*.odcs.yaml) by table name.

    Raises
    ------
    IntakeError
        If there is no contract, or one is not valid, or names a table, column, type or rule that does not exist; all faults at once.
    """
    folder = Path(folder)
    paths = sorted(folder.glob("*.odcs.yaml"))
    if not paths:
        raise IntakeError(
            "No data contract was found.",
            where=f"{folder}, files *.odcs.yaml",
            why="Without contracts nothing says what an extract should hold, so nothing is read in.",
            fix="point the run file's `contracts` to the folder data_contracts/.",
        )
    contracts = [_read_contract(path) for path in paths]
    faults = [fault for contract in contracts for fault in _faults(contract, {c.table: c for c in contracts})]
    if faults:
        raise IntakeError(
            f"{len(faults)} statement{'s' if len(faults) > 1 else ''} of the data contracts cannot be followed.",
            where="; ".join(faults),
            why="A rule that is not understood would never be checked.",
            fix=f"mend the contract; rules that exist: {', '.join(sorted(RULE_ARGUMENTS))}.",
        )
    return {contract.table: contract for contract in contracts}


def contracts_with_covariates(folder: Path | str, mapping: "Mapping") -> dict[str, Contract]:
    """All contracts of a folder by table name, with the covariates of a mapping file; as `load_contracts` and `with_covariates`."""
    return {table: with_covariates(contract, mapping.of(table).covariates) for table, contract in load_contracts(folder).items()}


def with_covariates(contract: Contract, covariates: "tuple[Covariate, ...]") -> Contract:
    """The contract with the covariates of a mapping file as further columns, which must be delivered and filled."""
    known = {column.name for column in contract.columns}
    repeated = [covariate.name for covariate in covariates if covariate.name in known]
    if repeated or (covariates and not SCHEMAS[contract.table].open_columns):
        raise IntakeError(
            "A mapping file declares covariates that the contract has no room for.",
            where=f"table {contract.table}: {', '.join(repeated) or 'takes no covariates'}",
            why="A covariate is a further column of the person table and cannot replace one that the contract declares.",
            fix="rename the covariate, or move it to the person table.",
        )
    columns = tuple(Column(c.name, c.type, is_required=True, allowed=c.values) for c in covariates)
    return replace(contract, columns=contract.columns + columns)


def plain(name: str) -> str:
    """A column's name as it is compared: lower case, letters and digits only."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _read_contract(path: Path) -> Contract:
    # Imported here: the standard's model takes a fifth of a second to build.
    import yaml
    from open_data_contract_standard.model import OpenDataContractStandard
    from pydantic import ValidationError

    try:
        # The C parser reads the same YAML ten times as fast; not every build of PyYAML has it.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        odcs = OpenDataContractStandard.model_validate(content)
        return _contract_of(odcs, path)
    except (yaml.YAMLError, ValidationError, LookupError, TypeError) as fault:
        raise IntakeError(
            "A data contract could not be read.",
            where=str(path),
            why=f"It is not a contract of the Open Data Contract Standard with one table ({type(fault).__name__}).",
            fix="compare it with the other contracts in the folder.",
        ) from fault


def _contract_of(odcs: Any, path: Path) -> Contract:
    (table,) = odcs.schema_ or [None]
    properties = table.properties
    keyed = sorted((p for p in properties if p.primaryKey), key=lambda p: p.primaryKeyPosition)
    references = [
        Reference(link.id, (p.name,), *_target(link.to)) for p in properties for link in p.relationships or () if link.type == "foreignKey"
    ]
    references += [
        Reference(link.id, _target(link.from_)[1], *_target(link.to)) for link in table.relationships or () if link.type == "foreignKey"
    ]
    return Contract(
        table=table.name,
        path=path,
        columns=tuple(_column_of(p) for p in properties),
        keys=tuple(p.name for p in keyed),
        rules=tuple(_rule_of(quality) for quality in table.quality or () if quality.engine == "evalkit"),
        references=tuple(references),
        is_required=_custom(odcs, "delivery") != "optional",
        term=_swedish_term(table),
        description={"en": odcs.description.usage or "", "sv": _custom(odcs, "descriptionSv") or ""},
    )


def _column_of(declared: Any) -> Column:
    options = declared.logicalTypeOptions or {}
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return Column(
        name=declared.name,
        kind=declared.logicalType,
        is_required=bool(declared.required),
        may_be_absent=bool(_custom(declared, "mayBeAbsent")),
        allowed=tuple(entry.value for entry in declared.enum or ()),
        pattern=options.get("pattern"),
        limits={bound: options[bound] for bound in bounds if bound in options},
        labels={entry.value: entry.label or str(entry.value) for entry in declared.enum or ()},
        term=_swedish_term(declared),
        description={"en": declared.description or "", "sv": _custom(declared, "descriptionSv") or ""},
    )


def _rule_of(quality: Any) -> CustomRule:
    arguments = dict(quality.implementation)
    return CustomRule(quality.id, quality.description, arguments.pop("rule"), arguments)


def _target(reference: str | list[str]) -> tuple[str, tuple[str, ...]]:
    parts = [part.split(".") for part in ([reference] if isinstance(reference, str) else reference)]
    return parts[0][0], tuple(column for _, column in parts)


def _swedish_term(element: Any) -> str:
    return next((entry.synonym for entry in element.synonyms or () if entry.locale == "sv-SE"), element.name)


def _custom(element: Any, name: str) -> Any:
    return next((entry.value for entry in element.customProperties or () if entry.property == name), None)


def _faults(contract: Contract, contracts: dict[str, Contract]) -> list[str]:
    place = contract.path.name
    if contract.table not in SCHEMAS:
        return [f'{place}: unknown table "{contract.table}" ({nearest(contract.table, SCHEMAS)})']
    schema = SCHEMAS[contract.table]
    faults = [f'{place}: column "{c.name}" has unknown type "{c.kind}"' for c in contract.columns if c.kind not in DTYPES]
    faults += [
        f'{place}: column "{c.name}" is not a {schema.columns[c.name]} as evalkit holds it'
        for c in contract.columns
        if c.kind in DTYPES and schema.columns.get(c.name, None) != c.dtype
    ]
    if contract.keys != schema.keys:
        faults.append(f"{place}: the primary key is not {', '.join(schema.keys)}")
    for rule in contract.rules:
        faults += [f'{place}: rule "{rule.name}" {fault}' for fault in _rule_faults(rule, contract.column_names)]
    for link in contract.references:
        target = contracts.get(link.to_table)
        if target is None or not set(link.to_columns) <= set(target.column_names) or not set(link.columns) <= set(contract.column_names):
            faults.append(f'{place}: foreign key "{link.name}" names a table or column that does not exist')
    return faults


def _rule_faults(rule: CustomRule, columns: list[str]) -> list[str]:
    if rule.rule not in RULE_ARGUMENTS:
        return [f'is unknown as "{rule.rule}" ({nearest(rule.rule, RULE_ARGUMENTS)})']
    if set(rule.arguments) != set(RULE_ARGUMENTS[rule.rule]):
        return [f"takes the arguments: {', '.join(RULE_ARGUMENTS[rule.rule])}"]
    named = [name for value in rule.arguments.values() for name in ([value] if isinstance(value, str) else value)]
    return [f'names an unknown column "{name}"' for name in named if name not in columns]
