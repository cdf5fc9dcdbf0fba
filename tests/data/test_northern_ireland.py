"""The script that makes the Northern Ireland tables, on two invented people, and the tables it
made.
"""

import importlib.util
from datetime import date
from pathlib import Path

import polars as pl
import pytest

FOLDER = Path(__file__).parent / "northern_ireland"
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_northern_ireland", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source():
    months = [date(1993, 7, 1).replace(year=1993 + k // 12, month=k % 12 + 1) for k in range(6, 78)]
    background = {
        "id": [1, 2],
        "weight": [0.5, 1.5],
        "male": ["yes", "no"],
        "Belfast": ["no", "yes"],
        "Southern": ["yes", "no"],
    }
    elsewhere = {area: ["no", "no"] for area in ("N.Eastern", "S.Eastern", "Western")}
    covariates = {
        name: ["no", "yes"]
        for name in ("catholic", "Grammar", "gcse5eq", "funemp", "fmpr", "livboth")
    }
    states = {
        month.strftime("%b.%y"): [
            "joblessness" if k in (1, 2) else "employment",
            "training" if k < 70 else "FE",
        ]
        for k, month in enumerate(months)
    }
    return pl.DataFrame({**background, **elsewhere, **covariates, **states})


def test_make_person_reads_the_area_and_codes_covariates(make, source):
    person = make.make_person(source)

    assert person.rows()[0][:5] == ("NI-0001", "Southern", "male", 0.5, 0)
    assert person.rows()[1][:5] == ("NI-0002", "Belfast", "female", 1.5, 1)


def test_make_tables_writes_half_open_spells_that_run_open_at_the_end(make, source):
    livelihood = make.make_tables(source)["livelihood"]

    assert [
        (person, str(start), str(end), state) for person, start, end, state in livelihood.rows()
    ] == [
        ("NI-0001", "1993-07-01", "1993-08-01", "work"),
        ("NI-0001", "1993-08-01", "1993-10-01", "support"),
        ("NI-0001", "1993-10-01", "None", "work"),
        ("NI-0002", "1993-07-01", "1999-05-01", "training"),
        ("NI-0002", "1999-05-01", "None", "further_education"),
    ]


def test_make_tables_pays_the_months_of_joblessness_and_books_training(make, source):
    tables = make.make_tables(source)

    assert tables["income_support"].select(
        "household_id", pl.col("month").cast(pl.String), "amount"
    ).rows() == [
        ("H-0001", "1993-08-01", None),
        ("H-0001", "1993-09-01", None),
    ]
    assert tables["participation"].select("person_id", pl.col("end").cast(pl.String)).rows() == [
        ("NI-0002", "1999-05-01")
    ]


def test_committed_tables_hold_everybody_and_every_joint_month(make):
    person, support = pl.read_csv(FOLDER / "person.csv"), pl.read_csv(FOLDER / "income_support.csv")

    assert person.height == 712
    assert support.height == 4399
    assert set(person["district"]) == set(make.AREAS)


def test_committed_tables_stay_small():
    assert max(path.stat().st_size for path in FOLDER.glob("*.csv")) < MAX_BYTES
