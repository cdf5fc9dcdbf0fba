"""A city's worlds: off unless asked for; who has taken part starts at another rate; the labour
market and the offers move; the truth follows.
"""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.errors import ParameterError
from evalkit.simulate import live, load_city, simulate_truth, write_city
from evalkit.simulate.city.city import City
from evalkit.simulate.city.worlds import World, level_in
from evalkit.simulate.population.people import draw_people
from evalkit.simulate.population.process import Process
from evalkit.simulate.population.state import LATENT, NO_PROGRAMME

pytestmark = pytest.mark.slow

CITIES = Path(__file__).parents[2] / "params" / "cities"
WORLDS = ("earlier_participation", "worsening_market", "improving_market")
COACHING = "jobbtorg_coaching"
N_PEOPLE = 3_000
# Monte Carlo errors allowed; a false alarm is rarer than one in ten thousand.
N_ERRORS = 4
BASIS = {"source": "invented for the test", "grade": "L"}


def _one_intervention(city: City, *, switches: dict, **changes: object) -> City:
    """The city with coaching alone, started by many, so that histories are long."""
    content = json.loads(city.model_dump_json())
    offered = [
        one | {"monthly_rate": 0.08, **changes}
        for one in content["interventions"]
        if one["intervention_id"] == COACHING
    ]
    switched = {name: {"basis": BASIS, **rules} for name, rules in switches.items()}
    return City.model_validate(content | {"interventions": offered} | switched)


def _never_twice(city: City, **changes: object) -> City:
    rules = {"may_start_again": False, "gain_half_life_months": 600, "first_start_month": 1}
    return _one_intervention(city, switches={"earlier_participation": rules}, **changes)


def _log_rates(city: City, begun: list[int], month: int = 30) -> np.ndarray:
    """Log start rates of people who have begun some interventions (positions) before; NaN where
    something is not offered.
    """
    people = draw_people(city, seed=5, first=0, stop=200)
    process = Process(city, people)
    state, rows = process.begin(0), np.arange(200)
    state.has_begun[:, begun] = True
    rates = process.rates.of_starts(state, np.full(200, month), rows)
    return np.log(rates, out=np.full_like(rates, np.nan), where=rates > 0)


def _in_place(rates: np.ndarray) -> np.ndarray:
    return rates[np.isfinite(rates)]


@pytest.mark.parametrize("name", ["stockholm", "uppsala_county"])
def test_worlds_are_off_unless_asked_for(name):
    city = load_city(name, CITIES)

    assert set(WORLDS) <= set(city.worlds)
    assert city.switches == {}
    assert set(load_city(name, CITIES, worlds=WORLDS[:2]).switches) == {
        "earlier_participation",
        "calendar",
    }


def test_declaring_worlds_changes_nobodys_life(small_city):
    without = small_city.model_copy(update={"worlds": {}})

    with_them, other = (live(city, seed=5, first=0, stop=400) for city in (small_city, without))

    assert (with_them.observed == other.observed).all()
    assert with_them.episodes.equals(other.episodes)


def test_an_unknown_world_is_refused_with_the_nearest_one():
    with pytest.raises(ParameterError) as fault:
        load_city("stockholm", CITIES, worlds=["worsening_markt"])

    assert str(fault.value).splitlines() == [
        'The city stockholm has no world called "worsening_markt".',
        "  where: world",
        "  why:   What a world switches on stands in the city's file, with its source.",
        '  fix:   did you mean "worsening_market"?',
    ]


def test_two_worlds_of_one_switch_are_refused():
    with pytest.raises(ParameterError) as fault:
        load_city("stockholm", CITIES, worlds=["worsening_market", "improving_market"])

    assert str(fault.value).splitlines() == [
        "Two worlds set the same switch.",
        "  where: worlds worsening_market, improving_market: calendar",
        "  why:   Only one of them could hold.",
        "  fix:   name one of these worlds.",
    ]


def test_a_world_that_switches_nothing_is_refused():
    with pytest.raises(ValueError, match="a world switches something"):
        World.model_validate({"title": {"en": "Nothing"}})


def test_having_begun_adds_to_the_log_start_rates_as_declared(stockholm):
    city = stockholm.in_worlds("earlier_participation")
    rules = city.earlier_participation
    item = next(
        place for place, one in enumerate(city.interventions) if one.intervention_id == COACHING
    )

    change = _log_rates(city, [item]) - _log_rates(city, [])

    others = np.arange(change.shape[1]) != item
    assert np.allclose(_in_place(change[:, others]), rules.starts_after_any, atol=1e-5)
    assert np.allclose(
        _in_place(change[:, item]), rules.starts_after_any + rules.starts_after_this, atol=1e-5
    )


