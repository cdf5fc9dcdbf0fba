"""Outreach beside the offers: by hand, in a town with a course that is worth 30 000 a start in the
point estimate, 10 000 and 50 000 in two draws, and costs 8 000.
"""

import polars as pl
import pytest

from evalkit.allocation import best_split, outreach_returns
from evalkit.monitoring_rules import OutreachShare

VALUES = pl.DataFrame(
    {
        "intervention_id": ["course"] * 3 + ["youth"] * 3,
        "draw": [0, 1, 2] * 2,
        "value": [30_000.0, 10_000.0, 50_000.0, 5_000.0, 1_000.0, 9_000.0],
    }
)
OFFERS = pl.DataFrame(
    {
        "intervention_id": ["course", "youth", "talks"],
        "cost": [8_000.0, 12_000.0, 3_000.0],
        "currency": "SEK",
    }
)
COSTS = pl.DataFrame(
    {
        "target_group": ["neet", "neet", "women_at_home"],
        "source": ["place", "action", "action"],
        "cost": [12_000.0, 900.0, 900.0],
        "currency": "SEK",
        "value_grade": "M",
    }
)
LEADS = pl.DataFrame(
    {
        "target_group": "neet",
        "intervention_id": ["course", "talks", "youth"],
        "kind": ["next", "next", "outreach"],
        "n_persons": [100, 50, 200],
        "share": [0.5, 0.25, 1.0],
    }
)
GROUPS = {"neet": 500.0, "women_at_home": None}
BEHIND = {"course": 120, "youth": 90}
AMOUNT = 1_600_000.0
# Half of those who enter take the course; nothing is known of what talks are worth.
COURSE = VALUES.filter(pl.col("intervention_id") == "course")


def returns(values=COURSE, shares=None, costs=COSTS, leads=LEADS, groups=GROUPS):
    return outreach_returns(
        groups,
        costs,
        leads,
        values,
        OFFERS,
        amounts=[0.0, AMOUNT],
        shares=shares or {},
        behind=BEHIND,
    )


def one(table, group="neet"):
    (row,) = table.filter(pl.col("target_group") == group).to_dicts()
    return row


def share(low, central, high):
    return {"neet": OutreachShare(low=low, central=central, high=high, source="nobody", grade="L")}


def test_outreach_returns_says_what_all_starts_would_be_worth_where_nobody_knows_their_reason():
    row = one(returns())

    # One who enters costs 12 000 and half a course, so 100 enter; each adds half a course's value
    # less the outreach.
    assert (row["case"], row["cost"], row["n_entering"]) == ("if_all_due", 16_000.0, 100.0)
    assert row["added_value"] == pytest.approx(100 * (15_000 - 12_000))
    assert row["ci_lower"] <= 100 * (5_000 - 12_000) + 1e-6
    assert row["ci_upper"] >= 100 * (25_000 - 12_000) - 1e-6
    assert (row["value_grade"], row["n_starters"]) == ("L", 120)


def test_outreach_returns_takes_the_declared_share_with_its_range():
    row = one(returns(shares=share(0.0, 0.5, 1.0)))

    assert row["case"] == "declared"
    assert row["added_value"] == pytest.approx(100 * (7_500 - 12_000))
    # None is due to outreach in the lowest case, whatever the course is worth.
    assert row["ci_lower"] == pytest.approx(-100 * 12_000)
    assert row["ci_upper"] >= 100 * (25_000 - 12_000) - 1e-6
    assert row["probability_positive"] is None


def test_outreach_returns_of_all_due_are_those_of_a_share_of_one():
    declared, all_due = one(returns(shares=share(1.0, 1.0, 1.0))), one(returns())

    assert declared | {"case": None} == all_due | {"case": None}


def test_outreach_returns_takes_the_effect_of_outreach_itself_where_there_is_one():
    row = one(returns(values=VALUES))

    # Its value is net of its cost, like that of any other start.
    assert (row["case"], row["cost"]) == ("own_effect", 12_000.0)
    assert row["added_value"] == pytest.approx(AMOUNT / 12_000 * 5_000)
    assert (row["value_grade"], row["n_starters"]) == ("M", 90)


def test_outreach_returns_cannot_be_said_where_nobody_knows_what_they_start():
    row = one(returns(), "women_at_home")

    assert row["case"] == "unknown"
    assert row["added_value"] is None and row["n_starters"] is None


def test_outreach_returns_cannot_be_said_without_a_value_or_a_cost():
    without_value = returns(values=COURSE.clear())
    without_cost = returns(costs=COSTS.filter(pl.col("source") == "action"))

    assert {one(table)["case"] for table in (without_value, without_cost)} == {"unknown"}


def test_outreach_returns_prefers_what_the_municipality_declares_to_the_price_of_a_place():
    declared = pl.DataFrame(
        {
            "target_group": ["neet"],
            "source": ["declared"],
            "cost": [28_000.0],
            "currency": "SEK",
            "value_grade": "H",
        }
    )

    row = one(returns(costs=pl.concat([COSTS, declared])))

    assert row["n_entering"] == pytest.approx(AMOUNT / 32_000)


def test_outreach_returns_have_a_row_for_each_amount_above_zero():
    assert returns()["free_budget"].unique().to_list() == [AMOUNT]


def test_outreach_returns_bring_in_no_more_than_are_known_and_have_not_entered():
    row = one(returns(groups={"neet": 40.0}))

    assert row["n_entering"] == 40.0
    assert row["added_value"] == pytest.approx(40 * (15_000 - 12_000))


def test_outreach_returns_spend_all_where_nobody_counts_whom_outreach_knows():
    assert one(returns(groups={"neet": None}))["n_entering"] == 100.0


STEPS = [500_000.0, 1_000_000.0]
# The first half million is worth more elsewhere than the second.
ELSEWHERE = pl.DataFrame(
    {"free_budget": [0.0, *STEPS], "added_value": [0.0, 900_000.0, 1_000_000.0]}
)


def split(added, case="declared"):
    rows = pl.DataFrame(
        {"target_group": "neet", "free_budget": STEPS, "case": case, "added_value": added}
    )
    return best_split(rows, ELSEWHERE)["outreach_budget"].to_list()


@pytest.mark.parametrize(
    ("added", "best"),
    [
        ([300_000.0, 600_000.0], [0.0, 500_000.0]),
        ([50_000.0, 90_000.0], [0.0, 0.0]),
        ([950_000.0, 1_900_000.0], [500_000.0, 1_000_000.0]),
    ],
)
def test_best_split_spends_each_step_where_it_adds_most(added, best):
    assert split(added) == best


def test_best_split_says_nothing_where_what_outreach_adds_cannot_be_said():
    assert split([950_000.0, 1_900_000.0], "if_all_due") == [None, None]
