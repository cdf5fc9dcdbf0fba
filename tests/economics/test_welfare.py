import json
from math import inf, isnan
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics import fieller_limits, incremental_table, mvpf
from evalkit.errors import EstimationError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "published" / "economics_vectors" / "reference.json").read_text(
        encoding="utf-8"
    )
)
# The tolerance of tests/published/economics_vectors.
TOLERANCE = 1e-10
# Costs and effects of the property tests are whole numbers below a million; slopes are told apart
# above this.
SLOPE_TOLERANCE = 1e-9


def test_mvpf_of_work_advance_is_the_published_one():
    published = REFERENCE["mvpf_workadvance"]

    value = mvpf(published["wtp_after_tax"], published["net_cost"])

    assert value.estimate == pytest.approx(published["mvpf"], rel=TOLERANCE)
    assert round(value.estimate, 2) == published["published"]["mvpf"]
    assert value.case == "costs"


@pytest.mark.parametrize(
    ("gain", "cost", "case", "estimate"),
    [
        (10, 5, "costs", 2),
        (-10, 5, "costs", -2),
        (10, 0, "pays_for_itself", inf),
        (10, -5, "pays_for_itself", inf),
    ],
)
def test_mvpf_says_what_a_ratio_of_signs_means(gain, cost, case, estimate):
    value = mvpf(gain, cost)

    assert (value.case, value.estimate) == (case, estimate)


@pytest.mark.parametrize(("gain", "cost"), [(-10, -5), (0, 0), (0, -5)])
def test_mvpf_has_no_ratio_where_people_gain_nothing_and_the_purse_does_not_lose(gain, cost):
    value = mvpf(gain, cost)

    assert value.case == "saves_at_a_loss"
    assert isnan(value.estimate)


def test_mvpf_has_no_limits_without_replicates():
    value = mvpf(10, 5)

    assert isnan(value.ci_lower)
    assert isnan(value.ci_upper)
    assert isnan(value.probability_pays_for_itself)


def test_mvpf_takes_fieller_limits_from_the_replicates():
    rng = np.random.default_rng(1)
    gains, costs = rng.multivariate_normal([100, 50], [[80, 20], [20, 30]], size=500).T

    value = mvpf(np.array([100, *gains]), np.array([50, *costs]))

    expected = fieller_limits(
        100,
        50,
        sd_numerator=np.std(gains, ddof=1),
        sd_denominator=np.std(costs, ddof=1),
        correlation=np.corrcoef(gains, costs)[0, 1],
    )
    assert value.is_bounded
    assert [value.ci_lower, value.ci_upper] == pytest.approx(
        [expected.lower, expected.upper], rel=TOLERANCE
    )


def test_mvpf_limits_are_infinite_when_the_net_cost_cannot_be_told_from_zero():
    costs = np.array([5.0, -40.0, 50.0, -30.0, 60.0])

    value = mvpf(np.full(5, 10.0), costs)

    assert (value.ci_lower, value.ci_upper, value.is_bounded) == (-inf, inf, False)
    assert value.probability_pays_for_itself == pytest.approx(0.5)


def test_mvpf_refuses_gains_and_costs_that_are_not_paired():
    with pytest.raises(EstimationError) as fault:
        mvpf([1, 2, 3], [1, 2])

    assert fault.value.what == "Willingness to pay and net cost are not equally many."
    assert fault.value.where == "mvpf: shapes (3,) and (2,)"
    assert fault.value.why == "Each draw is one pair of gain and cost."
    assert fault.value.fix == "take both from the same draws."


@pytest.mark.parametrize("case", REFERENCE["ceac"])
def test_fieller_limits_are_the_published_ones(case):
    limits = fieller_limits(
        case["mean_delta_cost"],
        case["mean_delta_effect"],
        sd_numerator=case["sd_cost"],
        sd_denominator=case["sd_effect"],
        correlation=case["rho"],
    )

    assert limits.is_bounded == case["fieller_bounded"]
    assert [limits.lower, limits.upper] == pytest.approx(
        case["fieller_95"] or [-inf, inf], rel=TOLERANCE
    )


def test_incremental_table_by_hand():
    # B costs more than C and does less; D lies above the line from C to E: a mix of C and E does as
    # much for less.
    costs = {"A": 0, "B": 50, "C": 40, "D": 130, "E": 140}
    effects = {"A": 0, "B": 3, "C": 4, "D": 6, "E": 9}

    table = incremental_table(costs, effects)

    assert table.select(
        "option", "status", "incremental_cost", "incremental_effect", "icer"
    ).rows() == [
        ("A", "frontier", None, None, None),
        ("C", "frontier", 40.0, 4.0, 10.0),
        ("B", "dominated", None, None, None),
        ("D", "extended_dominated", None, None, None),
        ("E", "frontier", 100.0, 5.0, 20.0),
    ]


def test_incremental_table_takes_the_mean_of_draws():
    table = incremental_table(
        {"wait": [0, 0], "start": [90, 110]}, {"wait": [0, 0], "start": [4, 6]}
    )

    assert table["icer"].to_list() == [None, 20.0]


def test_incremental_table_keeps_one_of_two_equal_options():
    table = incremental_table({"first": 1, "second": 1}, {"first": 2, "second": 2})

    assert table["status"].to_list() == ["frontier", "dominated"]


@given(
    points=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=8)
)
def test_incremental_table_recommends_at_every_threshold_an_option_that_is_best(points):
    costs, effects = (
        {f"option {i}": point[axis] for i, point in enumerate(points)} for axis in (0, 1)
    )

    table = incremental_table(costs, effects)

    frontier = table.filter(table["status"] == "frontier")
    icers = frontier["icer"].drop_nulls().to_list()
    assert icers == sorted(icers)
    for threshold in [0, *(icer * (1 + SLOPE_TOLERANCE) for icer in icers)]:
        net_benefit = {option: threshold * effects[option] - costs[option] for option in costs}
        best_on_frontier = max(net_benefit[option] for option in frontier["option"])
        assert best_on_frontier == pytest.approx(max(net_benefit.values()), rel=1e-6, abs=1e-3)


def test_incremental_table_refuses_other_options():
    with pytest.raises(EstimationError) as fault:
        incremental_table({"wait": 1, "start": 2}, {"wait": 1})

    assert fault.value.what == "Costs and effects do not name the same options."
    assert fault.value.where == "options in one only: start"
    assert fault.value.why == "An option is compared by both."
    assert fault.value.fix == "give a cost and an effect for each option."
