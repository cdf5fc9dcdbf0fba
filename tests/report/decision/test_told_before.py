"""One line on the city's page: when forecasts are scored, whether they held, that they changed."""

from datetime import date

import pytest
from markupsafe import Markup

from evalkit.report.decision.told_before import whether_forecasts_held
from evalkit.report.method.forecasts import what_was_told

FORECAST = {
    "made": date(2026, 6, 1),
    "due": date(2026, 9, 1),
    "district": "all",
    "quantity": "exits_to_work",
    "intervention_id": "all",
    "months_ahead": 3,
    "n_expected": 100,
    **{f"n_{level}_lower": 90 for level in (50, 80, 95)},
    **{f"n_{level}_upper": 110 for level in (50, 80, 95)},
}
NOTHING = dict.fromkeys(("n_redefined", "n_changed", "n_gone", "n_withheld"), 0)
SCORES = NOTHING | {
    **{"quantity": "all", "n_forecasts": 14, "n_held_50": 8, "n_held_80": 11, "n_held_95": 13},
    **{"bias": 0.05, "error_expected": 0.1, "error_last_year": 0.12, "error_city_mean": 0.2},
}
LINE = {"made": date(2026, 6, 1), "district": "all", "line_status": "holds", "chain": "0a1b"}
CHANGED = {"line_status": "changed"}


@pytest.fixture
def brief(run, published, brief_with):
    """A page of a run with forecasts, and scores if any are given."""

    def make(*scores, told=(FORECAST,), lines=(LINE,)):
        tables = {"forecasts": told, "forecast_scores": scores, "forecast_record": lines}
        return brief_with(run, *(published(name, list(rows)) for name, rows in tables.items()))

    return make


def test_before_anything_is_due_the_line_says_when_it_will_be_scored(brief):
    text = whether_forecasts_held(brief()).body.striptags()

    assert "after June 2026 has been told" in text
    assert "the first forecasts are scored when data to" in text


def test_of_fourteen_forecasts_thirteen_held(brief):
    text = whether_forecasts_held(brief(SCORES)).body.striptags()

    assert text.startswith("Of the forecasts whose months have passed, 13 of 14 held")


def test_forecasts_that_were_changed_are_said_first(brief):
    text = whether_forecasts_held(brief(SCORES, lines=(LINE | CHANGED,))).body.striptags()

    assert text.startswith("Forecasts on record are not as they were made.")


def test_a_register_that_is_too_short_is_said(brief):
    text = whether_forecasts_held(brief(told=())).body.striptags()

    assert text.startswith("The register is too short for forecasts")


def test_a_run_without_forecasts_has_no_line(run, brief_with):
    assert whether_forecasts_held(brief_with(run)) is None
    assert what_was_told(brief_with(run)) is None


def test_the_method_page_shows_how_they_have_done_and_what_was_not_scored(brief):
    section = what_was_told(brief(SCORES | {"n_gone": 2}))

    (block,) = section.blocks
    scores, expected = block.tables
    assert [_text(cell) for cell in scores.rows[0]][:6] == ["All", "14", "8", "11", "13", "+5%"]
    assert [_text(cell) for cell in expected.rows[0]][2:] == ["100", "90–110", "90–110"]
    text = " ".join(one.striptags() for one in block.text)
    assert "The last line of the record bears 0a1b." in text
    assert "Not scored: 2 of places or interventions that are gone." in text


def _text(cell):
    return Markup(cell).striptags().replace("\u00a0", " ")


def test_an_intervention_that_nothing_names_stands_by_its_id(brief):
    starts = FORECAST | {"quantity": "starts", "intervention_id": "harbour_course"}

    section = what_was_told(brief(told=(starts,)))

    (expected,) = section.blocks[0].tables
    assert _text(expected.rows[0][0]) == "Starts: harbour_course"
