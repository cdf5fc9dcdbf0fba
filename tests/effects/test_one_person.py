"""What one person does to an effect, against leaving them out, and what a path may show."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.disclosure.rounding import step_above
from evalkit.effects.answer.one_person import (
    _is_told_apart,
    effect_people,
    moved_since,
    person_sums,
    with_change,
)
from evalkit.effects.trials.target_trial import Trials
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.strategies import weightings_of
from evalkit.effects.weighting.weights import largest_change

EXACT = 1e-9


def _weightings(trials: Trials):
    return weightings_of(trials, fit_models(trials, n_draws=3, seed=1))


def _shares(weighting, kept: np.ndarray) -> np.ndarray:
    """Shares by arm, state and month of the kept persons alone, from the persons' sums."""
    people = person_sums(weighting)
    return people.sums[:, kept].sum(axis=1) / people.total[:, kept].sum(axis=1)[:, None]


LIVES = {
    "a": "sttwww", "b": "ssttww", "c": "sswwws", "d": "ssssww", "e": "ssswss", "f": "ssttss",
}  # fmt: skip
TRIALS = {"eligibility": {"from_month": 2, "to_month": 4}}


@pytest.mark.parametrize("comparison", ["wait", "never"])
def test_the_largest_change_is_that_of_leaving_each_person_out_in_turn(world, comparison):
    (weighting,) = _weightings(world.trials(LIVES, comparisons=[comparison], **TRIALS))

    people = effect_people([weighting], district="all")

    n = weighting.trials.rows["person_id"].n_unique()
    everybody = np.ones(n, bool)
    without = np.stack([_shares(weighting, np.arange(n) != one) for one in range(n)])
    change = without - _shares(weighting, everybody)
    state = weighting.trials.states.index("work")
    for arm, of_arm in (
        ("treated", change[:, 1]),
        ("comparison", change[:, 0]),
        ("difference", change[:, 1] - change[:, 0]),
    ):
        rows = people.filter(arm=arm, state="work").sort("month")
        own = of_arm[:, state]
        assert rows["share_change"].to_list() == pytest.approx(np.abs(own).max(axis=0), abs=EXACT)
        assert rows["months_change"].to_list() == pytest.approx(
            np.abs(own.cumsum(axis=1)).max(axis=0), abs=EXACT
        )


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_a_change_of_means_is_that_of_the_people_who_are_left(arms, seed):
    rng = np.random.default_rng(seed)
    treated, person = np.arange(40) < 12, rng.integers(0, 9, 40)
    trials = arms.of_arrays(
        np.zeros((40, 0)), treated, np.zeros((40, 2), int), person=[int(one) for one in person]
    )
    values, weights = rng.normal(size=40), rng.uniform(0.1, 3, 40)

    def means(kept):
        of_arms = [
            np.average(values[kept & arm], weights=weights[kept & arm])
            for arm in (treated, ~treated)
        ]
        return np.array([*of_arms, of_arms[0] - of_arms[1]])

    alone = [one for one in range(9) if (treated & (person != one)).any() and (person == one).any()]
    expected = max(np.abs(means(person != one) - means(person >= 0)).max() for one in alone)
    assert largest_change(trials, values, weights) == pytest.approx(expected, abs=EXACT)


def test_people_are_counted_once_in_whatever_trials_they_stand(world):
    (weighting,) = _weightings(world.trials(LIVES, comparisons=["wait"], **TRIALS))

    people = effect_people([weighting], district="all")

    # a, b and f start, each once; the others and those who start later are compared.
    assert people["n_fewest"].unique().to_list() == [3]
    starters = people.filter(arm="treated", state="training", month=1)
    assert starters["n_in_state"].to_list() == [3]


def test_a_month_is_counted_from_the_last_one_up_to_which_five_had_moved(world):
    """Nine people start in month 2: four leave after one month, three more after two, then two."""
    lives = {f"a{n}": "st" + "w" * 6 for n in range(4)}
    lives |= {f"b{n}": "stt" + "w" * 5 for n in range(3)} | {
        f"c{n}": "sttt" + "w" * 4 for n in "12"
    }
    lives |= {f"d{n}": "s" * 8 for n in range(9)}
    trials = world.trials(lives, comparisons=["wait"], follow_up_months=3)
    (weighting,) = _weightings(trials)
    people = person_sums(weighting)
    people = people._replace(has_moved=np.stack([people.has_moved[1]] * 2))

    # Everybody moves into the course; then four; and with the three after them seven.
    assert moved_since(people, [1, 2, 3]) == {1: 9, 2: 4, 3: 7}


def test_published_steps_are_never_below_what_one_person_does():
    change = np.array([0.0311, 0.05, 0.0501, 1.2])

    assert (step_above(change) >= change).all()
    assert step_above(change).tolist() == pytest.approx([0.05, 0.05, 0.1, 2.0])


def test_numbers_of_an_effect_carry_the_change_of_their_own_outcome(world):
    people = effect_people(
        _weightings(world.trials(LIVES, comparisons=["wait"], **TRIALS)), district="all"
    )
    summary = pl.DataFrame(
        {
            "district": "all",
            "intervention_id": "course",
            "estimand": people["estimand"][0],
            "outcome": ["months_work", "work_share_at_end"],
        }
    )

    found = with_change(summary, people)["person_change"].to_list()

    of_work = people.filter(state="work")
    last = of_work.filter(month=people["month"].max())
    assert found == [last["months_change"].max(), of_work["share_change"].max()]


def test_an_aggregate_does_not_tell_apart_what_is_told_together():
    states, many = ("support", "work", "subsidised_work", "studies"), np.array([[9], [20]])

    assert _is_told_apart(("work", "subsidised_work"), ["subsidised_work"], states, many)
    assert not _is_told_apart(("work", "subsidised_work"), [], states, many)
    # Everything but support: support itself tells it.
    assert not _is_told_apart(states[1:], ["subsidised_work", "studies"], states, many)
    assert _is_told_apart(states[1:], [], states, np.array([[9], [4]]))
