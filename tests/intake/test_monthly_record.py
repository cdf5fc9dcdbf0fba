"""The official monthly record: read, written, and the December file of the whole year."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IntakeError
from evalkit.intake.reading.monthly_record import read_monthly_records, write_monthly_record

JANUARY = "2026\t01\t0180\t01\t1\t9500\tP-1\t1\t0\t0\t2\t35\tP-2\t1\t0\t0\t1\t40\tP-3\r\n"
FEBRUARY = "2026\t02\t0180\t01\t1\t9600\tP-1\t1\t0\t0\t2\t35\tP-2\t1\t0\t0\t1\t40\tP-3\r\n"


@pytest.fixture
def record_extract(extract, tmp_path):
    """An extract whose persons, payments and members come from monthly records."""
    for table in ("person", "income_support", "household_member"):
        (extract.folder / f"{table}.csv").unlink()
    extract.write("participation", ["person_id,intervention_id,start,end"])
    extract.write("livelihood", ["person_id,start,end,state"])
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  person: {codes: {district: {'01': Norr}}}\n  income_support: "
        "{codes: {district: {'01': Norr}}}\n",
        encoding="utf-8",
    )

    def write(name, *lines):
        (extract.folder / f"monthly_record_{name}.txt").write_bytes("".join(lines).encode())
        return mapping

    return write


def test_admit_takes_three_tables_from_a_monthly_record(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY)

    tables = extract.admit(mapping=mapping, max_rejected_share=0).tables

    assert tables["income_support"].row(0)[:5] == ("H-P-1", date(2026, 1, 1), "Norr", 9500.0, "SEK")
    assert tables["income_support"]["n_children"].to_list() == [1]
    assert tables["household_member"].select("person_id", "role").rows() == [
        ("P-1", "lead"),
        ("P-2", "co_applicant"),
        ("P-3", "child"),
    ]
    assert tables["person"].select("person_id", "birth_year", "sex").rows() == [
        ("P-1", 1991, "female"),
        ("P-2", 1986, "male"),
        ("P-3", None, None),
    ]


def test_admit_sets_months_aside_that_the_december_file_sends_again(
    extract, record_extract, rejections
):
    record_extract("2026-01", JANUARY)
    record_extract("2026-02", FEBRUARY)
    corrected = [
        JANUARY.replace("9500", "8000"),
        FEBRUARY,
        JANUARY.replace("\t01\t0180", "\t12\t0180"),
    ]
    mapping = record_extract("2026-12", *corrected)

    admission = extract.admit(mapping=mapping, data_through=date(2026, 12, 1), max_rejected_share=0)

    payments = [
        found
        for found in admission.rejected.filter(table="income_support")
        .select("file", "line", "rule")
        .rows()
    ]
    assert sorted(payments) == [
        (f"monthly_record_2026-{month}.txt", 1, "superseded_by_full_year") for month in ("01", "02")
    ]
    assert admission.tables["income_support"]["amount"].to_list() == [8000.0, 9600.0, 9500.0]


def test_admit_sets_a_record_line_with_too_few_fields_aside(extract, record_extract, rejections):
    mapping = record_extract("2026-01", JANUARY, "2026\t01\t0180\t01\t1\r\n")

    admission = extract.admit(mapping=mapping, max_rejected_share=0.5)

    assert rejections(admission) == [
        ("household_member", "row_is_whole", 2),
        ("income_support", "row_is_whole", 2),
    ]


def test_admit_refuses_a_record_with_personal_numbers(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY.replace("P-1", "198112189876"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert 'monthly_record_2026-01.txt, column "person_id", lines 1' in caught.value.where


def test_read_monthly_records_refuses_what_is_no_record(tmp_path, four_lines):
    path = tmp_path / "monthly_record.txt"
    path.write_text("Ar;Manad\n2026;01\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        read_monthly_records([path])

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record could not be read."
    assert lines["where"] == "monthly_record.txt"
    assert "12 fields" in lines["why"]
    assert "pseudonyms" in lines["fix"]


def test_admit_refuses_a_record_of_another_years_layout(extract, record_extract, four_lines):
    # A field that the layout does not know stands before the amount: all that follows is one place
    # off.
    mapping = record_extract("2026-01", JANUARY.replace("\t9500", "\t1\t9500"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record has another layout than the one that is read here."
    assert lines["where"].startswith(
        "monthly_record_2026-01.txt: field 7 (person_1), field 8 (status_1)"
    )
    assert "Nothing was read in." in lines["why"]
    assert "record_layout.py" in lines["fix"]


def test_admit_refuses_a_record_with_codes_where_children_should_stand(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY.replace("\tP-3", "\t12\t03"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert "field 19 (a person's number), field 20" in caught.value.where


def test_admit_takes_a_record_in_which_single_fields_are_wrong(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY, FEBRUARY.replace("\t35\t", "\tborn 1991\t"))

    admission = extract.admit(mapping=mapping)

    assert admission.tables["income_support"].height == 2


def test_write_monthly_record_writes_the_fields_in_their_places(extract, record_extract, tmp_path):
    mapping = record_extract("2026-01", JANUARY)
    tables = extract.admit(mapping=mapping, max_rejected_share=0).tables

    path = write_monthly_record(
        tables,
        tmp_path / "out.txt",
        months=[date(2026, 1, 1)],
        municipality="0180",
        district_codes={"Norr": "01"},
    )

    assert (
        path.read_bytes()
        == b"2026\t01\t0180\t01\t1\t9500\tP-1\t\t\t\t2\t35\tP-2\t\t\t\t1\t40\tP-3\r\n"
    )


def test_write_monthly_record_refuses_a_household_without_applicant(extract, tmp_path, four_lines):
    tables = extract.admit(max_rejected_share=0).tables
    tables["household_member"] = tables["household_member"].filter(pl.col("role") != "lead")

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(
            tables, tmp_path / "out.txt", months=[date(2026, 1, 1)], municipality="180"
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record cannot be written."
    assert (
        lines["where"]
        == "municipality of 3 characters; 1 households without an applicant (role lead)"
    )
    assert "four digits" in lines["why"]
    assert "lead" in lines["fix"]


def test_write_monthly_record_refuses_tables_that_were_not_admitted(extract, tmp_path, four_lines):
    tables = extract.admit(max_rejected_share=0).tables
    tables["income_support"] = (
        tables["income_support"].with_columns(pl.col("month").cast(pl.String)).drop("amount")
    )
    del tables["household_member"]

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(
            tables, tmp_path / "out.txt", months=[date(2026, 1, 1)], municipality="0180"
        )

    where = four_lines(caught.value)["where"]
    assert all(
        place in where
        for place in (
            "income_support: month",
            "income_support: amount",
            "household_member: person_id",
        )
    )
    assert "income_support: district" not in where


HOUSEHOLDS = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 99999), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15)
@given(households=HOUSEHOLDS)
def test_a_written_record_is_read_back_as_it_was(tmp_path, households):
    payments, members, persons = [], [], []
    for i, (month, amount, has_partner, n_children) in enumerate(households):
        roles = ["lead", *["co_applicant"] * has_partner, *["child"] * n_children]
        payments.append((f"H-P{i}-0", date(2026, month, 1), "Norr", float(amount), n_children))
        members += [
            (f"H-P{i}-0", f"P{i}-{j}", date(2026, month, 1), role) for j, role in enumerate(roles)
        ]
        persons += [(f"P{i}-{j}", "female", 1980) for j in range(len(roles))]
    tables = {
        "income_support": pl.DataFrame(
            payments,
            schema=["household_id", "month", "district", "amount", "n_children"],
            orient="row",
        ),
        "household_member": pl.DataFrame(
            members, schema=["household_id", "person_id", "month", "role"], orient="row"
        ),
        "person": pl.DataFrame(persons, schema=["person_id", "sex", "birth_year"], orient="row"),
    }

    path = write_monthly_record(
        tables,
        tmp_path / "monthly_record.txt",
        months=[date(2026, m, 1) for m in range(1, 13)],
        municipality="0380",
    )
    read = {table: files[0].cells for table, files in read_monthly_records([path]).items()}

    assert sorted(read["income_support"].select("household_id", "amount").rows()) == sorted(
        (p[0], str(int(p[3]))) for p in payments
    )
    assert sorted(
        read["household_member"].select("household_id", "person_id", "role").rows()
    ) == sorted((h, p, role) for h, p, _, role in members)
