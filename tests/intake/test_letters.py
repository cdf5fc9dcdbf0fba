"""Letters to senders: planted faults are mended by somebody who sees the letter alone and writes in
marked cells only, and nothing else that comes back is taken.
"""

import re
import zipfile
from collections import Counter
from datetime import date
from xml.etree import ElementTree

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evalkit.errors import IntakeError
from evalkit.ids import count_personal_numbers
from evalkit.intake import load_contracts
from evalkit.intake.admission.letter_form import LetterRow
from evalkit.intake.admission.returned import take_back
from evalkit.intake.contracts.mapping import MappingFile
from evalkit.intake.letters.faults import Fault
from evalkit.intake.letters.senders import sender_of
from evalkit.intake.letters.workbook import write_workbooks
from evalkit.intake.letters.write import LISTED_FOR_LETTERS, write_letters
from evalkit.words import words

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NUMBER, FILE, LINE, FAULT, N_ROWS, REMOVE, FIRST_CELL = range(7)
FILL = "FFFFF2A8"
MONTHS = [date(2026, month, 1) for month in range(1, 5)]
N_PEOPLE = 20


class Sheet:
    """A sheet of a letter as somebody sees it in Excel, who may write in unlocked cells."""

    def __init__(self, element, texts, marked_styles):
        self.element, self.texts, self.marked_styles = element, texts, marked_styles
        self.cells = {cell.get("r"): cell for cell in element.iter(f"{{{MAIN}}}c")}

    def text(self, row: int, column: int) -> str:
        """What stands in a cell; rows and columns count from 0."""
        cell = self.cells.get(_name(row, column))
        if cell is None:
            return ""
        if cell.get("t") == "inlineStr":
            return "".join(cell.itertext())
        value = cell.findtext(f"{{{MAIN}}}v") or ""
        return self.texts[int(value)] if cell.get("t") == "s" else value

    def is_marked(self, row: int, column: int) -> bool:
        """Whether a cell is yellow and unlocked."""
        cell = self.cells.get(_name(row, column))
        return cell is not None and int(cell.get("s", 0)) in self.marked_styles

    def write(self, row: int, column: int, text: str) -> None:
        """Write in a cell; only in one that is marked."""
        assert self.is_marked(row, column), f"cell {_name(row, column)} is not marked"
        self.force(row, column, text)

    def force(self, row: int, column: int, text: str) -> None:
        """Write in a cell, locked or not."""
        cell = self.cells[_name(row, column)]
        for child in list(cell):
            cell.remove(child)
        cell.set("t", "inlineStr")
        holder = ElementTree.SubElement(cell, f"{{{MAIN}}}is")
        ElementTree.SubElement(holder, f"{{{MAIN}}}t").text = text

    @property
    def headings(self) -> dict[str, int]:
        """The delivered columns with their places."""
        row, place = {}, FIRST_CELL
        while text := self.text(0, place):
            row[text] = place
            place += 1
        return row

    @property
    def n_rows(self) -> int:
        """How many rows it has below the headings."""
        return max(int(re.sub(r"\D", "", name)) for name in self.cells) - 1


class Letter:
    """A letter that somebody opens, writes in and saves."""

    def __init__(self, path):
        self.path = path
        with zipfile.ZipFile(path) as book:
            self.parts = {name: book.read(name) for name in book.namelist()}
        texts = [
            "".join(item.itertext())
            for item in ElementTree.fromstring(self.parts["xl/sharedStrings.xml"])
        ]
        marked = _marked_styles(ElementTree.fromstring(self.parts["xl/styles.xml"]))
        names = [
            sheet.get("name")
            for sheet in ElementTree.fromstring(self.parts["xl/workbook.xml"]).iter(
                f"{{{MAIN}}}sheet"
            )
        ]
        self.sheets = {
            name: Sheet(
                ElementTree.fromstring(self.parts[f"xl/worksheets/sheet{i}.xml"]), texts, marked
            )
            for i, name in enumerate(names, start=1)
        }
        self.tables = {
            name: sheet for name, sheet in self.sheets.items() if name not in ("Brev", "evalkit")
        }

    def save(self, path):
        """Save as another file; returns its path."""
        ElementTree.register_namespace("", MAIN)
        for i, sheet in enumerate(self.sheets.values(), start=1):
            self.parts[f"xl/worksheets/sheet{i}.xml"] = ElementTree.tostring(sheet.element)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
            for name, content in self.parts.items():
                book.writestr(name, content)
        return path


