"""The criteria of readiness: how strongly they follow how near people are to work is declared, and
nothing else moves with it.
"""

import numpy as np
import polars as pl

from evalkit.simulate import live, person_tables
from evalkit.simulate.population.nearness import Nearness
from evalkit.simulate.register.readiness import CRITERIA, criteria_met


def with_strength(city, by_nearness):
    return city.model_copy(
        update={"readiness": city.readiness.model_copy(update={"by_nearness": by_nearness})}
    )


def test_criteria_are_met_as_often_as_declared(stockholm, lives):
    people, rows = lives.people, np.arange(len(lives.people))
    nearness = Nearness(stockholm, people).of(rows, np.zeros(len(rows)))

    met = criteria_met(stockholm, people, rows, np.zeros(len(rows), np.int64))

    rules = stockholm.readiness
    expected = 1 / (1 + np.exp(-(rules.level + rules.by_nearness * nearness)))
    for near in (nearness < -1, nearness > 0):
        for values in met.values():
            error = np.sqrt(expected[near].mean() * (1 - expected[near].mean()) / near.sum())
            assert abs(values[near].mean() - expected[near].mean()) < 4 * error


def test_criteria_say_nothing_where_the_switch_is_off(stockholm, lives):
    people, rows = lives.people, np.arange(len(lives.people))

    met = criteria_met(with_strength(stockholm, 0.0), people, rows, np.zeros(len(rows), np.int64))

    nearness = Nearness(stockholm, people).of(rows, np.zeros(len(rows)))
    for values in met.values():
        assert abs(np.corrcoef(values, nearness)[0, 1]) < 4 / np.sqrt(len(rows))


def test_the_switch_moves_the_criteria_alone(small_city):
    lives = live(small_city, seed=3, first=0, stop=400)
    on, off = (person_tables(with_strength(small_city, strength), lives) for strength in (2.0, 0.0))

    assert not on["follow_up"].equals(off["follow_up"])
    for name in on:
        kept = pl.exclude(*CRITERIA)
        assert on[name].select(kept).equals(off[name].select(kept)), name
