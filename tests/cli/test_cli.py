"""The command line as a user meets it: texts on the right stream, exit codes, and a killed run that
goes on.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

import evalkit
from evalkit.batch.manifest import read_attempts

EVALKIT = [sys.executable, "-c", "from evalkit.cli import main; main()"]
WAIT_SECONDS = 60


def test_version_is_told(call):
    assert call("--version") == (0, f"evalkit {evalkit.__version__}\n", "")


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['evalkit', '--help']\nfrom evalkit.cli import main\ntry: "
        "main()\nexcept SystemExit: pass\nprint(*sys.modules)"
    )

    modules = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    ).stdout.split()

    assert not {"polars", "numpy", "pandas", "altair", "papermill", "pydantic", "nbformat"} & set(
        modules
    )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["run", "."], "A folder is named where a parameter file is needed."),
        (["check", "params"], "A folder is named where a parameter file is needed."),
        (["scenario", "params/scenarios"], "A folder is named where a parameter file is needed."),
        (["contract", "init", "nofile.csv"], "The delivered file does not exist."),
        (["contract", "init", "params"], "A folder is named where a delivered file is needed."),
        (["schema", "--out", "README.md"], "A file or folder could not be read or written."),
        (["report", "params"], "This folder holds no run."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_path_is_told_in_four_lines(call, monkeypatch, arguments, what):
    monkeypatch.chdir(Path(__file__).parents[2])

    exit_code, out, err = call(*arguments)

    assert (exit_code, out) == (2, "")
    assert err.splitlines()[0].split(": ")[1] == what
    assert [line.split(":")[0].strip() for line in err.splitlines()[1:]] == ["where", "why", "fix"]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("first_month: 1993-7", '"extract.first_month": A month could not be read.'),
        ("first_month: 1993", '"extract.first_month": A month could not be read.'),
        (
            "data_through: {livelihood: 1999-6}",
            '"extract.data_through": livelihood: A month could not be read.',
        ),
    ],
)
def test_a_month_that_cannot_be_read_names_its_key(call, project, written, key):
    name, good = (
        written.split(":")[0],
        {"first_month": "first_month: 1993-07", "data_through": "data_through: 1999-06"},
    )
    project.run_file.write_text(project.run_file.read_text().replace(good[name], written))

    exit_code, _, err = call("check", project.run_file)

    assert exit_code == 2
    assert key in err


def test_a_key_that_stands_twice_is_refused_with_its_line(call, project):
    project.run_file.write_text(project.run_file.read_text() + "seed: 3\n")

    exit_code, _, err = call("check", project.run_file)

    assert exit_code == 2
    assert 'The key "seed" stands twice.' in err and "tiny.yaml, line " in err


def test_unknown_option_is_a_usage_error(call, project):
    exit_code, _, err = call("run", project.run_file, "--joobs", 2)

    assert exit_code == 2
    assert "--joobs" in err


def test_mistyped_parameter_stops_before_anything_runs_with_four_lines(call, project):
    project.add_three_stations()
    project.run_file.write_text(project.run_file.read_text().replace("seed:", "sead:"))

    exit_code, out, err = call("run", project.run_file, "--out", project.root / "runs")

    assert exit_code == 2
    assert out == ""
    assert [line.split(":")[0].strip() for line in err.splitlines()] == [
        "ParameterError",
        "where",
        "why",
        "fix",
    ]
    assert 'unknown key "sead" (did you mean "seed"?)' in err
    assert not (project.root / "runs").exists()


def test_unknown_notebook_parameter_stops_before_anything_runs(call, project):
    project.add("city/00_first", parameters='rundir = ""')

    exit_code, _, err = call("run", project.run_file, "--out", project.root / "runs")

    assert exit_code == 2
    assert '"rundir" (did you mean "run_dir"?)' in err
    assert not (project.root / "runs").exists()


def test_dry_run_tells_what_would_be_done_and_does_nothing(call, project):
    project.add_three_stations()

    exit_code, out, _ = call("run", project.run_file, "--out", project.root / "runs", "--dry-run")

    assert exit_code == 0
    assert out.splitlines()[0] == "run      city/00_first  (never done)"
    assert out.splitlines()[-1] == "4 of 4 units would run; nothing was done"
    assert not (project.root / "runs").exists()


def test_dry_run_as_json_is_a_list_of_units(call, project):
    project.add_three_stations()

    _, out, _ = call("run", project.run_file, "--out", project.root / "runs", "--dry-run", "--json")

    assert json.loads(out)[0] == {"unit": "city/00_first", "action": "run", "reason": "never done"}


@pytest.mark.slow
def test_failed_unit_gives_exit_code_1_json_on_output_and_progress_on_error_stream(call, project):
    project.add("city/00_first", "1 / 0")

    exit_code, out, err = call(
        "run", project.run_file, "--out", project.root / "runs", "--json", "--jobs", 1
    )

    assert exit_code == 1
    assert json.loads(out)["units"][0]["error"] == "ZeroDivisionError at In [3]"
    assert err.splitlines()[0] == "start    city/00_first"
    assert "Traceback" not in err


def test_schemas_are_written_for_all_parameter_files(call, tmp_path):
    exit_code, _, _ = call("schema", "--out", tmp_path / "schema")

    written = {path.name: json.loads(path.read_text()) for path in (tmp_path / "schema").iterdir()}
    assert exit_code == 0
    assert set(written) == {
        "run.json",
        "protocol.json",
        "price_book.json",
        "rates.json",
        "scenario.json",
        "what_if.json",
        "mapping.json",
        "calendar.json",
        "offer.json",
        "accounts.json",
    }
    assert {"run", "districts", "extract"} <= set(written["run.json"]["properties"])
    records = [
        record
        for schema in written.values()
        for record in (schema, *schema.get("$defs", {}).values())
        if "properties" in record
    ]
    assert all(record["additionalProperties"] is False for record in records)


def test_every_key_of_every_parameter_file_says_what_it_is_for(call, tmp_path):
    call("schema", "--out", tmp_path)

    unexplained = [
        f"{path.stem}: {name}.{key}"
        for path in sorted(tmp_path.iterdir())
        for schema in [json.loads(path.read_text())]
        for name, record in (("", schema), *schema.get("$defs", {}).items())
        for key, declared in record.get("properties", {}).items()
        if not declared.get("description", "").strip()
    ]

    assert unexplained == []


def test_the_committed_schemas_are_those_of_the_models(call, tmp_path):
    call("schema", "--out", tmp_path)

    committed = Path(__file__).parents[2] / "params" / "schema"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in committed.iterdir()
    }


def test_check_refuses_a_missing_file_by_its_key(call, project):
    project.run_file.write_text(project.run_file.read_text().replace("../extract", "../none"))

    exit_code, _, err = call("check", project.run_file)

    assert exit_code == 2
    assert "extract.folder: ../none" in err


def test_check_refuses_an_extract_that_breaks_its_contract_with_exit_code_3(call, project):
    project.add_three_stations()

    exit_code, _, err = call("check", project.run_file)

    assert exit_code == 3
    assert err.startswith("IntakeError: ")


@pytest.mark.slow
def test_killed_run_goes_on_where_it_stopped(call, project, tiny):
    go = project.root / "go"
    wait = (
        f"import time\nfrom pathlib import Path\nwhile not Path({str(go)!r}).exists():\n    "
        "time.sleep(0.05)"
    )
    project.add("city/00_first", tiny.write_code("work/first.txt"), writes=["work/first.txt"])
    marker, page = tiny.write_code("work/started.txt"), tiny.write_code("site/index.html")
    project.add(
        "city/01_second", marker, wait, page, after=["city/00_first"], writes=["site/index.html"]
    )
    arguments = ["run", str(project.run_file), "--out", str(project.root / "runs")]
    killed = subprocess.Popen(
        [*EVALKIT, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_for(project.run_dir / "work" / "started.txt")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait(WAIT_SECONDS)
    after_the_kill = [(attempt.unit, attempt.status) for attempt in read_attempts(project.run_dir)]
    go.touch()

    exit_code, out, _ = call(*arguments)

    assert after_the_kill == [("city/00_first", "ok")]
    assert exit_code == 0
    assert out.splitlines()[0] == "tiny: complete; of 2 units 1 done, 1 current"


def wait_for(path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


ROOT = Path(__file__).parents[2]
NORTHERN_IRELAND = ROOT / "tests/data/northern_ireland"


def test_check_takes_a_bare_folder(call):
    mapping = ROOT / "data_contracts/mappings/northern_ireland.yaml"

    exit_code, out, _ = call(
        "check",
        "--extract",
        NORTHERN_IRELAND,
        "--contracts",
        ROOT / "data_contracts",
        "--mapping",
        mapping,
    )

    assert exit_code == 0
    assert "income_support                           4399       4399          0" in out
    assert "account: was not delivered; what rests on it is left out" in out


def test_check_says_where_the_list_of_rejected_rows_is_cut(call, tmp_path):
    shutil.copytree(NORTHERN_IRELAND, tmp_path / "extract")
    with open(tmp_path / "extract/livelihood.csv", "a", encoding="utf-8") as file:
        file.write("nobody,1993-07-02,,work\nnobody,1993-07-03,,work\n")
    mapping = ROOT / "data_contracts/mappings/northern_ireland.yaml"
    places = [
        "--extract",
        tmp_path / "extract",
        "--contracts",
        ROOT / "data_contracts",
        "--mapping",
        mapping,
    ]

    exit_code, out, _ = call("check", *places, "--max-listed", 1)

    assert exit_code == 0
    assert out.count("livelihood.csv line") == 1
    assert "(the first 1 are listed)" in out
    assert (
        "livelihood: 2 rows break the rule start_is_first_day; the first 1 of them are listed"
        in out
    )


def test_check_tells_causes_first_and_counts_what_follows(call, tmp_path):
    folder = tmp_path / "extract"
    shutil.copytree(NORTHERN_IRELAND, folder)
    path = folder / "person.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[1] = lines[1].replace(",male,", ",boy,").replace(",female,", ",girl,")
    path.write_text("\n".join(lines), encoding="utf-8")

    exit_code, out, _ = call("check", "--extract", folder, "--contracts", ROOT / "data_contracts")

    told = out.split("\n\n")[1].split("\n")
    assert exit_code == 0
    assert told[0].startswith("person.csv line 2: sex is none of: female, male")
    assert "livelihood: 4 more rows are set aside, since they name rows of person that were" in out
    assert len(told) > 1 and all(" more rows are set aside, since " in line for line in told[1:])


def test_check_writes_letters_and_takes_them_back(call, tmp_path):
    folder, letters = tmp_path / "extract", tmp_path / "letters"
    shutil.copytree(NORTHERN_IRELAND, folder)
    person = folder / "person.csv"
    person.write_text(person.read_text(encoding="utf-8").replace(",female,", ",girl,"))
    arguments = ("check", "--extract", folder, "--contracts", ROOT / "data_contracts")

    exit_code, out, _ = call(*arguments, "--letter", letters, "--max-listed", "1")
    assert exit_code == 0 and f"letter      {letters / 'letter.xlsx'}" in out
    assert out.count(": sex is none of: ") == 1
    exit_code, out, _ = call(*arguments, "--returned", letters / "letter.xlsx")

    assert exit_code == 0
    assert f"lies now as {folder / 'returned_01_letter.xlsx'}" in out
    assert "returned_01_letter.xlsx: a letter that came back: 0 cells and 0 values changed" in out
    assert call(*arguments, "--returned", letters / "letter.xlsx")[0] == 3


def test_check_writes_no_letter_where_nothing_is_to_be_mended(call, tmp_path):
    run_file = ROOT / "params/northern_ireland.yaml"

    exit_code, out, _ = call("check", run_file, "--letter", tmp_path / "letters")

    assert exit_code == 0 and "letter      none: nothing is to be mended" in out


def test_check_without_run_file_or_extract_is_a_usage_error(call):
    exit_code, _, err = call("check")

    assert exit_code == 2
    assert "--extract" in err


def test_contract_init_proposes_a_mapping(call):
    exit_code, out, _ = call(
        "contract",
        "init",
        NORTHERN_IRELAND / "livelihood.csv",
        "--contracts",
        ROOT / "data_contracts",
    )

    assert exit_code == 0
    assert "  livelihood:" in out and 'state: "state"' in out


@pytest.mark.parametrize(
    ("command", "written"), [("template", "person.xlsx"), ("docs", "contracts.sv.html")]
)
def test_contract_template_and_docs_write_to_a_folder(call, tmp_path, command, written):
    exit_code, out, _ = call(
        "contract", command, "--out", tmp_path, "--contracts", ROOT / "data_contracts"
    )

    assert exit_code == 0
    assert (tmp_path / written).exists() and written in out


def test_pseudonymise_copies_an_extract_and_counts(call, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(sha256(b"a key").digest())
    key.chmod(0o600)

    exit_code, out, _ = call(
        "pseudonymise",
        NORTHERN_IRELAND,
        "--out",
        tmp_path / "out",
        "--key",
        key,
        "--contracts",
        ROOT / "data_contracts",
    )

    assert exit_code == 0
    assert "8,798 cells replaced in household_member.csv" in out
    assert f"receipt: {tmp_path / 'out.receipt.txt'}" in out
    assert (tmp_path / "out.receipt.txt").is_file()
    assert "NI-0001" not in (tmp_path / "out" / "person.csv").read_text(encoding="utf-8")


def test_pseudonymise_refuses_a_key_that_others_may_read(call, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(sha256(b"a key").digest())
    key.chmod(0o644)

    exit_code, out, err = call(
        "pseudonymise",
        NORTHERN_IRELAND,
        "--out",
        tmp_path / "out",
        "--key",
        key,
        "--contracts",
        ROOT / "data_contracts",
    )

    assert exit_code == 3
    assert out == "" and "IntakeError: The key of the pseudonyms cannot be used." in err


def test_params_explain_prints_value_source_grade_and_use(call):
    folder = Path(__file__).parents[2] / "params"

    exit_code, out, _ = call("params", "explain", "income_support.mean_months", "--folder", folder)

    assert exit_code == 0
    assert "2013                        6.6  H  socialstyrelsen.se 2013" in out
    assert "used by unit_costs/stockholm.yaml: price income_support" in out


def test_params_explain_refuses_an_unknown_key_and_names_the_nearest(call):
    exit_code, _, err = call(
        "params", "explain", "equalisation_rates", "--folder", Path(__file__).parents[2] / "params"
    )

    assert exit_code == 2
    assert 'did you mean "equalisation_rate"?' in err and "fix:" in err


def test_scenario_prints_the_number_it_is_about(call):
    exit_code, out, _ = call(
        "scenario",
        Path(__file__).parents[2] / "params" / "scenarios" / "coordination_association.yaml",
    )

    assert exit_code == 0
    assert "* pays_district" in out and "17,885.9 ->          5,971.5" in out
