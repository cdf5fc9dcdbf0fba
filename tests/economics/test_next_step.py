"""Months on the next step are months on support: what they are called moves no money."""

import numpy as np
import polars as pl
import pytest
from one_start import value_effects
from polars.testing import assert_frame_equal

from evalkit.economics.ledger.effect_paths import effect_paths
from evalkit.economics.ledger.ledger import refuse_unknown_states
from evalkit.errors import LedgerError

# Shares are told apart and added again.
ROUNDING = 1e-9


@pytest.fixture
def told_apart(effect_draws):
    """The same effects with a part of the months on support on the next step: none of the
    comparison's in month 0, more of those who start.
    """
    is_support = pl.col("state") == "support"
    part = pl.when(pl.col("arm") == "treated").then(0.5).otherwise(0.25)
    part = pl.when(pl.col("month") > 0).then(part).otherwise(0.0)
    share = pl.col("probability")
    step = effect_draws.filter(is_support).with_columns(
        state=pl.lit("next_step"), probability=share * part
    )
    rest = effect_draws.with_columns(
        probability=pl.when(is_support).then(share * (1 - part)).otherwise(share)
    )
    return pl.concat([rest, step])


def test_a_month_on_the_next_step_is_valued_as_a_month_on_support(effect_draws, told_apart, book):
    plain, told = (value_effects(draws, book, seed=1) for draws in (effect_draws, told_apart))

    assert_frame_equal(told, plain, abs_tol=ROUNDING, check_row_order=False)


def test_the_paths_that_are_valued_hold_the_next_step_as_support(effect_draws, told_apart):
    for plain, told in zip(effect_paths(effect_draws), effect_paths(told_apart), strict=True):
        assert told.states == plain.states
        assert np.allclose(told.probabilities, plain.probabilities, atol=ROUNDING)


def test_the_next_step_needs_no_price_of_its_own(book):
    states = [livelihood.state for livelihood in book.livelihoods]

    refuse_unknown_states([*states, "next_step"], book)
    with pytest.raises(LedgerError):
        refuse_unknown_states([*states, "sheltered_work"], book)
