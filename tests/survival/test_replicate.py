"""Bootstrap weights that depend on id, seed and draw alone, and replicates made with them."""

import numpy as np
import polars as pl
import pytest

from evalkit.errors import EstimationError
from evalkit.survival import (
    aalen_johansen,
    curve_statistic,
    replicate,
    replicate_weights,
    tabulate_risk_set,
)

IDS = [f"p-{number}" for number in range(4000)]
MONTE_CARLO = 4  # standard errors that a simulated mean may be off
CLOSE = 1e-12  # a few operations on doubles
PINNED = [[1, 0, 0, 3, 2, 0], [0, 1, 2, 0, 0, 0], [2, 0, 1, 3, 2, 1], [1, 3, 0, 1, 0, 0]]


def test_weights_do_not_depend_on_the_order_of_ids():
    weights = replicate_weights(IDS, seed=5, n_draws=4)

    backwards = replicate_weights(IDS[::-1], seed=5, n_draws=4)

    assert np.array_equal(backwards[::-1], weights)


def test_weights_of_later_draws_are_that_part_of_all_draws():
    weights = replicate_weights(IDS[:50], seed=5, n_draws=20)

    later = replicate_weights(IDS[:50], seed=5, n_draws=8, first_draw=12)

    assert np.array_equal(later, weights[:, 12:])


def test_weights_are_pinned_to_the_hash():
    # Pins the keyed hash: effects computed on different machines or days must share their draws.
    # Not to be regenerated.
    weights = replicate_weights(["NI-0001", "NI-0002", "NI-0003", "NI-0004"], seed=1, n_draws=6)

    assert weights.astype(int).tolist() == PINNED


def test_number_and_text_of_an_id_are_the_same_cluster():
    assert np.array_equal(
        replicate_weights([7, 8], seed=1, n_draws=9),
        replicate_weights(["7", "8"], seed=1, n_draws=9),
    )


@pytest.mark.parametrize("kind", ["poisson", "exponential"])
def test_weights_have_mean_and_variance_one(kind):
    weights = replicate_weights(IDS, seed=2, n_draws=25, kind=kind)

    n = weights.size
    assert abs(weights.mean() - 1) < MONTE_CARLO / np.sqrt(n)
    assert abs(weights.var() - 1) < MONTE_CARLO * np.sqrt(9 / n)


def test_draws_and_seeds_are_uncorrelated():
    weights = np.hstack([replicate_weights(IDS, seed=seed, n_draws=5) for seed in (1, 2)])

    correlations = np.corrcoef(weights.T) - np.eye(10)
    assert np.abs(correlations).max() < (MONTE_CARLO + 1) / np.sqrt(len(IDS))


def test_missing_id_is_refused(four_lines):
    with pytest.raises(EstimationError) as refusal:
        replicate_weights(["p1", None], seed=1, n_draws=1)

    assert four_lines(refusal.value)[0] == "1 cluster ids are missing."


def test_unknown_kind_is_refused(four_lines):
    with pytest.raises(EstimationError) as refusal:
        replicate_weights(["p1"], seed=1, n_draws=1, kind="wild")

    assert four_lines(refusal.value)[1] == "kind = wild"


@pytest.mark.parametrize("entry", [None, "entry"])
def test_replicates_of_curves_are_curves_of_weighted_spells(entry, spells):
    columns = {"time": "months", "event": "cause", "entry": entry, "by": ["district"]}
    risk_set = tabulate_risk_set(spells, cluster="person", **columns)

    replicates = replicate(curve_statistic, risk_set, seed=3, n_draws=6)

    for draw in range(6):
        drawn = replicate_weights(spells["person"], seed=3, n_draws=1, first_draw=draw)[:, 0]
        # A district from which nobody is drawn has no curve: NaN in the replicates, refused by the
        # estimator.
        weighted = spells.with_columns(drawn=pl.Series(drawn)).filter(
            pl.col("drawn").sum().over("district") > 0
        )
        curves = aalen_johansen(weighted, weight="drawn", **columns)
        south = curves.filter(pl.col("district") == "south", pl.col("cause") == "work")[
            "estimate"
        ].to_numpy()
        assert np.isnan(replicates[draw, 1]).all() == (len(south) == 0)
        if len(south):
            assert np.allclose(replicates[draw, 1, :, 2], south, rtol=0, atol=CLOSE)


def test_a_group_that_enters_late_has_replicates(spells):
    late = spells.with_columns(
        pl.col("entry", "months") + pl.when(pl.col("district") == "north").then(0).otherwise(5)
    )
    risk_set = tabulate_risk_set(
        late, time="months", event="ended", entry="entry", cluster="person", by=["district"]
    )

    replicates = replicate(curve_statistic, risk_set, seed=3, n_draws=6)[..., 0]

    is_drawn = replicate_weights(["p3", "p4", "p5"], seed=3, n_draws=6).any(axis=0)
    assert (np.isnan(replicates[:, 1]).any(axis=1) == ~is_drawn).all()
    assert (replicates[is_drawn, 1, 0] == 1).all()


def test_spread_of_replicates_is_the_clustered_error():
    rng = np.random.default_rng(11)
    spells = pl.DataFrame(
        {
            "months": rng.integers(1, 13, 900),
            "cause": rng.choice(["work", "studies"], 900),
            "person": rng.integers(0, 400, 900),
        }
    )
    risk_set = tabulate_risk_set(spells, time="months", event="cause", cluster="person")

    replicates = replicate(curve_statistic, risk_set, seed=3, n_draws=2000)

    error = aalen_johansen(spells, time="months", event="cause", cluster="person").filter(
        pl.col("cause") == "work"
    )["std_error"]
    ratio = replicates[:, 0, 6, 2].std() / error[6]
    assert (
        abs(ratio - 1) < MONTE_CARLO * np.sqrt(1 / (2 * 2000)) + 0.02
    )  # 0.02: the jackknife is a first-order formula


def test_counts_without_clusters_cannot_be_replicated(spells, four_lines):
    risk_set = tabulate_risk_set(spells, time="months", event="cause")

    with pytest.raises(EstimationError) as refusal:
        replicate(curve_statistic, risk_set, seed=1, n_draws=2)

    assert "cluster=" in four_lines(refusal.value)[3]


def test_no_draw_at_all_is_refused(spells, four_lines):
    risk_set = tabulate_risk_set(spells, time="months", event="cause", cluster="person")

    with pytest.raises(EstimationError) as refusal:
        replicate(curve_statistic, risk_set, seed=1, n_draws=0)

    assert four_lines(refusal.value)[1] == "n_draws = 0"
