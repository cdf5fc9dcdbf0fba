"""An intervention that prepares people for the next step and does nothing else: are the months
closer to work found, and none where it prepares nobody?

Simulated cities of four districts, whose truth is planted: work training has no effect on work and
holds nobody; in the prepared city whoever has begun it starts coaching at the job centre, two steps
up the ladder, far more readily. The seeds were declared before any estimate was looked at.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cities import four_districts, kept_in, people_of, protocols, read_kept

from evalkit.draws import estimate_with_range, with_words
from evalkit.effects import effect_draws, estimate_effect, fit_propensity, protocol_hash
from evalkit.effects.districts.pooling import primary_differences
from evalkit.line.protocol import Protocol
from evalkit.line.protocol_parts import NextStep
from evalkit.simulate.city.city import City
from evalkit.simulate.truth.futures import ARMS, OUTCOMES, Futures, collect_units, live_on

SEEDS = range(8_000, 8_020)
N_PEOPLE, N_DRAWS = 8_000, 50
TRUTH_PEOPLE, TRUTH_REPLICATES, TRUTH_SEED = 40_000, 4, 90_001
PREPARING, LADDER_STEP, HOLDS_MONTHS = "work_training", 3, 3
FOLLOW_UP = 24
GAIN = {"prepared": 1.2, "unprepared": 0.0}
TRUTH = Path(__file__).parent / "next_step.csv"
MONTE_CARLO_ERRORS, LEVEL = 3, 0.95
_NO_EFFECT = {
    "lock_in": 0.0,
    "gain": {},
    "target_gain": 0.0,
    "by_model": {},
    "district_sd": 0.0,
    "work_share_at_end": 0.0,
}


@cache
def city(kind: str) -> City:
    """The four districts with work training that changes nothing but, in the prepared city, what
    comes after it.
    """
    content = json.loads(four_districts().model_dump_json())
    content["interventions"] = [
        one | (_NO_EFFECT if one["intervention_id"] == PREPARING else {})
        for one in content["interventions"]
    ]
    basis = {"source": "invented for the test", "grade": "L"}
    step = {"basis": basis, "starts_of_higher": {PREPARING: GAIN[kind]}}
    return City.model_validate(content | {"next_step": step})


@cache
def protocol() -> Protocol:
    """Stockholm's protocol of work training, asked in months closer to work, against waiting."""
    (declared,) = (one for one in protocols() if one.intervention_id == PREPARING)
    changes = {
        "primary_outcome": "closer",
        "outcomes": ("next_step", *declared.outcomes),
        "next_step": NextStep(ladder_step=LADDER_STEP, holds_months=HOLDS_MONTHS),
        "comparisons": ("wait",),
        "follow_up_months": FOLLOW_UP,
    }
    return declared.model_copy(update=changes)


def estimate(kind: str, seed: int, *, n_people: int, n_draws: int) -> pl.DataFrame:
    """Months closer to work gained in one city, with their range."""
    people = people_of(seed, n_people, city=city(kind))
    trials, draws = people.trials(protocol()), {"n_draws": n_draws, "seed": seed}
    fitted = fit_propensity(trials, **draws)
    parts = estimate_effect(trials, district="all", propensity=fitted, **draws)
    months = with_words(primary_differences(effect_draws(parts.sums), "closer"))
    return months.select(estimate_with_range("difference")).with_columns(
        kind=pl.lit(kind), seed=pl.lit(seed)
    )


def keep_estimate(path: Path, kind: str, seed: int, n_people: int, n_draws: int) -> None:
    """One city's estimate as a file that is whole or absent."""
    found = estimate(kind, seed, n_people=n_people, n_draws=n_draws)
    found.write_parquet(path.with_suffix(".part"))
    path.with_suffix(".part").rename(path)


