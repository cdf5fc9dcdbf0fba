"""The Excel templates read back: what somebody fills in is admitted as the same rows in CSV are."""

from datetime import datetime

import polars as pl
import pytest
import xlsxwriter
from conftest import SMALL_EXTRACT
from polars.testing import assert_frame_equal
from test_optional_tables import OPTIONAL

from evalkit.intake import load_contracts, write_templates
from evalkit.line.delivered import delivered

ROWS = {
    **SMALL_EXTRACT,
    **{table: [",".join(delivered()[table].schema), row] for table, row in OPTIONAL.items()},
}


@pytest.fixture(scope="module")
def contracts():
    from conftest import CONTRACTS

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


def fill_in(template, path, contract, lines, language):
    """Fill in a template: a sheet of one's own before it, an empty row between the rows and empty
    columns behind them.
    """
    headings = pl.read_excel(template, sheet_name=contract.table, has_header=False).row(0)
    columns = dict(zip(headings, contract.columns, strict=True))
    named, *rows = [line.split(",") for line in lines]
    cells = [dict(zip(named, row, strict=True)) for row in rows]
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        book.add_worksheet("Att göra").write(0, 0, "Fråga Norr om mars")
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
        fill_in(template, path, contracts[table], lines, language)
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
    fill_in(tmp_path / "plan.xlsx", extract.folder / "plan.xlsx", contracts["plan"], lines, "sv")

    # Row 3 is empty.
    assert rejections(extract.admit()) == [("plan", "kind_in_list", 4)]
