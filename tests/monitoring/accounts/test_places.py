"""What an ended place costs, and own places against bought ones, worked out by hand."""

from datetime import date
from math import exp, sqrt

import numpy as np
import polars as pl
import pytest

from evalkit import monitoring
from evalkit.line.delivered import delivered
from evalkit.line.tables import published
from evalkit.monitoring.accounts.places import (
    bought_places,
    make_or_buy,
    place_ends,
    reported_places,
)

LAST = date(2020, 12, 1)
Z = 1.959964
ROUGH = 1e-6  # Z has seven digits
NO_COSTS = published("place_costs").empty()
# Standard errors by which the share of ranges that hold the truth may be off 95 in 100.
N_ERRORS = 3


@pytest.fixture
def occupied():
    def make(**people):
        return pl.DataFrame(
            [
                (name, date(2020, month, 1), n)
                for name, n in people.items()
                for month in range(1, 13)
            ],
            schema={"intervention_id": pl.String, "month": pl.Date, "n_occupied": pl.Int32},
            orient="row",
        )

    return make


def ended(n: int, *, reason="work", person="p", start=date(2020, 1, 1), end=date(2020, 7, 1)):
    return [(f"{person}{at}", "course", start, end, reason, None) for at in range(n)]


def test_ranges_of_a_report_give_an_envelope_that_says_nothing():
    low, high = monitoring.cost_range_per_end((20_000, 85_000), (0.15, 0.37))

    assert round(low / 1000) == 54
    assert round(high / 1000) == 567


def test_the_envelope_stands_with_what_it_is_made_of(reading):
    ranges = {"year": 2012, "currency": "SEK", "source": "a report", "grade": "H"}
    ranges |= {"cost_per_place": [20_000, 80_000], "ended_share": [0.2, 0.4]}

    (row,) = reported_places(reading(places=[ranges])).to_dicts()

    assert (row["per_end_lowest"], row["per_end_highest"]) == (50_000, 400_000)


def test_an_end_costs_all_months_over_all_ends(capacity, participation, occupied):
    made = place_ends(
        capacity(("course", 10, 900.0, 50.0)),
        participation(*ended(25), *ended(15, reason="dropped_out", person="q")),
        occupied(course=6),
        data_through=LAST,
    )

    every, somewhere = made.sort("measure").to_dicts()
    cost = 12 * (900 + 50 * 6)
    assert (every["measure"], somewhere["measure"]) == ("ended", "ended_somewhere")
    assert every["estimate"] == pytest.approx(cost / 40)
    assert somewhere["estimate"] == pytest.approx(cost / 25)
    assert every["ci_lower"] == pytest.approx(cost / 40 * exp(-Z / sqrt(40)), rel=ROUGH)
    assert every["ci_upper"] == pytest.approx(cost / 40 * exp(Z / sqrt(40)), rel=ROUGH)
    assert (every["counted_from"], every["counted_through"]) == (date(2020, 1, 1), LAST)


def test_people_who_end_often_make_the_range_wider(capacity, participation, occupied):
    twice = [
        (f"p{at}", "course", date(2020, month, 1), date(2020, month + 2, 1), "completed", None)
        for at in range(20)
        for month in (1, 5)
    ]

    row, _ = place_ends(
        capacity(("course", 10, 900.0, 50.0)),
        participation(*twice),
        occupied(course=6),
        data_through=LAST,
    ).to_dicts()

    assert row["n_persons"] == 20
    assert row["ci_upper"] / row["estimate"] == pytest.approx(exp(Z * sqrt(80) / 40), rel=ROUGH)


def test_ends_of_other_years_are_not_counted(capacity, participation, occupied):
    made = place_ends(
        capacity(("course", 10, 900.0, 50.0)),
        participation(
            *ended(30),
            *ended(5, person="early", start=date(2019, 1, 1), end=date(2020, 1, 1)),
            *ended(5, person="late", end=date(2021, 2, 1)),
            *ended(5, person="on the last day", end=date(2021, 1, 1)),
        ),
        occupied(course=6),
        data_through=LAST,
    )

    assert made["n_persons"].to_list() == [35, 35]


def test_no_row_tells_by_being_there_that_somebody_ended(capacity, participation, occupied):
    made = place_ends(
        capacity(("course", 10, 900.0, 50.0), ("other", 10, 900.0, 50.0)),
        participation(*ended(1)),
        occupied(course=6),
        data_through=LAST,
    )

    assert made.select("intervention_id", "measure", "n_persons").rows() == [
        ("course", "ended", 1),
        ("course", "ended_somewhere", 1),
        ("other", "ended", None),
        ("other", "ended_somewhere", None),
    ]


def test_no_costs_no_ends_or_no_capacity_give_no_rows(capacity, participation, occupied):
    none = capacity(("course", 10, None, None))
    nobody = participation()

    for places, people in ((none, participation(*ended(30))), (capacity(), nobody)):
        assert place_ends(places, people, occupied(), data_through=LAST).height == 0


