"""The Excel templates read back: what somebody fills in is admitted as the same rows in CSV are."""

import zipfile
from datetime import datetime

import polars as pl
import pytest
import xlsxwriter
from polars.testing import assert_frame_equal

from evalkit.errors import IntakeError
from evalkit.intake import load_contracts, write_templates
from evalkit.intake.admission.pseudonymise import pseudonymise
from evalkit.intake.letters.write import write_letters
from evalkit.line.delivered import REGISTERED, delivered
from evalkit.words import words
from tests.intake.conftest import CONTRACTS, SMALL_EXTRACT
from tests.intake.test_optional_tables import OPTIONAL

ROWS = {
    **SMALL_EXTRACT,
    **{table: [",".join(delivered()[table].schema), row] for table, row in OPTIONAL.items()},
}


@pytest.fixture(scope="module")
def contracts():
    return load_contracts(CONTRACTS)


def as_typed(text, column, language):
    """A cell as somebody types or chooses it: dates and numbers as such, words of the list."""
    if not text:
        return None
    if column.kind == "date":
        return datetime.fromisoformat(text)
    for value, label in column.labels.items():
        if str(value) == text:
            return label if language == "sv" else value
    try:
        return float(text)  # Excel makes a number of every cell that looks like one.
    except ValueError:
        return text


def fill_in(template, path, filled, language):
    """Fill in the sheets of a template, by contract: a sheet of one's own before them, an empty row
    between the rows and empty columns behind them.
    """
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.add_worksheet("Att göra").write(0, 0, "Fråga Norr om mars")
        for contract, lines in filled:
            fill_sheet(template, book, contract, lines, language)


def fill_sheet(template, book, contract, lines, language):
    headings = pl.read_excel(template, sheet_name=contract.table, has_header=False).row(0)
    columns = dict(zip(headings, contract.columns, strict=True))
    named, *rows = [line.split(",") for line in lines]
    cells = [dict(zip(named, row, strict=True)) for row in rows]
    sheet = book.add_worksheet(contract.table)
    sheet.write_row(0, 0, headings)
    for number, row in enumerate(cells, start=1):
        place = number if number == 1 else number + 1
        for position, column in enumerate(columns.values()):
            value = as_typed(row.get(column.name), column, language)
            if value is not None:
                sheet.write(place, position, value)
    sheet.write_blank(1, len(headings) + 2, None, book.add_format({"bold": True}))


@pytest.mark.parametrize("language", ["sv", "en"])
def test_filled_in_templates_are_admitted_as_the_same_rows_in_csv(
    extract, contracts, tmp_path, language
):
    for table, lines in ROWS.items():
        extract.write(table, lines)
    from_csv = extract.admit(max_rejected_share=0)
    write_templates(contracts, tmp_path / "templates", language=language)

    for table, lines in ROWS.items():
        (extract.folder / f"{table}.csv").unlink()
        template, path = (
            folder / f"{table}.xlsx" for folder in (tmp_path / "templates", extract.folder)
        )
        fill_in(template, path, [(contracts[table], lines)], language)
    from_excel = extract.admit(max_rejected_share=0)

    assert set(ROWS) == set(contracts)
    assert from_excel.tables.keys() == from_csv.tables.keys()
    for table, admitted in from_csv.tables.items():
        assert_frame_equal(from_excel.tables[table], admitted)


def test_a_template_sent_back_empty_holds_no_rows(extract, contracts, tmp_path):
    write_templates({"plan": contracts["plan"]}, tmp_path)
    (tmp_path / "plan.xlsx").rename(extract.folder / "plan.xlsx")

    assert extract.admit(max_rejected_share=0).tables["plan"].is_empty()


def test_a_fault_in_a_template_is_told_by_its_row_in_excel(
    extract, contracts, tmp_path, rejections
):
    write_templates({"plan": contracts["plan"]}, tmp_path)
    lines = [ROWS["plan"][0], ROWS["plan"][1], ROWS["plan"][1].replace("work_plan", "brev")]
    fill_in(
        tmp_path / "plan.xlsx", extract.folder / "plan.xlsx", [(contracts["plan"], lines)], "sv"
    )

    # Row 3 is empty.
    assert rejections(extract.admit()) == [("plan", "kind_in_list", 4)]


