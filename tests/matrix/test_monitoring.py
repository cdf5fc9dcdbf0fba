"""From files to pages: the common process, access and money of a municipality of forty people on
support, alone and taken together with its neighbour; and where nothing beside persons and payments
was delivered.
"""

import re
from html import unescape
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small

from evalkit.disclosure.attack import attack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SMALL, NEIGHBOUR, AREA = "Älvsjö", "Skarpnäck", "Söder om staden"
DISTRICTS = ("Rinkeby-Kista", NEIGHBOUR, SMALL)
SECTIONS = ("process", "closer", "access", "needs", "registration")


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """Two districts of many people and one in which forty have been on support."""
    folder = tmp_path_factory.mktemp("delivered") / "city"
    small.write_small_city(folder, DISTRICTS, n_people=1_500)
    tables = {path: _read(path) for path in folder.iterdir() if path.suffix in (".csv", ".parquet")}
    by_name = {path.stem: table for path, table in tables.items()}
    lives_here = by_name["person"].filter(pl.col("district") == SMALL)
    on_support = by_name["household_member"].join(lives_here, on="person_id", how="semi")
    forty = on_support["person_id"].unique(maintain_order=True).head(40)
    gone = lives_here.filter(~pl.col("person_id").is_in(forty.implode()))["person_id"]
    kept = by_name["household_member"].filter(~pl.col("person_id").is_in(gone.implode()))
    for path, table in tables.items():
        left = _of_households(table, kept).filter(_is_none_of(gone, table))
        left.write_csv(path) if path.suffix == ".csv" else left.write_parquet(path)
    return folder


def _of_households(table: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    if "household_id" not in table.columns or "person_id" in table.columns:
        return table
    return table.join(members, on=["household_id", "month"], how="semi")


def _is_none_of(gone: pl.Series, table: pl.DataFrame) -> pl.Expr:
    if "person_id" not in table.columns:
        return pl.lit(True)
    return ~pl.col("person_id").is_in(gone.implode())


def _read(path: Path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False) if path.suffix == ".csv" else pl.read_parquet(path)


def _run(folder: Path, city: Path, **keys) -> Path:
    declared = {"districts": list(DISTRICTS), "languages": ["en"], **keys}
    path = small.write_run(folder, declared, [], city=city)
    return line.run_line(path, out=folder / "runs").run_dir


def _text(page: Path) -> str:
    html = re.sub(r"(?s)<(style|script|svg).*?</\1>", " ", page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _sections(page: Path) -> list[str]:
    named = re.findall(r'aria-labelledby="(\w+)"', page.read_text(encoding="utf-8"))
    return [name for name in SECTIONS if name in named]


@pytest.fixture(scope="module")
def pooled(city, tmp_path_factory) -> Path:
    monitoring = {"pooled": {AREA: [SMALL, NEIGHBOUR]}}
    return _run(tmp_path_factory.mktemp("pooled"), city, monitoring=monitoring)


def test_a_small_municipality_is_shown_with_its_neighbour(pooled):
    for district in ("alvsjo", "skarpnack"):
        page = pooled / "site" / "en" / "evidence" / f"{district}.html"
        assert _sections(page) == list(SECTIONS), district
        assert AREA in _text(page)
    shown = pl.read_parquet(pooled / "published" / "process_kept.parquet")
    assert set(shown["district"]) == {"all", AREA, "Rinkeby-Kista"}


def test_alone_it_has_a_page_too(city, tmp_path):
    run_dir = _run(tmp_path, city)

    page = run_dir / "site" / "en" / "evidence" / "alvsjo.html"
    assert {"process", "registration"} <= set(_sections(page))
    assert AREA not in _text(page)
    assert attack(run_dir).findings == ()


def test_what_is_taken_together_tells_nobody(pooled):
    assert attack(pooled).findings == ()


def test_persons_and_payments_alone_leave_a_line_for_each(city, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("person", "income_support", "household_member"):
        [path] = [path for path in city.iterdir() if path.stem == name]
        (alone / path.name).write_bytes(path.read_bytes())
    run_dir = _run(tmp_path, alone)

    page = run_dir / "site" / "en" / "evidence" / "rinkeby-kista.html"
    assert not {"process", "closer", "access"} & set(_sections(page))
    told = _text(page)
    for missing in ("plans", "follow-ups", "participation"):
        assert missing in told.casefold(), missing
