import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.batch.scan import (
    Findings,
    KnownIds,
    Tokens,
    known_ids,
    scan_file,
    scan_notebook,
    scan_text,
)

# Skatteverket's own published test numbers.
PERSONAL_NUMBER = "19121212-1212"
COORDINATION_NUMBER = "701063-2391"


@pytest.fixture
def known(project):
    project.add_person_table(["NI-0001", "NI-0712", "Åsa_9"])
    return known_ids(project.run_dir)


@pytest.mark.parametrize(
    "text",
    [
        "NI-0001",
        "(ni-0001)",
        "x NI-0001, y",
        "a_NI-0001_b",
        "row\nNI-0001\n",
        "x-NI-0001-y",
        "<b>NI-0001</b>",
    ],
)
def test_id_is_found_as_a_whole_token(known, text):
    assert scan_text(text, known) == Findings(n_ids=1)


@pytest.mark.parametrize("text", ["NI-00012", "XNI-0001", "NI 0001", "NI-0713", "0001", "NI", ""])
def test_part_of_an_id_or_another_text_is_not_found(known, text):
    assert not scan_text(text, known)


def test_id_with_letters_of_any_language_is_found(known):
    assert scan_text("person åsa_9.", known) == Findings(n_ids=1)


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_planted_id_is_found_wherever_it_stands_between_separators(before, after):
    known = known_ids_of("NI-0001")

    assert scan_text(f"{before} NI-0001;{after}", known).n_ids == 1


def known_ids_of(*ids: str):
    return KnownIds(Tokens.of(pl.Series([one.lower() for one in ids])))


@pytest.mark.parametrize("number", [PERSONAL_NUMBER, COORDINATION_NUMBER])
def test_personal_number_is_found(known, number):
    assert scan_text(f"note: {number}.", known) == Findings(n_personal_numbers=1)


def test_digits_of_decimals_and_checksums_are_not_taken_for_personal_numbers(known):
    decimal, checksum = "path 0.7010632391,3.191212121212", "ab7010632391cd" + "e" * 50

    assert not scan_text(f"{decimal} {checksum}", known)


def test_short_plain_numbers_as_ids_are_not_searched_and_that_is_known(project):
    project.add_person_table(["1", "2", "712"])

    known = known_ids(project.run_dir)

    assert not known.are_recognisable
    assert not scan_text("712 persons", known)


def test_household_ids_are_known_too(project):
    project.add_person_table(["NI-0001"])
    pl.DataFrame({"household_id": ["H-0001"]}).write_parquet(
        project.run_dir / "work" / "household_member.parquet"
    )

    assert scan_text("H-0001", known_ids(project.run_dir)) == Findings(n_ids=1)


def test_nothing_is_known_before_the_first_notebook(project):
    assert not scan_text("NI-0001", known_ids(project.run_dir))


def test_notebook_is_searched_in_sources_outputs_and_metadata(known):
    output = {
        "output_type": "execute_result",
        "data": {"text/html": "<td>\nNI&#45;0001</td>"},
        "metadata": {},
    }
    cells = [
        {"cell_type": "markdown", "source": "nothing", "metadata": {}},
        {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": [output]},
        {"cell_type": "code", "source": f"'{PERSONAL_NUMBER}'", "metadata": {}, "outputs": []},
    ]

    found = scan_notebook({"metadata": {"title": "NI-0712"}, "cells": cells}, known)

    assert found == {0: Findings(n_ids=1), 2: Findings(n_ids=1), 3: Findings(n_personal_numbers=1)}


@pytest.mark.parametrize("ending", [".html", ".json", ".svg", ".csv"])
def test_text_files_are_searched(known, tmp_path, ending):
    path = tmp_path / f"page{ending}"
    path.write_text(json.dumps({"note": "a\nNI-0001"}) if ending == ".json" else "<p>NI-0001</p>")

    assert scan_file(path, known) == Findings(n_ids=1)


def test_published_table_is_searched_in_texts_and_whole_numbers(known, tmp_path):
    path = tmp_path / "table.parquet"
    pl.DataFrame(
        {"who": ["NI-0001", "x"], "number": [191212121212, 1], "share": [0.5, 7010632391.0]}
    ).write_parquet(path)

    assert scan_file(path, known) == Findings(n_ids=1, n_personal_numbers=1)


def test_findings_are_told_as_counts_only():
    assert Findings(2, 1).in_words() == "2 ids of persons or households and 1 personal number"
    assert Findings(0, 0, 1, 2, 1).in_words() == (
        "the database's password and 2 paths of this computer and 1 name of columns that were not "
        "read in"
    )


def test_paths_of_this_computer_are_found_and_others_are_not(project):
    known = known_ids(project.run_dir)
    folder = project.run_dir.parent.parent.as_posix()

    text = f"file://{folder}/x.csv and {Path.home()}; ../work/x.csv, /elsewhere{Path.home()}x"

    assert scan_text(text, known) == Findings(n_places=2)


@pytest.mark.parametrize("ending", [".html", ".json"])
def test_path_of_this_computer_is_found_in_a_page_and_a_record(project, tmp_path, ending):
    path = tmp_path / f"page{ending}"
    path.write_text(json.dumps({"source": str(project.run_file)}))

    assert scan_file(path, known_ids(project.run_dir)).n_places == 0
    project.write_record()
    assert scan_file(path, known_ids(project.run_dir)) == Findings(n_places=1)


def test_name_of_a_column_that_was_not_read_in_is_found(project):
    project.add_unread_columns(["Anteckning om Anna", "Fritext_2", "district", "kön", "ab"])

    known = known_ids(project.run_dir)

    text = "Fritext_2 (anteckning om anna) in the district; ab, kön, Fritext"
    assert scan_text(text, known) == Findings(n_columns=2)


def test_column_whose_name_is_a_word_of_the_run_is_not_looked_for(project):
    project.write_record()
    project.add_unread_columns(["Belfast", "Trial", "Hushållets handläggare"])

    known = known_ids(project.run_dir)

    assert known.columns.names.to_list() == ["hushållets handläggare"]