def _marked_styles(styles) -> set[int]:
    fills = [
        (fill.find(f".//{{{MAIN}}}fgColor") is not None)
        and fill.find(f".//{{{MAIN}}}fgColor").get("rgb") == FILL
        for fill in styles.find(f"{{{MAIN}}}fills")
    ]
    return {
        i
        for i, style in enumerate(styles.find(f"{{{MAIN}}}cellXfs"))
        if fills[int(style.get("fillId"))]
        and (protection := style.find(f"{{{MAIN}}}protection")) is not None
        and protection.get("locked") == "0"
    }


def _name(row: int, column: int) -> str:
    return f"{chr(ord('A') + column)}{row + 1}"


@pytest.fixture
def clean(tmp_path, extract):
    """A clean extract of two senders, and its lines by file."""
    extract.folder = tmp_path / "two_senders"
    extract.folder.mkdir()
    files = {
        "intervention.csv": ["intervention_id,name,kind,planned_months", "practice,Practice,a,6"]
    }
    for sender, district, first in (("norr", "Norr", 1), ("soder", "Söder", 101)):
        people = range(first, first + N_PEOPLE)
        files[f"person_{sender}.csv"] = [
            "person_id;district;birth_year;sex",
            *[f"P-{i};{district};{1960 + i % 40};{'kvinna' if i % 2 else 'man'}" for i in people],
        ]
        files[f"income_support_{sender}.csv"] = [
            "household_id;month;district;amount;currency",
            *[f"H-{i};{month};{district};{8000 + i};SEK" for i in people for month in MONTHS],
        ]
        files[f"household_member_{sender}.csv"] = [
            "household_id;person_id;month;role;support_obstacle",
            *[f"H-{i};P-{i};{month};lead;unemployed" for i in people for month in MONTHS],
        ]
        files[f"participation_{sender}.csv"] = [
            "person_id;intervention_id;start;end",
            *[f"P-{i};practice;2026-02-02;2026-04-01" for i in people],
        ]
        files[f"livelihood_{sender}.csv"] = [
            "person_id;start;end;state",
            *[f"P-{i};2026-01-01;2026-04-01;support" for i in people],
            *[f"P-{i};2026-04-01;;work" for i in people],
        ]
    _write(extract.folder, files)
    return files


def _write(folder, files):
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _with_faults(clean):
    """The clean lines with 26 faults, and where one line was added to a file: those below it have
    moved.
    """
    files = {name: list(lines) for name, lines in clean.items()}

    def change(name, line, old, new):
        assert old in files[name][line - 1]
        files[name][line - 1] = files[name][line - 1].replace(old, new)

    for line in range(2, 20, 2):  # 1: one wrong code in nine rows
        change("person_norr.csv", line, "kvinna", "K")
    change("person_norr.csv", 3, "man", "mann")  # 2: a misspelt code
    change("person_norr.csv", 5, ";Norr;", ";Nor;")  # 3: a misspelt district
    change("person_norr.csv", 7, ";1966;", ";19x6;")  # 4: no number
    change("person_norr.csv", 9, ";1968;", ";1068;")  # 5: a number out of its range
    change("person_norr.csv", 11, ";Norr;1970;man", ";;1970;man")  # 6: an empty cell
    change("person_norr.csv", 13, "P-12;Norr;1972;man", "P-12;Norr")  # 7: too few cells
    change("person_norr.csv", 15, "P-14;Norr;1974;man", "P-14;Norr;1974;man;;x")  # 8: too many
    files["person_norr.csv"].append(files["person_norr.csv"][16])  # 9: a row twice
    change("person_norr.csv", 20, "P-19", "P-18")  # 10: an id given twice, P-19 missing
    del files["person_soder.csv"][-1]  # 11: a person whom others name is missing
    change("income_support_norr.csv", 3, "2026-02-01", "2026-02-11")  # 12: no first day
    change("income_support_norr.csv", 4, "2026-03-01", "2062-03-01")  # 13: outside the extract
    change("income_support_norr.csv", 6, ";8002;", ";-8002;")  # 14: a negative amount
    change("income_support_norr.csv", 8, ";8002;", ";åttatusen;")  # 15: an amount in words
    change("income_support_norr.csv", 10, ";8003;SEK", ";8003;")  # 16: an amount of no currency
    change("income_support_norr.csv", 12, "SEK", "kronor")  # 17: no currency
    for line in (2, 3, 4, 5):  # 18: a household that nobody knows
        change("income_support_soder.csv", line, "H-101", "H-1O1")
    change("household_member_soder.csv", 6, "lead", "ledare")  # 19: an unknown role
    for line in range(2, 30):  # 20: an obstacle that is not on the list
        change("household_member_norr.csv", line, "unemployed", "Hemarbetande")
    for line in range(2, 9):  # 21: an intervention that nobody knows
        change("participation_norr.csv", line, "practice", "pratice")
    change("participation_norr.csv", 12, "2026-04-01", "2025-04-01")  # 22: an end before the start
    change("participation_norr.csv", 14, "2026-02-02", "2 februari")  # 23: no date
    change("livelihood_soder.csv", 4, "2026-04-01", "2026-06-01")  # 24: overlapping periods
    change("livelihood_soder.csv", 25, "work", "arbetar")  # 25: an unknown state
    change("livelihood_soder.csv", 27, "2026-04-01", "2026-04-15")  # 26: no first day
    return files


