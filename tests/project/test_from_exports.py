"""A project begun from exports: what is guessed, what is said of what is not known, and what is
never shown.
"""

from datetime import date

import polars as pl
import pytest
import yaml
from xlsxwriter import Workbook

from evalkit.cli.new import told
from evalkit.errors import IntakeError, ParameterError
from evalkit.intake.contracts.mapping import load_mapping
from evalkit.params import RunFile
from evalkit.project import new_project
from evalkit.records import load

N_PEOPLE, N_MONTHS = 60, 36
FIRST = date(2020, 1, 1)
DISTRICTS = ("Norr", "Söder")


def _exports(folder, *, n_months=N_MONTHS, last_number="P59", n_in_a_third=0):
    """Clients and payments; everybody is on support in all months."""
    folder.mkdir()
    people = [f"P{number}" for number in range(N_PEOPLE - 1)] + [last_number]
    districts = [DISTRICTS[number % 2] for number in range(N_PEOPLE)]
    districts[:n_in_a_third] = ["Väster"] * n_in_a_third
    months = (
        pl.date_range(FIRST, FIRST.replace(year=2030), "1mo", eager=True)
        .head(n_months)
        .dt.strftime("%Y%m")
    )
    sexes = ["K" if number % 2 else "M" for number in range(N_PEOPLE)]
    clients = pl.DataFrame({"Klientnr": people, "Stadsdel": districts, "Kön": sexes})
    payments = clients.select("Klientnr", "Stadsdel").join(
        pl.DataFrame({"Avser månad": months}), how="cross"
    )
    clients.write_csv(folder / "Klienter.csv", separator=";")
    payments.with_columns(Belopp=pl.lit("8000,50")).write_csv(
        folder / "Utbetalningar.csv", separator=";"
    )
    return folder


def _participation(folder, *, n_starts):
    pl.DataFrame(
        {
            "Klientnr": [f"P{number}" for number in range(n_starts)],
            "Insatskod": "PRAKTIK",
            "Startdatum": "2021-06-14",
            "Slutdatum": "2021-12-14",
        }
    ).write_csv(folder / "Deltagare.csv", separator=";")
    pl.DataFrame(
        {"Insatskod": ["PRAKTIK"], "Insatsnamn": ["Praktik"], "Insatstyp": ["praktik"]}
    ).write_csv(folder / "Insatser.csv", separator=";")


def test_districts_and_months_are_those_of_the_exports(tmp_path):
    project = new_project(tmp_path / "a", files=[_exports(tmp_path / "exports")])

    run = load(project.folder / project.run_file, RunFile)
    assert run.districts == DISTRICTS
    assert (run.extract.first_month, run.extract.data_through) == (FIRST, date(2022, 12, 1))
    assert sorted(path.name for path in project.files) == ["Klienter.csv", "Utbetalningar.csv"]
    assert run.effects.protocols == ()


def test_an_intervention_with_enough_starts_gets_a_protocol_within_the_extract(tmp_path):
    exports = _exports(tmp_path / "exports")
    _participation(exports, n_starts=30)

    project = new_project(tmp_path / "a", files=[exports])

    (path,) = project.protocols
    protocol = yaml.safe_load((project.folder / path).read_text(encoding="utf-8"))
    window = protocol["eligibility"]
    assert protocol["intervention_id"] == "PRAKTIK"
    assert protocol["title"]["sv"] == "Praktik"
    assert window["to_month"] + protocol["follow_up_months"] - 1 <= N_MONTHS
    assert load(project.folder / project.run_file, RunFile).effects.protocols != ()


def test_an_intervention_with_few_starts_gets_none_and_is_told_of(tmp_path):
    exports = _exports(tmp_path / "exports")
    _participation(exports, n_starts=3)

    project = new_project(tmp_path / "a", files=[exports])

    assert project.protocols == ()
    assert project.unsaid == (
        "1 intervention with fewer than 20 starts out of support: no protocol",
    )


def test_a_short_extract_gets_no_protocol(tmp_path):
    exports = _exports(tmp_path / "exports", n_months=12)
    _participation(exports, n_starts=30)

    project = new_project(tmp_path / "a", files=[exports])

    assert project.protocols == ()
    assert "fewer than 18 months" in project.unsaid[0]


def test_a_district_of_few_people_is_not_named(tmp_path):
    project = new_project(tmp_path / "a", files=[_exports(tmp_path / "exports", n_in_a_third=2)])

    (look,) = project.looks
    line = (project.folder / look[0]).read_text(encoding="utf-8").splitlines()[look[1] - 1]
    assert line == "districts: [Norr, Söder]"
    assert "Väster" not in "\n".join(told(project))


