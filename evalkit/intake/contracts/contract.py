"""Contracts: one ODCS v3 YAML file per delivered table, read into the columns and rules that intake
enforces.

The standard says what a column is called, its type, whether it must be filled, its range, form and
allowed values, the primary key and the foreign keys. What it has no word for stands as `quality` of
type custom with engine evalkit; RULE_ARGUMENTS lists those rules. A row that breaks one is set
aside, or kept and flagged where the rule's severity is "flag". Four custom properties are ours:
`delivery` (required or optional) and `takesCovariates` (further columns may follow) on a contract,
`mayBeAbsent` on a column, and on both what is said in further languages (`descriptionSv`). Source:
Open Data Contract Standard 3.2, bitol.io.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from evalkit.errors import IntakeError, nearest
from evalkit.line.delivered import DTYPES, delivered
from evalkit.reads import listed
from evalkit.vocabulary import SENDER_LANGUAGE, TABLE_LANGUAGE, Text

# What a rule's severity is where rows that break it are kept.
FLAG = "flag"
# Faults of one contract that are named at once.
_MAX_FAULTS = 5
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
    "negative_is_recovery": ("column", "decision"),
    "no_overlap": ("by", "start", "end"),
    "sum_not_above": ("parts", "total"),
    "given_where": ("column", "where", "is_one_of"),
    "nothing_where": ("columns", "where", "is_one_of"),
    "explained_target": ("target", "full_time", "child", "child_hours", "part_time", "reason"),
    "within_month": ("columns", "month"),
    "told_once": ("columns", "where", "is_one_of"),
    "over_by_extract": ("column",),
    "belongs_to": ("by", "to"),
    "not_before": ("column", "by", "to"),
    "covers_people": ("column", "month", "by", "to"),
}
# Arguments that are values or columns of another table; all others name columns.
VALUE_ARGUMENTS = ("is_one_of", "full_time", "child_hours", "to")
# Rules over several rows or tables, of which nobody knows which is wrong: they only flag.
DOUBTS = ("told_once", "belongs_to", "not_before", "covers_people")
# Rules that say what cannot be kept.
_NEVER_A_FLAG = ("no_personnummer", "no_overlap")


@dataclass(frozen=True)
class ContractColumn:
    """A column of a contract.

    name : as the admitted table has it. kind : one of DTYPES. allowed : the values that may stand
    in it; empty where any may. limits : bounds by their ODCS names (minimum, exclusiveMaximum ...).
    labels : the sender's word for each allowed value. terms, description : the column's term and
    what it means, by language.
    """

    name: str
    kind: str
    is_required: bool = False
    may_be_absent: bool = False
    allowed: tuple[Any, ...] = ()
    pattern: str | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[Any, str] = field(default_factory=dict)
    terms: Text = field(default_factory=dict)
    description: Text = field(default_factory=dict)

    @property
    def is_needed(self) -> bool:
        """Whether the column must be delivered and filled."""
        return self.is_required and not self.may_be_absent

    @property
    def term(self) -> str:
        """The sender's term for the column; its name where it has none."""
        return self.terms.get(SENDER_LANGUAGE, self.name)

    @property
    def dtype(self) -> type[pl.DataType]:
        """The column's type in the admitted table."""
        return DTYPES[self.kind]


@dataclass(frozen=True)
class CustomRule:
    """A rule beyond the standard: its name, its sentence for the sender, the rule of RULE_ARGUMENTS
    that it applies, with its arguments, and whether a row that breaks it is kept and flagged.
    """

    name: str
    sentence: str
    rule: str
    arguments: Mapping[str, Any]
    is_flag: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about, in the order of its arguments."""
        return tuple(
            name
            for argument, value in self.arguments.items()
            if argument not in VALUE_ARGUMENTS
            for name in ([value] if isinstance(value, str) else value)
        )

    @property
    def others(self) -> tuple[str, tuple[str, ...]]:
        """The other table that a rule of DOUBTS compares with, and its columns."""
        return _target(self.arguments["to"])


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
    columns: tuple[ContractColumn, ...]
    keys: tuple[str, ...]
    rules: tuple[CustomRule, ...]
    references: tuple[Reference, ...]
    is_required: bool
    terms: Text = field(default_factory=dict)
    description: Text = field(default_factory=dict)

    @property
    def column_names(self) -> list[str]:
        """The names of the columns in the contract's order."""
        return [column.name for column in self.columns]

    @property
    def required_keys(self) -> tuple[str, ...]:
        """The key's columns that every row fills; the others tell rows apart where they do."""
        required = {column.name for column in self.columns if column.is_required}
        return tuple(key for key in self.keys if key in required)


