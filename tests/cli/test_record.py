"""`evalkit record`: records become tables and tables records, by the command line."""

from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "data_contracts"
JANUARY = "2026\t01\t0380\t\t1\t9500\tP-1\t1\t0\t0\t2\t35\tP-2\t1\t0\t0\t1\t40\tP-3\r\n"
FEBRUARY = JANUARY.replace("\t01\t", "\t02\t").replace("9500", "9600")
MAPPING = (
    "source: a test\ntables:\n  person: {codes: {district: {'0380': Uppsala}}}\n"
    "  income_support: {codes: {district: {'0380': Uppsala}}}\n"
)


@pytest.fixture
def records(tmp_path):
    """A folder with two records, one of them under a name of somebody else's, and a mapping."""
    (tmp_path / "monthly_record_2026-01.txt").write_bytes(JANUARY.encode())
    (tmp_path / "EKB 2026-02.txt").write_bytes(FEBRUARY.encode())
    beside = "2026\t02\t0380\tP-1\tH-7\t\twork\r\n"
    (tmp_path / "monthly_record_households_2026-02.txt").write_bytes(beside.encode())
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def _read(call, folder, out, *more):
    return call(
        *("record", "read", *sorted(folder.glob("*.txt")), "--out", out),
        *("--contracts", CONTRACTS, "--mapping", folder / "mapping.yaml", *more),
    )


def test_records_become_tables_in_the_form_of_the_contracts(call, records):
    exit_code, out, err = _read(call, records, records / "tables")

    payments = pl.read_csv(records / "tables/income_support.csv", infer_schema=False)
    members = pl.read_csv(records / "tables/household_member.csv", infer_schema=False)
    assert exit_code == 0 and "reading 3 files" in err
    assert payments.select("household_id", "month", "district", "amount", "exit_reason").rows() == [
        ("H-7", "2026-02-01", "Uppsala", "9600", "work"),
        ("H-P-1", "2026-01-01", "Uppsala", "9500", None),
    ]
    assert members.columns[:4] == ["household_id", "person_id", "month", "role"]
    receipt = (records / "tables/receipt.txt").read_text(encoding="utf-8")
    assert receipt.rstrip("\n") in out
    assert "monthly_record_EKB 2026-02.txt: read as official monthly record (grade M)" in receipt
    assert "account" not in receipt


def test_personal_numbers_stop_the_reading(call, records):
    path = records / "monthly_record_2026-01.txt"
    path.write_bytes(JANUARY.replace("P-2", "198112189876").encode())

    exit_code, _, err = _read(call, records, records / "tables")

    assert exit_code == 3
    assert err.splitlines()[1].startswith("IntakeError: 2 cells contain what looks like a person")
    assert "198112189876" not in err and not (records / "tables").exists()


def test_a_folder_that_holds_files_is_left_alone(call, records):
    exit_code, _, err = _read(call, records, records)

    assert exit_code == 3 and "The folder to write is not empty." in err


def test_a_record_that_is_missing_is_told_in_four_lines(call, tmp_path):
    exit_code, _, err = call("record", "read", tmp_path / "none.txt", "--out", tmp_path / "tables")

    assert exit_code == 2
    assert [one.split(":")[0].strip() for one in err.splitlines()][1:] == ["where", "why", "fix"]


def test_tables_become_the_record_that_they_were_read_from(call, records):
    _read(call, records, records / "tables")
    target = records / "again" / "monthly_record_2026.txt"
    target.parent.mkdir()

    exit_code, out, err = call(
        *("record", "write", records / "tables", "--months", "2026-01..2026-02"),
        *("--municipality", "0380", "--out", target, "--contracts", CONTRACTS),
    )

    assert exit_code == 0, err
    assert target.read_bytes() == (JANUARY + FEBRUARY).encode()
    beside = target.with_name("monthly_record_households_2026.txt").read_bytes()
    assert beside == b"2026\t02\t0380\tP-1\tH-7\t\twork\r\n"
    assert "not the official layout" in out


def test_measures_are_the_interventions_of_the_month(call, records):
    _read(call, records, records / "tables")
    (records / "tables/intervention.csv").write_text(
        "intervention_id,name,kind,planned_months\ncoaching,Coachning,support,\nsfi,Sfi,course,\n",
        encoding="utf-8",
    )
    (records / "tables/participation.csv").write_text(
        "person_id,intervention_id,start,end\nP-1,sfi,2025-09-01,2026-02-01\n"
        "P-1,coaching,2026-01-20,\nP-2,sfi,2026-02-28,2026-03-01\n",
        encoding="utf-8",
    )

    exit_code, _, err = call(
        *("record", "write", records / "tables", "--months", "2026-01..2026-02", "--measures"),
        *("--municipality", "0380", "--out", records / "monthly_record_2026.txt"),
        *("--contracts", CONTRACTS),
    )

    lines = (records / "monthly_record_persons_2026.txt").read_text(encoding="utf-8").splitlines()
    said = [tuple(line.split("\t")[i] for i in (1, 3, 7)) for line in lines]
    assert exit_code == 0, err
    assert said == [
        ("01", "P-1", "coaching sfi"),
        ("02", "P-1", "coaching"),
        ("02", "P-2", "sfi"),
    ]


def test_december_is_written_as_the_whole_year(call, records):
    december = JANUARY.replace("\t01\t", "\t12\t")
    (records / "monthly_record_2026-12.txt").write_bytes(december.encode())
    (records / "EKB 2026-02.txt").unlink()
    (records / "monthly_record_households_2026-02.txt").unlink()
    _read(call, records, records / "tables")
    target = records / "monthly_record_again.txt"

    exit_code, _, err = call(
        *("record", "write", records / "tables", "--months", "2026-12"),
        *("--municipality", "Uppsala=0380", "--out", target, "--contracts", CONTRACTS),
    )

    assert exit_code == 0 and "whole year" in err
    assert target.read_bytes() == (JANUARY + december).encode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--months", "2026-02..2026-01", "--municipality", "0380"], "ends before it begins"),
        (["--months", "2026", "--municipality", "0380"], "A month could not be read"),
        (
            ["--months", "2026-01", "--municipality", "0380", "--municipality", "A=0381"],
            "one code, or DISTRICT=CODE",
        ),
        (
            ["--months", "2026-01", "--municipality", "0380", "--district-code", "01"],
            "written DISTRICT=CODE",
        ),
    ],
)
def test_a_wrong_option_is_told(call, tmp_path, arguments, said):
    exit_code, _, err = call(
        "record", "write", tmp_path, *arguments, "--out", tmp_path / "monthly_record_1.txt"
    )

    assert exit_code == 2
    assert said in " ".join(err.replace("│", " ").split())


def test_a_run_file_says_what_is_written(call, tmp_path):
    target = tmp_path / "monthly_record_1995.txt"

    exit_code, out, _ = call(
        *("record", "write", ROOT / "params/northern_ireland.yaml", "--months", "1995-01"),
        *("--municipality", "9999", "--out", target),
    )

    lines = target.read_text(encoding="utf-8").splitlines()
    assert exit_code == 0 and f"{len(lines):,} lines" in out
    assert {tuple(line.split("\t")[:3]) for line in lines} == {("1995", "01", "9999")}
