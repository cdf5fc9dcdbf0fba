"""The section on needs, offer and outreach: its lead, what nobody offers, women beside men, the
funnel, and what two million more would give; a line where nothing was delivered.
"""

import re
from datetime import date
from html import unescape

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.line.published import PUBLISHED
from evalkit.report.site import write_district_page, write_overview
from evalkit.words import words_of_run

JANUARY, DECEMBER = date(2023, 1, 1), date(2023, 12, 1)
OFFER = (
    *("need_offer", "need_answers", "offer_content", "outreach_funnel", "outreach_leads"),
    *("outreach_costs", "allocation_outreach"),
)


def _table(name, run, *rows):
    """A published table of rows by column; other columns are empty."""
    empty = PUBLISHED[name].empty()
    made = pl.DataFrame(list(rows), schema_overrides=dict(empty.schema)) if rows else empty
    return protected(pl.concat([empty, made], how="diagonal"), name, run)


def _needs(run, *rows, district="Norr"):
    return _table(
        "need_offer",
        run,
        *[
            {
                **{"district": district, "need": need, "calendar_month": JANUARY},
                **{"n_persons": n, "n_starters": started, "n_interventions": answers},
                **{"counted_from": JANUARY, "counted_through": DECEMBER},
            }
            for need, n, started, answers in rows
        ],
    )


def _content(run, *rows, district="Norr"):
    return _table(
        "offer_content",
        run,
        *[
            {
                **{"district": where, "content": content, "n_persons": n, "n_known_sex": n},
                **{"n_women": women, "n_interventions": answers},
                **{"counted_from": JANUARY, "counted_through": DECEMBER},
            }
            for content, n, women, answers in rows
            for where in (district, "all")
        ],
    )


def _further(run, **row):
    keys = {"target_group": "neet", "free_budget": 2_000_000.0}
    return _table("allocation_outreach", run, keys | {"currency": "SEK"} | row)


@pytest.fixture
def section(run, tables):
    """The text of the section on a district's page, or the city's; None if there is none."""

    def write(language="en", *, is_city=False, **own):
        shown = {"people": tables["people"]} | {name: _table(name, run) for name in OFFER} | own
        words = words_of_run(run, language)
        paths = (
            write_overview(run, shown, {}, words)
            if is_city
            else write_district_page(run, "Norr", shown, {}, words)
        )
        html = paths.read_text(encoding="utf-8")
        found = re.search(r'<section[^>]*"needs".*?</section>', html, flags=re.DOTALL)
        text = unescape(re.sub(r"<[^>]+>", "", found[0])) if found else ""
        return re.sub(r"\s+", " ", text)

    return write


def test_the_lead_tells_the_largest_gap_with_both_periods(run, section):
    needs = _needs(run, ("personal_ombud", 40, 30, 1), ("communicative_swedish", 100, 20, 2))

    text = section(need_offer=needs)

    assert "Most go without communicative Swedish: by the count of January 2023 100" in text
    assert "and 20 started something that answers it from January 2023 to December 2023" in text


def test_a_need_that_nothing_answers_is_said_to_have_no_intervention(run, section):
    text = section(need_offer=_needs(run, ("personal_ombud", 40, None, 0)))

    assert "40 people needed it, and nothing in the register of interventions answers it" in text
    assert "Nothing in the register of interventions answers these needs: a personal ombud" in text


def test_no_need_is_called_a_gap_where_as_many_start(run, section):
    text = section(
        need_offer=_needs(run, ("personal_ombud", 0, None, 0), ("low_threshold", 5, 5, 1))
    )

    assert "By the count of January 2023, no need is larger than the number who started" in text


def test_without_a_register_nothing_is_said_of_what_is_offered(run, section):
    text = section(need_offer=_needs(run, ("personal_ombud", 40, None, None)))

    assert "What is offered was not delivered" in text
    assert "answers these needs" not in text


def test_women_in_tasks_done_by_men_stand_beside_women_on_support(run, section):
    content = _content(
        run,
        ("painting", 100, 20, 1),
        ("usual_with_men", 100, 20, 1),
        ("tasks", 100, 20, 1),
        ("all", 200, 110, 2),
        ("on_support", 1000, 500, None),
        ("administration", None, None, 0),
    )

    text = section(offer_content=content)

    assert (
        "Women are 20% of those who started a work task that is traditionally done by men" in text
    )
    assert "and 50% of the people on support" in text
    assert "No intervention has this content: administration." in text


