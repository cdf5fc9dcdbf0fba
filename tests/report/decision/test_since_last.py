from datetime import date

import pytest

from evalkit.report.decision.since_last import since_the_last

MAY = {"cause": "data_prices", "data_through": date(2026, 5, 1)}
PEOPLE = {"intervention_id": "all", "measure": "persons_with_support"} | MAY
TRAINING = {"intervention_id": "work_training"} | MAY
# An intervention of the register that no protocol asks about.
OUTREACH = {"intervention_id": "outreach", "measure": "starts"} | MAY


@pytest.fixture
def part(run, published, brief_with, offered_tables):
    """The part of the city's page from some rows of the table, of two interventions."""
    offers = offered_tables(
        {"id": "work_training", "starts": 40, "society": (9020.0, 1.0, 20000.0, 0.99)},
        {"id": "outreach", "starts": 12},
        district="all",
    )
    return lambda *rows: since_the_last(
        brief_with(run, *offers, published("since_last", list(rows)))
    )


def test_what_has_moved_stands_beside_what_it_was(part):
    told = part(
        PEOPLE | {"before": 1000.0, "after": 1010.0},
        TRAINING | {"measure": "society", "before": 9010.0, "after": 9020.0},
        TRAINING | {"measure": "advice", "advice_before": "keep", "advice_after": "expand"},
        OUTREACH | {"before": 10.0, "after": 12.0},
        OUTREACH | {"intervention_id": "no_longer_offered", "before": 10.0, "after": 12.0},
    )

    text = told.body.striptags()
    assert told.heading == "What has moved since the last report, on data through May\u00a02026"
    assert "What differs from then: the data and the prices." in text
    assert "1,000" in text and "1,010" in text
    assert "Work training: advicekeepexpand" in text
    assert "Outreach: starts a year1012" in text and "No longer offered" not in text
    # Both read 9,000.
    assert "value of a start to society" not in text


def test_that_nothing_has_moved_is_said(part):
    told = part(PEOPLE | {"before": 1000.0, "after": 1000.0, "cause": "nothing"})

    assert told.body.striptags() == (
        "Nothing that a page tells has moved since the last report, on data through May 2026."
    )


def test_the_first_report_says_that_it_is_the_first(part):
    told = part()

    assert told.body.striptags() == (
        "This is the first report: there is none before it to compare with."
    )
