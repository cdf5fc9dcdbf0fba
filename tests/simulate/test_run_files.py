"""The run files of the simulated cities name what their cities have: districts, months,
interventions, covariates and words.
"""

from pathlib import Path

import pytest

from evalkit.line.protocols import load_protocol
from evalkit.months import add_months
from evalkit.params import RunFile
from evalkit.records import load
from evalkit.simulate import live, load_city, person_tables
from evalkit.words import words

PARAMS = Path(__file__).parents[2] / "params"


@pytest.fixture(scope="module", params=["demo_city", "stockholm", "uppsala_county"])
def named(request):
    """A city with its run file."""
    return (
        load_city(request.param, PARAMS / "cities"),
        load(PARAMS / f"{request.param}.yaml", RunFile),
        PARAMS / f"{request.param}.yaml",
    )


def test_run_file_has_the_districts_and_the_months_of_its_city(named):
    city, run_file, _ = named

    assert set(run_file.districts) == set(city.district_names)
    assert run_file.extract.first_month == city.first_month
    assert run_file.extract.data_through == add_months(city.first_month, city.n_months - 1)


def test_every_covariate_of_a_protocol_is_in_the_person_table_and_has_words_in_both_languages(
    named,
):
    city, run_file, path = named
    person = person_tables(city, live(city, seed=1, first=0, stop=600))["person"]
    protocols = [
        load_protocol(path.parent / name, n_months=city.n_months, districts=run_file.districts)
        for name in run_file.effects.protocols
    ]

    for covariates in (protocol.covariates for protocol in protocols):
        own = [one for one in covariates if one.kind == "person"]
        assert {one.column for one in own} <= set(person.columns)
        assert [
            one.name
            for one in own
            if one.equals is not None and one.equals not in set(person[one.column])
        ] == []
        for language in run_file.languages:
            known = words(language, run_file.wording)
            assert [
                one.name
                for one in covariates
                if one.kind not in ("season", "district") and not known.has(f"value.{one.name}")
            ] == []


def test_protocols_are_of_interventions_that_the_city_offers(named):
    city, run_file, path = named

    protocols = [
        load_protocol(path.parent / name, n_months=city.n_months, districts=run_file.districts)
        for name in run_file.effects.protocols
    ]

    assert {protocol.intervention_id for protocol in protocols} <= {
        one.intervention_id for one in city.interventions
    }