def truth(kind: str) -> tuple[float, float]:
    """Months closer to work that starting gives those who start, compared with waiting, and the
    Monte Carlo error.
    """
    rules = {"seed": TRUTH_SEED}
    units = collect_units(city(kind), n_people=TRUTH_PEOPLE, eligible_share=0, **rules)
    names = [one.intervention_id for one in city(kind).interventions]
    units_of = units.item == names.index(PREPARING)
    differences = [
        _months_closer(city(kind), live_on(city(kind), units, replicate=replicate, **rules))[
            :, units_of
        ]
        for replicate in range(1, TRUTH_REPLICATES + 1)
    ]
    treated, waiting = np.mean(differences, axis=0)[[ARMS.index("treated"), ARMS.index("wait")]]
    difference = treated - waiting
    return float(difference.mean()), float(difference.std() / np.sqrt(len(difference)))


def _months_closer(of: City, futures: Futures) -> np.ndarray:
    """(arms, units): months at work or in studies, or on support from the start of a higher step
    on, while it runs and so many months after.
    """
    is_higher = np.array([*(one.ladder_step >= LADDER_STEP for one in of.interventions), False])
    outcomes = futures.outcomes[..., :FOLLOW_UP]
    in_step, starts = is_higher[futures.taking_part], is_higher[futures.starting]
    closer = np.isin(
        outcomes, [OUTCOMES.index(one) for one in ("work", "studies", "subsidised_work")]
    )
    left, is_step = np.zeros(outcomes.shape[:2], int), np.zeros(outcomes.shape, bool)
    for month in range(FOLLOW_UP):
        # Who was in one at time zero has taken no step by staying in it.
        goes_on = (left > 0) & in_step[..., month]
        left = np.where(starts[..., month] | goes_on, HOLDS_MONTHS + 1, left)
        is_step[..., month] = left > 0
        left = np.maximum(left - 1, 0)
    return (closer | (is_step & (outcomes == OUTCOMES.index("support")))).sum(axis=2)


def _planted(kind: str) -> tuple[float, float]:
    return pl.read_csv(TRUTH).filter(kind=kind).select("truth", "mc_std_error").row(0)


@pytest.mark.prove
@pytest.mark.timeout(100_000)
@pytest.mark.parametrize("kind", list(GAIN))
def test_months_closer_to_work_are_found_where_an_intervention_prepares_and_only_there(kind):
    declared = [city(kind).model_dump_json(), protocol_hash(protocol()), f"{N_PEOPLE} {N_DRAWS}"]
    folder = kept_in("next_step", *declared)
    paths = {(kind, seed): folder / f"{seed}.parquet" for seed in SEEDS}

    found = read_kept(paths, keep_estimate, N_PEOPLE, N_DRAWS)

    planted, planted_error = _planted(kind)
    error = (found["estimate"] - planted).to_numpy()
    monte_carlo = np.hypot(error.std(ddof=1) / np.sqrt(len(error)), planted_error)
    covered = ((found["ci_lower"] <= planted) & (planted <= found["ci_upper"])).mean()
    of_coverage = np.sqrt(LEVEL * (1 - LEVEL) / len(error))
    is_seen = ((found["ci_lower"] > 0) | (found["ci_upper"] < 0)).mean()
    print(
        f"{kind}: {len(error)} cities, truth {planted:+.3f}, bias {error.mean():+.4f} (Monte Carlo "
        f"error {monte_carlo:.4f}), coverage {covered:.2f}, range without zero {is_seen:.2f}"
    )
    assert abs(error.mean()) < MONTE_CARLO_ERRORS * monte_carlo
    assert covered > LEVEL - MONTE_CARLO_ERRORS * of_coverage
    assert (is_seen > LEVEL) if kind == "prepared" else (is_seen < 1 - LEVEL + 3 * of_coverage)


@pytest.mark.prove
@pytest.mark.parametrize("kind", list(GAIN))
def test_the_stored_truth_of_months_closer_is_what_the_assumptions_give(kind):
    assert abs(truth(kind)[0] - _planted(kind)[0]) < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(GAIN))
def test_months_closer_to_work_are_found_in_a_smaller_city(kind):
    """A smaller twin of the proof: one city of the same seeds."""
    found = estimate(kind, SEEDS.start, n_people=3_000, n_draws=20).row(0, named=True)

    # A range of 95 % is four standard errors wide.
    std_error = (found["ci_upper"] - found["ci_lower"]) / 4
    assert abs(found["estimate"] - _planted(kind)[0]) < 4 * std_error
