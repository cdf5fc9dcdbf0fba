"""The official monthly record: read, written, and the December file of the whole year."""

import shutil
from datetime import date

import polars as pl
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from evalkit.errors import IntakeError, ParameterError
from evalkit.intake import admit, load_layouts, write_monthly_record
from evalkit.intake.reading.monthly_record import read_monthly_records

LAYOUTS = load_layouts()

JANUARY = "2026\t01\t0180\t01\t1\t9500\tP-1\t1\t0\t0\t2\t35\tP-2\t1\t0\t0\t1\t40\tP-3\r\n"
FEBRUARY = "2026\t02\t0180\t01\t1\t9600\tP-1\t1\t0\t0\t2\t35\tP-2\t1\t0\t0\t1\t40\tP-3\r\n"


@pytest.fixture
def record_extract(extract, tmp_path):
    """An extract whose persons, payments and members come from monthly records."""
    for table in ("person", "income_support", "household_member"):
        (extract.folder / f"{table}.csv").unlink()
    extract.write("participation", ["person_id,intervention_id,start,end"])
    extract.write("livelihood", ["person_id,start,end,state"])
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "source: a test\ntables:\n  person: {codes: {district: {'01': Norr}}}\n  income_support: "
        "{codes: {district: {'01': Norr}}}\n",
        encoding="utf-8",
    )

    def write(name, *lines):
        (extract.folder / f"monthly_record_{name}.txt").write_bytes("".join(lines).encode())
        return mapping

    return write


def test_admit_takes_three_tables_from_a_monthly_record(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY)

    tables = extract.admit(mapping=mapping, max_rejected_share=0).tables

    columns = ("household_id", "month", "district", "amount", "currency")
    assert tables["income_support"].select(columns).row(0) == (
        *("H-P-1", date(2026, 1, 1), "Norr", 9500.0, "SEK"),
    )
    assert tables["income_support"]["n_children"].to_list() == [1]
    assert tables["household_member"].select("person_id", "role").rows() == [
        ("P-1", "lead"),
        ("P-2", "co_applicant"),
        ("P-3", "child"),
    ]
    assert tables["person"].select("person_id", "birth_year", "sex").rows() == [
        ("P-1", 1991, "female"),
        ("P-2", 1986, "male"),
        ("P-3", None, None),
    ]


def test_admit_sets_months_aside_that_the_december_file_sends_again(
    extract, record_extract, rejections
):
    record_extract("2026-01", JANUARY)
    record_extract("2026-02", FEBRUARY)
    corrected = [
        JANUARY.replace("9500", "8000"),
        FEBRUARY,
        JANUARY.replace("\t01\t0180", "\t12\t0180"),
    ]
    mapping = record_extract("2026-12", *corrected)

    admission = extract.admit(mapping=mapping, data_through=date(2026, 12, 1), max_rejected_share=0)

    payments = [
        found
        for found in admission.rejected.filter(table="income_support")
        .select("file", "line", "rule")
        .rows()
    ]
    assert sorted(payments) == [
        (f"monthly_record_2026-{month}.txt", 1, "superseded_by_full_year") for month in ("01", "02")
    ]
    assert admission.tables["income_support"]["amount"].to_list() == [8000.0, 9600.0, 9500.0]


def test_admit_sets_a_record_line_with_too_few_fields_aside(extract, record_extract, rejections):
    mapping = record_extract("2026-01", JANUARY, "2026\t01\t0180\t01\t1\r\n")

    admission = extract.admit(mapping=mapping, max_rejected_share=0.5)

    assert rejections(admission) == [
        ("household_member", "row_is_whole", 2),
        ("income_support", "row_is_whole", 2),
    ]


