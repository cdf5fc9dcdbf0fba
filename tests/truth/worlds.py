"""Worlds in which earlier participation or calendar time decides who starts, from their lives to
the line's estimates: what the proofs repeat.

A city of four districts with one intervention, which many start; the trials of two years, each
followed for three. Every city of a world is estimated under protocols that name what decides (as an
exclusion, as a covariate, as calendar time) and under one that names nothing.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl
from cities import DISTRICTS, PARAMS, four_districts, people_of

from evalkit.draws import estimate_with_range
from evalkit.effects import (
    PersonTables,
    effect_checks,
    effect_draws,
    estimate_effect,
    fit_propensity,
    load_protocol,
    placebo_tests,
)
from evalkit.effects.districts.pooling import primary_differences
from evalkit.effects.trust.unmodelled import unmodelled_likeness
from evalkit.effects.weighting.start_now import StartNow
from evalkit.line.estimands import ESTIMANDS
from evalkit.line.protocol import Protocol
from evalkit.simulate import simulate_truth
from evalkit.simulate.city.city import City

INTERVENTION = "jobbtorg_coaching"
N_MONTHS, FROM_MONTH, FOLLOW_UP = 84, 26, 36
# High, so that a small city has many starters.
MONTHLY_RATE = 0.06
TRUTH_PEOPLE, TRUTH_REPLICATES, TRUTH_SEED = 100_000, 6, 90_003

ASSUMED = {"source": "invented for the proofs", "grade": "L"}
# Who has taken part seldom starts again and keeps the gain; a year before the first trial nobody
# had, so that the tables hold all of it.
EARLIER = {"starts_after_this": -2.0, "gain_half_life_months": 240, "first_start_month": 12}
# Exits to work fall by three quarters over five years, while the programme is rolled out during the
# trials.
CALENDAR = {"to_work": {25: 0.5, 84: -0.9}, "starts": {25: -1.2, 49: 1.2}}
WORLDS = {
    "plain": {},
    "earlier": {"earlier_participation": EARLIER},
    "calendar": {"calendar": CALENDAR},
    "both": {"earlier_participation": EARLIER, "calendar": CALENDAR},
}

HISTORY = {"name": "has_taken_part", "kind": "participation", "of": "this", "measure": "ever"}
# By protocol: whether calendar time is named, what is added to the covariates, what excludes, and
# whom the effect is then about.
PROTOCOLS = {
    "unnamed": (False, [], [], "starters"),
    "calendar": (True, [], [], "starters"),
    "covariate": (True, [HISTORY], [], "starters"),
    "excluded": (True, [], [{"of": "this"}], "starters_new_to_this"),
}
# The protocols that name everything that decides, by world.
NAMED = {
    "plain": ("calendar",),
    "earlier": ("covariate", "excluded"),
    "calendar": ("calendar",),
    "both": ("covariate", "excluded"),
}


@cache
def world(name: str) -> City:
    """The city of a world, its switches on."""
    content = json.loads(four_districts().model_dump_json())
    offered = [
        one | {"monthly_rate": MONTHLY_RATE}
        for one in content["interventions"]
        if one["intervention_id"] == INTERVENTION
    ]
    switches = {switch: {"basis": ASSUMED, **rules} for switch, rules in WORLDS[name].items()}
    return City.model_validate(
        content | {"interventions": offered, "n_months": N_MONTHS} | switches
    )


@cache
def protocol(name: str) -> Protocol:
    """Coaching's protocol in the simulated Stockholm, over the months that the truth is about, with
    and without what decides who starts.
    """
    is_calendar, covariates, excluded, _ = PROTOCOLS[name]
    shipped = load_protocol(
        PARAMS / "protocols" / f"stockholm_{INTERVENTION}.yaml",
        n_months=four_districts().n_months,
        districts=DISTRICTS,
    )
    content = json.loads(shipped.model_dump_json(exclude_defaults=True))
    # What the shipped protocol itself says of history and calendar time is not what is tried here.
    kept = [one for one in content["covariates"] if one["kind"] != "participation"]
    content |= {
        "protocol": name,
        "comparisons": ["wait"],
        "covariates": [*kept, *covariates],
        "calendar": {"form": "spline" if is_calendar else "none"},
        "eligibility": {
            "from_month": FROM_MONTH,
            "to_month": N_MONTHS - FOLLOW_UP + 1,
            "exclude_participation": excluded,
        },
    }
    return Protocol.model_validate(content)


def estimates(
    name: str, seed: int, *, n_people: int, n_draws: int, protocols: Sequence[str] | None = None
) -> pl.DataFrame:
    """One city of a world under each protocol.

    Returns
    -------
    DataFrame
        world, protocol, seed, estimate with ci_lower and ci_upper (months of work in three years,
        start now rather than wait), warned (names of the checks that do not pass), n_starters.
    """
    people = people_of(seed, n_people, city=world(name))
    tried = protocols or ("unnamed", *NAMED[name])
    return pl.concat(
        [_estimate(people, one, seed=seed, n_draws=n_draws) for one in tried]
    ).with_columns(world=pl.lit(name))


def keep_estimates(path: Path, name: str, seed: int, n_people: int, n_draws: int) -> None:
    """One city's estimates as a file that is whole or absent."""
    estimates(name, seed, n_people=n_people, n_draws=n_draws).write_parquet(
        path.with_suffix(".part")
    )
    path.with_suffix(".part").rename(path)


def truths() -> pl.DataFrame:
    """Months of work gained by those who start, in each world: world, population, truth,
    mc_std_error.
    """
    own = {
        "district": "all",
        "district_basis": "time_zero",
        "comparison": "wait",
        "outcome": "work",
        "horizon_months": FOLLOW_UP,
    }
    sizes = {"seed": TRUTH_SEED, "n_people": TRUTH_PEOPLE, "n_replicates": TRUTH_REPLICATES}
    return pl.concat(
        [
            simulate_truth(world(name), **sizes, eligible_share=0)
            .months.filter(*[pl.col(column) == value for column, value in own.items()])
            .select(
                pl.lit(name).alias("world"),
                "population",
                pl.col("difference").alias("truth"),
                "mc_std_error",
            )
            for name in WORLDS
        ]
    )


def _estimate(people: PersonTables, name: str, *, seed: int, n_draws: int) -> pl.DataFrame:
    declared, draws = protocol(name), {"n_draws": n_draws, "seed": seed}
    trials = people.trials(declared)
    fitted = fit_propensity(trials, **draws)
    shares = effect_draws(estimate_effect(trials, district="all", propensity=fitted, **draws).sums)
    months = primary_differences(
        shares.filter(pl.col("estimand") == ESTIMANDS["wait"]), declared.primary_outcome
    )
    weighting = StartNow.of(trials, fitted)
    placebo = placebo_tests(weighting)
    likeness = unmodelled_likeness(weighting, people.episodes, first_month=people.first_month)
    checks = effect_checks(weighting, placebo, likeness)
    warned = checks.filter(pl.col("verdict").is_in(["warning", "refused"]))["check"].to_list()
    return months.select(estimate_with_range("difference")).with_columns(
        protocol=pl.lit(name),
        seed=pl.lit(seed),
        n_starters=pl.lit(trials.n_starters),
        warned=pl.lit(warned, dtype=pl.List(pl.String)),
    )
