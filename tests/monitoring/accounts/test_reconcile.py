"""Budget and bookings by area, as booked and as re-coded, worked out by hand."""

import polars as pl
import pytest

from evalkit.line.tables import published
from evalkit.monitoring.accounts.postings import mapped_postings
from evalkit.monitoring.accounts.reconcile import account_areas, account_places, reported_accounts
from evalkit.monitoring_rules import MonitoringRules


@pytest.fixture
def areas(reading):
    def make(rows, rules=None, **keys):
        made = reading(**keys)
        return account_areas(mapped_postings(rows, made), made, rules or MonitoringRules())

    return make


def amounts(table: pl.DataFrame, district: str = "Norr") -> dict[str, tuple]:
    rows = table.filter(pl.col("district") == district)
    return {area: numbers for area, *numbers in rows.drop("district", "year", "currency").rows()}


ROWS = (
    ("training", "budget", "7100", None, 100.0),
    ("holiday", "budget", "7300", None, 40.0),
    ("training paid", "booked", "7100", None, 90.0),
    ("holiday paid", "booked", "7300", "holiday", 10.0),
    ("misbooked", "booked", "4500", "holiday", 20.0),
    ("parks' own", "booked", "4500", "parks", 500.0),
    ("who knows", "booked", "9999", None, 5.0),
)


def test_both_views_stand_side_by_side(areas, account):
    by_area = amounts(areas(account(*ROWS)))

    assert by_area["training"] == [100.0, 90.0, 90.0, 10.0, 0.1]
    assert by_area["holiday"] == [40.0, 10.0, 30.0, 10.0, 0.25]
    assert by_area["parks"] == [0.0, 520.0, 500.0, -500.0, None]
    assert by_area["not_mapped"] == [0.0, 5.0, 5.0, -5.0, None]


def test_the_whole_is_all_but_other_activities_and_nothing_is_dropped(areas, account):
    by_area = amounts(areas(account(*ROWS)))

    assert by_area["all"][:4] == [140.0, 105.0, 125.0, 15.0]
    assert sum(n[1] for area, n in by_area.items() if area != "all") == 625.0
    assert sum(n[2] for area, n in by_area.items() if area != "all") == 625.0


def test_the_city_is_the_sum_of_its_districts(areas, account):
    rows = pl.concat([account(*ROWS), account(*ROWS, district="Syd")])

    both = areas(rows)

    assert amounts(both, "all")["all"][:4] == [280.0, 210.0, 250.0, 30.0]


def test_districts_that_are_pooled_stand_together(areas, account):
    rows = pl.concat([account(*ROWS), account(*ROWS, district="Syd")])
    pooled = MonitoringRules(pooled={"Both": ("Norr", "Syd")})

    table = areas(rows, pooled)

    assert set(table["district"]) == {"Both", "all"}
    assert amounts(table, "Both")["holiday"][:3] == [80.0, 20.0, 60.0]


def test_two_currencies_are_never_added_up(areas, account):
    rows = account(
        ("a", "booked", "7100", None, 100.0),
        ("b", "booked", "7100", None, 7.0, {"currency": "EUR"}),
    )

    whole = areas(rows).filter(pl.col("district") == "Norr", pl.col("cost_area") == "all")

    assert dict(whole.select("currency", "booked").rows()) == {"SEK": 100.0, "EUR": 7.0}


def test_a_side_that_nobody_delivered_is_empty_and_not_none(areas, account):
    by_area = amounts(areas(account(("a", "booked", "7100", None, 100.0))))

    assert by_area["training"] == [None, 100.0, 100.0, None, None]


def test_nothing_delivered_gives_no_rows(areas, account):
    assert areas(account()).height == 0


REPORTED = {
    "year": 2012,
    "currency": "SEK",
    "step": 1.0,
    "budget": 140.0,
    "booked": 120.0,
    "parts": [{"cost_area": "training", "amount": 90.0, "share": 0.75}],
    "source": "a report",
    "grade": "H",
}


def test_what_was_printed_stands_beside_the_accounts(areas, account, reading):
    rows = account(*ROWS)

    table = reported_accounts(areas(rows), reading(reported=[REPORTED]))

    by_part = {row["cost_area"]: row for row in table.to_dicts()}
    assert by_part["training"]["implied_total"] == 120.0
    assert [by_part["training"][name] for name in ("amount", "recoded")] == [90.0, 90.0]
    assert [by_part["booked"][name] for name in ("amount", "recoded")] == [120.0, 125.0]
    assert [by_part["budget"][name] for name in ("amount", "recoded")] == [140.0, 140.0]
    assert by_part["rest"]["amount"] == 30.0


def test_what_was_printed_stands_alone_where_no_accounts_were_delivered(areas, account, reading):
    table = reported_accounts(areas(account()), reading(reported=[REPORTED]))

    assert table["recoded"].null_count() == table.height == 4


@pytest.fixture
def place_costs():
    def make(*rows, price_year=2012):
        names = ("intervention_id", "year", "places", "utilisation_share", "cost_per_filled_place")
        filled = pl.DataFrame(rows, schema=names, orient="row").with_columns(
            currency=pl.lit("SEK"), price_year=price_year
        )
        return pl.concat([published("place_costs").empty(), filled], how="diagonal_relaxed")

    return make


def test_what_places_cost_stands_beside_what_was_booked(areas, account, reading, place_costs):
    chart = [area.model_dump() for area in reading().areas]
    chart[0]["interventions"] = ["course", "coaching"]
    made = reading(areas=chart)
    costs = place_costs(("course", 2012, 10.0, 0.5, 1.0), ("coaching", 2012, 1.0, 1.0, 0.5))

    (row,) = account_places(areas(account(*ROWS), areas=chart), costs, made).to_dicts()

    # 12 months of 5 places at 1 and of one at 0.5; each intervention is off by 2.5 places' year.
    assert row["cost_area"] == "training"
    assert (row["recoded"], row["places_cost"]) == (90.0, 66.0)
    assert (row["low"], row["high"]) == (66.0 - 45.0, 66.0 + 45.0)
    assert row["covered_share"] == pytest.approx(66 / 90)


@pytest.mark.parametrize(
    ("row", "price_year"),
    [(("course", 2012, 10.0, 0.5, None), 2012), (("course", 2012, 10.0, 0.5, 1.0), 2020)],
)
def test_places_without_a_cost_in_the_years_prices_are_left_out(
    areas, account, reading, place_costs, row, price_year
):
    chart = [area.model_dump() for area in reading().areas]
    chart[0]["interventions"] = ["course"]

    table = account_places(
        areas(account(*ROWS), areas=chart),
        place_costs(row, price_year=price_year),
        reading(areas=chart),
    )

    assert table.height == 0
