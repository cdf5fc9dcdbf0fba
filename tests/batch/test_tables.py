"""Tables of a run: what was written is read again, wherever the run lies."""

from polars.testing import assert_frame_equal

from evalkit.line.tables import table
from evalkit.tables import read_table, read_units, write_table


def test_tables_of_a_run_are_read_from_a_folder_with_brackets_and_stars(tmp_path):
    run_dir = tmp_path / "run [1] *"
    members = table("household_member").empty()

    write_table(members, run_dir, "household_member")
    write_table(members, run_dir, "household_member", unit="norr")

    assert_frame_equal(read_table(run_dir, "household_member"), members)
    assert_frame_equal(read_units(run_dir, "household_member", ["norr"]), members)