def test_admit_refuses_a_record_with_personal_numbers(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY.replace("P-1", "198112189876"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert 'monthly_record_2026-01.txt, column "person_id", lines 1' in caught.value.where


def test_read_monthly_records_refuses_what_is_no_record(tmp_path, four_lines):
    path = tmp_path / "monthly_record.txt"
    path.write_text("Ar;Manad\n2026;01\n", encoding="utf-8")

    with pytest.raises(IntakeError) as caught:
        read_monthly_records([path], LAYOUTS)

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record could not be read."
    assert lines["where"] == "monthly_record.txt"
    assert "12 fields" in lines["why"]
    assert "pseudonyms" in lines["fix"]


def test_admit_refuses_a_record_of_another_years_layout(extract, record_extract, four_lines):
    # A field that the layout does not know stands before the amount: all that follows is one place
    # off.
    mapping = record_extract("2026-01", JANUARY.replace("\t9500", "\t1\t9500"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record has another layout than the one that is read here."
    assert lines["where"].startswith(
        "monthly_record_2026-01.txt: field 7 (person_1), field 8 (household_status_1)"
    )
    assert "Nothing was read in." in lines["why"]
    assert "record_layouts" in lines["fix"]


def test_admit_refuses_a_record_with_codes_where_children_should_stand(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY.replace("\tP-3", "\t12\t03"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert "field 19 (a person's number), field 20" in caught.value.where


def test_admit_takes_a_record_in_which_single_fields_are_wrong(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY, FEBRUARY.replace("\t35\t", "\tborn 1991\t"))

    admission = extract.admit(mapping=mapping)

    assert admission.tables["income_support"].height == 2


def test_write_monthly_record_writes_the_fields_in_their_places(extract, record_extract, tmp_path):
    mapping = record_extract("2026-01", JANUARY)
    tables = extract.admit(mapping=mapping, max_rejected_share=0).tables

    written = write_monthly_record(
        tables,
        tmp_path / "monthly_record_2026.txt",
        months=[date(2026, 1, 1)],
        municipality="0180",
        district_codes={"Norr": "01"},
        layouts=LAYOUTS,
    )

    assert list(written.n_lines.values()) == [1]
    assert written.path.read_bytes() == JANUARY.encode()


def test_write_monthly_record_refuses_what_it_cannot_say(extract, tmp_path, four_lines):
    tables = extract.admit(max_rejected_share=0).tables
    tables["household_member"] = tables["household_member"].filter(pl.col("role") != "lead")

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(
            tables,
            tmp_path / "monthly_record_2026.txt",
            months=[date(2026, 1, 1)],
            municipality="0180",
            layouts=LAYOUTS,
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record cannot be written."
    assert lines["where"] == "1 households and months without an applicant (role lead)"
    assert "one applicant" in lines["why"] and "lead" in lines["fix"]
    assert not list(tmp_path.glob("monthly_record*"))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"municipality": "180"}, "layout monthly_record: municipality (1 lines)"),
        ({"district_codes": {"Norr": "001"}}, "layout monthly_record: district (1 lines)"),
        (
            {"district_codes": {"Norden": "01"}},
            "without a code: Norr; named and not there: Norden",
        ),
        ({"municipality": {"Söder": "0180"}}, "without a code: Norr; named and not there: Söder"),
        ({"path": "record.txt"}, "record.txt"),
    ],
)
def test_write_monthly_record_refuses_codes_that_do_not_fit(
    extract, tmp_path, four_lines, changes, where
):
    tables = extract.admit(max_rejected_share=0).tables
    given = {"municipality": "0180", "path": "monthly_record_2026.txt"} | changes
    path = tmp_path / given.pop("path")

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(tables, path, months=[date(2026, 1, 1)], layouts=LAYOUTS, **given)

    assert four_lines(caught.value)["where"] == where


def test_write_monthly_record_writes_no_personal_number(extract, tmp_path, four_lines):
    tables = extract.admit(max_rejected_share=0).tables
    tables["household_member"] = tables["household_member"].with_columns(
        pl.col("person_id").replace("P-1", "198112189876")
    )

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(
            tables,
            tmp_path / "monthly_record_2026.txt",
            months=[date(2026, 1, 1)],
            municipality="0180",
            layouts=LAYOUTS,
        )

    assert four_lines(caught.value)["where"] == "1 ids that look like a personal number"


def test_write_monthly_record_refuses_tables_that_were_not_admitted(extract, tmp_path, four_lines):
    tables = extract.admit(max_rejected_share=0).tables
    tables["income_support"] = (
        tables["income_support"].with_columns(pl.col("month").cast(pl.String)).drop("amount")
    )
    del tables["household_member"]

    with pytest.raises(IntakeError) as caught:
        write_monthly_record(
            tables,
            tmp_path / "monthly_record_2026.txt",
            months=[date(2026, 1, 1)],
            municipality="0180",
            layouts=LAYOUTS,
        )

    where = four_lines(caught.value)["where"]
    assert all(
        place in where
        for place in (
            "income_support: month",
            "income_support: amount",
            "household_member: person_id",
        )
    )
    assert "income_support: district" not in where


BESIDE_HOUSEHOLDS = "2026\t01\t0180\tP-1\tH-7\tcouple_with_children\twork\r\n"
BESIDE_PERSONS = (
    "2026\t01\t0180\tP-1\t\tunemployed\tarbetslos_utan_ersattning\twork_training coaching\r\n"
    "2026\t01\t0180\tP-3\t\t\t\t\tmale\t2019\r\n"
)


def test_admit_takes_what_stands_beside_the_record(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY)
    record_extract("households_2026", BESIDE_HOUSEHOLDS)
    record_extract("persons_2026", BESIDE_PERSONS)

    admission = extract.admit(mapping=mapping, max_rejected_share=0)

    payment = admission.tables["income_support"].to_dicts()[0]
    assert payment["household_id"] == "H-7" and payment["exit_reason"] == "work"
    assert payment["household_type"] == "couple_with_children"
    members = admission.tables["household_member"].sort("person_id")
    assert members.select("support_obstacle", "measures", "household_status", "refugee").rows() == [
        ("unemployed", "work_training coaching", "1", "0"),
        (None, None, "1", "0"),
        (None, None, None, None),
    ]
    assert admission.tables["person"].filter(person_id="P-3").select(
        "sex", "birth_year"
    ).rows() == [("male", 2019)]
    notes = " ".join(admission.assumptions["assumption"])
    assert (
        "monthly_record_persons_2026.txt read beside it: evalkit's own, not the official" in notes
    )
    assert "belongs to no contract" not in notes


def test_admit_says_which_lines_beside_the_record_it_does_not_take(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY)
    contradicting = BESIDE_HOUSEHOLDS.replace("work\r", "studies\r")
    late = BESIDE_HOUSEHOLDS.replace("\t01\t0180", "\t04\t0180")
    record_extract("households_a", BESIDE_HOUSEHOLDS, late, "2026\t01\r\n")
    record_extract("households_b", contradicting)

    admission = extract.admit(mapping=mapping, max_rejected_share=0)

    assert "exit_reason" in admission.tables["income_support"].columns
    assert admission.tables["income_support"]["exit_reason"].to_list() == [None]
    notes = "; ".join(admission.assumptions["assumption"])
    a, b = "monthly_record_households_a.txt: 1 lines", "monthly_record_households_b.txt: 1 lines"
    assert f"{a} name nobody in a month of the record and are left out: 2" in notes
    assert f"{a} have too few fields and are left out: 3" in notes
    assert all(f"{one} contradict another line" in notes for one in (a, b))


def test_what_stands_beside_the_record_of_a_whole_year_is_believed(extract, record_extract):
    december = JANUARY.replace("\t01\t0180", "\t12\t0180")
    mapping = record_extract("2026-12", JANUARY, december)
    record_extract("households_2026-01", BESIDE_HOUSEHOLDS)
    whole = BESIDE_HOUSEHOLDS.replace("work\r", "studies\r")
    other = BESIDE_HOUSEHOLDS.replace("\t01\t0180", "\t12\t0180").replace("\twork\r", "\t\r")
    record_extract("households_2026-12", whole, other)
    # It came late, and the file of the whole year does not say it.
    record_extract("households_late", other.replace("\t\r", "\twork\r"))

    admission = extract.admit(mapping=mapping, max_rejected_share=0, data_through=date(2026, 12, 1))

    payments = admission.tables["income_support"].select("month", "exit_reason")
    assert dict(payments.rows()) == {date(2026, 1, 1): "studies", date(2026, 12, 1): "work"}
    notes = "; ".join(admission.assumptions["assumption"])
    assert "monthly_record_households_2026-01.txt: 1 lines give way to a file of the wh" in notes
    assert "contradict" not in notes


def test_admit_searches_what_stands_beside_the_record(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY)
    record_extract("households_2026", BESIDE_HOUSEHOLDS.replace("P-1", "19811218-9876"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert 'monthly_record_households_2026.txt, column "whole line"' in caught.value.where


def test_admit_searches_fields_of_a_record_that_no_table_has(extract, record_extract):
    mapping = record_extract("2026-01", JANUARY, FEBRUARY.replace("\t0180\t", "\t8112189876\t"))

    with pytest.raises(IntakeError) as caught:
        extract.admit(mapping=mapping)

    assert 'monthly_record_2026-01.txt, column "whole line", lines 2' in caught.value.where


def test_a_record_of_another_year_is_read_by_its_layout_file(
    extract, record_extract, tmp_path, contracts_folder
):
    # Exit reason and obstacle stand in the record itself, the amount two places on.
    own = tmp_path / "contracts"
    shutil.copytree(contracts_folder, own)
    layout = yaml.safe_load((own / "record_layouts/monthly_record.yaml").read_text("utf-8"))
    for one in layout["fields"]:
        one["position"] += 2 if one["position"] > 5 else 0
    layout["fields"] += [
        {"field": "exit_reason", "position": 6, "form": "E[0-9]", "codes": {"E1": "work"}},
        {
            "field": "support_obstacle_1",
            "position": 7,
            "form": "[0-9]{3}",
            "codes": {"101": "language"},
        },
    ]
    layout |= {"layout": "of_2027", "persons_from": 21, "n_required": 14}
    (own / "record_layouts/of_2027.yaml").write_text(yaml.safe_dump(layout), encoding="utf-8")
    mapping = record_extract("2026-01", JANUARY.replace("\t9500", "\tE1\t101\t9500"))
    record_extract("2026-02", FEBRUARY)

    tables = admit(
        extract.folder,
        own,
        districts=["Norr", "Söder"],
        first_month=date(2026, 1, 1),
        data_through=date(2026, 6, 1),
        mapping=mapping,
    ).tables

    assert tables["income_support"].select("amount", "exit_reason").rows() == [
        (9500.0, "work"),
        (9600.0, None),
    ]
    assert tables["household_member"]["support_obstacle"].drop_nulls().to_list() == ["language"]


def test_a_layout_may_have_another_separator(tmp_path, contracts_folder):
    shutil.copytree(contracts_folder / "record_layouts", tmp_path / "record_layouts")
    text = (tmp_path / "record_layouts/monthly_record.yaml").read_text("utf-8")
    other = text.replace("layout: monthly_record", "layout: a_semicolons\nseparator: ';'")
    (tmp_path / "record_layouts/a_semicolons.yaml").write_text(other, encoding="utf-8")
    records = [tmp_path / "monthly_record_2026-01.txt", tmp_path / "monthly_record_2026-02.txt"]
    records[0].write_bytes(JANUARY.replace("\t", ";").encode())
    records[1].write_bytes(FEBRUARY.encode())

    tables = read_monthly_records(records, load_layouts(tmp_path))

    payments = [file.cells["amount"].to_list() for file in tables["income_support"]]
    assert payments == [["9500"], ["9600"]]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"field": "amuont"}, 'no field is called "amuont" (did you mean "amount"?)'),
        ({"position": 5}, "a field or a position stands twice"),
        ({"form": "("}, "the form of amount is no regular expression"),
    ],
)
def test_load_layouts_refuses_a_faulty_layout(
    tmp_path, contracts_folder, four_lines, change, fault
):
    shutil.copytree(contracts_folder / "record_layouts", tmp_path / "record_layouts")
    path = tmp_path / "record_layouts/monthly_record.yaml"
    layout = yaml.safe_load(path.read_text("utf-8"))
    layout["fields"][5] |= change
    path.write_text(yaml.safe_dump(layout), encoding="utf-8")

    with pytest.raises(ParameterError) as caught:
        load_layouts(tmp_path)

    lines = four_lines(caught.value)
    assert lines["what"] == "A layout of the monthly record cannot be used."
    assert fault in lines["where"]


def test_two_layouts_that_both_fit_are_refused(tmp_path, contracts_folder, four_lines):
    shutil.copytree(contracts_folder / "record_layouts", tmp_path / "record_layouts")
    text = (tmp_path / "record_layouts/monthly_record.yaml").read_text("utf-8")
    copy = text.replace("layout: monthly_record", "layout: again")
    (tmp_path / "record_layouts/again.yaml").write_text(copy, encoding="utf-8")
    record = tmp_path / "monthly_record_2026.txt"
    record.write_bytes(JANUARY.encode())

    with pytest.raises(IntakeError) as caught:
        read_monthly_records([record], load_layouts(tmp_path))

    lines = four_lines(caught.value)
    assert lines["what"] == "A monthly record fits several layouts."
    assert lines["where"] == "monthly_record_2026.txt: again, monthly_record"


CODE = st.one_of(st.none(), st.sampled_from(["1", "2", "9"]))
OBSTACLE = st.one_of(st.none(), st.sampled_from(["unemployed", "language", "none"]))
ADULT = st.fixed_dictionaries(
    {
        "support_obstacle": OBSTACLE,
        "obstacle_detail": st.one_of(st.none(), st.just("lokal_kod")),
        "measures": st.one_of(st.none(), st.just("coaching"), st.just("coaching sfi")),
        "household_status": CODE,
        "refugee": CODE,
        "foreign_background": CODE,
    }
)
HOUSEHOLDS = st.lists(
    st.fixed_dictionaries(
        {
            "month": st.integers(1, 12),
            "amount": st.one_of(st.none(), st.integers(0, 99999)),
            "n_children": st.one_of(st.none(), st.integers(0, 9)),
            "exit_reason": st.one_of(st.none(), st.just("work")),
            "household_type": st.one_of(st.none(), st.just("single_man")),
            "has_own_id": st.booleans(),
            "adults": st.lists(ADULT, min_size=1, max_size=3),
            "children": st.lists(
                st.sampled_from([(None, None), ("female", 2015), ("male", None)]), max_size=3
            ),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(households=HOUSEHOLDS)
def test_a_written_record_is_read_back_as_it_was(tmp_path_factory, households):
    folder = tmp_path_factory.mktemp("round")
    tables = _tables_of(households)

    written = write_monthly_record(
        tables,
        folder / "monthly_record_2026.txt",
        months=[date(2026, m, 1) for m in range(1, 13)],
        municipality="0380",
        district_codes={"Norr": "01"},
        layouts=LAYOUTS,
    )
    read = {
        name: files[0].cells
        for name, files in read_monthly_records(list(written.n_lines), LAYOUTS).items()
    }

    for name, table in tables.items():
        columns = [c for c in table.columns if c in read[name].columns]
        assert all(table[c].null_count() == table.height for c in set(table.columns) - set(columns))
        texts = table.select(pl.col(columns).cast(pl.String)).with_columns(
            pl.col("district").replace("Norr", "01") if "district" in columns else []
        )
        assert sorted(texts.rows(), key=str) == sorted(read[name].select(columns).rows(), key=str)


def _tables_of(households):
    payments, members, persons = [], [], []
    for i, one in enumerate(households):
        month = date(2026, one["month"], 1)
        household_id = f"F-{i}" if one["has_own_id"] else f"H-P{i}-0"
        said = [one[name] for name in ("amount", "n_children", "exit_reason", "household_type")]
        payments.append((household_id, month, "Norr", *said))
        for j, adult in enumerate(one["adults"]):
            role = "co_applicant" if j else "lead"
            members.append({"household_id": household_id, "person_id": f"P{i}-{j}", "month": month})
            members[-1] |= {"role": role, **adult}
            persons.append((f"P{i}-{j}", "Norr", "female", 1980 + j))
        for j, (sex, birth_year) in enumerate(one["children"]):
            members.append({"household_id": household_id, "person_id": f"C{i}-{j}", "month": month})
            members[-1] |= {"role": "child"}
            persons.append((f"C{i}-{j}", "Norr", sex, birth_year))
    texts = dict.fromkeys(
        ("role", "support_obstacle", "obstacle_detail", "measures", "household_status", "refugee"),
        pl.String,
    )
    return {
        "income_support": pl.DataFrame(
            payments,
            schema={
                **{"household_id": pl.String, "month": pl.Date, "district": pl.String},
                **{"amount": pl.Int64, "n_children": pl.Int64},
                **{"exit_reason": pl.String, "household_type": pl.String},
            },
            orient="row",
        ),
        "household_member": pl.DataFrame(
            members,
            schema={
                **{"household_id": pl.String, "person_id": pl.String, "month": pl.Date},
                **texts,
                "foreign_background": pl.String,
            },
        ),
        "person": pl.DataFrame(
            persons,
            schema={
                **{"person_id": pl.String, "district": pl.String},
                **{"sex": pl.String, "birth_year": pl.Int64},
            },
            orient="row",
        ),
    }
