import json
from pathlib import Path
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics import acceptability_curve, evpi
from evalkit.errors import EstimationError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "published" / "economics_vectors" / "reference.json").read_text(
        encoding="utf-8"
    )
)
N_DRAWS = 4001
# Evenly spaced quantiles stand in for draws: a probability is right to half a step, plus the draw
# at which it changes.
PROBABILITY_TOLERANCE = 1 / N_DRAWS
# The same for the mean of a normal's positive part: its tails end at the last quantile (relative to
# the standard deviation).
EVPI_TOLERANCE = 2e-4
STANDARD_NORMAL = np.array([NormalDist().inv_cdf((i + 0.5) / N_DRAWS) for i in range(N_DRAWS)])
CURVE_POINTS = [(case, i) for case in REFERENCE["ceac"] for i in range(len(case["lambda"]))]


@pytest.mark.parametrize("case", REFERENCE["value_of_information"])
def test_evpi_of_a_normal_net_benefit_is_the_closed_form(case):
    net_benefit = case["mu_inb"] + case["sd_inb"] * STANDARD_NORMAL

    found = evpi(np.column_stack([np.zeros(N_DRAWS), net_benefit]))

    assert found == pytest.approx(case["evpi_per_person"], abs=EVPI_TOLERANCE * case["sd_inb"])


@pytest.mark.parametrize(("case", "i"), CURVE_POINTS)
def test_acceptability_of_a_normal_net_benefit_is_the_closed_form(case, i):
    # Along one threshold the joint normal is its net benefit: all of it is put into the cost.
    threshold, mean, sd = case["lambda"][i], case["inmb_mean"][i], case["inmb_sd"][i]
    effect = case["mean_delta_effect"]
    cost = threshold * effect - (mean + sd * STANDARD_NORMAL)

    curve = acceptability_curve(
        {"wait": np.zeros(N_DRAWS), "start": cost},
        {"wait": np.zeros(N_DRAWS), "start": np.full(N_DRAWS, effect)},
        threshold,
    )

    assert curve.filter(pl.col("option") == "start")["probability"].item() == pytest.approx(
        case["ceac"][i], abs=PROBABILITY_TOLERANCE
    )
    assert curve.filter(pl.col("option") == "start")["is_on_frontier"].item() == (mean > 0)


def test_acceptability_curve_by_hand():
    costs = {"wait": [0, 0, 0, 0], "start": [10, 20, 30, 40]}
    effects = {"wait": [0, 0, 0, 0], "start": [1, 1, 1, 1]}

    curve = acceptability_curve(costs, effects, [0, 20, 25, 26])

    # At 20 the second draw is a tie and is split; at 25 the means are equal and the first option is
    # named.
    starts = curve.filter(pl.col("option") == "start")
    assert starts["probability"].to_list() == [0, 0.375, 0.5, 0.5]
    assert starts["is_on_frontier"].to_list() == [False, False, False, True]


numbers = st.integers(-1000, 1000)
table = st.integers(1, 5).flatmap(
    lambda k: st.lists(st.lists(numbers, min_size=k, max_size=k), min_size=1, max_size=30)
)


@given(costs=table, threshold=st.integers(0, 100))
def test_acceptability_curves_sum_to_one(costs, threshold):
    columns = {f"option {i}": np.array(column) for i, column in enumerate(zip(*costs, strict=True))}
    effects = {option: column[::-1] for option, column in columns.items()}

    curve = acceptability_curve(columns, effects, [threshold])

    assert curve["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert curve["is_on_frontier"].sum() == 1


@given(net_benefit=table)
def test_evpi_is_never_negative_and_zero_for_one_option(net_benefit):
    assert evpi(net_benefit) >= 0
    assert evpi([[row[0]] for row in net_benefit]) == 0


@given(net_benefit=table, shift=numbers)
def test_evpi_does_not_change_when_all_options_gain_the_same(net_benefit, shift):
    assert evpi(np.array(net_benefit) + shift) == pytest.approx(evpi(net_benefit), abs=1e-9)


def test_evpi_by_hand():
    # Knowing, one takes 10, 0, 6: 16 / 3. Not knowing, the second option: 4 / 3 against 0.
    assert evpi([[0, 10], [0, -12], [0, 6]]) == pytest.approx(16 / 3 - 4 / 3, abs=1e-12)


@pytest.mark.parametrize("net_benefit", [[1, 2, 3], np.empty((0, 2)), [[1, float("nan")]]])
def test_evpi_refuses_what_is_no_table_of_numbers(net_benefit):
    with pytest.raises(EstimationError) as fault:
        evpi(net_benefit)

    assert fault.value.what == "The net benefit is not a table of numbers."
    assert fault.value.where.startswith("evpi: shape")
    assert fault.value.why == "It has one row per draw and one column per option."
    assert fault.value.fix == "give for each option the same joint draws."


@pytest.mark.parametrize(
    ("costs", "effects"),
    [
        ({"wait": [0, 0], "start": [1]}, {"wait": [0, 0], "start": [1, 1]}),
        ({"wait": [0]}, {"start": [0]}),
        ({"wait": [0, 0]}, {"wait": [0]}),
    ],
)
def test_acceptability_curve_refuses_draws_that_are_not_joint(costs, effects):
    with pytest.raises(EstimationError) as fault:
        acceptability_curve(costs, effects, [1])

    assert "draws" in fault.value.what
    assert fault.value.where == "acceptability_curve"
    assert fault.value.why
    assert fault.value.fix == "give for each option the same joint draws."
