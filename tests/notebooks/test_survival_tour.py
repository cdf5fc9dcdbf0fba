"""The first four notebooks of the tour, on runs that they were not written for: what they tell is
told of the run at hand, no id is shown, and other tools give the same numbers.
"""

import re
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small
from cells import executed

from evalkit import tables

TOUR = sorted((Path(__file__).parents[2] / "notebooks" / "explore").glob("0[1-4]_*.ipynb"))
SAME_NUMBERS = 1e-6  # lifelines stops its search at about 1e-9
PLAIN = {"run": "plain", "districts": list(small.DISTRICTS[:1])}
TOWN = {"run": "town", "districts": list(small.DISTRICTS)}
PERSON = [
    {"name": "female", "kind": "person", "column": "sex", "equals": "female"},
    {"name": "birth_year", "kind": "person", "column": "birth_year"},
]
# Its outcome is several states together.
TOGETHER = {"primary_outcome": "without_support", "leavers_in_month_one": "stay"}
PROTOCOL = small.PROTOCOL | {"covariates": PERSON} | TOGETHER


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[str, Path]:
    """A run of two districts with a protocol, some of whose spells were first seen later; and one
    of a single district without any protocol that knows neither sex nor year of birth.
    """
    folder = tmp_path_factory.mktemp("tour")
    made = {}
    for run, protocols in ((TOWN, [PROTOCOL]), (PLAIN, [])):
        place = folder / run["run"]
        place.mkdir()
        small.write_small_city(place / "city", tuple(run["districts"]))
        if not protocols:
            person = place / "city" / "person.parquet"
            pl.read_parquet(person).drop("sex", "birth_year").write_parquet(person)
        file = small.write_run(place, run, protocols, city=place / "city")
        made[run["run"]] = line.run_line(file, out=place / "runs", last="city/00_prepare").run_dir
    spells = tables.read_table(made["town"], "support_spells")
    is_seen_later = (pl.int_range(pl.len()) % 3 == 0) & (pl.col("months") > 3)
    tables.write_table(
        spells.with_columns(entry=pl.when(is_seen_later).then(2).otherwise("entry").cast(pl.Int32)),
        made["town"],
        "support_spells",
    )
    return made


@pytest.mark.parametrize("run", ["town", "plain"])
@pytest.mark.parametrize("notebook", TOUR, ids=lambda path: path.stem)
def test_notebook_tells_of_any_run_and_shows_nobody(notebook, run, runs):
    names, told, shown = executed(notebook, run_dir=str(runs[run]))

    people = tables.read_table(runs[run], "person")["person_id"].to_list()
    assert any("Small city" in text for text in told)
    assert not [text for text in told if {"nan", "None", "null"} & set(re.findall(r"\w+", text))]
    assert not [one for one in people if any(one in text for text in shown)]
    asks_others = notebook.stem == "04_beside_other_tools"
    assert max(names["differences"].values() if asks_others else [0.0]) < SAME_NUMBERS


def test_tour_asks_lifelines_and_statsmodels_about_delayed_entries_too(runs):
    entries = tables.read_table(runs["town"], "support_spells").filter("is_start_known")["entry"]

    assert (entries > 0).sum() > 10
