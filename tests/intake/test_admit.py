"""Admission: every bad row gets its rule and line, nothing is lost, and a clean extract passes
whole.
"""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.errors import IntakeError
from evalkit.intake import admit, deliveries, intake_counts
from evalkit.line.tables import table
from evalkit.tables import conform

ROOT = Path(__file__).parents[2]
NORTHERN_IRELAND_ROWS = {
    "person": 712,
    "income_support": 4399,
    "household_member": 4399,
    "intervention": 1,
    "participation": 299,
    "livelihood": 2526,
}


@pytest.fixture(scope="module")
def northern_ireland():
    return admit(
        ROOT / "tests/data/northern_ireland",
        ROOT / "data_contracts",
        districts=["Belfast", "N.Eastern", "S.Eastern", "Southern", "Western"],
        mapping=ROOT / "data_contracts/mappings/northern_ireland.yaml",
        first_month=date(1993, 7, 1),
        data_through=date(1999, 6, 1),
    )


def test_admit_accepts_northern_ireland_whole(northern_ireland):
    accepted = {table: rows.height for table, rows in northern_ireland.tables.items()}

    assert accepted == NORTHERN_IRELAND_ROWS
    assert northern_ireland.rejected.is_empty()


def test_admit_hands_on_tables_that_conform(northern_ireland):
    for name, rows in northern_ireland.tables.items():
        assert conform(rows, name).equals(rows)


def test_admit_types_the_declared_covariates(northern_ireland):
    person = northern_ireland.tables["person"]

    extra = {
        name: dtype for name, dtype in person.schema.items() if name not in table("person").schema
    }

    assert extra == dict.fromkeys(
        ["catholic", "fmpr", "funemp", "gcse5eq", "grammar", "livboth"], pl.Int32
    )


def test_admit_says_what_was_not_delivered(northern_ireland):
    notes = northern_ireland.assumptions.filter(pl.col("table") == "person")["assumption"].to_list()

    assert notes == [
        "read as CSV, utf-8, separated by comma, decimal point",
        "columns not delivered, empty for all rows: birth_year, education, origin, "
        "years_in_country, target_groups",
    ]


def test_admit_accepts_a_clean_small_extract(extract, rejections):
    admission = extract.admit(max_rejected_share=0)

    assert rejections(admission) == []
    assert admission.tables["income_support"]["amount"].to_list() == [9500.5, None, 8000.0]


@pytest.mark.parametrize(
    ("table", "line", "rule"),
    [
        ("person", "P-4,Norr,woman", "sex_in_list"),
        ("person", "P-4,Väster,female", "district_known"),
        ("person", ",Norr,female", "person_id_given"),
        ("person", "P-4,Norr", "row_is_whole"),
        ("income_support", "H-1,2026-13-01,Norr,,", "month_is_date"),
        ("income_support", "H-1,202603,Norr,,", "month_is_date"),
        ("income_support", "H-1,45000,Norr,,", "month_is_date"),
        ("income_support", "H-1,2026-3-1,Norr,,", "month_is_date"),
        ("income_support", "H-1,2026-01-15,Norr,,", "month_is_first_day"),
        ("income_support", "H-1,2025-12-01,Norr,,", "month_in_extract"),
        ("income_support", "H-1,2026-07-01,Norr,,", "month_in_extract"),
        ("income_support", "H-1,2026-03-01,Norr,1 234.50,SEK", "amount_is_number"),
        ("income_support", "H-1,2026-03-01,Norr,NaN,SEK", "amount_is_number"),
        ("income_support", "H-1,2026-03-01,Norr,-10,SEK", "only_recoveries_are_negative"),
        ("income_support", "H-1,2026-03-01,Norr,10,kronor", "currency_has_form"),
        ("income_support", "H-1,2026-03-01,Norr,10,", "amount_has_currency"),
        ("income_support", "H-1,2026-03-01,Norr,,", "household_has_members"),
        ("household_member", "H-1,P-1,2026-03-01,head", "role_in_list"),
        ("household_member", "H-1,P-9,2026-03-01,lead", "person_known"),
        ("intervention", "coaching,Coaching,coaching,six", "planned_months_is_integer"),
        ("intervention", "coaching,Coaching,coaching,2.5", "planned_months_is_integer"),
        ("intervention", "coaching,Coaching,coaching,0", "planned_months_in_range"),
        ("intervention", "coaching,Coaching,coaching,99999999999", "planned_months_is_integer"),
        ("participation", "P-2,work_training,2026-03-02,2026-03-01", "end_after_start"),
        ("participation", "P-2,work_training,2026-03-02,2026-03-02", "end_after_start"),
        ("participation", "P-2,coaching,2026-03-02,", "intervention_known"),
        ("participation", "P-1,work_training,2026-01-20,2026-02-01", "no_overlap"),
        ("livelihood", "P-2,2026-02-01,2026-03-01,unemployed", "state_in_list"),
        ("livelihood", "P-2,2026-02-15,,work", "start_is_first_day"),
        ("livelihood", "P-1,2026-02-01,2026-03-01,work", "no_overlap"),
        ("livelihood", "P-9,2026-02-01,,work", "person_known"),
    ],
)
def test_admit_sets_a_bad_row_aside_with_rule_and_line(extract, rejections, table, line, rule):
    extract.add(table, line)
    last_line = len((extract.folder / f"{table}.csv").read_text(encoding="utf-8").splitlines())

    admission = extract.admit()

    assert rejections(admission) == [(table, rule, last_line)]


