"""`evalkit release`: what it refuses, by exit code and words; releases themselves: tests/public."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def run(tiny, tmp_path):
    """A tiny run that ended well, which nobody has attacked."""
    project = tiny.make_tiny_project(tmp_path / "tiny")
    project.add("city/01_overview", tiny.write_code("site/index.html"), writes=["site/index.html"])
    project.run()
    return project


def test_release_refuses_a_run_that_nobody_has_attacked(call, run):
    exit_code, out, told = call("release", run.home, "--by", "A. Director")

    assert exit_code == 4 and not out
    assert told.startswith("DisclosureError: Nobody has attacked this run.")
    assert not (run.home / "public").exists()


def test_each_exception_has_a_reason(call, run):
    exit_code, _, told = call("release", run.home, "--by", "A", "--exception", "quarter")

    assert exit_code == 2
    assert "where: --exception: 1, --because: 0" in told


def test_what_protects_cannot_be_left_aside(call, run):
    arguments = ("--by", "A", "--exception", "attack", "--because", "we know better")

    exit_code, _, told = call("release", run.home, *arguments)

    assert exit_code == 2
    assert told.startswith("ParameterError: This exception cannot be made.")


def test_release_asks_who_answers_for_it(call, run):
    exit_code, _, told = call("release", run.home)

    assert exit_code == 2 and "--by" in told
