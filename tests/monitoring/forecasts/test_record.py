"""What is told is told once, is found again, and cannot be changed without a trace."""

import hashlib
from dataclasses import fields
from datetime import date

import polars as pl
import pytest

from evalkit import monitoring
from evalkit.disclosure import read_published
from evalkit.disclosure.sealing import SEAL, Published, publish
from evalkit.disclosure.sealing import _parquet_bytes as parquet_of

JUNE, MARCH = "2020-06", "2021-03"


def _rewritten(run, name, change):
    """A published table changed together with its checksum, as whoever knows the files can."""
    was = read_published(run.run_dir, name)
    data = change(was.data)
    values = {f.name: getattr(was, f.name) for f in fields(Published) if f.name != "seal"}
    values |= {"data": data, "sha256": hashlib.sha256(parquet_of(data)).hexdigest()}
    publish(Published(**values, seal=SEAL), run.run_dir)


def _status(record):
    return dict(record.select("district", "line_status").iter_rows())


def test_forecasts_are_of_months_of_which_nothing_is_delivered(run_of, told_by, steady):
    told = told_by(run_of(JUNE), steady)["forecasts"]

    assert set(told["made"]) == {date(2020, 6, 1)}
    assert sorted(set(told["due"])) == [date(2020, 9, 1), date(2020, 12, 1), date(2021, 6, 1)]
    row = told.row(
        by_predicate=(pl.col("district") == "North")
        & (pl.col("quantity") == "starts")
        & (pl.col("months_ahead") == 12),
        named=True,
    )
    assert (row["n_expected"], row["n_95_lower"], row["n_95_upper"]) == (120, 120, 120)
    # 360 in the year before, of whom half of the people live in North.
    assert (row["n_last_year"], row["n_city_mean"]) == (120, 180)


def test_a_district_of_few_people_is_withheld(run_of, told_by, counts_of, steady):
    few = steady.with_columns(
        n_persons=pl.when(pl.col("district") == "North").then(19).otherwise(100).cast(pl.Int32)
    )

    told = told_by(run_of(JUNE), few)["forecasts"]

    withheld = told.filter(pl.col("status") == "suppressed")
    assert set(withheld["district"]) == {"North"}
    assert withheld["n_expected"].null_count() == withheld.height


def test_a_line_covers_what_was_told_and_the_line_before(run_of, told_by, steady):
    first = told_by(run_of(JUNE), steady)
    second = told_by(run_of(MARCH, previous=f"{JUNE}-00000001"), steady)

    record = second["forecast_record"].filter(district="North").sort("made")
    assert record["made"].to_list() == [date(2020, 6, 1), date(2021, 3, 1)]
    kept = first["forecast_record"].filter(district="North")
    assert record["chain"][0] == kept["chain"][0]
    assert record["chain"][1] != record["chain"][0]
    # What was told before stands as it was told.
    shown = second["forecasts"].filter(made=date(2020, 6, 1)).drop("row_id")
    assert shown.equals(first["forecasts"].drop("row_id"))


def test_a_month_is_told_once(run_of, told_by, steady, tmp_path):
    first = run_of(JUNE)
    told = told_by(first, steady)
    first.run_dir.rename(tmp_path / f"{JUNE}-00000000")
    doubled = steady.with_columns(pl.col("n") * 2)

    again = told_by(run_of(JUNE, previous=f"{JUNE}-00000000"), doubled)

    assert again["forecasts"].equals(told["forecasts"])
    assert again["forecast_record"].equals(told["forecast_record"])


@pytest.mark.parametrize("column", ["n_expected", "n_95_upper"])
def test_a_forecast_that_was_changed_with_its_checksum_is_found(run_of, told_by, steady, column):
    first = run_of(JUNE)
    told_by(first, steady)
    is_north = pl.col("district") == "North"
    _rewritten(
        first,
        "forecasts",
        lambda data: data.with_columns(
            pl.when(is_north)
            .then(pl.col(column) + 5)
            .otherwise(column)
            .cast(pl.Int32)
            .alias(column)
        ),
    )

    second = told_by(run_of(MARCH, previous=first.run_dir.name), steady)

    outcomes = second["forecast_outcomes"]
    assert set(outcomes.filter(is_north)["forecast_status"]) == {"changed"}
    assert set(outcomes.filter(~is_north)["forecast_status"]) == {"scored"}
    scores = second["forecast_scores"].row(by_predicate=pl.col("quantity") == "all", named=True)
    assert scores["n_changed"] == outcomes.filter(is_north).height


def test_a_forecast_that_was_taken_away_is_found(run_of, told_by, steady):
    first = run_of(JUNE)
    told_by(first, steady)
    _rewritten(first, "forecasts", lambda data: data.filter(pl.col("district") != "South"))

    record = monitoring.earlier_record(run_of(MARCH, previous=first.run_dir.name)).record

    assert _status(record) == {"North": "holds", "South": "changed", "all": "holds"}


def test_a_changed_line_breaks_the_chain_of_its_district(run_of, told_by, steady):
    first = run_of(JUNE)
    told_by(first, steady)
    _rewritten(
        first, "forecast_record", lambda data: data.with_columns(definition=pl.lit("another"))
    )

    record = monitoring.earlier_record(run_of(MARCH, previous=first.run_dir.name)).record

    assert set(_status(record).values()) == {"changed"}


def test_bytes_that_were_changed_leave_no_line_that_holds(run_of, told_by, steady):
    first = run_of(JUNE)
    told_by(first, steady)
    file = first.run_dir / "published" / "forecasts.parquet"
    file.write_bytes(file.read_bytes() + b" ")

    record = monitoring.earlier_record(run_of(MARCH, previous=first.run_dir.name)).record

    assert set(_status(record).values()) == {"changed"}


def test_what_was_found_to_be_changed_stays_found(run_of, told_by, steady):
    first = run_of(JUNE)
    told_by(first, steady)
    _rewritten(first, "forecasts", lambda data: data.filter(pl.col("district") != "South"))

    second = run_of(MARCH, previous=first.run_dir.name)
    record = told_by(second, steady)["forecast_record"]

    of_south = record.filter(district="South").sort("made")
    assert of_south["line_status"].to_list() == ["changed", "holds"]
    third = monitoring.earlier_record(run_of("2021-04", previous=second.run_dir.name))
    assert third.record.filter(district="South")["line_status"].to_list() == ["changed", "holds"]


def test_the_first_run_has_no_record(run_of):
    earlier = monitoring.earlier_record(run_of(JUNE))

    assert earlier.forecasts.is_empty() and earlier.record.is_empty()
