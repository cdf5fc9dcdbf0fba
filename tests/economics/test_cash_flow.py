from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from one_start import effect_paths, value_effects

from evalkit.economics.ledger.cash_flow import cash_flow
from evalkit.economics.ledger.effect_paths import decay, recycle
from evalkit.economics.prices.price_draws import draw_prices
from evalkit.economics.results.payback import (
    NEVER,
    cash_flow_curve,
    delay_cost,
    payback,
    payback_by_year,
    return_months,
)
from evalkit.economics.results.who_pays import municipal_gain, shared_purse
from evalkit.errors import EstimationError
from evalkit.line.actors import ACTOR_NAMES, PUBLIC_PURSE
from evalkit.line.estimands import ESTIMANDS

# Sums of some dozens of doubles.
EXACT = 1e-9


def flow_of(draws, book, *, n_draws=2, **more):
    (path,) = [path for path in effect_paths(draws) if path.keys["district"] == "Harbour"]
    return cash_flow(
        recycle(path, n_draws), book, draw_prices(book, np.arange(n_draws + 1), seed=1), **more
    )


@pytest.mark.parametrize("comparison", ESTIMANDS)
def test_effects_of_any_estimand_are_valued(effect_draws, book, comparison):
    asked = effect_draws.with_columns(pl.lit(ESTIMANDS[comparison]).alias("estimand"))

    values = value_effects(asked, book, seed=1)

    assert values["estimand"].unique().to_list() == [ESTIMANDS[comparison]]
    assert values.drop("estimand").equals(
        value_effects(effect_draws, book, seed=1).drop("estimand")
    )


def test_each_intervention_is_valued_under_the_estimand_it_was_handed_on_with(effect_draws):
    other = effect_draws.with_columns(
        pl.lit("coaching").alias("intervention_id"), pl.lit(ESTIMANDS["other"]).alias("estimand")
    )

    paths = effect_paths(pl.concat([effect_draws, other]))

    found = {(path.keys["intervention_id"], path.keys["estimand"]) for path in paths}
    assert found == {("training", ESTIMANDS["wait"]), ("coaching", ESTIMANDS["other"])}


def test_effect_paths_refuse_two_estimands_of_an_intervention(effect_draws):
    never = effect_draws.with_columns(pl.lit(ESTIMANDS["never"]).alias("estimand"))

    with pytest.raises(EstimationError) as fault:
        effect_paths(pl.concat([effect_draws, never]))

    assert fault.value.what == "Interventions with effects of several estimands: 1."
    assert (
        fault.value.where
        == "effect_draws: training (start_now_rather_than_never, start_now_rather_than_wait)"
    )
    assert (
        "neither added nor chosen between" in fault.value.why and "primary_draws" in fault.value.fix
    )


def test_value_effects_leaves_other_subgroups_out(effect_draws, book):
    women = effect_draws.with_columns(pl.lit("women").alias("subgroup"))

    alone, among_others = (
        value_effects(draws, book, seed=1)
        for draws in (effect_draws, pl.concat([effect_draws, women]))
    )

    assert alone.equals(among_others)


def test_effect_paths_refuse_a_subgroup_that_was_not_estimated(effect_draws):
    with pytest.raises(EstimationError) as fault:
        effect_paths(effect_draws, subgroup="al")

    assert fault.value.what == "There is no effect of the subgroup to be valued."
    assert fault.value.where == 'effect_draws: al (did you mean "all"?)'
    assert "not put in its place" in fault.value.why and fault.value.fix


def test_recycle_repeats_replicates_and_says_how_many_there_are(many_draws):
    (path,) = effect_paths(many_draws)

    longer = recycle(path, 150)

    assert longer.n_replicates == 60
    assert np.array_equal(longer.probabilities[1], longer.probabilities[61])
    assert np.array_equal(longer.probabilities[0], path.probabilities[0])
    assert recycle(path, 20).n_replicates == 20


@pytest.mark.parametrize("horizon", [6, 7, 60])
def test_cash_flow_to_a_horizon_is_the_ledger_to_it(many_draws, rich_book, horizon):
    ledger = value_effects(many_draws, rich_book, seed=1, horizon_months=horizon)

    flow = flow_of(many_draws, rich_book, n_draws=60, n_months=horizon)

    sums = ledger.group_by("actor", "draw").agg(pl.col("amount").sum())
    for actor in (
        "person",
        "district",
        "city",
        "state",
        "employer",
        "displaced_others",
        "taxpayers",
    ):
        expected = sums.filter(actor=actor).sort("draw")["amount"].to_numpy()
        assert flow.present_value((actor,)) == pytest.approx(expected, abs=EXACT)
        assert flow.through_time((actor,)).sum(axis=1) == pytest.approx(expected, abs=EXACT)


