import pytest
from typer.testing import CliRunner

from evalkit.cli import app


@pytest.mark.slow
def test_simulate_writes_a_city_with_its_valued_truth_and_counts_its_rows(tmp_path):
    arguments = [
        "simulate",
        "--city",
        "stockholm",
        "--seed",
        "3",
        "--people",
        "200",
        "--truth-people",
        "40",
        "--price-book",
        "params/unit_costs/stockholm.yaml",
        "--out",
        str(tmp_path / "city"),
    ]

    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 0
    assert "person                     200 rows" in result.output
    assert (tmp_path / "city" / "person.parquet").exists()
    assert (tmp_path / "city_truth" / "value.parquet").exists()


def test_simulate_turns_on_the_worlds_that_are_named(tmp_path):
    sizes = ["--people", "200", "--truth-people", "0", "--out", str(tmp_path / "city")]

    result = CliRunner().invoke(
        app, ["simulate", *sizes, "--world", "earlier_participation", "--world", "worsening_market"]
    )

    assert result.exit_code == 0
    text = (tmp_path / "city" / "README.md").read_text(encoding="utf-8")
    assert "Earlier participation is switched on" in text and "Calendar time is switched on" in text


def test_simulate_turns_on_a_selection_of_the_strength_that_is_asked_for(tmp_path):
    sizes = ["--people", "200", "--truth-people", "0", "--out", str(tmp_path / "city")]

    result = CliRunner().invoke(
        app, ["simulate", *sizes, "--world", "history", "--strength", "0.5"]
    )

    assert result.exit_code == 0
    text = (tmp_path / "city" / "README.md").read_text(encoding="utf-8")
    assert "-1 on the log start rates by the share of the months in the tables" in text