def test_admit_sets_a_nested_period_aside(extract, rejections):
    extract.write(
        "livelihood",
        [
            "person_id,start,end,state",
            "P-1,2026-01-01,2026-06-01,work",
            "P-1,2026-02-01,2026-03-01,studies",
        ],
    )
    extract.add(
        "livelihood",
        "P-2,2026-02-01,2026-06-01,work",
        "P-2,2026-03-01,2026-04-01,studies",
        "P-2,2026-05-01,,studies",
    )

    admission = extract.admit()

    assert rejections(admission) == [
        ("livelihood", "no_overlap", 7),
        ("livelihood", "no_overlap", 8),
    ]


def test_admit_keeps_one_of_equal_rows(extract, rejections):
    extract.add("person", "P-1,Norr,female", "P-1,Norr,female")

    admission = extract.admit()

    assert rejections(admission) == [
        ("person", "key_not_repeated", 5),
        ("person", "key_not_repeated", 6),
    ]
    assert admission.tables["person"]["person_id"].to_list() == ["P-1", "P-2", "P-3"]


def test_admit_keeps_none_of_contradicting_rows_and_what_hangs_on_them(extract, rejections):
    extract.add("person", "P-3,Norr,female")

    admission = extract.admit()

    assert rejections(admission) == [
        ("household_member", "person_known", 5),
        ("income_support", "household_has_members", 4),
        ("livelihood", "person_known", 5),
        ("participation", "person_known", 3),
        ("person", "key_not_contradicted", 4),
        ("person", "key_not_contradicted", 5),
    ]


def test_admit_says_when_an_orphan_names_a_row_that_was_set_aside(extract):
    extract.write(
        "person",
        ["person_id,district,sex", "P-1,Norr,female", "P-2,Norr,male", "P-3,Väster,female"],
    )
    extract.add("livelihood", "P-9,2026-02-01,,work")

    rejected = extract.admit().rejected.filter(table="livelihood").sort("line")

    assert rejected["sentence"].to_list() == [
        "person_id is found in the table person only in rows that were set aside.",
        "person_id is not found in the table person.",
    ]


def test_admit_counts_a_row_once_and_each_rule_it_breaks(extract):
    extract.add("income_support", "H-1,2026-03-15,Väster,,", "H-1,2026-04-15,Norr,,")

    counts = intake_counts(extract.admit()).filter(table="income_support")
    counts = counts.select("rule", "n_delivered", "n_accepted", "n_rejected")

    assert counts.rows() == [
        ("all", 5, 3, 2),
        ("district_known", None, None, 1),
        ("month_is_first_day", None, None, 2),
    ]


