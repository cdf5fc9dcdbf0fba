"""Workbooks that would fill the memory, lie about their size, or have merged cells: refused before
they are read.
"""

import struct
import zipfile

import pytest
import xlsxwriter

from evalkit.errors import IntakeError
from evalkit.intake.reading import archive
from evalkit.intake.reading.readers import read_delivered
from evalkit.intake.reading.searching import searchable

MB = 1 << 20


def _workbook(path, rows, *merged):
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("person")
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
        for first_row, first_column, last_row, last_column, text in merged:
            sheet.merge_range(first_row, first_column, last_row, last_column, text)
        # A sheet that is not read may look as it likes.
        book.add_worksheet("notes").merge_range(0, 0, 0, 3, "Notes")
    return path


def _with_member(path, n_bytes):
    """A workbook with a further member of spaces, as a bomb has it."""
    _workbook(path, [["person_id", "district"], ["P-1", "Norr"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        book.writestr("xl/worksheets/sheet9.xml", b" " * n_bytes)
    return path


def _why(call, path, four_lines):
    with pytest.raises(IntakeError) as caught:
        call(path)
    lines = four_lines(caught.value)
    assert lines["what"] == "A delivered file could not be read."
    assert lines["where"] == path.name
    assert "Nothing was read in." in lines["why"]
    assert "CSV" in lines["fix"]
    return lines["why"]


def test_read_delivered_refuses_a_workbook_that_says_it_unpacks_to_hundredfold(
    tmp_path, four_lines, monkeypatch
):
    path = _with_member(tmp_path / "person.xlsx", 40 * MB)
    monkeypatch.setattr(archive, "_pieces", lambda *_: pytest.fail("unpacked before it was asked"))

    assert "100 times its own size" in _why(read_delivered, path, four_lines)


def test_read_delivered_refuses_a_workbook_that_lies_about_its_size(tmp_path, four_lines):
    path = _with_member(tmp_path / "person.xlsx", 40 * MB)
    data = path.read_bytes()
    assert data.count(struct.pack("<L", 40 * MB)) >= 1
    path.write_bytes(data.replace(struct.pack("<L", 40 * MB), struct.pack("<L", 4000)))

    assert "100 times its own size" in _why(read_delivered, path, four_lines)


def test_read_delivered_refuses_more_than_the_memory_should_take(tmp_path, four_lines, monkeypatch):
    monkeypatch.setattr(archive, "_MAX_BYTES", MB)
    path = _with_member(tmp_path / "person.xlsx", 2 * MB)

    assert "more than" in _why(read_delivered, path, four_lines)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda data: data[:60] + b"\xff" * 40 + data[100:], "damaged"),
    ],
)
def test_read_delivered_refuses_a_workbook_that_breaks_off(tmp_path, four_lines, spoil, why):
    path = _workbook(tmp_path / "person.xlsx", [["person_id", "district"], ["P-1", "Norr"]])
    path.write_bytes(spoil(path.read_bytes()))

    assert why in _why(read_delivered, path, four_lines)


@pytest.mark.parametrize("name", ["other.xlsx", "other.docx"])
def test_a_bomb_of_no_contract_is_not_searched(tmp_path, name):
    assert searchable(_with_member(tmp_path / name, 40 * MB)) is None


def test_read_delivered_refuses_a_title_above_the_names(tmp_path, four_lines):
    path = _workbook(
        tmp_path / "person.xlsx",
        [[], ["person_id", "district", "sex"], ["P-1", "Norr", "female"]],
        (0, 0, 0, 2, "Uttag ur systemet"),
    )

    why = _why(read_delivered, path, four_lines)

    assert "names no column above cells that are filled: B, C." in why
    assert "merged cells" in why


@pytest.mark.parametrize(
    ("merged", "cells"),
    [((1, 1, 2, 1, "Norr"), "B2:B3"), ((0, 1, 0, 2, "district"), "B1:C1")],
    ids=["two rows", "two columns, the second empty"],
)
def test_read_delivered_refuses_merged_cells(tmp_path, four_lines, merged, cells):
    rows = [["person_id", "district"], ["P-1", "Norr"], ["P-2", "Norr"]]
    path = _workbook(tmp_path / "person.xlsx", rows, merged)

    with pytest.raises(IntakeError) as caught:
        read_delivered(path, table="person")

    lines = four_lines(caught.value)
    assert lines["what"] == "Cells of a workbook are merged."
    assert lines["where"] == f"person.xlsx, cells {cells} of the sheet that is read"
    assert "would pass for empty" in lines["why"]
    assert "unmerge" in lines["fix"]


def test_read_delivered_leaves_columns_out_that_have_neither_name_nor_value(tmp_path):
    path = _workbook(tmp_path / "person.xlsx", [["person_id", "", "district"], ["P-1", "", "Norr"]])

    assert read_delivered(path).columns == ["person_id", "district"]
