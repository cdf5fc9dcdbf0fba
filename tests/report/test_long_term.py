"""The section about long-term support and returns: every number with its address, and nothing where
nothing was counted.
"""

import re

import polars as pl
import pytest

from evalkit.disclosure import protect_counts
from evalkit.report.site import write_district_page
from evalkit.words import words_of_run

FROM = {"source": "made up for this test", "grade": "H", "n_persons": "n_persons"}
LONG_TERM, VERY_LONG_TERM = "long_term_10_of_12", "very_long_term_27_of_36"


def _long_term(n_yes: int):
    rows = [
        ("Norr", year, LONG_TERM, answer, n, n / 200)
        for year in (2022, 2023)
        for answer, n in (("all", 200), ("yes", n_yes), ("no", 200 - n_yes))
    ]
    rows += [
        ("Norr", 2023, VERY_LONG_TERM, answer, n, n / 200)
        for answer, n in (("all", 200), ("yes", 30), ("no", 170))
    ]
    table = pl.DataFrame(
        rows, schema=["district", "year", "measure", "answer", "n_persons", "share"], orient="row"
    )
    keys = ("district", "year", "measure", "answer")
    return protect_counts(
        table,
        name="long_term",
        keys=keys,
        counts=("n_persons", "share"),
        unit="persons",
        total_over=("answer",),
        **FROM,
    )


def _after_support():
    rows = [
        ("Norr", "back_within_12", answer, n, n, n / 150)
        for answer, n in (("all", 150), ("yes", 33), ("no", 117))
    ]
    table = pl.DataFrame(
        rows,
        schema=["district", "measure", "answer", "n_spells", "n_persons", "share"],
        orient="row",
    )
    keys, counts = ("district", "measure", "answer"), ("n_spells", "n_persons", "share")
    return protect_counts(
        table,
        name="after_support",
        keys=keys,
        counts=counts,
        unit="spells",
        total_over=("answer",),
        **FROM,
    )


def _gap_sensitivity():
    rows = [
        ("Norr", gap, 300 - 20 * gap, 250 - 20 * gap, 7.0 + gap, 40 if gap != 1 else 3)
        for gap in range(4)
    ]
    table = pl.DataFrame(
        rows,
        schema=["district", "max_gap_months", "n_spells", "n_ended", "median_months", "n_persons"],
        orient="row",
    )
    keys, counts = ("district", "max_gap_months"), ("n_spells", "n_ended", "median_months")
    return protect_counts(
        table, name="gap_sensitivity", keys=keys, counts=counts, unit="spells", **FROM
    )


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


def test_page_says_how_many_have_long_been_on_support_in_the_latest_year(section):
    text = plain(section(long_term=_long_term(80)))

    assert (
        "Of the 200 adults who were on income support at some time in 2023, 40% were so in at "
        "least ten of its months." in text
    )
    assert "of the adults of 2023: at least 27 of the 36 months that end with the year" in text
    assert "2023 200 40% 15%" in text


def test_page_shows_returns_and_the_gap_rule_beside_its_alternatives(section):
    text = plain(section("sv", after_support=_after_support(), gap_sensitivity=_gap_sensitivity()))

    assert "tillbaka inom 12 månader" in text and "22 %" in text
    assert "0 300 250 7,0 1 visas inte visas inte visas inte 2 260 210 9,0" in text


def test_page_says_that_too_few_have_long_been_on_support(section):
    text = plain(section(long_term=_long_term(3)))

    assert "How many in Norr have long been on income support is not shown" in text


def test_page_has_no_section_where_nothing_was_counted(section):
    assert section() is None


def test_every_number_of_the_section_has_its_address(section):
    html = section(
        long_term=_long_term(80), after_support=_after_support(), gap_sensitivity=_gap_sensitivity()
    )

    cells = re.findall(r"<td[^>]*>(.*?)</td>", html, flags=re.DOTALL)
    assert cells and all("data-table=" in cell or cell == "–" for cell in cells)