# What the senders know: what their own codes mean, and whom they meant.
MEANT = {
    "K": "kvinna",
    "Hemarbetande": "uppgift saknas",
    "H-1O1": "H-101",
    "pratice": "practice",
}
REPEATED = ("person_norr.csv", 22)


def _answer_as_sender(letter: Letter, clean) -> int:
    """Write in the marked cells what the clean files hold; returns how many rows were mended."""
    right = {name: [line.split(";") for line in lines] for name, lines in clean.items()}
    by_id = {
        cells[0]: dict(zip(lines[0], cells, strict=True))
        for name, lines in right.items()
        if name.startswith("person_")
        for cells in lines[1:]
    }
    n_mended = 0
    for sheet in letter.tables.values():
        headings = sheet.headings
        for row in range(1, sheet.n_rows + 1):
            file, line = sheet.text(row, FILE), sheet.text(row, LINE)
            now = {name: sheet.text(row, place) for name, place in headings.items()}
            if (file, line) == (REPEATED[0], str(REPEATED[1])):
                assert sheet.text(row, REMOVE) == "ja"
                n_mended += 1
                continue
            if line:
                meant = dict(zip(right[file][0], right[file][int(line) - 1], strict=True))
            elif any(text in MEANT for text in now.values()):
                meant = {name: MEANT.get(text, text) for name, text in now.items()}
            else:
                meant = by_id[now["person_id"]]
            changed = {name: text for name, text in meant.items() if text != now[name]}
            for name, text in changed.items():
                sheet.write(row, headings[name], text)
            n_mended += bool(changed)
    return n_mended


@pytest.fixture
def letters_of(extract, contracts_folder, tmp_path):
    """Write the letters about the extract; returns them by name."""

    def write(folder="letters", **changes):
        admission = extract.admit(
            max_rejected_share=1, max_listed_per_rule=LISTED_FOR_LETTERS, **changes
        )
        paths = write_letters(
            admission,
            extract.folder,
            contracts_folder,
            tmp_path / folder,
            words=words("sv"),
            mapping=changes.get("mapping"),
        )
        return {path.name: Letter(path) for path in paths}

    return write


def test_planted_faults_are_mended_from_the_letters_alone(
    extract, clean, letters_of, contracts_folder, tmp_path
):
    expected = extract.admit(max_rejected_share=0).tables
    _write(extract.folder, _with_faults(clean))

    letters = letters_of()
    for name, letter in letters.items():
        _answer_as_sender(letter, clean)
        take_back(letter.save(tmp_path / name), extract.folder, load_contracts(contracts_folder))
    second = extract.admit(max_rejected_share=0)

    assert sorted(letters) == ["letter_norr.xlsx", "letter_soder.xlsx"]
    assert second.rejected.is_empty()
    for table, rows in expected.items():
        found = second.tables[table]
        if table == "household_member":  # an obstacle that is not on the list was not stated
            is_named = pl.col("support_obstacle") != "not_stated"
            assert found.filter(~is_named).height == 28
            found = found.with_columns(support_obstacle=pl.lit("unemployed"))
        assert_frame_equal(found.sort(found.columns), rows.sort(rows.columns))


