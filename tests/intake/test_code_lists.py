"""Lists of codes say what a municipality's own codes mean; none is guessed at."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from evalkit.errors import ParameterError
from evalkit.intake import reason_codes
from evalkit.intake.contracts.mapping import load_code_list, load_mapping
from evalkit.line.states import STATES
from evalkit.params import Run, RunFile
from evalkit.records import load

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "data_contracts" / "code_lists"
LIST = {
    "source": "a test",
    "codes": [
        {"code": "01 Arbete", "title": "arbete", "state": "work", "grade": "H"},
        {"code": "02", "title": "flytt", "state": "moved", "grade": "M"},
        {"code": "03", "title": "egen begäran", "short": "own_request", "grade": "H"},
        {"code": "04", "title": "annat", "grade": "H"},
    ],
}
PAYMENTS = [
    "household_id,month,district,amount,currency,Orsak",
    "H-1,2026-01-01,Norr,100,SEK,",
    "H-1,2026-02-01,Norr,100,SEK,01 Arbete",
    "H-3,2026-02-01,Söder,100,SEK,Flyttade till sin syster",
]


@pytest.fixture
def mapping(tmp_path):
    """A mapping file that names a list; both are written here."""

    def write(*, of_table=None, **changes) -> Path:
        (tmp_path / "list.yaml").write_text(
            yaml.safe_dump(LIST | changes, allow_unicode=True), encoding="utf-8"
        )
        table = {
            "columns": {"exit_reason": "Orsak"},
            "code_lists": {"exit_reason": "list.yaml"},
        }
        path = tmp_path / "mapping.yaml"
        content = {"source": "a test", "tables": {"income_support": table | (of_table or {})}}
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return path

    return write


def notes_on(admission):
    of_table = admission.assumptions.filter(table="income_support")
    return " ".join(of_table["assumption"])


def test_a_list_makes_states_of_codes_and_counts_those_it_does_not_hold(extract, mapping):
    extract.write("income_support", PAYMENTS)

    admission = extract.admit(mapping=mapping(), max_rejected_share=0)

    reasons = admission.tables["income_support"]["exit_reason"].to_list()
    assert reasons == [None, "work", "unknown"]
    notes = notes_on(admission)
    assert "1 rows hold one of 1 codes that are not on the list; they count as unknown" in notes
    assert 'codes of "exit_reason" carried over by the mapping, grade M' in notes
    # What stood there is named nowhere.
    assert "syster" not in notes and "example" not in notes


def test_codes_without_a_state_keep_their_own_or_are_other():
    listed = load_code_list(LISTS / "end_reasons.contractor.yaml").by_code

    assert listed == {
        "arbete": "work",
        "studier": "studies",
        "avbrott_flytt": "moved",
        "avbrott_kommunens_beslut": "ended_by_municipality",
        "avbrott_deltagarens_val": "dropped_out",
        "avbrott_ovriga_skal": "other",
        "planerat_utan_resultat": "ended_as_planned",
    }


def test_the_mapping_files_own_codes_go_before_those_of_the_list(mapping):
    path = mapping(of_table={"codes": {"exit_reason": {"02": "dead"}}})

    codes = load_mapping(path).of("income_support").codes["exit_reason"]

    assert codes["02"] == "dead" and codes["04"] == "other" and codes["01 Arbete"] == "work"


def test_the_receipt_says_that_a_list_is_an_example(extract, mapping):
    extract.write("income_support", PAYMENTS)

    admission = extract.admit(mapping=mapping(is_example=True), max_rejected_share=0)

    assert "the list of codes is an example, of no system" in notes_on(admission)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ({"state": "working"}, "names the state working"),
        ({"state": "support"}, "names the state support"),
        ({"state": "unknown"}, "names the state unknown"),
        ({"short": "work"}, "would be taken for a state"),
        ({"short": "Own request"}, "a short code is written as"),
        ({"short": "own", "state": "work"}, "a short code beside it"),
        ({"grade": "X"}, "grade"),
        ({"sate": "work"}, "sate"),
        ({"code": "02"}, "codes that stand twice: 02"),
    ],
)
def test_a_faulty_list_is_refused_with_its_place(mapping, code, fault):
    added = {"code": "05", "title": "en till", "grade": "H"} | code

    with pytest.raises(ParameterError) as caught:
        load_mapping(mapping(codes=[*LIST["codes"], added]))

    assert "list.yaml" in str(caught.value) and fault in str(caught.value)


def test_a_list_that_is_not_there_is_named(mapping):
    path = mapping(of_table={"code_lists": {"exit_reason": "lists/none.yaml"}})

    with pytest.raises(ParameterError) as caught:
        load_mapping(path)

    assert "none.yaml" in str(caught.value)


@pytest.mark.parametrize("path", sorted(LISTS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_shipped_list_is_of_a_named_source_or_marked_as_an_example(path):
    listed = load_code_list(path)

    assert listed.source and listed.codes
    assert listed.is_example == (".example." in path.name)
    assert all(one.state is None or one.state in set(STATES["state"]) for one in listed.codes)


@pytest.mark.parametrize(("is_example", "kind"), [(True, "example"), (False, "own")])
def test_what_codes_tell_is_counted_by_column(extract, mapping, tmp_path, is_example, kind):
    extract.write("income_support", [*PAYMENTS, "H-1,2026-03-01,Norr,5,SEK,04"])
    extract.write(
        "household_member",
        [
            "household_id,person_id,month,role",
            *(f"H-1,P-1,2026-0{month}-01,lead" for month in (1, 2, 3)),
            "H-3,P-3,2026-02-01,lead",
        ],
    )
    path = mapping(is_example=is_example)
    admission = extract.admit(mapping=path, max_rejected_share=0)
    params = load(ROOT / "params/northern_ireland.yaml", RunFile)
    own = params.model_copy(update={"extract": params.extract.model_copy(update={"mapping": path})})

    counted = reason_codes(
        admission.tables, Run(run_dir=tmp_path, run_file=tmp_path / "run.yaml", params=own)
    )

    assert counted.select("source", "code_list", "answer", "n_delivered").rows() == [
        ("exit_reason", kind, "all", 3),
        ("exit_reason", kind, "other", 1),
        ("exit_reason", kind, "state", 1),
        ("exit_reason", kind, "unlisted", 1),
    ]


def test_an_extract_without_reasons_has_nothing_to_count(extract, tmp_path):
    params = load(ROOT / "params/northern_ireland.yaml", RunFile)
    run = Run(run_dir=tmp_path, run_file=ROOT / "params/northern_ireland.yaml", params=params)

    counted = reason_codes(extract.admit().tables, run)

    assert counted.is_empty() and counted.schema["n_delivered"] == pl.Int32
