"""The worlds that every city has: who starts is chosen by a trait that no table holds, or by the
past, and the truth follows.
"""

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from evalkit.errors import ParameterError
from evalkit.simulate import live, load_city, simulate_truth
from evalkit.simulate.city.city import City
from evalkit.simulate.city.worlds import MOST_STRENGTH, Selection
from evalkit.simulate.population.people import draw_people
from evalkit.simulate.population.process import Process
from evalkit.simulate.population.state import SICKNESS, STUDIES, SUPPORT, WORK, State

CITIES = Path(__file__).parents[2] / "params" / "cities"
WORLDS = ("persistent", "history", "transient", "broad", "first_spells")
BASIS = {"source": "invented for the test", "grade": "L"}
N_PEOPLE, MONTH = 2_000, 30
ROWS = np.arange(N_PEOPLE)
# Monte Carlo errors allowed; a false alarm is rarer than one in ten thousand.
N_ERRORS = 4
ALL_STARTERS = {
    "population": "starters",
    "district": "all",
    "district_basis": "time_zero",
    "comparison": "wait",
    "outcome": "work",
    "horizon_months": 36,
}


def _process(city: City) -> tuple[Process, State]:
    process = Process(city, draw_people(city, seed=5, first=0, stop=N_PEOPLE))
    return process, process.begin(0)


def _log_start_rates(city: City, months_worked: int = 0, month: int = MONTH) -> np.ndarray:
    """Log rates of the first start that is offered, of everybody."""
    process, state = _process(city)
    state.months_worked[:] = months_worked
    rates = process.rates.of_starts(state, np.full(N_PEOPLE, month), ROWS).max(axis=1)
    return np.log(rates).astype(float)


def _log_factor(city: City, to: int, month: int = MONTH) -> np.ndarray:
    process, state = _process(city)
    months = np.full(N_PEOPLE, month)
    return process.rates.log_factor(state, months, ROWS, SUPPORT, to).astype(float)


def _coaching_alone(city: City, **changes: object) -> City:
    """The city with the job centre's coaching alone, started by many."""
    kept = city.interventions[2].model_copy(update={"monthly_rate": 0.08, **changes})
    return city.model_copy(update={"interventions": (kept,)})


def test_every_city_has_the_worlds_and_none_is_on():
    for name in ("stockholm", "uppsala_county", "demo_city"):
        city = load_city(name, CITIES)
        assert set(WORLDS) <= set(city.worlds)
        assert city.switches == {}


def test_lives_in_a_city_and_in_one_of_hidden_selection_are_those_of_earlier_versions(stockholm):
    """Written down before there were worlds of selection: nobody's chances have moved."""
    found = {
        strength: live(city, seed=5, first=0, stop=1_000)
        for strength, city in (
            (0.0, stockholm),
            (0.7, stockholm.in_worlds("persistent", strength=0.7)),
        )
    }

    hashes = {}
    for strength, lives in found.items():
        arrays = (lives.observed, lives.is_paid, lives.is_joint, lives.district)
        content = b"".join(array.tobytes() for array in arrays)
        content += lives.episodes.write_csv().encode()
        hashes[strength] = hashlib.sha256(content).hexdigest()[:16]
    assert hashes == {0.0: "d6d977d364a4d1b5", 0.7: "33020f76b2644576"}


def test_a_trait_that_lasts_adds_its_strength_to_every_start(small_city):
    city = small_city.in_worlds("persistent", strength=0.7)
    hidden = draw_people(city, seed=5, first=0, stop=N_PEOPLE).hidden

    change = _log_start_rates(city) - _log_start_rates(small_city)

    assert np.allclose(change, 0.7 * hidden, atol=1e-4)


def test_the_past_in_work_lowers_every_start_by_its_share(small_city):
    city = small_city.in_worlds("history", strength=0.5)
    is_resident = draw_people(city, seed=5, first=0, stop=N_PEOPLE).arrival <= 0

    change = _log_start_rates(city, months_worked=15) - _log_start_rates(small_city)

    # Half of the thirty months so far, at half the strength of -2.
    assert np.allclose(change[is_resident], -2 * 0.5 * 0.5, atol=1e-4)


def test_months_worked_are_those_that_the_tables_show(small_city):
    process = Process(small_city, draw_people(small_city, seed=5, first=0, stop=600))
    state, shown = process.begin(-12), np.zeros(600)
    for month in range(-12, 20):
        process.step(state, month)
        shown += (process.observed(state) == WORK) & (month >= 0)

    assert shown.sum() > 1_000
    assert (state.months_worked == shown).all()


def test_a_trait_that_is_drawn_anew_keeps_for_two_years_and_moves_starts_and_exits_alike(stockholm):
    city = stockholm.in_worlds("transient")
    nearness = Process(city, draw_people(city, seed=5, first=0, stop=N_PEOPLE)).rates.nearness
    traits = np.stack([nearness.hidden(ROWS, np.full(N_PEOPLE, month)) for month in range(73)])

    changes = (np.diff(traits, axis=0) != 0).sum(axis=0)

    assert (changes == 3).all()
    # A new draw, of the same spread, that knows nothing of the last one.
    assert abs(np.corrcoef(traits[0], traits[24])[0, 1]) < N_ERRORS / np.sqrt(N_PEOPLE)
    assert traits[24].std() == pytest.approx(1, abs=0.1)
    start = _log_start_rates(city) - _log_start_rates(stockholm)
    exit_change = _log_factor(city, WORK) - _log_factor(stockholm, WORK)
    lasting = draw_people(city, seed=5, first=0, stop=N_PEOPLE).hidden
    assert np.allclose(start, traits[MONTH], atol=1e-4)
    slope = stockholm.process.hidden_to_work
    assert np.allclose(exit_change, slope * (traits[MONTH] - lasting), atol=1e-4)


