"""Records are read from their file once, and again when it changes; values are of the declared
kind.
"""

from datetime import date
from pathlib import Path

import pytest

from evalkit.errors import ParameterError
from evalkit.params import Extract
from evalkit.records import Record, load
from evalkit.run_rules import SurvivalRules


class Place(Record):
    name: str


def test_a_record_is_read_again_when_its_file_changes(tmp_path):
    path = tmp_path / "place.yaml"
    path.write_text("name: Norr", encoding="utf-8")
    first = load(path, Place)

    again = load(path, Place)
    path.write_text("name: Söder", encoding="utf-8")

    assert again is first
    assert load(path, Place).name == "Söder"


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("horizon_months", "yes"),
        ("horizon_months", '"24"'),
        ("horizon_months", "24.0"),
        ("age_bands", "[25, no]"),
    ],
)
def test_a_value_of_another_kind_is_refused_by_its_key(tmp_path, key, written):
    file = tmp_path / "rules.yaml"
    file.write_text(f"{key}: {written}\n", encoding="utf-8")

    with pytest.raises(ParameterError) as fault:
        load(file, SurvivalRules)

    assert f'"{key}' in fault.value.where and "yes" not in str(fault.value)


def test_texts_stand_for_dates_and_paths(tmp_path):
    file = tmp_path / "extract.yaml"
    file.write_text("folder: ../x\nfirst_month: 2019-01\ndata_through: 2020-12-01\n", "utf-8")

    extract = load(file, Extract)

    assert (extract.folder, extract.data_through) == (Path("../x"), date(2020, 12, 1))


def test_an_address_of_a_database_stays_a_text(tmp_path):
    file = tmp_path / "extract.yaml"
    address = "sqlite:////srv/register.db"
    file.write_text(f"folder: {address}\nfirst_month: 2019-01\ndata_through: 2020-12-01\n", "utf-8")

    assert load(file, Extract).folder == address
