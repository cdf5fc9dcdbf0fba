from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from one_start import value_effects

from evalkit.economics import load_price_book, place_prices, price_book_of_run, start_costs
from evalkit.economics.prices.book_of_run import with_place_costs
from evalkit.economics.prices.place_costs import place_costs
from evalkit.errors import LedgerError, ParameterError
from evalkit.params import Run, RunFile

STOCKHOLM = Path(__file__).parents[2] / "params" / "unit_costs" / "stockholm.yaml"
MONTHS = [date(2020, 1, 1), date(2020, 2, 1), date(2021, 1, 1)]
KINDS = pl.DataFrame({"intervention_id": ["training"], "name": ["Training"]})
LENGTHS = pl.DataFrame({"intervention_id": ["training"], "months_per_start": [4.5]})


@pytest.fixture
def paid_by_month(content, make_rich):
    """The rich book, in which a month in a programme costs a place."""
    rich = make_rich(content)
    place = next(posting for posting in rich["postings"] if posting["posting"] == "places")
    place.update(
        driver="programme_months", state=None, arms=["treated", "comparison"], role="programme_cost"
    )
    return rich


def capacity(**changes):
    """Ten places; 4000 a month for all and 100 for a filled one."""
    columns = {
        "places": 10,
        "fixed_cost": 4000.0,
        "variable_cost": 100.0,
        "currency": "SEK",
        "price_year": 2020,
    } | changes
    return pl.DataFrame({"intervention_id": "training", "month": MONTHS}).with_columns(
        **{k: pl.lit(v) for k, v in columns.items()}
    )


def occupied(*counts):
    return pl.DataFrame(
        {"intervention_id": "training", "month": MONTHS[: len(counts)], "n_occupied": counts}
    )


def test_a_filled_place_costs_more_when_places_stand_empty():
    table = place_costs(capacity(), occupied(4, 6, 10))

    half, full = table.rows(named=True)
    # 2020: 8000 fixed over ten filled place-months, then 100 each; 2021: full.
    assert (half["utilisation_share"], half["cost_per_filled_place"], half["marginal_cost"]) == (
        0.5,
        900.0,
        100.0,
    )
    assert (full["utilisation_share"], full["cost_per_filled_place"]) == (1.0, 500.0)
    assert half["cost_at_full_use"] == full["cost_at_full_use"] == 500.0


def test_a_month_in_which_nobody_came_costs_what_stands_ready():
    table = place_costs(capacity(), occupied(5, 5, 10).filter(pl.col("month") != MONTHS[1]))

    first = table.row(0, named=True)
    # 2020: two months of 4000 for five filled place-months of twenty, then 100 each.
    assert (first["utilisation_share"], first["cost_per_filled_place"]) == (0.25, 1700.0)


def test_a_cost_that_an_intervention_never_has_is_none():
    table = place_costs(
        capacity(fixed_cost=None).cast({"fixed_cost": pl.Float64}), occupied(4, 6, 10)
    )

    assert table["cost_per_filled_place"].to_list() == [100.0, 100.0]


def test_months_without_their_cost_are_left_out_of_the_costs():
    some = capacity().with_columns(fixed_cost=pl.Series([4000.0, None, None]))

    table = place_costs(some, occupied(4, 6, 10))

    # The first month alone: 4000 over four, and 100.
    assert table["cost_per_filled_place"].to_list() == [1100.0, None]
    assert table["utilisation_share"].to_list() == [0.5, 1.0]
    assert place_prices(table)["price_per_month"].to_list() == [1100.0]


def test_places_delivered_without_costs_leave_the_book_s_own_price(declare, paid_by_month):
    unpriced = dict.fromkeys(("fixed_cost", "variable_cost", "currency", "price_year"))
    types = {
        "fixed_cost": pl.Float64,
        "variable_cost": pl.Float64,
        "currency": pl.String,
        "price_year": pl.Int32,
    }

    table = place_costs(capacity(**unpriced).cast(types), occupied(4, 6, 10))

    assert table["places"].to_list() == [10.0, 10.0]
    assert table["cost_per_filled_place"].null_count() == 2
    assert with_place_costs(declare(paid_by_month), table, KINDS).interventions == ()
    assert place_prices(table).is_empty()


def test_an_intervention_gets_its_own_price_of_a_place(declare, paid_by_month, effect_draws):
    book = with_place_costs(
        declare(paid_by_month), place_costs(capacity(), occupied(4, 6, 10)), KINDS
    )

    record = book.records["place.training"]
    # Person-months weigh the years: (5 * 900 + 10 * 500) / 15 a month; the years are the range.
    assert record.value == pytest.approx(9500 / 15)
    assert (record.distribution.low, record.distribution.high, record.grade) == (500.0, 900.0, "M")
    ledger = value_effects(effect_draws, book, seed=1)
    assert ledger.filter(posting="places", draw=0)["amount"].unique().to_list() == pytest.approx(
        [-record.value]
    )


