"""What results of this room show of themselves, as a line with a table and as a picture."""

import numpy as np
import polars as pl
import pytest

from evalkit import effects
from evalkit.errors import EstimationError
from evalkit.results import Result
from evalkit.sketch import NOT_FOR_RELEASE

MOST_LINES = 40
DRAWS = {"n_draws": 20, "seed": 3}


@pytest.fixture(scope="module")
def people(world):
    rng = np.random.default_rng(1)
    lives = {
        f"P{place:02d}": "".join(rng.choice(list("sw"), 2))
        + "s"
        + rng.choice(list("tss"))
        + "".join(rng.choice(list("sw"), 3))
        for place in range(60)
    }
    tables = world.tables(lives)
    return effects.PersonTables(
        tables["spells"],
        tables["episodes"],
        tables["state_intervals"],
        tables["person"],
        world.first_month,
    )


@pytest.fixture(scope="module")
def protocol(world):
    return world.protocol(
        eligibility={"from_month": 4, "to_month": 4},
        covariates=[{"name": "past_work", "kind": "history_share", "outcome": "work"}],
    )


@pytest.fixture(scope="module")
def results(people, protocol):
    """Results by the name of what made them."""
    trials = people.trials(protocol)
    weights = effects.intervention_weights(people, protocol, **DRAWS)
    fitted = effects.fit_models(trials, **DRAWS)
    weighting = effects.weighting_of(trials, fitted, "wait")
    in_work = trials.outcomes == 0
    return {
        "PersonTables": people,
        "Protocol": protocol,
        "Trials": trials,
        "weighting_of": weighting,
        "contrast": effects.contrast(trials, in_work.sum(axis=1)),
        "doubly_robust_months": effects.doubly_robust_months(weighting, seed=1),
        "estimate_effect": effects.estimate_effect(
            trials, district="North", propensity=fitted, **DRAWS
        ),
        "intervention_weights": weights,
        "intervention_checks": effects.intervention_checks(people, trials, propensity=fitted),
        "group_tables": effects.group_tables(trials, people.person, propensity=fitted, **DRAWS),
        "targeting_tables": effects.targeting_tables(trials, fitted, seed=1),
    }


def test_every_result_is_a_line_and_a_small_table(results):
    for name, result in results.items():
        assert len(repr(result).splitlines()) < MOST_LINES, name
        assert "array(" not in repr(result), name
        assert "<table>" in result._repr_html_(), name
        if isinstance(result, Result):
            assert isinstance(result.table, pl.DataFrame), name


def test_trials_tell_who_is_compared(results):
    trials = results["Trials"]

    [row] = trials.table.to_dicts()
    assert row["n_starters"] == trials.n_starters
    assert row["n_eligible"] == trials.rows.height
    assert trials.headline.startswith("Trials of course, months 4 to 4: ")


def test_a_roll_out_says_its_effect_and_draws_it():
    rng = np.random.default_rng(0)
    n_districts, n_periods = 8, 12
    place, period = (axis.ravel() for axis in np.indices((n_districts, n_periods)))
    count = rng.poisson(4_000 * 0.04, place.size).astype(float)
    panel = pl.DataFrame(
        {
            "district": [f"d{number}" for number in place],
            "period": period.astype(np.int32),
            "months_on_support": 4_000.0,
            "n_exits_to_work": count,
            "months_off_support": 4_000.0,
            "n_entries": count,
        }
    )
    adoption = effects.Adoption({"d0": 5, "d1": 5, "d2": 7}, {})

    found = effects.rollout_effect(panel, adoption, outcome="exit", n_permutations=49, seed=1)

    assert "3 of 8 districts adopted" in found.headline
    assert NOT_FOR_RELEASE in found.plot().svg


def _curves(states=("work",)):
    rows = [
        (
            "all",
            "course",
            state,
            arm,
            month,
            level * month,
            level * month - 0.1,
            level * month + 0.1,
        )
        for state in states
        for arm, level in (("treated", 0.05), ("comparison", 0.03), ("difference", 0.02))
        for month in range(7)
    ]
    keys = ["district", "intervention_id", "state", "arm", "month"]
    return pl.DataFrame(rows, schema=[*keys, "estimate", "ci_lower", "ci_upper"], orient="row")


def _drawn(sketch):
    return [row for rows in sketch.chart.to_dict()["datasets"].values() for row in rows]


def test_one_outcome_is_drawn_as_both_arms_and_their_difference():
    sketch = effects.plot(_curves(), planned_months=3, title="A course")

    spec = sketch.chart.to_dict()
    assert [panel["title"] for panel in spec["vconcat"]] == ["Both arms", "Difference"]
    assert {"from": 0.0, "to": 3.0} in _drawn(sketch)
    assert spec["title"]["text"] == "A course"
    assert NOT_FOR_RELEASE in sketch.svg


def test_several_outcomes_are_drawn_as_their_differences():
    sketch = effects.plot(_curves(("work", "support")))

    arms = {row["arm"] for row in _drawn(sketch) if "arm" in row}
    assert arms == {"difference"}
    assert sketch.name == "all, course"


def test_balance_is_drawn_before_and_after_within_what_is_alike(results):
    balance = results["intervention_weights"].balance

    drawn = _drawn(effects.plot(balance))

    assert {row["end"] for row in drawn if "end" in row} == {"smd_before", "smd_after"}
    assert {"from": -0.1, "to": 0.1} in drawn


def test_overlap_is_drawn_by_arm(results):
    overlap = results["intervention_checks"].overlap

    assert NOT_FOR_RELEASE in effects.plot(overlap).svg


def test_differences_are_drawn_below_each_other_under_what_they_have_in_common():
    table = pl.DataFrame(
        {
            "district": ["North", "South"],
            "intervention_id": ["course"] * 2,
            "outcome": ["months_work"] * 2,
            "difference": [0.5, 1.0],
            "ci_lower": [0.1, 0.2],
            "ci_upper": [0.9, 1.8],
        }
    )

    sketch = effects.plot(table)

    assert sketch.name == "course, months_work"
    assert [row["row"] for row in _drawn(sketch) if "row" in row][:2] == ["North", "South"]
    with pytest.raises(EstimationError, match="rows are of 2 measures"):
        effects.plot(table.with_columns(outcome=pl.Series(["months_work", "work_share_at_end"])))


def test_raw_and_shrunk_stand_beside_each_other():
    table = pl.DataFrame(
        {
            "district": ["North"],
            "raw": [1.0],
            "raw_lower": [0.0],
            "raw_upper": [2.0],
            "shrunk": [0.8],
            "shrunk_lower": [0.2],
            "shrunk_upper": [1.4],
        }
    )

    assert [row["row"] for row in _drawn(effects.plot(table)) if "row" in row][:2] == [
        "raw",
        "shrunk",
    ]


def test_a_table_without_rows_is_refused_in_words():
    with pytest.raises(EstimationError, match="A table without rows has no picture"):
        effects.plot(_curves().clear())
