"""A break in law that changes both who starts and how fast people leave support: planted, found
with a step of its own and not without.
"""

import numpy as np
import pytest

from evalkit.effects.answer.estimate import primary_months
from evalkit.effects.weighting.propensity import fit_models
from evalkit.effects.weighting.strategies import weighting_of

N_CITIES, N_PEOPLE, N_MONTHS, BREAK, FOLLOWED = 20, 1500, 24, 14, 3
# A month's chance of starting and of leaving for work, before the break and from it on. The course
# changes nothing: who starts it leaves it for work as others leave support.
STARTS, LEAVES = (0.01, 0.10), (0.03, 0.20)


def _lives(rng: np.random.Generator) -> dict[str, str]:
    lives = {}
    for number in range(N_PEOPLE):
        months, state = [], "s"
        for month in range(1, N_MONTHS + 1):
            is_after = int(month >= BREAK)
            if state != "w" and rng.random() < LEAVES[is_after] and month > 1:
                state = "w"
            elif state == "s" and rng.random() < STARTS[is_after] and month > 1:
                state = "t"
            months.append(state)
        lives[f"p{number:04d}"] = "".join(months)
    return lives


def _months_gained(world, lives, calendar) -> float:
    asked = {
        "eligibility": {"from_month": 8, "to_month": 20},
        "follow_up_months": FOLLOWED,
        "leavers_in_month_one": "excluded",
        "outcomes": ["work", "support", "training"],
        "calendar": calendar,
    }
    trials = world.trials(lives, **asked)
    fitted = fit_models(trials, n_draws=1, seed=1)
    weighting = weighting_of(trials, fitted, "wait")
    months = primary_months(weighting, trials.cluster_weights(n_draws=1, seed=1))
    return months.filter(draw=0)["difference"].item()


@pytest.mark.slow
def test_a_course_that_changes_nothing_is_found_to_change_nothing_across_a_break(world):
    step = {"form": "none", "breaks": ["act"], "break_months": [BREAK]}
    found = []
    for city in range(N_CITIES):
        lives = _lives(np.random.default_rng([21, city]))
        found.append([_months_gained(world, lives, one) for one in (step, {"form": "none"})])

    with_step, without = np.mean(found, axis=0)
    error = np.std(found, axis=0, ddof=1) / N_CITIES**0.5
    assert abs(with_step) < 3 * error[0]
    assert without > 10 * error[1]
