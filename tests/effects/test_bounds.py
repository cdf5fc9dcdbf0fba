import numpy as np
import polars as pl
import pytest

from evalkit.effects import effect_draws, effect_readings, estimate_effect, fit_propensity

EXACT = 1e-12


def _readings(trials, n_draws=40):
    propensity = fit_propensity(trials, n_draws=n_draws, seed=4)
    parts = estimate_effect(trials, district="all", propensity=propensity, n_draws=n_draws, seed=4)
    table = effect_readings(effect_draws(parts.sums), trials.protocol)
    return {row["reading"]: row for row in table.iter_rows(named=True)}


@pytest.fixture
def readings(arms):
    """Month 1 of 10 treated: 4 work, 2 studies, 2 unknown, 2 support. Of 10 compared: 3 work, 1
    unknown, 6 support.
    """
    protocol = arms.protocol(
        follow_up_months=1, outcomes=["work", "studies", "support", "training", "unknown"]
    )
    outcomes = np.array([0] * 4 + [1] * 2 + [4] * 2 + [2] * 2 + [0] * 3 + [4] + [2] * 6)[:, None]
    return _readings(arms.of_arrays(np.zeros(20), np.arange(20) < 10, outcomes, protocol=protocol))


def test_naive_share_and_bias_by_hand(readings):
    # Eight of ten have ended, to whatever; four of ten against three of ten are in work.
    assert readings["share_ended"]["estimate"] == pytest.approx(0.8, abs=EXACT)
    assert readings["corrected"]["estimate"] == pytest.approx(0.1, abs=EXACT)
    assert readings["bias"]["estimate"] == pytest.approx(0.7, abs=EXACT)


def test_bounds_of_unknown_destinations_by_hand(readings):
    expected = {
        "none_work": 0.4 - 0.3,
        "all_work": 0.6 - 0.4,
        "worst_case": 0.4 - 0.4,
        "best_case": 0.6 - 0.3,
    }

    assert {name: readings[name]["estimate"] for name in expected} == pytest.approx(
        expected, abs=EXACT
    )


def test_bounds_hold_movers_and_the_dead_and_all_months_by_hand(arms):
    """Of 10 treated 4 work in both months, 2 are out in both, 1 is unknown in the last; of 10
    compared 3 work in both, 1 is out in the last.
    """
    protocol = arms.protocol(follow_up_months=2, outcomes=["work", "support", "out", "unknown"])
    treated = [[0, 0]] * 4 + [[2, 2]] * 2 + [[1, 3]] + [[1, 1]] * 3
    comparison = [[0, 0]] * 3 + [[1, 2]] + [[1, 1]] * 6
    found = _readings(
        arms.of_arrays(
            np.zeros(20), np.arange(20) < 10, np.array(treated + comparison), protocol=protocol
        )
    )

    # Not seen: 3 of 10 treated and 1 of 10 compared in the last month; 0.5 and 0.1 months a person
    # in both.
    shares = {
        "none_work": 0.1,
        "all_work": 0.1 + 0.3 - 0.1,
        "worst_case": 0.1 - 0.1,
        "best_case": 0.1 + 0.3,
    }
    months = {
        "none_work_months": 0.2,
        "all_work_months": 0.2 + 0.5 - 0.1,
        "worst_case_months": 0.2 - 0.1,
        "best_case_months": 0.2 + 0.5,
    }
    expected = shares | months
    assert {name: found[name]["estimate"] for name in expected} == pytest.approx(
        expected, abs=EXACT
    )


def test_nothing_is_unseen_of_months_without_support(arms):
    """Month 1 of 10 treated: 4 unknown, 6 on support. Of 10 compared: 2 unknown, 8 on support."""
    outcomes = np.array([1] * 4 + [0] * 6 + [1] * 2 + [0] * 8)[:, None]
    protocol = arms.protocol(
        follow_up_months=1,
        outcomes=["support", "unknown"],
        primary_outcome="without_support",
    )
    found = _readings(arms.of_arrays(np.zeros(20), np.arange(20) < 10, outcomes, protocol=protocol))

    assert found["corrected"]["estimate"] == pytest.approx(0.4 - 0.2, abs=EXACT)
    assert not {"none_work", "all_work", "worst_case", "best_case_months"} & found.keys()
    assert found["detectable_months"]["estimate"] > 0


def test_detectable_difference_is_280_standard_errors(arms):
    trials = arms.confounded(2_000, seed=1, slope=0.0)

    found = _readings(trials, n_draws=200)["detectable"]["estimate"]

    in_work, treated = trials.outcomes[:, -1] == 0, trials.is_treated
    error = np.sqrt(sum(in_work[arm].var(ddof=1) / arm.sum() for arm in (treated, ~treated)))
    assert found == pytest.approx(2.8016 * error, rel=0.25)


def test_nothing_found_is_told_from_too_little_information(arms):
    few, many = (
        _readings(arms.confounded(n, seed=3))["corrected"]["information"] for n in (200, 20_000)
    )

    assert (few, many) == ("too_little", "enough")


def test_readings_hold_every_district(arms):
    trials = arms.confounded(400, seed=1)
    propensity = fit_propensity(trials, n_draws=10, seed=4)
    sums = estimate_effect(trials, district="all", propensity=propensity, n_draws=10, seed=4).sums
    draws = effect_draws(
        pl.concat([sums, sums.with_columns(district=pl.lit("North", dtype=pl.Categorical))])
    )

    assert (
        effect_readings(draws, trials.protocol)["district"]
        .value_counts(sort=True)["count"]
        .n_unique()
        == 1
    )


def test_readings_are_the_same_to_the_last_bit_every_time(arms):
    trials = arms.confounded(400, seed=2)
    propensity = fit_propensity(trials, n_draws=200, seed=4)
    draws = effect_draws(
        estimate_effect(trials, district="all", propensity=propensity, n_draws=200, seed=4).sums
    )
    keys = ["district", "intervention_id", "estimand", "reading"]

    first, *others = (effect_readings(draws, trials.protocol).sort(keys) for _ in range(6))

    assert all(other.equals(first) for other in others)
