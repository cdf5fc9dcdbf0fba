"""An index that is planted to tell the next step is found, and one that tells nothing is not."""

import polars as pl
import pytest

from evalkit.monitoring.steps.readiness import readiness_test
from evalkit.shipped import shipped
from evalkit.simulate import live, load_city
from evalkit.vocabulary import index_verdict
from tests.monitoring.steps.simulated import read_by_monitoring


def verdict(city, lives, *, by_nearness: float) -> str:
    rules = city.readiness.model_copy(update={"by_nearness": by_nearness})
    tables, followed = read_by_monitoring(city.model_copy(update={"readiness": rules}), lives)
    found = readiness_test(tables, followed)
    told = found.row(by_predicate=pl.col("measure") == "discrimination", named=True)
    return index_verdict(told["ci_lower"], told["ci_upper"])


def verdicts(seed: int) -> tuple[str, str]:
    """With the criteria as the demo city declares them, and with those that say nothing."""
    city = load_city("demo_city", shipped("params", "cities"))
    lives = live(city, seed=seed, first=0, stop=city.full_city_adults)
    return (
        verdict(city, lives, by_nearness=city.readiness.by_nearness),
        verdict(city, lives, by_nearness=0.0),
    )


def test_a_planted_index_is_found_and_noise_is_not():
    assert verdicts(1) == ("predicts", "predicts_not")


@pytest.mark.prove
@pytest.mark.parametrize("seed", range(2, 22))
def test_a_planted_index_is_found_and_noise_is_not_with_other_seeds(seed):
    assert verdicts(seed) == ("predicts", "predicts_not")
