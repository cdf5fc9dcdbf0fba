import json
from pathlib import Path

import numpy as np
import pytest

from evalkit.economics import cohort_trace, incremental_table, present_value
from evalkit.errors import EstimationError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "published" / "hiv_markov" / "reference.json").read_text(
        encoding="utf-8"
    )
)
# The tolerance of tests/published/hiv_markov.
TOLERANCE = 1e-10

INPUTS = REFERENCE["inputs"]
MONO, COMBINED = (
    np.array(REFERENCE["transition_matrix_mono"]),
    np.array(REFERENCE["transition_matrix_combo"]),
)
ALIVE = np.array([1, 1, 1, 0])
# scenario: lamivudine, discount of costs and of effects, half-cycle correction, years of
# combination
SCENARIOS = {
    "base_case": (INPUTS["lamivudine"], 0.06, 0.0, False, 2),
    "half_cycle": (INPUTS["lamivudine"], 0.06, 0.0, True, 2),
    "lamivudine_2087": (2087, 0.06, 0.0, False, 2),
    "discount_3.5_both": (INPUTS["lamivudine"], 0.035, 0.035, False, 2),
    "combo_effect_5_years": (INPUTS["lamivudine"], 0.06, 0.0, False, 5),
}


def cost_and_life_years(n_combined, *, lamivudine, cost_rate, effect_rate, half_cycle):
    cycles = np.arange(1, INPUTS["cycles"] + 1)
    transitions = np.where((cycles <= n_combined)[:, None, None], COMBINED, MONO)
    trace = cohort_trace([1, 0, 0, 0], transitions, INPUTS["cycles"])
    occupied = (trace[:-1] + trace[1:]) / 2 if half_cycle else trace[1:]
    drug = INPUTS["zidovudine"] + np.where(cycles <= n_combined, lamivudine, 0)
    care = np.array(INPUTS["direct_medical_cost"]) + np.array(INPUTS["community_cost"])
    costs = occupied @ care + drug * (occupied @ ALIVE)
    return (
        trace,
        present_value(costs, cost_rate, 12 * cycles),
        present_value(occupied @ ALIVE, effect_rate, 12 * cycles),
    )


@pytest.mark.parametrize("name", SCENARIOS)
def test_chancellor_1997_costs_life_years_and_icer_are_the_published_ones(name):
    lamivudine, cost_rate, effect_rate, half_cycle, years = SCENARIOS[name]
    expected = REFERENCE[name]
    rules = {
        "lamivudine": lamivudine,
        "cost_rate": cost_rate,
        "effect_rate": effect_rate,
        "half_cycle": half_cycle,
    }

    outcomes = {arm: cost_and_life_years(n, **rules) for arm, n in (("mono", 0), ("combo", years))}

    for arm, (trace, cost, life_years) in outcomes.items():
        assert np.abs(trace - expected[arm]["trace"]).max() <= TOLERANCE
        assert cost == pytest.approx(expected[arm]["cost"], rel=TOLERANCE)
        assert life_years == pytest.approx(expected[arm]["ly"], rel=TOLERANCE)
    table = incremental_table(
        {arm: o[1] for arm, o in outcomes.items()}, {arm: o[2] for arm, o in outcomes.items()}
    )
    assert table["icer"][1] == pytest.approx(expected["icer"], rel=TOLERANCE)


def test_chancellor_1997_icer_is_6276_pounds_a_life_year():
    assert REFERENCE["base_case"]["icer"] == pytest.approx(6275.96, abs=0.005)


def test_cohort_trace_by_hand_in_two_cycles():
    transitions = [[0.5, 0.5], [0.25, 0.75]]

    trace = cohort_trace([1, 0], transitions, 2)

    assert trace.tolist() == [[1, 0], [0.5, 0.5], [0.375, 0.625]]


def test_cohort_trace_takes_draws_and_arms_at_once():
    rng = np.random.default_rng(1)
    transitions = rng.dirichlet([1, 1, 1], size=(4, 2, 6, 3))
    initial = rng.dirichlet([1, 1, 1], size=(4, 1))

    trace = cohort_trace(initial, transitions, 6)

    assert trace.shape == (4, 2, 7, 3)
    for draw, arm in np.ndindex(4, 2):
        share = initial[draw, 0]
        for step in transitions[draw, arm]:
            share = share @ step
        assert trace[draw, arm, -1] == pytest.approx(share, abs=TOLERANCE)


def test_cohort_trace_keeps_the_whole_cohort():
    trace = cohort_trace(
        [0.2, 0.3, 0.5], np.random.default_rng(2).dirichlet([1, 1, 1], size=3), 240
    )

    assert trace.sum(axis=-1) == pytest.approx(np.ones(241), abs=TOLERANCE)


def test_cohort_trace_of_no_cycles_is_the_start():
    assert cohort_trace([0.5, 0.5], np.eye(2), 0).tolist() == [[0.5, 0.5]]


FAULTY = [
    ("initial", [0.5, 0.4], np.eye(2)),
    ("transitions", [1, 0], [[0.5, 0.4], [0, 1]]),
    ("transitions", [1, 0], [[1.5, -0.5], [0, 1]]),
]


@pytest.mark.parametrize(("argument", "initial", "transitions"), FAULTY)
def test_cohort_trace_refuses_probabilities_that_do_not_sum_to_one(argument, initial, transitions):
    with pytest.raises(EstimationError) as fault:
        cohort_trace(initial, transitions, 3)

    assert fault.value.what == "Probabilities that are negative or do not sum to one: 1 rows."
    assert fault.value.where == f"cohort_trace: argument {argument}"
    assert fault.value.why.startswith("Everybody is in exactly one state")
    assert fault.value.fix.startswith("give the rest of each row")


@pytest.mark.parametrize(
    ("transitions", "n_cycles"),
    [(np.eye(3), 2), (np.tile(np.eye(2), (3, 1, 1)), 2), (np.eye(2), -1)],
)
def test_cohort_trace_refuses_transitions_that_do_not_fit(transitions, n_cycles):
    with pytest.raises(EstimationError) as fault:
        cohort_trace([1, 0], transitions, n_cycles)

    assert fault.value.what == "The transitions do not fit the cohort."
    assert fault.value.where.startswith("cohort_trace: initial (2,)")
    assert fault.value.why.startswith("Each state needs a row")
    assert fault.value.fix.startswith("give transitions of shape")
