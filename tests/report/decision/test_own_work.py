"""The line on the work itself: what is known of it, and nothing where nothing is."""

import pytest

from evalkit.report.decision.own_work import own_work

KEPT = {"measure": "follow_ups", "answer": "yes", "year": 2021, "n_episodes": 260, "share": 0.79}
STARTED = {"observed": 0.4, "expected": 0.39}
MONEY = {"cost_area": "all", "currency": "SEK"}


@pytest.fixture
def line(published, brief_with, run, plain):
    """What the line says of a district, from rows of the three tables."""

    def read(*, kept=(), started=(), money=(), district="Norr", given=run) -> str | None:
        tables = [
            published("process_kept", [{"district": district, **row} for row in kept]),
            published("access_funnel", [{"district": district, **row} for row in started]),
            published("account_areas", [{"district": district, **MONEY, **row} for row in money]),
        ]
        part = own_work(brief_with(given, *tables, district=district))
        return part and plain(part)

    return read


def test_it_tells_what_is_known_and_leads_on(line):
    told = line(kept=[KEPT], started=[STARTED], money=[{"year": 2021, "unspent_share": 0.11}])

    assert "79% of the follow-ups due after starts in 2021 were done in time" in told
    assert "40% of those who began a period" in told
    assert "11% of the budget for labour-market measures in 2021 was left" in told
    assert told.strip().endswith("What lies behind it")


def test_the_last_year_counts_and_more_than_the_budget_is_said(line):
    told = line(money=[{"year": 2020, "unspent_share": 0.2}, {"year": 2021, "unspent_share": -0.1}])

    assert "More than the budget for labour-market measures was booked in 2021" in told
    assert "20%" not in told


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"kept": [{**KEPT, "share": None}], "started": [{"observed": None}]},
        {
            "money": [
                {"year": 2021, "unspent_share": 0.1, "currency": one} for one in ("SEK", "EUR")
            ]
        },
        {"kept": [{**KEPT, "measure": "plan"}], "money": [{"year": 2021, "budget": 5.0}]},
    ],
)
def test_without_anything_known_there_is_no_line(line, known):
    assert line(**known) is None
