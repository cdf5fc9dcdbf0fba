"""Vintages: made beside the one that readers see, shown when whole, swept by number."""

import json
import os
import stat
import threading
from pathlib import Path

import polars as pl
import pytest

from evalkit.batch.layout import place_of, previous_of, show, sweep
from evalkit.batch.manifest import read_attempts
from evalkit.batch.outcome import summary
from evalkit.batch.verify import differences
from evalkit.private_lists import lists_of, write_list
from evalkit.runs import find_run, latest_of, vintages_of


def made(home: Path, name: str, *, at: int) -> Path:
    """A vintage's folder as if it was last worked on at a moment (seconds)."""
    folder = home / name
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "index.html").write_text(name)
    record = folder / "run.json"
    record.write_text(json.dumps({"previous": f"before {name}"}))
    os.utime(record, (at, at))
    return folder


MAY, JUNE, OTHER = "2026-05-00000005", "2026-06-00000006", "2026-06-00000007"


@pytest.fixture
def home(tmp_path):
    """The folder of a run with two vintages, of which readers see the one of May."""
    home = tmp_path / "runs" / "tiny"
    show(made(home, MAY, at=1_000))
    made(home, JUNE, at=2_000)
    return home


def at_vintage(project, home, name):
    return project.prepare().model_copy(update={"run_dir": home / name})


@pytest.mark.parametrize(
    ("wanted", "folder", "begins_with"),
    [(JUNE, JUNE, JUNE), (OTHER, OTHER, MAY), (MAY, f"{MAY}.2", MAY)],
    ids=["interrupted", "new", "seen"],
)
def test_a_run_goes_on_where_it_was_interrupted_and_never_in_what_readers_see(
    project, home, wanted, folder, begins_with
):
    place = place_of(at_vintage(project, home, wanted))

    assert (place.folder, place.begins_with) == (home / folder, home / begins_with)


def test_a_run_does_not_go_back_to_what_was_made_before_the_latest(project, home):
    show(made(home, f"{MAY}.2", at=500))

    place = place_of(at_vintage(project, home, MAY))

    assert (place.folder, place.begins_with) == (home / f"{MAY}.3", home / f"{MAY}.2")


def test_a_vintage_made_again_comes_after_the_same_one_as_before(home):
    assert [previous_of(home / name) for name in (JUNE, f"{MAY}.2")] == [MAY, f"before {MAY}"]


def test_latest_is_a_link_that_any_folder_can_be_moved_with(home, tmp_path):
    show(home / JUNE)
    (tmp_path / "runs").rename(tmp_path / "moved")

    moved = tmp_path / "moved" / "tiny"
    assert (moved / "latest" / "site" / "index.html").read_text() == JUNE
    assert find_run(moved) == moved / JUNE


def test_latest_is_a_file_where_there_are_no_links(home, monkeypatch):
    def refuse(*_args, **_options):
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)

    show(home / JUNE)

    assert latest_of(home) == home / JUNE
    assert f'href="{JUNE}/site/index.html"' in (home / "latest.html").read_text()


def test_sweep_keeps_what_readers_see_the_newest_and_what_is_still_linked(home):
    show(made(home, OTHER, at=3_000))
    made(home, f"{OTHER}.2", at=3_500)
    linked, killed = made(home, "2026-01-00000001", at=10), home / "2026-07-00000008"
    killed.mkdir()
    made(home, "2026-02-00000002", at=20)

    removed = sweep(home, keep=1, also={linked})

    assert [one.name for one in removed] == [f"{OTHER}.2", MAY, "2026-02-00000002", killed.name]
    assert {one.name for one in vintages_of(home)} == {OTHER, JUNE, linked.name}


@pytest.fixture(scope="module")
def months(tiny, tmp_path_factory):
    """A project run in one month and, with a reader at the page, in the next, in which a district
    fails: the project, both results, what stands in, and what the reader met.
    """
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("months") / "tiny")
    project.add_three_stations()
    project.add("district/03_page", PAGE, after=["district/01_part"], writes=["site/{slug}.html"])
    project.add("city/04_apart", tiny.write_code("work/apart.txt"), writes=["work/apart.txt"])
    first = project.run()
    before = contents(first.run.run_dir)
    (project.root / "extract" / "person.csv").write_text("person_id\nNI-0001\nNI-0002\n")
    project.add(
        "district/03_page",
        "{'N.Eastern': 1}[district];",
        PAGE,
        after=["district/01_part"],
        writes=["site/{slug}.html"],
    )
    stood_in = []
    with reader(project.home / "latest" / "site" / "belfast.html") as met:
        second = project.run(stand_in=lambda run, *given: stood_in.append(given))
    return project, first, second, before, stood_in, met


PAGE = """
from pathlib import Path
import time
time.sleep(0.5)
page = Path(run_dir) / f"site/{district.lower().replace('.', '-')}.html"
page.parent.mkdir(exist_ok=True)
page.write_text(district);
"""


