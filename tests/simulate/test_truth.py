"""The truth against the tables that it belongs to, and against what was planted."""

import json

import numpy as np
import polars as pl
import pytest

from evalkit.simulate import live, planted_gains, rollout_truth, simulate_truth
from evalkit.simulate.city.city import City
from evalkit.simulate.population.state import LATENT

pytestmark = pytest.mark.slow

# Sums of at most ten shares in float64.
SUM_TOLERANCE = 1e-12
# Monte Carlo errors allowed between two independent or paired simulations; a false alarm is rarer
# than one in ten thousand.
N_ERRORS = 4
N_PEOPLE = 4_000
HORIZON = 36
NAIVE_BIAS_MONTHS = 1.0


@pytest.fixture(scope="module")
def truth(small_city):
    return simulate_truth(small_city, seed=11, n_people=N_PEOPLE)


@pytest.fixture(scope="module")
def small_lives(small_city):
    return live(small_city, seed=11, first=0, stop=N_PEOPLE)


@pytest.fixture(scope="module")
def stockholm_truth(stockholm):
    return simulate_truth(stockholm, seed=7, n_people=3_000, eligible_share=0)


def _with_work_training(city: City, **changes: object) -> City:
    content = json.loads(city.model_dump_json())
    content["interventions"] = [
        one | (changes if one["intervention_id"] == "work_training" else {})
        for one in content["interventions"]
    ]
    return City.model_validate(content)


def _work_months(
    truth, intervention_id: str, comparison: str = "wait", population: str = "starters"
) -> dict:
    own = (
        (pl.col("intervention_id") == intervention_id)
        & (pl.col("comparison") == comparison)
        & (pl.col("population") == population)
    )
    city = (pl.col("district") == "all") & (pl.col("district_basis") == "time_zero")
    return truth.months.filter(
        own & city, pl.col("outcome") == "work", pl.col("horizon_months") == HORIZON
    ).row(0, named=True)


def test_states_sum_to_one_in_every_arm_and_month(truth):
    keys = ["population", "intervention_id", "district", "district_basis", "arm", "month"]

    sums = truth.curves.group_by(keys).agg(pl.col("probability").sum())["probability"]

    assert (sums - 1).abs().max() < SUM_TOLERANCE


def test_curves_begin_on_support_and_reach_sixty_months(truth):
    first = truth.curves.filter(pl.col("month") == 0)

    assert set(first.filter(pl.col("probability") == 1)["state"]) == {"support"}
    assert truth.curves["month"].max() == 60


def test_starters_of_the_truth_are_those_of_the_tables(truth, small_lives, small_city):
    window = small_lives.episodes.filter(
        pl.col("start").is_between(25, small_city.n_months - HORIZON)
    )
    counted = dict(window.group_by("item").len().iter_rows())

    for item, one in enumerate(small_city.interventions):
        if counted.get(item):
            assert _work_months(truth, one.intervention_id)["n_futures"] == counted[item]


def test_treated_arm_agrees_with_what_the_tables_show_of_starters(truth, small_lives, small_city):
    item = next(
        place
        for place, one in enumerate(small_city.interventions)
        if one.intervention_id == "language_practice"
    )
    own = small_lives.episodes.filter(
        pl.col("item") == item, pl.col("start").is_between(25, small_city.n_months - HORIZON)
    )
    months = own["start"].to_numpy()[:, None] + np.arange(HORIZON)
    spent = (
        small_lives.observed[own["row"].to_numpy()[:, None], months] == LATENT.index("work")
    ).sum(axis=1)

    expected = _work_months(truth, "language_practice")["treated"]

    # Other chances from time zero on, so both have the error of a mean.
    assert abs(spent.mean() - expected) < N_ERRORS * np.sqrt(2) * spent.std() / np.sqrt(len(spent))


def test_truth_is_the_same_again(small_city):
    first, again = (simulate_truth(small_city, seed=3, n_people=200).months for _ in range(2))

    assert first.equals(again)


def test_truth_of_an_intervention_that_changes_nothing_is_zero(small_city):
    empty = _with_work_training(
        small_city,
        gain={"work": 0, "studies": 0, "benefit": 0},
        target_gain=0,
        by_model={},
        district_sd=0,
        lock_in=0,
        monthly_rate=0.03,
    )

    found = _work_months(
        simulate_truth(empty, seed=2, n_people=3_000, eligible_share=0), "work_training"
    )

    assert found["n_futures"] > 200
    assert abs(found["difference"]) < N_ERRORS * found["mc_std_error"]


