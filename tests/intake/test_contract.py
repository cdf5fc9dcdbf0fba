"""Contracts: valid by the standard, equal to the tables they describe, and refused when they cannot
be followed.
"""

import json
import shutil
from datetime import date
from importlib.resources import files

import jsonschema
import pytest
import yaml

from evalkit.errors import IntakeError, ParameterError
from evalkit.intake import admit, load_contracts
from evalkit.intake.contracts.mapping import ExtraColumn, load_mapping, with_covariates
from evalkit.line.delivered import delivered
from evalkit.vocabulary import SENDER_LANGUAGE

DELIVERED_TABLES = set(delivered())


@pytest.fixture
def own_contracts(tmp_path, contracts_folder):
    """A copy of the contracts that a test may spoil: edit(table, old, new) changes one text."""
    folder = tmp_path / "data_contracts"
    shutil.copytree(contracts_folder, folder)

    def edit(table: str, old: str, new: str):
        path = folder / f"{table}.odcs.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return edit


def test_contracts_are_valid_by_the_schema_of_the_standard(contracts_folder):
    schema = json.loads(
        (files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8")
    )
    validator = jsonschema.validators.validator_for(schema)(schema)

    faults = {
        path.name: [
            fault.message
            for fault in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))
        ]
        for path in contracts_folder.glob("*.odcs.yaml")
    }

    assert faults == {f"{table}.odcs.yaml": [] for table in DELIVERED_TABLES}


def test_contracts_declare_the_columns_of_the_admitted_tables(contracts_folder):
    contracts = load_contracts(contracts_folder)

    declared = {
        table: {column.name: column.dtype for column in contract.columns}
        for table, contract in contracts.items()
    }

    assert declared == {name: dict(one.schema) for name, one in delivered().items()}


def test_contracts_require_persons_and_payments_alone(contracts_folder):
    required = {
        table
        for table, contract in load_contracts(contracts_folder).items()
        if contract.is_required
    }

    assert required == {"person", "income_support"}


def test_contracts_say_everything_in_the_language_of_senders_too(contracts_folder):
    contracts = load_contracts(contracts_folder).values()

    unsaid = [
        (contract.table, getattr(part, "name", ""))
        for contract in contracts
        for part in (contract, *contract.columns)
        if not part.description.get(SENDER_LANGUAGE) or SENDER_LANGUAGE not in part.terms
    ]

    assert unsaid == []


def test_contracts_explain_every_column_in_english_with_the_swedish_term(contracts_folder):
    columns = [
        (path.name, column)
        for path in contracts_folder.glob("*.odcs.yaml")
        for column in yaml.safe_load(path.read_text(encoding="utf-8"))["schema"][0]["properties"]
    ]

    unexplained = [
        (name, c["name"])
        for name, c in columns
        if not c.get("description") or c["synonyms"][0].get("locale") != "sv-SE"
    ]

    assert unexplained == []


def test_load_contracts_refuses_a_folder_without_contracts(tmp_path, four_lines):
    with pytest.raises(IntakeError) as caught:
        load_contracts(tmp_path)

    lines = four_lines(caught.value)
    assert lines["what"] == "No data contract was found."
    assert "*.odcs.yaml" in lines["where"]
    assert "nothing is read in" in lines["why"]
    assert "data_contracts/" in lines["fix"]


def test_load_contracts_names_all_statements_it_cannot_follow(own_contracts, four_lines):
    own_contracts(
        "livelihood",
        "rule: end_after_start, start: start, end: end",
        "rule: end_after_strat, start: start, end: end",
    )
    folder = own_contracts(
        "income_support", "first: amount, second: currency", "first: amount, second: curency"
    )

    with pytest.raises(IntakeError) as caught:
        load_contracts(folder)

    lines = four_lines(caught.value)
    assert lines["what"].startswith("2 statements")
    assert 'is unknown as "end_after_strat" (did you mean "end_after_start"?)' in lines["where"]
    assert 'names an unknown column "curency"' in lines["where"]
    assert "never be checked" in lines["why"]
    assert "no_overlap" in lines["fix"]


@pytest.mark.parametrize(
    ("table", "old", "new", "fault"),
    [
        (
            "person",
            "name: person\n    physicalName",
            "name: persons\n    physicalName",
            'unknown table "persons"',
        ),
        (
            "person",
            "logicalType: number",
            "logicalType: integer",
            'column "weight" is not a Float64',
        ),
        (
            "participation",
            "logicalType: date",
            "logicalType: timestamp",
            'column "start" has unknown type "timestamp"',
        ),
        (
            "livelihood",
            "primaryKeyPosition: 2",
            "primaryKeyPosition: 0",
            "the primary key is not person_id, start",
        ),
        ("livelihood", "to: person.person_id", "to: person.id", 'foreign key "person_known"'),
        (
            "person",
            "rule: known_district, column",
            "rule: known_district, columns",
            "takes the arguments: column",
        ),
    ],
)
def test_load_contracts_finds_a_fault(own_contracts, table, old, new, fault):
    folder = own_contracts(table, old, new)

    with pytest.raises(IntakeError) as caught:
        load_contracts(folder)

    assert fault in caught.value.where