@pytest.mark.parametrize("n_ends", [1, 2])
def test_nobody_moves_a_number_by_more_than_is_said(capacity, participation, occupied, n_ends):
    """Whoever is left out takes their ends and their year in a place with them."""
    rows = ended(30)
    one = ("one", "course", date(2020, 1, 1), date(2020, 5, 1), "work", None)
    again = ("one", "course", date(2020, 6, 1), date(2021, 1, 1), "work", None)
    own = [one, again][:n_ends]
    places = capacity(("course", 40, 900.0, 500.0))

    (with_one, *_) = place_ends(
        places, participation(*rows, *own), occupied(course=31), data_through=LAST
    ).to_dicts()
    (without, *_) = place_ends(
        places, participation(*rows), occupied(course=30), data_through=LAST
    ).to_dicts()

    moved = max(
        abs(with_one[name] - without[name]) for name in ("estimate", "ci_lower", "ci_upper")
    )
    assert moved <= with_one["person_change"]


@pytest.mark.parametrize("n_cities", [150, pytest.param(3000, marks=pytest.mark.prove)])
def test_the_range_holds_the_truth_in_95_of_100_cities(capacity, participation, occupied, n_cities):
    """People who end one to three times each, at a rate that is known."""
    rng = np.random.default_rng(23)
    mean_people, mean_ends, held = 60, 1.7, 0
    truth = 12 * 900.0 / (mean_people * mean_ends)
    places = capacity(("course", 40, 900.0, None))
    for _ in range(n_cities):
        ends = rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2], size=rng.poisson(mean_people))
        rows = [
            (f"p{person}", "course", date(2020, 2 * n + 1, 1), date(2020, 2 * n + 2, 1), None, None)
            for person, n_ends in enumerate(ends)
            for n in range(n_ends)
        ]
        row, _ = place_ends(places, participation(*rows), occupied(), data_through=LAST).to_dicts()
        held += row["ci_lower"] <= truth <= row["ci_upper"]

    assert held / n_cities == pytest.approx(0.95, abs=N_ERRORS * sqrt(0.95 * 0.05 / n_cities))


def bought(**keys) -> dict:
    price = {"intervention_id": "course", "price_per_month": 90.0, "low": 80.0, "high": 110.0}
    price |= {"currency": "SEK", "price_year": 2020, "source": "an offer", "grade": "M"}
    return price | keys


@pytest.fixture
def compared(capacity, reading):
    def make(*prices, used=None, costs=(900.0, 50.0)):
        use = pl.DataFrame(
            [("course", 2020, used)],
            schema=["intervention_id", "year", "utilisation_share"],
            orient="row",
        )
        made = make_or_buy(
            capacity(("course", 40, *costs)),
            pl.concat([NO_COSTS, use], how="diagonal_relaxed") if used else NO_COSTS,
            reading(bought=list(prices)),
            data_through=LAST,
        )
        (row,) = made.to_dicts()
        return row

    return make


def test_own_and_bought_places_are_equal_at_so_many_filled(compared):
    row = compared(bought(), used=0.5)

    # 900 a month whatever is filled and 50 for each, against 90 (80 to 110) for each.
    assert row["break_even"] == pytest.approx(900 / 40)
    assert row["break_even_lower"] == pytest.approx(900 / 60)
    assert row["break_even_upper"] == pytest.approx(900 / 30)
    assert row["cost_per_place"] == pytest.approx(12 * (900 / 40 + 50))


@pytest.mark.parametrize(
    ("used", "cheaper"), [(0.25, "bought"), (0.5, "unclear"), (0.9, "own"), (None, "use_unknown")]
)
def test_which_is_cheaper_follows_from_the_places_that_are_filled(compared, used, cheaper):
    assert compared(bought(), used=used)["cheaper"] == cheaper


@pytest.mark.parametrize(
    ("prices", "costs", "why"),
    [
        ((), (900.0, 50.0), "price_unknown"),
        ((bought(),), (None, None), "cost_unknown"),
        ((bought(price_year=2012),), (900.0, 50.0), "not_comparable"),
        ((bought(currency="EUR"),), (900.0, 50.0), "not_comparable"),
    ],
)
def test_where_one_of_both_is_not_known_it_is_said(compared, prices, costs, why):
    row = compared(*prices, used=0.9, costs=costs)

    assert row["cheaper"] == why
    assert row["break_even"] is None


def test_an_own_place_that_costs_more_for_each_filled_is_never_cheaper(compared):
    row = compared(bought(), used=0.9, costs=(900.0, 120.0))

    assert (row["cheaper"], row["break_even"]) == ("bought", None)


def test_a_place_is_bought_where_none_of_the_districts_provides_it(capacity, participation):
    start = date(2020, 3, 1)
    people = [
        ("own", "course", start, None, None, "Norr"),
        ("neighbour's", "course", start, None, None, "Syd"),
        ("other", "course", start, None, None, "A company"),
        ("as the register says", "course", start, None, None, None),
        ("last year", "course", date(2019, 1, 1), date(2019, 9, 1), None, "A company"),
        ("next year", "course", date(2021, 1, 1), None, None, "A company"),
    ]
    register = pl.DataFrame(
        [{"intervention_id": "course", "provider_district": "Jobbtorg"}],
        schema=delivered()["intervention"].schema,
    )

    made = bought_places(
        capacity(("course", 40, 900.0, 50.0), ("empty", 1, 1.0, 1.0)),
        participation(*people),
        register,
        districts=("Norr", "Syd"),
        data_through=LAST,
    )

    assert made.select("intervention_id", "answer", "n_persons").rows() == [
        ("course", "all", 4),
        ("course", "yes", 2),
        ("empty", "all", 0),
        ("empty", "yes", 0),
    ]
