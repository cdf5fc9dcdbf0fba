"""Pseudonyms: the same person the same pseudonym, a key that stays outside, and nothing left that
gate 1 would stop.
"""

import base64
import random
from datetime import datetime
from hashlib import sha256

import polars as pl
import pytest
import xlsxwriter

from evalkit.errors import IntakeError
from evalkit.ids import count_personal_numbers
from evalkit.intake import load_contracts
from evalkit.intake.admission.pseudonym_key import fingerprint, pseudonym, read_key
from evalkit.intake.admission.pseudonym_receipt import write_pseudonym_receipt
from evalkit.intake.admission.pseudonymise import pseudonymise
from evalkit.words import words

KEY = sha256(b"the key of the tests").digest()
# 811218-9876 stands in Skatteverket's description of the check digit (SKV 704), 701063-2391 is a
# samordningsnummer.
NUMBER, OTHER = "811218-9876", "701063-2391"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "elsewhere" / "key"
    path.parent.mkdir()
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    "written",
    ["198112189876", "19811218-9876", "8112189876", "811218 9876", " 811218-9876 ", "8112189876.0"],
)
def test_pseudonym_is_the_same_however_the_number_is_written(written):
    assert pseudonym(written, KEY) == pseudonym(NUMBER, KEY)


def test_pseudonym_depends_on_the_key_and_holds_no_digit():
    made = {pseudonym(f"P-{i}", key) for i in range(50) for key in (KEY, KEY[::-1])}

    assert len(made) == 100
    assert all(len(text) == 32 and set(text) <= set("abcdefghijklmnop") for text in made)


def test_pseudonym_of_a_household_is_not_that_of_the_person_with_the_same_id():
    assert pseudonym(NUMBER, KEY, of="household_id") != pseudonym(NUMBER, KEY, of="person_id")
    assert pseudonym(NUMBER, KEY) == pseudonym(NUMBER, KEY, of="person_id")


def _delivered_with_numbers(extract):
    extract.write(
        "person",
        [
            "person_id;district;note",
            f"{NUMBER};Norr;ring {OTHER}",
            f"{OTHER};Norr;",
            "19121212-1212;Söder;",
        ],
    )
    extract.write(
        "intervention", ["intervention_id,name,kind", f"work_training,Place of {OTHER},training"]
    )
    extract.write(
        "income_support",
        ["household_id,month,district,amount,currency", f"{NUMBER},2026-01-01,Norr,,"],
    )
    extract.write(
        "household_member",
        ["household_id,person_id,month,role", f"{NUMBER},198112189876,2026-01-01,lead"],
    )
    extract.write(
        "participation",
        ["person_id,intervention_id,start,end", "8112189876,work_training,2026-01-12,"],
    )
    extract.write("livelihood", ["person_id,start,end,state", f"{OTHER},2026-01-01,,work"])


def test_pseudonymise_makes_an_extract_that_gate_1_lets_in(extract, tmp_path, contracts_folder):
    _delivered_with_numbers(extract)

    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)
    extract.folder = tmp_path / "out"
    admission = extract.admit(max_rejected_share=0)

    n_replaced = {file.name: file.n_replaced for file in done.files}
    assert n_replaced["person.csv"] == 3 and n_replaced["intervention.csv"] == 1
    assert admission.tables["household_member"]["household_id"][0] != pseudonym(NUMBER, KEY)
    assert (
        admission.tables["income_support"]["household_id"][0]
        == admission.tables["household_member"]["household_id"][0]
    )
    assert admission.tables["household_member"]["person_id"][0] == pseudonym(NUMBER, KEY)
    assert not any(
        count_personal_numbers(path.read_text(encoding="utf-8"))
        for path in (tmp_path / "out").iterdir()
    )


def test_pseudonym_is_the_same_where_a_workbook_took_the_zeros_away(
    extract, tmp_path, contracts_folder
):
    # Born in December 2001, as a number of nine digits and as a text.
    young = next(
        f"01121{i:05d}" for i in range(20_000, 30_000) if count_personal_numbers(f"01121{i:05d}")
    )
    (extract.folder / "person.csv").unlink()
    pl.DataFrame(
        {"person_id": [int(young), 8112189876], "district": ["Norr", "Norr"]}
    ).write_parquet(extract.folder / "person.parquet")
    extract.write("livelihood", ["person_id,start,end,state", f"20{young},2026-01-01,,work"])

    pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    persons = pl.read_parquet(tmp_path / "out" / "person.parquet")["person_id"].to_list()
    assert persons == [pseudonym(young, KEY), pseudonym(NUMBER, KEY)]
    text = (tmp_path / "out" / "livelihood.csv").read_text(encoding="utf-8")
    assert pseudonym(young, KEY) in text


