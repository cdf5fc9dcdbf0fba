"""From files to pages where few people live: districts of one, twelve, 29 and 31 people, and a city
in which everybody is alike.
"""

import re
from html import unescape
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small
import yaml

from evalkit.disclosure.attack import attack
from evalkit.line.columns import is_counted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EXTRACT = small.ROOT / "tests" / "data" / "northern_ireland"
SIZES = {"Belfast": 1, "N.Eastern": 12, "S.Eastern": 29, "Southern": 31}


def _write_run(folder: Path, *, sizes: dict[str, int], is_alike: bool = False) -> Path:
    """A run of the first people of districts of Northern Ireland, with nothing asked for."""
    tables = {path.name: pl.read_csv(path, infer_schema=False) for path in EXTRACT.glob("*.csv")}
    person = tables["person.csv"]
    if is_alike:
        person = person.filter(sex="female")
        tables["person.csv"] = person
    kept = [person.filter(district=name).head(n) for name, n in sizes.items()]
    ids = pl.concat(kept)["person_id"].implode()
    members = tables["household_member.csv"].filter(pl.col("person_id").is_in(ids))
    (folder / "extract").mkdir()
    known = {"person_id": ids, "household_id": members["household_id"].unique().implode()}
    for name, table in tables.items():
        is_kept = [pl.col(key).is_in(known[key]) for key in known if key in table.columns]
        table.filter(*is_kept).write_csv(folder / "extract" / name)
    content = yaml.safe_load((small.ROOT / "params" / "northern_ireland.yaml").read_text("utf-8"))
    run = {key: content[key] for key in ("run", "title", "seed", "languages", "extract")}
    run["extract"] |= {
        "folder": str(folder / "extract"),
        "mapping": str(small.ROOT / "data_contracts" / "mappings" / "northern_ireland.yaml"),
    }
    run |= {name: small.RUN[name] for name in ("contracts", "notebooks")}
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump({**run, "districts": list(sizes)}), encoding="utf-8")
    return path


def _text(page: Path) -> str:
    html = re.sub(r"(?s)<(style|script|svg).*?</\1>", " ", page.read_text(encoding="utf-8"))
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


@pytest.mark.parametrize("is_alike", [False, True])
def test_few_people_have_pages_that_tell_nobody(tmp_path, is_alike):
    run = line.run_line(_write_run(tmp_path, sizes=SIZES, is_alike=is_alike), out=tmp_path / "runs")

    evidence = run.run_dir / "site" / "en" / "evidence"
    assert "The data hold 0–2 people in Belfast." in _text(evidence / "belfast.html")
    assert "The data cover 10 people in N.Eastern" in _text(evidence / "n-eastern.html")
    assert "The data cover 30 people in S.Eastern" in _text(evidence / "s-eastern.html")
    assert "The data cover 30 people in Southern" in _text(evidence / "southern.html")
    for path in (run.run_dir / "published").glob("*.parquet"):
        table = pl.read_parquet(path)
        for column in filter(is_counted, table.columns):
            assert (table[column].drop_nulls() % 5 == 0).all(), (path.name, column)
    assert attack(run.run_dir).findings == ()
