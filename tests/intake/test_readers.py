"""Readers: what was assumed is said, and every row keeps the line it stood on."""

import polars as pl
import pytest

from evalkit.errors import IntakeError
from evalkit.intake.delivered import IS_WHOLE, LINE
from evalkit.intake.readers import read_delivered, read_lines

SWEDISH = "person_id;district\nP-1;Östermalm\nP-2;Älvsjö\n"


@pytest.mark.parametrize(
    ("codec", "assumption"),
    [
        ("utf-8", "CSV, utf-8, separated by semicolon, decimal comma or point"),
        ("utf-8-sig", "CSV, utf-8 with byte order mark, separated by semicolon, decimal comma or point"),
        ("cp1252", "CSV, cp1252, separated by semicolon, decimal comma or point"),
    ],
)
def test_read_delivered_finds_the_encoding_and_says_so(tmp_path, codec, assumption):
    path = tmp_path / "person.csv"
    path.write_bytes(SWEDISH.encode(codec))

    delivered = read_delivered(path)

    assert delivered.cells["district"].to_list() == ["Östermalm", "Älvsjö"]
    assert delivered.columns == ["person_id", "district"]
    assert delivered.assumption == assumption


@pytest.mark.parametrize(("separator", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_read_delivered_finds_the_separator_and_says_so(tmp_path, separator, name):
    path = tmp_path / "person.csv"
    path.write_text(f"person_id{separator}note\nP-1{separator}a.b\n", encoding="utf-8")

    delivered = read_delivered(path)

    assert delivered.cells["note"].to_list() == ["a.b"]
    assert f"separated by {name}" in delivered.assumption


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_read_delivered_takes_brackets_and_stars_in_a_name_for_what_they_are(tmp_path, suffix):
    folder = tmp_path / "district [1] *"
    folder.mkdir()
    table = pl.DataFrame({"person_id": ["P-1"], "note": ["a"]})
    table.write_csv(folder / "person.csv") if suffix == ".csv" else table.write_parquet(folder / "person.parquet")

    delivered = read_delivered(folder / f"person{suffix}")

    assert delivered.cells["note"].to_list() == ["a"]


def test_read_delivered_numbers_lines_over_blank_ones_and_windows_line_ends(tmp_path):
    path = tmp_path / "person.csv"
    path.write_bytes(b"person_id,note\r\nP-1,a\r\n\r\nP-2,b\r\n\r\n\r\n")

    delivered = read_delivered(path)

    assert delivered.cells.select("person_id", LINE).rows() == [("P-1", 2), ("P-2", 4)]


def test_read_delivered_flags_lines_with_too_many_or_too_few_cells(tmp_path):
    path = tmp_path / "person.csv"
    path.write_text('person_id,note\nP-1,"a, b"\nP-2\nP-3,c,d\nP-4,e\n', encoding="utf-8")

    delivered = read_delivered(path)

    assert delivered.cells.select(LINE, IS_WHOLE).rows() == [(2, True), (3, False), (4, False), (5, True)]
    assert delivered.loose_lines["line"].to_list() == [1, 3, 4]


def test_read_delivered_keeps_a_quoted_cell_whole(tmp_path):
    path = tmp_path / "person.csv"
    path.write_text('person_id,note\nP-1,"a, ""b"", c"\n', encoding="utf-8")

    delivered = read_delivered(path)

    assert delivered.cells["note"].to_list() == ['a, "b", c']


def test_read_delivered_counts_parquet_rows_from_one(tmp_path):
    path = tmp_path / "person.parquet"
    pl.DataFrame({"person_id": ["P-1", "P-2"]}).write_parquet(path)

    delivered = read_delivered(path)

    assert delivered.cells[LINE].to_list() == [1, 2]
    assert "Parquet" in delivered.assumption


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column names"),
        (b"\nperson_id\nP-1\n", "no column names"),
        (b"person_id,person_id\nP-1,P-1\n", "column twice"),
        ("person_id\nP-1\n".encode("utf-16"), "zero bytes"),
        (b"person_id\nP-\x81\n", "neither utf-8 nor cp1252"),
    ],
)
def test_read_delivered_refuses_a_file_it_cannot_read(tmp_path, four_lines, content, why):
    path = tmp_path / "person.csv"
    path.write_bytes(content)

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    lines = four_lines(caught.value)
    assert lines["what"] == "A delivered file could not be read."
    assert lines["where"] == "person.csv"
    assert why in lines["why"] and "Nothing was read in." in lines["why"]
    assert "utf-8" in lines["fix"]


def test_read_delivered_refuses_a_damaged_parquet_file(tmp_path):
    path = tmp_path / "person.parquet"
    path.write_bytes(b"person_id\nP-1\n")

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    assert "not a Parquet file" in caught.value.why


def test_read_delivered_refuses_a_line_break_inside_a_cell(tmp_path, four_lines):
    path = tmp_path / "person.csv"
    path.write_text('person_id,note\nP-1,"two\nlines"\nP-2,one\n', encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    lines = four_lines(caught.value)
    assert lines["what"].startswith("2 lines have a quotation mark")
    assert lines["where"] == "person.csv, lines 2, 3"
    assert "shifts all rows" in lines["why"]
    assert "line breaks" in lines["fix"]


def test_read_lines_says_when_a_file_is_not_text(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\x00\x00")

    assert read_lines(path) is None
