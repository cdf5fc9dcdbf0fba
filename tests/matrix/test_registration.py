"""From files with gaps and doubtful rows to what a run publishes of them."""

import line
import polars as pl
import pytest
import small_city as small

from evalkit.disclosure import read_published

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
N_OF_NOBODY = 7


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in which one district leaves out planned ends, and follow-ups are of nobody."""
    folder = tmp_path_factory.mktemp("gaps")
    city = folder / "city"
    small.write_small_city(city, small.DISTRICTS)
    person = pl.read_parquet(city / "person.parquet")
    there = person.filter(pl.col("district") == small.DISTRICTS[0])["person_id"]
    participation = pl.read_parquet(city / "participation.parquet").with_columns(
        planned_end=pl.when(~pl.col("person_id").is_in(there.implode())).then("planned_end")
    )
    participation.write_parquet(city / "participation.parquet")
    never = person.join(participation, on="person_id", how="anti")["person_id"].head(N_OF_NOBODY)
    follow_up = pl.read_parquet(city / "follow_up.parquet")
    of_nobody = follow_up.head(N_OF_NOBODY).with_columns(person_id=never)
    pl.concat([follow_up, of_nobody]).write_parquet(city / "follow_up.parquet")
    file = small.write_run(folder, {}, (), city=city)
    return line.run_line(file, out=folder / "runs", last="city/01_process")


def test_planned_ends_that_were_left_out_are_counted_in_their_district(run):
    data = read_published(run.run_dir, "completeness").data.filter(base="started")
    n_persons = {(d, f): n for d, f, n in data.select("district", "field", "n_persons").rows()}

    without, whole = small.DISTRICTS
    assert n_persons[without, "planned_end"] == 0 < n_persons[without, "all"]
    assert n_persons[whole, "planned_end"] == n_persons[whole, "all"]


def test_follow_ups_of_nobody_are_listed_and_counted(run):
    flagged = pl.read_parquet(run.run_dir / "work" / "flagged.parquet").filter(rule="episode_known")
    intake = read_published(run.run_dir, "intake").data.filter(rule="episode_known")

    assert flagged["file"].unique().to_list() == ["follow_up.parquet"]
    assert flagged.height == N_OF_NOBODY
    assert intake.select("table", "n_flagged").rows() == [("follow_up", 5)]
