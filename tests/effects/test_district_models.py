import numpy as np
import polars as pl
import pytest

from evalkit.effects.districts.district_models import effects_by_model

N_ERRORS = 4


def _ranks(effects: dict[str, float], half_width: float = 0.2) -> pl.DataFrame:
    rows = [
        {
            "district": name,
            "intervention_id": "course",
            "estimand": "now",
            "raw": value,
            "raw_lower": value - half_width,
            "raw_upper": value + half_width,
            "standardised": None,
            "standardised_to": "own_starters",
            "n_starters": 30,
            "one_person": 0.2,
        }
        for name, value in effects.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"standardised": pl.Float64})


def test_ways_that_differ_are_told_apart_and_one_district_is_no_way():
    effects = {"A": 2.0, "B": 2.1, "C": 1.9, "D": 0.1, "E": 0.0, "F": -0.1, "G": 5.0}
    models = dict.fromkeys("ABC", "direct") | dict.fromkeys("DEF", "bought") | {"G": "team"}

    rows = {
        row["model"]: row
        for row in effects_by_model(_ranks(effects), models, seed=1).iter_rows(named=True)
    }

    assert rows["direct"]["effect"] == pytest.approx(2.0, abs=0.05)
    assert rows["direct"]["gap"] == pytest.approx(2.0, abs=0.05)
    assert rows["direct"]["gap_lower"] > 0 > rows["bought"]["gap_upper"]
    assert (rows["team"]["effect_state"], rows["team"]["reason"], rows["team"]["effect"]) == (
        "cannot_be_said",
        "one_district",
        None,
    )
    assert (rows["direct"]["n_districts"], rows["direct"]["n_starters"]) == (3, 90)


@pytest.mark.slow
def test_ways_cannot_be_compared_where_only_one_has_two_districts():
    found = effects_by_model(
        _ranks({"A": 1.0, "B": 2.0, "C": 3.0}), {"A": "own", "B": "own", "C": "bought"}, seed=1
    )

    assert found["reason"].to_list() == ["few_districts"] * 2
    assert found["effect"].null_count() == 2


def test_gaps_cover_the_truth_where_districts_differ_for_other_reasons_too():
    covered, n = 0, 150
    models = {f"d{place}": ("own", "bought")[place % 2] for place in range(10)}
    for seed in range(n):
        rng = np.random.default_rng(seed)
        true = {
            name: (1.0 if model == "own" else 0.4) + rng.normal(0, 0.5)
            for name, model in models.items()
        }
        seen = {name: value + rng.normal(0, 0.3) for name, value in true.items()}
        row = (
            effects_by_model(_ranks(seen, half_width=1.96 * 0.3), models, seed=seed)
            .filter(model="own")
            .row(0, named=True)
        )
        covered += row["gap_lower"] < 0.6 < row["gap_upper"]

    assert covered / n == pytest.approx(0.95, abs=N_ERRORS * np.sqrt(0.95 * 0.05 / n))
