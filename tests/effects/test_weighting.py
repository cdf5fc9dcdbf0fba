"""A weighting strategy hands out arms, weights by month and the weakest arm."""

import numpy as np
import polars as pl
import pytest

from evalkit.effects import estimate_effect, fit_models, weighting_of
from evalkit.effects.trust.refusal import refusal_reason
from evalkit.effects.weighting import strategies
from evalkit.effects.weighting.grace import GracePeriod
from evalkit.effects.weighting.later_starts import LaterStarts
from evalkit.effects.weighting.propensity import Coefficients
from evalkit.effects.weighting.start_now import StartNow
from evalkit.effects.weighting.strategies import strategy_of, weightings_of
from evalkit.effects.weighting.weights import arm_weights
from evalkit.errors import EstimationError

EXACT = 1e-12  # products of a few probabilities
LIVES = {"a": "stww", "b": "sstw", "c": "ssss", "d": "swww", "e": "sswt"}
DRAWS = {"n_draws": 5, "seed": 2}


@pytest.mark.parametrize(
    ("grace_months", "comparison", "strategy"),
    [
        (0, "wait", StartNow),
        (0, "other", StartNow),
        (0, "never", LaterStarts),
        (1, "wait", GracePeriod),
        (1, "never", GracePeriod),
    ],
)
def test_each_comparison_has_its_strategy(world, grace_months, comparison, strategy):
    protocol = world.protocol(grace_months=grace_months)

    assert strategy_of(protocol, comparison) is strategy


@pytest.mark.parametrize("changes", [{}, {"grace_months": 1}])
@pytest.mark.parametrize("comparison", ["wait", "never"])
def test_the_last_month_weighs_as_the_point_estimate_does_by_month(world, changes, comparison):
    """The weights that status and refusal rest on are those that are summed: draw 0, last month."""
    trials = world.trials(LIVES, comparisons=["wait", "never"], **changes)
    weighting = weighting_of(trials, fit_models(trials, **DRAWS), comparison)
    last = trials.protocol.follow_up_months - 1

    for arm, (mask, expected) in enumerate(
        zip(weighting.masks, weighting.last_month(), strict=True)
    ):
        rows = np.arange(mask.sum())
        base = np.broadcast_to(
            weighting.base(np.flatnonzero(mask)), (len(rows), len(weighting.coefficients.draws))
        )
        by_month = weighting.by_month(
            base, arm, slice(0, len(rows)), rows, np.full(len(rows), last)
        )
        assert by_month[:, 0] == pytest.approx(expected, abs=EXACT)


def test_refusal_balance_and_numbers_ask_for_the_weights_once(arms, monkeypatch):
    refusal = {"min_starters": 1, "min_effective_sample_size": 1, "max_abs_smd": 10}
    trials = arms.confounded(300, seed=1, refusal=refusal)
    weighting = weighting_of(trials, fit_models(trials, **DRAWS), "wait")
    asked = []
    monkeypatch.setattr(
        "evalkit.effects.weighting.start_now.arm_weights",
        lambda *a, **kw: asked.append(1) or arm_weights(*a, **kw),
    )

    assert refusal_reason(weighting, district="all") is None
    assert weighting.effective_size > 1 and weighting.max_weight < 1
    assert len(asked) == 1


def test_comparisons_without_their_model_are_left_out(world):
    trials = world.trials(LIVES, comparisons=["wait", "never"])
    both = fit_models(trials, **DRAWS)

    fitted = [weightings_of(trials, rows) for rows in (both, both.filter(model="propensity"))]

    names = [[weighting.comparison for weighting in weightings] for weightings in fitted]
    assert names == [["wait", "never"], ["wait"]]


def test_trials_without_months_of_waiting_say_what_they_lack(world):
    trials, even = world.trials(LIVES), np.zeros((1, 1))

    with pytest.raises(EstimationError) as refused:
        LaterStarts(trials, Coefficients(np.zeros(1, int), even, even), "never")

    what, where, why, fix = str(refused.value).splitlines()
    assert what == "The trials hold no months of waiting."
    assert "protocol course, comparisons" in where and "chance" in why
    assert "name never" in fix and "grace_months" in fix


def test_a_further_strategy_needs_no_other_module(world, monkeypatch):
    """Everybody counts once: the sums are counts of person-trials."""

    class Unweighted(StartNow):
        def base(self, rows):
            return np.ones((len(rows), len(self.coefficients.draws)))

    monkeypatch.setattr(strategies, "strategy_of", lambda protocol, comparison: Unweighted)
    trials = world.trials(LIVES)

    sums = estimate_effect(
        trials, district="all", propensity=fit_models(trials, **DRAWS), **DRAWS
    ).sums

    totals = sums.filter(draw=0, month=1).group_by("arm").agg(pl.col("weight_total").first())
    n_starting = int(trials.is_treated.sum())
    assert dict(totals.cast({"arm": pl.String}).iter_rows()) == {
        "treated": n_starting,
        "comparison": len(trials.rows) - n_starting,
    }