def test_a_start_is_expected_to_cost_the_months_it_is_used_and_what_a_start_costs(
    declare, paid_by_month
):
    book = with_place_costs(
        declare(paid_by_month), place_costs(capacity(), occupied(4, 6, 10)), KINDS
    )
    others = pl.concat(
        [LENGTHS, pl.DataFrame({"intervention_id": ["coaching"], "months_per_start": [2.0]})]
    )

    # Training at its own price, coaching at the book's 200 a month; 80 for a start of either.
    assert dict(
        start_costs(book, others).select("intervention_id", "cost").iter_rows()
    ) == pytest.approx({"training": 4.5 * 9500 / 15 + 80, "coaching": 2 * 200 + 80})


def test_place_costs_of_another_year_are_converted_by_the_book_s_index():
    book = load_price_book(STOCKHOLM)

    own = with_place_costs(
        book, place_costs(capacity(price_year=2012), occupied(10, 10, 10)), KINDS
    )

    assert own.records["programme_place.training"].value == pytest.approx(500 * 403.70 / 314.20)


def test_place_costs_of_a_year_without_an_index_are_refused(declare, paid_by_month):
    with pytest.raises(ParameterError, match="price_index"):
        with_place_costs(
            declare(paid_by_month),
            place_costs(capacity(price_year=2012), occupied(10, 10, 10)),
            KINDS,
        )


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (
            capacity(currency=None),
            "Costs of places without currency or price year: 1 interventions.",
        ),
        (
            capacity().with_columns(price_year=pl.Series([2020, 2020, 2021])),
            "Costs of places in mixed currencies or price years: 1 interventions.",
        ),
        (capacity(fixed_cost=-1.0), "Costs of places that are negative: 1 interventions."),
    ],
)
def test_unfit_costs_of_places_are_refused(table, what):
    with pytest.raises(LedgerError) as fault:
        place_costs(table, occupied(1, 1, 1))

    assert fault.value.what == what
    assert fault.value.where == "capacity: training"
    assert "one currency" in fault.value.why and "ask the sender" in fault.value.fix


def test_costs_of_a_price_year_each_are_refused_with_what_to_ask_for():
    with pytest.raises(LedgerError) as fault:
        place_costs(
            capacity().with_columns(price_year=pl.Series([2020, 2020, 2021])), occupied(1, 1, 1)
        )

    assert fault.value.fix == "ask the sender for one currency and one price year per intervention."


def test_places_paid_in_another_currency_are_refused(declare, paid_by_month):
    with pytest.raises(LedgerError) as fault:
        with_place_costs(
            declare(paid_by_month), place_costs(capacity(currency="EUR"), occupied(1, 1, 1)), KINDS
        )

    assert fault.value.what == "The places are paid in another currency than the book's: EUR."
    assert (
        fault.value.where == "capacity: training; small.yaml is in SEK"
        and fault.value.why
        and "convert" in fault.value.fix
    )


def test_places_paid_in_another_currency_are_exchanged_at_a_declared_rate():
    book = load_price_book(STOCKHOLM)
    book = book.model_copy(
        update={
            "defaults": (*book.defaults, STOCKHOLM.parents[1] / "rates" / "exchange_rates.yaml")
        }
    )

    own = with_place_costs(
        book, place_costs(capacity(currency="EUR", price_year=2012), occupied(10, 10, 10)), KINDS
    )

    place = own.records["programme_place.training"]
    assert place.value == pytest.approx(500 * 10 * 403.70 / 314.20)
    assert (place.currency, place.grade) == (
        "SEK",
        "L",
    ) and "exchange_rate.EUR.SEK" in place.source["en"]


def test_a_book_without_a_single_price_of_a_programme_month_is_refused(book):
    with pytest.raises(LedgerError) as fault:
        with_place_costs(book, place_costs(capacity(), occupied(1, 1, 1)), KINDS)

    assert fault.value.what == "The cost of a programme month is not a single price."
    assert "programme_cost" in fault.value.where and fault.value.why and fault.value.fix


def test_the_internal_price_is_last_year_s_average():
    assert place_prices(place_costs(capacity(), occupied(4, 6, 10))).rows() == [
        ("training", 500.0, "SEK")
    ]


def test_a_run_without_a_price_book_is_refused(tmp_path):
    content = yaml.safe_load((STOCKHOLM.parents[1] / "northern_ireland.yaml").read_text())
    (content["value"]).pop("price_book")
    run = Run(run_dir=tmp_path, run_file=tmp_path / "run.yaml", params=RunFile(**content))

    with pytest.raises(ParameterError) as refusal:
        price_book_of_run(run, occupied(1))

    what, where, why, fix = str(refusal.value).splitlines()
    assert what == "The run names no price book."
    assert where.endswith("run.yaml, value.price_book")
    assert "prices and postings" in why
    assert "price_book: unit_costs/" in fix
