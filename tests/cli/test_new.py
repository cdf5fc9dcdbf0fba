"""`evalkit new` as it is typed: files behind --from, exit codes, and what is printed."""

import pytest

PEOPLE = [f"P{number}" for number in range(40)]


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    clients = [f"{person};Norr" for person in PEOPLE]
    payments = [
        f"{person};20{year:02}{month:02};Norr;8000"
        for person in PEOPLE
        for year in (24, 25)
        for month in range(1, 13)
    ]
    for name, head, rows in (
        ("Klienter", "Klientnr;Stadsdel", clients),
        ("Utbetalningar", "Klientnr;Avser månad;Stadsdel;Belopp", payments),
    ):
        (folder / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return folder


def test_all_files_behind_from_are_taken(call, exports, tmp_path):
    exit_code, out, _ = call("new", tmp_path / "city", "--from", *sorted(exports.iterdir()))

    assert exit_code == 0
    assert "Klienter.csv: person, 2 columns" in out
    assert "Utbetalningar.csv: income_support, 4 columns" in out
    assert out.rstrip().endswith("evalkit check params/city.yaml")


def test_the_project_that_was_written_passes_check(call, exports, tmp_path, monkeypatch):
    call("new", tmp_path / "city", "--from", exports)
    monkeypatch.chdir(tmp_path / "city")

    exit_code, out, _ = call("check", "params/city.yaml")

    assert exit_code == 0
    assert out.startswith("parameters  as declared")


def test_files_without_from_are_refused(call, exports, tmp_path):
    exit_code, _, err = call("new", tmp_path / "city", *sorted(exports.iterdir()))

    assert exit_code == 2
    assert "files stand behind --from" in err
    assert not (tmp_path / "city").exists()


def test_a_folder_that_holds_something_is_refused_with_exit_code_2(call, exports):
    exit_code, _, err = call("new", exports)

    assert exit_code == 2
    assert "is not empty" in err


def test_a_personal_number_is_refused_with_exit_code_3_and_never_shown(call, exports, tmp_path):
    with (exports / "Klienter.csv").open("a", encoding="utf-8") as file:
        file.write("19811218-9876;Norr\n")

    exit_code, out, err = call("new", tmp_path / "city", "--from", exports)

    assert exit_code == 3
    assert "811218" not in out + err
    assert not (tmp_path / "city").exists()
