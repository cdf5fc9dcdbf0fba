"""A waiting-list lottery on people whose distribution is known: its power is the formula's."""

from itertools import pairwise

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower

from evalkit.effects.design.lottery import lottery
from evalkit.effects.design.power import detectable, detectable_by_formula
from evalkit.errors import EstimationError

N_REPLICATIONS = 600
# Five standard errors of a share of 5 % and of 80 % in as many replications.
NEAR_ERROR, NEAR_POWER = 5 * (0.05 * 0.95 / 600) ** 0.5, 5 * (0.8 * 0.2 / 600) ** 0.5
# What a change of the spread by the effect itself, and the simulation, may move.
NEAR_SHARE = 0.08


def _tried(people, n_places, **others):
    return lottery(
        people, n_places=n_places, **{"n_replications": N_REPLICATIONS, "seed": 3, **others}
    )


def test_where_there_is_no_effect_the_test_errs_in_five_of_a_hundred(waiting):
    for people in (waiting(n_covariates=6), waiting(household=2)):
        none = _tried(people, 20).power.row(0, named=True)

        assert none["asked_months"] == 0
        assert none["power"] == pytest.approx(0.05, abs=NEAR_ERROR)


def test_the_smallest_lotteries_err_no_more_often(waiting):
    """Ten start and ten wait."""
    none = _tried(waiting(n_months=1), 10).power.row(0, named=True)

    assert none["power"] < 0.05 + NEAR_ERROR


def test_power_is_that_of_two_means_as_the_formula_and_statsmodels_have_it(waiting):
    people = waiting()
    tried = _tried(people, 20)
    plan = tried.plan.row(0, named=True)
    sd = people.values.std()
    by_formula = detectable_by_formula(sd * (2 / 200) ** 0.5)
    by_package = sd * TTestIndPower().solve_power(nobs1=200, alpha=0.05, power=0.8)

    assert (plan["n_drawn"], plan["n_waiting"]) == (200, 200)
    assert by_package == pytest.approx(by_formula, rel=0.02)
    assert plan["std_error"] == pytest.approx(sd * (2 / 200) ** 0.5, rel=0.02)
    assert plan["detectable_months"] == pytest.approx(by_package, rel=NEAR_SHARE)


def test_the_effect_that_is_added_is_found(waiting):
    tried = _tried(waiting(n_covariates=3), 20)
    plan = tried.plan.row(0, named=True)

    assert abs(plan["bias_months"]) < 5 * 1.1 * plan["std_error"] / N_REPLICATIONS**0.5


def test_more_people_and_larger_effects_have_more_power(waiting):
    asked = {"asked_months": (1.0, 2.0, 4.0), "n_replications": 100}
    powers = [_tried(waiting(), n, **asked).power["power"] for n in (5, 20, 80)]

    for fewer, more in pairwise(powers):
        assert (more[1:] >= fewer[1:]).all()
    assert all(power[1:].is_sorted() for power in powers)


def test_covariates_that_foretell_the_outcome_make_the_error_smaller(waiting):
    people = waiting(n_covariates=1)
    people.covariates[:, 0] = people.values + np.random.default_rng(1).normal(size=4_000)

    with_them, without = (
        _tried(one, 20, n_replications=20).plan["std_error"][0] for one in (people, waiting())
    )

    assert with_them < 0.3 * without


def test_the_same_seed_gives_the_same_numbers(waiting):
    first, second = (
        lottery(waiting(), n_places=5, n_replications=20, seed=9).power for _ in range(2)
    )

    assert first.equals(second)


def test_what_is_detectable_lies_between_the_effects_that_were_tried():
    effects = np.array([0.0, 1.0, 2.0, 3.0])

    assert detectable(effects, np.array([0.05, 0.3, 0.7, 0.9])) == pytest.approx(2.5)
    assert detectable(effects, np.array([0.05, 0.3, 0.5, 0.7])) is None


def test_a_lottery_larger_than_the_waiting_list_is_refused(waiting):
    with pytest.raises(EstimationError, match="more places than people") as refused:
        lottery(waiting(n=200), n_places=20, seed=1)

    assert "200 starts of 200 who ask for one; about 200 people" in str(refused.value)
    with pytest.raises(EstimationError, match="more places than people"):
        lottery(waiting(), n_places=20, n_applicants=20, seed=1)


def test_no_places_are_refused(waiting):
    with pytest.raises(EstimationError, match="needs a place"):
        lottery(waiting(), n_places=0, seed=1)


def test_an_effect_that_nobody_could_have_is_refused(waiting):
    with pytest.raises(EstimationError, match="cannot be added") as refused:
        lottery(waiting(), n_places=20, asked_months=(30.0,), seed=1)

    assert "effects of 30 months asked; from 0 to about 9 are possible" in str(refused.value)


def test_an_outcome_that_nobody_reaches_has_no_effect_to_detect(waiting):
    people = waiting()
    people.values[:] = 0

    with pytest.raises(EstimationError, match="cannot be added"):
        lottery(people, n_places=20, asked_months=(1.0,), seed=1)


@pytest.mark.prove
@pytest.mark.parametrize("n_places", [2, 5, 20, 100])
@pytest.mark.parametrize("household", [1, 2])
def test_the_test_errs_and_finds_as_often_as_it_says_in_lotteries_of_every_size(
    waiting, n_places, household
):
    """Ten to a thousand people a side, with and without households and covariates."""
    n = 4_000
    tried = lottery(
        waiting(n_covariates=8, n_months=5, household=household),
        n_places=n_places,
        n_replications=n,
        seed=11,
    )
    plan = tried.plan.row(0, named=True)

    assert tried.power["power"][0] == pytest.approx(0.05, abs=5 * (0.05 * 0.95 / n) ** 0.5)
    assert abs(plan["bias_months"]) < 5 * 1.2 * plan["std_error"] / n**0.5
