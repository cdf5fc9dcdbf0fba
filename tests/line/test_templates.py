"""The protocols that are shipped as templates: they load, every key says what it is for, and the
report has words for what they name.
"""

from pathlib import Path

import pytest

from evalkit.effects import term_names
from evalkit.line.calendar import BreakFile
from evalkit.line.protocol import Protocol
from evalkit.line.protocols import load_protocol
from evalkit.records import load, read_yaml, validate
from evalkit.run_rules import SurvivalRules
from evalkit.words import languages, words

FOLDER = Path(__file__).parents[2] / "params" / "protocols" / "templates"
HEAD_TO_HEAD = ("head_to_head", "dose_hours")
PROTOCOLS = (*HEAD_TO_HEAD, "next_step")


def _load(name: str) -> Protocol:
    return load_protocol(FOLDER / f"{name}.yaml", n_months=35, districts=("A", "B"))


@pytest.mark.parametrize("name", HEAD_TO_HEAD)
def test_a_template_is_a_protocol_of_a_head_to_head_comparison(name):
    protocol = _load(name)

    assert protocol.comparisons == ("other",)
    assert not protocol.is_work_observed
    assert (protocol.dose_hours is None) == (name == "head_to_head")


def test_the_template_of_the_next_step_asks_whether_people_come_closer_to_work():
    protocol = _load("next_step")

    assert protocol.primary_outcome == "closer"
    assert protocol.is_work_observed
    assert protocol.next_step.ladder_step == 3


@pytest.mark.parametrize("name", [*PROTOCOLS, "before_after"])
def test_every_key_of_a_template_says_what_it_is_for(name):
    lines = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines()

    keys = [line for line in lines if line[:1].isalpha()]
    assert [line for line in keys if "  # " not in line] == []


def test_the_template_of_a_date_is_a_part_of_a_run_file():
    content = read_yaml(FOLDER / "before_after.yaml")

    rules = validate(content["survival"], SurvivalRules, where="template")
    known = load((FOLDER / content["effects"]["calendar"]).resolve(), BreakFile).breaks
    assert [one.at for one in rules.before_after] == ["activity_requirement_support"]
    assert {one.at for one in rules.before_after} <= {one.key for one in known}


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", PROTOCOLS)
def test_what_a_template_names_has_words(name, language):
    terms = [term for term in term_names(_load(name)) if not term.startswith("lives_in_")]

    assert [term for term in terms if not words(language).has(term)] == []


def test_the_list_of_templates_names_each_file():
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert all(f"({path.name})" in listed for path in FOLDER.glob("*.yaml"))
