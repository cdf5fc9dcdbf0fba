from typer.testing import CliRunner

from evalkit.cli import app


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
