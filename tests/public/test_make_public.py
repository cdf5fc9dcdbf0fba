"""A small city's vintages become public one after the other, through the real notebooks: the
conditions, the numbers that stand where nobody has changed, the pages, and the log.
"""

import json
import re
import shutil
from datetime import date

import line
import polars as pl
import pytest
import sequence
import small_city as small

from evalkit import cli
from evalkit.batch.layout import show, sweep
from evalkit.batch.manifest import Attempt, FileHash, write_attempts
from evalkit.disclosure import read_published
from evalkit.disclosure.attack import attack, write_certificate
from evalkit.errors import DisclosureError
from evalkit.public import make_public, public_vintages
from evalkit.runs import vintages_of
from evalkit.tables import sha256_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Where nobody's life changes after the first extract.
STILL = "Stilla"
DISTRICTS = (*small.DISTRICTS, STILL)
MONTHS = (date(2021, 3, 1), date(2021, 6, 1), date(2021, 9, 1))
DAYS = (date(2021, 5, 3), date(2021, 8, 2), date(2021, 11, 1))
WORDS = {
    "title": {"sv": "Liten stad", "en": "Small city"},
    "districts": list(DISTRICTS),
    "languages": ["en"],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with a vintage for each month, the first two of them public; the third is the one that
    readers see.
    """
    root = tmp_path_factory.mktemp("public")
    small.write_small_city(root / "whole", small.DISTRICTS)
    register = {path.stem: _read(path) for path in (root / "whole").iterdir() if _is_table(path)}
    for month, day in zip(MONTHS, (*DAYS[:2], None), strict=True):
        home = _vintage(root, register, month)
        if day:
            make_public(home, by="A. Director", today=day)
    return home


@pytest.fixture
def home(made, tmp_path):
    """A copy, to be changed."""
    copied = tmp_path / made.parent.name / made.name
    shutil.copytree(made, copied, symlinks=True)
    for folder in ("city", "whole"):
        shutil.copytree(made.parents[1] / folder, tmp_path / folder)
    shutil.copy(made.parents[1] / "small.yaml", tmp_path / "small.yaml")
    return copied


def _is_table(path):
    return path.suffix in (".csv", ".parquet")


def _read(path):
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    return pl.read_csv(path, try_parse_dates=True)


def _vintage(root, register, month):
    """The whole line of an extract, recorded as the runner would, seen by readers and attacked."""
    folder = root / "city"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, rows in sequence.cut(_with_still_district(register), month).items():
        rows.write_parquet(folder / f"{name}.parquet")
    extract = small.RUN["extract"] | {"data_through": f"{month:%Y-%m}"}
    run = line.run_line(
        small.write_run(root, WORDS | {"extract": extract}, (), city=folder), out=root / "runs"
    )
    files = [
        FileHash(path.relative_to(run.run_dir).as_posix(), sha256_of(path))
        for folder in ("published", "site", "work")
        for path in sorted((run.run_dir / folder).rglob("*"))
        if path.is_file() and "attempts" not in path.parts
    ]
    told = {"key": {}, "seed": 1, "versions": {}, "attempts": 1, "status": "ok", "error": None}
    attempt = Attempt(
        run_id=run.run_id,
        unit="the line",
        notebook="",
        params_hash="",
        outputs=tuple(files),
        started=None,
        seconds=None,
        **told,
    )
    write_attempts(run.run_dir, [attempt])
    show(run.run_dir)
    write_certificate(run.run_dir, attack(run.run_dir))
    return run.run_dir.parent


def _with_still_district(register):
    """The register with a further district: of those of whom nothing is known after the first
    extract.
    """
    members = register["household_member"]
    last = [
        members.group_by("person_id").agg(pl.col("month").max().alias("last")),
        *(
            register[name]
            .group_by("person_id")
            .agg(pl.max_horizontal(pl.col("start").max(), pl.col("end").max()).alias("last"))
            for name in ("livelihood", "participation")
        ),
    ]
    known = pl.concat(last).group_by("person_id").agg(pl.col("last").max())
    still = known.filter(pl.col("last") < date(2020, 12, 1))["person_id"]
    households = members.filter(pl.col("person_id").is_in(still.implode()))["household_id"]
    place = pl.lit(STILL)
    person = pl.when(pl.col("person_id").is_in(still.implode())).then(place)
    paid = pl.when(pl.col("household_id").is_in(households.implode())).then(place)
    return {
        **register,
        "person": register["person"].with_columns(person.otherwise("district").alias("district")),
        "income_support": register["income_support"].with_columns(
            paid.otherwise("district").alias("district")
        ),
    }


def _refused(home, match, **options):
    before = _files(home)
    with pytest.raises(DisclosureError, match=match) as refused:
        make_public(home, by="A. Director", today=DAYS[2], **options)
    assert _files(home) == before
    return refused.value


def _files(home):
    """What is public, and that nothing lies beside it half done."""
    return sorted(path.relative_to(home) for path in (home / "public").rglob("*"))


def test_the_first_vintage_is_public_as_it_was_made(made):
    first, _ = public_vintages(made)

    vintage = made / first.name
    for record in sorted((first.folder / "published").glob("*.json")):
        assert record.read_bytes() == (vintage / "published" / record.name).read_bytes()
    assert set(first.stands.values()) == {first.name} and not first.held
    assert not (first.folder / "work").exists()


def test_where_nobody_has_changed_the_numbers_stand_and_every_page_says_so(made):
    first, second = public_vintages(made)
    exits = [
        read_published(one.folder, "exits").where(district=STILL).data for one in (first, second)
    ]
    own = read_published(made / second.name, "people")

    assert second.held == [STILL]
    assert exits[0].drop("row_id").equals(exits[1].drop("row_id"))
    people = read_published(second.folder, "people")
    assert people.where(district="all").data.equals(own.where(district="all").data)
    pages = sorted((second.folder / "site").rglob("en/**/*.html"))
    sentence = f"The numbers of {STILL} are those of the report with data to March 2021"
    assert len(pages) == 9
    assert all(sentence in re.sub(r"\s+", " ", page.read_text()) for page in pages)


def test_the_log_says_what_was_checked_and_is_to_be_signed(made):
    first, second = public_vintages(made)

    log = (second.folder / "release.md").read_text()

    for condition in ("whole", "attack", "quarter", "rules", "five people", "persons"):
        assert f"| {condition}" in log
    assert f"* {STILL}: those of {first.name}" in log
    assert "Signed: ____" in log and "A. Director" in log
    assert json.loads((second.folder / "release.json").read_text())["held"] == [STILL]


def test_public_pages_tell_what_has_moved_since_the_last_public_vintage(made):
    first, second = public_vintages(made)

    moved = read_published(second.folder, "since_last").data

    assert moved["data_through"].unique().to_list() == [first.month]


def test_nothing_public_names_a_person_or_a_folder_of_this_computer(made):
    texts = [
        path.read_text()
        for path in (made / "public").rglob("*")
        if path.suffix in (".json", ".md", ".html")
    ]

    assert not any(str(made.parents[1]) in text for text in texts)
    assert (made / "private").stat().st_mode & 0o777 == 0o700
    assert not list((made / "public").rglob("work"))
    records = [json.loads((one.folder / "run.json").read_text()) for one in public_vintages(made)]
    assert {record["run_file"] for record in records} == {"small.yaml"}


def test_a_third_vintage_too_soon_needs_a_written_reason_and_is_attacked_with_both(home):
    with pytest.raises(DisclosureError, match="Less than a quarter"):
        make_public(home, by="B. Deputy", today=DAYS[1])

    early = make_public(home, by="B", today=DAYS[1], exceptions={"quarter": "a court asked"})

    log = (early.folder / "release.md").read_text()
    assert early.number == 3
    assert "| quarter | 3 months" in log and "EXCEPTION: 3 months of data and 0 of" in log
    assert "* quarter: a court asked (B)" in log
    assert "| attack with what is public (2) |" in log
    _refused(home, "public already")


def test_the_next_attack_knows_all_that_is_public(home, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["evalkit", "attack", str(home)])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert not ended.value.code
    assert "earlier vintages: 2" in capsys.readouterr().out


def test_a_run_that_nobody_has_attacked_is_refused(home):
    (home / "latest" / "attack.json").unlink()

    assert "evalkit attack" in _refused(home, "Nobody has attacked").fix


def test_a_public_folder_that_was_edited_by_hand_stops_the_next_release(home):
    first, _ = public_vintages(home)
    (first.folder / "site" / "index.html").write_text("better")

    assert "site/index.html" in _refused(home, "not as released").where


def test_what_is_public_outlives_the_vintages_that_it_was_made_from(home):
    sweep(home, keep=0, also=set())

    assert len(vintages_of(home)) == 1
    assert len(public_vintages(home)) == 2
    assert list((home / "private").glob("*.parquet"))


def test_another_key_does_not_make_everybody_a_changed_person(home):
    (home / "private" / "key").unlink()

    assert "private/ back" in _refused(home, "Fewer than half of the people of 2021-06").fix


def test_hashes_that_are_gone_are_missed(home):
    _, second = public_vintages(home)
    (home / "private" / f"{second.name}.parquet").unlink()

    assert second.name in _refused(home, "Hashes of a public vintage are gone").where


def test_a_full_disk_leaves_nothing_half_done(home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "exits.parquet")

    before = _files(home)
    monkeypatch.setattr("evalkit.public.staging.publish", full)

    with pytest.raises(OSError, match="No space"):
        make_public(home, by="A. Director", today=DAYS[2])

    assert _files(home) == before and len(public_vintages(home)) == 2
