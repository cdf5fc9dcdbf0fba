from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import effect_draws, estimate_effect, fit_models, fit_propensity, weighting_of
from evalkit.effects.answer.estimate import primary_months
from evalkit.effects.trials.replicates import Replicates
from evalkit.errors import EstimationError
from evalkit.survival import replicate_weights

EXACT = 1e-12  # sums of some dozen shares, added in another order
DRAWS = {"n_draws": 40, "seed": 4}
PEOPLE = [f"p{number:02d}" for number in range(30)]
OWN_TRIALS = {
    "comparisons": ["wait", "never"],
    "follow_up_months": 5,
    "eligibility": {"from_month": 2, "to_month": 4},
}


def _trials(world, *, n_people=30, **changes):
    """People who move between support, training and work by chance, with survey weights."""
    rng = np.random.default_rng(8)
    lives = {who: "s" + "".join(rng.choice(list("sstw"), size=9)) for who in PEOPLE[:n_people]}
    trials = world.trials(lives, **{**OWN_TRIALS, **changes})
    weighted = [_with_survey_weights(table, rng) for table in (trials.rows, trials.waiting.rows)]
    return replace(trials, rows=weighted[0], waiting=replace(trials.waiting, rows=weighted[1]))


def _with_survey_weights(rows, rng):
    return rows.with_columns(weight=pl.Series(rng.uniform(0.5, 2.0, len(rows))))


def _months(trials, fitted, comparison):
    weighting = weighting_of(trials, fitted, comparison)
    return primary_months(weighting, trials.cluster_weights(**DRAWS))


def _long_way(trials, fitted, comparison):
    """Every state's share of every month of every draw, of which only some are added up."""
    draws = effect_draws(
        estimate_effect(
            trials, district="all", propensity=fitted, comparisons=[comparison], **DRAWS
        ).sums
    )
    work = draws.filter(
        (pl.col("state") == trials.protocol.primary_outcome) & (pl.col("month") > 0)
    )
    months = (
        work.group_by("draw", "arm")
        .agg(pl.col("probability").sum())
        .sort("draw")
        .pivot("arm", index="draw", values="probability")
    )
    return months.select("draw", difference=pl.col("treated") - pl.col("comparison"))


@pytest.mark.parametrize("comparison", ["wait", "never"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"grace_months": 1},
        {"estimand": "overlap"},
        {"estimand": "ATE"},
        {"truncation": {"censoring": 1.5}},
    ],
)
def test_months_are_those_that_all_states_of_all_months_add_up_to(world, comparison, changes):
    trials = _trials(world, **changes)
    fitted = fit_models(trials, **DRAWS)

    months = _months(trials, fitted, comparison)
    expected = _long_way(trials, fitted, comparison)

    assert months["draw"].to_list() == expected["draw"].to_list() and len(months) > 30
    assert months["difference"].to_numpy() == pytest.approx(
        expected["difference"].to_numpy(), abs=EXACT
    )
    assert months["difference"].std() > 0.01


def test_draws_in_which_an_arm_is_empty_are_left_out(world):
    trials = _trials(world, n_people=6)
    fitted = fit_models(trials, **DRAWS)

    months = _months(trials, fitted, "never")

    assert 0 < len(months) < len(fitted["draw"].unique())
    assert months["draw"].to_list() == _long_way(trials, fitted, "never")["draw"].to_list()


def test_never_needs_the_chance_of_starting_later(world):
    trials = _trials(world)

    with pytest.raises(EstimationError, match="another protocol"):
        _months(trials, fit_propensity(trials, **DRAWS), "never")


def test_kept_replicates_are_those_drawn_anew(monkeypatch):
    """Asked for some, others, all of them and some again, in another seed too: each person's
    weights are those of `replicate_weights`.
    """
    kept, ids, drawn = Replicates(), pl.Series(PEOPLE), []
    monkeypatch.setattr(
        "evalkit.effects.trials.replicates.replicate_weights",
        lambda *a, **kw: drawn.append(len(a[0])) or replicate_weights(*a, **kw),
    )

    for own, seed, is_new in [
        (ids[5:9], 4, 4),
        (ids[7:20], 4, 11),
        (ids, 4, 15),
        (ids[::3], 4, 0),
        (ids[:2], 5, 2),
    ]:
        expected = replicate_weights(own, seed=seed, n_draws=7, first_draw=1)
        n_before = sum(drawn)
        assert np.array_equal(kept.of(own, n_draws=7, seed=seed), expected)
        assert sum(drawn) - n_before == is_new


def test_parts_of_trials_share_their_replicates(world):
    trials = _trials(world)

    assert trials.keep(trials.is_treated).replicates is trials.replicates
