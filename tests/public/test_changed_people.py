"""Whose data have changed between two vintages, and whose merely went on."""

from datetime import date

import polars as pl
import pytest
import sequence

from evalkit.public.changed_people import digest_of, key_of, n_changed

KEY = b"k" * 32


@pytest.fixture(scope="module")
def tables():
    """Three people in Norrby, of whom the third has left to work, and one in Hamnen."""
    ids = ["p1", "p2", "p3", "p4"]
    district = ["Norrby"] * 3 + ["Hamnen"]
    exits = [None, None, "work", None]
    ends = [date(2026, 5, 1)] * 2 + [date(2026, 1, 1), date(2026, 5, 1)]
    return {
        "person": pl.DataFrame({"person_id": ids, "district": district, "sex": ["female"] * 4}),
        "support_spells": pl.DataFrame(
            {
                "person_id": ids,
                "spell_no": [1] * 4,
                "household_id": ["h1", "h2", "h3", "h4"],
                "district": district,
                "start": [date(2025, 1, 1)] * 4,
                "end": ends,
                "months": [16, 16, 12, 16],
                "exit_state": exits,
            }
        ),
        "state_intervals": pl.DataFrame(
            {
                "person_id": ids,
                "district": district,
                "start_month": [0] * 4,
                "stop_month": [16, 16, 12, 16],
                "from_state": ["support"] * 4,
                "to_state": exits,
            }
        ),
        "episodes": pl.DataFrame(
            {
                "person_id": ["p1", "p4"],
                "provider_district": ["Elsewhere"] * 2,
                "start": [date(2025, 2, 1)] * 2,
                "end": [date(2026, 5, 1), date(2025, 3, 1)],
                "is_running": [True, False],
            }
        ),
    }


def _with(tables, name, *columns):
    return {**tables, name: tables[name].with_columns(*columns)}


def _changed(before, after, district=None):
    return n_changed(digest_of(before, KEY), digest_of(after, KEY), district)


def test_what_merely_goes_on_is_no_change(tables):
    is_open = pl.col("exit_state").is_null()
    month = pl.col("months") + is_open.cast(pl.Int64)
    later = _with(tables, "support_spells", month.alias("months"))
    end = pl.when(is_open).then(date(2026, 8, 1)).otherwise("end")
    later = _with(later, "support_spells", end.alias("end"))
    stop = pl.col("stop_month") + pl.col("to_state").is_null().cast(pl.Int64)
    later = _with(later, "state_intervals", stop.alias("stop_month"))
    end = pl.when("is_running").then(date(2026, 8, 1)).otherwise("end")
    later = _with(later, "episodes", end.alias("end"))

    assert _changed(tables, later) == 0


def test_another_number_of_the_household_is_no_change(tables):
    renumbered = _with(tables, "support_spells", pl.col("household_id") + "x")

    assert _changed(tables, renumbered) == 0


@pytest.mark.parametrize(
    ("name", "column", "of_whom"),
    [
        ("support_spells", pl.lit("work").alias("exit_state"), "p1"),
        ("support_spells", pl.lit(date(2024, 1, 1)).alias("start"), "p1"),
        ("support_spells", pl.lit(11).alias("months"), "p3"),
        ("state_intervals", pl.lit("studies").alias("to_state"), "p3"),
        ("episodes", pl.lit(False).alias("is_running"), "p1"),
        ("person", pl.lit("male").alias("sex"), "p2"),
    ],
)
def test_what_ends_begins_or_is_mended_is_a_change_of_one(tables, name, column, of_whom):
    target = column.meta.output_name()
    changed = pl.when(pl.col("person_id") == of_whom).then(column).otherwise(target).alias(target)

    after = _with(tables, name, changed)

    assert _changed(tables, after) == _changed(tables, after, "Norrby") == 1
    assert _changed(tables, after, "Hamnen") == 0


def test_who_comes_and_who_is_gone_have_changed(tables):
    without = {name: rows.filter(pl.col("person_id") != "p2") for name, rows in tables.items()}

    assert _changed(tables, without) == _changed(without, tables) == 1


def test_who_moves_has_changed_in_both_districts_and_once_in_the_city(tables):
    place = pl.when(pl.col("person_id") == "p1").then(pl.lit("Hamnen")).otherwise("district")
    moved = tables
    for name in ("person", "support_spells", "state_intervals"):
        moved = _with(moved, name, place.alias("district"))

    assert _changed(tables, moved) == 1
    assert _changed(tables, moved, "Norrby") == _changed(tables, moved, "Hamnen") == 1


def test_the_order_of_rows_changes_nobody(tables):
    assert _changed(tables, {name: rows.reverse() for name, rows in tables.items()}) == 0


def test_a_digest_names_nobody_and_depends_on_its_key(tables):
    one, other = digest_of(tables, KEY), digest_of(tables, b"o" * 32)

    assert set(one["person"]).isdisjoint(other["person"])
    assert not {"p1", "work"} & {str(cell) for row in one.rows() for cell in row}


def test_a_runs_key_is_made_once_and_is_its_owners_alone(tmp_path):
    key = key_of(tmp_path)

    assert key == key_of(tmp_path) and len(key) == 32
    assert (tmp_path / "private" / "key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o700


@pytest.mark.slow
def test_of_a_simulated_city_a_further_month_changes_those_of_whom_something_new_is_known(tmp_path):
    register = sequence.register_of(tmp_path / "city", n_people=300, seed=1)

    before, after = sequence.extracts_of(register, sequence.last_months(2))

    new = set(after.spells.filter(pl.col("exit_state").is_not_null())["person_id"])
    old = set(before.spells.filter(pl.col("exit_state").is_not_null())["person_id"])
    n_people = after.digest["person"].n_unique()
    assert len(new - old) <= n_changed(before.digest, after.digest) < n_people / 5
    assert n_changed(before.rows, after.rows) > 2 * n_changed(before.digest, after.digest)
