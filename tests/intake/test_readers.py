"""Readers: what was assumed is said, and every row keeps the line it stood on."""

import csv
from io import StringIO

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from evalkit.errors import IntakeError
from evalkit.intake.reading import csv_reader
from evalkit.intake.reading.delivered import IS_WHOLE, LINE
from evalkit.intake.reading.readers import read_delivered, read_lines

SWEDISH = "person_id;district\nP-1;Östermalm\nP-2;Älvsjö\n"


@pytest.mark.parametrize(
    ("codec", "assumption"),
    [
        ("utf-8", "CSV, utf-8, separated by semicolon, decimal comma or point"),
        (
            "utf-8-sig",
            "CSV, utf-8 with byte order mark, separated by semicolon, decimal comma or point",
        ),
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
    table.write_csv(folder / "person.csv") if suffix == ".csv" else table.write_parquet(
        folder / "person.parquet"
    )

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

    assert delivered.cells.select(LINE, IS_WHOLE).rows() == [
        (2, True),
        (3, False),
        (4, False),
        (5, True),
    ]
    assert delivered.loose_lines["line"].to_list() == [1, 3, 4]


@pytest.mark.parametrize("end", ["", "\n"], ids=["without a line end", "with one"])
def test_read_delivered_flags_a_line_that_lacks_a_cell_though_another_ends_in_one_too_many(
    tmp_path, end
):
    path = tmp_path / "person.csv"
    path.write_text(f"person_id;note;x\nP-1;a\nP-3;d;e\nP-2;b;c;{end}", encoding="utf-8")

    delivered = read_delivered(path)

    assert delivered.cells.select(LINE, IS_WHOLE).rows() == [(2, False), (3, True), (4, False)]


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


def _as_written(rows, quoting):
    text = StringIO()
    csv.writer(text, delimiter=";", quoting=quoting, lineterminator="\n").writerows(rows)
    return text.getvalue()


CELL = st.text(alphabet='ab;" ö', max_size=4)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=5),
    odd_rows=st.one_of(
        st.just([]),
        st.just([["a"], ["a", "b", "c", "d", "e"]]),
        st.lists(st.lists(CELL, max_size=5), max_size=2),
    ),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["", "a;b;c", '"', "a", '"a;b";c;d\n', "\n"]),
    piece=st.sampled_from([1, 3, 1 << 18]),
)
def test_read_csv_finds_at_once_what_it_finds_line_by_line(
    tmp_path, rows, odd_rows, quoting, end, piece
):
    data = (_as_written([["person_id", "no;te", "x"], *rows, *odd_rows], quoting) + end).encode()
    path = tmp_path / "person.csv"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "_PIECE", piece)
        at_once = csv_reader._read_well_shaped(path, data, path)

    # Files of other shapes are left to the slow way, which refuses some.
    assert at_once or odd_rows or end not in ("", "a;b;c", '"a;b";c;d\n')
    if at_once:
        separator, cells, loose = csv_reader._read_line_by_line(path, data)
        assert at_once[0] == separator
        assert_frame_equal(
            at_once[1].cast({LINE: pl.Int64}),
            cells.cast({LINE: pl.Int64}),
            check_column_order=False,
        )
        assert_frame_equal(at_once[2], loose)


def test_read_csv_reads_well_shaped_files_at_once_quoted_or_not(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("taken apart line by line")

    monkeypatch.setattr(csv_reader, "_read_line_by_line", refuse)
    rows = [["person_id", "note"], ["P-1", 'a; "b"'], ["P-2", "ö"], ["P-3", ""]]
    for quoting, codec in [
        (csv.QUOTE_ALL, "utf-8-sig"),
        (csv.QUOTE_MINIMAL, "utf-8"),
        (csv.QUOTE_MINIMAL, "cp1252"),
    ]:
        path = tmp_path / "person.csv"
        path.write_bytes(_as_written(rows, quoting).encode(codec))

        delivered = read_delivered(path)

        assert delivered.cells.select("person_id", LINE).rows() == [
            ("P-1", 2),
            ("P-2", 3),
            ("P-3", 4),
        ]
        assert delivered.cells["note"].to_list()[:2] == ['a; "b"', "ö"]
