"""The kinds of file that municipalities send: Swedish CSV, workbooks, statistics files,
databases.
"""

import json
import os
import sqlite3
from datetime import date, datetime
from functools import partial

import polars as pl
import pytest

from evalkit.errors import IntakeError
from evalkit.intake import admit
from evalkit.intake.reading.readers import FORMATS, read_delivered

POSTGRESQL = os.environ.get("EVALKIT_TEST_POSTGRESQL", "")


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_admit_reads_thousands_with_any_kind_of_space(extract, space):
    lines = [
        "household_id;month;district;amount;currency",
        f"H-1;2026-01-01;Norr;1{space}234{space}567,50;SEK",
        "H-3;2026-02-01;Söder;9,5;SEK",
    ]
    extract.write("income_support", lines)

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["income_support"]["amount"].to_list() == [1234567.5, 9.5]


def test_admit_reads_the_typographic_minus(extract):
    extract.write(
        "account",
        [
            "district;year;posting_id;side;account_code;amount;currency",
            "Norr;2026;1;booked;45;\u22121 500,5;SEK",
        ],
    )

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["account"]["amount"].to_list() == [-1500.5]


@pytest.mark.parametrize("cell", ["1 23,5", "12 34 567", "1.234,50", "1,5 kr", "1  234"])
def test_admit_refuses_numbers_in_no_known_form(extract, rejections, cell):
    extract.write(
        "income_support",
        [
            "household_id;month;district;amount;currency",
            f"H-1;2026-01-01;Norr;{cell};SEK",
            "H-3;2026-02-01;Söder;;",
        ],
    )

    assert ("income_support", "amount_is_number", 2) in rejections(extract.admit())


def test_read_delivered_refuses_latin_1_under_the_mark_of_utf_8(tmp_path, four_lines):
    path = tmp_path / "person.csv"
    path.write_bytes(
        b"\xef\xbb\xbf" + "person_id;district\nP-1;Norr\nP-2;Söder\n".encode("latin-1")
    )

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    assert (
        "line 3 is not utf-8: it looks like latin-1 under a false mark"
        in four_lines(caught.value)["why"]
    )


def test_admit_takes_a_column_of_excel_serials_as_dates_and_says_so(extract):
    extract.write(
        "participation",
        [
            "person_id;intervention_id;start;end",
            "P-1;work_training;46034;46083",
            "P-3;work_training;46054;",
        ],
    )

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["participation"]["start"].to_list() == [
        date(2026, 1, 12),
        date(2026, 2, 1),
    ]
    said = admission.assumptions.filter(table="participation")["assumption"].to_list()
    assert 'column "start": Excel serial numbers, taken as days from 30 December 1899' in said


def test_admit_refuses_an_excel_serial_among_written_dates_and_says_why(extract, rejections):
    extract.write(
        "participation",
        [
            "person_id;intervention_id;start;end",
            "P-1;work_training;2026-01-12;",
            "P-3;work_training;46054;",
        ],
    )

    admission = extract.admit()

    assert rejections(admission) == [("participation", "start_is_date", 3)]
    assert any(
        "1 cells look like Excel serial numbers" in said
        for said in admission.assumptions["assumption"]
    )


def test_admit_takes_midnight_behind_a_date_for_the_date(extract):
    extract.write(
        "participation",
        [
            "person_id,intervention_id,start,end",
            "P-1,work_training,2026-01-12 00:00:00,2026-03-02T00:00",
        ],
    )

    assert extract.admit(max_rejected_share=0).tables["participation"]["end"].to_list() == [
        date(2026, 3, 2)
    ]


def test_admit_reads_dates_in_the_form_that_the_mapping_names(extract, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables: {livelihood: {formats: {start: '%Y%m', end: '%Y%m%d'}}}\n",
        encoding="utf-8",
    )
    extract.write("livelihood", ["person_id,start,end,state", "P-1,202601,20260301,work"])

    livelihood = extract.admit(mapping=mapping, max_rejected_share=0).tables["livelihood"]

    assert livelihood.select("start", "end").row(0) == (date(2026, 1, 1), date(2026, 3, 1))


def test_admit_takes_swedish_headings_and_words_and_says_so(extract):
    extract.write(
        "person",
        [
            "Pseudonym;Stadsdel;Kön;Födelseår",
            "P-1;Norr;kvinna;1990",
            "P-2;Norr;man;",
            "P-3;Söder;female;",
        ],
    )

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["person"]["sex"].to_list() == ["female", "male", "female"]
    said = admission.assumptions.filter(table="person")["assumption"].to_list()
    assert (
        'columns under other names: "Pseudonym" is person_id, "Stadsdel" is district, "Födelseår" '
        'is birth_year, "Kön" is sex' in said
    )


