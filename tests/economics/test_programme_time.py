"""Programme cost follows the months in programmes in both arms, of every intervention, and their
starts: by hand.
"""

import numpy as np
import polars as pl
import pytest

from evalkit.economics import value_effects
from evalkit.economics.ledger.cash_flow import cash_flow
from evalkit.economics.ledger.effect_paths import effect_paths, recycle
from evalkit.economics.ledger.programme_time import with_programmes
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.economics.results.sensitivity import tornado
from evalkit.errors import EstimationError
from evalkit.line.actors import ACTOR_NAMES

EXACT = 1e-10
KEYS = ("training", "abc", "start_now_rather_than_wait", "all")
# Months 1 and 2: shares that take part, shares that start. The treated start training at once and
# half of them leave early; of the comparison a quarter starts it in month 2, and half is in a club
# from the first month on.
TIME = {
    ("treated", "training"): ([1.0, 0.5], [1.0, 0.0]),
    ("comparison", "training"): ([0.0, 0.25], [0.0, 0.25]),
    ("treated", "club"): ([0.0, 0.0], [0.0, 0.0]),
    ("comparison", "club"): ([0.5, 0.5], [0.5, 0.0]),
}


@pytest.fixture
def programmes():
    """The same in draws 0 to 2 of both districts."""
    rows = [
        (district, *KEYS, draw, arm, programme, month + 1, taking_part[month], starting[month])
        for district in ("Harbour", "Hill")
        for draw in range(3)
        for (arm, programme), (taking_part, starting) in TIME.items()
        for month in range(2)
    ]
    columns = [
        "district",
        "intervention_id",
        "protocol_hash",
        "estimand",
        "subgroup",
        "draw",
        "arm",
        "programme",
        "month",
    ]
    return pl.DataFrame(rows, schema=[*columns, "taking_part", "starting"], orient="row").cast(
        {"draw": pl.Int32, "month": pl.Int32}
    )


@pytest.fixture
def priced(content):
    """A place costs 200 a month, in the club 40; a start 80 everywhere."""
    place, referral = (
        next(one for one in content["postings"] if one["posting"] == name)
        for name in ("places", "referrals")
    )
    place.update(
        driver="programme_months", state=None, arms=["treated", "comparison"], role="programme_cost"
    )
    referral["role"] = "programme_cost"
    content["prices"].append(
        {
            **next(one for one in content["prices"] if one["key"] == "place"),
            "key": "club_place",
            "value": 40,
        }
    )
    content["interventions"] = [{"intervention_id": "club", "prices": {"place": "club_place"}}]
    return content


def paid(value_draws, posting, draw=0):
    own = value_draws.filter(
        pl.col("posting") == posting, pl.col("district") == "Harbour", pl.col("draw") == draw
    )
    return dict(own.select("actor", "amount").iter_rows())


def test_months_and_starts_of_both_arms_are_paid_at_each_intervention_s_own_price(
    effect_draws, programmes, priced, declare
):
    values = value_effects(effect_draws, declare(priced), seed=1, programmes=programmes)

    # Training 1.5 months less the comparison's quarter, at 200; the comparison's month in the club
    # at 40.
    assert paid(values, "places") == pytest.approx(
        {"district": -(1.25 * 200 - 1.0 * 40)}, abs=EXACT
    )
    # One start less a quarter and a half.
    assert paid(values, "referrals") == pytest.approx({"district": -0.25 * 80}, abs=EXACT)


def test_who_leaves_early_frees_the_place(effect_draws, programmes, priced, declare):
    planned = programmes.with_columns(
        taking_part=pl.when(pl.col("arm") == "treated")
        .then(pl.col("taking_part").ceil())
        .otherwise("taking_part")
    )

    early, to_the_end = (
        value_effects(effect_draws, declare(priced), seed=1, programmes=one)
        for one in (programmes, planned)
    )

    assert paid(to_the_end, "places")["district"] - paid(early, "places")[
        "district"
    ] == pytest.approx(-0.5 * 200, abs=EXACT)


