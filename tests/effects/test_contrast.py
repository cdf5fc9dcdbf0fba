import numpy as np
import pytest

from evalkit.effects import contrast, effect_draws, estimate_effect, fit_propensity
from evalkit.effects.districts.pooling import primary_differences

EXACT = 1e-9
N_ERRORS = 4


def test_contrast_without_covariates_is_the_difference_of_means_by_hand(arms):
    trials = arms.of_arrays(
        np.zeros(6), np.array([True, True, False, False, False, False]), np.zeros((6, 1), int)
    )

    found = contrast(trials, np.array([1.0, 3.0, 0.0, 0.0, 2.0, 2.0]), terms=[])

    # Means 2 and 1; variances of means 1/2 (n = 2, squared deviations 1 + 1 over 4) and 1/4 (four
    # squared deviations of 1 over 16).
    assert found.difference[0] == pytest.approx(1.0, abs=EXACT)
    assert found.std_error[0] == pytest.approx(np.sqrt(0.5 + 0.25), abs=EXACT)


def test_contrast_counts_a_person_once(arms):
    one = arms.of_arrays(np.zeros(4), np.array([True, True, False, False]), np.zeros((4, 1), int))
    twice = arms.of_arrays(
        np.zeros(8),
        np.tile([True, True, False, False], 2),
        np.zeros((8, 1), int),
        person=np.tile(np.arange(4), 2),
    )

    single, doubled = (
        contrast(one, np.array([1.0, 2, 0, 3])),
        contrast(twice, np.tile([1.0, 2, 0, 3], 2)),
    )

    assert doubled.std_error[0] == pytest.approx(single.std_error[0], abs=EXACT)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"estimand": "ATE"},
        {"estimand": "overlap"},
        {"truncation": {"propensity": 1}},
        {"estimand": "ATE", "truncation": {"propensity": 6}},
    ],
)
def test_contrast_agrees_with_the_weighted_estimate_and_its_replicates(arms, changes):
    trials = arms.confounded(1_500, seed=3, effect=0.5, **changes)
    propensity = fit_propensity(trials, n_draws=400, seed=1)
    replicates = primary_differences(
        effect_draws(
            estimate_effect(trials, district="all", propensity=propensity, n_draws=400, seed=1).sums
        ),
        "work",
    )

    found = contrast(trials, (trials.outcomes == 0).sum(axis=1))

    assert found.difference[0] == pytest.approx(replicates["difference"][0], abs=1e-6)
    spread = replicates["difference"][1:].std()
    # The standard deviation of 400 replicates has an error of 1 in sqrt(800).
    assert found.std_error[0] == pytest.approx(spread, rel=N_ERRORS / np.sqrt(800))


def test_contrast_covers_zero_where_there_is_no_effect(arms):
    z = []
    for seed in range(60):
        found = contrast(
            trials := arms.confounded(600, seed=seed), (trials.outcomes == 0).sum(axis=1)
        )
        z.append(found.difference[0] / found.std_error[0])

    assert abs(np.mean(z)) < N_ERRORS / np.sqrt(len(z))
    assert np.std(z) == pytest.approx(1, abs=N_ERRORS / np.sqrt(2 * len(z)))


def test_cutting_the_largest_weights_lowers_the_largest_weight(arms):
    trials = arms.confounded(800, seed=5, slope=1.5)
    comparison = ~trials.is_treated

    whole, cut = (
        contrast(trials, trials.outcomes[:, 0] == 0, cap_quantile=cap).weights[comparison]
        for cap in (None, 0.95)
    )

    assert cut.max() < whole.max()
    assert np.isclose(
        np.sort(cut)[: int(0.9 * len(cut))], np.sort(whole)[: int(0.9 * len(whole))]
    ).all()
