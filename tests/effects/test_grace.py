import numpy as np
import pytest
from pydantic import ValidationError

from evalkit.effects.weighting.grace import GracePeriod
from evalkit.effects.weighting.later_starts import LaterStarts
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.weights import arm_weights
from evalkit.words import protocol_card

EXACT = 1e-12  # products of a few probabilities
DRAW = np.zeros(1, int)
ONE_TRIAL = {"eligibility": {"from_month": 2, "to_month": 2}, "follow_up_months": 3}


def test_clones_are_followed_and_weighted_by_hand(world):
    """One month of grace; every month in which somebody could start, half of them do.

    a starts in the trial month, b in the month after, c never, d leaves for work before the month
    after. The waiting list starts half in the trial month and all who are left in the next. Rows
    are people, columns follow-up months; the people that the effect is about weigh 1/2 each.
    """
    trials = world.trials(
        {"a": "stww", "b": "sstw", "c": "ssss", "d": "swww"}, grace_months=1, **ONE_TRIAL
    )
    even = np.zeros((1, 1))

    period = GracePeriod(trials, Coefficients(DRAW, even, even), "wait")
    chances = period.chances(even, even)
    starting, waiting = (
        np.column_stack([period.of_clones(chances, arm, month)[:, 0] for month in range(3)])
        for arm in (1, 0)
    )

    assert starting == pytest.approx(
        np.array([[0.5, 0.5, 0.5], [0.5, 1, 1], [0.5, 0, 0], [0.5, 0.5, 0.5]]), abs=EXACT
    )
    assert waiting == pytest.approx(
        np.array([[0, 0, 0], [1, 0, 0], [1, 2, 2], [1, 1, 1]]), abs=EXACT
    )


@pytest.mark.parametrize("comparison", ["wait", "never"])
@pytest.mark.parametrize("estimand", ["ATT", "ATE", "overlap"])
def test_without_grace_the_weights_are_those_of_starting_now(world, comparison, estimand):
    lives = {"a": "stww", "b": "sstw", "c": "ssss", "d": "swww", "e": "sswt"}
    trials = world.trials(
        lives,
        comparisons=["wait", "never"],
        estimand=estimand,
        eligibility={"from_month": 2, "to_month": 3},
    )
    one = np.full((1, 1), -0.4)

    period = GracePeriod(trials, Coefficients(DRAW, one, one), comparison)
    now = arm_weights(trials, one)
    chances = period.chances(one, one)

    for month in range(2):
        own = now[~trials.is_treated]
        if comparison == "never":
            later = LaterStarts(trials, Coefficients(DRAW, one, one), comparison)
            own = own * later.followed(later.chances(one), month)
        assert period.of_clones(chances, 1, month)[trials.is_treated] == pytest.approx(
            now[trials.is_treated], abs=EXACT
        )
        assert period.of_clones(chances, 0, month)[~trials.is_treated] == pytest.approx(
            own, abs=EXACT
        )
        assert not period.of_clones(chances, 1, month)[~trials.is_treated].any()


def test_truncation_holds_every_weight_of_both_arms(world):
    trials = world.trials(
        {"a": "stww", "b": "sstw", "c": "ssss"},
        grace_months=1,
        truncation={"propensity": 1.0},
        **ONE_TRIAL,
    )
    even = np.zeros((1, 1))

    period = GracePeriod(trials, Coefficients(DRAW, even, even), "wait")
    chances = period.chances(even, even)

    assert (
        max(period.of_clones(chances, arm, month).max() for arm in (0, 1) for month in range(3))
        == 1.0
    )  # 2 without


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grace_months": 2}, "shorter than the follow-up"),
        ({"grace_months": -1}, "greater than or equal to 0"),
        (
            {"grace_months": 1, "comparisons": ["other"], "other_intervention_id": "x"},
            "goes with wait and never",
        ),
        ({"grace_months": 1, "truncation": {"censoring": 5}}, "propensity alone"),
    ],
)
def test_a_grace_period_that_makes_no_sense_is_refused(world, changes, words):
    with pytest.raises(ValidationError, match=words):
        world.protocol(**changes)


def test_the_card_shows_the_grace_period(world):
    card = dict(protocol_card(world.protocol(grace_months=1)).iter_rows())

    assert "or in one of the 1 after it" in card["treated"]
    assert "or the grace period" in card["comparison: wait"]