def test_a_personal_number_stops_it_and_nothing_is_written(tmp_path):
    exports = _exports(tmp_path / "exports", last_number="19811218-9876")

    with pytest.raises(IntakeError, match="looks like a personnummer") as fault:
        new_project(tmp_path / "a", files=[exports])

    assert "811218" not in str(fault.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports"]


def test_exports_that_cannot_be_admitted_yet_still_make_a_project(tmp_path):
    exports = _exports(tmp_path / "exports")
    (exports / "Klienter.csv").unlink()

    project = new_project(tmp_path / "a", files=[exports])

    assert (project.folder / "extract" / "Utbetalningar.csv").exists()
    assert "person.csv" in project.unsaid[0]
    assert str(tmp_path) not in project.unsaid[0]
    assert {why for _, _, why in project.looks} == {"an example: write what your files hold."}


def test_a_file_of_no_table_is_named_and_kept_out_of_the_mapping(tmp_path):
    exports = _exports(tmp_path / "exports")
    (exports / "Fordon.csv").write_text("regnr;modell\nAAA111;B\nBBB222;C\n", encoding="utf-8")

    project = new_project(tmp_path / "a", files=[exports])

    assert project.proposed.unknown == ("Fordon.csv",)
    assert any("Fordon.csv: fits no table" in line for line in told(project))


def test_parts_of_one_table_are_read_together(tmp_path):
    exports = _exports(tmp_path / "exports")
    rows = (exports / "Utbetalningar.csv").read_text(encoding="utf-8").splitlines()
    (exports / "Utbetalningar.csv").unlink()
    for name, part in (("a", rows[1:1000]), ("b", rows[1000:])):
        text = "\n".join([rows[0], *part]) + "\n"
        (exports / f"Utbetalningar [{name}].csv").write_text(text, encoding="utf-8")

    project = new_project(tmp_path / "a", files=[exports])

    assert load(project.folder / project.run_file, RunFile).extract.n_months == N_MONTHS


def test_a_folder_within_a_folder_of_exports_is_not_passed_over(tmp_path):
    exports = _exports(tmp_path / "exports")
    (exports / "2024").mkdir()

    with pytest.raises(ParameterError, match="holds a folder"):
        new_project(tmp_path / "a", files=[exports])


@pytest.mark.parametrize(
    ("names", "error", "said"),
    [
        (["none.csv"], ParameterError, "do not exist|does not exist"),
        (["letter.docx"], IntakeError, "of no kind that holds a table"),
        (["one/a.csv", "two/a.csv"], ParameterError, "the same name"),
    ],
)
def test_files_that_cannot_be_taken_are_refused_before_anything_is_written(
    tmp_path, names, error, said
):
    for name in names:
        if name != "none.csv":
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("a;b\n1;2\n")

    with pytest.raises(error, match=said):
        new_project(tmp_path / "project", files=[tmp_path / name for name in names])

    assert not (tmp_path / "project").exists()


def test_guessed_reasons_and_unknown_codes_are_lines_to_look_at(tmp_path):
    exports = _exports(tmp_path / "exports")
    clients = pl.read_csv(exports / "Klienter.csv", separator=";")
    clients.with_columns(Utbildning=pl.Series(["Gymnasial", "Zz"] * (N_PEOPLE // 2))).write_csv(
        exports / "Klienter.csv", separator=";"
    )
    payments = pl.read_csv(exports / "Utbetalningar.csv", separator=";", infer_schema=False)
    payments.with_columns(
        Avslutsorsak=pl.when(pl.int_range(pl.len()) % 7 == 0).then(pl.lit("Eget arbete"))
    ).write_csv(exports / "Utbetalningar.csv", separator=";")

    project = new_project(tmp_path / "a", files=[exports])

    looks = {
        (project.folder / path).read_text(encoding="utf-8").splitlines()[line - 1].strip(): why
        for path, line, why in project.looks
    }
    assert looks["education:"].startswith('no code of ours for "Zz"')
    assert "guessed from their words" in looks["exit_reason:"]


def test_monthly_records_need_no_mapping(tmp_path):
    record = tmp_path / "monthly_record_2025-01.txt"
    record.write_text("", encoding="utf-8")

    project = new_project(tmp_path / "a", files=[record])

    assert load(project.folder / project.run_file, RunFile).extract.mapping is None
    assert [path.name for path in project.files] == [record.name]


def test_each_sheet_of_a_workbook_is_a_table(tmp_path):
    exports = _exports(tmp_path / "exports")
    book = tmp_path / "Uttag.xlsx"
    with Workbook(book) as workbook:
        for path in sorted(exports.iterdir()):
            table = pl.read_csv(path, separator=";", infer_schema=False)
            table.write_excel(workbook, path.stem)
        workbook.add_worksheet("Läs mig").merge_range("A1:C2", "Uttag ur systemet")

    project = new_project(tmp_path / "a", files=[book])

    assert project.proposed.unknown == ("Uttag.xlsx, sheet Läs mig",)
    mapping = load_mapping(project.folder / "data_contracts" / "mappings" / "a.yaml")
    assert mapping.of("person").sheet is None
    assert mapping.of("income_support").sheet == "Utbetalningar"
    run = load(project.folder / project.run_file, RunFile)
    assert (run.districts, run.extract.n_months) == (DISTRICTS, N_MONTHS)
