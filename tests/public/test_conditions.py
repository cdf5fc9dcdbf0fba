"""The conditions on which a vintage becomes public: what holds is said, what does not is refused in
four lines.
"""

import importlib.util
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from evalkit.errors import DisclosureError, ParameterError
from evalkit.params import read_run
from evalkit.public import conditions
from evalkit.public.register import PublicVintage

TINY = Path(__file__).parents[1] / "batch" / "tiny_project.py"
LAST = PublicVintage(
    folder=Path("runs/tiny/public/1999-03-aaaaaaaa"),
    run="tiny",
    number=1,
    released=date(1999, 4, 30),
    released_by="A. Director",
    stands={"Belfast": "1999-03-aaaaaaaa", "N.Eastern": "1998-12-bbbbbbbb"},
    rules={"run": ["min_persons:20"], "exits": ["rounded:5"]},
    exceptions={},
    files={},
)


@pytest.fixture(scope="module")
def tiny():
    """The module tiny_project.py."""
    if "tiny_project" not in sys.modules:
        spec = importlib.util.spec_from_file_location("tiny_project", TINY)
        sys.modules["tiny_project"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["tiny_project"])
    return sys.modules["tiny_project"]


@pytest.fixture(scope="module")
def project(tiny, tmp_path_factory):
    """A run to June 1999 that ended well."""
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("whole") / "tiny")
    write = tiny.write_code("site/index.html")
    project.add("city/01_overview", write, writes=["site/index.html"])
    project.run()
    return project


@pytest.fixture
def run(project):
    return read_run(project.home)


def _four_lines(refused):
    assert refused.value.why.endswith("Nothing was released.") and refused.value.fix
    return refused.value


@pytest.mark.slow
def test_a_run_that_ended_well_is_whole(run):
    assert conditions.is_whole(run).result == "2 files hashed"


@pytest.mark.slow
def test_a_file_that_was_changed_by_hand_is_named(project, run):
    page = project.home / "latest" / "site" / "index.html"
    page.write_text("y")

    with pytest.raises(DisclosureError, match="not as they were made: 1") as refused:
        conditions.is_whole(run)
    page.write_text("x")

    assert _four_lines(refused).where == "site/index.html"


@pytest.mark.slow
def test_another_runs_folder_is_refused(run):
    other = run.model_copy(update={"params": run.params.model_copy(update={"run": "other"})})

    with pytest.raises(DisclosureError, match="not that of the run") as refused:
        conditions.is_whole(other)

    assert _four_lines(refused).where == f"{run.run_dir}: run other"


@pytest.mark.slow
def test_a_vintage_that_readers_do_not_see_is_refused(run):
    earlier = run.model_copy(update={"run_dir": run.run_dir.with_name("1999-03-aaaaaaaa")})

    with pytest.raises(DisclosureError, match="not the one that readers") as refused:
        conditions.is_whole(earlier)

    _four_lines(refused)


@pytest.mark.slow
def test_parameters_that_were_changed_since_are_refused(run):
    changed = run.model_copy(update={"inputs": {}, "versions": {}})

    with pytest.raises(DisclosureError, match="have changed since the vintage") as refused:
        conditions.is_whole(changed)

    assert "evalkit itself" in _four_lines(refused).where


@pytest.mark.slow
def test_a_run_of_which_a_notebook_failed_is_refused(tiny, tmp_path):
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/01_overview", tiny.write_code("site/index.html"), writes=["site/index.html"])
    project.add("district/02_part", "{'N.Eastern': 1}[district];")
    project.run()

    with pytest.raises(DisclosureError, match="did not end well: 1") as refused:
        conditions.is_whole(read_run(project.home))

    assert "district/02_part@belfast" in _four_lines(refused).where


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "today", "is_due"),
    [
        (date(1999, 3, 1), date(1999, 4, 30), False),
        (date(1999, 5, 1), date(1999, 7, 1), False),
        (date(1999, 6, 1), date(1999, 6, 30), False),
        (date(1999, 6, 1), date(1999, 7, 1), True),
    ],
)
def test_data_and_day_are_both_a_quarter_later(run, data, today, is_due):
    extract = run.params.extract.model_copy(update={"data_through": data})
    run = run.model_copy(update={"params": run.params.model_copy(update={"extract": extract})})

    if is_due:
        assert conditions.is_a_quarter_later(run, LAST, today, {}).result.startswith("3 and 3")
        return
    with pytest.raises(DisclosureError, match="Less than a quarter") as refused:
        conditions.is_a_quarter_later(run, LAST, today, {})

    _four_lines(refused)
    check = conditions.is_a_quarter_later(run, LAST, today, {"quarter": "a court decided"})
    assert check.result.startswith("EXCEPTION: ")


def test_rules_are_those_of_the_last_vintage_or_an_exception_says_why():
    same = conditions.has_same_rules({**LAST.rules, "people": ["rounded:5"]}, LAST, {})
    other = {**LAST.rules, "exits": ["rounded:10"]}

    with pytest.raises(
        DisclosureError, match="do not follow the rules of the last public vintage: 1"
    ) as refused:
        conditions.has_same_rules(other, LAST, {})

    assert same.result == "as in 1999-03-aaaaaaaa"
    assert _four_lines(refused).where == "1999-03-aaaaaaaa: exits"
    check = conditions.has_same_rules(other, LAST, {"rules": "a new evalkit"})
    assert check.result == "EXCEPTION: other rules in exits"


def test_the_log_names_the_districts_whose_numbers_stand_and_never_how_many_changed():
    assert conditions.five_people(LAST, None).result == "the first public vintage"
    check = conditions.five_people(LAST, LAST)
    assert check.result == "earlier numbers stand, N.Eastern: 1998-12-bbbbbbbb"


@pytest.mark.slow
def test_what_is_public_is_not_released_again(run):
    public = replace(LAST, folder=LAST.folder.with_name(run.run_dir.name))

    with pytest.raises(DisclosureError, match="public already") as refused:
        conditions.is_not_public(run, [public])

    _four_lines(refused)


@pytest.mark.parametrize(
    "exceptions", [{"attack": "we know better"}, {"five people": "x"}, {"quarter": " "}]
)
def test_what_protects_is_not_left_aside_and_no_exception_is_without_reason(exceptions):
    with pytest.raises(ParameterError, match="This exception cannot be made") as refused:
        conditions.refuse_unknown_exceptions(exceptions)

    assert next(iter(exceptions)) in refused.value.where
