"""How accounts are to be read: what a file of params/accounts/ may hold, and what is refused."""

from pathlib import Path

import pytest
import yaml

from evalkit.errors import ParameterError
from evalkit.line.accounts import AccountsFile, accounts_of
from evalkit.params import Run, RunFile
from evalkit.records import load

PARAMS = Path(__file__).parents[2] / "params"


def named(**keys) -> dict:
    return {"source": "a report", "grade": "M", **keys}


AREA = {"key": "training", "name": {"en": "training"}, "accounts": ["7100"]}
RULE = named(key="rule", title={"en": "a rule"}, to="training", accounts=["4*"])
REPORT = named(year=2012, currency="SEK", step=1.0, booked=1.0)
PLACES = named(year=2012, currency="SEK", cost_per_place=[1.0, 2.0], ended_share=[0.1, 0.2])
BOUGHT = named(intervention_id="course", currency="SEK", price_year=2012)
BOUGHT |= {"price_per_month": 2.0, "low": 1.0, "high": 3.0}


@pytest.fixture
def read(tmp_path):
    def make(**keys) -> AccountsFile:
        path = tmp_path / "accounts.yaml"
        content = {"file": "made_up", "title": {"en": "Made up"}, "areas": [AREA]} | keys
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return load(path, AccountsFile)

    return make


@pytest.mark.parametrize("name", ["stockholm", "demo_city"])
def test_the_shipped_files_are_read_by_their_runs(name):
    run_file = PARAMS / f"{name}.yaml"
    run = Run(run_dir=PARAMS, run_file=run_file, params=load(run_file, RunFile))

    reading = accounts_of(run)

    assert reading.file == name
    assert reading.outside == ("other_activities",)


def test_a_run_that_names_no_file_reads_accounts_as_they_are_sent():
    run_file = PARAMS / "northern_ireland.yaml"
    run = Run(run_dir=PARAMS, run_file=run_file, params=load(run_file, RunFile))

    assert accounts_of(run).areas == accounts_of(run).rules == ()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"areas": [AREA, AREA]}, "areas stand once each; twice: training"),
        ({"areas": [AREA, AREA | {"key": "other"}]}, "accounts stand once each; twice: 7100"),
        ({"areas": [AREA | {"key": "not_mapped"}]}, "stand for something else: not_mapped"),
        ({"rules": [RULE | {"to": "traning"}]}, "areas that are not declared: traning"),
        ({"rules": [RULE | {"accounts": []}]}, "a rule says by what its postings are known"),
        ({"rules": [RULE, RULE]}, "rules stand once each; twice: rule"),
        ({"reported": [REPORT, REPORT]}, "reported stand once each; twice: 2012 all"),
        ({"places": [PLACES | {"ended_share": [0.0, 0.2]}]}, "both above 0"),
        ({"places": [PLACES | {"cost_per_place": [2.0, 1.0]}]}, "the lower and the higher limit"),
        ({"bought": [BOUGHT | {"low": 5.0}]}, "low, price_per_month and high stand in this order"),
    ],
)
def test_a_file_that_cannot_hold_is_refused(read, keys, said):
    with pytest.raises(ParameterError, match=said):
        read(**keys)


def test_a_report_of_an_unknown_district_is_refused(tmp_path):
    path = tmp_path / "accounts.yaml"
    content = {"file": "made_up", "title": {"en": "Made up"}}
    content["reported"] = [REPORT | {"district": "Norbby"}]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    params = load(PARAMS / "demo_city.yaml", RunFile)
    rules = params.monitoring.model_copy(update={"accounts": path})
    params = params.model_copy(update={"monitoring": rules})
    run = Run(run_dir=tmp_path, run_file=PARAMS / "demo_city.yaml", params=params)

    with pytest.raises(ParameterError) as fault:
        accounts_of(run)

    what, where, why, fix = str(fault.value).splitlines()
    assert what.endswith("1 report is of a district that the run does not have.")
    assert "reported: Norbby" in where and "Norrby" in where
    assert "same district" in why
    assert '"all"' in fix
