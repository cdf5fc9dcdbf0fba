"""The real line without one district: the other one has its report, every page says what it is
without, and no link leads nowhere.
"""

import re
from html import unescape
from pathlib import Path

import line
import polars as pl
import pytest
import small_city as small

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WELL, MISSING = small.DISTRICTS
# All can be said, of however few.
REFUSAL = {
    "min_starters": 1,
    "min_effective_sample_size": 1,
    "max_abs_smd": 9.0,
    "max_share_outside_support": 1.0,
}
RUN = {
    "languages": ["sv", "en"],
    "value": {"price_book": str(small.ROOT / "params" / "unit_costs" / "stockholm.yaml")},
}


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Path:
    """The delivery of the small city."""
    folder = tmp_path_factory.mktemp("city")
    small.write_small_city(folder / "city", small.DISTRICTS)
    return folder / "city"


@pytest.fixture(scope="module", params=["02_time_on_support", "04_effects", "07_decision_report"])
def partly(request, city, tmp_path_factory):
    """A run in which one notebook failed for one district, and that notebook's name."""
    folder = tmp_path_factory.mktemp("partly")
    run_file = small.write_run(folder, RUN, [small.PROTOCOL | {"refusal": REFUSAL}], city=city)
    failing = f"district/{request.param}@alvsjo"
    return line.run_line(run_file, out=folder / "runs", failing=failing), request.param


def text_of(page: Path) -> str:
    html = re.sub(r"<(script|style).*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_every_link_leads_to_a_page(partly):
    site = partly[0].run_dir / "site"
    links = [
        (page, href)
        for page in site.rglob("*.html")
        for href in re.findall(r'href="([^"#:]+\.html)', page.read_text(encoding="utf-8"))
    ]

    assert len(links) > 50
    assert [href for page, href in links if not (page.parent / href).exists()] == []


@pytest.mark.parametrize(
    ("language", "sentence", "own"),
    [
        (
            "en",
            "No report could be made in this run for Älvsjö",
            "There is no report from this run",
        ),
        (
            "sv",
            "I den här körningen kunde ingen rapport göras för Älvsjö",
            "Det finns ingen rapport från den här körningen",
        ),
    ],
)
def test_the_overview_names_the_missing_district_and_its_page_says_why(
    partly, language, sentence, own
):
    site = partly[0].run_dir / "site" / language

    assert sentence in text_of(site / "index.html")
    assert own in text_of(site / "alvsjo.html")
    assert own not in text_of(site / "rinkeby-kista.html")


def test_pages_say_that_effects_are_without_the_district_only_where_they_are(partly):
    run, failed = partly
    sentence = "for all districts together is without Älvsjö"

    pages = [run.run_dir / "site" / "en" / name for name in ("index.html", "rinkeby-kista.html")]

    is_without = failed == "04_effects"
    assert [sentence in text_of(page) for page in pages] == [is_without] * 2


def test_the_people_of_an_effect_are_those_of_the_districts_that_were_computed(partly):
    run, failed = partly
    status = pl.read_parquet(run.run_dir / "work" / "effect_status.parquet").filter(source="raw")
    starters = dict(status.select("district", "n_starters").unique().iter_rows())

    if failed == "04_effects":
        assert starters["all"] == starters[WELL] and starters[MISSING] is None
    else:
        assert starters["all"] == starters[WELL] + starters[MISSING]
