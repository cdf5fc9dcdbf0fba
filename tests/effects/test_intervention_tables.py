from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    PersonTables,
    case_mix_funnel,
    district_checks,
    district_effects,
    group_tables,
    intervention_checks,
    intervention_effects,
    intervention_weights,
    ranks,
    readings,
    second_reading,
    standardised_draws,
    summaries,
    targeting_tables,
)
from evalkit.tables import conform

N_DRAWS, SEED = 20, 3
GROUPS = [{"name": "short", "title": {"en": "Short"}, "column": "age", "below": 22}]
DISTRICTS = ["East", "North", "South"]


@pytest.fixture(scope="module")
def city(world):
    """Three districts of the same thirty lives, two protocols, one of which nobody starts."""
    rng = np.random.default_rng(1)
    lives = {
        f"{district}{place:02d}": "".join(rng.choice(list("sw"), 2))
        + "s"
        + rng.choice(list("tss"))
        + "".join(rng.choice(list("sw"), 3))
        for district in DISTRICTS
        for place in range(30)
    }
    tables = world.tables(lives, {name: name[:-2] for name in lives})
    people = PersonTables(
        tables["spells"],
        tables["episodes"],
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )
    declared = {
        "eligibility": {"from_month": 4, "to_month": 4},
        "covariates": [{"name": "past_work", "kind": "history_share", "outcome": "work"}],
        "second_reading": {"window_months": 1},
    }
    protocols = [
        world.protocol(subgroups=GROUPS, **declared),
        world.protocol(protocol="other", intervention_id="other", **declared),
    ]
    draws = {"n_draws": N_DRAWS, "seed": SEED}
    weights = [intervention_weights(people, protocol, **draws) for protocol in protocols]
    propensity = pl.concat([one.propensity for one in weights])
    return SimpleNamespace(
        people=people, protocols=protocols, propensity=propensity, weights=weights, **draws
    )


def _made(city, protocol, weights):
    """The tables of one intervention, by name."""
    trials, propensity = city.people.trials(protocol), weights.propensity
    draws = {"n_draws": city.n_draws, "seed": city.seed}
    parts = [
        district_effects(city.people, [protocol], propensity=propensity, district=name, **draws)
        for name in DISTRICTS
    ]
    second = second_reading(trials, **draws)
    effects = intervention_effects(
        pl.concat([part.sums for part in parts]),
        protocol,
        district_status=pl.concat([part.status for part in parts]),
        weights_status=weights.weights_status,
        effect_people=weights.effect_people,
        seed=SEED,
        **second.tables,
    )
    groups = group_tables(trials, city.people.person, propensity=propensity, **draws)
    standardised = standardised_draws(trials, propensity, **draws)
    return {
        **weights.tables,
        **intervention_checks(city.people, trials, propensity=propensity).tables,
        **groups.tables,
        **targeting_tables(trials, propensity, seed=SEED).tables,
        "funnel": case_mix_funnel(trials),
        "standardised_draws": standardised,
        "effect_readings": readings(effects, protocol),
        **second.tables,
        "second_draws": effects.second,
        **summaries(effects, protocol).tables,
        "district_ranks": ranks(effects, protocol, standardised=standardised, seed=SEED),
    }


def test_tables_of_an_intervention_are_those_declared(city):
    made = _made(city, city.protocols[0], city.weights[0])

    may_be_empty = {"targeting_rule", "terms_left_out", "group_counts", "effect_moments"}
    assert {name for name, rows in made.items() if rows.is_empty()} <= may_be_empty
    for name, rows in made.items():
        assert set(conform(rows, name)["intervention_id"]) <= {"course"}


def test_tables_are_whole_and_empty_when_nobody_starts(city):
    made = _made(city, city.protocols[1], city.weights[1])

    filled = {name for name, rows in made.items() if not conform(rows, name).is_empty()}
    assert filled == {"weights_status", "second_past"}


def test_a_district_checks_itself_but_not_the_balance_of_the_citys_weights(city):
    checks = district_checks(
        city.people, city.protocols, propensity=city.propensity, district="East"
    )

    by_name = {row["check"]: row for row in checks.iter_rows(named=True)}
    assert set(checks["district"]) == {"East"}
    assert (
        by_name["max_abs_smd"]["verdict"] in ("passed", "warning")
        and "placebo_history" not in by_name
    )