def test_pseudonymise_replaces_the_numbers_of_a_monthly_record(extract, tmp_path, contracts_folder):
    record = extract.folder / "monthly_record_2026-01.txt"
    record.write_bytes(
        f"2026\t01\t0180\t01\t1\t9500\t198112189876\t1\t0\t0\t2\t44\t{OTHER}\t1\t0\t0\t1\t40\t191212121212\r\n".encode()
    )

    pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    fields = (tmp_path / "out" / record.name).read_text(encoding="utf-8").split("\t")
    assert fields[6] == pseudonym(NUMBER, KEY) and fields[12] == pseudonym(OTHER, KEY)
    assert fields[5] == "9500"


def test_pseudonymise_leaves_out_what_no_contract_names(extract, tmp_path, contracts_folder):
    (extract.folder / "notes.txt").write_text(NUMBER, encoding="utf-8")

    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    assert done.left_out == ("notes.txt",)
    assert not (tmp_path / "out" / "notes.txt").exists()


def test_pseudonymise_refuses_a_folder_that_holds_files(extract, contracts_folder, four_lines):
    with pytest.raises(IntakeError) as caught:
        pseudonymise(extract.folder, extract.folder, load_contracts(contracts_folder), key=KEY)

    lines = four_lines(caught.value)
    assert lines["what"] == "The folder to write is not empty."
    assert lines["where"].endswith("extract")
    assert "Nothing was written" in lines["why"]
    assert "new folder" in lines["fix"]


def test_pseudonymise_writes_nothing_when_a_file_is_misshapen(
    extract, tmp_path, contracts_folder, four_lines
):
    extract.add("person", f"P-4,Norr,male,{NUMBER}")

    with pytest.raises(IntakeError) as caught:
        pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    lines = four_lines(caught.value)
    assert "more or fewer cells" in lines["what"]
    assert lines["where"] == "person.csv"
    assert "escape the search" in lines["why"]
    assert "mend the lines" in lines["fix"]
    assert not (tmp_path / "out").exists()


def test_pseudonymise_drops_columns_that_it_does_not_know_and_says_which(
    extract, tmp_path, contracts_folder
):
    extract.write(
        "person",
        ["person_id;district;namn;adress;kontakt", "P-1;Norr;Svensson, Eva;Storgatan 1;070"],
    )

    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    (person,) = [file for file in done.files if file.name == "person.csv"]
    text = (tmp_path / "out" / "person.csv").read_text(encoding="utf-8")
    assert person.dropped == ("namn", "adress", "kontakt")
    assert text == f"person_id;district\n{pseudonym('P-1', KEY)};Norr\n"


def test_pseudonymise_keeps_a_column_on_request_without_its_personal_numbers(
    extract, tmp_path, contracts_folder
):
    extract.write("person", ["person_id;district;ort;namn", f"P-1;Norr;Ryd {NUMBER};Eva"])

    done = pseudonymise(
        extract.folder,
        tmp_path / "out",
        load_contracts(contracts_folder),
        key=KEY,
        keep=["ort"],
    )

    (person,) = [file for file in done.files if file.name == "person.csv"]
    text = (tmp_path / "out" / "person.csv").read_text(encoding="utf-8")
    assert (person.kept, person.dropped) == (("ort",), ("namn",))
    assert f"Norr;Ryd {pseudonym(NUMBER, KEY)}\n" in text and "Eva" not in text


def test_pseudonymise_refuses_to_keep_a_column_that_no_file_has(
    extract, tmp_path, contracts_folder, four_lines
):
    with pytest.raises(IntakeError) as caught:
        pseudonymise(
            extract.folder,
            tmp_path / "out",
            load_contracts(contracts_folder),
            key=KEY,
            keep=["distrikt"],
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "1 column to keep is in no file."
    assert lines["where"] == '--keep: "distrikt" (did you mean "district"?)'
    assert "Nothing was written" in lines["why"]
    assert "as the file names it" in lines["fix"]
    assert not (tmp_path / "out").exists()


def test_pseudonymise_knows_the_columns_of_a_mapping_file(extract, tmp_path, contracts_folder):
    extract.write("person", ["Klient,district,height", f"{NUMBER},Norr,180"])
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  person:\n    columns: {person_id: Klient}\n    covariates:\n"
        "      - {name: height, type: integer, description: {en: Height, sv: Längd}, "
        "measured: once, is_known_at_first_month: true}\n",
        encoding="utf-8",
    )

    pseudonymise(
        extract.folder,
        tmp_path / "out",
        load_contracts(contracts_folder),
        key=KEY,
        mapping=mapping,
    )

    text = (tmp_path / "out" / "person.csv").read_text(encoding="utf-8")
    assert text == f"Klient,district,height\n{pseudonym(NUMBER, KEY)},Norr,180\n"


