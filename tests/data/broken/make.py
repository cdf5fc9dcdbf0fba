"""Makes the broken extracts: clean/ and, for each fault, the files that differ from it. Run: python
tests/data/broken/make.py [FOLDER].

Nobody in these files exists. The personal numbers are examples: 811218-9876 stands in
Skatteverket's description of the check digit (SKV 704), 701063-2391 is a samordningsnummer made
from it by rule.
"""

import sys
from pathlib import Path

import yaml

CLEAN = {
    "person": ["person_id;district;sex", "P-1;Norr;female", "P-2;Norr;male", "P-3;Söder;female"],
    "income_support": [
        "household_id;month;district;amount;currency",
        "H-1;2026-01-01;Norr;9 500,50;SEK",
        "H-1;2026-02-01;Norr;;",
        "H-3;2026-02-01;Söder;8000;SEK",
    ],
    "household_member": [
        "household_id;person_id;month;role",
        "H-1;P-1;2026-01-01;lead",
        "H-1;P-2;2026-01-01;co_applicant",
        "H-1;P-1;2026-02-01;lead",
        "H-3;P-3;2026-02-01;lead",
    ],
    "intervention": [
        "intervention_id;name;kind;planned_months",
        "work_training;Arbetsträning;training;6",
    ],
    "participation": [
        "person_id;intervention_id;start;end;end_reason",
        "P-1;work_training;2026-01-12;2026-03-02;work",
        "P-3;work_training;2026-02-01;;",
    ],
    "livelihood": [
        "person_id;start;end;state",
        "P-1;2026-01-01;2026-03-01;support",
        "P-1;2026-03-01;;work",
        "P-2;2026-01-01;2026-02-01;support",
        "P-3;2026-02-01;;support",
    ],
}
# Rows added at the end of a table: fault, table, row, rule; the line is the last one.
ADDED = [
    ("unknown_district", "person", "P-4;Väster;female", "district_known"),
    ("unknown_code", "person", "P-4;Norr;F", "sex_in_list"),
    ("empty_key", "person", ";Norr;female", "person_id_given"),
    ("cells_too_many", "person", "P-4;Norr;female;x", "row_is_whole"),
    ("cells_too_few", "person", "P-4;Norr", "row_is_whole"),
    ("month_repeated", "income_support", "H-1;2026-01-01;Norr;9500,50;SEK", "key_not_repeated"),
    (
        "spell_cut_by_data_through",
        "income_support",
        "H-3;2026-07-01;Söder;8000;SEK",
        "month_in_extract",
    ),
    ("month_before_the_extract", "income_support", "H-1;2025-12-01;Norr;;", "month_in_extract"),
    ("month_in_its_middle", "income_support", "H-1;2026-03-25;Norr;;", "month_is_first_day"),
    ("month_that_does_not_exist", "income_support", "H-1;2026-13-01;Norr;;", "month_is_date"),
    (
        "point_between_thousands",
        "income_support",
        "H-1;2026-03-01;Norr;1.234,50;SEK",
        "amount_is_number",
    ),
    (
        "negative_amount",
        "income_support",
        "H-1;2026-03-01;Norr;\u2212100;SEK",
        "only_recoveries_are_negative",
    ),
    (
        "amount_without_currency",
        "income_support",
        "H-1;2026-03-01;Norr;100;",
        "amount_has_currency",
    ),
    ("payment_to_nobody", "income_support", "H-9;2026-03-01;Norr;;", "household_has_members"),
    ("member_unknown", "household_member", "H-1;P-9;2026-02-01;child", "person_known"),
    ("role_unknown", "household_member", "H-1;P-2;2026-02-01;spouse", "role_in_list"),
    (
        "half_a_month_planned",
        "intervention",
        "coaching;Coachning;coaching;2,5",
        "planned_months_is_integer",
    ),
    ("intervention_unknown", "participation", "P-2;coaching;2026-02-01;;", "intervention_known"),
    (
        "end_before_start",
        "participation",
        "P-2;work_training;2026-03-02;2026-03-01;",
        "end_after_start",
    ),
    ("overlap", "participation", "P-1;work_training;2026-02-20;2026-04-01;", "no_overlap"),
    ("excel_serial_among_dates", "participation", "P-2;work_training;46054;;", "start_is_date"),
    (
        "free_text_for_a_code",
        "participation",
        "P-2;work_training;2026-02-01;;Fick jobb",
        "end_reason_has_form",
    ),
    ("nested_overlap", "livelihood", "P-1;2026-01-01;2026-02-01;studies", None),
    ("state_unknown", "livelihood", "P-2;2026-02-01;;unemployed", "state_in_list"),
]
# Files that stop the intake: fault, file, its bytes, a part of the error's text.
STOPPING = [
    (
        "latin_1_under_a_byte_order_mark",
        "person.csv",
        b"\xef\xbb\xbf" + "\n".join(CLEAN["person"]).encode("latin-1"),
        "line 4 is not utf-8",
    ),
    ("utf_16", "person.csv", "\n".join(CLEAN["person"]).encode("utf-16"), "zero bytes"),
    (
        "personnummer_in_free_text",
        "person.csv",
        b"person_id;district;note\nP-1;Norr;\nP-2;Norr;ring 811218-9876\n",
        'column "note", lines 3',
    ),
    (
        "personnummer_as_number",
        "livelihood.csv",
        b"person_id;start;end;state\n8112189876;2026-01-01;;work\n",
        'column "person_id", lines 2',
    ),
    (
        "samordningsnummer",
        "household_member.csv",
        b"household_id;person_id;month;role\nH-1;197010632391;2026-01-01;lead\n",
        "lines 2",
    ),
    (
        "personnummer_beside_the_tables",
        "notes.txt",
        b"hello\ncall 811218 9876\n",
        'notes.txt, column "whole line", lines 2',
    ),
    (
        "line_break_in_a_cell",
        "person.csv",
        b'person_id;district\nP-1;"No\nrr"\n',
        "person.csv, lines 2, 3",
    ),
    (
        "column_missing",
        "livelihood.csv",
        b"person_id;start;state\nP-1;2026-01-01;work\n",
        "livelihood.csv lacks end",
    ),
    (
        "column_twice",
        "person.csv",
        b"person_id;district;district\nP-1;Norr;Norr\n",
        "names a column twice",
    ),
    ("not_a_workbook", "capacity.xlsx", b"PK no workbook", "not an Excel workbook"),
]