def test_truth_of_work_training_is_a_loss_first_and_a_gain_later(small_city):
    strong = _with_work_training(small_city, gain={"work": 2.0}, lock_in=-3.0, monthly_rate=0.03)

    found = simulate_truth(strong, seed=2, n_people=3_000, eligible_share=0)

    timing = found.timing.filter(
        pl.col("intervention_id") == "work_training",
        pl.col("district") == "all",
        pl.col("comparison") == "never",
        pl.col("population") == "starters",
    ).row(0, named=True)
    assert timing["lock_in_months"] < 0
    assert 6 < timing["break_even_month"] < 36
    assert _work_months(found, "work_training", "never")["difference"] > 1


def test_never_is_a_larger_contrast_than_wait_where_later_starts_are_common(small_city):
    strong = _with_work_training(small_city, gain={"work": 2.0}, lock_in=0.0, monthly_rate=0.05)

    found = simulate_truth(strong, seed=2, n_people=3_000, eligible_share=0)

    assert (
        _work_months(found, "work_training", "never")["difference"]
        > _work_months(found, "work_training", "wait")["difference"]
        > 0
    )


@pytest.mark.parametrize(
    ("intervention_id", "sign"), [("work_training", -1), ("jobbtorg_coaching", 1)]
)
def test_naive_comparison_is_visibly_wrong(
    stockholm, stockholm_truth, lives, intervention_id, sign
):
    """Who starts against who does not: below the truth where the furthest from work are chosen,
    above it where the nearest are.
    """
    item = next(
        place
        for place, one in enumerate(stockholm.interventions)
        if one.intervention_id == intervention_id
    )
    own = lives.episodes.filter(pl.col("item") == item)
    in_work, starters, others = lives.observed == LATENT.index("work"), [], []
    for month in range(30, 80, 5):
        chosen = own.filter(pl.col("start").is_between(month, month + 4))["row"].to_numpy()
        waiting = np.setdiff1d(np.flatnonzero(lives.is_paid[:, month - 1]), chosen)
        after = in_work[:, month : month + HORIZON].sum(axis=1)
        starters.append(after[chosen])
        others.append(after[waiting])
    naive = np.concatenate(starters).mean() - np.concatenate(others).mean()

    truth = _work_months(stockholm_truth, intervention_id)["difference"]

    assert sign * (naive - truth) > NAIVE_BIAS_MONTHS


def test_planted_gains_differ_by_intervention_and_district(small_city):
    gains = planted_gains(small_city).filter("is_offered")

    assert (
        gains.group_by("intervention_id").agg(pl.col("gain_log_rate").std())["gain_log_rate"].max()
        > 0.1
    )
    assert gains["gain_log_rate"].max() - gains["gain_log_rate"].min() > 0.5


def test_roll_out_changes_districts_from_its_adoption_on_and_nothing_before(small_city):
    found = rollout_truth(small_city, seed=3, n_people=N_PEOPLE).filter(
        pl.col("action") == "activity_requirement"
    )
    wide = found.pivot("arm", index=["district", "month", "adopted_month"], values="rate_to_work")

    before = wide.filter(
        pl.col("adopted_month").is_null() & (pl.col("month") < 36)
        | (pl.col("month") < pl.col("adopted_month"))
    )
    after = wide.filter(pl.col("month") >= pl.col("adopted_month"))

    # People who move to an adopting district bring a little of its change along; before the first
    # adoption there is none.
    early = before.filter(pl.col("month") < 36)
    assert (early["with"] == early["without"]).all()
    assert after["with"].mean() > 1.05 * after["without"].mean()


def test_who_starts_takes_part_from_the_first_month_and_who_never_starts_never_does(truth):
    own = truth.programmes.filter(
        pl.col("programme") == pl.col("intervention_id"),
        pl.col("district") == "all",
        pl.col("district_basis") == "time_zero",
    )
    first = own.filter(arm="treated", month=1)
    later = (
        own.filter(pl.col("month") > 1)
        .group_by("intervention_id", "arm")
        .agg(pl.col("taking_part", "starting").sum())
    )

    assert first["taking_part"].to_list() == first["starting"].to_list() == [1.0] * first.height
    assert own.filter(arm="never")["taking_part"].max() == 0
    assert (
        own.filter(arm="wait", month=1)["starting"].max() == 0
        and later.filter(arm="wait")["starting"].max() > 0
    )
    # Some leave before the planned end: by month 4 of six a part of them have freed their place.
    kept = own.filter(
        arm="treated", intervention_id="work_training", month=4, population="starters"
    )["taking_part"].item()
    assert 0.3 < kept < 0.95
