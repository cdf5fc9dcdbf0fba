"""Pseudonyms: the same person the same pseudonym, a key that stays outside, and nothing left that
gate 1 would stop.
"""

import pytest

from evalkit.errors import IntakeError
from evalkit.ids import count_personal_numbers
from evalkit.intake import load_contracts, pseudonymise, read_key
from evalkit.intake.admission.pseudonymise import pseudonym

KEY = bytes(range(32))
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

    assert done.written["person.csv"] == 4
    assert admission.tables["household_member"]["person_id"][0] == pseudonym(NUMBER, KEY)
    assert not any(
        count_personal_numbers(path.read_text(encoding="utf-8"))
        for path in (tmp_path / "out").iterdir()
    )


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


def test_read_key_reads_a_private_file_outside_the_project(key_file, tmp_path):
    assert read_key(key_file, project=tmp_path / "project") == KEY


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path, _: path.chmod(0o640), "Others than its owner may read"),
        (lambda path, _: path.unlink(), "no such file"),
        (lambda path, _: path.write_bytes(b"short"), "shorter than 32 bytes"),
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


def test_read_key_refuses_a_key_inside_the_project_even_by_a_link(key_file, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(key_file)

    with pytest.raises(IntakeError) as caught:
        read_key(project / "link", project=project)

    assert "inside the project's folder" in caught.value.why
