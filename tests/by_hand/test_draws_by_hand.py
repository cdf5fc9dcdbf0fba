"""Ranges of draws: places among the replicates counted by hand, and how many new draws a range
holds.
"""

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from evalkit.draws import (
    estimate_with_range,
    percentile_limits,
    probability_above_zero,
    share_above_zero,
)
from evalkit.errors import EstimationError

_RNG = np.random.default_rng(11)


def _table(replicates) -> pl.DataFrame:
    return pl.DataFrame({"draw": range(len(replicates) + 1), "value": [0.5, *replicates]})


def test_of_39_replicates_the_outermost_are_the_limits():
    # 0.025 x 40 = 1: the first and the last in order.
    replicates = _RNG.permutation(np.arange(1.0, 40.0))

    assert percentile_limits(replicates).tolist() == pytest.approx([1, 39])
    assert _table(replicates).select(estimate_with_range("value")).row(0) == pytest.approx(
        (0.5, 1, 39)
    )


def test_a_place_between_two_replicates_lies_on_the_line_between_them():
    # 0.025 x 100 = 2.5 of 99.
    assert percentile_limits(np.arange(1.0, 100.0)).tolist() == pytest.approx([2.5, 97.5])
    observed = (
        _table(np.arange(1.0, 100.0)).select(estimate_with_range("value", is_observed=True)).row(0)
    )
    assert set(observed[1:]) <= {2, 3, 97, 98}


@pytest.mark.parametrize("n_draws", [1, 2, 20, 50, 100, 999])
@pytest.mark.parametrize("conf_level", [0.5, 0.8, 0.95])
def test_tables_and_arrays_give_the_same_limits(n_draws, conf_level):
    replicates = _RNG.normal(size=n_draws)
    table = pl.concat([_table(replicates).with_columns(group=pl.lit(group)) for group in "ab"])

    rows = table.group_by("group").agg(estimate_with_range("value", conf_level=conf_level))

    for row in rows.drop("group").iter_rows():
        assert row == pytest.approx((0.5, *percentile_limits(replicates, conf_level)), abs=1e-12)


@pytest.mark.parametrize("n_draws", [50, 100])
def test_a_range_of_95_per_cent_holds_95_per_cent_of_new_draws(n_draws):
    draws = _RNG.uniform(size=(n_draws, 40_000))

    lower, upper = percentile_limits(draws)

    assert (upper - lower).mean() == pytest.approx(0.95, abs=0.001)


def test_recycled_replicates_give_no_narrower_a_range():
    own = _RNG.normal(size=(50, 4_000))
    many = np.concatenate([own] * 20) + _RNG.normal(scale=0.01, size=(1000, 4_000))

    # The share of new draws within the limits: those of a normal distribution.
    with_care, without = (
        (norm.cdf(upper) - norm.cdf(lower)).mean()
        for lower, upper in (percentile_limits(many, n_independent=50), percentile_limits(many))
    )
    assert with_care == pytest.approx(0.955, abs=0.006)
    assert without < 0.94


def test_without_replicates_there_is_no_range():
    assert _table([]).select(estimate_with_range("value")).row(0) == (0.5, None, None)
    assert np.isnan(percentile_limits(np.empty((0, 3)))).all()


@pytest.mark.parametrize("conf_level", [0, 1, 95])
def test_a_confidence_level_is_a_share(conf_level):
    with pytest.raises(EstimationError, match="between 0 and 1"):
        percentile_limits(np.ones(3), conf_level)
    with pytest.raises(EstimationError, match="between 0 and 1"):
        estimate_with_range("value", conf_level=conf_level)


def test_the_probability_above_zero_is_where_the_limit_would_be_zero():
    # Nine replicates, the third smallest -1 and the fourth 1: zero lies half-way between places 3
    # and 4 of 10.
    replicates = _RNG.permutation([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])

    assert probability_above_zero(replicates) == pytest.approx(1 - 3.5 / 10)
    # All above: less than one tenth of further draws lie below, and half of it is taken.
    assert probability_above_zero(np.abs(replicates)) == pytest.approx(1 - 0.5 / 10)
    assert probability_above_zero(np.zeros(9)) == pytest.approx(0.5 / 10)
    assert probability_above_zero(np.zeros(9), or_zero=True) == pytest.approx(1 - 0.5 / 10)
    assert probability_above_zero(np.empty(0)) is None


@pytest.mark.parametrize("n_draws", [39, 50, 100, 400])
@pytest.mark.parametrize("times", [1, 3])
def test_a_range_lies_above_zero_exactly_where_the_probability_says_so(n_draws, times):
    for mean in np.linspace(1.0, 3.0, 60):
        own = _RNG.normal(mean, 1.0, size=n_draws)
        replicates = np.tile(own, times) + _RNG.normal(0, 0.01, size=n_draws * times)

        low, _ = percentile_limits(replicates, n_independent=n_draws)

        assert (low > 0) == (probability_above_zero(replicates, n_independent=n_draws) > 0.975)


@pytest.mark.parametrize("n_draws", [1, 2, 20, 999])
def test_tables_and_arrays_give_the_same_probability(n_draws):
    replicates = _RNG.normal(0.3, 1.0, size=n_draws)

    assert _table(replicates).select(share_above_zero("value")).item() == pytest.approx(
        probability_above_zero(replicates)
    )
    assert _table(np.abs(replicates)).select(share_above_zero("value")).item() == pytest.approx(
        probability_above_zero(np.abs(replicates))
    )
    assert _table([]).select(share_above_zero("value")).item() is None
