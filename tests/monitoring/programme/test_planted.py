"""Whom the programme of the simulated Stockholm reached, as the simulator knows it: every count is
found, exact before it is rounded.
"""

import polars as pl
import pytest

from evalkit.line.delivered import delivered
from evalkit.line.tables import table
from evalkit.monitoring.programme.actions import programme_actions, programme_reach
from evalkit.monitoring_rules import MonitoringRules
from evalkit.params import Extract
from evalkit.simulate import load_city
from evalkit.simulate.population.lives import live
from evalkit.simulate.register.city_tables import city_tables
from evalkit.simulate.register.person_tables import person_tables

N_PEOPLE = 2000
EXTRACT = Extract.model_validate(
    {"folder": "x", "first_month": "2012-01", "data_through": "2021-12"}
)


def _reached(city, seed):
    """Whom the actions reached, and the rows that it was counted from."""
    lives = live(city, seed=seed, first=0, stop=N_PEOPLE)
    participation = person_tables(city, lives)["participation"]
    action = city_tables(city, N_PEOPLE)["action"]
    reach = programme_reach(
        programme_actions(action, EXTRACT),
        participation=participation,
        outreach=delivered()["outreach"].empty(),
        state_intervals=table("state_intervals").empty(),
        extract=EXTRACT,
        rules=MonitoringRules(),
    )
    return reach, participation, action


@pytest.mark.parametrize(
    "seed",
    [*range(3), *(pytest.param(seed, marks=pytest.mark.prove) for seed in range(3, 20))],
)
def test_every_count_of_the_planted_programme_is_found(seed):
    reach, participation, action = _reached(load_city("stockholm"), seed)

    begun = action.filter(pl.col("interventions").is_not_null(), pl.col("status") != "planned")
    expected = {}
    for row in begun.iter_rows(named=True):
        own = participation.filter(
            pl.col("intervention_id").is_in(row["interventions"].split()),
            pl.col("start") >= row["start"],
            pl.col("home_district") == row["district"],
            *([pl.col("start") < row["end"]] if row["end"] else []),
        )
        expected[row["district"], row["action_id"]] = own["person_id"].n_unique()
    started = reach.filter(pl.col("measure") == "started", pl.col("district") != "all")
    found = {(where, what): n for where, what, _, n in started.iter_rows()}
    assert found == expected
    assert sum(expected.values()) > 0