def test_without_work_tasks_the_offer_is_not_called_male(run, section):
    content = _content(run, ("all", 200, 110, 2), ("on_support", 1000, 500, None))

    text = section(offer_content=content)

    assert "whether the offer is traditionally male cannot be said" in text
    assert "Women are 55% of those who started something" in text


def test_the_funnel_of_the_last_year_is_told(run, section):
    rows = [
        {
            **{"district": "Norr", "target_group": "neet", "year": year, "n_residents": 1000},
            **{"n_known": known, "n_reached": 60, "n_entered": 40},
            **{"n_followed": 100, "n_stayed": 70},
        }
        for year, known in ((2022, 80), (2023, 90))
    ]

    text = section(outreach_funnel=_table("outreach_funnel", run, *rows))

    assert "Young people outside, 2023: of 1,000 residents of that age 90 known, 60 reached" in text
    assert "70% were in an activity or not on support three months later" in text


def test_what_money_for_outreach_gives_is_not_made_up(run, section):
    numbers = {"added_value": 90_000.0, "ci_lower": -700_000.0, "ci_upper": 900_000.0}
    told = {"cost": 20_000.0, "n_entering": 100.0, "n_starters": 400, "value_grade": "L"}

    funnel = {"district": "all", "target_group": "neet", "year": 2023, "n_known": 90}
    shown = {"outreach_funnel": _table("outreach_funnel", run, funnel)}
    all_due = section(
        is_city=True,
        allocation_outreach=_further(run, case="if_all_due", **told, **numbers),
        **shown,
    )
    unknown = section(is_city=True, allocation_outreach=_further(run, case="unknown"), **shown)

    assert "What that adds cannot be said: nobody knows what those who entered would" in all_due
    assert "bring in 100 people" in all_due
    assert (
        "would add if they were spent on outreach (young people outside) cannot be said" in unknown
    )


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("declared", "The range holds the assumed share of starts that outreach is the reason for"),
        ("own_effect", "by the effect of outreach itself"),
    ],
)
def test_what_money_for_outreach_gives_says_how_it_is_known(run, section, case, words):
    numbers = {"added_value": 90_000.0, "ci_lower": -700_000.0, "ci_upper": 900_000.0}
    told = {"cost": 20_000.0, "n_entering": 100.0, "n_starters": 400, "value_grade": "L"}
    funnel = {"district": "all", "target_group": "neet", "year": 2023, "n_known": 90}

    text = section(
        is_city=True,
        allocation_outreach=_further(
            run, case=case, outreach_budget=1_000_000.0, **told, **numbers
        ),
        outreach_funnel=_table("outreach_funnel", run, funnel),
    )

    assert words in text
    assert "most is added if SEK 1,000,000 of the SEK 2,000,000 are spent on outreach" in text
    assert "+SEK 100,000 (−SEK 700,000 to SEK 900,000)" in text


@pytest.mark.parametrize(("n_entering", "is_capped"), [(100.0, False), (20.0, True)])
def test_money_that_finds_nobody_to_bring_in_is_said_to_be_unspent(
    run, section, n_entering, is_capped
):
    numbers = {"added_value": 90_000.0, "ci_lower": -700_000.0, "ci_upper": 900_000.0}
    told = {"cost": 20_000.0, "n_entering": n_entering, "n_starters": 400, "value_grade": "L"}
    funnel = {"district": "all", "target_group": "neet", "year": 2023, "n_known": 90}

    text = section(
        is_city=True,
        allocation_outreach=_further(run, case="declared", **told, **numbers),
        outreach_funnel=_table("outreach_funnel", run, funnel),
    )

    assert ("the rest of the money is not spent" in text) is is_capped


def test_what_was_not_delivered_is_one_line(run, section):
    rows = [
        {"table": table, "column": "all", "question": table, "delivery": "not_delivered"}
        for table in ("need", "outreach", "population")
    ]

    text = section(deliveries=_table("deliveries", run, *rows))

    together = (
        "Counts of needs, counts of outreach and number of residents: not delivered. It shows"
    )
    assert f"{together} which needs are answered" in text


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_page_is_written_in_each_language(run, section, language):
    needs = _needs(run, ("personal_ombud", 40, 30, 1))

    assert section(language, need_offer=needs)


def test_before_a_run_counts_it_there_is_no_section(run, tables):
    shown = {"people": tables["people"]}

    page = write_district_page(run, "Norr", shown, {}, words_of_run(run, "en"))

    assert 'id="needs"' not in page.read_text(encoding="utf-8")
