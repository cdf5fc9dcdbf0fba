"""Where a run's private lists lie, and that they go."""

import polars as pl
import pytest

from evalkit.private_lists import write_list

ROWS = pl.DataFrame({"person": ["p1"]})


@pytest.fixture
def begun(project):
    """A run that was begun, with the lists of two districts, one of which is to go today."""
    project.write_record()
    write_list(ROWS, project.run_dir, "North", keep_days=30)
    write_list(ROWS, project.run_dir, "South", keep_days=0)
    return project


def test_worklist_says_where_lists_lie_and_deletes_what_is_over(call, begun):
    exit_code, out, _ = call("worklist", begun.home)

    lines = out.splitlines()
    assert exit_code == 0
    assert lines[0].startswith(str(begun.run_dir / "work" / "lists" / "north_delete_"))
    assert lines[0].endswith("deleted in 30 days")
    assert lines[1:] == ["deleted: 1"]


def test_worklist_deletes_all_lists_on_request(call, begun):
    assert call("worklist", begun.home, "--delete")[1] == "deleted: 2\n"
    assert call("worklist", begun.home)[1] == "there are no lists\n"


def test_worklist_shows_nobody_who_is_on_a_list(call, begun):
    assert "p1" not in call("worklist", begun.home)[1]