def test_cash_flow_by_hand(effect_draws, content, declare, make_rich):
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)

    flow = flow_of(effect_draws, declare(content))

    # Month 1: treated 3/4 on training and 1/4 on support against 3/4 and 1/4 in work; month 2: 1/4
    # more work, 3/8 less support.
    assert flow.through_time(("district",))[0] == pytest.approx(
        [-80, 0.5 * 400 - 0.75 * 200, 0.375 * 400 - 0.25 * 200]
    )
    # Tax of month 1, and in the last month what equalisation takes two years later of both.
    assert flow.through_time(("city",))[0] == pytest.approx([0, -0.25 * 500, 0.25 * 500])
    assert flow.programme_cost[ACTOR_NAMES.index("district"), 0] == 80


def test_a_delayed_posting_is_discounted_from_its_own_time(
    effect_draws, content, declare, make_rich
):
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)
    next(price for price in content["prices"] if price["key"] == "interest")["value"] = 0.21

    flow = flow_of(effect_draws, declare(content))

    taken = [-0.25 * 400 * 1.21 ** (-24.5 / 12), 0.25 * 400 * 1.21 ** (-25.5 / 12)]
    assert flow.equalised[0] == pytest.approx(-sum(taken), abs=EXACT)


def test_decay_halves_in_a_half_life():
    left = decay(6, 30, np.array([12.0, np.inf]))

    assert left.shape == (2, 24)
    assert left[0, [11, 23]] == pytest.approx([0.5, 0.25])
    assert np.all(left[1] == 1)


def test_what_is_projected_is_a_geometric_series_of_the_last_month(
    many_draws, content, declare, make_rich
):
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)
    book = declare(content)

    near, far = (
        flow_of(many_draws, book, n_draws=60),
        flow_of(many_draws, book, n_draws=60, n_months=18),
    )

    ratio = 2 ** (-1 / 12)
    series = ratio * (1 - ratio**12) / (1 - ratio)
    last = far.work_months[:, 5]
    assert far.work_months[:, 6:].sum(axis=1) == pytest.approx(last * series)
    assert far.present_value(("person",), until=6) == pytest.approx(near.present_value(("person",)))
    # Interest is zero: one month of the last difference, times the series. Training ends with the
    # follow-up.
    (path,) = effect_paths(many_draws)
    d = path.difference()[:, :, -1]
    month = (
        500 * d[:, path.states.index("work")]
        + 400 * d[:, path.states.index("support")]
        + 300 * d[:, path.states.index("training")]
    )
    assert far.present_value(("person",)) - near.present_value(("person",)) == pytest.approx(
        month * series
    )


def test_a_horizon_shorter_than_the_follow_up_is_refused(many_draws, rich_book):
    with pytest.raises(EstimationError) as fault:
        flow_of(many_draws, rich_book, n_months=5)

    assert fault.value.what == "The horizon is 5 months, the follow-up 6."
    assert (
        "Harbour" in fault.value.where
        and "hides months" in fault.value.why
        and "horizon_months" in fault.value.fix
    )


def test_a_projection_without_a_half_life_is_refused(many_draws, uncertain_book):
    with pytest.raises(EstimationError) as fault:
        flow_of(many_draws, uncertain_book, n_months=12)

    assert "nothing says how the effect fades" in fault.value.what
    assert "small.yaml, appraisal half_life" in fault.value.where
    assert "declared half-life" in fault.value.why and "appraisal.half_life" in fault.value.fix


def test_an_intervention_uses_its_own_price(many_draws, content, declare, make_rich):
    content = make_rich(content)
    content["prices"].append(
        {
            **next(p for p in content["prices"] if p["key"] == "referral"),
            "key": "dear_referral",
            "value": 1000,
        }
    )
    content["prices"][-1]["distribution"] = {"kind": "fixed"}
    content["interventions"] = [
        {"intervention_id": "training", "prices": {"referral": "dear_referral"}}
    ]

    ledger = value_effects(many_draws, declare(content), seed=1)

    assert ledger.filter(posting="referrals")["amount"].unique().to_list() == [-1000]


def test_displacement_can_differ_by_kind_of_job(many_draws, content, declare):
    content["appraisal"]["displacement_by_state"] = {
        "work": {"zero": "nobody", "central": "many", "high": "many"}
    }

    found, all_alike = (
        value_effects(many_draws, declare(one), seed=1)
        for one in (content, {**content, "appraisal": _alike(content)})
    )

    lost, lost_alike = (
        table.filter(posting="lost_wages", actor="displaced_others", draw=0)["amount"][0]
        for table in (found, all_alike)
    )
    assert lost == pytest.approx(2 * lost_alike)


def _alike(content):
    return {
        key: value for key, value in content["appraisal"].items() if key != "displacement_by_state"
    }


