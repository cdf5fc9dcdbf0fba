"""What the final report of 2012-13 on the districts' labour-market measures has printed of 2012:
budget, bookings, parts and shares, and what contradicts itself in it.
"""

from pathlib import Path

import pytest

from evalkit.line.accounts import AccountsFile
from evalkit.line.delivered import delivered
from evalkit.line.tables import published
from evalkit.monitoring import accounts_reconciled
from evalkit.monitoring.accounts.places import reported_places
from evalkit.monitoring_rules import MonitoringRules
from evalkit.records import load

MILLION = 1e6
PRINTED = 0.05  # million: the report prints tenths


@pytest.fixture(scope="module")
def reading() -> AccountsFile:
    return load(Path(__file__).parents[2] / "params" / "accounts" / "stockholm.yaml", AccountsFile)


@pytest.fixture(scope="module")
def tables(reading):
    return accounts_reconciled(
        delivered()["account"].empty(),
        published("place_costs").empty(),
        reading,
        MonitoringRules(),
    )


def test_the_amounts_stand_as_printed_and_leave_17(tables):
    amounts = dict(tables["reported_accounts"].select("cost_area", "amount").rows())

    assert {part: round(amount / MILLION, 1) for part, amount in amounts.items()} == {
        "budget": 84.6,
        "booked": 71.1,
        "elsewhere": 13.5,
        "sheltered_public_employment": 26.0,
        "work_training": 16.4,
        "holiday_job": 11.7,
        "rest": 17.0,
    }


@pytest.mark.parametrize(
    ("part", "share", "implied"), [("work_training", 0.227, 72.2), ("holiday_job", 0.163, 71.8)]
)
def test_the_printed_shares_imply_other_wholes_than_what_was_booked(tables, part, share, implied):
    rows = {row["cost_area"]: row for row in tables["reported_accounts"].to_dicts()}

    assert rows[part]["printed_share"] == share
    assert rows[part]["implied_total"] / MILLION == pytest.approx(implied, abs=PRINTED)


def test_both_shares_are_contradictions_and_nothing_else_is(tables):
    faults = tables["account_faults"].to_dicts()

    assert [(row["fault"], row["item"]) for row in faults] == [
        ("share_total", "holiday_job"),
        ("share_total", "work_training"),
    ]
    assert all(row["other_amount"] / MILLION == pytest.approx(71.1) for row in faults)
    assert all(row["low"] > row["other_amount"] for row in faults)


def test_20_to_85_thousand_and_15_to_37_per_cent_give_54_to_567_thousand(reading):
    (row,) = reported_places(reading).to_dicts()

    assert round(row["per_end_lowest"] / 1000) == 54
    assert round(row["per_end_highest"] / 1000) == 567
