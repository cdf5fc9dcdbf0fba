"""`evalkit check` and `evalkit run` say before anything runs what would otherwise fail late: in
four lines, for all such faults at once.
"""

import re
from pathlib import Path

import pytest
import yaml

from evalkit.cli.check import receipt
from evalkit.cli.faults import refuse_faulty_files
from evalkit.effects import load_protocols, term_names
from evalkit.errors import EstimationError, LedgerError, ParameterError, ProtocolError
from evalkit.params import Run, RunFile
from evalkit.records import load, validate
from evalkit.run_rules import ValueRules

PARAMS = Path(__file__).parents[2] / "params"
RUN_FILES = ["northern_ireland", "demo_city", "stockholm", "uppsala_county"]


@pytest.fixture
def altered(tmp_path):
    """A shipped run whose protocol has been altered: (old, new) texts."""

    def make(*changes: tuple[str, str]) -> Run:
        text = (PARAMS / "northern_ireland.yaml").read_text(encoding="utf-8")
        protocol = (PARAMS / "protocols/training.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in protocol
            protocol = protocol.replace(old, new)
        (tmp_path / "training.yaml").write_text(protocol, encoding="utf-8")
        text = text.replace("protocols/training.yaml", str(tmp_path / "training.yaml"))
        text = re.sub(r"(?m)^(extract|value):", r"contracts: ../data_contracts\n\1:", text, count=1)
        run_file = tmp_path / "altered.yaml"
        run_file.write_text(text, encoding="utf-8")
        return Run(
            run_dir=tmp_path / "run",
            run_file=PARAMS / "altered.yaml",
            params=load(run_file, RunFile),
        )

    return make


def _four_lines(error) -> list[str]:
    lines = str(error).split("\n")
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["where", "why", "fix"]
    return lines


@pytest.mark.parametrize("name", RUN_FILES)
def test_shipped_runs_have_every_column_and_word(name, tmp_path):
    run_file = PARAMS / f"{name}.yaml"

    run = Run(run_dir=tmp_path, run_file=run_file, params=load(run_file, RunFile))

    assert all(term_names(protocol) for protocol in load_protocols(run))
    refuse_faulty_files(run)


def test_check_refuses_a_language_that_does_not_exist(altered):
    run = altered()
    run = run.model_copy(update={"params": run.params.model_copy(update={"languages": ("no",)})})

    with pytest.raises(ParameterError) as caught:
        refuse_faulty_files(run)

    what, where, _, fix = _four_lines(caught.value)
    assert what == "There is no such language."
    assert "languages that exist: en, sv" in where and "no.yaml" in fix


def test_check_names_each_text_that_lacks_a_language_of_the_run(altered):
    run = altered(("  sv: Statlig arbetsmarknadsutbildning", "  fi: Valtion koulutus"))
    texts = {"title": {"sv": "Unga utan arbete"}, "notices": ({"en": "Read me", "sv": " "},)}
    run = run.model_copy(update={"params": run.params.model_copy(update=texts)})

    with pytest.raises(ParameterError) as caught:
        refuse_faulty_files(run)

    what, where, *_ = _four_lines(caught.value)
    assert what == "3 texts are missing in a language of the run."
    assert where.split(": ", 1)[1] == (
        "altered.yaml: title (no en), altered.yaml: notices.0 (no sv), "
        "protocol training: title (no sv)"
    )


def test_check_names_each_column_that_the_person_table_will_not_have(altered):
    run = altered(("column: sex", "column: sexx"), ("column: gcse5eq", "column: exam"))

    with pytest.raises(ProtocolError) as caught:
        refuse_faulty_files(run)

    what, where, _, fix = _four_lines(caught.value)
    assert what == "2 columns that a protocol asks for will not be in the person table."
    assert 'sexx (did you mean "sex"?)' in where and ": exam (" in where
    assert "mapping file" in fix


def test_check_refuses_a_value_that_the_contract_does_not_list(altered):
    run = altered(("column: sex, equals: male", "column: sex, equals: man"))

    with pytest.raises(ProtocolError) as caught:
        refuse_faulty_files(run)

    what, where, _, fix = _four_lines(caught.value)
    assert what == "1 column cannot be what a protocol takes it for."
    assert where.endswith(
        'protocol training, covariate male: sex is never "man" (values: female, male)'
    )
    assert "data contract" in fix


def test_check_names_each_value_that_the_report_has_no_word_for(altered):
    run = altered(("name: gcse5eq", "name: gcse_grades"))

    with pytest.raises(ParameterError) as caught:
        refuse_faulty_files(run)

    what, where, _, fix = _four_lines(caught.value)
    assert what == "1 value has no word in the report."
    assert '"gcse_grades" (protocol' in where and "covariates" in where
    assert "value.NAME" in fix


def _with(run: Run, **changes) -> Run:
    """The run with some of its value and allocation rules changed."""
    rules = {
        room: getattr(run.params, room).model_copy(update=change)
        for room, change in changes.items()
    }
    return run.model_copy(update={"params": run.params.model_copy(update=rules)})


def test_check_names_the_run_file_whose_horizon_hides_follow_up(altered):
    run = _with(altered(), value={"horizon_months": 12})

    with pytest.raises(EstimationError) as caught:
        refuse_faulty_files(run)

    what, where, _, fix = _four_lines(caught.value)
    assert what == "The horizon is 12 months, the follow-up 24."
    assert (
        "altered.yaml, value.horizon_months; protocol training" in where and "horizon_months" in fix
    )


@pytest.mark.parametrize("horizon", [36, ValueRules().horizon_months])
def test_check_names_the_book_that_does_not_say_how_an_effect_fades(altered, horizon):
    run = _with(altered(), value={"horizon_months": horizon})

    with pytest.raises(EstimationError) as caught:
        refuse_faulty_files(run)

    assert "northern_ireland.yaml, appraisal half_life; " in _four_lines(caught.value)[1]


def test_check_names_outcomes_for_which_the_price_book_has_no_livelihood(altered):
    outcomes = "outcomes: [work, studies, support, training"

    with pytest.raises(LedgerError) as caught:
        refuse_faulty_files(altered((f"{outcomes}]", f"{outcomes}, pension]")))

    what, where, _, fix = _four_lines(caught.value)
    assert "without a declared livelihood" in what
    assert where.endswith("northern_ireland.yaml: pension") and "add a livelihood" in fix


def test_check_names_target_groups_that_no_protocol_declares(altered):
    run = _with(altered(), allocation={"target_groups": ("young",)})

    with pytest.raises(ParameterError) as caught:
        refuse_faulty_files(run)

    what, where, _, _ = _four_lines(caught.value)
    assert what == "Target groups that were not declared: 1."
    assert "young (no protocol declares any)" in where


def test_check_refuses_an_extract_whose_states_off_support_are_mostly_unknown(tmp_path):
    delivered = PARAMS.parent / "tests/data/northern_ireland"
    for file in delivered.glob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines()
        (tmp_path / file.name).write_text(
            "\n".join(lines[:1] if file.stem == "livelihood" else lines) + "\n", encoding="utf-8"
        )
    run_file = PARAMS / "northern_ireland.yaml"
    run = Run(run_dir=tmp_path / "run", run_file=run_file, params=load(run_file, RunFile))

    with pytest.raises(EstimationError) as caught:
        receipt(run, str(tmp_path), None)

    what, where, why, fix = _four_lines(caught.value)
    assert what == "What people do off support is unknown for 100 % of the months."
    assert "livelihood" in where and "At most 50 %" in why and "spells.max_unknown_share" in fix


def test_check_names_the_tables_that_nobody_delivered(tmp_path):
    run_file = PARAMS / "northern_ireland.yaml"
    run = Run(run_dir=tmp_path / "run", run_file=run_file, params=load(run_file, RunFile))

    last = receipt(run, None, None).splitlines()[-1]

    assert last.startswith("not delivered  account, action, ")
    assert "livelihood" not in last and "capacity" in last


def test_a_budget_of_a_district_that_the_run_does_not_have_is_refused(tmp_path):
    run_file = tmp_path / "run.yaml"
    text = (PARAMS / "northern_ireland.yaml").read_text(encoding="utf-8")
    run_file.write_text(f"{text}\nallocation: {{budgets: {{Belfst: 1000}}}}\n", encoding="utf-8")

    with pytest.raises(ParameterError) as caught:
        load(run_file, RunFile)

    where = _four_lines(caught.value)[1]
    assert str(run_file) in where
    assert (
        "allocation.budgets names districts that the run does not have: Belfst (did you mean "
        '"Belfast"?)' in where
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("quoted_months: [6, 12, 36]", "quoted_months 36 lie beyond horizon_months, which is 24"),
        ("quoted_months: [12, 6]", "each larger than the one before"),
        ("quoted_months: []", "at least 1 item"),
        (
            "horizon_months: 2400, quoted_months: [6, 2400]",
            "survival.quoted_months 2400 lie beyond the 70 months",
        ),
    ],
)
def test_months_that_no_curve_reaches_are_refused(written, said):
    content = {
        "run": "city",
        "title": {"en": "City"},
        "districts": ["North"],
        "seed": 1,
        "extract": {"folder": "extract", "first_month": "2016-01", "data_through": "2021-12"},
        "survival": yaml.safe_load(f"{{{written}}}"),
    }

    with pytest.raises(ParameterError) as caught:
        validate(content, RunFile, where="run file")

    assert said in _four_lines(caught.value)[1]


def test_check_refuses_a_simulated_city_that_is_not_said_to_be_one(altered, tmp_path):
    city = tmp_path / "city"
    city.mkdir()
    (city / "README.md").write_text("# Simulated city: somewhere", encoding="utf-8")
    run = _with(altered(), extract={"folder": city})

    with pytest.raises(ParameterError) as caught:
        refuse_faulty_files(run)

    what, where, why, fix = _four_lines(caught.value)
    assert what == "The extract is a simulated city, and the run file does not say so."
    assert "altered.yaml, extract.is_simulated" in where and "README.md" in where
    assert "real" in why and "is_simulated: true" in fix
    refuse_faulty_files(_with(run, extract={"is_simulated": True}))
