from datetime import date
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from evalkit.effects import (
    PersonTables,
    beside_truth,
    city_checks,
    city_effects,
    city_funnel,
    city_groups,
    city_targeting,
    city_weights,
    district_checks,
    district_effects,
    ranks,
    readings,
    roll_outs,
)
from evalkit.line.tables import published

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
    }
    protocols = [
        world.protocol(subgroups=GROUPS, checks={"placebo_months": 1}, **declared),
        world.protocol(protocol="other", intervention_id="other", **declared),
    ]
    weights = city_weights(people, protocols, n_draws=N_DRAWS, seed=SEED)
    parts = [
        district_effects(
            people,
            protocols,
            propensity=weights.propensity,
            district=name,
            n_draws=N_DRAWS,
            seed=SEED,
        )
        for name in DISTRICTS
    ]
    statuses = pl.concat([*[part.status for part in parts], weights.status])
    found = city_effects(pl.concat([part.sums for part in parts]), statuses, protocols, seed=SEED)
    return SimpleNamespace(
        people=people, protocols=protocols, propensity=weights.propensity, effects=found
    )


def _is_publishable(table, name):
    return set(published(name).schema) <= set(table.columns)


def test_city_tables_hold_what_is_declared_and_leave_out_what_nobody_starts(city):
    given = {"propensity": city.propensity}
    draws = {"n_draws": N_DRAWS, "seed": SEED}
    made = city_checks(city.people, city.protocols, **given)._asdict()
    made["group_effects"] = city_groups(city.people, city.protocols, **given, **draws).group_effects
    made["targeting_rule"], made["targeting_value"] = city_targeting(
        city.people, city.protocols, seed=SEED, **given
    )
    made["funnel"] = city_funnel(city.people, city.protocols, **given)
    made["effect_readings"] = readings(city.effects.draws, city.effects.status, city.protocols)
    made["district_ranks"] = ranks(
        city.effects.draws, city.effects.status, city.protocols, seed=SEED
    )

    assert [name for name, table in made.items() if not _is_publishable(table, name)] == []
    found = {
        name: set(table["intervention_id"])
        for name, table in made.items()
        if name != "targeting_rule"
    }
    assert found == {name: {"course"} for name in found}


def test_tables_are_empty_and_publishable_when_nobody_starts_anything(city):
    other = city.protocols[1:]

    checks = city_checks(city.people, other, propensity=city.propensity)
    empty = {
        **checks._asdict(),
        "funnel": city_funnel(city.people, other, propensity=city.propensity),
    }

    assert all(table.is_empty() and _is_publishable(table, name) for name, table in empty.items())


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


def test_beside_truth_says_whether_the_range_holds_it(city):
    summary = pl.DataFrame(
        {
            "intervention_id": "course",
            "estimand": "start_now_rather_than_wait",
            "outcome": ["months_work", "months_support"],
            "difference": [1.0, -1.0],
            "ci_lower": [0.5, -1.5],
            "ci_upper": [1.5, -0.5],
        }
    )
    months = pl.DataFrame(
        {
            "intervention_id": "course",
            "district": "all",
            "district_basis": "time_zero",
            "population": "starters",
            "comparison": "wait",
            "horizon_months": 2,
            "outcome": ["work", "support"],
            "difference": [0.8, 0.3],
            "mc_std_error": [0.1, 0.1],
        }
    )

    table = beside_truth(summary, months, city.protocols[0])

    assert dict(table.select("outcome", "is_covered").iter_rows()) == {
        "months_work": True,
        "months_support": False,
    }


EXTRACT = SimpleNamespace(first_month=date(2020, 1, 1), data_through=date(2023, 12, 1))


def _rolled_out(action):
    rng = np.random.default_rng(2)
    n = 1_500
    start = rng.integers(1, 44, n)
    length = rng.integers(1, 10, n)
    months = [date(2020 + month // 12, month % 12 + 1, 1) for month in range(60)]
    spells = pl.DataFrame(
        {
            "person_id": [f"p{place}" for place in range(n)],
            "district": [f"d{place % 6}" for place in range(n)],
            "start": [months[one] for one in start],
            "end": [months[min(one + more, 48)] for one, more in zip(start, length, strict=True)],
            "exit": [
                "work" if one + more < 48 else None for one, more in zip(start, length, strict=True)
            ],
            "is_start_known": True,
        }
    )
    intervals = spells.select(
        "district", start=pl.lit(0), stop=pl.lit(48), from_state=pl.lit("studies")
    )
    actions = pl.DataFrame(
        action,
        schema={"district": pl.String, "action_id": pl.String, "start": pl.Date},
        orient="row",
    )
    return roll_outs(
        actions,
        support_spells=spells,
        state_intervals=intervals,
        extract=EXTRACT,
        seed=1,
        n_permutations=39,
    )


def test_roll_outs_are_estimated_on_exits_and_entries():
    found = _rolled_out(
        [
            ("d0", "plan", date(2021, 7, 1)),
            ("d1", "plan", date(2022, 1, 1)),
            ("elsewhere", "plan", date(2021, 1, 1)),
        ]
    )

    assert found.rollout_effects.select("action_id", "outcome", "n_adopted").rows() == [
        ("plan", "exit", 2),
        ("plan", "entry", 2),
    ]
    assert _is_publishable(found.rollout_effects, "rollout_effects") and _is_publishable(
        found.rollout_events, "rollout_events"
    )


@pytest.mark.parametrize(
    "action",
    [
        [],
        [(f"d{place}", "plan", date(2021, 7, 1)) for place in range(6)],
        [("d0", "plan", date(2020, 1, 1))],
    ],
)
def test_an_action_with_nothing_to_compare_is_left_out(action):
    found = _rolled_out(action)

    assert found.rollout_effects.is_empty() and _is_publishable(
        found.rollout_effects, "rollout_effects"
    )