def test_pseudonymise_refuses_one_column_for_persons_and_households(
    extract, tmp_path, contracts_folder, four_lines
):
    extract.write("household_member", ["nr,month,role", f"{NUMBER},2026-01-01,lead"])
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  household_member:\n    columns: {person_id: nr, "
        "household_id: nr}\n",
        encoding="utf-8",
    )

    with pytest.raises(IntakeError) as caught:
        pseudonymise(
            extract.folder,
            tmp_path / "out",
            load_contracts(contracts_folder),
            key=KEY,
            mapping=mapping,
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "One delivered column holds both persons and households."
    assert lines["where"] == 'household_member.csv, column "nr"'
    assert "pseudonyms of their own" in lines["why"]
    assert "twice" in lines["fix"]


def test_pseudonymise_refuses_a_type_that_cannot_be_searched(
    extract, tmp_path, contracts_folder, four_lines
):
    (extract.folder / "person.csv").unlink()
    pl.DataFrame({"person_id": [NUMBER.encode()], "district": ["Norr"]}).write_parquet(
        extract.folder / "person.parquet"
    )

    with pytest.raises(IntakeError) as caught:
        pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    lines = four_lines(caught.value)
    assert "type that cannot be searched" in lines["what"]
    assert lines["where"] == 'person.parquet, column "person_id"'
    assert "is not copied" in lines["why"]
    assert "text, numbers or dates" in lines["fix"]


def test_pseudonymise_replaces_numbers_in_columns_of_categories(
    extract, tmp_path, contracts_folder
):
    (extract.folder / "person.csv").unlink()
    pl.DataFrame(
        {"person_id": ["P-1"], "district": ["Norr"], "education": [NUMBER]},
        schema_overrides={"education": pl.Categorical, "district": pl.Categorical},
    ).write_parquet(extract.folder / "person.parquet")

    pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    cells = pl.read_parquet(tmp_path / "out" / "person.parquet")
    assert cells.row(0) == (pseudonym("P-1", KEY), "Norr", pseudonym(NUMBER, KEY))


def test_pseudonymise_writes_two_files_of_one_name_apart(extract, tmp_path, contracts_folder):
    (extract.folder / "person.csv").unlink()
    pl.DataFrame({"person_id": ["P-1"], "district": ["Norr"]}).write_parquet(
        extract.folder / "person.parquet"
    )
    with xlsxwriter.Workbook(extract.folder / "person.xlsx") as book:
        book.add_worksheet().write_column(0, 0, ["person_id", "P-2"])
        book.get_worksheet_by_name("Sheet1").write_column(0, 1, ["district", "Norr"])
        book.add_worksheet("Klienter").write(0, 0, NUMBER)

    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    persons = [file for file in done.files if file.table == "person"]
    assert [(file.name, file.n_rows, file.n_sheets) for file in persons] == [
        ("person.parquet", 1, 0),
        ("person_xlsx.parquet", 1, 1),
    ]


def test_pseudonymise_empties_fields_of_a_record_that_hold_something_else(
    extract, tmp_path, contracts_folder
):
    line = "2026\t01\t0180\t01\t1\t9500\tP-1\t{status}\t0\t0\t2\t44\r\n"
    record = extract.folder / "monthly_record_2026-01.txt"
    record.write_bytes((line.format(status="1") * 3 + line.format(status="Svensson")).encode())

    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    (copied,) = [file for file in done.files if file.name == record.name]
    assert copied.n_emptied == 1
    assert "Svensson" not in (tmp_path / "out" / record.name).read_text(encoding="utf-8")


def test_pseudonymise_refuses_a_record_whose_numbers_stand_elsewhere(
    extract, tmp_path, contracts_folder, four_lines
):
    record = extract.folder / "monthly_record_2011-01.txt"
    record.write_bytes(b"2011\t01\t0180\t01\t1\t0\t9500\t198112189876\t1\t0\t0\t2\t44\r\n")

    with pytest.raises(IntakeError) as caught:
        pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    lines = four_lines(caught.value)
    assert lines["what"].startswith("A monthly record has another layout")
    assert "field 8 (household_status_1)" in lines["where"]
    assert not (tmp_path / "out").exists()


def test_receipt_says_what_was_done_and_holds_no_value(extract, tmp_path, contracts_folder):
    _delivered_with_numbers(extract)
    extract.write("livelihood", ["person_id,start,end,state,namn", f"{OTHER},2026-01-01,,work,Eva"])
    (extract.folder / f"{NUMBER}.txt").write_text("Eva", encoding="utf-8")
    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)

    path = write_pseudonym_receipt(
        done,
        tmp_path / "receipt.txt",
        key=KEY,
        made=datetime(2026, 12, 1, 8, 30),
        words=words("sv"),
    )

    text = path.read_text(encoding="utf-8")
    assert "Gjord 2026-12-01 08:30" in text
    assert f"fingeravtryck: {fingerprint(KEY)}." in text
    assert "person.csv: 3 rader\n  bytta celler: person_id 3\n" in text
    assert "bytta celler: name 1\n" in text
    assert "känner dem: note\n" in text
    assert "inget kontrakt nämner dem: a name with a number in it (.txt)" in text
    assert not count_personal_numbers(text) and "Eva" not in text
    assert KEY.hex() not in text and pseudonym(NUMBER, KEY) not in text