def load_contracts(folder: Path | str) -> dict[str, Contract]:
    """Read all contracts of a folder (`*.odcs.yaml`) by table name.

    Raises
    ------
    IntakeError
        If there is no contract, or one is not valid, or names a table, column, type or rule that
        does not exist; all faults at once.
    """
    folder = Path(folder)
    paths = listed(folder, "*.odcs.yaml")
    if not paths:
        raise IntakeError(
            "No data contract was found.",
            where=f"{folder}, files *.odcs.yaml",
            why="Without contracts nothing says what an extract should hold, so nothing is read "
            "in.",
            fix="point the run file's `contracts` to the folder data_contracts/.",
        )
    contracts = [_read_contract(path) for path in paths]
    faults = [
        fault
        for contract in contracts
        for fault in _faults(contract, {c.table: c for c in contracts})
    ]
    if faults:
        raise IntakeError(
            f"{len(faults)} statement{'s' if len(faults) > 1 else ''} of the data contracts cannot "
            "be followed.",
            where="; ".join(faults),
            why="A rule that is not understood would never be checked.",
            fix=f"mend the contract; rules that exist: {', '.join(sorted(RULE_ARGUMENTS))}.",
        )
    return {contract.table: contract for contract in contracts}


def plain(name: str) -> str:
    """A name in the form in which names are compared: lower case, letters and digits only."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _read_contract(path: Path) -> Contract:
    try:
        return _contract_of_text(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as fault:
        raise _no_contract(path, ["not YAML in utf-8"]) from fault


@lru_cache(maxsize=64)  # a run's contracts are read anew for each extract that is admitted
def _contract_of_text(text: str, path: Path) -> Contract:
    import yaml

    try:
        # The C parser reads the same YAML ten times as fast; not every build of PyYAML has it.
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        raise _no_contract(
            path, [f"line {mark.line + 1}: not YAML" if mark else "not YAML in utf-8"]
        ) from fault
    faults = [
        f"{_place(fault.instance_path, content)}: {fault.message}"
        for fault in _standard().iter_errors(content)
    ]
    faults = faults or _faults_beyond_the_standard(content)
    if faults:
        raise _no_contract(path, list(dict.fromkeys(faults)))
    try:
        return _contract_of(content, path)
    except (LookupError, TypeError, ValueError) as fault:
        raise _no_contract(
            path, [f"a part of it says too little to be followed ({type(fault).__name__}: {fault})"]
        ) from fault


def _faults_beyond_the_standard(content: dict) -> list[str]:
    tables = content.get("schema", [])
    faults = (
        []
        if len(tables) == 1
        else [f"schema: {len(tables)} tables; one is expected in each contract"]
    )
    for table in tables:
        for quality in table.get("quality", ()):
            rule = quality.get("implementation")
            if quality.get("engine") == "evalkit" and not (
                quality.get("id") and isinstance(rule, dict) and "rule" in rule
            ):
                faults.append(
                    f"schema.{table['name']}.quality.{quality.get('id', 'without id')}: needs an "
                    "id, and a rule in its implementation"
                )
    return faults


@cache
def _standard() -> Any:
    # Imported here: it is asked of contracts only. The package of the standard holds its JSON
    # Schema.
    import jsonschema_rs

    return jsonschema_rs.validator_for(
        json.loads(
            (files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8")
        )
    )


def _place(location: list[str | int], content: Any) -> str:
    """Where a fault stands; an entry of a list by its name or id rather than its position:
    schema.person.properties.sex.logicalType.
    """
    steps = []
    for step in location:
        content = content[step]
        name = (
            (content.get("name") or content.get("id"))
            if isinstance(step, int) and isinstance(content, dict)
            else None
        )
        steps.append(str(name or step))
    return ".".join(steps) or "the whole file"


def _no_contract(path: Path, faults: list[str]) -> IntakeError:
    return IntakeError(
        "A data contract could not be read.",
        where=f"{path}: {'; '.join(faults[:_MAX_FAULTS])}",
        why="It is not a contract of the Open Data Contract Standard with one table, so nothing is "
        "read in.",
        fix="mend what is named, or compare the file with the other contracts in the folder.",
    )


def _contract_of(content: dict, path: Path) -> Contract:
    (table,) = content["schema"]
    properties = table["properties"]
    keyed = sorted(
        (p for p in properties if p.get("primaryKey")),
        key=lambda p: p.get("primaryKeyPosition", -1),
    )
    references = [
        _reference_of(link, (p["name"],)) for p in properties for link in p.get("relationships", ())
    ]
    references += [
        _reference_of(link, _target(link["from"])[1]) for link in table.get("relationships", ())
    ]
    return Contract(
        table=table["name"],
        path=path,
        columns=tuple(_column_of(p) for p in properties),
        keys=tuple(p["name"] for p in keyed),
        rules=tuple(
            _rule_of(quality)
            for quality in table.get("quality", ())
            if quality.get("engine") == "evalkit"
        ),
        references=tuple(reference for reference in references if reference),
        is_required=_custom(content, "delivery") != "optional",
        terms=_terms(table),
        description=_description(content, content.get("description", {}).get("usage", "")),
    )


def _column_of(declared: dict) -> ContractColumn:
    options = declared.get("logicalTypeOptions", {})
    bounds = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    values = declared.get("enum", ())
    return ContractColumn(
        name=declared["name"],
        kind=str(declared.get("logicalType")),
        is_required=declared.get("required", False),
        may_be_absent=bool(_custom(declared, "mayBeAbsent")),
        allowed=tuple(entry["value"] for entry in values),
        pattern=options.get("pattern"),
        limits={bound: options[bound] for bound in bounds if bound in options},
        labels={entry["value"]: entry.get("label") or str(entry["value"]) for entry in values},
        terms=_terms(declared),
        description=_description(declared, declared.get("description", "")),
    )


def _rule_of(quality: dict) -> CustomRule:
    arguments = dict(quality["implementation"])
    return CustomRule(
        quality["id"],
        quality.get("description", ""),
        arguments.pop("rule"),
        arguments,
        is_flag=quality.get("severity") == FLAG,
    )


def _reference_of(link: dict, columns: tuple[str, ...]) -> Reference | None:
    # A foreign key is what the standard takes a relationship for that does not say.
    return (
        Reference(link["id"], columns, *_target(link["to"]))
        if link.get("type", "foreignKey") == "foreignKey"
        else None
    )


def _target(reference: str | list[str]) -> tuple[str, tuple[str, ...]]:
    targets = [reference] if isinstance(reference, str) else reference
    tables, columns = zip(*(target.split(".") for target in targets), strict=True)
    return tables[0], columns


def _terms(element: dict) -> Text:
    """The term of an element by language: the first synonym whose locale begins with it."""
    return {
        entry["locale"].partition("-")[0]: entry["synonym"]
        for entry in reversed(element.get("synonyms", ()))
        if entry.get("locale")
    }


def _description(element: dict, standard: str) -> Text:
    """What an element means by language: in the standard's own place, and in further languages as
    custom properties (descriptionSv).
    """
    further = {
        entry["property"].removeprefix("description").lower(): entry["value"]
        for entry in element.get("customProperties", ())
        if entry.get("property", "").startswith("description")
    }
    return {TABLE_LANGUAGE: standard, **further}


def _custom(element: dict, name: str) -> Any:
    return next(
        (
            entry.get("value")
            for entry in element.get("customProperties", ())
            if entry.get("property") == name
        ),
        None,
    )


def _faults(contract: Contract, contracts: dict[str, Contract]) -> list[str]:
    file = contract.path.name
    if contract.table not in delivered():
        return [
            f'{file}: unknown table "{contract.table}" ({nearest(contract.table, delivered())})'
        ]
    table = delivered()[contract.table]
    faults = [
        f'{file}: column "{c.name}" has unknown type "{c.kind}"'
        for c in contract.columns
        if c.kind not in DTYPES
    ]
    faults += [
        f'{file}: column "{c.name}" is not a {table.schema[c.name]} as evalkit holds it'
        for c in contract.columns
        if c.kind in DTYPES and table.schema.get(c.name) != c.dtype
    ]
    if contract.keys != table.keys:
        faults.append(f"{file}: the primary key is not {', '.join(table.keys)}")
    for rule in contract.rules:
        faults += [
            f'{file}: rule "{rule.name}" {fault}'
            for fault in _rule_faults(rule, contract.column_names, contracts)
        ]
    for link in contract.references:
        target = contracts.get(link.to_table)
        if (
            target is None
            or not set(link.to_columns) <= set(target.column_names)
            or not set(link.columns) <= set(contract.column_names)
        ):
            faults.append(
                f'{file}: foreign key "{link.name}" names a table or column that does not exist'
            )
    return faults


def _rule_faults(
    rule: CustomRule, columns: list[str], contracts: Mapping[str, Contract]
) -> list[str]:
    if rule.rule not in RULE_ARGUMENTS:
        return [f'is unknown as "{rule.rule}" ({nearest(rule.rule, RULE_ARGUMENTS)})']
    if set(rule.arguments) != set(RULE_ARGUMENTS[rule.rule]):
        return [f"takes the arguments: {', '.join(RULE_ARGUMENTS[rule.rule])}"]
    if rule.is_flag != (rule.rule in DOUBTS) and rule.rule in (*DOUBTS, *_NEVER_A_FLAG):
        return [f"{'cannot have' if rule.is_flag else 'needs'} the severity {FLAG}"]
    faults = [f'names an unknown column "{name}"' for name in rule.columns if name not in columns]
    if "to" in rule.arguments:
        table, named = rule.others
        there = contracts[table].column_names if table in contracts else []
        by = rule.arguments["by"]
        faults += [
            f'names an unknown column "{table}.{name}"'
            for name in (*named, *by)
            if name not in there
        ]
    return faults
