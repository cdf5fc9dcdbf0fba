import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evalkit.effects import contrast, fit_propensity, placebo_tests, two_readings
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


def _city(world, n: int, seed: int, *, chosen_by: str = "nothing", covariates=HISTORY):
    """Work before the spell and work after go with a trait that no table holds. Who starts is
    chosen by nothing, by that trait, by the share of the months before in work, or by a trait that
    arose lately and that work after goes with too.
    """
    rng = np.random.default_rng(seed)
    trait, lately = rng.normal(size=(2, n))
    worked = rng.random((n, 20)) < 1 / (1 + np.exp(-trait[:, None]))
    pull = {
        "nothing": np.zeros(n),
        "trait": 1.2 * trait,
        "lately": 1.2 * lately,
        "history": 6.0 * (worked.mean(axis=1) - 0.5),
    }[chosen_by]
    starts = rng.random(n) < 1 / (1 + np.exp(1.5 - pull))
    after = trait + (lately if chosen_by == "lately" else 0)
    works = rng.random((n, 2)) < 1 / (1 + np.exp(-after[:, None]))
    lives = {
        f"p{number:04d}": "".join(np.where(worked[number], "w", "e"))
        + ("st" if starts[number] else "ss")
        + "".join(np.where(works[number], "w", "s"))
        for number in range(n)
    }
    declared = {
        "eligibility": {"from_month": 22, "to_month": 22},
        "covariates": covariates,
        "checks": {"negative_control": "studies"},
    }
    return world.trials(lives, **declared)


def _tests(trials):
    tests = placebo_tests(StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=1)))
    return {row["test"]: row for row in tests.iter_rows(named=True)}


def test_earlier_months_by_hand(world):
    """Of two who start one has worked four months of the window, the other one; of two who do not
    both none. Nothing is adjusted for.
    """
    lives = {"a": "wwwwst", "b": "eeewst", "c": "eeeess", "d": "eeeess"}
    trials = world.trials(
        {name: life + "ss" for name, life in lives.items()},
        eligibility={"from_month": 6, "to_month": 6},
        second_reading={"window_months": 4},
    )

    found = _tests(trials)["earlier_months"]

    assert found["difference"] == pytest.approx((4 + 1) / 2)
    # Each of the two who start lies 1.5 from their mean: the root of 2 x (1.5 / 2)^2.
    error = (found["ci_upper"] - found["ci_lower"]) / 2 / 1.959964
    assert error == pytest.approx(np.sqrt(2) * 0.75, rel=1e-6)


def test_placebo_warns_where_a_lasting_trait_decides_and_the_past_is_not_adjusted_for(world):
    found = _tests(_city(world, 600, seed=1, chosen_by="trait", covariates=[]))["earlier_months"]

    assert found["verdict"] == "warning"
    assert found["ci_lower"] > 0


@pytest.mark.parametrize("chosen_by", ["nothing", "history"])
def test_placebo_is_silent_where_people_are_chosen_by_a_past_that_is_adjusted_for(world, chosen_by):
    warned = [
        _tests(_city(world, 250, seed=seed, chosen_by=chosen_by))["earlier_months"]["verdict"]
        == "warning"
        for seed in range(12)
    ]

    # Of 12 at alpha 0.05, four or more have a chance of 0.2 %.
    assert sum(warned) < 4


def test_a_passed_placebo_does_not_show_that_nothing_is_hidden(world):
    """What arose lately decides: months are gained where in truth none are, and no past tells."""
    trials = _city(world, 600, seed=3, chosen_by="lately")

    gained = contrast(trials, trials.is_in_primary.sum(axis=1))

    assert gained.difference[0] > 3 * gained.std_error[0]
    assert _tests(trials)["earlier_months"]["verdict"] == "passed"


def test_an_outcome_that_cannot_react_shows_nothing(world):
    """A pretended programme: who starts is drawn by lot, so that nothing of the past or of what
    follows differs by more than chance.
    """
    found = [
        _tests(_city(world, 250, seed=seed, covariates=[]))["earlier_months"] for seed in range(12)
    ]

    assert sum(row["ci_lower"] <= 0 <= row["ci_upper"] for row in found) > 8


def test_placebo_says_what_it_could_not_test(world):
    tests = _tests(_city(world, 60, seed=2))

    # Nobody in this city studies after the start.
    assert (tests["negative_control"]["verdict"], tests["negative_control"]["p_value"]) == (
        "not_testable",
        None,
    )


def test_where_too_few_have_a_past_it_is_not_testable_as_there_is_no_second_reading(world):
    """Of ten who start one has worked in the window: under the fifth that a second reading asks."""
    lives = {f"a{number}": "eeeestss" for number in range(9)} | {"b": "wwwwstss", "d": "wwwwssss"}
    lives |= {f"c{number}": "eeeessss" for number in range(9)}
    trials = world.trials(
        lives,
        eligibility={"from_month": 6, "to_month": 6},
        second_reading={"window_months": 4},
    )

    assert two_readings(trials).verdict == "past_shows_nothing"
    assert _tests(trials)["earlier_months"]["verdict"] == "not_testable"


def test_nobody_with_a_past_on_record_is_not_testable(world):
    """The window of twelve months begins before the extract does."""
    lives = {"a": "wwwstss", "b": "eeestss", "c": "wwessss", "d": "eewssss"}
    trials = world.trials(lives, eligibility={"from_month": 5, "to_month": 5})

    assert _tests(trials)["earlier_months"]["verdict"] == "not_testable"
