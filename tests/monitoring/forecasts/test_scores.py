"""Forecasts held against what was counted: scores by hand, what is not scored, and a break."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit.monitoring.forecasts.scores import forecast_scores

JUNE, MARCH, NEXT_JUNE = "2020-06", "2021-03", "2021-06"


def _forecasts(rows):
    """Forecasts of starts from (expected, limits of 50, 80 and 95 %, last year, city's mean)."""
    limits = [f"n_{level}_{end}" for level in (50, 80, 95) for end in ("lower", "upper")]
    names = ["n_expected", *limits, "n_last_year", "n_city_mean"]
    return pl.DataFrame(rows, schema=names, orient="row").with_columns(
        made=date(2020, 6, 1),
        due=date(2020, 9, 1),
        months_ahead=3,
        quantity=pl.lit("starts"),
        intervention_id=pl.lit("coaching"),
        district=pl.int_range(pl.len()).cast(pl.String),
    )


def test_five_forecasts_are_scored_by_hand():
    told = _forecasts(
        [
            (100, 90, 110, 80, 120, 70, 130, 100, 80),  # 100: in the middle
            (100, 90, 110, 80, 120, 70, 130, 90, 120),  # 115: within 80 %
            (100, 90, 110, 80, 120, 70, 130, 70, 100),  # 70: on the limit of 95 %
            (50, 45, 55, 40, 60, 35, 65, 60, 50),  # 80: outside
            (0, 0, 5, 0, 5, 0, 5, 5, 0),  # 5: expected none
        ]
    )
    keys = ["made", "district", "quantity", "intervention_id", "due"]
    outcomes = told.select(*keys).with_columns(
        n_observed=pl.Series([100, 115, 70, 80, 5]), forecast_status=pl.lit("scored")
    )

    scores = forecast_scores(told, outcomes)

    row = scores.row(by_predicate=pl.col("quantity") == "starts", named=True)
    assert (row["n_forecasts"], row["n_held_50"], row["n_held_80"], row["n_held_95"]) == (
        5,
        2,
        3,
        4,
    )
    # (0 - 15 + 30 - 30 ...): in shares of 100, 100, 100, 50 and of five, the smallest scale.
    assert row["bias"] == pytest.approx((0 - 0.15 + 0.3 - 0.6 - 1.0) / 5)
    assert row["error_expected"] == pytest.approx((0 + 0.15 + 0.3 + 0.6 + 1.0) / 5)
    assert row["error_last_year"] == pytest.approx((0 + 0.25 + 0 + 0.4 + 0) / 5)
    assert row["error_city_mean"] == pytest.approx((0.2 + 0.05 + 0.3 + 0.6 + 1.0) / 5)
    # Half the distance, and for each level its share outside / 2 x width + how far outside.
    widths = 0.25 * 20 + 0.1 * 40 + 0.025 * 60
    interval = [
        widths / 3.5 / 100,
        (15 / 2 + widths + 5) / 3.5 / 100,
        (30 / 2 + widths + 20 + 10) / 3.5 / 100,
        (30 / 2 + widths / 2 + 25 + 20 + 15) / 3.5 / 50,
        (5 / 2 + (0.25 + 0.1 + 0.025) * 5) / 3.5 / 5,
    ]
    assert row["interval_score"] == pytest.approx(sum(interval) / 5)
    assert scores.filter(quantity="all")["n_held_95"].item() == 4


def test_only_months_that_are_known_whole_are_scored(run_of, told_by, steady):
    told_by(run_of(JUNE), steady)
    # Exits of the last two months are not known yet.
    second = told_by(run_of("2020-10", previous=f"{JUNE}-00000001"), steady)
    assert second["forecast_outcomes"].is_empty()
    assert second["forecast_scores"].is_empty()

    third = told_by(run_of("2020-11", previous="2020-10-00000001"), steady)

    assert set(third["forecast_outcomes"]["due"]) == {date(2020, 9, 1)}
    assert set(third["forecast_outcomes"]["made"]) == {date(2020, 6, 1)}
    assert third["forecast_scores"].filter(quantity="all")["n_forecasts"].item() == 9


def test_what_was_counted_is_added_up_over_the_months_ahead(run_of, told_by, counts_of):
    n = np.full(120, 10)
    n[12 * 8 + 6 : 12 * 8 + 9] = [1, 10, 100]  # July to September 2020
    counts = counts_of({"North": n, "South": n})
    told_by(run_of(JUNE), counts)

    outcomes = told_by(run_of(MARCH, previous=f"{JUNE}-00000001"), counts)["forecast_outcomes"]

    of_north = outcomes.filter(district="North", quantity="starts").sort("due")
    assert of_north["n_observed"].to_list() == [110, 140]


def test_what_is_counted_otherwise_now_is_said_and_not_scored(run_of, told_by, steady):
    told_by(run_of(JUNE), steady)

    later = run_of(MARCH, previous=f"{JUNE}-00000001", spells={"max_gap_months": 1})

    outcomes = told_by(later, steady)["forecast_outcomes"]
    assert set(outcomes["forecast_status"]) == {"redefined"}
    assert outcomes["n_observed"].null_count() == outcomes.height


def test_a_district_that_is_gone_is_said_and_not_scored(run_of, told_by, steady):
    told_by(run_of(JUNE), steady)
    later = run_of(MARCH, previous=f"{JUNE}-00000001", districts=("North",))

    shown = told_by(later, steady.filter(pl.col("district") != "South"))

    status = dict(shown["forecast_outcomes"].select("district", "forecast_status").iter_rows())
    assert status == {"North": "scored", "South": "gone", "all": "scored"}
    assert shown["forecast_scores"].filter(quantity="all")["n_gone"].item() == 6


def test_a_law_that_halves_starts_is_seen_as_a_miss(run_of, told_by, counts_of):
    rng = np.random.default_rng(5)
    before = {name: rng.poisson(20, 120) for name in ("North", "South")}
    after = {name: n.copy() for name, n in before.items()}
    for n in after.values():
        n[12 * 8 + 6 :] //= 2
    shown = {}
    for name, by_district in (("as before", before), ("halved", after)):
        counts = counts_of(by_district)
        told_by(run_of(JUNE), counts)
        later = run_of(NEXT_JUNE, previous=f"{JUNE}-00000001")
        scores = told_by(later, counts)["forecast_scores"]
        shown[name] = scores.row(by_predicate=pl.col("quantity") == "starts", named=True)

    assert shown["as before"]["n_held_95"] > shown["as before"]["n_forecasts"] / 2
    assert abs(shown["as before"]["bias"]) < 0.1
    assert shown["halved"]["n_held_95"] == 0
    assert shown["halved"]["bias"] > 0.4
