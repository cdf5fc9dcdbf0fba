"""Values under both readings: ranges are the span of two ledgers, the estimate that of the plain
one, and what has one reading stays as it is.
"""

import numpy as np
import polars as pl
import pytest
from one_start import displacement_sensitivity, starts_of, value_effects, value_results
from polars.testing import assert_frame_equal
from second_reading import with_less_work

from evalkit.economics import posting_ranges, value_by_actor
from evalkit.economics.results.two_readings import readings_of_totals
from evalkit.line.tables import published, table

RULES = {"seed": 1, "horizon_months": 36}
RANGED = ("parts", "payers", "curve", "purse", "municipality", "delay")


def ends_of(rows, field):
    return rows.sort(published(f"value_{field}").keys).select("estimate", "ci_lower", "ci_upper")


@pytest.fixture
def second(many_draws):
    return with_less_work(many_draws, 0.2)


@pytest.fixture
def found(many_draws, second, rich_book):
    plain, of_second = (value_results(draws, rich_book, **RULES) for draws in (many_draws, second))
    return plain, of_second, value_results(many_draws, rich_book, second=second, **RULES)


@pytest.mark.parametrize("field", RANGED)
def test_every_range_is_the_span_of_two_ledgers_around_the_plain_estimate(found, field):
    plain, second, both = (ends_of(results.tables[field], field) for results in found)

    assert both["estimate"].to_list() == plain["estimate"].to_list()
    lower, upper = (
        of(plain[end].to_numpy(), second[end].to_numpy())
        for of, end in ((np.minimum, "ci_lower"), (np.maximum, "ci_upper"))
    )
    assert both["ci_lower"].to_numpy() == pytest.approx(lower)
    assert both["ci_upper"].to_numpy() == pytest.approx(upper)


def test_a_second_reading_moves_the_value_in_proportion_to_the_months_it_moves(
    many_draws, rich_book
):
    # More than 0.3 of those who start work in months 3 to 6 of the estimate.
    estimate = many_draws.filter(pl.col("draw") == 0)

    def society(share):
        moved = pl.when(pl.col("month") > 2).then(with_less_work(estimate, share)["probability"])
        draws = estimate.with_columns(probability=moved.otherwise("probability"))
        return value_effects(draws, rich_book, seed=1)["amount"].sum()

    none, some, more = (society(share) for share in (0.0, 0.1, 0.3))

    assert some < none
    assert more - none == pytest.approx(3 * (some - none))


def test_probabilities_are_what_both_readings_are_sure_of_and_each_stands_beside(found):
    plain, second, both = (
        results.parts.filter(part="total").sort("perspective") for results in found
    )

    assert both["probability_plain"].to_list() == plain["probability_positive"].to_list()
    assert both["probability_second"].to_list() == second["probability_positive"].to_list()
    for agreed, *each in both.select(
        "probability_positive", "probability_plain", "probability_second"
    ).iter_rows():
        assert agreed == sorted([*each, 0.5])[1]


def test_months_until_the_money_is_back_are_as_sure_as_the_less_sure_reading(found):
    for field, column in (("payback", "probability_returns"), ("payback_years", "probability")):
        plain, second, both = (
            results.tables[field].sort(published(f"value_{field}").keys)[column]
            for results in found
        )
        expected = np.median([plain, second, np.full(len(plain), 0.5)], axis=0)
        assert both.to_numpy() == pytest.approx(expected)


def test_the_range_of_the_effect_moves_the_value_over_both_readings_and_prices_as_before(found):
    plain, second, both = (results.tornado for results in found)
    columns = ["perspective", "value_at_low", "value_at_high"]

    ends = {
        name: rows.filter(parameter="effect").select(columns).sort("perspective")
        for name, rows in (("plain", plain), ("second", second), ("both", both))
    }
    assert ends["both"]["value_at_low"].to_list() == ends["second"]["value_at_low"].to_list()
    assert ends["both"]["value_at_high"].to_list() == ends["plain"]["value_at_high"].to_list()
    others = pl.col("parameter") != "effect"
    by = ["perspective", "parameter"]
    assert_frame_equal(both.filter(others).sort(by), plain.filter(others).sort(by))
    society = both.filter(perspective="society")["swing"].to_list()
    assert society == sorted(society, reverse=True)


def test_an_effect_without_a_second_reading_stays_as_it_is(many_draws, second, rich_book):
    both = pl.concat(
        [many_draws, many_draws.with_columns(district=pl.lit("Hill", dtype=pl.Categorical))]
    )
    plain = value_results(both, rich_book, **RULES)

    results = value_results(both, rich_book, second=second, **RULES)

    for field in RANGED:
        rows, before = (tables.tables[field].filter(district="Hill") for tables in (results, plain))
        assert_frame_equal(rows, before)
    assert results.parts.filter(district="Hill")["probability_second"].null_count() == 15
    assert plain.parts["probability_second"].null_count() == plain.parts.height
    assert results.second_totals["district"].unique().to_list() == ["Harbour"]
    assert plain.second_totals.is_empty()


