"""Gate 1: no personal number enters, wherever it stands, and none is shown.

The numbers are examples: 811218-9876 stands in Skatteverket's description of the check digit (SKV
704), 701063-2391 is a samordningsnummer.
"""

import shutil
from datetime import date

import polars as pl
import pytest

from evalkit.errors import IntakeError
from evalkit.intake import admit

PERSONAL_NUMBER, COORDINATION_NUMBER = "811218-9876", "701063-2391"


def test_gate_names_file_column_and_lines_never_the_value(extract, four_lines):
    extract.write(
        "person",
        [
            "person_id,district,note",
            "P-1,Norr,",
            f"P-2,Norr,ring {PERSONAL_NUMBER}",
            f"P-3,Söder,{COORDINATION_NUMBER}",
        ],
    )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "2 cells contain what looks like a personnummer or samordningsnummer."
    assert lines["where"] == 'person.csv, column "note", lines 3, 4'
    assert "rule no_personnummer" in lines["why"] and "Nothing was read in." in lines["why"]
    assert "delete these ones" in lines["fix"]
    assert PERSONAL_NUMBER not in str(caught.value) and COORDINATION_NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    "written", ["198112189876", "8112189876", "811218 9876", "19811218-9876", "8112189876.0"]
)
def test_gate_finds_every_way_of_writing(extract, written):
    extract.add("household_member", f"H-9,{written},2026-01-01,lead")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'household_member.csv, column "person_id", lines 6'
    assert "1 cell contains" in str(caught.value)


def test_gate_searches_files_that_no_contract_names(extract):
    (extract.folder / "notes.txt").write_text(
        f"hello\ncall {PERSONAL_NUMBER} back\n", encoding="utf-8"
    )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'notes.txt, column "whole line", lines 2'


def test_gate_searches_a_table_whose_contract_is_not_among_those_given(
    extract, tmp_path, contracts_folder
):
    folder = tmp_path / "data_contracts"
    shutil.copytree(contracts_folder, folder)
    (folder / "need.odcs.yaml").unlink()
    extract.write("need", ["person_id,month,need", f"P-1,2026-01-01,work,{PERSONAL_NUMBER}"])

    with pytest.raises(IntakeError) as caught:
        admit(
            extract.folder,
            folder,
            districts=["Norr", "Söder"],
            first_month=date(2026, 1, 1),
            data_through=date(2026, 2, 1),
        )

    assert caught.value.where == 'need.csv, column "whole line", lines 2'


def test_gate_searches_cells_beyond_the_last_column(extract):
    extract.add("livelihood", f"P-2,2026-02-01,,work,{PERSONAL_NUMBER}")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'livelihood.csv, column "whole line", lines 6'


def test_gate_searches_numbers_in_parquet(extract):
    (extract.folder / "person.csv").unlink()
    person = pl.DataFrame(
        {
            "person_id": ["P-1", "P-2", "P-3"],
            "district": ["Norr", "Norr", "Söder"],
            "code": [1, 198112189876, 3],
        }
    )
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
    extract.write(
        "person", ["person_id,district,note", "P-1,Norr,811218-9875", "P-2,Norr,", "P-3,Söder,"]
    )

    admission = extract.admit()

    assert admission.tables["person"].height == 3


@pytest.mark.parametrize("name", ["undeclared.xlsx", "person.xlsx"])
def test_gate_searches_every_sheet_of_a_workbook(extract, name):
    import xlsxwriter

    if name == "person.xlsx":
        (extract.folder / "person.csv").unlink()
    with xlsxwriter.Workbook(extract.folder / name) as book:
        book.add_worksheet("person").write_row(0, 0, ["person_id", "district"])
        book.add_worksheet("other").write_column(0, 0, ["number", 198112189876])

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert name in caught.value.where and "sheet" in caught.value.where


def test_gate_searches_a_word_document_whose_number_is_cut_by_tags(extract):
    import zipfile

    with zipfile.ZipFile(extract.folder / "letter.docx", "w") as archive:
        archive.writestr(
            "word/document.xml",
            "<w:p><w:r><w:t>811218</w:t></w:r><w:r><w:t>-9876</w:t></w:r></w:p><w:p>hello</w:p>",
        )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'letter.docx, part 1, column "whole line", lines 1'


def test_gate_searches_subfolders_and_utf_16(extract):
    (extract.folder / "sub").mkdir()
    (extract.folder / "sub" / "notes.txt").write_bytes(
        f"hello\n{PERSONAL_NUMBER}\n".encode("utf-16")
    )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'sub/notes.txt, column "whole line", lines 2'


def test_gate_searches_undeclared_parquet(extract):
    pl.DataFrame({"x": [1, 198112189876]}).write_parquet(extract.folder / "copy.parquet")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == 'copy.parquet, column "x", lines 2'


def test_gate_searches_names_of_files_without_showing_them(extract):
    (extract.folder / f"{PERSONAL_NUMBER}.txt").write_text("nothing\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert caught.value.where == "the names of 1 file"
    assert PERSONAL_NUMBER not in str(caught.value)


def test_gate_finds_ten_digits_that_lost_their_leading_zero_as_numbers(extract):
    # Valid by check digit; made for this test from the birth dates 1 to 9 January 2001.
    numbers = [_with_check_digit(f"0101{day:02d}123") for day in range(1, 10)]
    extract.write(
        "person",
        [
            "person_id,district,code",
            *[f"P-{i},Norr,{int(number)}" for i, number in enumerate(numbers)],
        ],
    )

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    assert 'person.csv, column "code", most lines' in caught.value.where


def test_gate_lets_a_running_number_of_nine_digits_pass(extract):
    extract.write(
        "person",
        ["person_id,district,code", *[f"P-{i},Norr,{101011230 + i}" for i in range(1, 40)]],
    )
    extract.write("livelihood", ["person_id,start,end,state"])

    assert extract.admit(max_rejected_share=1).tables["person"].height == 39


def _with_check_digit(nine: str) -> str:
    doubled = [int(digit) * (2 - i % 2) for i, digit in enumerate(nine)]
    return nine + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def test_gate_names_a_file_that_it_could_not_search(extract):
    (extract.folder / "scan.pdf").write_bytes(b"%PDF-1.4 \x00\x01")

    said = extract.admit().assumptions.filter(file="scan.pdf")["assumption"].to_list()

    assert said == ["is not text and belongs to no contract: neither searched nor read in"]


def test_gate_lets_ten_digits_among_the_decimals_of_a_measured_value_pass(extract):
    pl.DataFrame({"share": [0.8112189876, 0.5]}).write_parquet(extract.folder / "shares.parquet")

    assert extract.admit() is not None
