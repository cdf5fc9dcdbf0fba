"""The plan as a Snakefile: read here as Snakemake reads it, which is not needed for that."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from evalkit.batch.snakemake import as_snakefile

_RULE = re.compile(r"^rule (\w+):$", re.MULTILINE)
_PART = re.compile(r"^    (\w+):$", re.MULTILINE)


@pytest.fixture(scope="module")
def planned(tiny, tmp_path_factory):
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("snake") / "a {b} c")
    project.add_three_stations()
    return project, project.prepare(), project.plan()


@pytest.fixture(scope="module")
def snakefile(planned):
    project, run, units = planned
    return as_snakefile(run, units, run_file=project.run_file, out=Path("runs"))


def _rules(snakefile):
    _, *pieces = _RULE.split(snakefile)
    rules = {}
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        _, *parts = _PART.split(body)
        assert name not in rules
        rules[name] = dict(zip(parts[::2], parts[1::2], strict=True))
    return rules


def _texts(part):
    return re.findall(r"'([^']*)'", part)


def test_snakefile_begins_with_python_that_can_be_read(snakefile):
    ast.parse(_RULE.split(snakefile)[0])


def test_each_rule_waits_for_markers_that_an_earlier_rule_leaves(snakefile):
    first, *rules = _rules(snakefile).items()

    left = set()
    for _, rule in rules:
        assert set(_texts(rule.get("input", ""))) <= left
        left.update(_texts(rule["output"]))
    assert first[0] == "all"
    assert set(_texts(first[1]["input"])) <= left


def test_each_unit_has_one_rule_that_means_it_alone_and_the_last_closes_the_run(planned, snakefile):
    _, _, units = planned

    commands = [
        shlex.split(ast.literal_eval(rule["shell"].strip()).format())
        for rule in _rules(snakefile).values()
        if "shell" in rule
    ]

    *of_units, closing = commands
    meant = [[unit.name for unit in units if unit.is_called(words[-1])] for words in of_units]
    assert meant == [[unit.name] for unit in units]
    assert {tuple(words[:2]) for words in commands} == {("evalkit", "run")}
    assert "--only" not in closing


def test_a_path_with_braces_reaches_the_command_as_it_is(planned, snakefile):
    project, _, _ = planned

    rule = _rules(snakefile)["close"]

    words = shlex.split(ast.literal_eval(rule["shell"].strip()).format())
    assert words[2] == str(project.run_file)


def test_one_rule_of_a_run_at_a_time(snakefile):
    rules = [rule for name, rule in _rules(snakefile).items() if name != "all"]

    assert {rule["resources"].strip() for rule in rules} == {"evalkit_tiny=1,"}
    assert "workflow.global_resources.setdefault('evalkit_tiny', 1)" in snakefile