def test_the_best_is_as_likely_as_on_average_of_both_readings(found):
    plain, second, both = (
        results.options.sort("option")["probability_best"].to_numpy() for results in found
    )

    assert both == pytest.approx((plain + second) / 2)
    assert both.sum() == pytest.approx(1)
    columns = ["option", "cost", "effect", "icer", "is_recommended"]
    before, after = (found[i].options.sort("option").select(columns) for i in (0, 2))
    assert_frame_equal(before, after)


def test_knowing_everything_is_worth_what_it_is_over_the_draws_of_both_readings(found):
    plain, second, both = found
    draws = [
        of.filter(pl.col("draw") > 0)["net_benefit"].to_numpy()
        for of in (plain.totals, second.totals)
    ]

    worth = both.information.filter(group="all")["value"].item()

    together = np.concatenate(draws)
    expected = np.maximum(together, 0).mean() - max(together.mean(), 0)
    assert worth == pytest.approx(expected)
    known = both.information.filter(pl.col("group") != "all")
    assert (known["value"].drop_nulls() <= worth + 1e-9).all()


def test_a_ratio_that_is_unbounded_by_either_reading_is_unbounded(many_draws, rich_book):
    opposite = with_less_work(many_draws, 0.9)
    alone = value_results(opposite, rich_book, **RULES).ratios.filter(
        measure="net_public_cost_per_work_month"
    )
    assert alone["ci_lower"].item() is None

    ratios = value_results(many_draws, rich_book, second=opposite, **RULES).ratios

    row = ratios.filter(measure="net_public_cost_per_work_month")
    assert row.select("ci_lower", "ci_upper").row(0) == (None, None)


def test_ranges_of_postings_are_those_of_the_ledger_s_draws(second, rich_book):
    keys = ["district", "intervention_id", "estimand", "actor", "posting", "kind"]
    slow = value_by_actor(value_effects(second, rich_book, **RULES)).sort(keys)

    fast = posting_ranges(second, rich_book, programmes=starts_of(second), **RULES).sort(keys)

    assert fast.select(keys).equals(slow.select(keys))
    for end in ("ci_lower", "ci_upper"):
        assert fast[end].to_numpy() == pytest.approx(slow[end].to_numpy(), abs=1e-6)


def test_what_actors_gain_and_what_displacement_leaves_span_both_readings(
    many_draws, second, rich_book
):
    values = value_effects(many_draws, rich_book, **RULES)
    ranges = posting_ranges(second, rich_book, programmes=starts_of(second), **RULES)
    keys = published("value_by_actor").keys
    plain, both = value_by_actor(values), value_by_actor(values, second=ranges)
    joined = both.join(plain, on=keys, suffix="_plain").join(ranges, on=keys, suffix="_second")

    assert joined.height == plain.height
    assert (
        joined["ci_lower"] == joined.select(pl.min_horizontal("^ci_lower_.*$")).to_series()
    ).all()
    assert (
        joined["ci_upper"] == joined.select(pl.max_horizontal("^ci_upper_.*$")).to_series()
    ).all()
    displaced, alone, together = (
        displacement_sensitivity(draws, rich_book, second=other, **RULES)
        for draws, other in ((many_draws, None), (second, None), (many_draws, second))
    )
    assert together["estimate"].to_list() == displaced["estimate"].to_list()
    assert together["ci_lower"].to_numpy() == pytest.approx(
        np.minimum(displaced["ci_lower"], alone["ci_lower"])
    )


def test_draws_of_either_reading_weigh_alike():
    keys = {"district": "all", "intervention_id": "train", "estimand": "wait"}

    def totals(name, values):
        rows = [keys | {"draw": draw, "net_benefit": value} for draw, value in enumerate(values)]
        return pl.DataFrame(rows, schema=table(name).schema)

    both = readings_of_totals(
        totals("value_totals", [9.0, 1.0, 2.0, 3.0, 4.0]), totals("second_totals", [9.0, 5.0, 6.0])
    )

    found = both.group_by("reading").agg(pl.col("net_benefit").sort()).sort("reading").rows()
    assert found == [("plain", [1.0, 2.0]), ("second", [5.0, 6.0])]
    alone = readings_of_totals(
        totals("value_totals", [9.0, 1.0, 2.0]), table("second_totals").empty()
    )
    assert alone["net_benefit"].to_list() == [1.0, 2.0]
