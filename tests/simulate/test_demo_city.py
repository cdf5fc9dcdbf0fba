"""The simulated city of `make demo`: what the Makefile and the run file ask of it is there."""

import re
from pathlib import Path

import pytest

from evalkit.intake import admit
from evalkit.line.protocols import load_protocol
from evalkit.params import RunFile
from evalkit.records import load
from evalkit.simulate import load_city, write_city
from evalkit.simulate.city.city import City

ROOT = Path(__file__).parents[2]
RUN_FILE = ROOT / "params" / "demo_city.yaml"


@pytest.fixture(scope="module")
def city() -> City:
    return load_city("demo_city", ROOT / "params" / "cities")


@pytest.fixture(scope="module")
def run_file() -> RunFile:
    return load(RUN_FILE, RunFile)


def test_make_demo_simulates_the_whole_city(city):
    demo = re.search(r"^demo:.*?\n\n", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)

    asked = re.findall(r"simulate --city (\w+) .*--people (\d+) .*--out (\S+)", demo.group())
    assert asked == [("demo_city", str(city.full_city_adults), "build/demo_city")]


def test_every_reader_is_told_that_the_city_is_simulated_and_its_effects_planted(city, run_file):
    assert run_file.extract.is_simulated
    assert all("imulera" in title for title in (run_file.title["sv"], city.title["sv"]))
    assert "inlagt i förväg" in run_file.notices[0]["sv"] and "planted" in run_file.notices[0]["en"]


def test_some_interventions_have_a_protocol_and_some_have_none(city, run_file):
    with_protocol = {
        load_protocol(
            RUN_FILE.parent / name, n_months=city.n_months, districts=run_file.districts
        ).intervention_id
        for name in run_file.effects.protocols
    }

    offered = {intervention.intervention_id for intervention in city.interventions}
    assert with_protocol < offered
    assert len(with_protocol) == 3


def test_intake_admits_every_row_of_the_city(city, run_file, tmp_path):
    written = write_city(city, tmp_path / "tables", seed=2, n_people=400)

    admission = admit(
        written.folder,
        ROOT / "data_contracts",
        districts=city.district_names,
        mapping=ROOT / "data_contracts" / "mappings" / "simulated_city.yaml",
        first_month=run_file.extract.first_month,
        data_through=run_file.extract.data_through,
    )

    assert admission.rejected.is_empty()