def test_other_chances_leave_the_trait_that_is_drawn_anew_as_it_was(stockholm):
    """Or the futures of those who start would not be theirs."""
    city = stockholm.in_worlds("transient")
    people = draw_people(city, seed=5, first=0, stop=200)
    month, rows = np.full(200, MONTH), np.arange(200)

    same, others = (
        Process(city, of).rates.nearness.hidden(rows, month)
        for of in (people, people.with_keys(people.key[::-1].copy()))
    )

    assert (same == others).all()


def test_a_broad_trait_moves_studies_and_sickness_too(stockholm):
    city = stockholm.in_worlds("broad")
    hidden = draw_people(city, seed=5, first=0, stop=N_PEOPLE).hidden

    to_studies, to_sickness, to_work = (
        _log_factor(city, to) - _log_factor(stockholm, to) for to in (STUDIES, SICKNESS, WORK)
    )

    assert np.allclose(to_studies, city.selection.to_studies * hidden, atol=1e-4)
    assert np.allclose(to_sickness, city.selection.to_benefit * hidden, atol=1e-4)
    assert np.allclose(to_work, 0)


def test_few_have_worked_before_their_spell_among_newcomers(stockholm):
    def worked_before(city: City) -> float:
        """Share of the starters who worked in the twelve months before their spell."""
        process = Process(city, draw_people(city, seed=5, first=0, stop=4_000))
        state, shown, found = process.begin(-48), [], []
        for month in range(-48, 60):
            rows = process.starters(state, np.full(4_000, month)).rows
            began = state.spell_start[rows]
            is_asked = (began >= 12) & (month >= 25)
            for row, first in zip(rows[is_asked], began[is_asked], strict=True):
                found.append(any(shown[of][row] for of in range(first + 36, first + 48)))
            process.step(state, month)
            shown.append(process.observed(state) == WORK)
        return float(np.mean(found))

    usual, newcomers = worked_before(stockholm), worked_before(stockholm.in_worlds("first_spells"))

    assert newcomers < 0.2 < 0.4 < usual


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_is_zero_in_every_world_where_the_intervention_changes_nothing(small_city, name):
    gain = small_city.interventions[2].gain.model_copy(update={"work": 0, "studies": 0})
    nothing = {"gain": gain, "target_gain": 0.0, "by_model": {}, "district_sd": 0, "lock_in": 0.0}
    city = _coaching_alone(small_city.in_worlds(name), **nothing)

    months = simulate_truth(city, seed=2, n_people=3_000, eligible_share=0).months

    found = months.filter(**ALL_STARTERS).row(0, named=True)
    assert found["n_futures"] > 50
    assert abs(found["difference"]) <= N_ERRORS * found["mc_std_error"]


@pytest.mark.parametrize("name", ["history", "transient"])
def test_the_treated_arm_of_the_truth_is_what_the_tables_show_of_starters(small_city, name):
    city = _coaching_alone(small_city.in_worlds(name))
    lives = live(city, seed=11, first=0, stop=N_PEOPLE)
    own = lives.episodes.filter(pl.col("start").is_between(25, city.n_months - 36))
    months = own["start"].to_numpy()[:, None] + np.arange(36)
    spent = (lives.observed[own["row"].to_numpy()[:, None], months] == WORK).sum(axis=1)

    truth = simulate_truth(city, seed=11, n_people=N_PEOPLE, eligible_share=0).months

    expected = truth.filter(**ALL_STARTERS).row(0, named=True)
    assert expected["n_futures"] == len(own) > 50
    error = spent.std() / np.sqrt(len(spent))
    assert abs(spent.mean() - expected["treated"]) < N_ERRORS * np.sqrt(2) * error


@pytest.mark.parametrize("strength", [-0.1, MOST_STRENGTH + 0.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(ParameterError) as fault:
        load_city("stockholm", CITIES, worlds=["persistent"], strength=strength)

    assert str(fault.value).splitlines() == [
        f"A strength of {strength:g} is out of range.",
        "  where: strength",
        "  why:   1 is already selection beyond anything that the tables measure.",
        "  fix:   give a number from 0 to 3.",
    ]


@pytest.mark.parametrize("worlds", [[], ["worsening_market"]])
def test_a_strength_of_no_selection_is_refused(worlds):
    with pytest.raises(ParameterError) as fault:
        load_city("stockholm", CITIES, worlds=worlds, strength=1.0)

    assert str(fault.value).splitlines() == [
        "A strength is given, but no world whose selection has one.",
        "  where: strength",
        "  why:   It says how strongly a world's selection works.",
        "  fix:   name a world with a selection too, for example persistent.",
    ]


def test_two_worlds_of_selection_are_refused():
    with pytest.raises(ParameterError) as fault:
        load_city("stockholm", CITIES, worlds=["persistent", "history"])

    assert str(fault.value).splitlines()[1] == "  where: worlds persistent, history: selection"


def test_a_selection_by_nothing_is_refused():
    with pytest.raises(ValueError, match="a selection is by something"):
        Selection.model_validate({"basis": BASIS})
