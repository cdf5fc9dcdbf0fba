"""Gate 1: no personal number enters, wherever it stands, and none is shown.

The numbers are examples: 811218-9876 stands in Skatteverket's description of the check digit (SKV 704), 701063-2391 is a samordningsnummer.
"""

import polars as pl
import pytest

from evalkit.errors import IntakeError

PERSONAL_NUMBER, COORDINATION_NUMBER = "811218-9876", "701063-2391"


def test_gate_names_file_column_and_lines_never_the_value(extract, four_lines):
    extract.write(
        "person", ["person_id,district,note", "P-1,Norr,", f"P-2,Norr,ring {PERSONAL_NUMBER}", f"P-3,Söder,{COORDINATION_NUMBER}"]
    )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "2 cells contain what looks like a personnummer or samordningsnummer."
    assert lines["where"] == 'person.csv, column "note", lines 3, 4'
    assert "rule no_personnummer" in lines["why"] and "Nothing was read in." in lines["why"]
    assert "delete these ones" in lines["fix"]
    assert PERSONAL_NUMBER not in str(caught.value) and COORDINATION_NUMBER not in str(caught.value)


@pytest.mark.parametrize("written", ["198112189876", "8112189876", "811218 9876", "19811218-9876", "8112189876.0"])
def test_gate_finds_every_way_of_writing(extract, written):
    extract.add("household_member", f"H-9,{written},2026-01-01,lead")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'household_member.csv, column "person_id", lines 6'


def test_gate_searches_files_that_no_contract_names(extract):
    (extract.folder / "notes.txt").write_text(f"hello\ncall {PERSONAL_NUMBER} back\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'notes.txt, column "whole line", lines 2'


def test_gate_searches_cells_beyond_the_last_column(extract):
    extract.add("livelihood", f"P-2,2026-02-01,,work,{PERSONAL_NUMBER}")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'livelihood.csv, column "whole line", lines 6'


def test_gate_searches_numbers_in_parquet(extract):
    (extract.folder / "person.csv").unlink()
    person = pl.DataFrame({"person_id": ["P-1", "P-2", "P-3"], "district": ["Norr", "Norr", "Söder"], "code": [1, 198112189876, 3]})
    person.write_parquet(extract.folder / "person.parquet")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'person.parquet, column "code", lines 2'


def test_gate_names_all_files_at_once(extract):
    extract.add("person", f"{PERSONAL_NUMBER},Norr,male")
    extract.add("livelihood", f"{PERSONAL_NUMBER},2026-01-01,,work")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert "person.csv" in caught.value.where and "livelihood.csv" in caught.value.where


def test_gate_lets_ten_digits_without_a_valid_check_digit_pass(extract):
    extract.write("person", ["person_id,district,note", "P-1,Norr,811218-9875", "P-2,Norr,", "P-3,Söder,"])

    admission = extract.admit()

    assert admission.tables["person"].height == 3
