"""Lists of people: private, in place of the one before, and deleted on their day."""

import stat
from datetime import date, timedelta

import polars as pl
import pytest

from evalkit.errors import IntakeError
from evalkit.private_lists import delete_lists, lists_of, read_list, write_list

ROWS = pl.DataFrame({"skäl": ["ingen plan"], "pseudonym": ["p1"]})


@pytest.fixture
def vintage(tmp_path):
    write_list(ROWS, tmp_path, "Ör & Ål", keep_days=90, heading="Ta bort {day}.")
    return tmp_path


def test_a_list_says_in_name_and_first_line_when_it_is_to_be_deleted(vintage):
    (one,) = lists_of(vintage)

    assert one.delete_on == date.today() + timedelta(days=90)
    assert one.path.name == f"or-al_delete_{one.delete_on}.csv"
    lines = one.path.read_text(encoding="utf-8-sig").splitlines()
    assert lines == [f"Ta bort {one.delete_on}.", "skäl;pseudonym", "ingen plan;p1"]


def test_nobody_but_the_owner_can_read_a_list(vintage):
    (one,) = lists_of(vintage)

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (one.path, *list(one.path.parents)[:2])]
    assert modes == [0o600, 0o700, 0o700]


def test_a_list_takes_the_place_of_the_one_before_and_leaves_those_of_others(vintage):
    write_list(ROWS, vintage, "Ör", keep_days=90)

    write_list(ROWS, vintage, "Ör & Ål", keep_days=30)

    days = {one.path.name.split("_")[0]: one.delete_on for one in lists_of(vintage)}
    assert days == {
        "or": date.today() + timedelta(days=90),
        "or-al": date.today() + timedelta(days=30),
    }


def test_lists_are_deleted_on_their_day_and_not_before(vintage):
    (one,) = lists_of(vintage)

    assert delete_lists([vintage], until=one.delete_on - timedelta(days=1)) == 0
    assert delete_lists([vintage], until=one.delete_on) == 1
    assert lists_of(vintage) == []


def test_all_lists_are_deleted_where_no_day_is_given(vintage):
    assert delete_lists([vintage]) == 1
    assert list((vintage / "work" / "lists").iterdir()) == []


def test_a_list_is_read_as_text_whatever_stands_between_its_columns(tmp_path):
    for separator in ";,":
        file = tmp_path / "list.csv"
        file.write_text(f"person_id{separator}household_id\n007{separator}h1\n", "utf-8-sig")

        assert read_list(file).rows() == [("007", "h1")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "The list cannot be read."),
        ("name\nx\n", "does not say who is on it"),
        ("person_id\np1\n19121212-1212\n", 'column "person_id": 1 lines'),
    ],
)
def test_what_is_no_list_of_pseudonyms_is_refused(tmp_path, text, told):
    file = tmp_path / "list.csv"
    if text is not None:
        file.write_text(text)

    with pytest.raises(IntakeError) as refused:
        read_list(file)

    assert told in str(refused.value)
    assert "1212" not in str(refused.value)
