"""`evalkit score`: a vintage's forecasts held against a newer one's data."""

import json
from datetime import date

import polars as pl
import pytest

from evalkit import monitoring, spells
from evalkit.disclosure import release
from evalkit.line.tables import table
from evalkit.months import add_months
from evalkit.params import Run, RunFile
from evalkit.tables import write_table

FIRST = date(2012, 1, 1)
N_MONTHS, PER_MONTH = 120, 30


@pytest.fixture
def vintages(tmp_path):
    """Two vintages of a city in which thirty begin support in every month, start coaching in the
    next and go to work in the third after it; the newer one with data for nine months more.
    """
    old, new = (_vintage(tmp_path, through) for through in ("2020-06", "2021-03"))
    _tell(old)
    return old, new


def _vintage(folder, through):
    content = {
        "run": "city",
        "title": {"sv": "Stad", "en": "City"},
        "districts": ["North"],
        "seed": 1,
        "extract": {"folder": "city", "first_month": "2012-01", "data_through": through},
    }
    run = Run(
        run_dir=folder / f"{through}-00000001",
        run_file=folder / "city.yaml",
        params=RunFile.model_validate(content),
    )
    run.run_dir.mkdir()
    (run.run_dir / "run.json").write_text(run.model_dump_json(), encoding="utf-8")
    for name, rows in _tables(run.params.last_month_known).items():
        schema = table(name).schema
        full = [dict.fromkeys(schema) | row for row in rows]
        write_table(pl.DataFrame(full, schema=schema), run.run_dir, name)
    return run


def _tables(last):
    begun = [
        (f"{month}-{number}", add_months(FIRST, month))
        for month in range(N_MONTHS)
        for number in range(PER_MONTH)
    ]
    known = [(person, month) for person, month in begun if month <= last]
    return {
        "support_spells": [
            {"person_id": person, "spell_no": 1, "district": "North", "start": month}
            | ({"end": end, "exit": "work"} if (end := add_months(month, 3)) <= last else {})
            for person, month in known
        ],
        "episodes": [
            {"person_id": person, "episode_no": 1, "intervention_id": "coaching"}
            | {"start": add_months(month, 1), "is_running": False}
            for person, month in known
        ],
        "person": [{"person_id": person, "district": "North"} for person, _ in known],
        "intervention": [{"intervention_id": "coaching", "name": "Coaching"}],
    }


def _tell(run):
    tables = {
        name: pl.read_parquet(run.run_dir / "work" / f"{name}.parquet") for name in _tables(FIRST)
    }
    counts = spells.monthly_counts(tables, run.params)
    earlier = monitoring.earlier_record(run)
    told = release(monitoring.forecasts(counts, run.params, earlier), "forecasts", run)
    record = monitoring.forecast_record(told.data, run, earlier)
    release(record, "forecast_record", run)


def test_score_says_how_many_held(call, vintages):
    exit_code, out, _ = call("score", *(run.run_dir for run in vintages))

    assert exit_code == 0
    # Three counts in the district and in all, up to September and December.
    assert out.splitlines()[0].startswith("all                  12 scored:")
    assert "12 within 95 %; off by 0.0%" in out.splitlines()[0]


def test_score_gives_the_table_as_json(call, vintages):
    _, out, _ = call("score", *(run.run_dir for run in vintages), "--json")

    assert {row["quantity"]: row["n_held_95"] for row in json.loads(out)} == {
        **{"all": 12, "starts": 4, "exits_to_work": 4, "months_on_support": 4}
    }


def test_score_finds_a_forecast_that_was_changed(call, vintages):
    old, new = vintages
    file = old.run_dir / "published" / "forecasts.parquet"
    file.write_bytes(file.read_bytes() + b" ")

    exit_code, _, err = call("score", old.run_dir, new.run_dir)

    assert exit_code == 4
    assert err.startswith("2 lines of the record are not as they were made.")


def test_score_says_that_nothing_has_come_due(call, vintages):
    old, _ = vintages

    exit_code, out, _ = call("score", old.run_dir, old.run_dir)

    assert exit_code == 0
    assert out.startswith("No forecast has come due")


def test_score_refuses_a_vintage_without_forecasts(call, vintages):
    old, new = vintages

    exit_code, _, err = call("score", new.run_dir, old.run_dir)

    assert exit_code == 2
    assert [line.split(":")[0].strip() for line in err.splitlines()] == [
        *("ParameterError", "where", "why", "fix")
    ]