def test_admit_reads_decimal_commas_only_where_semicolons_separate(extract):
    lines = [
        "household_id;month;district;amount;currency",
        "H-1;2026-01-01;Norr;9500,50;SEK",
        "H-3;2026-02-01;Söder;8000;SEK",
    ]
    extract.write("income_support", lines, encoding="cp1252")

    admission = extract.admit()

    assert admission.tables["income_support"]["amount"].to_list() == [9500.5, 8000.0]
    assert (
        "CSV, cp1252, separated by semicolon"
        in admission.assumptions.filter(table="income_support")["assumption"][0]
    )


def test_admit_carries_columns_and_codes_over_by_the_mapping(extract, tmp_path):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  person:\n    columns: {sex: Kon}\n    codes: {sex: {'2': "
        "female, '1': male}}\n",
        encoding="utf-8",
    )
    extract.write("person", ["person_id,district,Kon", "P-1,Norr,2", "P-2,Norr,1", "P-3,Söder,2"])

    admission = extract.admit(mapping=mapping)

    assert admission.tables["person"]["sex"].to_list() == ["female", "male", "female"]


def test_admit_types_parquet_and_refuses_what_a_cast_would_lose(extract, rejections):
    (extract.folder / "intervention.csv").unlink()
    delivered = {
        "intervention_id": ["work_training", "coaching"],
        "name": ["W", "C"],
        "kind": ["t", "c"],
        "planned_months": [6.0, 2.5],
    }
    pl.DataFrame(delivered).write_parquet(extract.folder / "intervention.parquet")

    admission = extract.admit()

    assert admission.tables["intervention"]["planned_months"].to_list() == [6]
    assert rejections(admission) == [("intervention", "planned_months_is_integer", 2)]


def test_admit_refuses_a_time_of_day_as_a_date_in_parquet(extract, rejections):
    (extract.folder / "participation.csv").unlink()
    starts = [datetime(2026, 2, 1), datetime(2026, 3, 1, 12, 30)]
    delivered = {
        "person_id": ["P-1", "P-2"],
        "intervention_id": ["work_training"] * 2,
        "start": starts,
        "end": [None, None],
    }
    pl.DataFrame(delivered).write_parquet(extract.folder / "participation.parquet")

    admission = extract.admit()

    assert admission.tables["participation"]["start"].to_list() == [date(2026, 2, 1)]
    assert rejections(admission) == [("participation", "start_is_date", 2)]


BOOLEAN_MAPPING = """source: a test
tables:
  person:
    covariates:
      - name: has_licence
        type: boolean
        description: {sv: Har körkort, en: Has a driving licence}
        measured: at the first month
        is_known_at_first_month: true
"""


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["true", "False", "ja", "NEJ"], [True, False, True, False]),
        (["1", "0", "yes", "no"], [True, False, True, False]),
    ],
)
def test_admit_reads_boolean_covariates_and_refuses_other_words(
    extract, tmp_path, rejections, cells, values
):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(BOOLEAN_MAPPING, encoding="utf-8")
    people = [f"P-{i},Norr,female,{cell}" for i, cell in enumerate([*cells, "kanske"], start=1)]
    extract.write("person", ["person_id,district,sex,has_licence", *people])

    admission = extract.admit(mapping=mapping)

    assert admission.tables["person"]["has_licence"].to_list() == values
    assert rejections(admission) == [("person", "has_licence_is_boolean", 6)]


@pytest.mark.parametrize("dtype", [pl.Boolean, pl.Int64, pl.Float64])
def test_admit_reads_boolean_covariates_from_typed_files(extract, tmp_path, dtype):
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(BOOLEAN_MAPPING, encoding="utf-8")
    (extract.folder / "person.csv").unlink()
    people = pl.DataFrame(
        {"person_id": ["P-1", "P-2", "P-3"], "district": ["Norr"] * 3, "sex": ["female"] * 3}
    )
    people.with_columns(has_licence=pl.Series([1, 0, 1]).cast(dtype)).write_parquet(
        extract.folder / "person.parquet"
    )

    admission = extract.admit(mapping=mapping)

    assert admission.tables["person"]["has_licence"].to_list() == [True, False, True]


