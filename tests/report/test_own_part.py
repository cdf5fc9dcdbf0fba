"""The person's own part on the page of an intervention."""

import re

import polars as pl
import pytest

from evalkit.disclosure import protected
from evalkit.line.tables import published
from evalkit.report.site import write_intervention_page
from evalkit.words import words_of_run

SHARES = {"own_view": (120, 90), "goals": (120, 66), "lowest": (80, 8), "highest": (80, 24)}


@pytest.fixture
def page(run, tables):
    def write(measures, change=None, language="en") -> str:
        rows = [
            ("work_training", measure, answer, n, n / whole, whole)
            for measure, (whole, n_yes) in measures.items()
            for answer, n in (("all", whole), ("yes", n_yes))
        ]
        made = {"own_part": rows, "ability_change": []}
        if change:
            keys = ("all", "work_training", "self_rating")
            made["ability_change"] = [(*keys, 90, *change)]
        own = {
            name: protected(
                pl.DataFrame(content, schema=published(name).schema, orient="row"), name, run
            )
            for name, content in made.items()
        }
        words = words_of_run(run, language)
        path = write_intervention_page(run, "work_training", {**tables, **own}, {}, words)
        body = re.sub(r"<(style|script)>.*?</\1>", "", path.read_text("utf-8"), flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body)).replace("\xa0", " ")

    return write


def test_what_of_the_plan_is_theirs_and_how_they_rate_themselves(page):
    text = page(SHARES, (0.42, 0.2, 0.6))

    assert "Of the people with a plan, 75% have their own view in it." in text
    assert "Goals stand in the plans of 54%." in text  # 65 of 120
    assert "rating of themselves has risen by 0.4" in text
    assert "12% rated themselves at the lowest point" in text  # 10 of 80
    assert "not what the intervention changed" in text


def test_a_change_that_may_be_none_is_told_as_unclear(page):
    text = page({}, (0.1, -0.1, 0.3))

    assert "rating of themselves has risen or fallen" in text
    assert "Of the people with a plan" not in text


def test_without_plans_and_ratings_there_is_no_section(page):
    assert "How do they see it" not in page({})
    assert "own view" not in page({}, language="en")


def test_it_is_told_in_swedish_too(page):
    assert "Av dem som har en plan har 75 % sin egen syn i den." in page(SHARES, language="sv")
