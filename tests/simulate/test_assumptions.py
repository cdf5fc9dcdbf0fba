import json

import pytest
import yaml

from evalkit.errors import ParameterError
from evalkit.simulate import load_city
from evalkit.simulate.city.city import City


def test_load_city_gives_fourteen_districts_of_the_2017_table(stockholm):
    recipients = {row.name: row.recipients for row in stockholm.districts.rows}

    assert len(recipients) == 14
    assert (recipients["Rinkeby-Kista"], recipients["Östermalm"], recipients["Skärholmen"]) == (
        3604,
        260,
        1876,
    )


def test_load_city_holds_the_interventions_of_the_sources(stockholm):
    named = {one.intervention_id for one in stockholm.interventions}

    assert named >= {
        "work_training",
        "sheltered_public_employment",
        "jobbtorg_coaching",
        "jobbtorg_resurs",
        "language_practice",
        "steget",
        "youth_outreach",
        "shortage_training",
        "wage_subsidy",
    }


def test_load_city_names_the_nearest_city_when_it_does_not_exist(tmp_path, stockholm):
    (tmp_path / "stockholm.yaml").write_text("{}", encoding="utf-8")

    with pytest.raises(ParameterError) as fault:
        load_city("stokholm", tmp_path)

    lines = str(fault.value).splitlines()
    assert lines[0] == 'There is no city called "stokholm".'
    assert lines[1].endswith("stokholm.yaml")
    assert lines[2] == "  why:   A city is simulated from the assumptions in its file."
    assert lines[3] == '  fix:   did you mean "stockholm"?'


def test_load_city_refuses_a_roll_out_to_a_district_that_the_city_does_not_have(
    tmp_path, stockholm
):
    content = json.loads(stockholm.model_dump_json())
    content["rollouts"][0]["adopted"]["Solna"] = 12
    path = tmp_path / "city.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")

    with pytest.raises(ParameterError, match="districts that the city does not have: Solna"):
        load_city(str(path))


def test_load_city_refuses_a_rate_to_an_unknown_state(tmp_path, stockholm):
    content = json.loads(stockholm.model_dump_json())
    content["process"]["rates"]["support"]["wrok"] = 0.1
    path = tmp_path / "city.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")

    with pytest.raises(ParameterError, match=r"states unknown to line/states.py: wrok"):
        load_city(str(path))


def test_city_does_not_change_after_loading(stockholm):
    with pytest.raises(ValueError, match="frozen"):
        stockholm.n_months = 12


def test_every_cost_per_place_lies_in_the_range_of_the_final_report(stockholm):
    assert all(20 <= one.cost_per_place_tkr <= 85 for one in stockholm.interventions)
    assert isinstance(stockholm, City)
