import numpy as np
import polars as pl
import pytest

from evalkit.monitoring import coming_closer
from evalkit.monitoring.steps.readiness import readiness, readiness_test
from evalkit.vocabulary import index_verdict
from tests.monitoring.steps.people import episode, follow_up

CRITERIA = (
    "manages_participation",
    "manages_travel",
    "has_no_active_abuse",
    "handles_conflict",
    "is_motivated",
)


def city(make, *, effect: float, n: int = 600, seed: int = 1) -> dict[str, pl.DataFrame]:
    """People in training with an index drawn at random, whose odds of a hand-over it multiplies."""
    rng = np.random.default_rng(seed)
    index = rng.integers(0, 6, n)
    goes_on = rng.random(n) < 1 / (1 + np.exp(1.2 - effect * (index - 2.5)))
    return make(
        participation=[
            episode(f"{person:04}", "training", 0, 5, end_reason="job_centre" if gone else "done")
            for person, gone in enumerate(goes_on)
        ],
        follow_up=[
            follow_up(
                f"{person:04}",
                "training",
                1,
                **{name: int(place < met) for place, name in enumerate(CRITERIA)},
            )
            for person, met in enumerate(index)
        ],
    )


def test_readiness_counts_the_first_follow_up_and_says_what_is_not_answered(make, followed):
    tables = make(
        participation=[
            episode("a", "training", 0, 4, end_reason="job_centre"),
            episode("b", "training", 0),
            episode("c", "training", 0),
        ],
        follow_up=[
            follow_up("a", "training", 1),
            follow_up("a", "training", 3, is_motivated=0),
            follow_up("b", "training", 1, is_motivated=0),
            follow_up("c", "training", 1, is_motivated=None),
        ],
    )

    found = readiness(tables, followed).filter(pl.col("n_persons") > 0, district="all")

    assert found.select("criteria_met", "n_persons", "n_next_step", "n_whole").rows() == [
        ("4", 1, 0, 3),
        ("5", 1, 1, 3),
        ("all", 3, 1, 3),
        ("incomplete", 1, 0, 3),
    ]


def test_follow_ups_that_are_not_followed_for_six_months_do_not_count(make, followed):
    tables = make(
        participation=[episode("a", "training", 40), episode("b", "training", 40)],
        follow_up=[follow_up("a", "training", 42), follow_up("b", "training", 41)],
    )

    found = readiness(tables, followed).filter(district="all", criteria_met="all")

    assert found["n_persons"].to_list() == [1]


def test_an_index_that_tells_the_next_step_predicts_and_is_calibrated(make, followed):
    found = readiness_test(city(make, effect=0.7), followed)
    by_measure = {row["measure"]: row for row in found.iter_rows(named=True)}

    told = by_measure["discrimination"]
    assert index_verdict(told["ci_lower"], told["ci_upper"]) == "predicts"
    assert by_measure["odds_ratio"]["ci_lower"] < np.exp(0.7) < by_measure["odds_ratio"]["ci_upper"]
    assert (
        by_measure["calibration_slope"]["ci_lower"]
        < 1
        < by_measure["calibration_slope"]["ci_upper"]
    )
    expected = found.filter(measure="expected").sort("criteria_met")["estimate"].to_list()
    assert expected == sorted(expected) and len(expected) == 6


def test_an_index_that_tells_nothing_does_not_predict(make, followed):
    found = readiness_test(city(make, effect=0.0, n=1500), followed)

    told = found.row(by_predicate=pl.col("measure") == "discrimination", named=True)
    assert index_verdict(told["ci_lower"], told["ci_upper"]) == "predicts_not"
    assert "calibration_slope" not in found["measure"]


def test_nothing_is_said_of_few_people(make, followed):
    found = readiness_test(city(make, effect=2.0, n=40), followed)

    assert found.select("measure", "estimate").rows() == [("discrimination", None)]


@pytest.mark.parametrize(
    ("ci_lower", "ci_upper", "verdict"),
    [
        (0.55, 0.65, "predicts"),
        (0.51, 0.59, "predicts_not"),
        (0.3, 0.45, "predicts_not"),
        (0.45, 0.7, "cannot_be_said"),
        (0.5, 0.7, "cannot_be_said"),
    ],
)
def test_verdicts_follow_the_range(ci_lower, ci_upper, verdict):
    assert index_verdict(ci_lower, ci_upper) == verdict


def test_everything_is_empty_where_only_persons_and_payments_exist(make, followed):
    tables = make(
        person=[{"person_id": "a", "district": "North"}],
        lived=[("a", "support", 0, 48)],
        steps={},
    )

    assert {name: table.height for name, table in coming_closer(tables, followed).items()} == {
        "ladder": 0,
        "ladder_steps": 0,
        "ladder_by_district": 0,
        "readiness": 0,
        "readiness_test": 0,
        "time_to_next_step": 0,
    }


def test_the_ladder_is_told_without_follow_ups(make, followed):
    tables = make(participation=[episode("a", "training", 12, 30)], lived=[("a", "support", 0, 48)])

    found = coming_closer(tables, followed)

    assert found["ladder"].height > 0 and found["readiness"].is_empty()


def test_readiness_is_told_without_a_ladder(make, followed):
    tables = make(
        participation=[episode("a", "training", 0, 9)],
        follow_up=[follow_up("a", "training", 1)],
        steps={"training": None},
    )

    found = coming_closer(tables, followed)

    assert found["ladder"].is_empty() and found["readiness"].height > 0