def test_letters_tell_each_cause_once_and_count_what_follows(extract, clean, letters_of):
    _write(extract.folder, _with_faults(clean))

    letter = letters_of()["letter_norr.xlsx"]

    told = Counter({name: sheet.n_rows for name, sheet in letter.tables.items()})
    assert told == {
        # 1 code; 2 to 9; the two rows of 10, and the person whom it hides.
        "person": 1 + 8 + 2 + 1,
        "ekonomiskt bistånd": 6,
        "hushållsmedlem": 1,
        "insats": 1,
        "deltagande i insats": 2,
    }
    first = "\n".join(letter.sheets["Brev"].text(row, 0) for row in range(20))
    assert "Ändra bara i gula celler." in first
    assert "Bladet person: 12 att rätta, om sammanlagt" in first
    assert re.search(r"följer \d+ rader med av sig själva i försörjning \(livelihood\)", first)
    code = letter.tables["person"]
    assert code.text(1, N_ROWS) == "9" and code.text(1, code.headings["sex"]) == "K"
    assert "sex (kön) ska vara något av: kvinna; man." in code.text(1, FAULT)


def test_letters_hold_no_personal_number_and_no_column_of_no_contract(extract, clean, letters_of):
    lines = list(clean["person_norr.csv"])
    clean["person_norr.csv"] = [
        f"{lines[0]};namn",
        *[f"{line};Svensson" for line in lines[1:]],
    ]
    clean["person_norr.csv"][1] = clean["person_norr.csv"][1].replace("kvinna", "q")
    clean["person_norr.csv"][2] += ";x"
    _write(extract.folder, clean)

    (letter,) = letters_of().values()

    content = b"".join(letter.parts.values()).decode("utf-8", errors="replace")
    assert "Svensson" not in content and "namn" not in letter.tables["person"].headings
    assert not count_personal_numbers(content)


def test_no_letter_is_written_where_nothing_is_to_be_mended(clean, letters_of):
    assert letters_of() == {}


def test_senders_may_be_named_in_the_mapping_file(extract, clean, letters_of, tmp_path):
    _write(extract.folder, _with_faults(clean))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\nsenders: {AME: ['participation_*', 'livelihood_*']}\n", encoding="utf-8"
    )

    letters = letters_of(mapping=mapping)

    assert sorted(letters) == ["letter_AME.xlsx", "letter_norr.xlsx", "letter_soder.xlsx"]
    assert "deltagande i insats" not in letters["letter_norr.xlsx"].tables


def _spoilt(extract, clean, letters_of, tmp_path):
    _write(extract.folder, _with_faults(clean))
    letter = letters_of()["letter_norr.xlsx"]
    return letter, letter.tables["ekonomiskt bistånd"], tmp_path / "letter_norr.xlsx"


def _refused(path, extract, contracts_folder, four_lines):
    before = sorted(extract.folder.iterdir())
    with pytest.raises(IntakeError) as caught:
        take_back(path, extract.folder, load_contracts(contracts_folder))
    assert sorted(extract.folder.iterdir()) == before
    return four_lines(caught.value)


