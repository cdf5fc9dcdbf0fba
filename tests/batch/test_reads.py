"""What a unit may read of its run: the plan says it, and reading keeps to it."""

import polars as pl
import pytest

from evalkit.disclosure import protect_counts, publish, read_published
from evalkit.disclosure.gate import read_unit
from evalkit.errors import BatchError
from evalkit.line.tables import table
from evalkit.reads import READS_VARIABLE, may_read, write_reads
from evalkit.tables import has_table, read_delivered, read_table, read_units, write_table

EMPTY = table("livelihood").empty()


@pytest.fixture
def run_dir(tmp_path):
    """A run's folder that holds the table livelihood, in whole and for the district norr, and the
    published table prices.
    """
    write_table(EMPTY, tmp_path, "livelihood")
    write_table(EMPTY, tmp_path, "livelihood", unit="norr")
    about = {
        "keys": ["district"],
        "counts": [],
        "n_persons": None,
        "unit": "months",
        "source": "test",
        "grade": "H",
    }
    publish(
        protect_counts(
            pl.DataFrame({"district": ["norr"], "n": [50]}),
            **about | {"name": "intake", "counts": ["n"]},
        ),
        tmp_path,
    )
    return tmp_path


@pytest.fixture
def unit_that_reads(run_dir, monkeypatch):
    """Makes this process a unit that may read the given files."""

    def restrict(*reads):
        place = run_dir / "work" / f"reads-{len(reads)}.json"
        write_reads(place, unit="city/05_here", run_dir=run_dir, reads=reads)
        monkeypatch.setenv(READS_VARIABLE, str(place))

    return restrict


def test_a_unit_may_read_what_all_units_before_it_and_itself_write(project):
    project.add("city/00_first", writes=["work/first.txt"], may_write=["work/extra.txt"])
    project.add("district/01_part", after=["city/00_first"], writes=["published/part-{slug}.txt"])
    project.add("city/02_beside", after=["city/00_first"], writes=["published/beside.txt"])
    project.add("district/03_page", after=["district/01_part"], writes=["site/{slug}.html"])

    reads = {unit.name: unit.reads for unit in project.plan()}

    assert reads["district/03_page@belfast"] == {
        "work/first.txt",
        "work/extra.txt",
        "published/part-belfast.txt",
        "site/belfast.html",
    }


def test_reading_what_no_unit_before_writes_is_refused_though_the_file_is_there(
    run_dir, unit_that_reads
):
    unit_that_reads("work/person.parquet")

    for reading in (
        lambda: read_table(run_dir, "livelihood"),
        lambda: read_delivered(run_dir, "livelihood"),
    ):
        with pytest.raises(BatchError) as fault:
            reading()

    what, where, why, fix = str(fault.value).splitlines()
    assert what == "A notebook reads a file that no notebook before it declares to write."
    assert where == "  where: city/05_here: work/livelihood.parquet"
    assert why.startswith("  why:   Whether the file is there")
    assert "metadata.evalkit.after" in fix


def test_reading_parts_and_published_tables_that_no_unit_before_writes_is_refused(
    run_dir, unit_that_reads
):
    unit_that_reads("work/livelihood.parquet")

    for reading in (
        lambda: read_units(run_dir, "livelihood", ["norr"]),
        lambda: read_published(run_dir, "intake"),
    ):
        with pytest.raises(BatchError):
            reading()


def test_what_a_unit_before_may_have_written_is_read_and_may_be_missing(run_dir, unit_that_reads):
    unit_that_reads("work/livelihood.parquet", "work/action.parquet")

    assert read_table(run_dir, "livelihood").is_empty()
    assert not has_table(run_dir, "action")


def test_a_page_shows_no_table_of_a_unit_that_it_does_not_wait_for(
    run_dir, unit_that_reads, project
):
    run = project.prepare().model_copy(update={"run_dir": run_dir})
    assert list(read_unit(run)) == ["intake"]

    unit_that_reads("work/livelihood.parquet")

    assert list(read_unit(run)) == []


def test_other_folders_are_not_restricted(run_dir, unit_that_reads, tmp_path_factory):
    unit_that_reads("work/livelihood.parquet")

    assert may_read(tmp_path_factory.mktemp("another") / "work" / "person.parquet")
    assert not may_read(run_dir / "work" / ".." / "work" / "person.parquet")
