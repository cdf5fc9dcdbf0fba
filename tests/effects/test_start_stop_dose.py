"""Starting and stopping by month: balance is required of the sequence whose weights these are, and
numbers of the month itself.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import fit_propensity
from evalkit.effects.answer.start_stop_dose import effect_by_start_month, effect_by_stop_month
from evalkit.effects.trust.balance import standardised_differences
from evalkit.effects.weighting.start_now import StartNow

DRAWS = {"n_draws": 40, "seed": 3}
# One moment has some 75 starters: a difference of means has a standard error of 0.12 standard
# deviations there.
LIMITS = {"min_starters": 20, "min_effective_sample_size": 20, "max_abs_smd": 0.05}


@pytest.fixture(scope="module")
def trials(arms):
    """Starters and others alike but for what the weights know; elapsed months 1 to 30 at random, so
    that three months hold a tenth of them.
    """
    made = arms.confounded(6_000, 5, start_months=[5], refusal=LIMITS)
    elapsed = pl.Series(
        "elapsed_months", np.random.default_rng(1).integers(1, 31, len(made.rows)), dtype=pl.Int32
    )
    return replace(made, rows=made.rows.with_columns(elapsed))


def test_chance_imbalance_at_one_moment_is_no_reason_to_refuse(trials):
    propensity = fit_propensity(trials, **DRAWS)

    found = effect_by_start_month(trials, propensity, **DRAWS).row(0, named=True)

    near = trials.keep(trials.rows["elapsed_months"].is_between(4, 6).to_numpy())
    weights = StartNow.of(near, propensity).weights
    assert np.abs(standardised_differences(near, weights)).max() > LIMITS["max_abs_smd"]
    assert (found["effect_state"], found["reason"]) == ("estimated", None)
    assert found["ci_lower"] < 0 < found["ci_upper"]


def test_no_moment_can_be_said_when_the_weights_of_the_sequence_do_not_balance(trials):
    unweighted = fit_propensity(trials, **DRAWS).with_columns(coefficient=pl.lit(0.0))

    found = effect_by_start_month(trials, unweighted, **DRAWS).row(0, named=True)

    assert (found["effect_state"], found["reason"]) == ("cannot_be_said", "unbalanced")


def test_stopping_has_no_comparison_when_everybody_leaves(arms):
    """Two people who each leave in two trials: nobody goes on."""
    protocol = arms.protocol(stop_months=[1])
    trials = arms.of_arrays(
        np.zeros((4, 0)),
        np.ones(4, bool),
        np.zeros((4, 2), int),
        person=np.array([0, 0, 1, 1]),
        protocol=protocol,
    )

    row = effect_by_stop_month(trials, protocol, **DRAWS).row(0, named=True)

    assert (row["effect_state"], row["reason"]) == ("cannot_be_said", "no_comparison")
    assert row["n_starters"] == 2
