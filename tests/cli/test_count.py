"""`evalkit count`: what it prints, writes and refuses."""

import stat
from pathlib import Path

import polars as pl
import pytest
import yaml

ROOT = Path(__file__).parents[2]
NORTHERN_IRELAND = ROOT / "params/northern_ireland.yaml"


def test_kolada_is_counted_from_a_run_file(call, tmp_path):
    out_file = tmp_path / "kolada.csv"

    exit_code, out, _ = call(
        *("count", "kolada", NORTHERN_IRELAND, "--year", 1995, "--language", "en"),
        *("--out", out_file),
    )

    table = pl.read_csv(out_file)
    total = table.filter(district="all", part="all", answer="all").row(0, named=True)
    result = table.filter(district="all", part="result", answer="all").row(0, named=True)
    assert exit_code == 0
    assert ["participants", "who", "ended", str(total["n_persons"])] in [
        one.split() for one in out.splitlines()
    ]
    assert f"{result['n_persons']} (" in out and "Counted as Kolada does (read second-hand" in out
    assert set(table["n_persons"] % 5) == {0} and "rounded to the nearest five" in out
    assert table["share"].null_count() == table["ci_lower"].null_count() > 0
    assert "grade M" in out and set(table["grade"]) == {"M"}


def test_the_exact_numbers_stay_in_a_file_that_only_its_owner_can_open(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    exit_code, out, _ = call(
        *("count", "kolada", NORTHERN_IRELAND, "--year", 1995, "--language", "en", "--exact")
    )

    (path,) = tmp_path.glob("runs/**/work/exact/ended_participation-1995.csv")
    exact = pl.read_csv(path).filter(district="all", part="all")["n_persons"].item()
    assert exit_code == 0 and str(path.relative_to(tmp_path)) in "".join(out.split("\n"))
    assert "must not be passed on" in " ".join(out.split())
    assert exact % 5 and abs(exact - 5 * round(exact / 5)) <= 2
    assert f" {5 * round(exact / 5)}" in out and f" {exact}" not in out
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path.parent, path)] == [0o700, 0o600]


@pytest.mark.parametrize(("year", "is_said"), [(1998, False), (1999, True)])
def test_kolada_says_from_when_nobody_is_followed(call, year, is_said):
    exit_code, out, _ = call(
        "count", "kolada", NORTHERN_IRELAND, "--year", year, "--language", "en"
    )

    said = "The extract ends with June 1999: what those did who ended later than May 1999"
    assert exit_code == 0
    assert (said in " ".join(out.split())) == is_said


def test_kolada_says_that_nobody_ended(call):
    exit_code, out, err = call("count", "kolada", NORTHERN_IRELAND, "--year", 2020)

    assert (exit_code, out) == (2, "")
    assert "ingen avslutade sitt deltagande 2020" in " ".join(err.split())


def test_activity_is_refused_without_plans(call):
    exit_code, out, err = call("count", "activity", NORTHERN_IRELAND, "--quarter", "2026-Q4")

    assert (exit_code, out) == (3, "")
    assert err.startswith("IntakeError: There are no plans under the activity requirement.")
    assert [one.split(":")[0].strip() for one in err.splitlines()[1:]] == ["where", "why", "fix"]


def test_activity_is_counted_from_a_run(call, tmp_path):
    # The run of another place, with plans of its persons laid beside.
    run_file = tmp_path / "run.yaml"
    content = yaml.safe_load(NORTHERN_IRELAND.read_text(encoding="utf-8"))
    content = {key: content[key] for key in ("run", "title", "districts", "seed", "extract")}
    mapping = ROOT / "data_contracts/mappings/northern_ireland.yaml"
    extract = tmp_path / "extract"
    extract.mkdir()
    for path in (ROOT / "tests/data/northern_ireland").glob("*.csv"):
        (extract / path.name).write_bytes(path.read_bytes())
    ids = pl.read_csv(extract / "person.csv", infer_schema=False)["person_id"].head(200)
    pl.DataFrame(
        {"person_id": ids, "start": "1997-08-01", "end": "", "weekly_target_hours": "40"}
    ).write_csv(extract / "activity_plan.csv")
    pl.DataFrame(
        {
            "person_id": ids.head(80),
            "month": "1997-10-01",
            "activity_type": "language",
            "assigned_hours": "100",
            "attended_hours": "90",
            "invalid_absence_hours": "10",
        }
    ).write_csv(extract / "activity_month.csv")
    content["extract"] |= {"folder": str(extract), "mapping": str(mapping)}
    for key in ("contracts", "notebooks"):
        content[key] = str(ROOT / {"contracts": "data_contracts"}.get(key, key))
    run_file.write_text(yaml.safe_dump(content), encoding="utf-8")

    exit_code, out, err = call("count", "activity", run_file, "--quarter", "1997K4")

    assert exit_code == 0, err
    last = out.split("alla distrikt")[1].splitlines()
    assert last[2].split()[-4:] == ["200", "80", "0–2", "0–2"]
    assert "en verksam portals (källgrad M)" in out