@given(seed=st.integers(0, 10_000), n_months=st.integers(6, 60))
@settings(max_examples=15)
def test_actors_together_gain_what_resources_do_at_every_time(
    many_draws, rich_book, seed, n_months
):
    (path,) = effect_paths(many_draws)
    prices = draw_prices(rich_book, np.arange(61), seed=seed)

    flow = cash_flow(path, rich_book, prices, n_months=n_months)

    # With transfers' prices doubled nothing moves: allowances and benefits are transfers.
    doubled = prices | {
        "allowance": 2 * prices["allowance"],
        "benefit": 2 * prices["benefit"],
        "burden": 0 * prices["burden"],
    }
    single = prices | {"burden": 0 * prices["burden"]}
    both = [
        cash_flow(path, rich_book, one, n_months=n_months).through_time(ACTOR_NAMES)
        for one in (single, doubled)
    ]
    assert both[0] == pytest.approx(both[1], abs=1e-7)
    assert flow.present_value(ACTOR_NAMES) == pytest.approx(
        flow.through_time(ACTOR_NAMES).sum(axis=1), abs=1e-7
    )


@pytest.mark.parametrize(
    ("accumulated", "expected"),
    [
        ([-1, -2, 0, 3], 2),
        ([-1, 2, -1, 1], 3),
        ([-1, 2, -1, -1], NEVER),
        ([0, 1, 2, 3], 0),
        ([5, -1, 1, 1], 2),
        ([-1, -1, -1, 0], 3),
    ],
)
def test_return_month_is_when_the_sum_stays_above_zero(accumulated, expected):
    assert return_months(np.array([accumulated], dtype=float)).tolist() == [expected]


def test_the_curve_ends_at_the_present_value_and_payback_reads_it(many_draws, rich_book):
    flow = flow_of(many_draws, rich_book, n_draws=60, n_months=36)

    curve = pl.DataFrame(cash_flow_curve(flow)).filter(perspective="district")
    (row,) = [row for row in payback(flow) if row["perspective"] == "district"]

    assert curve["estimate"][-1] == pytest.approx(flow.present_value(("district",))[0])
    assert row["deepest"] == pytest.approx(curve["estimate"].min())
    assert row["deepest_month"] == curve["estimate"].arg_min()
    assert curve["estimate"][row["return_month"]] >= 0 > curve["estimate"][row["return_month"] - 1]


def test_payback_is_told_for_every_actor_who_gains_or_pays(many_draws, rich_book):
    flow = flow_of(many_draws, rich_book, n_draws=60, n_months=36)

    rows = {row["perspective"]: row for row in payback(flow)}

    moved = {actor for actor in ACTOR_NAMES if flow.present_value((actor,)).any()}
    assert moved <= rows.keys() == {row["perspective"] for row in payback_by_year(flow)}
    for actor in moved:
        accumulated = flow.through_time((actor,))[0].cumsum()
        assert rows[actor]["deepest"] == pytest.approx(min(accumulated.min(), 0.0))


def test_the_probability_of_return_never_falls_with_the_budget_years(many_draws, rich_book):
    flow = flow_of(many_draws, rich_book, n_draws=60, n_months=60)

    years = pl.DataFrame(payback_by_year(flow)).sort("perspective", "year")

    assert years["year"].unique().sort().to_list() == [1, 2, 3, 4, 5]
    assert (
        years.with_columns(step=pl.col("probability").diff().over("perspective"))[
            "step"
        ].drop_nulls()
        >= 0
    ).all()


def test_a_month_s_delay_costs_what_the_last_month_gives_without_interest(
    many_draws, content, declare, make_rich
):
    content = make_rich(content)
    for price in content["prices"]:
        price.pop("distribution", None)
    book = declare(content)

    flow = flow_of(many_draws, book, n_draws=60, n_months=24)
    costs = {row["perspective"]: row["estimate"] for row in delay_cost(flow)}

    # The start's own cost falls anyway; the person loses a month of wage less tax and benefit at
    # the end of the horizon.
    assert costs["person"] == pytest.approx(flow.through_time(("person",))[0, -1])


def test_shared_purse_splits_the_cost_by_the_gains(many_draws, rich_book):
    rows = shared_purse(flow_of(many_draws, rich_book, n_draws=60, n_months=36))

    cost = sum(row["paid_now"] for row in rows)
    assert [row["actor"] for row in rows] == list(PUBLIC_PURSE)
    assert cost == pytest.approx(80)
    assert sum(row["gain_share"] for row in rows) == pytest.approx(1)
    assert sum(row["paid_proposed"] for row in rows) == pytest.approx(cost)


def test_municipal_gain_is_shown_before_and_after_equalisation(many_draws, rich_book):
    rows = {
        row["measure"]: row["estimate"]
        for row in municipal_gain(flow_of(many_draws, rich_book, n_draws=60))
    }

    assert rows["city_before"] + rows["equalised"] == pytest.approx(rows["city_after"])
    # The county rate is four fifths of the tax; interest is zero, so that two years cost nothing.
    assert rows["equalised"] == pytest.approx(-0.8 * rows["city_before"])
    assert rows["municipality_before"] - rows["municipality_after"] == pytest.approx(
        -rows["equalised"]
    )


def test_flows_do_not_change_their_arguments(many_draws, rich_book):
    (path,) = effect_paths(many_draws)
    before = path.probabilities.copy()

    cash_flow(replace(path), rich_book, draw_prices(rich_book, np.arange(61), seed=1), n_months=24)

    assert np.array_equal(before, path.probabilities)