def test_having_begun_what_prepares_adds_to_the_log_start_rates_of_higher_steps(stockholm):
    city = stockholm.in_worlds("prepared")
    names = [one.intervention_id for one in city.interventions]
    (begun,) = city.next_step.starts_of_higher
    steps = np.array([one.ladder_step for one in city.interventions])

    change = _log_rates(city, [names.index(begun)]) - _log_rates(city, [])

    is_higher = steps > steps[names.index(begun)]
    gain = city.next_step.starts_of_higher[begun]
    assert np.allclose(_in_place(change[:, is_higher]), gain, atol=1e-5)
    assert np.allclose(_in_place(change[:, ~is_higher]), 0, atol=1e-5)


def test_what_prepares_is_one_of_the_city_s_interventions(small_city):
    content = json.loads(small_city.model_dump_json())
    step = {"basis": BASIS, "starts_of_higher": {"no_such": 1.0}}

    with pytest.raises(ValueError, match="interventions that the city does not have: no_such"):
        City.model_validate(content | {"next_step": step})


def test_nobody_starts_twice_where_it_is_not_allowed_and_nothing_before_the_first_month(small_city):
    episodes = live(_never_twice(small_city), seed=5, first=0, stop=N_PEOPLE).episodes

    assert len(episodes) > 200
    assert not episodes["row"].is_duplicated().any()
    assert episodes["start"].min() >= 1


def test_calendar_time_moves_start_rates_and_exits_as_declared(stockholm):
    city = stockholm.in_worlds("worsening_market")

    late, early = (_log_rates(city, [], month=month) for month in (90, 18))
    plain_late, plain_early = (_log_rates(stockholm, [], month=month) for month in (90, 18))

    rules = city.calendar
    moved = level_in(np.array([90, 18]), rules.starts)
    assert np.allclose(
        _in_place((late - plain_late) - (early - plain_early)), moved[0] - moved[1], atol=1e-4
    )
    people = draw_people(city, seed=5, first=0, stop=200)
    rows = np.arange(200)
    local = []
    for world in (city, stockholm):
        process = Process(world, people)
        state = process.begin(0)
        local.append(process.rates.of_labour_market(state, np.full(200, 90), rows).astype(float))
    assert np.allclose(local[0] - local[1], level_in(np.array([90]), rules.to_work), atol=1e-5)


def test_levels_lie_on_straight_lines_and_stay_beyond_them():
    assert level_in(np.array([-5, 10, 15, 20, 99]), {20: 1.0, 10: 0.0}).tolist() == pytest.approx(
        [0, 0, 0.5, 1, 1]
    )


def test_gains_last_as_long_as_the_world_says(small_city):
    fading, lasting = (
        Process(city, draw_people(city, seed=1, first=0, stop=2)).fade
        for city in (small_city, _never_twice(small_city))
    )

    assert fading == pytest.approx(2 ** (-1 / small_city.process.gain_half_life_months))
    assert lasting == pytest.approx(2 ** (-1 / 600))


@pytest.fixture(scope="module")
def earlier_truth(small_city):
    city = _one_intervention(
        small_city,
        switches={
            "earlier_participation": {
                "starts_after_this": -1.0,
                "gain_half_life_months": 600,
                "first_start_month": 1,
            }
        },
    )
    return simulate_truth(city, seed=11, n_people=N_PEOPLE, eligible_share=0), city


def _work_months(truth, population: str, comparison: str = "wait") -> dict:
    own = {
        "population": population,
        "comparison": comparison,
        "district": "all",
        "district_basis": "time_zero",
    }
    own |= {"outcome": "work", "horizon_months": 36}
    return truth.months.filter(*[pl.col(column) == value for column, value in own.items()]).row(
        0, named=True
    )


def test_the_truth_tells_starters_who_are_new_apart(earlier_truth):
    truth, city = earlier_truth
    episodes = live(city, seed=11, first=0, stop=N_PEOPLE).episodes
    window = pl.col("start").is_between(25, city.n_months - 36)
    n_all, n_first = (
        len(one.filter(window))
        for one in (episodes, episodes.group_by("row").agg(pl.col("start").min()))
    )

    assert n_first < n_all
    assert _work_months(truth, "starters")["n_futures"] == n_all
    assert _work_months(truth, "starters_new_to_this")["n_futures"] == n_first
    assert _work_months(truth, "starters_new_to_any")["n_futures"] == n_first


