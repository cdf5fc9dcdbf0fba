"""The extract as a run file names it: a last month known for each table, and a database in place of
a folder.
"""

import sqlite3
from datetime import date

import polars as pl
import pytest

from evalkit.errors import IntakeError, ParameterError
from evalkit.intake import admit_run, intake_counts
from evalkit.intake.reading.database import _with_password
from evalkit.params import Extract, Run, RunFile
from evalkit.records import validate
from evalkit.spells import build_spells

THROUGH = {
    "income_support": "2026-06",
    "household_member": "2026-06",
    "participation": "2026-05",
    "livelihood": "2026-03",
}


@pytest.fixture
def make_run(extract, contracts_folder):
    """A run of the small extract; fields of its extract may be replaced."""

    def make(**changes) -> Run:
        declared = {
            "folder": str(extract.folder),
            "first_month": "2026-01",
            "data_through": "2026-06",
            "max_rejected_share": 0.5,
            **changes,
        }
        content = {
            "run": "small",
            "title": {"sv": "Liten", "en": "Small"},
            "districts": ["Norr", "Söder"],
            "seed": 1,
            "extract": declared,
        }
        params = validate(
            {**content, "contracts": str(contracts_folder)}, RunFile, where="small.yaml"
        )
        return Run(
            run_dir=extract.folder.parent / "run",
            run_file=extract.folder.parent / "small.yaml",
            params=params,
        )

    return make


def _extract(**changes) -> Extract:
    return validate(
        {"folder": "x", "first_month": "2026-01", **changes}, Extract, where="small.yaml"
    )


def test_follow_up_ends_with_the_first_table_it_rests_on():
    assert _extract(data_through=THROUGH).follow_up_through == date(2026, 3, 1)
    assert _extract(data_through="2026-06").follow_up_through == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("through", "survival", "quoted"),
    [
        ("2026-06", {}, (4,)),
        ("2027-03", {}, (6, 12)),
        ("2028-12", {}, (6, 12, 24)),
        ("2028-12", {"horizon_months": 12}, (6, 12)),
    ],
)
def test_months_that_no_run_file_quotes_are_those_that_its_extract_reaches(
    through, survival, quoted
):
    content = {
        "run": "small",
        "title": {"sv": "Liten", "en": "Small"},
        "districts": ["Norr"],
        "seed": 1,
        "survival": survival,
    }
    declared = {"folder": "x", "first_month": "2026-01", "data_through": through}

    run_file = validate({**content, "extract": declared}, RunFile, where="small.yaml")

    assert run_file.survival.quoted_months == quoted


def test_extract_refuses_tables_that_hold_no_dates_and_asks_for_those_it_rests_on(four_lines):
    with pytest.raises(ParameterError) as caught:
        _extract(
            data_through={"income_suport": "2026-06", "person": "2026-06", "livelihood": "2026-03"}
        )

    lines = four_lines(caught.value)
    assert 'did you mean "income_support"' in lines["where"] and '"person"' in lines["where"]
    assert "tables to add: income_support" in lines["where"]


def test_admit_holds_each_table_to_its_own_last_month(extract, make_run, rejections):
    extract.add("livelihood", "P-2,2026-04-01,,work")
    extract.add("income_support", "H-1,2026-04-01,Norr,,")
    extract.add("household_member", "H-1,P-1,2026-04-01,lead")

    admission = admit_run(make_run(data_through=THROUGH))

    assert rejections(admission) == [("livelihood", "start_is_known", 6)]
    said = intake_counts(admission).filter(rule="all").select("table", "data_through").rows()
    assert dict(said) == {
        table: date.fromisoformat(f"{month}-01") for table, month in THROUGH.items()
    } | {
        "person": None,
        "intervention": None,
    }


def test_admit_asks_for_the_last_month_of_every_delivered_table(extract, make_run, four_lines):
    extract.folder.joinpath("need.csv").write_text(
        "district,month,need,n_persons\nNorr,2026-01-01,housing,3\n", encoding="utf-8"
    )

    with pytest.raises(IntakeError) as caught:
        admit_run(make_run(data_through=THROUGH))

    lines = four_lines(caught.value)
    assert lines["what"] == "The last month known is not given for 1 delivered table."
    assert lines["where"] == "run file, extract.data_through: need"
    assert "cannot be told from" in lines["why"]
    assert "table: YYYY-MM" in lines["fix"]


def test_spells_are_followed_to_the_earliest_last_month(make_run):
    run = make_run(data_through=THROUGH)
    tables = admit_run(run).tables

    built = build_spells(tables, run.params)

    earliest = build_spells(tables, make_run(data_through="2026-03").params)
    assert all(built[name].equals(earliest[name]) for name in earliest)
    assert built["state_intervals"]["stop_month"].max() == 3


def test_admit_run_reads_the_database_that_a_run_file_names(extract, make_run, tmp_path):
    place = tmp_path / "register med mellanslag.db"
    with sqlite3.connect(place) as connection:
        for path in sorted(extract.folder.glob("*.csv")):
            cells = pl.read_csv(path, infer_schema=False)
            connection.execute(
                f'CREATE TABLE "{path.stem}" '
                f"({', '.join(f'{column} TEXT' for column in cells.columns)})"
            )
            connection.executemany(
                f'INSERT INTO "{path.stem}" VALUES ({", ".join("?" * cells.width)})', cells.rows()
            )
    run = make_run(folder=f"sqlite://{str(place).replace(' ', '%20')}")

    from_database = admit_run(run)

    from_files = admit_run(make_run())
    assert run.database_file == place
    assert all(
        from_database.tables[table].equals(rows) for table, rows in from_files.tables.items()
    )
    assert intake_counts(from_database).equals(intake_counts(from_files))


def test_extract_refuses_a_password_in_the_run_file_without_showing_it():
    with pytest.raises(ParameterError) as caught:
        _extract(folder="postgresql://reader:hemligt@host/register", data_through="2026-06")

    assert "EVALKIT_DATABASE_PASSWORD" in str(caught.value)
    assert "hemligt" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "opened"),
    [
        ("postgresql://reader@host/register", "postgresql://reader:p%40ss@host/register"),
        ("postgresql://reader:own@host/register", "postgresql://reader:own@host/register"),
        ("sqlite:///a/b@c.db", "sqlite:///a/b@c.db"),
    ],
)
def test_a_password_from_the_environment_goes_with_the_user_of_a_uri(uri, opened):
    assert _with_password(uri, "p@ss") == opened