def test_admit_stops_when_files_are_missing(extract, four_lines):
    (extract.folder / "person.csv").unlink()
    (extract.folder / "income_support.csv").unlink()

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "2 files are missing from the extract."
    assert lines["where"].endswith("income_support.csv, person.csv")
    assert (
        "household_member.csv, intervention.csv, livelihood.csv, participation.csv" in lines["why"]
    )
    assert "ask the sender" in lines["fix"]


def test_admit_stops_when_columns_are_missing(extract, four_lines):
    extract.write("livelihood", ["person_id,from,state", "P-1,2026-01-01,work"])

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "1 file lacks columns that the contract requires."
    assert (
        lines["where"] == "livelihood.csv lacks start, end (columns found: person_id, from, state)"
    )
    assert "Nothing was read in." in lines["why"]
    assert "mapping file" in lines["fix"]


def test_admit_stops_when_the_folder_does_not_exist(extract, tmp_path, four_lines):
    extract.folder = tmp_path / "nowhere"

    with pytest.raises(IntakeError) as caught:
        extract.admit()

    lines = four_lines(caught.value)
    assert lines["what"] == "The folder of the extract does not exist."
    assert lines["where"].endswith("nowhere")
    assert "extract.folder" in lines["why"]
    assert "check the path" in lines["fix"]


def test_admit_stops_when_too_many_rows_break_their_contract(extract, four_lines):
    extract.add("livelihood", "P-2,2026-02-15,,work", "P-2,2026-02-01,,jobb")

    with pytest.raises(IntakeError) as caught:
        extract.admit(max_rejected_share=0.3)

    lines = four_lines(caught.value)
    assert lines["what"] == "1 table has more rejected rows than may be set aside."
    assert lines["where"].startswith(
        "livelihood: 2 of 6 rows: start_is_first_day 1 (first: livelihood.csv line 6)"
    )
    assert "At most 30 %" in lines["why"]
    assert "max_rejected_share" in lines["fix"]


def test_admit_sets_aside_and_counts_every_row_however_few_are_listed(extract):
    extract.add(
        "livelihood", "P-2,2026-02-15,,work", "P-2,2026-02-16,,work", "P-2,2026-02-17,,jobb"
    )

    whole = extract.admit(max_rejected_share=1)
    cut = extract.admit(max_rejected_share=1, max_listed_per_rule=2)

    assert whole.rejected.select("rule", "line").rows() == [
        ("state_in_list", 8),
        *[("start_is_first_day", line) for line in (6, 7, 8)],
    ]
    assert cut.rejected.rows() == [
        row for row in whole.rejected.rows() if row[2:5] != (8, "start", "start_is_first_day")
    ]
    assert cut.receipt.equals(whole.receipt)
    assert all(cut.tables[name].equals(rows) for name, rows in whole.tables.items())
    said = cut.assumptions.join(whole.assumptions, on=cut.assumptions.columns, how="anti").rows()
    assert said == [
        (
            "livelihood",
            "",
            "3 rows break the rule start_is_first_day; the first 2 of them are listed",
        )
    ]


CELLS = st.sampled_from(
    [
        "",
        "P-1",
        "P-2",
        "P-3",
        "2026-01-01",
        "2026-02-01",
        "2026-13-01",
        "2026-01-15",
        "work",
        "jobb",
        "x,y",
        " ",
    ]
)


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=12))
def test_admit_accounts_for_every_row_whatever_stands_in_it(extract, rows):
    lines = ["person_id,start,end,state", *[",".join(row) for row in rows]]
    n_delivered = sum(line.strip() != "" for line in lines[1:])
    extract.write("livelihood", lines)

    admission = extract.admit(max_rejected_share=1)

    rejected = admission.rejected.filter(table="livelihood").select("file", "line").unique().height
    assert admission.tables["livelihood"].height + rejected == n_delivered
    counts = intake_counts(admission).filter(table="livelihood", rule="all")
    assert counts.select("n_delivered", "n_accepted", "n_rejected").row(0) == (
        n_delivered,
        n_delivered - rejected,
        rejected,
    )


