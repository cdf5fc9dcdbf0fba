"""Each contradiction is found in a case made for it, and none in accounts that go together."""

import polars as pl
import pytest

from evalkit.line.tables import published
from evalkit.monitoring.accounts.money import accounts_reconciled
from evalkit.monitoring_rules import MonitoringRules

NO_PLACES = published("place_costs").empty()
CLEAN = (
    ("training", "budget", "7100", "training", 100.0),
    ("training paid", "booked", "7100", "training", 90.0),
    ("paid again", "booked", "7100", "training", 80.0),
)
REPORTED = {
    "year": 2012,
    "currency": "SEK",
    "step": 1.0,
    "source": "a report",
    "grade": "H",
    "budget": 100.0,
    "booked": 170.0,
}


@pytest.fixture
def faults(account, reading):
    def make(*rows, costs=NO_PLACES, **keys):
        made = accounts_reconciled(account(*rows), costs, reading(**keys), MonitoringRules())
        return made["account_faults"]

    return make


def found(table: pl.DataFrame) -> list[tuple]:
    return table.select("fault", "item", "other_item", "amount", "other_amount").rows()


def test_accounts_that_go_together_hold_none(faults):
    assert found(faults(*CLEAN, reported=[REPORTED])) == []


def test_an_account_without_an_area(faults):
    table = faults(*CLEAN, ("x", "booked", "9999", None, 5.0))

    assert found(table) == [("not_mapped", "x", "9999", 5.0, None)]


def test_an_area_unlike_its_accounts_that_no_rule_moves(faults):
    rows = (*CLEAN, ("x", "booked", "4500", "holiday", 5.0))

    assert found(faults(*rows, rules=[])) == [("stated_otherwise", "x", "holiday", 5.0, None)]
    assert found(faults(*rows)) == []


def test_a_posting_twice_under_another_number(faults):
    table = faults(*CLEAN, ("z", "booked", "7100", "training", 90.0))

    assert found(table) == [("posting_twice", "z", "training paid", 90.0, None)]


def test_postings_of_another_activity_are_not_the_same(faults):
    assert (
        found(faults(*CLEAN, ("z", "booked", "7100", "training", 90.0, {"activity_code": "1"})))
        == []
    )


def test_two_budgets_for_one_account(faults):
    table = faults(*CLEAN, ("z", "budget", "7100", "training", 120.0))

    assert found(table) == [("budget_twice", "z", "training", 120.0, 100.0)]


def test_two_currencies(faults):
    table = faults(*CLEAN, ("z", "booked", "7300", "holiday", 1.0, {"currency": "EUR"}))

    assert found(table) == [("two_currencies", "EUR, SEK", "", None, None)]


def test_more_people_than_places(faults):
    places = pl.DataFrame(
        [("course", 2012, 10.0, 1.2), ("coaching", 2012, 10.0, 1.0)],
        schema=["intervention_id", "year", "places", "utilisation_share"],
        orient="row",
    )
    table = faults(*CLEAN, costs=pl.concat([NO_PLACES, places], how="diagonal_relaxed"))

    assert found(table) == [("places_below", "course", "", 10.0, 1.2)]


@pytest.mark.parametrize(("filled", "is_fault"), [(0.2, False), (0.9, True)])
def test_places_that_cost_more_than_was_booked_beyond_what_rounding_explains(
    faults, reading, filled, is_fault
):
    chart = [area.model_dump() for area in reading().areas]
    chart[0]["interventions"] = ["course"]
    row = {
        "intervention_id": "course",
        "year": 2012,
        "places": 100.0,
        "utilisation_share": filled,
        "cost_per_filled_place": 0.7,
        "currency": "SEK",
        "price_year": 2012,
    }
    costs = pl.concat([NO_PLACES, pl.DataFrame([row])], how="diagonal_relaxed")

    table = faults(*CLEAN, costs=costs, areas=chart)

    # 170 booked; 168 or 756 a year, off by 21.
    assert table["fault"].to_list() == ["places_above"] * is_fault


@pytest.mark.parametrize(("monthly", "is_fault"), [(1000.0, True), (2000.0, False), (9000.0, True)])
def test_a_place_that_costs_what_no_report_says(faults, monthly, is_fault):
    row = {
        "intervention_id": "course",
        "year": 2012,
        "cost_at_full_use": monthly,
        "currency": "SEK",
        "price_year": 2012,
    }
    costs = pl.concat([NO_PLACES, pl.DataFrame([row])], how="diagonal_relaxed")
    ranges = {
        "year": 2012,
        "currency": "SEK",
        "cost_per_place": [20_000, 85_000],
        "ended_share": [0.15, 0.37],
        "source": "a report",
        "grade": "H",
    }

    table = faults(*CLEAN, costs=costs, places=[ranges])

    assert ("cost_outside", "course", "", 12 * monthly, None) in found(table) or not is_fault
    assert table.height == is_fault


def test_parts_that_are_all_and_do_not_add_up(faults):
    parts = [{"cost_area": "training", "amount": 100.0}, {"cost_area": "holiday", "amount": 60.0}]
    report = REPORTED | {"parts": parts, "are_all_parts": True}

    kinds = faults(*CLEAN, reported=[report])

    assert ("parts_total", "booked", "", 160.0, 170.0) in found(kinds)


def test_parts_that_are_more_than_the_whole(faults):
    report = REPORTED | {"parts": [{"cost_area": "training", "amount": 200.0}]}

    assert "parts_total" in faults(*CLEAN, reported=[report])["fault"].to_list()


def test_parts_that_leave_a_rest_are_no_contradiction(faults):
    report = REPORTED | {"parts": [{"cost_area": "sheltered", "amount": 0.0}]}

    assert found(faults(*CLEAN, reported=[report])) == []


@pytest.mark.parametrize(("share", "is_fault"), [(1.0, False), (0.997, False), (0.9, True)])
def test_a_share_of_another_whole_beyond_what_rounding_explains(faults, share, is_fault):
    part = {"cost_area": "training", "amount": 170.0, "share": share}
    report = REPORTED | {"parts": [part]}

    table = faults(*CLEAN, reported=[report])

    assert ("share_total" in table["fault"].to_list()) == is_fault


def test_budget_less_bookings_is_not_what_was_used_elsewhere(faults):
    report = REPORTED | {"budget": 180.0, "elsewhere": 14.0}
    rows = (("b", "budget", "7100", "training", 180.0), *CLEAN[1:])

    assert found(faults(*rows, reported=[report])) == [("elsewhere", "budget", "", 14.0, 10.0)]


def test_an_amount_that_is_printed_otherwise_than_it_was_booked(faults):
    report = REPORTED | {"booked": 150.0}

    assert found(faults(*CLEAN, reported=[report])) == [
        ("printed_otherwise", "booked", "", 150.0, 170.0)
    ]