def test_load_contracts_refuses_what_is_no_contract(own_contracts, four_lines):
    folder = own_contracts("person", "kind: DataContract", "kind: DataContract\nunheard_of: true")

    with pytest.raises(IntakeError) as caught:
        load_contracts(folder)

    lines = four_lines(caught.value)
    assert lines["what"] == "A data contract could not be read."
    assert lines["where"].endswith(
        "person.odcs.yaml: the whole file: Additional properties are not allowed ('unheard_of' was "
        "unexpected)"
    )
    assert "Open Data Contract Standard" in lines["why"]
    assert "compare" in lines["fix"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "required: true",
            "requried: true",
            "schema.person.properties.person_id: Unevaluated properties are not allowed "
            "('requried'",
        ),
        (
            "logicalType: string",
            "logicalType: strng",
            'schema.person.properties.person_id.logicalType: "strng" is not one of',
        ),
        (
            "logicalType: integer",
            "logicalType: string",
            "schema.person.properties.birth_year.logicalTypeOptions: Additional properties",
        ),
        ("version: 1.0.0", "version: [1", "line 3: not YAML"),
        (
            "schema:\n",
            "schema:\n  - name: other\n    properties: []\n",
            "schema: 2 tables; one is expected",
        ),
        (
            "implementation: { rule: known_district, column: district }",
            "implementation: rule",
            "schema.person.quality.district_known: needs",
        ),
    ],
)
def test_load_contracts_names_what_the_standard_does_not_know(own_contracts, old, new, fault):
    folder = own_contracts("person", old, new)

    with pytest.raises(IntakeError) as caught:
        load_contracts(folder)

    assert fault in caught.value.where


def test_mapping_declares_when_each_covariate_was_measured(contracts_folder):
    mapping = load_mapping(contracts_folder / "mappings" / "northern_ireland.yaml")

    known = {
        covariate.name: covariate.is_known_at_first_month
        for covariate in mapping.of("person").covariates
    }

    assert known == {
        "catholic": True,
        "grammar": True,
        "gcse5eq": True,
        "funemp": False,
        "fmpr": False,
        "livboth": False,
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "source: x\ntables: {person: {colums: {sex: KON}}}",
            'unknown key "tables.person.colums" (did you mean "columns"?)',
        ),
        ("source: x\ntabels: {}", 'unknown key "tabels" (did you mean "tables"?)'),
        ("tables: {}", 'missing key "source"'),
        ("source: x\ntables: {person: {grades: {sex: Q}}}", '"tables.person.grades.sex": '),
        (
            "source: x\ntables: {person: {covariates: [{name: sex}]}}",
            'missing key "tables.person.covariates.0.type"',
        ),
        (
            "source: x\ntables: {person: {covariates: [{name: A b, type: string, description: {}, "
            "measured: x, is_known_at_first_month: yes}]}}",
            '"tables.person.covariates.0": the name of a covariate is written as',
        ),
    ],
)
def test_load_mapping_names_what_it_does_not_know(tmp_path, text, fault):
    path = tmp_path / "mapping.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ParameterError) as caught:
        load_mapping(path)

    assert fault in caught.value.where


def test_with_covariates_refuses_a_name_that_the_contract_has(contracts_folder, four_lines):
    person = load_contracts(contracts_folder)["person"]
    sex = ExtraColumn(
        name="sex",
        type="string",
        description={"en": "Sex"},
        measured="at birth",
        is_known_at_first_month=True,
    )

    with pytest.raises(IntakeError) as caught:
        with_covariates(person, (sex,))

    lines = four_lines(caught.value)
    assert "declares covariates" in lines["what"]
    assert lines["where"] == "table person: sex"
    assert "cannot replace" in lines["why"]
    assert "rename" in lines["fix"]


def test_foreign_keys_in_a_circle_are_refused(own_contracts, extract, four_lines):
    circle = (
        "    relationships:\n      - {id: back, type: foreignKey, from: person.person_id, "
        "to: "
        "livelihood.person_id}\n    quality:\n"
    )
    folder = own_contracts("person", "    quality:\n", circle)

    with pytest.raises(IntakeError) as caught:
        _admit_with(extract, folder)

    lines = four_lines(caught.value)
    assert "circle" in lines["what"]
    assert "livelihood" in lines["where"] and "person" in lines["where"]
    assert "first" in lines["why"]
    assert "remove" in lines["fix"]


def _admit_with(extract, contracts):
    return admit(
        extract.folder,
        contracts,
        districts=["Norr", "Söder"],
        first_month=date(2026, 1, 1),
        data_through=date(2026, 6, 1),
    )
