"""The register of public vintages: what stands there is read back, and whatever was changed by hand
afterwards is named.
"""

import shutil
from datetime import date

import pytest

from evalkit.errors import DisclosureError
from evalkit.public.register import (
    PRIVATE,
    PUBLIC,
    PublicVintage,
    enter,
    public_vintages,
    write_record,
)


@pytest.fixture
def home(tmp_path):
    """A run with two public vintages."""
    _release(tmp_path, "2026-03-aaaaaaaa", 1)
    _release(tmp_path, "2026-06-bbbbbbbb", 2)
    return tmp_path


def _release(home, name, number):
    staged = home / PUBLIC / f".{name}"
    (staged / "published").mkdir(parents=True)
    (staged / "published" / "exits.parquet").write_text(name)
    vintage = PublicVintage(
        folder=home / PUBLIC / name,
        run="city",
        number=number,
        released=date(2026, 7, number),
        released_by="A. Director",
        stands={"Norrby": name},
        rules={"exits": ["rounded:5"]},
        exceptions={},
        files={},
    )
    enter(write_record(vintage, staged), staged)


def test_vintages_come_back_as_they_were_entered_the_first_one_first(home):
    first, second = public_vintages(home)

    assert (first.name, second.name) == ("2026-03-aaaaaaaa", "2026-06-bbbbbbbb")
    assert second.month == date(2026, 6, 1)
    assert second.released == date(2026, 7, 2)
    assert dict(second.stands) == {"Norrby": "2026-06-bbbbbbbb"}
    assert set(second.files) == {"published/exits.parquet"}
    assert (home / PRIVATE).stat().st_mode & 0o777 == 0o700


def test_a_run_without_public_vintages_has_none(tmp_path):
    assert public_vintages(tmp_path) == ()


@pytest.mark.parametrize("deed", ["changed", "added", "gone"])
def test_a_file_that_is_not_as_released_is_named(home, deed):
    published = home / PUBLIC / "2026-03-aaaaaaaa" / "published"
    if deed == "changed":
        (published / "exits.parquet").write_text("other")
    elif deed == "added":
        (published / "more.parquet").write_text("more")
    else:
        (published / "exits.parquet").unlink()

    with pytest.raises(DisclosureError, match="1 file of a public vintage is not as released") as e:
        public_vintages(home)

    assert ("more" if deed == "added" else "exits") in e.value.where
    assert e.value.fix == "put the folder back from the copy of the day of its release."


def test_a_record_that_was_edited_is_refused(home):
    record = home / PUBLIC / "2026-03-aaaaaaaa" / "release.json"
    record.write_text(record.read_text().replace("A. Director", "B. Nobody"))

    with pytest.raises(DisclosureError, match="record of 1 public vintage is not as it was"):
        public_vintages(home)


def test_a_vintage_that_was_taken_away_is_missed(home):
    shutil.rmtree(home / PUBLIC / "2026-03-aaaaaaaa")

    with pytest.raises(DisclosureError, match="1 public vintage is not in the register") as e:
        public_vintages(home)

    assert "killed" in e.value.fix and "private/2026-03-aaaaaaaa.sha256" in e.value.fix


def test_a_vintage_that_nobody_released_is_refused(home):
    shutil.copytree(home / PUBLIC / "2026-03-aaaaaaaa", home / PUBLIC / "2026-09-cccccccc")

    with pytest.raises(DisclosureError, match="not as it was released"):
        public_vintages(home)


def test_nothing_is_written_over_a_public_vintage(home):
    with pytest.raises(OSError, match="public already"):
        _release(home, "2026-03-aaaaaaaa", 3)

    assert public_vintages(home)[0].number == 1
