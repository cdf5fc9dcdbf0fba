"""The section about long-term support and returns: every number with its address, and nothing where
nothing was counted.
"""

import re

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.report.site import write_district_page
from evalkit.words import words_of_run

LONG_TERM, VERY_LONG_TERM = "long_term_10_of_12", "very_long_term_27_of_36"


def _long_term(run, n_yes: int, n_all: int = 200):
    rows = [
        ("Norr", year, measure, answer, n, n_all, n / n_all)
        for year, measure, n_long in (
            (2022, LONG_TERM, n_yes),
            (2023, LONG_TERM, n_yes),
            (2023, VERY_LONG_TERM, min(n_yes, 30)),
        )
        for answer, n in (("all", n_all), ("yes", n_long))
    ]
    columns = ["district", "year", "measure", "answer", "n_persons", "n_whole", "share"]
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), "long_term", run)


def _after_support(run):
    rows = [
        ("Norr", "back_within_12", answer, n, n, 150, n / 150)
        for answer, n in (("all", 150), ("yes", 33))
    ]
    columns = ["district", "measure", "answer", "n_spells", "n_persons", "n_whole", "share"]
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), "after_support", run)


def _gap_sensitivity(run):
    rows = [
        ("Norr", gap, 300 - 20 * gap, 250 - 20 * gap, 7.0 + gap, 40 if gap != 1 else 20)
        for gap in range(4)
    ]
    columns = ["district", "max_gap_months", "n_spells", "n_ended", "median_months", "n_persons"]
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), "gap_sensitivity", run)


@pytest.fixture
def section(run, tables):
    """The text of the section on a district's page; None if the page has none."""

    def write(language="en", **own):
        shown = {name: table for name, table in tables.items() if name == "people"} | own
        html = write_district_page(run, "Norr", shown, {}, words_of_run(run, language)).read_text(
            encoding="utf-8"
        )
        found = re.search(r'<section[^>]*"back[^>]*>.*?</section>', html, flags=re.DOTALL)
        return found and found[0]

    return write


def plain(html: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " "))
    return re.sub(r" ([,.:])", r"\1", text)


def test_page_says_how_many_have_long_been_on_support_in_the_latest_year(run, section):
    text = plain(section(long_term=_long_term(run, 80)))

    assert (
        "Of the 200 adults who were on income support at some time in 2023, 40% were so in at "
        "least ten of its months." in text
    )
    assert "of the adults of 2023: at least 27 of the 36 months that end with the year" in text
    assert "2023 200 40% 15%" in text


def test_page_shows_returns_and_the_gap_rule_beside_its_alternatives(run, section):
    gaps = _gap_sensitivity(run)

    text = plain(section("sv", after_support=_after_support(run), gap_sensitivity=gaps))

    assert "tillbaka inom 12 månader" in text and "23 %" in text
    assert "0 300 250 7 1 280 230 visas inte 2 260 210 9" in text


def test_page_tells_few_adults_in_numbers_and_no_share_of_them(run, section):
    text = plain(section(long_term=_long_term(run, 2, n_all=22)))

    assert "Of the 20 adults who were on income support at some time in 2023, 0–2 were so" in text
    assert "2023 20 not shown not shown" in text


def test_page_says_that_hardly_anybody_was_on_support(run, section):
    text = plain(section(long_term=_long_term(run, 1, n_all=2), after_support=_after_support(run)))

    assert "In no whole year of the data were more than two adults in Norr" in text


def test_page_has_no_section_where_nothing_was_counted(section):
    assert section() is None


def test_every_number_of_the_section_has_its_address(run, section):
    html = section(
        long_term=_long_term(run, 80),
        after_support=_after_support(run),
        gap_sensitivity=_gap_sensitivity(run),
    )

    cells = re.findall(r"<td[^>]*>(.*?)</td>", html, flags=re.DOTALL)
    assert cells and all("data-table=" in cell or cell == "–" for cell in cells)