def test_months_are_discounted_from_their_middle_and_starts_from_the_month_s_beginning(
    effect_draws, programmes, priced, declare
):
    next(price for price in priced["prices"] if price["key"] == "interest")["value"] = 0.21
    next(one for one in priced["postings"] if one["posting"] == "referrals")["delay_months"] = 6

    values = value_effects(effect_draws, declare(priced), seed=1, programmes=programmes)

    middle = [1.21 ** (-(month + 0.5) / 12) for month in range(2)]
    places = 200 * (1.0 * middle[0] + 0.25 * middle[1]) - 40 * 0.5 * (middle[0] + middle[1])
    assert paid(values, "places")["district"] == pytest.approx(-places, abs=EXACT)
    assert paid(values, "referrals")["district"] == pytest.approx(
        -80 * 1.21**-0.5 * (0.5 - 0.25 * 1.21 ** (-1 / 12)), abs=EXACT
    )


def test_a_posting_may_be_about_some_interventions_alone(effect_draws, programmes, priced, declare):
    place = next(one for one in priced["postings"] if one["posting"] == "places")
    club = {**place, "posting": "club_places", "paid_by": "city", "interventions": ["club"]}
    place["other_than"] = ["club"]
    priced["postings"].insert(0, club)

    values = value_effects(effect_draws, declare(priced), seed=1, programmes=programmes)

    assert paid(values, "places") == pytest.approx({"district": -1.25 * 200}, abs=EXACT)
    assert paid(values, "club_places") == pytest.approx({"city": 40.0}, abs=EXACT)


def flow_of(effect_draws, programmes, book, **more):
    paths = with_programmes(effect_paths(effect_draws), programmes, book)
    path = next(path for path in paths if path.keys["district"] == "Harbour")
    return path, cash_flow(recycle(path, 4), book, draw_prices(book, np.arange(5), seed=1), **more)


def test_the_cash_flow_pays_places_month_by_month_and_nothing_beyond_the_follow_up(
    effect_draws, programmes, priced, declare
):
    priced["prices"].append(
        {
            "key": "fading",
            "name": {"en": "x", "sv": "x"},
            "value": 12,
            "unit": "months",
            "source": "test",
            "grade": "L",
        }
    )
    priced["appraisal"]["half_life"] = "fading"
    book, district = declare(priced), ACTOR_NAMES.index("district")
    without = {
        **priced,
        "postings": [
            one for one in priced["postings"] if one["posting"] not in ("places", "referrals")
        ],
    }

    _, flow = flow_of(effect_draws, programmes, book, n_months=6)
    _, rest = flow_of(effect_draws, programmes, declare(without), n_months=6)

    # Starts stand at the month's beginning: half at time 0, less a quarter at time 1; places in
    # months 1 and 2.
    expected = [-0.5 * 80, 0.25 * 80 - (1.0 * 200 - 0.5 * 40), -(0.25 * 200 - 0.5 * 40), 0, 0, 0, 0]
    assert (flow.worth - rest.worth)[district] == pytest.approx(
        np.tile(expected, (5, 1)), abs=EXACT
    )
    assert flow.programme_cost[district] == pytest.approx(np.full(5, -sum(expected)), abs=EXACT)


def test_a_tornado_varies_the_own_price_of_every_programme(
    effect_draws, programmes, priced, declare
):
    for price in priced["prices"]:
        if price["key"] in ("place", "club_place"):
            price["distribution"] = {
                "kind": "uniform",
                "low": 0.5 * price["value"],
                "high": 1.5 * price["value"],
            }
    path, _ = flow_of(effect_draws, programmes, declare(priced))

    swings = {
        row["parameter"]: row["swing"]
        for row in tornado(path, declare(priced), n_months=2)
        if row["perspective"] == "society"
    }

    # Half of the burden comes on top of what the district pays.
    assert swings["place"] == pytest.approx(1.5 * 1.25 * 200) and swings[
        "club_place"
    ] == pytest.approx(1.5 * 40)


@pytest.mark.parametrize("broken", ["none", "a_draw", "another_district"])
def test_a_book_that_pays_programmes_is_refused_without_the_time_in_them(
    effect_draws, programmes, priced, declare, broken
):
    kept = {
        "none": None,
        "a_draw": programmes.filter(pl.col("draw") != 1),
        "another_district": programmes.filter(pl.col("district") == "Hill"),
    }

    with pytest.raises(EstimationError) as fault:
        value_effects(effect_draws, declare(priced), seed=1, programmes=kept[broken])

    assert (
        fault.value.what
        == "The book is paid by time in programmes, and an effect has none or not in all its draws."
    )
    assert fault.value.where.startswith("effect_programme_draws, Harbour, training")
    assert (
        "follows the months" in fault.value.why
        and "effect_programme_draws of the same run" in fault.value.fix
    )