def test_the_truth_has_no_populations_by_history_where_history_decides_nothing(small_city):
    truth = simulate_truth(small_city, seed=11, n_people=200)

    assert set(truth.months["population"]) <= {"starters", "eligible"}


def test_the_treated_arm_of_the_truth_is_what_the_tables_show_of_starters_in_every_world(
    small_city,
):
    """With both switches on: the futures of those who start follow the same process as the lives in
    the tables.
    """
    calendar = {"to_work": {25: 0.5, 66: -0.5}, "starts": {25: -0.5, 66: 0.5}}
    earlier = {"starts_after_this": -1.0, "gain_half_life_months": 600, "first_start_month": 1}
    city = _one_intervention(
        small_city, switches={"calendar": calendar, "earlier_participation": earlier}
    )
    lives = live(city, seed=11, first=0, stop=N_PEOPLE)
    own = lives.episodes.filter(pl.col("start").is_between(25, city.n_months - 36))
    months = own["start"].to_numpy()[:, None] + np.arange(36)
    spent = (lives.observed[own["row"].to_numpy()[:, None], months] == LATENT.index("work")).sum(
        axis=1
    )

    expected = _work_months(
        simulate_truth(city, seed=11, n_people=N_PEOPLE, eligible_share=0), "starters"
    )["treated"]

    assert abs(spent.mean() - expected) < N_ERRORS * np.sqrt(2) * spent.std() / np.sqrt(len(spent))


def test_the_truth_is_zero_in_every_world_where_the_intervention_changes_nothing(small_city):
    nothing = {
        "gain": {"work": 0, "studies": 0, "benefit": 0},
        "target_gain": 0,
        "by_model": {},
        "district_sd": 0,
        "lock_in": 0,
    }
    calendar = {"to_work": {25: 0.8, 66: -0.8}, "starts": {25: -1.0, 66: 1.0}}
    earlier = {"starts_after_this": -2.0, "gain_half_life_months": 600, "first_start_month": 1}
    city = _one_intervention(
        small_city, switches={"calendar": calendar, "earlier_participation": earlier}, **nothing
    )

    truth = simulate_truth(city, seed=2, n_people=N_PEOPLE, eligible_share=0)

    for population in ("starters", "starters_new_to_this"):
        found = _work_months(truth, population)
        assert found["n_futures"] > 50
        assert abs(found["difference"]) <= N_ERRORS * found["mc_std_error"]


def test_waiting_is_starting_later_only_where_later_starts_are_allowed(small_city):
    """Who may start once only and waits may still start later; who never starts may not, so never
    is the larger contrast.
    """
    truth = simulate_truth(
        _never_twice(small_city, gain={"work": 2.0}, lock_in=0.0),
        seed=2,
        n_people=N_PEOPLE,
        eligible_share=0,
    )

    wait, never = (
        _work_months(truth, "starters", comparison)["difference"]
        for comparison in ("wait", "never")
    )
    assert 0 < wait < never


def test_begun_is_kept_when_a_programme_is_over(small_city):
    city = _never_twice(small_city)
    process = Process(city, draw_people(city, seed=5, first=0, stop=1_000))
    state = process.begin(-12)
    started = np.zeros(1_000, bool)
    for month in range(-12, 30):
        started[process.step(state, month).started] = True

    assert (state.has_begun[:, 0] == started).all()
    assert (started & (state.programme == NO_PROGRAMME)).sum() > 50


def test_the_readme_says_what_is_switched_on(small_city, tmp_path):
    write_city(
        small_city.in_worlds("earlier_participation", "worsening_market"),
        tmp_path / "city",
        seed=4,
        n_people=200,
    )

    text = (tmp_path / "city" / "README.md").read_text(encoding="utf-8")

    assert "neither helps nor hinders" not in text
    assert (
        "Earlier participation is switched on: -0.5 on the log start rates after any intervention, "
        "-2 more where it was this one" in text
    )
    assert "on the log rate from support into work +0.3 in month 0, -0.5 in month 120" in text
    assert (
        "| earlier participation | assumed; that places go to those who have had none is usual"
        in text
    )