def test_receipt_is_never_written_over(extract, tmp_path, contracts_folder):
    done = pseudonymise(extract.folder, tmp_path / "out", load_contracts(contracts_folder), key=KEY)
    (tmp_path / "receipt.txt").write_text("archived", encoding="utf-8")

    with pytest.raises(FileExistsError):
        write_pseudonym_receipt(
            done, tmp_path / "receipt.txt", key=KEY, made=datetime(2026, 12, 1), words=words("en")
        )


def test_read_key_reads_a_private_file_outside_the_project(key_file, tmp_path):
    assert read_key(key_file, project=tmp_path / "project") == KEY


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path, _: path.chmod(0o640), "Others than its owner may read"),
        (lambda path, _: path.unlink(), "no such file"),
        (lambda path, _: path.write_bytes(b"short"), "shorter than 32 bytes"),
        (lambda path, _: path.write_bytes(bytes(range(64))), "follows a rule"),
        (lambda path, _: path.write_bytes(b"\x00" * 64), "follows a rule"),
        (lambda path, _: path.write_bytes(b"Sommar2026" * 8), "repeats itself"),
        (lambda path, _: path.write_bytes(KEY[:8] * 8), "repeats itself"),
        (lambda path, _: path.write_bytes(b"hemlig nyckel i Enskede socialtjanst"), "of words"),
        (lambda path, _: path.write_bytes(b"hemlignyckelforsocialtjanstenuppsala"), "of words"),
    ],
)
def test_read_key_refuses_a_key_that_is_not_safe(key_file, tmp_path, four_lines, spoil, why):
    spoil(key_file, tmp_path)

    with pytest.raises(IntakeError) as caught:
        read_key(key_file, project=tmp_path / "project")

    lines = four_lines(caught.value)
    assert lines["what"] == "The key of the pseudonyms cannot be used."
    assert lines["where"] == "the file given by --key"
    assert why in lines["why"]
    assert "KEYFILE" in lines["fix"]


@pytest.mark.parametrize(
    "as_written",
    [
        bytes,
        lambda key: key.hex().encode(),
        lambda key: key.hex().upper().encode() + b"\n",
        lambda key: base64.b64encode(key) + b"\n",
    ],
    ids=["bytes", "hexadecimal", "capitals", "base 64"],
)
def test_read_key_takes_random_keys_however_they_are_written(key_file, tmp_path, as_written):
    rng = random.Random(1)
    for _ in range(300):
        key_file.write_bytes(as_written(rng.randbytes(32)))

        assert read_key(key_file, project=tmp_path / "project")


def test_read_key_refuses_a_key_inside_the_project_even_by_a_link(key_file, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(key_file)

    with pytest.raises(IntakeError) as caught:
        read_key(project / "link", project=project)

    assert "inside the project's folder" in caught.value.why
