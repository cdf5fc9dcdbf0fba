"""Another system's file, from the file to the pages by its mapping file alone: months beside each
other, ages for birth years, letters for states. What comes out is counted again from the file.
"""

import csv
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from evalkit.disclosure import read_published
from evalkit.tables import read_table

# The whole line in this process is that of the matrix.
sys.path[:0] = [str(Path(__file__).parents[1] / "matrix")]

from line import check_line, run_line  # noqa: E402

ROOT = Path(__file__).parents[2]
RUN_FILE = ROOT / "params" / "switzerland.yaml"
FILE = ROOT / "tests" / "data" / "switzerland" / "activity_2000.csv"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@pytest.fixture(scope="module")
def people():
    """The file as anybody's csv reader gives it: one row a person."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    check_line(RUN_FILE)
    return run_line(RUN_FILE, out=tmp_path_factory.mktemp("runs"))


def _letters(person):
    return "".join(person[f"{month}00"] for month in MONTHS)


def test_every_cell_of_a_month_is_a_payment_or_a_livelihood(run, people):
    letters = Counter("".join(map(_letters, people)))
    paid, lived = (read_table(run.run_dir, name) for name in ("income_support", "livelihood"))

    assert paid.height == letters["D"]
    assert lived.height == letters["A"] + letters["B"] + letters["C"]
    assert read_table(run.run_dir, "person").height == len(people) == 2000


def test_birth_years_are_reckoned_from_ages(run, people):
    ours = read_table(run.run_dir, "person").select("person_id", "birth_year").rows()

    # The file happens to hold the year of birth too, which is not read in.
    assert dict(ours) == {person["id"]: int(person["birthy"]) for person in people}


def test_spells_that_are_seen_to_begin_are_those_of_the_file(run, people):
    spells = read_table(run.run_dir, "support_spells").filter("is_start_known")

    lives = " ".join(map(_letters, people))
    assert spells.height == len(re.findall("(?<=[ABC])D+", lives))
    ended = len(re.findall("(?<=[ABC])D+(?=[ABC])", lives))
    assert spells["exit"].drop_nulls().to_list() == ["work"] * ended


def test_pages_say_what_was_asked_and_no_more(run):
    site = run.run_dir / "site"
    published = read_published(run.run_dir, "people").where(district="all", measure="persons")

    assert published.data["count"].to_list() == [2000]
    for language in ("sv", "en"):
        pages = {page.stem: page.read_text() for page in (site / language).glob("*.html")}
        assert {"index", "middleland", "lake-geneva"} <= set(pages)
        assert not any("not computed" in page or "IndexError" in page for page in pages.values())
    assert not list(run.run_dir.glob("published/effect*"))