def _workbook(path, sheets):
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)


def test_admit_reads_a_workbook_with_lines_as_the_sheet_counts_them(extract, rejections):
    (extract.folder / "participation.csv").unlink()
    rows = [
        ["person_id", "intervention_id", "start", "end"],
        ["P-1", "work_training", datetime(2026, 1, 12), datetime(2026, 3, 2)],
        [],
    ]
    _workbook(
        extract.folder / "participation.xlsx",
        {
            "notes": [["see sheet 2"]],
            "participation": [*rows, ["P-9", "work_training", datetime(2026, 2, 1), None]],
        },
    )

    admission = extract.admit()

    assert admission.tables["participation"]["start"].to_list() == [date(2026, 1, 12)]
    assert rejections(admission) == [("participation", "person_known", 4)]
    assert "sheet 2 of 2" in admission.assumptions.filter(table="participation")["assumption"][0]


def test_read_delivered_refuses_a_damaged_workbook(tmp_path, four_lines):
    path = tmp_path / "person.xlsx"
    path.write_bytes(b"PK not a workbook")

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    assert "not an Excel workbook" in four_lines(caught.value)["why"]


def _by_pyreadstat(writer, **options):
    import pyreadstat

    return lambda cells, path: getattr(pyreadstat, writer)(cells, path, **options)


# How a file of each format is made; nothing but SAS itself writes a sas7bdat.
WRITERS = {
    ".csv": pl.DataFrame.write_csv,
    ".txt": partial(pl.DataFrame.write_csv, separator=";"),
    ".tsv": partial(pl.DataFrame.write_csv, separator="\t"),
    ".parquet": pl.DataFrame.write_parquet,
    ".xlsx": lambda cells, path: _workbook(path, {"any": [cells.columns, *cells.rows()]}),
    ".sav": _by_pyreadstat("write_sav"),
    ".zsav": _by_pyreadstat("write_sav", compress=True),
    ".por": _by_pyreadstat("write_por"),
    ".dta": _by_pyreadstat("write_dta"),
    ".xpt": _by_pyreadstat("write_xport"),
}


@pytest.mark.parametrize("suffix", sorted(FORMATS.keys() - {".sas7bdat"}))
def test_admit_reads_the_same_table_in_every_format(extract, suffix):
    (extract.folder / "intervention.csv").unlink()
    # Some formats allow for eight capital letters only.
    names = {"intervention_id": "INT_ID", "name": "NAME", "kind": "KIND", "planned_months": "N"}
    cells = pl.DataFrame([("work_training", "Work", "training", 6)], list(names), orient="row")
    # Statistics programs hold a whole number as 6.0.
    written = cells if FORMATS[suffix].content == "lines" else cells.cast({pl.Int64: pl.Float64})
    WRITERS[suffix](written.rename(names), extract.folder / f"intervention{suffix}")
    mapping = extract.folder.parent / "mapping.yaml"
    mapping.write_text(
        f"source: a test\ntables: {{intervention: {{columns: {json.dumps(names)}}}}}\n"
    )

    admission = extract.admit(mapping=mapping, max_rejected_share=0)

    assert admission.tables["intervention"].select(list(names)).rows() == cells.rows()


