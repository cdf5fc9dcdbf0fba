"""What is enough: persons and payments, and beside them what the run file asks for."""

from datetime import date
from hashlib import sha256

import polars as pl
import pytest

from evalkit.errors import IntakeError
from evalkit.intake import admit, load_contracts
from evalkit.intake.admission.lone_adults import NOTE
from evalkit.intake.admission.pseudonymise import pseudonymise
from evalkit.line.delivered import as_delivered, delivered
from evalkit.line.needs import Need

OTHERS = ("household_member", "intervention", "participation", "livelihood")
OF_PERSONS = [
    "household_id,month,district",
    "P-1,2026-01-01,Norr",
    "P-1,2026-02-01,Norr",
    "P-3,2026-02-01,Söder",
]


@pytest.fixture
def persons_and_payments(extract):
    """The small extract with each household named after its person, and nothing else."""
    for table in OTHERS:
        (extract.folder / f"{table}.csv").unlink()
    extract.write("income_support", OF_PERSONS)
    return extract


def test_persons_and_payments_are_enough(persons_and_payments):
    admission = persons_and_payments.admit(max_rejected_share=0)

    assert set(admission.tables) == {"person", "income_support", "household_member"}
    assert set(admission.receipt["table"]) == {"person", "income_support"}


def test_households_without_members_are_one_adult_of_the_same_id(persons_and_payments):
    admission = persons_and_payments.admit(max_rejected_share=0)

    members = admission.tables["household_member"]
    assert members.schema == delivered()["household_member"].schema
    assert members.select("household_id", "person_id", "month", "role").rows() == [
        ("P-1", "P-1", date(2026, 1, 1), "lead"),
        ("P-1", "P-1", date(2026, 2, 1), "lead"),
        ("P-3", "P-3", date(2026, 2, 1), "lead"),
    ]
    notes = admission.assumptions.filter(table="household_member")["assumption"].to_list()
    assert notes == [NOTE]


def test_a_month_of_several_decisions_is_one_month_of_a_household_without_members(
    persons_and_payments,
):
    persons_and_payments.write(
        "income_support",
        [
            "household_id,month,district,amount,currency,decision",
            "P-1,2026-01-01,Norr,100,SEK,bistånd",
            "P-1,2026-01-01,Norr,40,SEK,återkrav",
            "P-3,2026-02-01,Söder,100,SEK,förskott på förmån",
        ],
    )

    tables = persons_and_payments.admit(max_rejected_share=0).tables

    assert tables["income_support"].height == 3
    assert tables["household_member"].select("person_id", "month").rows() == [
        ("P-1", date(2026, 1, 1)),
        ("P-3", date(2026, 2, 1)),
    ]


def test_a_household_that_is_no_person_is_set_aside(persons_and_payments, rejections):
    persons_and_payments.write("income_support", [*OF_PERSONS, "H-9,2026-01-01,Norr"])

    admission = persons_and_payments.admit()

    assert rejections(admission) == [("income_support", "household_is_person", 5)]
    assert admission.tables["household_member"].height == 3


def test_households_that_are_no_persons_are_refused_with_both_ways_out(
    persons_and_payments, four_lines
):
    persons_and_payments.write("income_support", [OF_PERSONS[0], "H-1,2026-01-01,Norr"])

    with pytest.raises(IntakeError) as caught:
        persons_and_payments.admit()

    fix = four_lines(caught.value)["fix"]
    assert "deliver household_member" in fix and "person_id as household_id" in fix


def test_a_table_that_was_not_delivered_reads_as_its_empty_declaration(persons_and_payments):
    tables = persons_and_payments.admit().tables

    livelihood = as_delivered(tables, "livelihood")

    assert livelihood.is_empty()
    assert livelihood.schema == delivered()["livelihood"].schema
    assert as_delivered(tables, "person") is tables["person"]


@pytest.mark.parametrize(
    ("need", "name"),
    [
        (Need("livelihood", "key A"), "livelihood (asked for by key A)"),
        (Need("person", "key B", "birth_year"), "person.birth_year (asked for by key B)"),
        (
            Need("livelihood", "key C", instead=(("income_support", "exit_reason"),)),
            "livelihood or else income_support.exit_reason (asked for by key C)",
        ),
    ],
)
def test_what_the_run_file_asks_for_and_nobody_delivered_is_refused(
    persons_and_payments, four_lines, need, name
):
    with pytest.raises(IntakeError) as caught:
        persons_and_payments.admit(needs=[need])

    lines = four_lines(caught.value)
    assert lines["what"].endswith("that the run file asks for was not delivered.")
    assert lines["where"] == name
    assert "take the keys out of the run file" in lines["fix"]


