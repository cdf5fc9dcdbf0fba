"""The codes of the offer: the file that comes with evalkit, and faults in a file."""

import pytest
import yaml

from evalkit.errors import ParameterError
from evalkit.intake import load_contracts
from evalkit.line.offer_codes import OfferCodes
from evalkit.records import load
from evalkit.shipped import shipped
from evalkit.simulate import load_city
from evalkit.words import words

FILE = shipped("params", "offer", "sweden.yaml")


@pytest.fixture
def content():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def written(folder, content):
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_every_need_of_the_contract_is_asked_after():
    (need,) = [
        column
        for column in load_contracts(shipped("data_contracts"))["need"].columns
        if column.name == "need"
    ]

    assert {one.need for one in load(FILE, OfferCodes).needs} == set(need.allowed)


def test_areas_needs_and_groups_have_their_words():
    codes = load(FILE, OfferCodes)
    keys = [
        *(f"area.{one.area}" for one in codes.areas),
        *(f"need.{one.need}" for one in codes.needs),
        *(f"outreach.{one.target_group}" for one in codes.outreach),
    ]

    assert [key for key in keys for language in ("en", "sv") if not words(language).has(key)] == []


@pytest.mark.parametrize("name", ["demo_city", "stockholm", "uppsala_county"])
def test_the_content_of_the_simulated_cities_is_on_the_list(name):
    known = {code for area in load(FILE, OfferCodes).areas for code in area.codes}

    used = {code for one in load_city(name).interventions for code in one.content.split()}

    assert used - known == set()


def test_a_code_that_stands_in_two_areas_is_refused(tmp_path, content):
    content["areas"][1]["codes"].append(content["areas"][0]["codes"][0])

    with pytest.raises(ParameterError, match="codes of areas that stand twice: painting"):
        load(written(tmp_path, content), OfferCodes)


def test_a_need_that_stands_twice_is_refused(tmp_path, content):
    content["needs"].append(content["needs"][0])

    with pytest.raises(ParameterError, match="needs that stand twice"):
        load(written(tmp_path, content), OfferCodes)


def test_a_file_names_what_it_adds(tmp_path, content):
    content["areas"].append(
        {"area": "beekeeping", "codes": ["bees"], "name": {"en": "Beekeeping", "sv": "Biodling"}}
    )

    codes = load(written(tmp_path, content), OfferCodes)

    assert codes.names() == {"area.beekeeping": {"en": "Beekeeping", "sv": "Biodling"}}
