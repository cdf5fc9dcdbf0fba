"""A mapping proposed for made-up exports, whose columns bear other names and whose cells other
codes: nine of ten of both are right, and no cell is shown that is no code.
"""

import os
from itertools import cycle, islice

import made_up_exports
import pytest
import yaml

from evalkit.intake import load_contracts
from evalkit.intake.admission.propose import propose_mapping, propose_mappings
from evalkit.intake.admission.seen import proposed_code
from evalkit.intake.contracts.mapping import MappingFile
from evalkit.intake.reading.readers import read_delivered
from evalkit.records import validate

N_ROWS = 60
# Of columns and of codes; a person mends the rest.
LEAST_RIGHT = 0.9
# Of exports whose names were never met; a person fills in the rest.
LEAST_RIGHT_UNMET = 0.65
ID, DAY, LATER = "ID", "2026-02-1", "20260630"
# Table, delivered columns, our column for each (None: none of ours), and the codes of each.
EXPORTS = {
    "clients": (
        "person",
        {
            "Klientnr": ("person_id", ID),
            "Kön": ("sex", {"Kvinna": "female", "Man": "male"}),
            "Ålder": ("birth_year", ["19", "35", "64"]),
            "Stadsdelsförvaltning": ("district", ["Farsta", "Enskede"]),
            "Utbildningsnivå": (
                "education",
                {
                    "Förgymnasial utbildning": "compulsory_or_less",
                    "Gymnasial utbildning": "upper_secondary",
                    "Eftergymnasial utbildning": "post_secondary",
                },
            ),
            "Födelseregion": (
                "origin",
                {"Sverige": "native", "Norden": "nordic", "EU": "eu", "Utanför EU": "other"},
            ),
            "Namn": (None, ID),
        },
    ),
    "households": (
        "household_member",
        {
            "Ärende-ID": ("household_id", ID),
            "Deltagarnummer": ("person_id", ID),
            "Biståndsmånad": ("month", ["2026-01", "2026-02"]),
            "Funktion i ärendet": (
                "role",
                {"Sökande": "lead", "Medsökande": "co_applicant", "Barn under 18": "child"},
            ),
            "Orsak till bistånd": (
                "support_obstacle",
                {
                    "Arbetslös, ingen ersättning/stöd": "unemployed",
                    "Sjuk med läkarintyg": "certified_sick",
                    "Sociala skäl": "social_reasons",
                    "Föräldraledig": "parental_leave",
                    "Deltidsarbete": "part_time",
                    "Otillräcklig pension": "other",
                },
            ),
        },
    ),
    "payments": (
        "income_support",
        {
            "Aktnr": ("household_id", ID),
            "Utbetald avser": ("month", ["20260101", "20260201"]),
            "Beviljat belopp": ("amount", ["8000", "9500,50"]),
            "Distriktsnamn": ("district", ["Väster", "Öster"]),
            "Hushållets sammansättning": (
                "household_type",
                {
                    "Ensamstående kvinna m barn": "single_woman_with_children",
                    "Ensamstående man": "single_man",
                    "Par utan barn": "couple",
                    "Par med barn": "couple_with_children",
                },
            ),
            "Barn i hushållet": ("n_children", ["0", "1", "2"]),
        },
    ),
    "interventions": (
        "participation",
        {
            "Brukarnr": ("person_id", ID),
            "Typ av insats": ("intervention_id", ["OSA", "Praktik"]),
            "Fr o m": ("start", [DAY + "2", DAY + "3"]),
            "Sista dag": ("end", [LATER]),
            "Beräknat slut": ("planned_end", [LATER]),
            "Veckotimmar": ("hours_per_week", ["20", "40"]),
            "Avslutsanledning": (
                "end_reason",
                {"Fått arbete": "work", "Studier": "studies", "Flyttat": "moved"},
            ),
            "Handläggarroll": (
                "responsible_role",
                {"Handläggare": "case_worker", "Coach": "consultant"},
            ),
        },
    ),
}


@pytest.fixture
def contracts(contracts_folder):
    return load_contracts(contracts_folder)


