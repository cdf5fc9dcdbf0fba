"""A second region with other districts, interventions and obstacles: nothing assumes Stockholm."""

from pathlib import Path

import pytest

from evalkit.intake import admit
from evalkit.simulate import load_city, write_city
from evalkit.simulate.city.city import City

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LAST_MONTHS = {"first_month": "2014-01-01", "data_through": "2021-12-01"}


@pytest.fixture(scope="module")
def county() -> City:
    return load_city("uppsala_county", ROOT / "params" / "cities")


@pytest.fixture(scope="module")
def written(county, tmp_path_factory):
    return write_city(county, tmp_path_factory.mktemp("county") / "tables", seed=2, n_people=1_000)


def test_the_six_municipalities_are_the_districts(county):
    assert set(county.district_names) == {
        "Östhammar",
        "Enköping",
        "Heby",
        "Håbo",
        "Knivsta",
        "Uppsala",
    }


def test_the_driving_licence_is_an_obstacle_and_an_intervention(county):
    licence = next(one for one in county.interventions if one.intervention_id == "driving_licence")

    assert county.process.to_work["no_licence"] < 0
    assert licence.target == "no_licence"


def test_intake_admits_every_row_of_the_county(written, county):
    months = {name: county.first_month.fromisoformat(day) for name, day in LAST_MONTHS.items()}
    mapping = ROOT / "data_contracts" / "mappings" / "simulated_city.yaml"

    admission = admit(
        written.folder,
        ROOT / "data_contracts",
        districts=county.district_names,
        mapping=mapping,
        **months,
    )

    assert admission.rejected.is_empty()
    assert {"driving_licence", "work_hall"} <= set(
        admission.tables["participation"]["intervention_id"]
    )


def test_a_city_without_accounts_writes_none_and_without_truth_people_no_truth(written):
    assert not (written.folder / "account.csv").exists()
    assert written.truth is None