@pytest.fixture
def registered(extract, contracts, tmp_path):
    """The workbook of registration, filled in for a district, in place of the files."""

    def write(*empty):
        write_templates(contracts, tmp_path / "templates")
        (extract.folder / "participation.csv").unlink(missing_ok=True)
        lines = {table: ROWS[table][: 1 if table in empty else None] for table in REGISTERED}
        path = extract.folder / "registration_norr.xlsx"
        filled = [(contracts[table], of_table) for table, of_table in lines.items()]
        fill_in(tmp_path / "templates" / "registration.xlsx", path, filled, "sv")
        return path

    return write


def test_one_workbook_of_registration_is_as_good_as_its_tables(extract, registered):
    for table in REGISTERED:
        extract.write(table, ROWS[table])
    apart = extract.admit(max_rejected_share=0).tables
    for table in REGISTERED:
        (extract.folder / f"{table}.csv").unlink()

    registered()
    together = extract.admit(max_rejected_share=0).tables

    for table in REGISTERED:
        assert_frame_equal(together[table], apart[table])


def test_a_sheet_of_registration_that_nobody_filled_was_not_delivered(extract, registered):
    registered("plan", "follow_up")

    assert {"plan", "follow_up"}.isdisjoint(extract.admit(max_rejected_share=0).tables)


def test_a_workbook_of_registration_beside_files_adds_to_them(extract, registered):
    registered("plan", "follow_up")
    extract.write(
        "participation", [SMALL_EXTRACT["participation"][0], "P-2,work_training,2026-03-01,"]
    )

    assert extract.admit(max_rejected_share=0).tables["participation"].height == 3


def test_a_personal_number_in_any_sheet_of_registration_stops_the_intake(extract, registered):
    path = registered("plan", "follow_up")
    with xlsxwriter.Workbook(path) as book:
        for table in REGISTERED:
            book.add_worksheet(table).write_row(0, 0, ROWS[table][0].split(","))
        book.add_worksheet("Anteckningar").write(0, 0, "19121212-1212")

    with pytest.raises(IntakeError, match="sheet Anteckningar"):
        extract.admit()


def test_the_copy_with_pseudonyms_has_a_file_for_each_sheet(
    extract, contracts, registered, tmp_path
):
    registered()

    done = pseudonymise(extract.folder, tmp_path / "out", contracts, key=b"k" * 32)

    names = {file.name: file.table for file in done.files if "registration" in file.name}
    assert names == {f"{table}_registration_norr.parquet": table for table in REGISTERED}
    copied = pl.read_parquet(tmp_path / "out" / "plan_registration_norr.parquet")
    assert copied.columns[0] == "pseudonym" and copied.item(0, 0) != "P-1"


def test_a_letter_about_registration_goes_to_the_district(
    extract, contracts_folder, registered, tmp_path
):
    path = registered()
    extract.write("person", [line for line in SMALL_EXTRACT["person"] if "P-3" not in line])

    letters = write_letters(
        extract.admit(), extract.folder, contracts_folder, tmp_path, words=words("sv")
    )

    assert path.name == "registration_norr.xlsx"
    assert "letter_norr.xlsx" in [letter.name for letter in letters]


def test_every_word_list_of_a_contract_is_a_drop_down(contracts, tmp_path):
    lacking = []
    for path in write_templates(contracts, tmp_path)[: len(contracts)]:
        with zipfile.ZipFile(path) as book:
            sheet = book.read("xl/worksheets/sheet1.xml").decode("utf-8")
        n_lists = sum(bool(column.labels) for column in contracts[path.stem].columns)
        if sheet.count('type="list"') != n_lists:
            lacking.append(path.stem)

    assert lacking == []