def _text(lines: list[str], encoding: str = "utf-8") -> bytes:
    return ("\n".join(lines) + "\n").encode(encoding)


def _record(month: int, amount: int) -> str:
    return f"2026\t{month:02d}\t0180\t01\t0\t{amount}\tP-1\t1\t0\t0\t2\t35\r\n"


def _expected(folder: Path) -> dict[str, dict]:
    expected: dict[str, dict] = {"clean": {"rejected": []}}
    for fault, table, row, rule in ADDED:
        lines = [*CLEAN[table], row]
        line = len(lines)
        if (
            fault == "nested_overlap"
        ):  # within a longer period, but not overlapping the one listed before it
            lines = [
                "person_id;start;end;state",
                "P-1;2026-01-01;2026-06-01;work",
                "P-1;2026-02-01;2026-03-01;studies",
                "P-1;2026-04-01;2026-05-01;studies",
            ]
            rejected = [[table, "no_overlap", 3], [table, "no_overlap", 4]]
        else:
            rejected = [[table, rule, line]]
        (folder / fault).mkdir(parents=True, exist_ok=True)
        (folder / fault / f"{table}.csv").write_bytes(_text(lines))
        expected[fault] = {"rejected": rejected}
    for fault, name, data, words in STOPPING:
        (folder / fault).mkdir(parents=True, exist_ok=True)
        (folder / fault / name).write_bytes(data)
        expected[fault] = {"stops": words}
    return expected | _special(folder)


def _special(folder: Path) -> dict[str, dict]:
    for fault in ("file_missing", "month_contradicted", "december_of_the_whole_year"):
        (folder / fault).mkdir(parents=True, exist_ok=True)
    (folder / "file_missing" / "WITHOUT").write_text("person.csv\n", encoding="utf-8")
    (folder / "month_contradicted" / "income_support.csv").write_bytes(
        _text([*CLEAN["income_support"], "H-3;2026-02-01;Söder;1;SEK"])
    )
    december = folder / "december_of_the_whole_year"
    (december / "WITHOUT").write_text(
        "person.csv\nincome_support.csv\nhousehold_member.csv\nparticipation.csv\nlivelihood.csv\n",
        encoding="utf-8",
    )
    (december / "participation_1.csv").write_bytes(_text(CLEAN["participation"][:1]))
    (december / "livelihood_1.csv").write_bytes(_text(CLEAN["livelihood"][:1]))
    (december / "monthly_record_01.txt").write_bytes(_record(1, 9500).encode())
    (december / "monthly_record_12.txt").write_bytes(
        "".join(_record(month, 9000 + month) for month in (1, 2, 12)).encode()
    )
    superseded = "superseded_by_full_year"
    return {
        "file_missing": {"stops": "person.csv"},
        "month_contradicted": {
            "rejected": [["income_support", "key_not_contradicted", line] for line in (4, 5)]
        },
        "december_of_the_whole_year": {
            "rejected": [[table, superseded, 1] for table in ("household_member", "income_support")]
        },
    }


def main(folder: Path) -> None:
    """Write clean/, a folder for each fault, and expected.yaml."""
    (folder / "clean").mkdir(parents=True, exist_ok=True)
    for table, lines in CLEAN.items():
        (folder / "clean" / f"{table}.csv").write_bytes(_text(lines))
    text = yaml.safe_dump(
        _expected(folder), allow_unicode=True, sort_keys=True, default_flow_style=None
    )
    (folder / "expected.yaml").write_text(
        f"# Written by make.py: what intake must say of each extract.\n{text}", encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