def test_take_back_refuses_changes_in_cells_that_are_not_marked(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, sheet, path = _spoilt(extract, clean, letters_of, tmp_path)
    assert not sheet.is_marked(1, sheet.headings["amount"])
    sheet.force(1, sheet.headings["amount"], "1")

    lines = _refused(letter.save(path), extract, contracts_folder, four_lines)

    assert lines["what"] == "Rows were changed in cells that are not marked: 1."
    assert "sheet ekonomiskt bistånd, number" in lines["where"]
    assert "whole or not at all" in lines["why"]
    assert "return it again" in lines["fix"]


def test_take_back_refuses_a_personal_number(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, sheet, path = _spoilt(extract, clean, letters_of, tmp_path)
    sheet.write(1, sheet.headings["month"], "811218-9876")

    lines = _refused(letter.save(path), extract, contracts_folder, four_lines)

    assert lines["what"] == "Rows hold what looks like a personal number: 1."
    assert "811218" not in str(lines)


def test_take_back_refuses_a_letter_about_files_that_came_anew(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, _, path = _spoilt(extract, clean, letters_of, tmp_path)
    lines = _with_faults(clean)["income_support_norr.csv"]
    _write(extract.folder, {"income_support_norr.csv": [lines[0], *reversed(lines[1:])]})

    refusal = _refused(letter.save(path), extract, contracts_folder, four_lines)

    assert refusal["what"].startswith("Rows of a letter do not stand in the extract as they did: ")
    assert "delivered anew" in refusal["why"]
    assert "write a new letter" in refusal["fix"]


def test_take_back_refuses_what_is_no_letter(extract, contracts_folder, tmp_path, four_lines):
    import xlsxwriter

    with xlsxwriter.Workbook(tmp_path / "letter.xlsx") as book:
        book.add_worksheet("evalkit").write(0, 0, "something")

    lines = _refused(tmp_path / "letter.xlsx", extract, contracts_folder, four_lines)

    assert lines["what"] == "This file is no letter of evalkit."
    assert lines["where"] == "letter.xlsx"
    assert "hidden sheet" in lines["why"]
    assert "--letter" in lines["fix"]


def test_take_back_takes_a_letter_once(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, sheet, path = _spoilt(extract, clean, letters_of, tmp_path)
    sheet.write(1, sheet.headings["month"], "2026-02-01")
    target = take_back(letter.save(path), extract.folder, load_contracts(contracts_folder))

    lines = _refused(path, extract, contracts_folder, four_lines)

    assert target.name == "returned_01_norr.xlsx"
    assert lines["what"] == "This letter was taken back already."


def test_a_second_letter_mends_what_the_first_left(
    extract, clean, letters_of, contracts_folder, tmp_path
):
    _write(extract.folder, _with_faults(clean))
    contracts = load_contracts(contracts_folder)
    first = letters_of("first")
    for name, letter in first.items():  # each sender mends the code that stands in many rows only
        for sheet in letter.tables.values():
            for row in range(1, sheet.n_rows + 1):
                for place in sheet.headings.values():
                    if sheet.text(row, place) in MEANT and sheet.is_marked(row, place):
                        sheet.write(row, place, MEANT[sheet.text(row, place)])
        take_back(letter.save(tmp_path / name), extract.folder, contracts)
    for name, letter in letters_of("second").items():
        _answer_as_sender(letter, clean)
        take_back(letter.save(tmp_path / name), extract.folder, contracts)

    admission = extract.admit(max_rejected_share=0)

    assert admission.rejected.is_empty()
    notes = admission.assumptions.filter(
        pl.col("assumption").str.starts_with("a letter that came back")
    )
    assert notes["file"].to_list() == [
        "returned_01_norr.xlsx",
        "returned_02_soder.xlsx",
        "returned_03_norr.xlsx",
        "returned_04_soder.xlsx",
    ]
    assert "cells and" in notes["assumption"][0]


def test_letters_mend_files_of_types_as_they_mend_text(
    extract, clean, letters_of, contracts_folder, tmp_path
):
    path = extract.folder / "income_support_norr.csv"
    cells = pl.read_csv(path, separator=";", try_parse_dates=True).with_columns(
        amount=pl.col("amount").cast(pl.Float64)
    )
    path.unlink()
    spoilt = cells.with_columns(
        amount=pl.when(pl.int_range(pl.len()) == 3).then(-1.0).otherwise("amount")
    )
    spoilt.write_parquet(extract.folder / "income_support_norr.parquet")

    (letter,) = letters_of().values()
    sheet = letter.tables["ekonomiskt bistånd"]
    sheet.write(1, sheet.headings["amount"], "8001,50")
    take_back(
        letter.save(tmp_path / "letter_norr.xlsx"),
        extract.folder,
        load_contracts(contracts_folder),
    )

    amounts = extract.admit(max_rejected_share=0).tables["income_support"]["amount"]
    assert sheet.text(1, sheet.headings["month"]) == "2026-04-01"
    assert amounts.to_list().count(8001.5) == 1 and amounts.min() == 8001.0


def test_take_back_refuses_a_letter_whose_rows_are_gone(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, sheet, path = _spoilt(extract, clean, letters_of, tmp_path)
    sheet.force(1, NUMBER, "")

    lines = _refused(letter.save(path), extract, contracts_folder, four_lines)

    assert lines["what"] == "Rows of the letter are missing: 1."
    assert "sheet ekonomiskt bistånd, number 17" in lines["where"]


def test_take_back_refuses_a_letter_about_a_database(
    extract, clean, letters_of, contracts_folder, tmp_path, four_lines
):
    letter, _, path = _spoilt(extract, clean, letters_of, tmp_path)

    with pytest.raises(IntakeError) as caught:
        take_back(letter.save(path), "duckdb:///nowhere/a.duckdb", load_contracts(contracts_folder))

    lines = four_lines(caught.value)
    assert lines["what"] == "A letter cannot be taken back for a database."
    assert lines["where"] == "letter_norr.xlsx"
    assert "beside the files" in lines["why"]
    assert "in the database" in lines["fix"]


def test_a_letter_that_would_show_a_personal_number_is_not_written(
    contracts_folder, tmp_path, four_lines
):
    row = LetterRow(
        number=0,
        sheet="",
        kind="value",
        table="person",
        columns=("sex",),
        marked=("sex",),
        given={"sex": "811218-9876"},
        files=("person.csv",),
    )

    with pytest.raises(IntakeError) as caught:
        write_workbooks(
            [Fault("norr", row, ("It is wrong.",))],
            pl.DataFrame(schema=["table", "follows_from", "n_rejected"]),
            tmp_path,
            contracts=load_contracts(contracts_folder),
            mapping=MappingFile(source=""),
            words=words("sv"),
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "Cells of a letter look like a personnummer or samordningsnummer: 1."
    assert lines["where"] == "letter_norr.xlsx"
    assert "No personal number may leave" in lines["why"]
    assert "pseudonymise" in lines["fix"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file", "sender"),
    [
        ("person.csv", ""),
        ("person_2026.csv", ""),
        ("person_norr_2026-01.csv", "norr"),
        ("person_2026_enskede_arsta.csv", "enskede_arsta"),
        ("monthly_record_2026-01.txt", ""),
    ],
)
def test_the_sender_of_a_file_is_what_stands_behind_the_table(file, sender):
    assert sender_of(file, "person", MappingFile(source="")) == sender


def test_a_decimal_comma_is_taken_in_a_file_parted_by_commas(
    extract, letters_of, contracts_folder, tmp_path
):
    extract.add("income_support", "H-1,2026-03-01,Norr,many,SEK")
    extract.add("household_member", "H-1,P-1,2026-03-01,lead")
    (letter,) = letters_of().values()
    sheet = letter.tables["ekonomiskt bistånd"]

    sheet.write(1, sheet.headings["amount"], "9000,50")
    path = letter.save(tmp_path / "letter.xlsx")
    take_back(path, extract.folder, load_contracts(contracts_folder))

    amounts = extract.admit(max_rejected_share=0).tables["income_support"]["amount"].to_list()
    assert 9000.5 in amounts


def test_letters_tell_rows_that_a_mapping_has_made_without_a_cell_to_mend(
    extract, letters_of, tmp_path
):
    extract.write(
        "income_support",
        ["household_id;district;B 202601;B 202602", "H-1;Nor;9500;x", "H-9;Söder;;8000"],
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  income_support:\n    constants: {currency: SEK}\n"
        "    months_in_columns: {form: 'B %Y%m', month: month, value: amount}\n",
        encoding="utf-8",
    )

    (letter,) = letters_of(mapping=mapping).values()

    sheet = letter.tables["ekonomiskt bistånd"]
    assert list(sheet.headings) == ["household_id", "district"]
    assert sheet.is_marked(1, sheet.headings["district"])
    assert "amount (belopp) ska skrivas som tal." in sheet.text(1, FAULT)
    assert "finns inte i tabellen household_member" in sheet.text(2, FAULT)


def test_codes_are_told_together_and_numbers_one_by_one(extract, clean, letters_of):
    lines = clean["income_support_norr.csv"]
    clean["income_support_norr.csv"] = [
        lines[0],
        *[re.sub(r";\d+;SEK", ";-1;kr", line) for line in lines[1:11]],
        *[re.sub(r";\d+;", ";;", line) for line in lines[11:18]],
        *lines[18:],
    ]
    _write(extract.folder, clean)

    (letter,) = letters_of().values()

    sheet = letter.tables["ekonomiskt bistånd"]
    n_rows = [sheet.text(row, N_ROWS) for row in range(1, sheet.n_rows + 1)]
    assert n_rows == ["10", *["1"] * 17]
    assert sheet.text(1, sheet.headings["currency"]) == "kr"


def test_a_record_is_mended_from_its_letter(extract, letters_of, contracts_folder, tmp_path):
    for table in ("person", "income_support", "household_member", "participation", "livelihood"):
        (extract.folder / f"{table}.csv").unlink()
    line = "2026\t01\t0180\t\t1\t{}\t{}\t1\t0\t0\t2\t35\r\n"
    lines = [line.format("9500", "P-1"), line.format("95x0", "P-9")]
    record = extract.folder / "monthly_record_2026-01.txt"
    record.write_bytes("".join(lines).encode())
    (letter,) = letters_of(districts=["0180"]).values()
    sheet = letter.tables["ekonomiskt bistånd"]

    sheet.write(1, sheet.headings["amount"], "9600")
    path = letter.save(tmp_path / "letter.xlsx")
    take_back(path, extract.folder, load_contracts(contracts_folder))

    admission = extract.admit(max_rejected_share=0, districts=["0180"])
    assert admission.tables["income_support"]["amount"].to_list() == [9500.0, 9600.0]
