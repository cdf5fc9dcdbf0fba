import numpy as np
import polars as pl
import pytest

from evalkit.effects import case_mix_funnel
from evalkit.effects.districts.funnel import overdispersion

EXACT = 1e-6  # the logit stops when its step is negligible


def _city(arms, *, seed=1, n=4_000, lift=0.0, n_districts=10):
    """Districts differ in who lives there (x0); in the first of them everybody's log odds of work
    are higher by `lift`.
    """
    rng = np.random.default_rng(seed)
    place = rng.integers(0, n_districts, n)
    x = rng.normal(size=n) + place / n_districts
    working = rng.random(n) < 1 / (1 + np.exp(-(x - 1 + lift * (place == 0))))
    names = np.array([f"d{number:02d}" for number in range(n_districts)])[place]
    return arms.of_arrays(
        x, rng.random(n) < 0.1, np.where(working, 0, 2)[:, None].repeat(2, axis=1), district=names
    )


def test_funnel_by_hand(arms):
    """Without covariates everybody is expected to reach the city's share: 40 of 80."""
    district = np.repeat(["A", "B"], 40)
    outcomes = np.repeat([0, 2, 0, 2], [30, 10, 10, 30])[:, None]
    trials = arms.of_arrays(np.zeros((80, 0)), np.arange(80) % 2 == 0, outcomes, district=district)

    rows = {row["district"]: row for row in case_mix_funnel(trials).iter_rows(named=True)}

    assert rows["A"]["observed"] == 0.75 and rows["A"]["expected"] == pytest.approx(0.5, abs=EXACT)
    assert rows["A"]["adjusted"] == pytest.approx(0.75, abs=EXACT)
    # The error is sqrt(40 * 0.25) / 40.
    assert rows["A"]["upper_95"] == pytest.approx(
        0.5 + 1.959964 * np.sqrt(10) / 40 * np.sqrt(max(rows["A"]["overdispersion"], 1)), abs=EXACT
    )
    assert rows["all"]["adjusted"] == 0.5


def test_people_do_not_make_a_district_good_or_bad(arms):
    funnel = case_mix_funnel(_city(arms)).filter(pl.col("district") != "all")

    assert funnel["observed"].max() - funnel["observed"].min() > 0.12
    assert (funnel["verdict"] == "outside_998").sum() == 0


def test_a_district_that_does_better_lies_outside(arms):
    funnel = (
        case_mix_funnel(_city(arms, lift=1.5)).filter(pl.col("district") != "all").sort("district")
    )

    assert funnel["verdict"][0] == "outside_998"


def test_a_person_counts_once_in_the_first_trial(arms):
    trials = arms.of_arrays(
        np.zeros((4, 0)),
        np.array([True, False] * 2),
        np.array([[0], [2], [2], [2]]),
        person=[0, 0, 1, 2],
        month=[3, 2, 2, 2],
    )

    city = case_mix_funnel(trials).filter(pl.col("district") == "all").row(0, named=True)

    assert (city["n_persons"], city["observed"]) == (3, 0.0)


def test_overdispersion_is_one_for_chance_and_more_for_true_differences():
    rng = np.random.default_rng(1)

    assert overdispersion(rng.normal(size=4_000)) == pytest.approx(1, abs=0.05)
    assert overdispersion(3 * rng.normal(size=4_000)) > 5


def test_shares_are_of_fives_and_no_district_changes_its_side_of_a_limit_by_that(arms):
    """37 of 60 and 23 of 60, and the city's half: the nearest fives are 35 and 25."""
    district = np.repeat(["A", "B"], 60)
    outcomes = np.repeat([0, 2, 0, 2], [37, 23, 23, 37])[:, None]
    trials = arms.of_arrays(
        np.zeros((120, 0)), np.arange(120) % 2 == 0, outcomes, district=district
    )

    rows = case_mix_funnel(trials).filter(pl.col("district") != "all").sort("district")

    assert rows["observed"].to_list() == [0.58, 0.42]
    is_inside = rows["adjusted"].is_between(rows["lower_95"], rows["upper_95"])
    assert is_inside.to_list() == (rows["verdict"] == "inside").to_list()
