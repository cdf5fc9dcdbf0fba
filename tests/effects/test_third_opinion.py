import numpy as np
import pytest

from evalkit.effects import contrast, fit_propensity, third_opinion
from evalkit.effects.answer import third_opinion as module
from evalkit.effects.answer.boosted import boosted_difference
from evalkit.effects.trials.thinned import thinned_comparison

EXACT = 1e-9


def _opinion(trials):
    table = third_opinion(trials, fit_propensity(trials, n_draws=1, seed=1), seed=1)
    return table.row(0, named=True)


def test_trees_agree_where_the_formula_is_right(arms):
    trials = arms.confounded(800, seed=1, effect=0.5)

    found = _opinion(trials)

    assert found["verdict"] == "agrees"
    assert 0 < found["one_person"] < 1
    by_arrays = boosted_difference(
        (trials.outcomes == 0).sum(axis=1),
        trials.is_treated,
        trials.design,
        survey=np.ones(len(trials.rows)),
        clusters=trials.rows["cluster_id"].to_numpy(),
        seed=1,
    )
    assert found["difference"] == pytest.approx(by_arrays.difference, abs=EXACT)


def test_trees_differ_where_the_formula_is_wrong(arms):
    """Those far from the middle start and work more; a straight line through it sees nothing."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=4_000)
    treated = rng.random(4_000) < 1 / (1 + np.exp(2 - 1.2 * np.abs(x)))
    working = rng.random((4_000, 2)) < 1 / (1 + np.exp(1.5 - 1.5 * np.abs(x)))[:, None]
    trials = arms.of_arrays(x, treated, np.where(working, 0, 2))

    found = _opinion(trials)

    assert found["verdict"] == "differs"
    # In truth starting changes nothing.
    weighted = contrast(trials, trials.is_in_primary.sum(axis=1)).difference[0]
    assert abs(found["difference"]) < weighted / 3


def test_what_is_hidden_fools_trees_too(arms):
    trials = arms.confounded(3_000, seed=3, slope=1.2)
    hidden = arms.of_arrays(trials.design[:, 2], trials.is_treated, trials.outcomes)

    found = _opinion(hidden)

    assert found["verdict"] == "agrees"
    assert found["ci_lower"] > 0


def test_without_the_extra_it_says_so_and_does_not_fail(arms, monkeypatch):
    monkeypatch.setattr(module, "has_trees", lambda: False)

    found = _opinion(arms.confounded(200, seed=1))

    assert (found["verdict"], found["reason"]) == ("not_computed", "not_installed")
    assert found["difference"] is None


def test_few_people_are_said_and_nobody_to_compare_gives_no_row(arms):
    few = arms.of_arrays(np.arange(12.0), np.arange(12) < 3, np.zeros((12, 2), int))
    nobody = arms.of_arrays(np.arange(12.0), np.zeros(12, bool), np.zeros((12, 2), int))

    assert _opinion(few)["reason"] == "few_people"
    assert third_opinion(nobody, fit_propensity(few, n_draws=1, seed=1), seed=1).is_empty()


def test_thinning_keeps_who_starts_and_the_weight_of_the_comparison(arms):
    trials = arms.confounded(900, seed=2)
    n_compared = int((~trials.is_treated).sum())

    fewer = thinned_comparison(trials, n_compared // 3 + 1)

    kept = fewer.rows.filter(arm="comparison")
    assert fewer.n_starters == trials.n_starters
    assert kept.height == -(-n_compared // 3)
    assert kept["weight"].sum() == pytest.approx(n_compared, abs=2)
    assert thinned_comparison(trials, n_compared) is trials
