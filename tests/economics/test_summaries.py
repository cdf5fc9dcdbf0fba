import numpy as np
import polars as pl
import pytest
from one_start import displacement_sensitivity, value_effects
from polars.testing import assert_frame_equal

from evalkit.economics import price_table, summarise_value, value_by_actor
from evalkit.errors import EstimationError

EXACT = 1e-10
REPLICATES = np.array([-30.0, -10.0, 0.0, 20.0, 40.0])


@pytest.fixture
def value_draws():
    """One posting: the state pays a person 5 in draw 0, and the replicates' amounts after it."""
    amounts = [5.0, *REPLICATES]
    return pl.concat(
        pl.DataFrame({"draw": range(len(amounts)), "amount": amounts}).with_columns(
            pl.col("amount") * sign,
            *(pl.lit(text).alias(column) for column, text in texts.items()),
            price_year=pl.lit(2020, pl.Int32),
        )
        for sign, actor in ((1, "person"), (-1, "state"))
        for texts in [
            {
                **dict.fromkeys(
                    (
                        "district",
                        "intervention_id",
                        "protocol_hash",
                        "estimand",
                        "subgroup",
                        "source",
                    ),
                    "any",
                ),
                **{"actor": actor, "kind": "transfer", "posting": "gift", "currency": "SEK"},
            }
        ]
    )


def perspective(summary, name):
    return summary.filter(pl.col("perspective") == name).row(0, named=True)


def test_summarise_value_takes_draw_zero_as_estimate_and_percentiles_of_the_others(value_draws):
    row = perspective(summarise_value(value_draws, conf_level=0.8), "person")

    assert row["estimate"] == 5
    assert [row["ci_lower"], row["ci_upper"]] == pytest.approx(
        np.quantile(REPLICATES, [0.1, 0.9], method="weibull"), abs=EXACT
    )
    # The third smallest of five is zero: it is the limit below which three sixths of all further
    # draws lie.
    assert row["probability_positive"] == pytest.approx(1 - 3 / 6, abs=EXACT)
    assert (row["currency"], row["price_year"]) == ("SEK", 2020)


def test_summarise_value_gives_each_perspective_its_actors(value_draws):
    summary = summarise_value(value_draws)

    assert summary["perspective"].to_list() == ["person", "district", "public_purse", "society"]
    assert summary["estimate"].to_list() == [5, 0, -5, 0]


def test_summarise_value_of_the_small_ledger_is_its_sum_by_hand(effect_draws, book):
    summary = summarise_value(value_effects(effect_draws, book, seed=1)).filter(
        pl.col("district") == "Harbour"
    )

    # person -350 + 300; district 350 - 200 - 80; the purse adds the state's -300; society loses 200
    # + 80 of resources and the burden of 115.
    assert summary["estimate"].to_list() == pytest.approx([-50, 70, -230, -395], abs=EXACT)


def test_summarise_value_gives_no_limits_without_replicates(value_draws):
    row = perspective(summarise_value(value_draws.filter(pl.col("draw") == 0)), "person")

    assert (row["estimate"], row["ci_lower"], row["ci_upper"], row["probability_positive"]) == (
        5,
        None,
        None,
        None,
    )


def test_summarise_value_does_not_depend_on_the_order_of_rows(value_draws):
    shuffled = value_draws.sample(fraction=1, shuffle=True, seed=2)

    assert_frame_equal(summarise_value(shuffled), summarise_value(value_draws))


def test_summarise_value_refuses_draws_without_the_point_estimate(value_draws):
    with pytest.raises(EstimationError) as fault:
        summarise_value(value_draws.filter(pl.col("draw") > 0))

    assert fault.value.what == "Draw 0 is missing from the value draws."
    assert fault.value.where == "value_draws: 4 of 4 estimates"
    assert fault.value.why.startswith("Draw 0 is the point estimate")
    assert fault.value.fix == "value effect draws that hold draw 0."


def test_summarise_value_refuses_a_confidence_level_in_per_cent(value_draws):
    with pytest.raises(EstimationError) as fault:
        summarise_value(value_draws, conf_level=95)

    assert fault.value.what == "The confidence level is not between 0 and 1."
    assert fault.value.where == "argument conf_level"
    assert fault.value.why.startswith("It is a share")
    assert fault.value.fix == "write 95 per cent as 0.95."


def test_value_by_actor_has_a_row_for_each_side_of_a_posting(value_draws):
    table = value_by_actor(value_draws).filter(pl.col("posting") != "all")

    assert table.select("actor", "posting", "kind", "estimate").rows() == [
        ("person", "gift", "transfer", 5.0),
        ("state", "gift", "transfer", -5.0),
    ]


def test_value_by_actor_has_the_sum_of_each_actor(value_draws):
    sums = value_by_actor(value_draws).filter(pl.col("posting") == "all")

    assert sums.select("actor", "kind", "estimate").rows() == [
        ("person", "all", 5.0),
        ("state", "all", -5.0),
    ]


def test_value_by_actor_sums_to_the_perspective_of_society(effect_draws, uncertain_book):
    value_draws = value_effects(effect_draws, uncertain_book, seed=1)

    society = (
        summarise_value(value_draws)
        .filter(pl.col("perspective") == "society")
        .sort("district")["estimate"]
    )

    sums = value_by_actor(value_draws).filter(pl.col("posting") == "all")
    by_actor = sums.group_by("district").agg(pl.col("estimate").sum()).sort("district")["estimate"]
    assert by_actor.to_list() == pytest.approx(society.to_list(), abs=EXACT)


def test_displacement_sensitivity_shows_zero_central_and_high(effect_draws, book):
    second_month = effect_draws.filter(pl.col("month") != 1).with_columns(
        pl.col("month").replace(2, 1)
    )

    table = displacement_sensitivity(second_month, book, seed=1).filter(
        pl.col("district") == "Harbour", pl.col("perspective") == "society"
    )

    # Each quarter of displacement loses 1250 / 4 / 4 of production and adds 62.5 / 4 of lost fees,
    # half of it again, to the outlay.
    assert table["displacement"].to_list() == ["zero", "central", "high"]
    assert table["estimate"].diff().drop_nulls().to_list() == pytest.approx(
        [-78.125 - 7.8125] * 2, abs=EXACT
    )


def test_price_table_shows_every_record_with_range_source_and_grade(uncertain_book):
    table = price_table(uncertain_book)

    assert table["price"].to_list() == sorted(uncertain_book.records)
    wage = table.filter(pl.col("price") == "wage").row(0, named=True)
    assert wage == {
        "price": "wage",
        "value": 1000.0,
        "low": 800.0,
        "high": pytest.approx(1100.0),
        "unit": "per month",
        "price_year": 2020,
        "currency": "SEK",
        "source": "made up for the test",
        "value_grade": "L",
        "carried": None,
        "name_en": "wage in English",
        "name_sv": "wage på svenska",
        "source_en": "made up for the test",
        "source_sv": "made up for the test",
    }


def test_displacement_sensitivity_has_the_sums_of_the_ledger_under_each_scenario(
    effect_draws, uncertain_book
):
    table = displacement_sensitivity(effect_draws, uncertain_book, seed=1)

    for scenario in ("zero", "central", "high"):
        ledger = summarise_value(
            value_effects(effect_draws, uncertain_book, displacement=scenario, seed=1)
        )
        assert_frame_equal(
            table.filter(displacement=scenario).drop("displacement"), ledger, rel_tol=1e-12
        )
