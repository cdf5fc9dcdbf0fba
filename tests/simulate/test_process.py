"""What the simulated lives must satisfy in every month, and that they do not depend on how they
were made.
"""

import numpy as np
import pytest

from evalkit.simulate import live
from evalkit.simulate.population.people import draw_people
from evalkit.simulate.population.process import Process
from evalkit.simulate.population.state import DEAD, LATENT, MOVED, NEVER, SUPPORT, UNKNOWN, Arm
from evalkit.simulate.population.streams import person_keys

N_SMALL = 3_000


@pytest.fixture(scope="module")
def small(small_city):
    return live(small_city, seed=5, first=0, stop=N_SMALL)


def test_lives_do_not_depend_on_the_chunk_they_are_made_in(small_city, small):
    part = live(small_city, seed=5, first=1_000, stop=2_000)

    assert (part.observed == small.observed[1_000:2_000]).all()
    assert (part.is_paid == small.is_paid[1_000:2_000]).all()
    own = small.episodes.filter(small.episodes["row"].is_between(1_000, 1_999))
    assert part.episodes["start"].to_list() == own["start"].to_list()


def test_lives_are_the_same_for_the_same_seed_and_others_for_another(small_city, small):
    again = live(small_city, seed=5, first=0, stop=200)
    other = live(small_city, seed=6, first=0, stop=200)

    assert (again.observed == small.observed[:200]).all()
    assert (other.observed != small.observed[:200]).any()


def test_support_is_on_record_exactly_where_it_was_paid(small):
    assert ((small.observed == SUPPORT) == small.is_paid).all()


def test_nobody_comes_back_from_death_or_from_having_moved(small):
    for gone in (DEAD, MOVED):
        is_gone = small.observed == gone
        assert (is_gone[:, 1:] >= is_gone[:, :-1]).all()


def test_a_couple_is_not_paid_while_a_partner_earns(small):
    partner = np.arange(N_SMALL) ^ 1
    earns = np.isin(
        small.observed,
        [LATENT.index(state) for state in ("work", "subsidised_work", "sheltered_work")],
    )

    assert not (small.is_paid & small.is_joint & earns[partner]).any()


def test_every_start_was_on_support_in_the_month_before(small):
    inside = small.episodes.filter(small.episodes["start"] >= 3)
    rows, start = inside["row"].to_numpy(), inside["start"].to_numpy()

    on_support = (
        small.is_paid[rows, start - 1]
        | small.is_paid[rows, start - 2]
        | small.is_paid[rows, start - 3]
    )

    assert on_support.all()


def test_episodes_of_a_person_do_not_overlap(small):
    ordered = small.episodes.sort("row", "start")
    same = ordered["row"][1:] == ordered["row"][:-1]

    assert (ordered["start"][1:].filter(same) >= ordered["end"][:-1].filter(same)).all()


def test_spells_last_three_months_outside_support(small, small_city):
    in_work = small.observed == LATENT.index("work")
    begins = in_work[:, 1:-4] & ~in_work[:, :-5] & (small.observed[:, :-5] != UNKNOWN)
    row, month = np.nonzero(begins)
    stays = np.isin(small.observed[row, month + 2], [LATENT.index("work"), DEAD, MOVED])

    assert small_city.process.minimum_stay_months == 3
    assert stays.all()


def test_step_imposes_a_start_and_blocks_another(small_city):
    people = draw_people(small_city, seed=5, first=0, stop=N_SMALL)
    process = Process(small_city, people)
    state = process.begin(-24)
    for month in range(-24, 0):
        process.step(state, month)
    eligible = process.eligible(state, np.zeros(N_SMALL, int))
    forced, blocked = np.full(N_SMALL, -1), np.full(N_SMALL, -1)
    forced[eligible[::2]], blocked[eligible[1::2]] = 4, 4

    happened = process.step(state, 0, Arm(forced, blocked))

    assert set(happened.started[happened.started_in == 4]) == set(eligible[::2])


def test_rates_do_not_depend_on_the_running_programme_of_another_kind(small_city):
    people = draw_people(small_city, seed=5, first=0, stop=200).with_keys(
        person_keys(1, np.arange(200))
    )
    process = Process(small_city, people)
    state, rows, month = process.begin(0), np.arange(200), np.full(200, 30)
    before = process.rates.of_starts(state, month, rows)
    state.programme[:] = 2

    during = process.rates.of_starts(state, month, rows)

    others = np.arange(before.shape[1]) != 2
    assert (during[:, others] == before[:, others]).all()
    assert (during[:, 2] == 0).all()


def test_steget_starts_nowhere_before_its_roll_out(small, small_city):
    item = next(
        place
        for place, one in enumerate(small_city.interventions)
        if one.intervention_id == "steget"
    )
    own = small.episodes.filter(small.episodes["item"] == item)
    opened = {
        small_city.district_names.index(name): month or NEVER
        for name, month in small_city.interventions[item].offered_in.items()
    }

    assert set(own["district"]) <= set(opened)
    assert all(
        start >= opened[district]
        for start, district in zip(own["start"], own["district"], strict=True)
    )
