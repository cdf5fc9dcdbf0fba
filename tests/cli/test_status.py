"""How a run stands, whether its files are as recorded, and what it is compared with."""

import json

import pytest

pytestmark = pytest.mark.slow
FAILS = "{'N.Eastern': 1}[district];"


@pytest.fixture(scope="module")
def partly(tiny, tmp_path_factory):
    """A project of which a district failed."""
    project = tiny.make_tiny_project(tmp_path_factory.mktemp("partly") / "tiny")
    project.add_three_stations()
    page = tiny.write_code("site/{district.lower().replace('.', '-')}.html")
    options = {"after": ["district/01_part"], "writes": ["site/{slug}.html"]}
    project.add("district/03_page", FAILS, page, **options)
    project.run()
    return project


def test_status_says_of_each_unit_how_it_stands_and_why(call, partly):
    exit_code, out, _ = call("status", partly.home)

    lines = out.splitlines()
    failed = [line for line in lines if line.startswith("failed")]
    assert exit_code == 1
    assert failed[0].startswith(
        "failed      district/03_page@belfast  KeyError at In [3]; look at:"
    )
    assert "done        district/01_part@n-eastern" in lines
    assert lines[-3] == "tiny: of 6 units 5 done, 1 failed"
    assert lines[-2] == f"readers see: {partly.run_dir}"
    assert lines[-1] == "public: nothing yet"


def test_status_as_json_says_what_has_changed_since(call, partly):
    run_file = partly.run_file.read_text()
    partly.run_file.write_text(run_file.replace("1999-06", "1999-07"))

    exit_code, out, _ = call("status", partly.run_dir, "--json")
    partly.run_file.write_text(run_file)

    record = json.loads(out)
    assert exit_code == 1
    assert record["readers_see"] == partly.run_dir.name != record["vintage"]
    assert record["vintage"].startswith("1999-07-")


def test_verify_names_the_files_that_are_not_as_recorded(call, partly):
    kept = partly.run_dir / "work" / "first.txt"
    whole = call("verify", partly.home)
    kept.write_text("another")

    exit_code, out, _ = call("verify", partly.run_dir)
    kept.write_text("x")

    assert whole[0] == 0 and whole[1].endswith(" files are as recorded\n")
    assert exit_code == 1
    assert out.splitlines()[0] == "changed  work/first.txt  (made by city/00_first)"


def test_only_what_failed_and_what_follows_it_is_run_again(call, partly):
    exit_code, out, _ = call(
        *("run", partly.run_file, "--out", partly.root / "runs", "--retry-failed", "--dry-run")
    )

    assert exit_code == 0
    assert [line for line in out.splitlines() if line.startswith("run ")] == [
        "run      district/03_page@belfast  (never done)"
    ]
    assert "leave    city/00_first" not in out and "leave    city/02_last" in out


def test_a_run_without_a_vintage_before_it_is_compared_with_none(call, partly):
    exit_code, _, err = call("drift", partly.home)

    assert exit_code == 2
    assert err.splitlines()[0] == "ParameterError: There is no vintage before this one."
    assert "evalkit drift OLDER NEWER" in err
