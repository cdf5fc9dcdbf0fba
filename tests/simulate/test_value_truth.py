"""The ledger value of the truth: by hand, and against the ledger that it is there to check."""

import json
from pathlib import Path

import polars as pl
import pytest

from evalkit.economics import load_price_book, value_effects
from evalkit.line.actors import ACTOR_NAMES
from evalkit.line.tables import table
from evalkit.simulate import simulate_truth, value_truth
from evalkit.simulate.truth.value_truth import state_month_prices

pytestmark = pytest.mark.slow

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
        {
            "posting": "tax",
            "driver": "state_months",
            "state": "work",
            "paid_by": "person",
            "received_by": "city",
            "amount": "wage * tax",
        },
        {
            "posting": "aid",
            "driver": "state_months",
            "state": "support",
            "paid_by": "city",
            "received_by": "person",
            "amount": "aid",
        },
        {
            "posting": "place",
            "driver": "programme_starts",
            "paid_by": "city",
            "received_by": "resources",
            "amount": "place",
        },
        {
            "posting": "lost",
            "driver": "displaced_months",
            "state": "work",
            "paid_by": "others",
            "received_by": "resources",
            "amount": "wage",
        },
        {
            "posting": "burden",
            "driver": "net_public_outlay",
            "paid_by": "taxpayers",
            "received_by": "resources",
            "amount": "",
        },
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
    columns = [
        "population",
        "intervention_id",
        "district",
        "district_basis",
        "arm",
        "state",
        "month",
        "probability",
    ]
    return pl.DataFrame(rows, schema=columns, orient="row")


def programmes_of(taking_part: list[float], starting: list[float]) -> pl.DataFrame:
    """Time in the course: the treated as given, the others never."""
    rows = [
        (
            "starters",
            "course",
            "all",
            "time_zero",
            arm,
            "course",
            month + 1,
            *(time if arm == "treated" else (0.0, 0.0)),
        )
        for arm in ("treated", "wait", "never")
        for month, time in enumerate(zip(taking_part, starting, strict=True))
    ]
    columns = [
        "population",
        "intervention_id",
        "district",
        "district_basis",
        "arm",
        "programme",
        "month",
        "taking_part",
        "starting",
    ]
    return pl.DataFrame(rows, schema=columns, orient="row")


ONE_START = programmes_of([1.0, 0.0], [1.0, 0.0])


def values_of(values: pl.DataFrame, **keys) -> dict[str, float]:
    own = values.filter(*[pl.col(key) == value for key, value in keys.items()])
    return dict(own.select("actor", "value").iter_rows())


def test_value_by_hand():
    # One more month in work (0.5 + 0.5), one less on support, a place for 40.
    curves = curves_of([0.5, 0.5], [0.0, 0.0])

    values = values_of(
        value_truth(curves, SMALL_BOOK, programmes=ONE_START, horizon_months=2),
        comparison="wait",
    )

    # The city gains 6 in tax and 10 in aid and pays 40; raising the 24 costs another fifth. Half of
    # the month in work is somebody else's.
    assert values == pytest.approx(
        {
            "person": 20 - 6 - 10,
            "city": 6 + 10 - 40,
            "others": -10,
            "taxpayers": -4.8,
            "public_purse": -24,
            "society": 4 - 24 - 10 - 4.8,
        }
    )


def test_later_months_are_discounted_from_their_middle_and_late_postings_once_more():
    book = json.loads(json.dumps(SMALL_BOOK))
    book["prices"][0]["value"] = 0.21
    book["postings"] = [book["postings"][1] | {"delay_months": 12}]
    values = value_truth(
        curves_of([0.0, 1.0], [0.0, 0.0]),
        book,
        programmes=ONE_START,
        horizon_months=2,
    )

    assert values_of(values, comparison="never")["city"] == pytest.approx(
        6 * 1.21 ** (-1.5 / 12) / 1.21
    )


