"""The ledger value of the truth: by hand, and against the ledger that it is there to check."""

import json
from pathlib import Path

import polars as pl
import pytest

from evalkit.economics import load_price_book, value_effects
from evalkit.economics.actors import ACTOR_NAMES, PUBLIC_PURSE
from evalkit.simulate import simulate_truth, state_month_prices, value_truth

BOOK = Path(__file__).parents[2] / "params" / "unit_costs" / "stockholm.yaml"
HORIZON = 36
# Sums of a few hundred products of floats, in crowns.
CROWNS = 1e-4

SMALL_BOOK = {
    "currency": "SEK",
    "price_year": 2023,
    "appraisal": {
        "discount_rate": "rate",
        "cost_of_public_funds": "burden",
        "displacement": {"zero": "none", "central": "half", "high": "half"},
    },
    "prices": [
        {"key": key, "value": value}
        for key, value in {
            "rate": 0.0,
            "burden": 0.2,
            "none": 0.0,
            "half": 0.5,
            "wage": 20.0,
            "tax": 0.3,
            "aid": 10.0,
            "place": 40.0,
        }.items()
    ],
    "postings": [
        {
            "posting": "production",
            "driver": "state_months",
            "state": "work",
            "paid_by": "resources",
            "received_by": "person",
            "amount": "wage",
        },
        {"posting": "tax", "driver": "state_months", "state": "work", "paid_by": "person", "received_by": "city", "amount": "wage * tax"},
        {"posting": "aid", "driver": "state_months", "state": "support", "paid_by": "city", "received_by": "person", "amount": "aid"},
        {"posting": "place", "driver": "start", "paid_by": "city", "received_by": "resources", "amount": "place"},
        {
            "posting": "lost",
            "driver": "displaced_months",
            "state": "work",
            "paid_by": "others",
            "received_by": "resources",
            "amount": "wage",
        },
        {"posting": "burden", "driver": "net_public_outlay", "paid_by": "taxpayers", "received_by": "resources", "amount": ""},
    ],
}


def curves_of(treated: list[float], wait: list[float]) -> pl.DataFrame:
    """Curves of one intervention from the shares in work; everybody else is on support."""
    rows = [
        ("starters", "course", "all", "time_zero", arm, state, month, share)
        for arm, path in (("treated", treated), ("wait", wait), ("never", wait))
        for month, work in enumerate([0.0, *path])
        for state, share in (("work", work), ("support", 1 - work))
    ]
    columns = ["population", "intervention_id", "district", "district_basis", "arm", "state", "month", "probability"]
    return pl.DataFrame(rows, schema=columns, orient="row")


def values_of(values: pl.DataFrame, **keys) -> dict[str, float]:
    own = values.filter(*[pl.col(key) == value for key, value in keys.items()])
    return dict(own.select("actor", "value").iter_rows())


def test_value_by_hand():
    # One more month in work (0.5 + 0.5), one less on support, a place for 40.
    curves = curves_of([0.5, 0.5], [0.0, 0.0])

    values = values_of(value_truth(curves, SMALL_BOOK, public_purse=("city",), horizon_months=2), comparison="wait")

    # The city gains 6 in tax and 10 in aid and pays 40; raising the 24 costs another fifth. Half of the month in work is somebody else's.
    assert values == pytest.approx(
        {"person": 20 - 6 - 10, "city": 6 + 10 - 40, "others": -10, "taxpayers": -4.8, "public_purse": -24, "society": 4 - 24 - 10 - 4.8}
    )


def test_later_months_are_discounted_from_their_middle_and_late_postings_once_more():
    book = json.loads(json.dumps(SMALL_BOOK))
    book["prices"][0]["value"] = 0.21
    book["postings"] = [book["postings"][1] | {"delay_months": 12}]
    values = value_truth(curves_of([0.0, 1.0], [0.0, 0.0]), book, public_purse=(), horizon_months=2)

    assert values_of(values, comparison="never")["city"] == pytest.approx(6 * 1.21 ** (-1.5 / 12) / 1.21)


def test_own_prices_of_an_intervention_stand_in_for_those_of_all():
    book = SMALL_BOOK | {"interventions": [{"intervention_id": "course", "prices": {"place": "aid"}}]}

    own, of_all = (
        state_month_prices(book, public_purse=(), intervention_id=name).filter(pl.col("state") == "start")["amount"].to_list()
        for name in ("course", "other")
    )

    assert (own, of_all) == ([-10.0], [-40.0])


def test_the_same_curves_give_the_same_bits_again(small_truth):
    book = load_price_book(BOOK).model_dump()

    first, *again = (value_truth(small_truth.curves, book, public_purse=PUBLIC_PURSE, horizon_months=HORIZON) for _ in range(6))

    assert all(first.equals(one) for one in again)


def test_a_driver_that_the_truth_does_not_know_is_refused():
    book = SMALL_BOOK | {"postings": [SMALL_BOOK["postings"][0] | {"driver": "weather"}]}

    with pytest.raises(ValueError, match="the driver weather of the posting production is not known to the truth"):
        state_month_prices(book, public_purse=())


@pytest.fixture(scope="module")
def small_truth(small_city):
    return simulate_truth(small_city, seed=21, n_people=400, eligible_share=0)


def test_the_ledger_gives_the_value_of_the_truth_from_its_curves(small_truth):
    """Two readings of the same book and two ways to add: the ledger's draw 0 and the truth's plain sums."""
    book = load_price_book(BOOK)
    city = small_truth.curves.filter(pl.col("district") == "all", pl.col("district_basis") == "time_zero", pl.col("month") <= HORIZON)
    arms = {"treated": "treated", "wait": "comparison"}
    draws = city.filter(pl.col("arm") != "never").select(
        "district", "intervention_id", "state", "month", "probability", arm=pl.col("arm").replace_strict(arms), protocol_hash=pl.lit("truth"),
        estimand=pl.lit("start_now_rather_than_wait"), subgroup=pl.lit("all"), source=pl.lit("raw"), draw=pl.lit(0),
    )  # fmt: skip

    truth = value_truth(city, book.model_dump(), public_purse=PUBLIC_PURSE, horizon_months=HORIZON).filter(pl.col("comparison") == "wait")

    ledger = value_effects(draws, book, seed=1).group_by("intervention_id", "actor").agg(pl.col("amount").sum())
    both = ledger.join(truth.filter(pl.col("actor").is_in(ACTOR_NAMES)), on=["intervention_id", "actor"], how="full", coalesce=True)
    assert both["intervention_id"].n_unique() >= 8
    assert (both["amount"].fill_null(0) - both["value"].fill_null(0)).abs().max() < CROWNS
