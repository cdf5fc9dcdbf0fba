"""The method's section on trying out by lot: how, and how large the trials are that are advised."""

import pytest

from evalkit.report.kinds import METHOD_PAGE
from evalkit.report.method.trials import how_to_try_it_out


@pytest.fixture
def section(run_of_two, brief_with, published):
    """The section, from rows of advice."""

    def make(*rows, language="en"):
        tables = [published("advice", list(rows))] if rows else []
        return how_to_try_it_out(brief_with(run_of_two, *tables, language=language))

    return make


def _advice(district, advice="try_out", persons=400):
    return {
        "district": district,
        "intervention_id": "work_training",
        "advice": advice,
        "trial_persons": persons,
        "trial_months": 24 if persons else None,
    }


def _shown(section):
    cells = [
        [str(getattr(cell, "striptags", lambda cell=cell: cell)()) for cell in row]
        for block in section.blocks
        for table in block.tables
        for row in table.rows
    ]
    text = [
        str(one.striptags())
        for block in section.blocks
        for one in (*block.leads, *block.text, *block.points, *block.after)
    ]
    return cells, " ".join(text)


def test_the_trials_that_are_advised_stand_with_their_size(section):
    cells, text = _shown(
        section(_advice("all"), _advice("Norr", persons=100), _advice("Söder", "keep", None))
    )

    assert [row[2:] for row in cells] == [["400", "24"], ["100", "24"]]
    assert [row[0] for row in cells] == ["All districts", "Norr"]
    assert "--lottery work_training --places 20 --months 12" in text


def test_it_says_that_no_trial_is_advised(section):
    cells, text = _shown(section(_advice("all", "keep", None)))

    assert not cells
    assert "No page advises a trial of a size that was computed." in text


@pytest.mark.parametrize("language", ["en", "sv"])
def test_both_ways_and_what_keeps_them_fair_are_told_without_any_advice(section, language):
    told = section(language=language)

    assert [len(block.points) for block in told.blocks] == [2, 4, 0]


def test_it_stands_on_the_page_of_methods():
    assert how_to_try_it_out in METHOD_PAGE.sections
