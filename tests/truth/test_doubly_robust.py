"""Two ways to be right: with the start model or the outcome model wrong the doubly robust estimate stands, with both wrong it falls."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import Protocol, Trials, doubly_robust_difference, fit_propensity, propensity_weights

EFFECT, N_PEOPLE, SEEDS = 1.0, 3_000, range(6)
MONTE_CARLO_ERRORS = 3

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


def _trials(seed: int, *, is_curved: str) -> tuple[Trials, np.ndarray]:
    """Trials whose design holds x alone, and an outcome with effect EFFECT; `is_curved` names where x squared acts unseen."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N_PEOPLE)
    in_start = 0.6 * x**2 if is_curved in ("start", "both") else 0.0
    treated = rng.random(N_PEOPLE) < 1 / (1 + np.exp(1.0 - 0.6 * x - in_start))
    in_outcome = 1.5 * x**2 if is_curved in ("outcome", "both") else 0.0
    outcome = 2 * x + in_outcome + EFFECT * treated + rng.normal(size=N_PEOPLE)
    rows = pl.DataFrame(
        {column: [f"p{k:05d}" for k in range(N_PEOPLE)] for column in ("person_id", "cluster_id")}
        | {"arm": np.where(treated, "treated", "comparison"), "weight": 1.0}
    )
    months = np.zeros((N_PEOPLE, 2), dtype=np.int8)
    return Trials(rows, np.column_stack([np.ones(N_PEOPLE), x]), ("constant", "x"), months, PROTOCOL.outcomes, PROTOCOL), outcome


def _errors(is_curved: str, estimand: str) -> np.ndarray:
    found = []
    for seed in SEEDS:
        trials, outcome = _trials(seed, is_curved=is_curved)
        trials = replace(trials, protocol=PROTOCOL.model_copy(update={"estimand": estimand}))
        fitted = fit_propensity(trials, n_draws=1, seed=0)
        months = doubly_robust_difference(trials, fitted, outcome, n_draws=1, seed=0)
        found.append(months.filter(pl.col("draw") == 0)["difference"][0] - EFFECT)
    return np.array(found)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
@pytest.mark.parametrize("is_curved", ["start", "outcome"])
def test_one_wrong_model_is_made_up_for_by_the_other(is_curved, estimand):
    errors = _errors(is_curved, estimand)

    monte_carlo = errors.std(ddof=1) / np.sqrt(len(errors))
    print(f"{is_curved} wrong, {estimand}: error {errors.mean():+.4f}, Monte Carlo error {monte_carlo:.4f}")
    assert abs(errors.mean()) < MONTE_CARLO_ERRORS * monte_carlo


def test_weights_alone_miss_where_the_start_model_is_wrong_and_two_wrong_models_miss_too():
    trials, outcome = _trials(0, is_curved="both")
    rows = pl.DataFrame({"treated": trials.is_treated, "x": trials.design[:, 1], "outcome": outcome})

    weighted = propensity_weights(rows, treatment="treated", covariates=["x"])
    by_arm = weighted.group_by("treated").agg(mean=(pl.col("outcome") * pl.col("weight")).sum() / pl.col("weight").sum()).sort("treated")

    assert by_arm["mean"][1] - by_arm["mean"][0] - EFFECT > 0.3
    assert _errors("both", "ATT").mean() > 0.3