def _written(path, columns):
    cells = {
        name: [f"K{i}" for i in range(N_ROWS)]
        if values is ID
        else list(islice(cycle(values), N_ROWS))
        for name, (_, values) in columns.items()
    }
    rows = [";".join(cells), *map(";".join, zip(*cells.values(), strict=True))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _proposed(text, table):
    return validate(yaml.safe_load(text), MappingFile, where="proposed").of(table)


def test_nine_of_ten_columns_and_codes_of_made_up_exports_are_right(contracts, tmp_path):
    columns, codes = [], []
    for name, (table, declared) in EXPORTS.items():
        text = propose_mapping(_written(tmp_path / f"{name}.csv", declared), contracts)
        proposed = _proposed(text, table)
        for theirs, (ours, values) in declared.items():
            found = next((key for key, value in proposed.columns.items() if value == theirs), None)
            columns.append(found == ours)
            if isinstance(values, dict):
                codes += [
                    proposed.codes.get(ours, {}).get(value) == code
                    for value, code in values.items()
                ]

    assert len(columns) == 26 and sum(columns) >= LEAST_RIGHT * len(columns)
    assert len(codes) == 27 and sum(codes) >= LEAST_RIGHT * len(codes)


def _right(exports, contracts, folder):
    """Whether each column and each code of some exports, proposed together, is right."""
    paths = {
        name: _written(folder / f"{name}.csv", columns) for name, (_, columns) in exports.items()
    }
    proposed = propose_mappings([read_delivered(path) for path in paths.values()], contracts)
    mapping = validate(yaml.safe_load(proposed.text), MappingFile, where="proposed")
    table_of = {one.paths[0].stem: one.contract.table for one in proposed.proposals}
    columns, codes = [], []
    for name, (table, declared) in exports.items():
        of_table = mapping.of(table)
        understood = {column.name: column for column in contracts[table].columns}
        for theirs, (ours, values) in declared.items():
            held = next((key for key, value in of_table.columns.items() if value == theirs), None)
            columns.append(table_of.get(name) == table and held == ours)
            if isinstance(values, dict):
                labels = understood[ours].labels.items()
                known = {label.lower(): str(code) for code, label in labels}
                codes += [
                    of_table.codes.get(ours, {}).get(value, known.get(value.lower())) == code
                    for value, code in values.items()
                ]
    return columns, codes


MET = {name: exports for name, exports in vars(made_up_exports).items() if name.startswith("AS_")}


def test_nine_of_ten_columns_and_codes_of_exports_in_five_manners_are_right(contracts, tmp_path):
    columns, codes = [], []
    for name, exports in MET.items():
        (tmp_path / name).mkdir()
        of_columns, of_codes = _right(exports, contracts, tmp_path / name)
        assert sum(of_columns) >= LEAST_RIGHT * len(of_columns), name
        columns += of_columns
        codes += of_codes

    assert len(MET) == 5 and len(columns) == 156 and len(codes) == 142
    assert sum(codes) >= LEAST_RIGHT * len(codes)


def test_two_of_three_columns_are_right_of_exports_whose_names_were_never_met(contracts, tmp_path):
    columns, _ = _right(made_up_exports.NEVER_LOOKED_AT, contracts, tmp_path)

    assert sum(columns) >= LEAST_RIGHT_UNMET * len(columns)


def test_a_key_has_the_same_name_in_all_files_of_one_export(contracts, tmp_path):
    exports = made_up_exports.AS_SOMEBODY_ELSE_WRITES
    paths = [_written(tmp_path / f"{name}.csv", columns) for name, (_, columns) in exports.items()]

    proposed = propose_mappings([read_delivered(path) for path in paths], contracts)

    of_table = {one.contract.table: one.matches for one in proposed.proposals}
    assert of_table["intervention"]["intervention_id"] == "Insatstyp"
    assert of_table["participation"]["intervention_id"] == "Insatstyp"


def test_a_code_that_denies_is_not_taken_for_what_it_denies(contracts, tmp_path):
    path = tmp_path / "person.csv"
    path.write_text(
        "person_id;district;education\n"
        + "".join(
            f"P{i};Norr;{'Saknar gymnasieutbildning' if i % 2 else 'Gymnasieutbildning'}\n"
            for i in range(20)
        ),
        encoding="utf-8",
    )

    codes = _proposed(propose_mapping(path, contracts), "person").codes["education"]

    assert codes == {"Gymnasieutbildning": "upper_secondary"}


def test_dates_ages_and_last_days_are_proposed_as_they_are_written(contracts, tmp_path):
    clients = _written(tmp_path / "clients.csv", EXPORTS["clients"][1])
    os.utime(clients, (1_796_000_000, 1_796_000_000))

    person = propose_mapping(clients, contracts)
    payments = propose_mapping(
        _written(tmp_path / "payments.csv", EXPORTS["payments"][1]), contracts
    )
    participation = propose_mapping(
        _written(tmp_path / "interventions.csv", EXPORTS["interventions"][1]), contracts
    )

    assert "ages: { birth_year: 2026-11-3" in person
    assert _proposed(payments, "income_support").formats == {"month": "%Y%m%d"}
    assert _proposed(payments, "income_support").constants == {"currency": "SEK"}
    assert _proposed(participation, "participation").last_days == ("end",)
    assert _proposed(participation, "participation").formats == {
        "end": "%Y%m%d",
        "planned_end": "%Y%m%d",
    }


def test_months_beside_each_other_are_proposed_as_months(contracts, tmp_path):
    path = tmp_path / "utbetalningar.csv"
    path.write_text(
        "Ärendenr;Stadsdel;Utbet 2026-01;Utbet 2026-02;Utbet 2026-03\nH1;Norr;1;;2\n",
        encoding="utf-8",
    )

    proposed = _proposed(propose_mapping(path, contracts), "income_support")

    months = proposed.months_in_columns
    assert (months.form, months.month, months.value) == ("Utbet %Y-%m", "month", "amount")
    assert "amount" not in proposed.columns


def test_what_is_no_code_is_never_shown(contracts, tmp_path):
    names = [f"Namn{i}" for i in range(40)]
    rows = [f"{name};{name};{'K' if i % 2 else 'M'};811218-9876" for i, name in enumerate(names)]
    path = tmp_path / "person.csv"
    path.write_text("person_id;roll;kön;education\n" + "\n".join(rows) + "\n", encoding="utf-8")

    text = propose_mapping(path, contracts)

    assert "Namn" not in text and "811218" not in text
    assert _proposed(text, "person").codes["sex"] == {"K": "female", "M": "male"}


def test_an_export_is_admitted_by_the_mapping_that_was_proposed(
    extract, contracts, tmp_path, contracts_folder
):
    (extract.folder / "person.csv").unlink()
    export = extract.folder / "Uttag klienter.csv"
    export.write_text(
        "Klientnr;Kön;Födelseår;Stadsdel;Namn\n"
        "P-1;K;1980;Norr;A\nP-2;M;1981;Norr;B\nP-3;K;1982;Söder;C\nP-4;M;1982;Söder;D\n",
        encoding="utf-8",
    )
    text = propose_mapping(export, contracts)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text, encoding="utf-8")

    persons = extract.admit(mapping=mapping, max_rejected_share=0).tables["person"]

    assert persons.select("person_id", "sex", "birth_year").row(0) == ("P-1", "female", 1980)


@pytest.mark.parametrize(
    ("delivered", "ours"),
    [
        ("Arbete", "work"),
        ("Fått arbete, heltid", "work"),
        ("Subventionerad anställning", "subsidised_work"),
        ("Anställning med lönebidrag", "subsidised_work"),
        ("Kommunal arbetsmarknadsanställning", "sheltered_work"),
        ("Arbetsmarknadsutbildning", "training"),
        ("Avliden", "dead"),
    ],
)
def test_subsidised_and_municipal_jobs_are_not_proposed_as_work(delivered, ours):
    contract = load_contracts("data_contracts")["income_support"]
    [column] = [column for column in contract.columns if column.name == "exit_reason"]

    assert proposed_code(delivered, column) == ours
