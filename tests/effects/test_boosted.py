import sys

import numpy as np
import polars as pl
import pytest

from evalkit.effects.answer.boosted import N_FOLDS, boosted_difference, grown_expectation
from evalkit.effects.weighting.weights import folds
from evalkit.errors import EstimationError

EXACT = 1e-9


def _curved(n, seed):
    """Who starts and what they reach both follow the distance from zero; the effect is 1."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    treated = rng.random(n) < 1 / (1 + np.exp(1.2 - 1.2 * np.abs(x[:, 0])))
    return 2 * np.abs(x[:, 0]) + treated + rng.normal(size=n), treated, x


def _boosted(values, treated, design, **asked):
    n = len(values)
    asked = {"survey": np.ones(n), "clusters": np.arange(n), "seed": 1} | asked
    return boosted_difference(values, treated, design, **asked)


@pytest.mark.parametrize("estimand", ["ATT", "ATE", "overlap"])
def test_where_nothing_tells_people_apart_it_is_made_of_means_of_the_other_folds(estimand):
    """One constant covariate: no tree grows. Recomputed without evalkit from the same folds."""
    rng = np.random.default_rng(4)
    values, treated = rng.normal(size=100), rng.random(100) < 0.4
    fold = folds(pl.DataFrame({"cluster_id": np.arange(100)}), n_folds=N_FOLDS, seed=1)
    p = np.array([treated[fold != f].mean() for f in fold])
    of_treated, of_others = (
        np.array([values[arm & (fold != f)].mean() for f in fold]) for arm in (treated, ~treated)
    )
    odds = {"ATT": (1 + 0 * p, p / (1 - p)), "ATE": (1 / p, 1 / (1 - p)), "overlap": (1 - p, p)}
    of_arm = dict(zip((True, False), odds[estimand], strict=True))
    target = {"ATT": treated, "ATE": np.ones(100), "overlap": p * (1 - p)}[estimand]
    direct = np.average(of_treated - of_others, weights=target)
    direct += np.average((values - of_treated)[treated], weights=of_arm[True][treated])
    direct -= np.average((values - of_others)[~treated], weights=of_arm[False][~treated])

    found = _boosted(values, treated, np.ones((100, 1)), estimand=estimand)

    assert found.difference == pytest.approx(direct, abs=EXACT)


def test_a_form_that_a_logit_does_not_know_is_learnt():
    values, treated, x = _curved(3_000, seed=5)

    found = _boosted(values, treated, x)

    naive = values[treated].mean() - values[~treated].mean()
    assert abs(naive - 1) > 8 * found.std_error
    assert abs(found.difference - 1) < 3 * found.std_error


def test_a_household_counts_once():
    """Every row twice is the same answer with the same error, if both rows are one household's."""
    values, treated, x = _curved(400, seed=6)
    household = np.arange(400)

    once = _boosted(values, treated, x, survey=np.full(400, 2.0))
    twice = _boosted(
        *(np.concatenate([part, part]) for part in (values, treated, x)),
        clusters=np.concatenate([household, household]),
    )

    # A leaf asks for twenty rows: with twice the rows it may be smaller.
    assert twice.difference == pytest.approx(once.difference, abs=once.std_error)
    assert twice.std_error == pytest.approx(once.std_error, rel=0.1)


def test_nobody_is_predicted_by_their_own_fold():
    values, _, x = _curved(300, seed=7)
    fold, everybody = np.arange(300) % 5, np.ones(300, dtype=bool)
    moved = values + 100 * (fold == 2)

    before, after = (
        grown_expectation(outcome, x, np.ones(300), within=everybody, fold=fold, is_chance=False)
        for outcome in (values, moved)
    )

    assert (before == after)[fold == 2].all()
    assert (before != after)[fold != 2].all()


def test_missing_trees_are_told_in_four_lines(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)

    with pytest.raises(EstimationError, match=r"evalkit\[trees\]") as error:
        _boosted(*_curved(100, seed=1))

    assert [line.split(":")[0].strip() for line in str(error.value).splitlines()[1:]] == [
        "where",
        "why",
        "fix",
    ]


def test_an_arm_of_fewer_people_than_parts_is_refused():
    treated = np.arange(50) < 4

    with pytest.raises(EstimationError, match="treated: 4 clusters"):
        _boosted(np.zeros(50), treated, np.ones((50, 1)))


@pytest.mark.prove
def test_ranges_hold_the_truth_where_what_matters_is_measured():
    drawn = [_boosted(*_curved(1_500, seed=seed)) for seed in range(100, 300)]

    held = [abs(one.difference - 1) < 1.96 * one.std_error for one in drawn]
    assert np.mean(held) > 0.9