def test_what_does_as_well_is_enough(persons_and_payments):
    persons_and_payments.write(
        "income_support",
        [f"{OF_PERSONS[0]},exit_reason", *(f"{row},work" for row in OF_PERSONS[1:])],
    )
    need = Need("livelihood", "key", instead=(("income_support", "exit_reason"),))

    assert persons_and_payments.admit(needs=[need]).tables["person"].height == 3


def test_a_last_month_of_a_table_that_is_not_there_is_refused(persons_and_payments, four_lines):
    through = {"income_support": date(2026, 6, 1), "livelihood": date(2026, 3, 1)}

    with pytest.raises(IntakeError) as caught:
        persons_and_payments.admit(data_through=through)

    assert four_lines(caught.value)["where"] == "run file, extract.data_through: livelihood"


def test_pseudonyms_of_households_without_members_are_those_of_their_persons(
    persons_and_payments, contracts_folder, tmp_path
):
    made = tmp_path / "made"
    key = sha256(b"the key of the tests").digest()
    pseudonymise(persons_and_payments.folder, made, load_contracts(contracts_folder), key=key)

    admission = admit(
        made,
        contracts_folder,
        districts=("Norr", "Söder"),
        first_month=date(2026, 1, 1),
        data_through=date(2026, 6, 1),
        max_rejected_share=0,
    )

    assert admission.tables["income_support"].height == 3
    assert admission.tables["person"].filter(pl.col("person_id") == "P-1").is_empty()


# The people of two systems: the same ids, and other people.
OF_SUPPORT = ["person_id,district,birth_year,sex", "1,Norr,1980,female", "2,Norr,1990,male"]
OF_SUPPORT += ["3,Söder,1970,female"]
OF_WORK = ["person_id,district,birth_year,sex", "1,Norr,1961,male", "2,Norr,2001,male"]
OF_WORK += ["3,Söder,1970,male"]


@pytest.fixture
def two_systems(persons_and_payments):
    """Persons and payments of one system, persons and participation of another."""
    folder = persons_and_payments.folder
    (folder / "person.csv").unlink()
    persons_and_payments.write("person_stod", OF_SUPPORT)
    persons_and_payments.write("person_ame", OF_WORK)
    payments = ["household_id,month,district", "1,2026-01-01,Norr", "3,2026-02-01,Söder"]
    persons_and_payments.write("income_support", payments)
    persons_and_payments.write(
        "participation_ame", ["person_id,intervention_id,start,end", "1,coaching,2026-01-05,"]
    )
    return persons_and_payments


def test_two_systems_that_number_their_people_alike_are_refused(two_systems, four_lines):
    with pytest.raises(IntakeError) as caught:
        two_systems.admit(max_rejected_share=1)

    lines = four_lines(caught.value)
    assert lines["what"].startswith("3 ids name different people in different files")
    assert lines["where"].startswith("person_ame.csv, person_stod.csv: 3 of 3 ids")
    assert "id_prefix" in lines["fix"]


def test_a_prefix_keeps_the_people_of_two_systems_apart(two_systems, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text('source: two systems\nid_prefix: {"*_ame": "A-"}\n', encoding="utf-8")

    admission = two_systems.admit(max_rejected_share=0, mapping=mapping)

    assert sorted(admission.tables["person"]["person_id"]) == ["1", "2", "3", "A-1", "A-2", "A-3"]
    assert admission.tables["participation"]["person_id"].to_list() == ["A-1"]
    assert admission.tables["income_support"]["household_id"].to_list() == ["1", "3"]
    notes = admission.assumptions.filter(table="participation")["assumption"].to_list()
    assert 'ids are read with "A-" before them' in notes


def test_a_single_person_whose_files_contradict_each_other_is_set_aside(two_systems, rejections):
    two_systems.write("person_ame", OF_WORK[:2])

    admission = two_systems.admit(max_rejected_share=1)

    assert ("person", "key_not_contradicted", 2) in rejections(admission)
