"""A logit with terms of groups' own: by hand, beside statsmodels, and where a group has none."""

import numpy as np
import pytest
import statsmodels.api as sm

from evalkit.effects.weighting.local_logit import local_logit

EXACT = 1e-6
FIRST = np.array([0, 2])


def _rows(n_groups=6, n=400, seed=1):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), n)
    x = rng.random(len(group)) < 0.4
    design = rng.normal(size=(len(group), 2)) + group[:, None] / n_groups
    eta = -0.5 + 0.2 * group + x * (0.3 - 0.1 * group) + design @ np.array([0.5, -0.3])
    reached = (rng.random(len(group)) < 1 / (1 + np.exp(-eta))).astype(float)
    return group, x.astype(float), design, reached


def test_own_coefficients_are_log_odds_where_nothing_is_shared():
    """Group 0: 10 of 40 without and 20 of 40 with; group 1: 30 of 40 and 30 of 40."""
    own = np.array([[1, 0], [1, 1], [1, 0], [1, 1]], dtype=float)

    fit = local_logit(
        own, np.zeros((4, 0)), np.array([0.25, 0.5, 0.75, 0.75]), np.full(4, 40.0), FIRST
    )

    assert fit.local == pytest.approx(np.log([[1 / 3, 3], [3, 1]]), abs=EXACT)
    # The variance of a log odds ratio: the sum of one over each number of people.
    assert fit.local_cov[0, 1, 1] == pytest.approx(1 / 10 + 1 / 30 + 1 / 20 + 1 / 20, abs=EXACT)


def test_estimates_and_errors_are_those_of_a_logit_with_a_column_for_each_group():
    group, x, design, reached = _rows()
    dummies = np.equal.outer(group, np.arange(6)).astype(float)
    peer = sm.GLM(
        reached,
        np.column_stack([dummies, dummies * x[:, None], design]),
        family=sm.families.Binomial(),
    ).fit(tol=1e-12)

    fit = local_logit(
        np.column_stack([np.ones(len(x)), x]),
        design,
        reached,
        np.ones(len(x)),
        np.flatnonzero(np.diff(group, prepend=-1)),
    )

    assert fit.is_converged
    assert np.append(fit.local.T.ravel(), fit.shared) == pytest.approx(peer.params, abs=EXACT)
    errors = np.sqrt([*fit.local_cov[:, 0, 0], *fit.local_cov[:, 1, 1], *np.diag(fit.shared_cov)])
    assert errors == pytest.approx(peer.bse, abs=EXACT)
    assert fit.cross_cov[2, 1] == pytest.approx(peer.cov_params()[8, 12:], abs=EXACT)


def test_a_row_may_stand_for_several_people():
    group, x, _, reached = _rows()
    own = np.column_stack([np.ones(len(x)), x])
    cells, n = np.unique(np.column_stack([group, x]), axis=0, return_counts=True)
    share = [reached[(group == g) & (x == one)].mean() for g, one in cells]
    none = np.zeros((len(x), 0))

    each = local_logit(own, none, reached, np.ones(len(x)), np.arange(0, len(x), 400))
    together = local_logit(
        np.column_stack([np.ones(len(cells)), cells[:, 1]]),
        none[: len(cells)],
        np.array(share),
        n.astype(float),
        np.arange(0, len(cells), 2),
    )

    assert together.local == pytest.approx(each.local, abs=EXACT)
    assert together.local_cov == pytest.approx(each.local_cov, abs=EXACT)


def test_a_prior_keeps_a_coefficient_finite_where_nobody_of_a_kind_has_reached_it():
    own = np.array([[1, 0], [1, 1], [1, 0], [1, 1]], dtype=float)
    share = np.array([0.25, 0.0, 0.75, 0.75])

    fit = local_logit(
        own,
        np.zeros((4, 0)),
        share,
        np.full(4, 40.0),
        FIRST,
        prior_sd=np.array([np.inf, 2.5]),
    )

    assert fit.is_converged
    # The score of the penalised likelihood is zero: what is expected is the pull of the prior.
    expected = 40 / (1 + np.exp(-fit.local[0].sum()))
    assert expected == pytest.approx(-fit.local[0, 1] / 2.5**2, abs=EXACT)
    assert fit.local[1, 1] == pytest.approx(0, abs=0.05)
