"""The section on coming closer: the lead, the verdict on the index in words, the picture, and
nothing where nothing was counted.
"""

import re

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.report.site import write_district_page
from evalkit.words import words_of_run

PLACES = {
    "self_support": 40,
    "up": 20,
    "same": 10,
    "down": 0,
    "out_otherwise": 10,
    "on_support": 100,
    "unknown": 20,
}


def _published(rows, columns, name, run):
    return protected(pl.DataFrame(rows, schema=columns, orient="row"), name, run)


def _ladder(run, district="Norr"):
    rows = [(district, 2, place, n, 200, n / 200) for place, n in (*PLACES.items(), ("all", 200))]
    columns = ["district", "ladder_step", "answer", "n_persons", "n_whole", "share"]
    schema = dict.fromkeys(columns) | {"ladder_step": pl.Int32}
    return _published(rows, schema, "ladder", run)


def _by_district(run, district="Norr"):
    rows = [(district, 0.3, 0.25, 0.36, 200, 60), ("all", 0.4, 0.38, 0.42, 2000, 800)]
    columns = ["district", "estimate", "ci_lower", "ci_upper", "n_persons", "n_fewest"]
    return _published(rows, columns, "ladder_by_district", run)


def _steps(run):
    rows = [(2, "garden", "Trädgården")]
    schema = {"ladder_step": pl.Int32, "intervention_id": pl.String, "name": pl.String}
    return _published(rows, schema, "ladder_steps", run)


def _test(run, *limits):
    estimate, low, high = limits or (None, None, None)
    rows = [("discrimination", "all", estimate, low, high, 1500, 300 if limits else 5)]
    numbers = dict.fromkeys(("estimate", "ci_lower", "ci_upper"), pl.Float64)
    schema = {
        **{"measure": pl.String, "criteria_met": pl.String, **numbers},
        **{"n_persons": pl.Int32, "n_fewest": pl.Int32},
    }
    return _published(rows, schema, "readiness_test", run)


def _readiness(run, district="Norr"):
    counts = {"4": (60, 12), "5": (40, 20), "incomplete": (0, 0), "all": (100, 32)}
    rows = [
        (district, met, n, n / 100, went_on, went_on / n if n else None, 100)
        for met, (n, went_on) in counts.items()
    ]
    columns = [
        *("district", "criteria_met", "n_persons", "share"),
        *("n_next_step", "next_share", "n_whole"),
    ]
    return _published(rows, columns, "readiness", run)


def _waits(run, median):
    rows = [
        ("Norr", "median_months", median, 6.0 if median else None, None, 40),
        ("Norr", "without_next_step", 0.7, 0.55, 0.8, 40),
    ]
    numbers = dict.fromkeys(("estimate", "ci_lower", "ci_upper"), pl.Float64)
    schema = {"district": pl.String, "measure": pl.String, **numbers, "n_persons": pl.Int32}
    return _published(rows, schema, "time_to_next_step", run)


@pytest.fixture
def section(run, tables):
    """The text of the section on a district's page; None if the page has none."""

    def write(language="en", of=run, **own):
        shown = {name: table for name, table in tables.items() if name == "people"} | own
        html = write_district_page(of, "Norr", shown, {}, words_of_run(of, language)).read_text(
            encoding="utf-8"
        )
        found = re.search(r'<section[^>]*"closer".*?</section>', html, flags=re.DOTALL)
        return found and found[0]

    return write


def plain(html: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " "))
    return re.sub(r" ([,.:;)%])", r"\1", text).replace("( ", "(")


def test_a_page_without_ladder_and_follow_ups_has_no_section(section):
    assert section() is None


def test_lead_tells_the_districts_share_beside_that_of_all(run, section):
    text = plain(section(ladder=_ladder(run), ladder_by_district=_by_district(run)))

    assert "In Norr 30% (25 to 36%) of those who started an intervention from" in text
    assert "in all districts together it is 40%" in text


def test_the_ladder_alone_makes_a_section_with_its_picture(run, section):
    html = section(ladder=_ladder(run), ladder_steps=_steps(run))
    text = plain(html)

    assert 'class="place-bar at-self_support"' in html
    assert 'class="place-bar at-down"' not in html
    assert "Step 2 Trädgården · 200 people" in text
    assert "In work or studies 20%; On a higher step 10%" in html
    assert "How many come closer to work cannot be said for Norr" in text
    assert "criteria" not in text


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((0.65, 0.61, 0.69), "The five criteria of readiness tell the next step."),
        ((0.52, 0.48, 0.56), "hardly tell who takes the next step"),
        ((0.6, 0.48, 0.7), "tell the next step cannot be said. Of two people"),
        ((), "cannot be said: too few follow-ups"),
    ],
)
def test_the_verdict_on_the_index_is_said_in_words(run, section, limits, said):
    text = plain(section(readiness=_readiness(run), readiness_test=_test(run, *limits)))

    assert said in text
    assert "40% met all five at their first follow-up: takes part as planned" in text


def test_nobody_without_an_answer_has_no_row(run, section):
    text = plain(section(readiness=_readiness(run)))

    assert "Not all answered" not in text and "not all answered" not in text
    assert "all 5: ready 40 40% 20 50%" in text


@pytest.mark.parametrize(
    ("median", "said"),
    [
        (8.0, "Half of those who meet all five take the next step within 8"),
        (None, "fewer than half have so far"),
    ],
)
def test_the_wait_of_those_who_are_ready_is_told(run, section, median, said):
    own = {"readiness": _readiness(run), "time_to_next_step": _waits(run, median)}

    text = plain(section(readiness_test=_test(run, 0.65, 0.61, 0.69), **own))

    assert said in text
    assert "70%" in text


def test_a_pooled_district_shows_its_area_and_says_so(make_run, section):
    run = make_run(monitoring={"pooled": {"Kusten": ["Norr", "Söder"]}})

    text = plain(
        section(
            of=run,
            ladder=_ladder(run, "Kusten"),
            ladder_by_district=_by_district(run, "Kusten"),
        )
    )

    assert "together with its neighbours, as Kusten" in text
    assert "In Kusten 30%" in text


def test_a_page_says_that_work_is_not_seen_where_nobody_knows_what_people_live_on(run, section):
    sources = pl.DataFrame(
        {"source": ["all", "livelihood"], "n_persons": 500, "n_whole": 500, "share": [1.0, 0.0]}
    )

    text = plain(
        section(ladder=_ladder(run), state_sources=protected(sources, "state_sources", run))
    )

    assert "What people live on was not delivered." in text


def test_a_page_says_that_some_are_not_known(run, section):
    text = plain(section(ladder=_ladder(run)))

    assert "Of some it is not known where they are; they do not count as closer." in text
