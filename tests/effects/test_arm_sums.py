import numpy as np
import pytest

from evalkit.effects.answer import arm_sums as module
from evalkit.effects.answer.arm_sums import arm_sums, stretches

EXACT = 1e-12  # sums of forty weights of about one, added and taken away again
N_ROWS, N_MONTHS, N_STATES, N_DRAWS = 40, 7, 3, 5


@pytest.mark.parametrize("block_values", [1, 60, 10**6])
def test_sums_follow_changes_as_if_every_month_were_added_anew(monkeypatch, block_values):
    rng = np.random.default_rng(3)
    states = np.minimum(rng.random((N_ROWS, N_MONTHS)).cumsum(axis=1).astype(np.int8), N_STATES - 1)
    events = rng.random((2, N_ROWS, N_MONTHS)) < 0.4
    is_new = (rng.random((N_ROWS, N_MONTHS)) < 0.3) | (np.arange(N_MONTHS) == 0)
    weights = rng.exponential(size=(N_ROWS, N_MONTHS, N_DRAWS))
    begun = np.maximum.accumulate(np.where(is_new, np.arange(N_MONTHS), 0), axis=1)
    weights = np.take_along_axis(
        weights, begun[:, :, None], axis=1
    )  # the weight of the month in which the stretch began
    monkeypatch.setattr(module, "_BLOCK_VALUES", block_values)

    found = stretches(states, events, is_new, n_states=N_STATES)
    sums = arm_sums(
        found,
        lambda block, rows, months: weights[rows, months],
        n_rows=N_ROWS,
        n_months=N_MONTHS,
        n_draws=N_DRAWS,
    )

    indicators = np.concatenate([states == np.arange(N_STATES)[:, None, None], events])
    assert sums == pytest.approx(np.einsum("nim,imb->nmb", indicators, weights), abs=EXACT)


def test_nobody_left_is_zero_and_not_rounding():
    states, weights = np.array([[0, 1, 0], [0, 1, 0], [0, 0, 0]]), np.array([[0.1], [0.2], [0.3]])

    found = stretches(
        states, np.zeros((0, 3, 3), bool), np.arange(3) == np.zeros((3, 1)), n_states=2
    )
    sums = arm_sums(
        found, lambda block, rows, months: weights[rows], n_rows=3, n_months=3, n_draws=1
    )

    assert sums[1, :, 0].tolist() == [0, pytest.approx(0.3, abs=EXACT), 0]
