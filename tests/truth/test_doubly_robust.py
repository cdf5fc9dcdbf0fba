"""Two ways to be right: with the start model or the outcome model wrong the doubly robust estimate
stands; what nobody measured brings it down.
"""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Trials, contrast, fit_propensity
from evalkit.effects.answer.doubly_robust import doubly_robust_difference
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.protocol import Protocol

EFFECT, N_PEOPLE, SEEDS = 1.0, 3_000, range(6)
MONTE_CARLO_ERRORS, N_SAMPLES = 3, 60
LEFT_OF_CURVE = 0.2  # a spline whose tails are straight is no parabola

PROTOCOL = Protocol.model_validate(
    {
        "protocol": "two_models",
        "intervention_id": "course",
        "title": {"en": "Two models"},
        "question": {"en": "What does a course change?"},
        "eligibility": {"from_month": 2, "to_month": 2},
        "comparisons": ["wait"],
        "follow_up_months": 2,
        "outcomes": ["work", "support"],
        "covariates": [],
    }
)


def _trials(seed: int, *, is_curved: str, is_hidden: bool = False) -> tuple[Trials, np.ndarray]:
    """Trials whose design holds x alone, and an outcome with effect EFFECT; `is_curved` names where
    x squared acts beside it.

    is_hidden: the square is of another trait, which the design does not hold.
    """
    rng = np.random.default_rng(seed)
    x, hidden = rng.normal(size=(2, N_PEOPLE))
    square = hidden**2 if is_hidden else x**2
    in_start = 0.6 * square if is_curved in ("start", "both") else 0.0
    treated = rng.random(N_PEOPLE) < 1 / (1 + np.exp(1.0 - 0.6 * x - in_start))
    in_outcome = 1.5 * square if is_curved in ("outcome", "both") else 0.0
    outcome = 2 * x + in_outcome + EFFECT * treated + rng.normal(size=N_PEOPLE)
    rows = pl.DataFrame(
        {
            "person_id": [f"p{k:05d}" for k in range(N_PEOPLE)],
            "arm": np.where(treated, "treated", "comparison"),
            "weight": 1.0,
        }
    ).with_columns(cluster_id="person_id")
    months = np.zeros((N_PEOPLE, 2), dtype=np.int8)
    return Trials(
        rows,
        np.column_stack([np.ones(N_PEOPLE), x]),
        ("constant", "x"),
        months,
        PROTOCOL.outcomes,
        PROTOCOL,
    ), outcome


def _estimates(
    is_curved: str, estimand: str, seeds=SEEDS, **changes
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the estimate and its standard errors, by seed."""
    found = []
    for seed in seeds:
        trials, outcome = _trials(seed, is_curved=is_curved, **changes)
        trials = replace(trials, protocol=PROTOCOL.model_copy(update={"estimand": estimand}))
        weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=0))
        estimate = doubly_robust_difference(weighting, outcome, seed=0)
        found.append((estimate.difference - EFFECT, estimate.std_error))
    return tuple(np.array(found).T)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("is_curved", ["start", "outcome"])
def test_one_wrong_model_is_made_up_for_by_the_other(is_curved, estimand):
    errors, _ = _estimates(is_curved, estimand)

    monte_carlo = errors.std(ddof=1) / np.sqrt(len(errors))
    print(
        f"{is_curved} wrong, {estimand}: error {errors.mean():+.4f}, Monte Carlo error "
        f"{monte_carlo:.4f}"
    )
    assert abs(errors.mean()) < MONTE_CARLO_ERRORS * monte_carlo


def test_a_curve_that_the_propensity_lacks_is_seen_by_the_regression():
    """With the propensity's own terms the second answer repeats the first."""
    errors, _ = _estimates("both", "ATT")

    assert abs(errors.mean()) < LEFT_OF_CURVE * _weights_alone("both")


@pytest.mark.parametrize("estimand", ["ATT", "ATE", "overlap"])
def test_errors_in_closed_form_are_those_of_repeated_samples(estimand):
    errors, std_errors = _estimates("outcome", estimand, seeds=range(100, 100 + N_SAMPLES))

    # The standard deviation of 60 samples has an error of 1 in sqrt(120).
    assert std_errors.mean() == pytest.approx(
        errors.std(ddof=1), rel=MONTE_CARLO_ERRORS / np.sqrt(2 * N_SAMPLES)
    )


def test_both_answers_miss_what_nobody_measured():
    errors, _ = _estimates("both", "ATT", is_hidden=True)

    assert errors.mean() > 0.3


def _weights_alone(is_curved: str) -> float:
    trials, outcome = _trials(0, is_curved=is_curved)
    return float(contrast(trials, outcome).difference[0]) - EFFECT
