import numpy as np
import pytest

from evalkit.effects import balance_table, fit_propensity
from evalkit.effects.trust.balance import balance_by_period, trial_flow
from evalkit.effects.trust.refusal import terms_left_out
from evalkit.effects.weighting.start_now import StartNow

EXACT = 1e-12


def test_balance_table_by_hand(arms):
    """Treated 1, 3 (mean 2, variance 2); comparison 0, 2, 2, 4 (mean 2, variance 8/3)."""
    trials = arms.of_arrays(
        np.array([1.0, 3, 0, 2, 2, 4]),
        np.array([True, True, False, False, False, False]),
        np.zeros((6, 1), int),
    )

    table = balance_table(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1))).row(
        0, named=True
    )

    assert table["smd_before"] == pytest.approx(0, abs=EXACT)
    assert table["variance_ratio_before"] == pytest.approx(1 / 2, abs=EXACT)
    assert table["n_starters"] == 2


def test_weighting_balances_what_was_unbalanced(arms):
    trials = arms.confounded(2_000, seed=2)

    table = balance_table(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))

    assert table["smd_before"].abs().max() > 0.5
    assert table["smd_after"].abs().max() < 0.1


def test_balance_by_period_joins_months_until_there_are_enough_starters(arms):
    treated = np.tile([True, True, False, False], 5)
    month = np.repeat([2, 3, 4, 5, 6], 4)
    trials = arms.of_arrays(np.arange(20.0), treated, np.zeros((20, 1), int), month=month)

    periods = balance_by_period(
        StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)), min_starters=4
    )

    assert periods.select("from_month", "to_month", "n_starters").unique().sort(
        "from_month"
    ).rows() == [(2, 3, 4), (4, 6, 6)]


def test_balance_within_a_period_is_seen_where_the_years_together_balance(arms):
    """x is high among starters in month 2 and low in month 3: together they are alike, apart they
    are not.
    """
    x = np.array([2.0, 2, 0, 0] * 10 + [0.0, 0, 2, 2] * 10)
    trials = arms.of_arrays(
        x,
        np.tile([True, True, False, False], 20),
        np.zeros((80, 1), int),
        month=np.repeat([2, 3], 40),
    )
    propensity = fit_propensity(trials, n_draws=1, seed=1)

    together, apart = (
        balance_table(StartNow.of(trials, propensity)),
        balance_by_period(StartNow.of(trials, propensity), min_starters=20),
    )

    assert together["smd_after"].abs().max() < 1e-6
    assert apart["smd_after"].abs().min() > 1


def test_trial_flow_counts_people_by_quarter_each_once(world):
    lives = {"a": "stwwwwww", "b": "sstttttt", "c": "ssssssss"}
    trials = world.trials(lives, eligibility={"from_month": 2, "to_month": 6})

    assert trial_flow(trials).rows() == [
        ("all", "course", 2, 4, 3, 2),
        ("all", "course", 5, 6, 1, 0),
    ]


def test_a_term_that_is_the_same_for_everybody_has_no_balance_and_is_left_out(arms):
    trials = arms.of_arrays(
        np.zeros(4), np.array([True, False, True, False]), np.zeros((4, 1), int)
    )

    fitted = fit_propensity(trials, n_draws=1, seed=1)

    assert balance_table(StartNow.of(trials, fitted)).is_empty()
    assert fitted.filter(term="x0")["coefficient"].to_list() == [0.0, 0.0]
    assert terms_left_out(trials)["covariate"].to_list() == ["x0"]
