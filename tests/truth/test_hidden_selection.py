"""What the placebos see: cities in which who starts is chosen by what the tables hold, by how much
people have worked before, by a trait that no table holds and that lasts, or by one that is new
every other year.

A placebo must stay silent where the estimate is right, which it is in the first two. How often it
warns where the estimate is wrong is printed, so that nobody takes a passed placebo for proof. The
smaller twin of this proof is in tests/effects/test_placebo.py.
"""

import json
from functools import cache

import polars as pl
import pytest
from cities import INTERVENTIONS, PARAMS, four_districts, people_of, protocols

from evalkit.effects import contrast, fit_propensity, placebo_tests
from evalkit.effects.weighting.start_now import StartNow
from evalkit.simulate import load_city
from evalkit.simulate.city.city import City

N_PEOPLE = 4_000
FIRST_SEED, N_CITIES = 21_000, 60
HONEST = (("persistent", 0.0), ("history", 1.0))
BIASED = (("persistent", 0.3), ("persistent", 1.0), ("transient", 1.0))
# Of estimates with nothing hidden; by the level of the tests 5 in 100 warn.
MOST_FALSE_ALARMS = 0.1


@cache
def city_of(world: str, strength: float) -> City:
    """Four districts under a world of selection."""
    switched = load_city("stockholm", PARAMS / "cities", worlds=[world], strength=strength)
    content = json.loads(four_districts().model_dump_json())
    return City.model_validate(content | {"selection": switched.selection})


def placebos(world: str, strength: float, seed: int) -> list[dict]:
    """One city's estimates, months in work gained with their standard error, and whether a placebo
    warns of them.
    """
    people, rows = people_of(seed, N_PEOPLE, city=city_of(world, strength)), []
    for protocol in protocols():
        trials = people.trials(protocol)
        weighting = StartNow.of(trials, fit_propensity(trials, n_draws=1, seed=0))
        tests = placebo_tests(weighting)
        gained = contrast(trials, trials.is_in_primary.sum(axis=1))
        verdicts = dict(tests.select("test", "verdict").iter_rows())
        rows.append(
            {
                "intervention_id": protocol.intervention_id,
                "months": float(gained.difference[0]),
                "history": verdicts["earlier_months"] == "warning",
                "warned": "warning" in verdicts.values(),
            }
        )
    return rows


def warned(world: str, strength: float) -> pl.DataFrame:
    cities = range(FIRST_SEED, FIRST_SEED + N_CITIES)
    found = pl.DataFrame([row for seed in cities for row in placebos(world, strength, seed)])
    months = found.group_by("intervention_id").agg(pl.mean("months").round(2)).sort(pl.all())
    share = found.select(pl.mean("history", "warned")).row(0, named=True)
    print(f"{world} {strength}: {share} of {len(found)} estimates; months {months.rows()}")
    return found


def test_one_city_of_a_world_has_its_placebos():
    found = placebos("history", 1.0, FIRST_SEED)

    assert {row["intervention_id"] for row in found} == set(INTERVENTIONS)
    # Each warns with a chance of 1 in 20: both do so once in 400 times.
    assert sum(row["history"] for row in found) < 2


@pytest.mark.prove
@pytest.mark.parametrize(("world", "strength"), HONEST)
def test_placebos_are_silent_where_the_estimate_is_right(world, strength):
    assert warned(world, strength)["warned"].mean() <= MOST_FALSE_ALARMS


@pytest.mark.prove
def test_placebos_say_little_where_the_estimate_is_wrong():
    """Printed: how often they warn, with the mean estimate beside that without anything hidden."""
    for world, strength in BIASED:
        warned(world, strength)
