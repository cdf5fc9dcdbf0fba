"""What a mapping file says without a script: months beside each other, ages, units, constants,
codes that are not on the list, other files and sheets, several rows for one.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from evalkit.errors import IntakeError, ParameterError
from evalkit.intake import load_contracts
from evalkit.intake.admission.pseudonymise import pseudonymise
from evalkit.payments import support_months

MAPPINGS = Path(__file__).parents[2] / "data_contracts/mappings"
# Of Lifecare's interface, as transcribed (see the mapping file).
REASONS = """
Arbetar deltid ofrivilligt, otillräcklig inkomst · Arbetar deltid ofrivilligt, väntar på inkomst ·
Arbetar heltid, otillräcklig inkomst · Arbetar heltid, väntar på inkomst ·
Arbetshinder, sociala skäl · Arbetslös, ingen ersättning/stöd ·
Arbetslös, otillräcklig ersättning/stöd · Arbetslös, väntar på ersättning/stöd ·
Ensamkommande ungdom 18-20 år, gymnasiestuderande ·
Etableringsers. saknas (prestationsförmåga <25%) · Etableringsersättning otillräcklig ·
Etableringsersättning, väntar på · Föräldrapenning otillräcklig · Föräldrapenning, väntar på ·
Pension/Äldreförsörjningsstöd otillräcklig · Pension/Äldreförsörjningsstöd, Väntar på ·
Saknar barnomsorg · Sjuk/Aktivitetsersättning, otillräcklig ersättning ·
Sjuk/Aktivitetsersättning, väntar på ersättning · Sjukskriven m läkarintyg, ingen sjukpenning ·
Sjukskriven m läkarintyg, otillräcklig sjukpenning ·
Sjukskriven m läkarintyg, väntar på sjukpenning · Utan försörjningshinder
"""


@pytest.fixture
def admit_by(extract, tmp_path):
    """Admit the extract by a mapping that is written here."""

    def admit(tables: str, **changes):
        path = tmp_path / "mapping.yaml"
        path.write_text(f"source: a test\ntables:\n{tables}\n", encoding="utf-8")
        return extract.admit(mapping=path, **{"max_rejected_share": 0, **changes})

    return admit


def _notes(admission, table):
    return admission.assumptions.filter(pl.col("table") == table)["assumption"].to_list()


def test_months_beside_each_other_become_rows(extract, admit_by):
    extract.write(
        "income_support",
        [
            "household_id;district;Belopp 202601;Belopp 202602;Belopp 202603",
            "H-1;Norr;9500,50;;0",
            "H-3;Söder;;8000;",
        ],
    )

    admission = admit_by(
        "  income_support:\n    constants: {currency: SEK}\n    months_in_columns: {form: 'Belopp "
        "%Y%m', month: month, value: amount, nothing: ['0']}"
    )

    payments = admission.tables["income_support"].select(
        "household_id", "month", "amount", "currency"
    )
    assert payments.rows() == [
        ("H-1", date(2026, 1, 1), 9500.5, "SEK"),
        ("H-3", date(2026, 2, 1), 8000.0, "SEK"),
    ]
    notes = _notes(admission, "income_support")
    assert '"month" and "amount" come from columns named Belopp %Y%m' in notes
    assert '"currency" is SEK in all rows' in notes


def test_states_beside_each_other_become_periods_of_a_month(extract, admit_by):
    extract.write("livelihood", ["person_id,2026-01,2026-02", "P-1,Bidrag,Jobb", "P-2,Bidrag,"])

    admission = admit_by(
        "  livelihood:\n    codes: {state: {Bidrag: support, Jobb: work}}\n    months_in_columns: "
        "{form: '%Y-%m', month: start, end: end, value: state}"
    )

    assert admission.tables["livelihood"].sort("person_id", "start").rows() == [
        ("P-1", date(2026, 1, 1), date(2026, 2, 1), "support"),
        ("P-1", date(2026, 2, 1), date(2026, 3, 1), "work"),
        ("P-2", date(2026, 1, 1), date(2026, 2, 1), "support"),
    ]


def test_a_file_without_the_months_that_are_asked_for_is_refused(extract, admit_by, four_lines):
    with pytest.raises(IntakeError) as caught:
        admit_by(
            "  livelihood:\n    months_in_columns: {form: '%Y-%m', month: start, value: state}"
        )

    lines = four_lines(caught.value)
    assert lines["what"] == "No column of a file names a month as the mapping file says."
    assert lines["where"].startswith("livelihood.csv (columns found: person_id, start")
    assert "of the form %Y-%m" in lines["why"]
    assert "%m for 01" in lines["fix"]


@pytest.mark.parametrize(
    ("day", "years"), [("2026-12-31", [1990, 1981]), ("2026-03-01", [1989, 1980])]
)
def test_an_age_at_a_date_becomes_a_year_of_birth(extract, admit_by, day, years):
    extract.write(
        "person",
        ["person_id;district;Ålder", "P-1;Norr;36", "P-2;Norr;45", "P-3;Söder;"],
    )

    admission = admit_by(
        f"  person:\n    columns: {{birth_year: Ålder}}\n    ages: {{birth_year: {day}}}"
    )

    assert admission.tables["person"]["birth_year"].to_list() == [*years, None]
    assert f'"birth_year" is reckoned from the age on {day}; it may be a year off' in _notes(
        admission, "person"
    )


def test_a_unit_multiplies_what_was_delivered(extract, admit_by):
    extract.write(
        "income_support",
        [
            "household_id;month;district;amount;currency",
            "H-1;2026-01-01;Norr;9,5;SEK",
            "H-3;2026-02-01;Söder;8;SEK",
        ],
    )

    admission = admit_by("  income_support:\n    units: {amount: 1000}")

    assert admission.tables["income_support"]["amount"].to_list() == [9500.0, 8000.0]


def test_codes_that_are_not_on_the_list_are_counted_as_unknown(extract, admit_by):
    lines = ["household_id,person_id,month,role,support_obstacle"]
    lines += [
        "H-1,P-1,2026-01-01,lead,Hemarbetande",
        "H-1,P-2,2026-01-01,co_applicant,Hemarbetande",
        "H-1,P-1,2026-02-01,lead,Studerande",
        "H-3,P-3,2026-02-01,lead,arbetslös",
    ]
    extract.write("household_member", lines)

    admission = admit_by("  household_member:\n    unknown: {support_obstacle: unknown}")

    assert sorted(admission.tables["household_member"]["support_obstacle"].to_list()) == [
        "unemployed",
        *["unknown"] * 3,
    ]
    assert (
        'column "support_obstacle": 3 rows hold one of 2 codes that are not on the list; they '
        "count as unknown" in _notes(admission, "household_member")
    )


def test_obstacles_that_are_not_on_the_list_are_set_aside_in_words_without_a_mapping(
    extract, rejections
):
    extract.write(
        "household_member",
        [
            "household_id,person_id,month,role,support_obstacle",
            "H-1,P-1,2026-01-01,lead,Hemarbetande",
            "H-1,P-1,2026-02-01,lead,unemployed",
            "H-3,P-3,2026-02-01,lead,",
        ],
    )

    admission = extract.admit()

    assert rejections(admission) == [
        ("household_member", "support_obstacle_in_list", 2),
        ("income_support", "household_has_members", 2),
    ]
    assert admission.consequences.rows() == [("income_support", "household_member", 1)]
    delivered, accepted, rejected = (
        admission.receipt.filter(table="household_member", rule="all")
        .select("n_delivered", "n_accepted", "n_rejected")
        .row(0)
    )
    assert (delivered, accepted, rejected) == (3, 2, 1)


def test_months_without_a_day_are_read_in_every_column_even_as_numbers(extract, admit_by):
    (extract.folder / "income_support.csv").unlink()
    pl.DataFrame(
        {
            "household_id": ["H-1", "H-3"],
            "month": [202601, 202602],
            "district": ["Norr", "Söder"],
            "amount": [9500.0, 8000.0],
            "currency": ["SEK", "SEK"],
            "month_paid": [202602.0, 202603.0],
            "support_since": ["202511", None],
        }
    ).write_parquet(extract.folder / "income_support.parquet")
    extract.write(
        "livelihood", ["person_id,start,end,state", "P-1,202601,202602,support", "P-2,202601,,work"]
    )

    admission = admit_by(
        "  income_support:\n    formats: {month: '%Y%m', month_paid: '%Y%m', support_since: '%Y%m'}"
        "\n  livelihood:\n    formats: {start: '%Y%m', end: '%Y%m'}\n    last_days: [end]"
    )

    payments = admission.tables["income_support"].select("month", "month_paid", "support_since")
    assert payments.rows() == [
        (date(2026, 1, 1), date(2026, 2, 1), date(2025, 11, 1)),
        (date(2026, 2, 1), date(2026, 3, 1), None),
    ]
    assert admission.tables["livelihood"]["end"].to_list() == [date(2026, 3, 1), None]


def test_a_column_that_was_not_delivered_is_empty_though_the_contract_asks_for_it(
    extract, admit_by
):
    extract.write(
        "participation",
        ["person_id,intervention_id,start", "P-1,work_training,2026-01-12"],
    )
    with pytest.raises(IntakeError, match="lacks end"):
        admit_by("  participation: {}")

    admission = admit_by("  participation:\n    not_delivered: [end]")

    assert admission.tables["participation"]["end"].to_list() == [None]


def test_files_and_sheets_of_other_names_hold_the_tables(extract, admit_by):
    for table in ("person", "participation"):
        (extract.folder / f"{table}.csv").unlink()
    with xlsxwriter.Workbook(extract.folder / "Uttag AME.xlsx") as book:
        for name, rows in {
            "Personer": [["person_id", "district"], ["P-1", "Norr"], ["P-2", "Norr"]],
            "Beslut": [
                ["person_id", "intervention_id", "start", "end"],
                ["P-1", "work_training", "2026-01-12", ""],
            ],
        }.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    (extract.folder / "Klienter söder.csv").write_text(
        "person_id;district\nP-3;Söder\n", encoding="utf-8"
    )
    tables = (
        "  person:\n    files: ['Uttag*', 'Klienter*']\n    sheet: Personer\n"
        "  participation:\n    files: ['Uttag*']\n    sheet: {sheet}"
    )

    admission = admit_by(tables.format(sheet="Beslut"))

    assert admission.tables["person"]["person_id"].to_list() == ["P-1", "P-2", "P-3"]
    assert admission.tables["participation"]["person_id"].to_list() == ["P-1"]
    with pytest.raises(IntakeError, match="lacks the sheet Insatser; sheets found: Personer, Bes"):
        admit_by(tables.format(sheet="Insatser"))


def test_payments_of_one_month_are_added_up(extract, admit_by):
    extract.write(
        "income_support",
        [
            "household_id,month,district,amount,currency",
            "H-1,2026-01-01,Norr,9000,SEK",
            "H-3,2026-02-01,Söder,8000,SEK",
            "H-1,2026-01-01,Norr,500.5,SEK",
            "H-1,2026-02-01,Norr,much,SEK",
        ],
    )

    admission = admit_by("  income_support:\n    added_up: [amount]", max_rejected_share=0.5)

    payments = admission.tables["income_support"].select("household_id", "month", "amount")
    assert payments.rows() == [
        ("H-1", date(2026, 1, 1), 9500.5),
        ("H-3", date(2026, 2, 1), 8000.0),
    ]
    assert admission.rejected.select("line", "rule").rows() == [(5, "amount_is_number")]
    assert (
        "4 rows became 3: amount of rows alike in all else were added up; the line is that of the "
        "first" in _notes(admission, "income_support")
    )


def test_the_newest_row_of_a_key_counts_over_all_files(extract, admit_by):
    head = "person_id,intervention_id,start,end,told"
    (extract.folder / "participation.csv").unlink()
    extract.write(
        "participation_1",
        [head, "P-1,work_training,2026-01-12,,2026-01", "P-3,work_training,2026-02-01,,2026-01"],
    )
    extract.write("participation_2", [head, "P-1,work_training,2026-01-12,2026-03-02,2026-03"])

    admission = admit_by("  participation:\n    newest_by: told")

    assert admission.tables["participation"]["end"].to_list() == [date(2026, 3, 2), None]
    assert "1 rows are older than another of their key, by told: left out" in _notes(
        admission, "participation"
    )
    with pytest.raises(IntakeError, match="The newest rows of a file cannot be told"):
        admit_by("  participation:\n    newest_by: month")


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ("  persons: {}", 'table persons (did you mean "person"?)'),
        ("  person:\n    units: {age: 2}", "person.units: age (known: birth_year"),
        ("  person:\n    columns: {sexx: kön}", 'person.columns: sexx (did you mean "sex"?)'),
        ("  person:\n    not_delivered: [district]", "person.not_delivered: district is required"),
        (
            "  person:\n    columns: {district: Sdn}\n    constants: {district: Norr}",
            "person: district is named by columns, and made of something else as well",
        ),
    ],
)
def test_a_mapping_of_what_no_contract_has_is_refused(admit_by, four_lines, tables, fault):
    with pytest.raises(IntakeError) as caught:
        admit_by(tables)

    lines = four_lines(caught.value)
    assert lines["what"] == "1 entry of the mapping file cannot be followed."
    assert fault in lines["where"]
    assert "passed over" in lines["why"]
    assert "contract docs" in lines["fix"]


def test_a_key_that_a_mapping_file_does_not_have_is_refused(admit_by):
    with pytest.raises(ParameterError):
        admit_by("  person:\n    colums: {}")


def test_lifecares_mapping_holds_its_23_reasons_letter_by_letter():
    from evalkit.intake.contracts.mapping import load_mapping

    codes = load_mapping(MAPPINGS / "lifecare.yaml").of("household_member").codes

    expected = [" ".join(reason.split()) for reason in REASONS.split("·")]
    assert len(expected) == 23
    assert list(codes["support_obstacle"]) == list(codes["obstacle_detail"]) == expected


def test_lifecares_payments_are_laid_to_the_month_that_they_concern(extract):
    extract.write(
        "income_support",
        [
            "id;serviceId;payDate;concernedMonth;amount;district",
            "1;H-1;2026-01-26;2026-01;6000,00;Norr",
            "2;H-1;2026-02-04;2026-01;1500,50;Norr",
            "3;H-3;2026-02-25;2026-02;8000,00;Söder",
        ],
    )
    extract.write(
        "household_member",
        [
            "household_id;person_id;month;role;Orsak",
            "H-1;P-1;2026-01-01;lead;Hemarbetande",
            "H-3;P-3;2026-02-01;lead;Saknar barnomsorg",
        ],
    )

    admission = extract.admit(mapping=MAPPINGS / "lifecare.yaml", max_rejected_share=0)

    assert admission.tables["income_support"].select("month", "amount").rows() == [
        (date(2026, 1, 1), 7500.5),
        (date(2026, 2, 1), 8000.0),
    ]
    members = admission.tables["household_member"].select("support_obstacle", "obstacle_detail")
    assert members.rows() == [("unknown", "unknown"), ("other", "lacks_child_care")]
    assert any(
        "1 rows hold one of 1 codes" in note for note in _notes(admission, "household_member")
    )


def test_lifecares_decisions_tell_which_months_are_on_support(extract):
    from evalkit.intake.contracts.mapping import load_mapping

    mapping = load_mapping(MAPPINGS / "lifecare.yaml")
    strings = list(mapping.of("income_support").codes["decision"])
    rows = [
        f"H-1;2026-{month:02d};{sign}1000;Norr;{text}"
        for month, text in enumerate(strings, start=1)
        for sign in ("-" if "terkrav" in text else "",)
    ]
    rows += [f"H-1;2026-01;-400;Norr;{strings[3]}", f"H-1;2026-01;200;Norr;{strings[0]}"]
    extract.write("income_support", ["serviceId;concernedMonth;amount;district;type", *rows])
    members = [f"H-1;P-1;2026-{month:02d}-01;lead;Saknar barnomsorg" for month in range(1, 6)]
    extract.write("household_member", ["household_id;person_id;month;role;Orsak", *members])

    admission = extract.admit(mapping=MAPPINGS / "lifecare.yaml", max_rejected_share=0)

    support = admission.tables["income_support"].sort("month", "decision")
    assert support.select(pl.col("month").dt.month(), "decision", "amount").rows() == [
        (1, "recovery", -400.0),
        (1, "support", 1200.0),
        (2, "advance", 1000.0),
        (3, "repayable", 1000.0),
        (4, "recovery", -1000.0),
        (5, "waiver", 1000.0),
    ]
    assert support_months(support).collect().rows() == [("H-1", date(2026, 1, 1))]


def test_a_month_that_is_both_empty_and_of_a_decision_keeps_both_rows(extract):
    extract.write(
        "income_support",
        [
            "household_id,month,district,amount,currency,decision",
            "H-1,2026-01-01,Norr,100,SEK,",
            "H-1,2026-01-01,Norr,50,SEK,återkrav",
            "H-3,2026-02-01,Söder,10,SEK,bistånd",
            "H-3,2026-02-01,Söder,20,SEK,support",
            "H-1,2026-02-01,Norr,-5,SEK,eftergift",
        ],
    )

    admission = extract.admit(max_rejected_share=1)

    assert admission.tables["income_support"]["amount"].to_list() == [100.0, 50.0]
    assert sorted(admission.rejected.filter(table="income_support")["rule"]) == [
        "key_not_contradicted",
        "key_not_contradicted",
        "only_recoveries_are_negative",
    ]


RESULTS = [
    "arendenummer;namn;manad;bestallare_enhet;avtalsomrade_kod;insats_start;insats_planerat_slut;"
    "insats_slut;narvaro_procent;avslutsorsak_kod;resultat_kod",
    "P-1;Eva S;2026-02;Norr;work_training;2026-01-12;2026-06-30;;91,5;;",
    "P-1;Eva S;2026-03;Norr;work_training;2026-01-12;2026-06-30;2026-03-01;;arbete;result",
    "P-3;Ali B;2026-02;Söder;work_training;2026-02-01;2026-07-31;;80,0;;",
    "P-3;Ali B;2026-03;Söder;work_training;2026-02-01;2026-07-31;2026-03-10;;sjukdom;no_result",
]


def test_a_contractors_result_file_is_read_as_participation(extract):
    (extract.folder / "participation.csv").unlink()
    path = extract.folder / "Resultatfil 2026-03.csv"
    path.write_text("\n".join(RESULTS) + "\n", encoding="utf-8")

    admission = extract.admit(mapping=MAPPINGS / "contractor_results.yaml", max_rejected_share=0)

    rows = admission.tables["participation"].select("person_id", "start", "end", "end_reason")
    assert rows.rows() == [
        ("P-1", date(2026, 1, 12), date(2026, 3, 2), "work"),
        ("P-3", date(2026, 2, 1), date(2026, 3, 11), "unknown"),
    ]
    notes = " ".join(_notes(admission, "participation"))
    assert "2 rows are older than another of their key, by manad" in notes
    assert "1 rows hold one of 1 codes that are not on the list" in notes
    assert "columns not in the contract, not read in: namn, " in notes


def test_pseudonymise_leaves_the_names_of_a_contractors_file_behind(
    extract, tmp_path, contracts_folder
):
    path = extract.folder / "Resultatfil 2026-03.csv"
    path.write_text("\n".join(RESULTS) + "\n", encoding="utf-8")

    done = pseudonymise(
        extract.folder,
        tmp_path / "out",
        load_contracts(contracts_folder),
        key=bytes(32),
        mapping=MAPPINGS / "contractor_results.yaml",
    )

    text = (tmp_path / "out" / path.name).read_text(encoding="utf-8")
    assert "Eva" not in text and "manad" in text
    (copied,) = [file for file in done.files if file.name == path.name]
    assert copied.table == "participation" and "namn" in copied.dropped


@pytest.mark.parametrize("form", ["emp%m", "week %W %Y", "%Y"])
def test_a_form_without_year_and_month_is_refused(extract, admit_by, form):
    with pytest.raises(ParameterError, match="needs a year"):
        admit_by(
            f"  livelihood:\n    months_in_columns: {{form: '{form}', month: start, value: state}}"
        )
