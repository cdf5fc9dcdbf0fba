"""What a trial is worth: by hand, against simulated trials, and never more than to know for
certain.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.economics import evpi
from evalkit.economics.results.trial import (
    TrialPrior,
    best_trial,
    prior_of_draws,
    sample_information,
)

# The density of a standard normal at zero: what one unit of standard deviation is worth per start
# where gain and loss are equally likely.
HALF_NORMAL = 0.3989422804014327
MONEY = st.floats(1.0, 1e6)


def test_a_trial_that_halves_the_variance_by_hand():
    # 4 x 100^2 / 400 = 10^2: the trial's error is as large as what is unsure before, so half of the
    # variance is resolved.
    prior = TrialPrior(mean=0.0, std_dev=10.0, person_std_dev=100.0)

    (worth,) = sample_information(prior, np.array([400]))

    assert worth == pytest.approx(HALF_NORMAL * 10 / np.sqrt(2), rel=1e-12)


def test_a_mean_of_one_standard_deviation_by_hand():
    # The loss function at 1 is 0.0833155 (Raiffa & Schlaifer 1961, table II).
    prior = TrialPrior(mean=-10.0, std_dev=np.sqrt(200), person_std_dev=100.0)
    moved = 200 / np.sqrt(200 + 4 * 100**2 / 200)
    assert moved == pytest.approx(10)

    (worth,) = sample_information(prior, np.array([200]))

    assert worth == pytest.approx(10 * 0.0833155, rel=1e-5)


@pytest.mark.parametrize(("mean", "n_persons"), [(0.0, 200), (8_000.0, 60), (-15_000.0, 1_000)])
def test_sample_information_is_what_simulated_trials_give(mean, n_persons):
    prior, rng = TrialPrior(mean, 20_000.0, 150_000.0), np.random.default_rng(5)
    n_trials = 400_000
    true = rng.normal(prior.mean, prior.std_dev, n_trials)
    error = np.sqrt(4 * prior.person_std_dev**2 / n_persons)
    measured = rng.normal(true, error)
    weight = prior.std_dev**2 / (prior.std_dev**2 + error**2)
    believed = prior.mean + weight * (measured - prior.mean)

    gained = np.where(believed > 0, true, 0) - max(mean, 0.0)

    (worth,) = sample_information(prior, np.array([n_persons]))
    assert abs(gained.mean() - worth) < 4 * gained.std() / np.sqrt(n_trials)


@given(mean=st.floats(-1e6, 1e6), std_dev=MONEY, person_std_dev=MONEY)
def test_a_larger_trial_never_tells_less_and_none_more_than_to_know_for_certain(
    mean, std_dev, person_std_dev
):
    prior = TrialPrior(mean, std_dev, person_std_dev)
    certain = sample_information(prior._replace(person_std_dev=0.0), np.array([2]))[0]

    worth = sample_information(prior, 2 ** np.arange(1, 24))

    assert (worth >= 0).all()
    assert (np.diff(worth) >= -1e-9 * std_dev).all()
    assert worth[-1] <= certain + 1e-9 * std_dev


def test_to_know_for_certain_is_the_evpi_of_normal_draws():
    draws = np.random.default_rng(1).normal(3_000, 20_000, 400_000)
    certain = TrialPrior(3_000.0, 20_000.0, 0.0)

    worth = sample_information(certain, np.array([2]))[0]

    assert worth == pytest.approx(evpi(np.column_stack([np.zeros_like(draws), draws])), rel=0.01)


def test_the_prior_is_the_part_of_the_value_that_months_in_work_tell():
    rng = np.random.default_rng(2)
    months = rng.normal(2, 0.5, 100_000)
    value = 10_000 * months - 15_000 + rng.normal(0, 3_000, months.size)

    prior = prior_of_draws(value, months, city_work_months=months / 4, n_starters=1_600)

    # Half a month is 5 000; the city's error of an eighth of a month is that of 1 600 persons.
    expected = TrialPrior(5_000.0, 5_000.0, 10_000 * 0.125 * 40)
    assert prior == pytest.approx(expected, rel=0.02)


def test_nothing_is_known_before_where_draws_do_not_vary():
    still, moving = np.full(50, 2.0), np.arange(50.0)

    assert prior_of_draws(moving, still, city_work_months=moving, n_starters=9) is None
    assert prior_of_draws(moving, moving, city_work_months=still, n_starters=9) is None
    assert prior_of_draws(moving[:1], moving[:1], city_work_months=moving, n_starters=9) is None


def test_the_best_trial_is_the_best_of_all_sizes_one_by_one():
    prior = TrialPrior(-2_000.0, 20_000.0, 150_000.0)
    given = {"starts_per_year": 120.0, "followed_months": 12, "horizon_months": 60}

    trial = best_trial(prior, **given)

    worths = {}
    for n in range(2, 960, 2):
        # Ten start a month, ten do not; then everybody is followed for a year.
        months = -(-n // 20) + 12
        decided = 10 * max(60 - months, 0)
        per_start = sample_information(prior, np.array([n]))[0]
        worths[n] = (months, decided * per_start - n / 2 * 2_000)
    best = max(worths, key=lambda n: worths[n][1])
    assert (trial.n_persons, trial.n_months) == (best, worths[best][0])
    assert trial.worth == pytest.approx(worths[best][1])
    assert 2 < trial.n_persons < 958


@pytest.mark.parametrize(
    ("prior", "changed"),
    [
        (TrialPrior(0.0, 20_000.0, 150_000.0), {"followed_months": 60}),
        (TrialPrior(0.0, 20_000.0, 150_000.0), {"starts_per_year": 0.0}),
        (TrialPrior(0.0, 0.0, 150_000.0), {}),
        (TrialPrior(-30_000.0, 10_000.0, 150_000.0), {}),
    ],
    ids=["too_late", "nobody_starts", "nothing_to_learn", "teaches_less_than_it_loses"],
)
def test_no_trial_is_worth_anything(prior, changed):
    given = {"starts_per_year": 40.0, "followed_months": 36, "horizon_months": 60} | changed

    assert best_trial(prior, **given) is None