STATES = st.sampled_from(["work", "studies"])
PERIODS = st.lists(
    st.tuples(
        st.sampled_from(["P-1", "P-2", "P-3"]),
        st.integers(1, 6),
        st.one_of(st.none(), st.integers(1, 7)),
        st.sampled_from(["work", "studies"]),
    ),
    max_size=10,
)


def _period_lines(periods):
    return [
        f"{person},2026-{start:02d}-01,{'' if end is None else f'2026-{end:02d}-01'},{state}"
        for person, start, end, state in periods
    ]


@settings(max_examples=12)
@given(periods=PERIODS, data=st.data())
@pytest.mark.slow
def test_admit_does_not_depend_on_row_order_or_on_the_split_into_files(extract, periods, data):
    lines, header = _period_lines(periods), "person_id,start,end,state"
    extract.write("livelihood", [header, *lines])
    whole = extract.admit(max_rejected_share=1)

    shuffled = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(0, len(lines)))
    extract.write("livelihood", [header, *shuffled[:cut]])
    part = extract.write("livelihood_2", [header, *shuffled[cut:]])
    split = extract.admit(max_rejected_share=1)
    part.unlink()

    assert split.tables["livelihood"].equals(whole.tables["livelihood"])
    assert intake_counts(split).equals(intake_counts(whole))


def test_admit_tells_a_wrong_code_once_and_before_what_follows_from_it(extract):
    extract.write(
        "person", ["person_id,district,sex", "P-1,Norr,kvina", "P-2,Norr,male", "P-3,Söder,female"]
    )

    admission = extract.admit(max_rejected_share=1)

    assert admission.rejected.row(0)[:5] == ("person", "person.csv", 2, "sex", "sex_in_list")
    assert admission.rejected["follows_from"].is_null().to_list() == [True, *[False] * 6]
    assert sorted(admission.consequences.rows()) == [
        ("household_member", "person", 2),
        ("income_support", "household_member", 1),
        ("livelihood", "person", 2),
        ("participation", "person", 1),
    ]


def test_admit_never_shows_a_value_of_a_rejected_row(extract):
    secret = "Konfidentiell"
    extract.add("person", f"P-4,{secret},female", f"P-5,Norr,{secret}")
    extract.add("livelihood", f"{secret},2026-01-01,,work", f"P-2,{secret},,work")

    rejected = extract.admit(max_rejected_share=1).rejected

    assert secret not in rejected.write_csv()


def test_column_of_names_that_nothing_asks_for_is_not_read_in_and_is_listed(extract):
    path = extract.folder / "participation.csv"
    cells = ["Klientens namn", "Anna Andersson", ""]
    lines = [",".join(pair) for pair in zip(path.read_text().splitlines(), cells, strict=True)]
    extract.write("participation", lines)

    admission = extract.admit()

    assert admission.unread.rows() == [("participation", "participation.csv", "Klientens namn")]
    held = [*admission.tables.values(), admission.rejected, admission.receipt]
    assert not any("Anna Andersson" in table.write_csv() for table in held)
    assert not any("Klientens namn" in table.columns for table in held)


@pytest.mark.parametrize(
    ("n_people", "said"), [(0, "not_delivered"), (2, "not_delivered"), (3, "delivered")]
)
def test_column_that_one_or_two_people_fill_is_told_as_not_delivered(extract, n_people, said):
    reasons = ["completed"] * n_people + [""] * (5 - n_people)
    rows = [f"P-{i},work_training,2026-01-01,2026-03-01,{r}" for i, r in enumerate(reasons, 1)]
    extract.add("person", "P-4,Norr,female", "P-5,Norr,male")
    extract.write("participation", ["person_id,intervention_id,start,end,end_reason", *rows])

    table = deliveries(extract.admit())

    assert table.filter(table="participation", column="end_reason")["delivery"].item() == said
