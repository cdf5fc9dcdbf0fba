"""How a lottery is read: by hand, and as another package has it."""

import numpy as np
import pytest
import statsmodels.api as sm

from evalkit.effects.design.drawn_difference import drawn_difference

CLOSE = 1e-10


def test_without_covariates_it_is_the_difference_of_means():
    """Drawn 4, 8, waiting 1, 3: the difference 4, and deviations of 2 and 1 around the means."""
    read = drawn_difference(
        np.array([4.0, 8.0, 1.0, 3.0]), np.array([1, 1, 0, 0], bool), np.zeros((4, 0)), np.arange(4)
    )

    by_hand = np.sqrt((4 / 3) * (3 / 2) * (4 / 4 + 4 / 4 + 1 / 4 + 1 / 4))
    assert read.difference[0] == pytest.approx(4.0, abs=CLOSE)
    assert read.std_error[0] == pytest.approx(by_hand, abs=CLOSE)
    assert read.degrees == 2


def test_with_covariates_and_households_it_is_the_clustered_regression_of_statsmodels():
    rng = np.random.default_rng(5)
    n = 300
    is_drawn, covariates = rng.random(n) < 0.4, rng.normal(size=(n, 4))
    cluster = np.arange(n) // 2
    values = 5 + is_drawn + covariates @ [1, -1, 0.5, 0] + rng.normal(size=n)

    read = drawn_difference(np.column_stack([values, 2 * values]), is_drawn, covariates, cluster)

    design = sm.add_constant(np.column_stack([is_drawn, covariates]))
    fit = sm.OLS(values, design).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    assert read.difference == pytest.approx(fit.params[1] * np.array([1, 2]), abs=CLOSE)
    assert read.std_error == pytest.approx(fit.bse[1] * np.array([1, 2]), abs=CLOSE)
    assert read.degrees == 150 - 4 - 2


def test_too_many_covariates_for_the_people_are_left_aside():
    rng = np.random.default_rng(6)
    values, is_drawn = rng.normal(size=30), np.arange(30) < 15

    read = drawn_difference(values, is_drawn, rng.normal(size=(30, 4)), np.arange(30))

    assert read.difference[0] == pytest.approx(values[:15].mean() - values[15:].mean(), abs=CLOSE)


def test_a_covariate_that_never_varies_counts_for_nothing():
    rng = np.random.default_rng(7)
    values, is_drawn, own = rng.normal(size=40), np.arange(40) < 20, rng.normal(size=(40, 1))

    read = drawn_difference(values, is_drawn, np.hstack([own, np.ones((40, 1))]), np.arange(40))
    without = drawn_difference(values, is_drawn, own, np.arange(40))

    assert read == without
