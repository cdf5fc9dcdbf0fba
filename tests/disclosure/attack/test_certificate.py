"""The attack on a folder of published tables, its record and its errors."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from evalkit.cli import app
from evalkit.disclosure import protect_counts, protect_curve, protect_estimates, publish
from evalkit.disclosure.attack import attack, read_certificate, write_certificate
from evalkit.disclosure.attack.digits import few_in_a_state
from evalkit.errors import DisclosureError
from tests.disclosure.attack.cities import PROVENANCE

PEOPLE = pl.DataFrame({"district": ["North", "all"], "measure": ["persons"] * 2, "count": [82, 82]})
FOUR_LINES = ("where:", "why:", "fix:")


def _publish_people(folder: Path, source: str = "made up") -> Path:
    shown = protect_counts(
        PEOPLE.cast({"count": pl.Int32}),
        name="people",
        keys=["district", "measure"],
        counts=["count"],
        n_persons=None,
        **{**PROVENANCE, "source": source},
    )
    publish(shown, folder)
    return folder


def _kinds(folder: Path) -> set[str]:
    return {finding.kind for finding in attack(folder).findings}


def test_a_run_with_nothing_to_find_passes_and_its_record_is_read_back(tmp_path):
    made = attack(_publish_people(tmp_path))

    write_certificate(tmp_path, made)

    assert made.passed and made.n_counts == 2
    assert read_certificate(tmp_path) == made


def test_the_command_writes_the_record_and_says_what_was_tried(tmp_path):
    _publish_people(tmp_path)
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")

    said = CliRunner().invoke(app, ["attack", str(tmp_path)])

    assert said.exit_code == 0, said.output
    assert "1 tables, 2 counts" in said.output
    assert json.loads((tmp_path / "attack.json").read_text(encoding="utf-8"))["passed"]


def test_a_page_with_another_number_than_is_published_is_found(tmp_path):
    _publish_people(tmp_path)
    (tmp_path / "site").mkdir()
    place = '<b data-table="people" data-row="0" data-col="count" data-form="people:0">'
    page = tmp_path / "site" / "index.html"

    page.write_text(f"{place}80</b>", encoding="utf-8")
    assert attack(tmp_path).passed

    page.write_text(f"{place}82</b>", encoding="utf-8")
    assert _kinds(tmp_path) == {"page"}


def test_an_answer_no_is_found(tmp_path):
    rows = [("North", 2026, "long_term", answer, n) for answer, n in (("no", 60), ("yes", 40))]
    columns = ["district", "year", "measure", "answer", "n_persons"]
    table = pl.DataFrame(rows, schema=columns, orient="row", schema_overrides={"year": pl.Int32})
    publish(
        protect_counts(
            table,
            name="long_term",
            keys=columns[:-1],
            counts=["n_persons"],
            n_persons="n_persons",
            **PROVENANCE,
        ),
        _publish_people(tmp_path),
    )

    assert "answer_no" in _kinds(tmp_path)


def _estimates(folder: Path, *, n_persons: str | None) -> Path:
    table = pl.DataFrame(
        {
            "district": ["North"],
            "horizon_months": [24],
            "estimate": [4.1988],
            "ci_lower": [1.0738],
            "ci_upper": [7.3238],
            "n": [60],
        }
    )
    publish(
        protect_estimates(
            table,
            name="time_on_support",
            keys=["district", "horizon_months"],
            values=["estimate", "ci_lower", "ci_upper"],
            n_persons=n_persons,
            **PROVENANCE,
        ),
        _publish_people(folder),
    )
    return folder


def test_an_estimate_with_more_digits_than_one_person_leaves_is_found(tmp_path):
    # With no persons named the gate rounds nothing: four decimals of what 80 people lived.
    assert _kinds(_estimates(tmp_path / "exact", n_persons=None)) == {"digits"}
    assert _kinds(_estimates(tmp_path / "rounded", n_persons="n")) == set()


def test_a_curve_in_steps_of_single_people_is_found(tmp_path):
    curve = pl.DataFrame(
        {
            "district": ["North"] * 3,
            "exit": ["work"] * 3,
            "month": [0, 3, 6],
            "estimate": [0.0, 7 / 82, 13 / 82],
            "n_persons": [82] * 3,
        }
    )
    about = {"by": ["district", "exit"], "time": "month", "n_persons": "n_persons", **PROVENANCE}
    publish(protect_curve(curve, name="exit_curves", **about), _publish_people(tmp_path / "fives"))
    exact = protect_estimates(
        curve,
        name="exit_curves",
        keys=["district", "exit", "month"],
        values=["estimate"],
        n_persons=None,
        **PROVENANCE,
    )
    publish(exact, _publish_people(tmp_path / "exact"))

    assert _kinds(tmp_path / "fives") == set()
    assert _kinds(tmp_path / "exact") == {"digits"}


def test_a_share_of_those_who_started_that_tells_a_few_is_found():
    effect = {"district": "North", "intervention_id": "course", "estimand": "start_now"}
    row = {**effect, "arm": "treated", "row_id": 0, "estimate": 0.05, "ci_lower": 0.0}
    sizes = pl.DataFrame([{**effect, "n_starters": 60, "pooling": "few_districts"}])

    in_hundredths = pl.DataFrame([{**row, "ci_upper": 0.11}])
    in_twentieths = pl.DataFrame([{**row, "ci_upper": 0.15}])

    # 0.045 to 0.055 of 58 to 62 people are three; 0.025 to 0.075 of them are two to four.
    assert list(few_in_a_state(in_hundredths, sizes)) == [(0, [3])]
    assert not list(few_in_a_state(in_twentieths, sizes))
    # Drawn towards all districts, it is no share of its own people.
    pooled = sizes.with_columns(pooling=pl.lit("pooled"))
    assert not list(few_in_a_state(in_hundredths, pooled))
    assert list(few_in_a_state(in_hundredths, sizes.with_columns(pooling=pl.lit(None, pl.String))))


def _says_four_lines(error: pytest.ExceptionInfo) -> bool:
    return all(line in str(error.value) for line in FOUR_LINES)


def test_a_folder_without_published_tables_is_refused(tmp_path):
    with pytest.raises(DisclosureError, match="no published tables") as error:
        attack(tmp_path)

    assert _says_four_lines(error)


def test_an_earlier_vintage_of_another_run_is_refused(tmp_path):
    now, before = _publish_people(tmp_path / "a"), _publish_people(tmp_path / "b", "another")

    with pytest.raises(DisclosureError, match="another run") as error:
        attack(now, [before])

    assert _says_four_lines(error)


def test_a_table_that_was_changed_after_sealing_is_refused(tmp_path):
    _publish_people(tmp_path)
    PEOPLE.write_parquet(tmp_path / "published" / "people.parquet")

    with pytest.raises(DisclosureError, match="does not match its record") as error:
        attack(tmp_path)

    assert _says_four_lines(error)


def test_a_run_that_nobody_attacked_is_refused(tmp_path):
    _publish_people(tmp_path)

    with pytest.raises(DisclosureError, match="Nobody has attacked") as error:
        read_certificate(tmp_path)

    assert _says_four_lines(error)


def test_a_record_from_before_a_table_was_published_is_refused(tmp_path):
    write_certificate(tmp_path, attack(_publish_people(tmp_path)))
    _estimates(tmp_path, n_persons="n")

    with pytest.raises(DisclosureError, match="out of date") as error:
        read_certificate(tmp_path)

    assert _says_four_lines(error)


def test_earlier_vintages_are_named_in_the_record(tmp_path):
    now, before = _publish_people(tmp_path / "now"), _publish_people(tmp_path / "before")

    assert len(attack(now, [before]).earlier) == 1
