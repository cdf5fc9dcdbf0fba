import numpy as np
import pytest

from evalkit.effects.answer.outcome_model import expected_outcome

EXACT = 1e-9


def _expected(design, outcome, fold, within=None):
    n = len(outcome)
    return expected_outcome(
        design,
        outcome,
        np.ones(n),
        within=np.ones(n, bool) if within is None else within,
        fold=fold,
        plain=range(1, design.shape[1]),
    )


def test_without_covariates_each_is_expected_to_have_the_mean_of_the_others_in_the_arm():
    """Folds of two; the last row is of the other arm, and gets the mean of the arm's other fold."""
    outcome, fold, within = (
        np.array([1.0, 3, 5, 9, 100]),
        np.array([0, 0, 1, 1, 0]),
        np.array([True] * 4 + [False]),
    )

    found = _expected(np.ones((5, 1)), outcome, fold, within)

    assert found == pytest.approx([7, 7, 2, 2, 7], abs=EXACT)


def test_nobody_is_predicted_by_their_own_household():
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(600), rng.normal(size=(600, 2))])
    outcome, fold = design[:, 1] + rng.normal(size=600), rng.integers(0, 5, 600)
    moved = outcome + np.where(fold == 2, 1e-6 * rng.normal(size=600), 0.0)

    before, after = _expected(design, outcome, fold), _expected(design, moved, fold)

    assert np.abs(before - after)[fold == 2].max() < 1e-12
    assert np.abs(before - after)[fold != 2].max() > 1e-9


def test_curves_and_products_are_found_and_do_not_run_away_in_the_tails():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4_000, 2))
    outcome = np.abs(x[:, 0]) + x[:, 0] * x[:, 1] + 0.1 * rng.normal(size=4_000)
    x[0] = 50.0
    fold = rng.integers(0, 5, 4_000)

    found = _expected(np.column_stack([np.ones(4_000), x]), outcome, fold)

    left = np.delete(outcome - found, 0)
    assert left.std() < 0.2 * outcome.std()


def test_many_terms_that_say_nothing_cost_little():
    """A dozen covariates of noise and 150 rows: what is expected stays near the mean."""
    rng = np.random.default_rng(3)
    design = np.column_stack([np.ones(150), rng.normal(size=(150, 12))])

    found = _expected(design, rng.normal(size=150), rng.integers(0, 5, 150))

    assert found.std() < 0.5
