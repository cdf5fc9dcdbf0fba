"""Tables of a run: what was written is read again, wherever the run lies."""

import polars as pl
from polars.testing import assert_frame_equal

from evalkit.line.tables import table
from evalkit.tables import (
    each_unit,
    read_parts,
    read_table,
    read_units,
    write_table,
    write_tables,
)


def test_tables_of_a_run_are_read_from_a_folder_with_brackets_and_stars(tmp_path):
    run_dir = tmp_path / "run [1] *"
    members = table("household_member").empty()

    write_table(members, run_dir, "household_member")
    write_table(members, run_dir, "household_member", unit="norr")

    assert_frame_equal(read_table(run_dir, "household_member"), members)
    assert_frame_equal(read_units(run_dir, "household_member", ["norr"]), members)


def test_parts_are_read_as_far_as_rows_are_asked_for_and_missing_ones_are_left_out(tmp_path):
    rows = {"estimand": "now", "subgroup": "all", "source": "raw", "status": "estimated"}
    for name in ("coaching", "training"):
        status = pl.DataFrame(
            [
                {"district": place, "intervention_id": name, "protocol_hash": name, **rows}
                for place in ("north", "south")
            ],
            schema=table("effect_status").schema,
        )
        write_tables(tmp_path, {"effect_status": status}, unit=name)
    asked = ["coaching", "failed", "training"]

    parts = list(each_unit(tmp_path, "effect_status", asked, district="south"))
    both = read_parts(tmp_path, asked, "effect_status", "district_status")

    assert [part.select("district", "intervention_id").rows() for part in parts] == [
        [("south", "coaching")],
        [("south", "training")],
    ]
    assert both["effect_status"]["intervention_id"].to_list() == ["coaching"] * 2 + ["training"] * 2
    assert both["district_status"].equals(table("district_status").empty())
