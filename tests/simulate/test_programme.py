"""The programme of 2017 that comes with evalkit, and as the simulated Stockholm delivers it."""

from collections import Counter

import polars as pl
import pytest

from evalkit.errors import ParameterError
from evalkit.records import load, validate
from evalkit.shipped import shipped
from evalkit.simulate import load_city
from evalkit.simulate.city.programme import Programme
from evalkit.simulate.register.city_tables import city_tables

SAMPLE = load(shipped("params", "programmes", "stockholm_2017.yaml"), Programme)
# As the committee's statement has them; Farsta's were to follow.
OF_DISTRICTS = {
    "Hässelby-Vällingby": 3,
    "Spånga-Tensta": 4,
    "Rinkeby-Kista": 3,
    "Skarpnäck": 4,
    "Enskede-Årsta-Vantör": 4,
    "Skärholmen": 4,
}
N_SHARED, N_PROGRAMMES = 8, 7


def test_the_sample_has_the_priorities_and_activities_of_its_source():
    of_districts = Counter(action.district for action in SAMPLE.actions)

    assert of_districts.pop(None) == N_SHARED
    assert of_districts == OF_DISTRICTS
    assert len(SAMPLE.districts) == N_PROGRAMMES
    assert SAMPLE.money.amount == 2_000_000


def test_every_title_is_there_in_both_languages():
    assert all(set(action.title) == {"sv", "en"} for action in SAMPLE.actions)


def test_the_simulated_stockholm_delivers_it_beside_its_roll_outs():
    city = load_city("stockholm")

    action = city_tables(city, 1000)["action"]

    by_kind = {kind: rows for (kind,), rows in action.partition_by("kind", as_dict=True).items()}
    n_rolled_out = sum(len(rollout.adopted) for rollout in city.rollouts)
    assert by_kind["way_of_working"].height == n_rolled_out
    assert by_kind["general"].height == N_SHARED * N_PROGRAMMES
    assert by_kind["local"].height == sum(OF_DISTRICTS.values())
    assert action["amount"].sum() == pytest.approx(2_000_000, abs=1)
    known = set(city_tables(city, 1000)["intervention"]["intervention_id"])
    used = action["interventions"].drop_nulls().str.split(" ").explode()
    assert set(used) <= known
    is_over = pl.col("status").is_in(["done", "stopped"])
    assert action.filter(is_over)["end"].null_count() == 0
    assert action.filter(~is_over)["end"].is_null().all()


def test_a_programme_that_names_a_district_it_does_not_have_is_refused():
    content = SAMPLE.model_dump() | {"districts": ["Farsta"]}

    with pytest.raises(ParameterError) as refused:
        validate(content, Programme, where="programme.yaml")

    assert "Skärholmen" in str(refused.value)
