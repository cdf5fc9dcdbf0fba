import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from evalkit.effects import fit_propensity, placebo_tests
from evalkit.effects.trials.history import History
from evalkit.effects.trust.placebo import holm, two_sided
from evalkit.effects.weighting.start_now import StartNow

EXACT = 1e-12
HISTORY = [{"name": "past_work", "kind": "history_share", "outcome": "work"}]


@pytest.mark.parametrize(
    "p_values", [[0.01, 0.04, 0.03], [0.5, 0.001, 0.2, 0.001], [0.9], [0.04, 0.04]]
)
def test_holm_equals_statsmodels(p_values):
    assert holm(p_values) == pytest.approx(
        multipletests(p_values, method="holm")[1].tolist(), abs=EXACT
    )


def test_holm_does_not_count_what_could_not_be_tested():
    adjusted = holm([0.02, float("nan"), 0.04])

    assert adjusted[0] == 0.04 and np.isnan(adjusted[1]) and adjusted[2] == 0.04


def test_two_sided_by_hand():
    assert two_sided(1.959963984540054, 1.0) == pytest.approx(0.05)
    assert np.isnan(two_sided(0.0, 0.0))


def test_history_counts_months_by_hand(world):
    """a: work in months 1 and 2, support in month 3, then training: in the trial of month 4 two of
    three earlier months were work.
    """
    lives = {"a": "wwstt", "b": "wsssw"}
    trials = world.trials(lives, eligibility={"from_month": 4, "to_month": 4})
    history = History(trials, world.tables(lives)["state_intervals"], "work")

    spent, known = history.months(np.zeros(2, int), trials.rows["trial_month"].to_numpy() - 1)

    assert dict(zip(trials.rows["person_id"], zip(spent, known, strict=True), strict=True)) == {
        "a": (2, 3),
        "b": (1, 3),
    }


def _city(world, n: int, seed: int, *, is_hidden: bool):
    """Work before the spell, work after and (if hidden) the start itself go with a trait that no
    covariate holds.
    """
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    starts = rng.random(n) < 1 / (1 + np.exp(1.5 - 1.2 * is_hidden * trait))
    lives = {}
    for number in range(n):
        before = "".join(
            "w" if rng.random() < 1 / (1 + np.exp(-trait[number])) else "e" for _ in range(8)
        )
        after = "".join(
            "w" if rng.random() < 1 / (1 + np.exp(-trait[number])) else "s" for _ in range(2)
        )
        lives[f"p{number:04d}"] = before + "s" + ("t" if starts[number] else "s") + after
    declared = {
        "eligibility": {"from_month": 10, "to_month": 10},
        "covariates": HISTORY,
        "checks": {"negative_control": "studies"},
    }
    return world.trials(lives, **declared), world.tables(lives)["state_intervals"]


def _tests(trials, state_intervals):
    return placebo_tests(
        StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)), state_intervals
    )


def test_placebo_warns_when_something_unmeasured_leads_to_the_start(world):
    tests = _tests(*_city(world, 600, seed=1, is_hidden=True))

    history = tests.filter(pl.col("test") == "earlier_past_work").row(0, named=True)
    assert history["verdict"] == "warning"
    assert history["ci_lower"] > 0


def test_placebo_warns_in_about_alpha_of_cities_without_anything_unmeasured(world):
    warned = [
        (_tests(*_city(world, 250, seed=seed, is_hidden=False))["verdict"] == "warning").any()
        for seed in range(10)
    ]

    # Of 10 at alpha 0.05, four or more have a chance of 0.1 %.
    assert sum(warned) < 4


def test_placebo_says_what_it_could_not_test(world):
    tests = _tests(*_city(world, 60, seed=2, is_hidden=False))

    control = tests.filter(pl.col("test") == "negative_control").row(0, named=True)
    # Nobody in this city studies after the start.
    assert (control["verdict"], control["p_value"]) == ("not_testable", None)
