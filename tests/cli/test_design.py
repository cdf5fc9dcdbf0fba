"""`evalkit design` on the young people of Northern Ireland: what it says, writes and refuses."""

import json
import stat
import sys
from pathlib import Path

import pytest

from evalkit.runs import RUNS_VARIABLE

ROOT = Path(__file__).parents[2]
NORTHERN_IRELAND = ROOT / "params/northern_ireland.yaml"
INTERVENTION = "government_training"
LOTTERY = ("--lottery", INTERVENTION, "--places", 2, "--replications", 100)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run as far as its spells."""
    sys.path.insert(0, str(ROOT / "tests/matrix"))
    import line

    sys.path.pop(0)
    out = tmp_path_factory.mktemp("runs")
    return line.run_line(NORTHERN_IRELAND, out=out, last="city/00_prepare").run_dir


def test_a_lottery_is_told_with_power_plan_and_places(call, run_dir, tmp_path):
    exit_code, out, told = call(
        "design", run_dir, *LOTTERY, "--language", "en", "--out", tmp_path / "trial"
    )

    written = json.loads((tmp_path / "trial" / "design.json").read_text())
    plan = {row["measure"]: row["value"] for row in written["design_plan"]}
    assert exit_code == 0
    assert "24 start in all and 24 wait. Everybody is followed for 24 months." in out
    assert "The answer comes after 35 months." in out and "100 / 100" in told
    assert (plan["drawn"], plan["waiting"], plan["months_until_known"]) == (24, 24, 35)
    assert plan["could_be_asked"] % 5 == 0 and "rounded to the nearest five" in out
    assert written["design_power"][0]["asked_months"] == 0
    assert {path.name for path in (tmp_path / "trial").iterdir()} == {
        *("design.json", "design.html", "design_power.csv", "design_plan.csv"),
        "design_schedule.csv",
    }


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_page_says_the_same_and_names_nobody(call, run_dir, tmp_path, language):
    import polars as pl

    _, out, _ = call("design", run_dir, *LOTTERY, "--language", language, "--out", tmp_path)

    page = (tmp_path / "design.html").read_text()
    ids = pl.read_parquet(run_dir / "work" / "person.parquet")["person_id"].to_list()
    assert all(sentence in page for sentence in out.split("\n\n")[1].splitlines())
    assert not any(f">{one}<" in page or f'"{one}"' in out for one in ids)
    assert "://" not in page.replace("http://www.w3.org", "")


def test_the_same_seed_says_the_same(call, run_dir):
    first, second = (call("design", run_dir, *LOTTERY)[1] for _ in range(2))

    assert first == second


def test_a_run_file_stands_for_its_newest_run(call, run_dir, monkeypatch):
    monkeypatch.setenv(RUNS_VARIABLE, str(run_dir.parents[1]))
    (run_dir.parent / "latest").exists() or (run_dir.parent / "latest").symlink_to(run_dir.name)

    exit_code, out, _ = call("design", NORTHERN_IRELAND, *LOTTERY, "--language", "en")

    assert exit_code == 0 and "24 start in all" in out


def test_a_list_is_drawn_for_its_owner_alone(call, run_dir, tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_text("person_id;household_id\n" + "".join(f"n{i};h{i // 2}\n" for i in range(12)))

    exit_code, out, _ = call(
        "design", run_dir, *LOTTERY[:2], "--places", 4, "--draw", listed, "--language", "en"
    )

    (path,) = (run_dir / "work" / "lists").glob("lottery-*.csv")
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    assert exit_code == 0 and out.startswith("4 of 12 on the list are drawn.")
    assert "n1" not in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert rows[0].startswith("Drawn by lot with seed 1, 4 places. Delete this list on ")
    assert rows[1] == "lot;person;answer"
    assert sum(row.endswith(";starts") for row in rows) == 4
    assert not list((run_dir / "published").glob("*lottery*"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--lottery", "nosuch"), "The run has no protocol of this intervention."),
        (("--lottery", INTERVENTION, "--places", 0), "A lottery needs a place."),
        (("--lottery", INTERVENTION, "--places", 50), "more places than people on the list"),
        (("--lottery", INTERVENTION, "--months", 60), "more months than the register can show"),
        (("--steps", INTERVENTION, "--places", 90), "There are more places than people, or none."),
        (
            ("--steps", INTERVENTION, "--places", 2, "--months", 6),
            "10 orders in which they could start",
        ),
        (
            ("--steps", INTERVENTION, "--places", 2, "--months", 240),
            "does not fit into the",
        ),
    ],
)
def test_what_cannot_be_tried_is_refused_in_four_lines(call, run_dir, arguments, told):
    exit_code, out, error = call("design", run_dir, *arguments, "--replications", 100)

    assert exit_code != 0 and not out
    assert told in error
    assert [line.split(":")[0].strip() for line in error.splitlines()[1:4]] == [
        "where",
        "why",
        "fix",
    ]


def test_one_of_both_ways_is_asked_for(call, run_dir):
    assert "--lottery or by --steps" in call("design", run_dir)[2]
    both = ("--lottery", INTERVENTION, "--steps", INTERVENTION)
    assert call("design", run_dir, *both)[0] == 2


def test_a_run_without_tables_says_so(call, project):
    project.write_record()

    exit_code, _, error = call("design", project.home, "--lottery", "anything")

    assert exit_code != 0 and "fix:" in error
