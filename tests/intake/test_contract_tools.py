"""What is made from contracts: a proposed mapping, templates, documentation; and the mapping
shipped for Lifecare.
"""

import re
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from evalkit.errors import IntakeError
from evalkit.intake import (
    load_contracts,
    write_documentation,
    write_templates,
)
from evalkit.intake.admission.propose import propose_mapping
from evalkit.intake.contracts.contract import RULE_ARGUMENTS
from evalkit.intake.contracts.documentation import N_STEPS
from evalkit.intake.contracts.in_words import FORMS
from evalkit.intake.contracts.mapping import MappingFile, load_mapping
from evalkit.records import validate
from evalkit.words import languages, words

LIFECARE = Path(__file__).parents[2] / "data_contracts/mappings/lifecare.yaml"
N_LIFECARE_REASONS = 23
LIFECARE_PAYMENTS = [
    "id;serviceId;payDate;concernedMonth;amount;district",
    "1;H-1;2026-01-26;2026-01;6000,00;Norr",
    "2;H-1;2026-02-04;2026-01;1500,50;Norr",
    "3;H-3;2026-02-25;2026-02;8000,00;Söder",
]


@pytest.fixture
def contracts(contracts_folder):
    return load_contracts(contracts_folder)


def test_lifecare_carries_all_its_reasons_over_to_headings_of_the_contract(contracts):
    codes = load_mapping(LIFECARE).of("household_member").codes
    allowed = next(
        column.allowed
        for column in contracts["household_member"].columns
        if column.name == "support_obstacle"
    )

    assert set(codes["support_obstacle"]) == set(codes["obstacle_detail"])
    assert (
        len(codes["support_obstacle"])
        == len(set(codes["obstacle_detail"].values()))
        == N_LIFECARE_REASONS
    )
    assert set(codes["support_obstacle"].values()) <= set(allowed)


def test_admit_reads_a_lifecare_reason_as_heading_and_detail_and_tells_the_grade(extract):
    lines = [
        "household_id;person_id;month;role;Orsak",
        "H-1;P-1;2026-01-01;lead;Sjukskriven m läkarintyg, ingen sjukpenning",
    ]
    extract.write(
        "household_member",
        [*lines, "H-1;P-1;2026-02-01;lead;", "H-3;P-3;2026-02-01;lead;Utan försörjningshinder"],
    )
    extract.write("income_support", LIFECARE_PAYMENTS)

    admission = extract.admit(mapping=LIFECARE, max_rejected_share=0)

    member = admission.tables["household_member"].select("support_obstacle", "obstacle_detail")
    assert member.rows() == [
        ("certified_sick", "certified_sick_no_benefit"),
        (None, None),
        ("none", "none"),
    ]
    assert (
        'codes of "support_obstacle" carried over by the mapping, grade M'
        in admission.assumptions["assumption"].to_list()
    )


def test_propose_mapping_recognises_swedish_names_and_warns_of_last_days(contracts, tmp_path):
    path = tmp_path / "uttag.csv"
    path.write_text(
        "Löpnr;Insatskod;FOM;TOM;Handläggare\nx;y;2026-01-01;2026-02-01;z\n", encoding="utf-8"
    )

    text = propose_mapping(path, contracts)

    proposed = validate(yaml.safe_load(text), MappingFile, where="proposed").of("participation")
    assert proposed.columns == {
        "person_id": "Löpnr",
        "intervention_id": "Insatskod",
        "start": "FOM",
        "end": "TOM",
    }
    assert proposed.last_days == ("end",)
    assert "# not used: Handläggare" in text


def test_propose_mapping_knows_a_month_by_its_swedish_name_alone(contracts, tmp_path):
    path = tmp_path / "utbetalt.csv"
    path.write_text("Hushålls-ID;Månad;Stadsdel;Belopp;Valuta\n", encoding="utf-8")

    proposed = propose_mapping(path, contracts)

    assert "  income_support:\n" in proposed and 'month: "Månad"' in proposed