def test_admit_carries_numeric_codes_of_statistics_files_over(extract, tmp_path):
    import pyreadstat

    (extract.folder / "person.csv").unlink()
    pyreadstat.write_sav(
        pl.DataFrame({"person_id": ["P-1", "P-2", "P-3"], "district": [1, 1, 2], "sex": [2, 1, 2]}),
        extract.folder / "person.sav",
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables: {person: {codes: {sex: {'2': female, '1': male}, district: {'1': "
        "Norr, '2': Söder}}}}\n",
        encoding="utf-8",
    )

    person = extract.admit(mapping=mapping, max_rejected_share=0).tables["person"]

    assert person.select("district", "sex").rows() == [
        ("Norr", "female"),
        ("Norr", "male"),
        ("Söder", "female"),
    ]


def test_read_delivered_refuses_a_damaged_statistics_file(tmp_path, four_lines):
    path = tmp_path / "person.sav"
    path.write_bytes(b"no SPSS file at all")

    with pytest.raises(IntakeError) as caught:
        read_delivered(path)

    assert "not a file of SPSS" in four_lines(caught.value)["why"]


def _frames(extract):
    return {
        path.stem: read_delivered(path).cells.drop("_line", "_file", "_is_whole")
        for path in extract.folder.glob("*.csv")
    }


def _same_from_database(extract, uri):
    from_files = extract.admit(max_rejected_share=0)

    extract.folder = uri
    from_database = extract.admit(max_rejected_share=0)

    assert all(
        from_database.tables[table].equals(rows) for table, rows in from_files.tables.items()
    )
    assert "table of a database" in from_database.assumptions["assumption"][0]


def _as_sql(table, cells):
    columns = ", ".join(f'"{name}" TEXT' for name in cells.columns)
    rows = [tuple(row) for row in cells.rows()]
    return f'CREATE TABLE "{table}" ({columns})', rows


def test_admit_reads_sqlite_as_it_reads_files(extract, tmp_path):
    connection = sqlite3.connect(tmp_path / "extract.db")
    for table, cells in _frames(extract).items():
        statement, rows = _as_sql(table, cells)
        connection.execute(statement)
        connection.executemany(
            f'INSERT INTO "{table}" VALUES ({", ".join("?" * cells.width)})', rows
        )
    connection.commit()
    connection.close()

    _same_from_database(extract, f"sqlite://{tmp_path}/extract.db")


def test_admit_reads_duckdb_as_it_reads_files(extract, tmp_path):
    import duckdb

    with duckdb.connect(str(tmp_path / "extract.duckdb")) as connection:
        for table, cells in _frames(extract).items():
            statement, rows = _as_sql(table, cells)
            connection.execute(statement)
            connection.executemany(
                f'INSERT INTO "{table}" VALUES ({", ".join("?" * cells.width)})', rows
            )

    _same_from_database(extract, f"duckdb://{tmp_path}/extract.duckdb")


def test_admit_refuses_a_duckdb_view_that_reads_a_local_file(extract, tmp_path, four_lines):
    import duckdb

    with duckdb.connect(str(tmp_path / "extract.duckdb")) as connection:
        for path in sorted(extract.folder.glob("*.csv")):
            kind = "VIEW" if path.stem == "person" else "TABLE"
            connection.sql(f"CREATE {kind} {path.stem} AS SELECT * FROM read_csv('{path}')")
    extract.folder = f"duckdb://{tmp_path}/extract.duckdb"

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "The tables of a database could not be read."
    assert lines["where"] == "a database given by URI (duckdb)"
    assert "reads files outside the database, which is not allowed" in lines["why"]
    assert "check the URI" in lines["fix"]


if (
    POSTGRESQL
):  # A server is given by EVALKIT_TEST_POSTGRESQL (a URI); its schema "evalkit_test" is made anew.

    def test_admit_reads_postgresql_as_it_reads_files(extract):
        import subprocess

        script = [
            "DROP SCHEMA IF EXISTS evalkit_test CASCADE; CREATE SCHEMA evalkit_test; SET "
            "search_path TO evalkit_test;"
        ]
        for table, cells in _frames(extract).items():
            statement, rows = _as_sql(table, cells)
            values = ", ".join(
                "(" + ", ".join("NULL" if cell is None else f"'{cell}'" for cell in row) + ")"
                for row in rows
            )
            script += [f'{statement}; INSERT INTO "{table}" VALUES {values};']
        subprocess.run(["psql", "-q", POSTGRESQL], input="\n".join(script), text=True, check=True)

        _same_from_database(
            extract,
            f"{POSTGRESQL}{'&' if '?' in POSTGRESQL else '?'}options=-csearch_path%3Devalkit_test",
        )


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("oracle://user:secret@host/register", "kinds that are: duckdb, postgresql, sqlite"),
        ("sqlite:///nowhere/secret.db", "could not be opened or read"),
        ("duckdb:///nowhere/secret.duckdb", "could not be opened or read"),
    ],
)
def test_admit_refuses_a_database_without_showing_its_uri(contracts_folder, four_lines, uri, why):
    with pytest.raises(IntakeError) as caught:
        admit(
            uri,
            contracts_folder,
            districts=["Norr"],
            first_month=date(2026, 1, 1),
            data_through=date(2026, 6, 1),
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "The tables of a database could not be read."
    assert why in lines["why"]
    assert "check the URI" in lines["fix"]
    assert "secret" not in str(caught.value) and "host" not in lines["where"]
