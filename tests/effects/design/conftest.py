"""Waiting lists whose people are drawn from a known distribution."""

import numpy as np
import pytest

from evalkit.effects.design.waiting_list import WaitingList


@pytest.fixture
def waiting():
    """Makes a list of people each for themselves, half of whom never reach the outcome."""

    def made(n=4_000, n_months=10, n_covariates=0, seed=1, household=1):
        rng = np.random.default_rng(seed)
        values = np.where(rng.random(n) < 0.5, 0, rng.integers(1, 37, n)).astype(float)
        n_groups = n // household
        return WaitingList(
            values,
            rng.normal(size=(n, n_covariates)),
            np.arange(n_groups) * household,
            np.full(n_groups, household),
            np.full(n_groups, 1 / n_groups),
            n,
            n,
            n_months,
            36,
        )

    return made
