import sys

import numpy as np
import polars as pl
import pytest

from evalkit.effects import contrast, fit_propensity, overlap_table
from evalkit.effects.trust.overlap import share_outside_support, top_share, weight_sensitivity
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import StartNow


def test_bins_hold_about_as_many_starters_each_and_shares_sum_to_one(arms):
    trials = arms.confounded(3_000, seed=1)

    bins = overlap_table(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))

    assert len(bins) == 10
    shares = bins.select(pl.col("^share_.*$").sum()).row(0)
    assert shares == pytest.approx((1, 1, 1))
    assert bins["share_treated"].to_list() == pytest.approx([0.1] * 10, abs=0.01)
    # Weighting moves the comparison to where the starters are.
    gap = (bins["share_comparison"] - bins["share_treated"]).abs().max()
    assert (bins["share_comparison_weighted"] - bins["share_treated"]).abs().max() < gap / 3


def test_outermost_edges_are_nobodys_own_value(arms):
    trials = arms.confounded(3_000, seed=1)

    bins = overlap_table(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))

    assert bins["propensity_from"][0] is None and bins["propensity_to"][-1] is None


def test_share_outside_support_by_hand(arms):
    """Comparison from 0 to 2; of four starters one lies below and one above."""
    trials = arms.of_arrays(
        np.array([-1.0, 0.5, 1.5, 3.0, 0.0, 1.0, 2.0]),
        np.array([True] * 4 + [False] * 3),
        np.zeros((7, 1), int),
    )

    line = np.array([[0.0], [1.0]])

    outside = share_outside_support(StartNow(trials, Coefficients(np.zeros(1, int), line, line)))

    assert outside == 0.5


def test_top_share_by_hand():
    assert top_share(np.array([1.0] * 99 + [101.0])) == pytest.approx(101 / 200)


def test_weight_sensitivity_begins_with_the_declared_weights(arms):
    trials = arms.confounded(2_000, seed=4, effect=0.5)

    table = weight_sensitivity(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))

    assert table["cut"].to_list() == ["none", "percentile_99_5", "percentile_99", "percentile_95"]
    assert (table["max_weight"].diff().drop_nulls() <= 0).all()
    assert (table["effective_sample_size"].diff().drop_nulls() >= 0).all()
    assert table["max_abs_smd"][0] < table["max_abs_smd"][3]


def test_caps_are_tried_on_weights_that_are_fitted_already(arms, monkeypatch):
    trials = arms.confounded(2_000, seed=4, effect=0.5)
    propensity, anew = (
        fit_propensity(trials, n_draws=1, seed=1),
        contrast(trials, (trials.outcomes == 0).sum(axis=1)),
    )
    monkeypatch.setattr(sys.modules[contrast.__module__], "weighted_logit", None)

    table = weight_sensitivity(StartNow.of(trials, propensity))

    assert table["difference"][0] == pytest.approx(anew.difference[0], rel=1e-6)