def test_own_prices_of_an_intervention_stand_in_for_those_of_all():
    book = SMALL_BOOK | {
        "interventions": [{"intervention_id": "course", "prices": {"place": "aid"}}]
    }

    prices = state_month_prices(book, intervention_id="course", programmes=("course", "other"))

    starts = prices.filter(pl.col("state").str.starts_with("starting"), actor="city", arm="treated")
    assert dict(starts.select("state", "amount").iter_rows()) == {
        "starting course": -10.0,
        "starting other": -40.0,
    }


def test_places_are_paid_by_the_months_they_are_filled_and_by_whom_the_posting_is_about():
    book = json.loads(json.dumps(SMALL_BOOK))
    book["prices"][0]["value"] = 0.21
    place = book["postings"][3] | {"driver": "programme_months"}
    book["postings"] = [
        place | {"other_than": ["club"]},
        place | {"posting": "club", "paid_by": "state", "interventions": ["club"]},
    ]
    programmes = programmes_of([1.0, 0.25], [1.0, 0.0])

    values = value_truth(
        curves_of([0.0, 0.0], [0.0, 0.0]),
        book,
        programmes=programmes,
        horizon_months=2,
    )

    assert values_of(values, comparison="wait") == pytest.approx(
        {
            name: -40 * (1.21 ** (-0.5 / 12) + 0.25 * 1.21 ** (-1.5 / 12))
            for name in ("city", "public_purse", "society")
        }
    )


def test_the_same_curves_give_the_same_bits_again(small_truth):
    book = load_price_book(BOOK).model_dump()

    given = {
        "programmes": small_truth.programmes,
        "horizon_months": HORIZON,
    }
    first, *again = (value_truth(small_truth.curves, book, **given) for _ in range(6))

    assert all(first.equals(one) for one in again)


def test_a_driver_that_the_truth_does_not_know_is_refused():
    book = SMALL_BOOK | {"postings": [SMALL_BOOK["postings"][0] | {"driver": "weather"}]}

    with pytest.raises(
        ValueError, match="the driver weather of the posting production is not known to the truth"
    ):
        state_month_prices(book)


@pytest.fixture(scope="module")
def small_truth(small_city):
    return simulate_truth(small_city, seed=21, n_people=400, eligible_share=0)


def test_the_ledger_gives_the_value_of_the_truth_from_its_curves(small_truth):
    """Two readings of the same book and two ways to add: the ledger's draw 0 and the truth's plain
    sums.
    """
    book = load_price_book(BOOK)
    city, time = (
        table.filter(
            pl.col("district") == "all",
            pl.col("district_basis") == "time_zero",
            pl.col("month") <= HORIZON,
        )
        for table in (small_truth.curves, small_truth.programmes)
    )
    arms = {"treated": "treated", "wait": "comparison"}
    named = {
        "protocol_hash": "truth",
        "estimand": "start_now_rather_than_wait",
        "subgroup": "all",
        "source": "raw",
        "draw": 0,
    }
    draws, programmes = (
        table.filter(pl.col("arm") != "never").with_columns(
            pl.col("arm").replace_strict(arms),
            **{name: pl.lit(value) for name, value in named.items()},
        )
        for table in (city, time)
    )
    programmes = programmes.select(list(table("effect_programme_draws").schema)).cast(
        table("effect_programme_draws").schema
    )
    draws = draws.select(list(table("effect_draws").schema))

    truth = value_truth(city, book.model_dump(), programmes=time, horizon_months=HORIZON).filter(
        pl.col("comparison") == "wait"
    )

    values = value_effects(draws, book, seed=1, programmes=programmes).with_columns(
        pl.col(pl.Categorical).cast(pl.String)
    )
    ledger = values.group_by("intervention_id", "actor").agg(pl.col("amount").sum())
    both = ledger.join(
        truth.filter(pl.col("actor").is_in(ACTOR_NAMES)),
        on=["intervention_id", "actor"],
        how="full",
        coalesce=True,
    )
    assert both["intervention_id"].n_unique() >= 8
    assert (both["amount"].fill_null(0) - both["value"].fill_null(0)).abs().max() < CROWNS