@pytest.mark.parametrize(
    ("names", "expected"),
    [("Kommun;Stadsdel", "Stadsdel"), ("Kommun;Distrikt", "Distrikt"), ("Kommun", "Kommun")],
)
def test_propose_mapping_takes_municipalities_for_districts_where_nothing_surer_is_there(
    contracts, tmp_path, names, expected
):
    path = tmp_path / "utbetalt.csv"
    path.write_text(f"Hushålls-ID;Månad;{names};Belopp;Valuta\n", encoding="utf-8")

    assert f'district: "{expected}"' in propose_mapping(path, contracts)


def test_propose_mapping_never_shows_a_cell(contracts, tmp_path):
    path = tmp_path / "person.csv"
    path.write_text("person_id;kon\nKonfidentiell;Konfidentiell\n", encoding="utf-8")

    assert "Konfidentiell" not in propose_mapping(path, contracts)


def test_propose_mapping_refuses_a_file_that_is_no_table_whatever_its_first_line_says(
    contracts, tmp_path, four_lines
):
    path = tmp_path / "README.md"
    path.write_text("person_id;district;sex\nare the columns of the table.\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        propose_mapping(path, contracts)

    lines = four_lines(caught.value)
    assert lines["what"] == "This file is of no kind that holds a table."
    assert lines["where"] == "README.md"
    assert ".csv" in lines["why"] and ".parquet" in lines["why"]
    assert "delivered files" in lines["fix"]


def test_propose_mapping_refuses_a_file_of_no_table(contracts, tmp_path, four_lines):
    path = tmp_path / "weather.csv"
    path.write_text("rain;snow\n1;2\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        propose_mapping(path, contracts)

    lines = four_lines(caught.value)
    assert lines["what"] == "No table was found to which this file could belong."
    assert "rain, snow" in lines["where"]
    assert "any contract" in lines["why"]
    assert "--table" in lines["fix"]


def test_admit_takes_a_last_day_for_the_day_before_the_end(extract, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables: {participation: {last_days: [end]}}\n", encoding="utf-8"
    )

    admission = extract.admit(mapping=mapping, max_rejected_share=0)

    assert admission.tables["participation"]["end"].to_list() == [date(2026, 3, 3), None]


def test_admit_takes_a_last_month_for_the_month_before_the_end(extract, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables: {participation: {last_days: [end], formats: {end: '%Y%m'}}}\n",
        encoding="utf-8",
    )
    rows = [
        "P-1,work_training,2026-01-12,202603",
        "P-3,work_training,2026-02-01,",
        "P-2,work_training,2026-02-01,2026-02-27",
    ]
    extract.write("participation", ["person_id,intervention_id,start,end", *rows])

    admission = extract.admit(mapping=mapping, max_rejected_share=0)

    assert admission.tables["participation"]["end"].to_list() == [
        date(2026, 4, 1),
        date(2026, 2, 28),
        None,
    ]


def test_swedish_terms_tell_the_columns_of_a_table_apart(contracts):
    repeated = [
        table
        for table, contract in contracts.items()
        if len({c.term.lower() for c in contract.columns}) < len(contract.columns)
    ]

    assert repeated == []


def test_templates_offer_the_swedish_words_and_explain_every_column(contracts, tmp_path):
    paths = write_templates(contracts, tmp_path)

    assert {path.name for path in paths} == {
        *(f"{table}.xlsx" for table in contracts),
        "registration.xlsx",
        "Dataordlista.xlsx",
    }
    dictionary = pl.read_excel(tmp_path / "Dataordlista.xlsx")
    assert dictionary.height == sum(len(contract.columns) for contract in contracts.values())
    lists = pl.read_excel(tmp_path / "person.xlsx", sheet_name="Listor", has_header=False)
    assert {"kvinna", "man"} <= {cell for name in lists.columns for cell in lists[name].to_list()}


def test_templates_in_a_language_without_terms_have_names_and_codes(contracts, tmp_path):
    write_templates(contracts, tmp_path, language="en")

    person = pl.read_excel(tmp_path / "person.xlsx", sheet_name="person")
    lists = pl.read_excel(tmp_path / "person.xlsx", sheet_name="Lists", has_header=False)
    assert person.columns == contracts["person"].column_names
    assert {"female", "male"} <= {cell for name in lists.columns for cell in lists[name].to_list()}
    assert (tmp_path / "Data dictionary.xlsx").exists()


@pytest.mark.parametrize("language", languages())
def test_every_rule_kind_and_form_of_a_contract_has_words(contracts, language):
    reader = words(language)
    columns = [column for contract in contracts.values() for column in contract.columns]
    kinds = {f"contract.kind_{column.kind}" for column in columns}
    patterns = {column.pattern for column in columns if column.pattern}

    assert patterns <= FORMS.keys()
    asked = {f"contract.rule_{rule}" for rule in RULE_ARGUMENTS} | kinds | set(FORMS.values())
    assert {key for key in asked if not reader.has(key)} == set()
    n_steps = sum(key.startswith("contract.step_") for key in reader.entries)
    assert n_steps == N_STEPS


def test_templates_are_the_same_bytes_each_time(contracts, tmp_path):
    first, second = (
        write_templates({"need": contracts["need"]}, tmp_path / name)[0] for name in ("a", "b")
    )

    assert first.read_bytes() == second.read_bytes()


def test_a_filled_in_template_is_admitted_as_it_is(extract, contracts, tmp_path):
    import xlsxwriter

    columns = contracts["participation"].columns
    (extract.folder / "participation.csv").unlink()
    row = {
        "person_id": "P-1",
        "intervention_id": "work_training",
        "start": datetime(2026, 1, 12),
        "responsible_role": "socialsekreterare",
    }
    with xlsxwriter.Workbook(
        extract.folder / "participation.xlsx", {"default_date_format": "yyyy-mm-dd"}
    ) as book:
        sheet = book.add_worksheet("participation")
        sheet.write_row(0, 0, [column.term for column in columns])
        sheet.write_row(1, 0, [row.get(column.name) for column in columns])

    participation = extract.admit(max_rejected_share=0).tables["participation"]

    assert participation.select("start", "end", "responsible_role").row(0) == (
        date(2026, 1, 12),
        None,
        "case_worker",
    )


@pytest.mark.parametrize("language", ["sv", "en"])
def test_documentation_names_everything_and_loads_nothing(contracts, tmp_path, language):
    write_documentation(contracts, tmp_path)

    page = (tmp_path / f"contracts.{language}.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page
    assert all(
        f"<code>{column.name}</code>" in page
        for contract in contracts.values()
        for column in contract.columns
    )
    assert "http" not in page and "<script" not in page and " src=" not in page


def test_documentation_speaks_swedish_about_every_rule(contracts, tmp_path):
    write_documentation(contracts, tmp_path)

    page = (tmp_path / "contracts.sv.html").read_text(encoding="utf-8")
    assert "(n_reached) får inte vara större (senare) än" in page and "No period" not in page


@pytest.mark.parametrize("language", ["sv", "en"])
def test_documentation_can_be_read_by_someone_who_does_not_program(contracts, tmp_path, language):
    write_documentation(contracts, tmp_path)

    page = (tmp_path / f"contracts.{language}.html").read_text(encoding="utf-8")
    assert not any(sign in page for sign in ("built-in", "^[", "minimum", "exclusive", "None"))
    assert page.count("<caption>") == page.count("<table ") == len(contracts)
    assert page.count("<th ") == page.count('scope="col"') + page.count('scope="row"')
    assert page.index('id="income_support"') < page.index('id="account"'), (
        "tables that must be delivered stand first"
    )
    assert (
        set(re.findall(r'href="#(\w+)"', page))
        == set(re.findall(r'<h3 id="(\w+)"', page))
        == set(contracts)
    )