class reader:  # noqa: N801 - used as a word of a with statement
    """Reads a page again and again while something happens; keeps every different answer."""

    def __init__(self, page: Path):
        self.page, self.met, self.is_over = page, set(), threading.Event()
        self.thread = threading.Thread(target=self._read)

    def __enter__(self):
        self.thread.start()
        return self.met

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def _read(self):
        while not self.is_over.wait(0.01):
            try:
                self.met.add(self.page.read_text())
            except OSError as fault:
                self.met.add(type(fault).__name__)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_an_open_report_stays_readable_until_the_next_one_is_whole(months):
    project, first, second, before, _, met = months

    assert first.report == second.report == project.home / "latest" / "site" / "index.html"
    assert latest_of(project.home) == second.run.run_dir != first.run.run_dir
    assert contents(first.run.run_dir) == before
    # The page of the district that failed is there until readers are shown the run without it.
    assert met <= {"Belfast", "FileNotFoundError"} and "Belfast" in met


@pytest.mark.slow
def test_what_stands_in_for_a_page_names_the_last_one_that_was_made(months):
    _, first, second, _, stood_in, _ = months
    [(page, address)] = stood_in

    assert page == "site/belfast.html"
    assert address == f"../../{first.run.run_dir.name}/site/belfast.html"
    assert (second.run.run_dir / "site" / address).read_text() == "Belfast"


@pytest.mark.slow
def test_a_vintage_knows_the_one_before_it_and_keeps_what_is_private(months):
    _, first, second, *_ = months

    assert [result.run.previous for result in (first, second)] == ["", first.run.run_dir.name]
    assert stat.S_IMODE((second.run.run_dir / "work").stat().st_mode) == 0o700


@pytest.mark.slow
def test_a_run_with_nothing_to_do_stays_where_it_is(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first", tiny.write_code("site/index.html"), writes=["site/index.html"])
    first, again = project.run(), project.run()

    assert again.run.run_dir == first.run.run_dir and again.report
    assert [one.name for one in vintages_of(project.home)] == [first.run.run_dir.name]


@pytest.mark.slow
def test_what_is_current_is_kept_as_links_and_counted_on(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first", tiny.write_code("work/first.txt"), writes=["work/first.txt"])
    last = {"after": ["city/00_first"], "writes": ["site/index.html"]}
    project.add("city/01_last", tiny.write_code("site/index.html"), **last)
    first = project.run()
    kept = (first.run.run_dir / "work" / "first.txt").stat().st_ino
    project.add("city/01_last", tiny.write_code("site/index.html", "'y'"), **last)

    second = project.run()

    assert [outcome.status for outcome in second.outcomes] == ["current", "ok"]
    assert (second.run.run_dir / "work" / "first.txt").stat().st_ino == kept
    assert (second.report.read_text(), second.run.run_dir.name) == (
        "y",
        f"{first.run.run_dir.name}.2",
    )
    assert [attempt.attempts for attempt in read_attempts(second.run.run_dir)] == [1, 1, 2]
    assert not first.run.run_dir.exists()


@pytest.mark.slow
def test_readers_go_on_seeing_the_last_report_where_the_new_one_is_not_made(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/00_first", tiny.write_code("work/first.txt"), writes=["work/first.txt"])
    last = {"after": ["city/00_first"], "writes": ["site/index.html"]}
    read = "from pathlib import Path\n(Path(run_dir) / 'work' / 'first.txt').read_text();"
    project.add("city/01_last", read, tiny.write_code("site/index.html"), **last)
    first = project.run()
    project.add("city/00_first", "1 / 0", writes=["work/first.txt"])

    failed, partly = project.run(), project.run(only="city/00_first")

    line = "There is no new report. Readers still see that of"
    for result in (failed, partly):
        assert result.report is None
        assert summary(result).splitlines()[-1] == (
            f"{line} {first.run.run_dir.name}: {first.run.run_dir / 'site' / 'index.html'}"
        )
    assert (project.home / "latest" / "site" / "index.html").read_text() == "x"


@pytest.mark.slow
def test_a_run_keeps_lists_for_the_next_vintage_and_deletes_them_on_their_day(project):
    """Lists are no result: the unit that wrote them is current without them, and what it left is as
    recorded.
    """
    project.add_three_stations()
    project.run()
    write_list(pl.DataFrame({"person": ["p"]}), project.run_dir, "Kept", keep_days=1)
    write_list(pl.DataFrame({"person": ["p"]}), project.run_dir, "Over", keep_days=0)
    before = project.run_dir

    project.add("city/03_more", after=["city/02_last"])
    result = project.run()

    assert project.run_dir != before
    assert [one.path.name.split("_")[0] for one in lists_of(project.run_dir)] == ["kept"]
    assert sum(outcome.status == "current" for outcome in result.outcomes) >= 3
    assert not differences(project.run_dir)
