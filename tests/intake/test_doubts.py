"""Rows that are kept and flagged, and further rows that cannot be right: from the file to the
receipt, the check and the letter.
"""

import re
import zipfile
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from evalkit.intake import intake_counts, load_contracts
from evalkit.intake.admission.admit import read_extract
from evalkit.intake.contracts.in_words import rule_in_words
from evalkit.intake.letters.faults import find_faults
from evalkit.intake.letters.write import write_letters
from evalkit.words import words

FOLLOW_UP = "person_id,intervention_id,date,attendance_share,physical_ability"
ACCOUNT = "district,year,posting_id,side,account_code,activity_code,cost_area,amount,currency"
CAPACITY = "intervention_id,month,places,fixed_cost,variable_cost,currency,price_year"
HOURS = (
    "person_id,month,activity_type,assigned_hours,attended_hours,valid_absence_hours,"
    "invalid_absence_hours,certified_sick_hours,own_search_hours"
)
PLAN = (
    "person_id,start,end,decided,obstacle,weekly_target_hours,has_child_under_8,part_time_hours,"
    "jobsearch_hours,target_reason,status,grounds_handed_over,decision,decision_date"
)


@pytest.fixture
def flags():
    """Flagged rows as (table, rule, line), in order."""

    def read(admission):
        return admission.flagged.select("table", "rule", "line").sort(pl.all()).rows()

    return read


def count_of(admission, table, rule):
    """Delivered, accepted, rejected and flagged rows."""
    row = intake_counts(admission).filter(table=table, rule=rule)
    return row.select("n_delivered", "n_accepted", "n_rejected", "n_flagged").row(0)


def test_a_follow_up_before_the_start_is_kept_and_flagged(extract, flags):
    extract.write(
        "follow_up",
        [
            FOLLOW_UP,
            "P-1,work_training,2026-02-12,1,3",
            "P-1,work_training,2026-01-12,1,3",  # on the day of the start
            "P-1,work_training,2026-01-11,1,3",
        ],
    )

    admission = extract.admit()

    assert flags(admission) == [("follow_up", "not_before_start", 4)]
    assert count_of(admission, "follow_up", "all") == (3, 3, 0, 1)
    assert count_of(admission, "follow_up", "not_before_start") == (None, None, None, 1)
    assert admission.tables["follow_up"].height == 3


def test_a_later_start_does_not_make_an_earlier_one_forgotten(extract, flags):
    extract.add("participation", "P-1,work_training,2026-05-01,")
    extract.write("follow_up", [FOLLOW_UP, "P-1,work_training,2026-02-12,1,3"])

    assert flags(extract.admit()) == []


def test_a_follow_up_of_nobodys_participation_is_flagged(extract, flags):
    extract.write("follow_up", [FOLLOW_UP, "P-2,work_training,2026-02-12,1,3"])

    admission = extract.admit()

    assert flags(admission) == [("follow_up", "episode_known", 2)]
    assert admission.flagged["column"].to_list() == ["person_id, intervention_id"]
    assert admission.flagged["sentence"].to_list() == [
        "Kept, though this rule is broken: The person has taken part in the intervention."
    ]


def test_a_participation_that_was_set_aside_is_none(extract, flags, rejections):
    extract.add("participation", "P-2,work_training,2026-02-10,2026-02-01")  # ends before it starts
    extract.write("follow_up", [FOLLOW_UP, "P-2,work_training,2026-02-12,1,3"])

    admission = extract.admit()

    assert rejections(admission) == [("participation", "end_after_start", 4)]
    assert flags(admission) == [("follow_up", "episode_known", 2)]


def test_without_participation_follow_ups_are_not_compared(extract, flags):
    (extract.folder / "participation.csv").unlink()
    extract.write("follow_up", [FOLLOW_UP, "P-2,work_training,2026-02-12,1,3"])

    assert flags(extract.admit()) == []


def test_a_row_that_is_set_aside_is_not_flagged_too(extract, flags, rejections):
    extract.write("follow_up", [FOLLOW_UP, "P-9,work_training,2026-02-12,1,3"] * 1)

    admission = extract.admit(max_rejected_share=1)

    assert rejections(admission) == [("follow_up", "person_known", 2)]
    assert flags(admission) == []


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("P-1,work_training,2026-02-12,1.5,3", "attendance_share_in_range"),
        ("P-1,work_training,2026-02-12,1,6", "physical_ability_in_range"),
        ("P-1,work_training,2026-02-12,1,0", "physical_ability_in_range"),
    ],
)
def test_a_score_outside_its_scale_is_set_aside(extract, rejections, row, rule):
    extract.write("follow_up", [FOLLOW_UP, row])

    assert rejections(extract.admit(max_rejected_share=1)) == [("follow_up", rule, 2)]


def test_places_below_the_people_who_take_part_are_flagged(extract, flags):
    # On 1 February P-1 and P-3 take part, on 1 March too; P-1's last day is 1 March.
    extract.write(
        "capacity",
        [
            CAPACITY,
            "work_training,2026-01-01,0,,,,",  # nobody has come on the first day of January
            "work_training,2026-02-01,1,,,,",
            "work_training,2026-03-01,2,,,,",
            "work_training,2026-04-01,0,,,,",
        ],
    )

    admission = extract.admit()

    assert flags(admission) == [
        ("capacity", "places_for_people", 3),
        ("capacity", "places_for_people", 5),
    ]
    assert count_of(admission, "capacity", "all") == (4, 4, 0, 2)


@pytest.mark.parametrize("seed", range(20))
def test_months_with_too_few_places_are_those_of_a_count_by_hand(extract, flags, seed):
    rng = np.random.default_rng(seed)
    days = [date(2026, 1, 1) + timedelta(int(day)) for day in rng.integers(0, 100, 3)]
    lasting = rng.integers(0, 60, 3)
    ends = [days[i] + timedelta(int(lasting[i])) if lasting[i] else None for i in range(3)]
    months = [date(2026, month, 1) for month in range(1, 7)]
    places = rng.integers(0, 3, len(months)).tolist()
    extract.write(
        "participation",
        [
            "person_id,intervention_id,start,end",
            *(f"P-{i + 1},work_training,{days[i]},{ends[i] or ''}" for i in range(3)),
        ],
    )
    rows = [f"work_training,{month},{n},,,," for month, n in zip(months, places, strict=True)]
    extract.write("capacity", [CAPACITY, *rows])

    by_hand = [
        ("capacity", "places_for_people", line)
        for line, (month, n) in enumerate(zip(months, places, strict=True), start=2)
        if sum(days[i] <= month and (not ends[i] or ends[i] > month) for i in range(3)) > n
    ]
    assert flags(extract.admit()) == by_hand


def test_two_budgets_for_the_same_are_flagged_both(extract, flags):
    extract.write(
        "account",
        [
            ACCOUNT,
            "Norr,2025,1,budget,4010,,,900000,SEK",
            "Norr,2025,2,budget,4010,,,800000,SEK",
            "Norr,2026,3,budget,4010,,,800000,SEK",
            "Söder,2025,4,budget,4010,,,800000,SEK",
            "Norr,2025,5,budget,4020,,,900000,SEK",
        ],
    )

    assert flags(extract.admit()) == [
        ("account", "budget_told_once", 2),
        ("account", "budget_told_once", 3),
    ]


def test_a_posting_under_two_numbers_is_flagged(extract, flags):
    extract.write(
        "account",
        [
            ACCOUNT,
            "Norr,2025,1,booked,4010,,,900000,SEK",
            "Norr,2025,2,booked,4010,,,900000,SEK",
            "Norr,2025,3,booked,4010,,,900001,SEK",
        ],
    )

    admission = extract.admit()

    assert flags(admission) == [
        ("account", "posting_told_once", 2),
        ("account", "posting_told_once", 3),
    ]
    assert admission.tables["account"]["amount"].sum() == 2_700_001


@pytest.mark.parametrize(("month", "hours"), [("2026-02-01", 673), ("2026-04-01", 721)])
def test_more_hours_than_the_month_has_are_set_aside(extract, rejections, month, hours):
    at_most = {"2026-02-01": 672, "2026-04-01": 720}[month]
    extract.write(
        "activity_month",
        [HOURS, f"P-1,{month},language,{at_most},,,,,", f"P-2,{month},language,{hours},,,,,"],
    )

    assert rejections(extract.admit()) == [("activity_month", "hours_in_month", 3)]


def test_more_hours_than_a_week_has_are_set_aside(extract, rejections):
    extract.write(
        "participation",
        [
            "person_id,intervention_id,start,end,hours_per_week",
            "P-1,work_training,2026-01-12,,40",
            "P-3,work_training,2026-01-12,,169",
        ],
    )

    assert rejections(extract.admit()) == [("participation", "hours_per_week_in_range", 3)]


def test_an_end_that_lies_ahead_is_flagged(extract, flags):
    extract.write(
        "participation",
        [
            "person_id,intervention_id,start,end",
            "P-1,work_training,2026-01-12,2026-07-01",  # until the last day of June
            "P-3,work_training,2026-02-01,2026-07-02",
        ],
    )

    assert flags(extract.admit()) == [("participation", "end_is_over", 3)]


def test_what_is_decided_before_its_plan_began_is_flagged(extract, flags):
    plan = "{},2026-02-01,,,unemployed,40,0,0,,,active,{},{},{}"
    extract.write(
        "activity_plan",
        [
            PLAN,
            plan.format("P-1", "2026-01-31", "none", ""),
            plan.format("P-2", "2026-02-01", "refused", "2026-01-15"),
        ],
    )

    assert flags(extract.admit()) == [
        ("activity_plan", "decision_after_start", 3),
        ("activity_plan", "handed_over_after_start", 2),
    ]


@pytest.mark.parametrize("table", ["follow_up", "capacity", "account", "activity_plan"])
def test_a_file_with_a_heading_alone_has_nothing_to_flag(extract, flags, table):
    heading = {
        "follow_up": FOLLOW_UP,
        "capacity": CAPACITY,
        "account": ACCOUNT,
        "activity_plan": PLAN,
    }[table]
    extract.write(table, [heading])

    admission = extract.admit()

    assert flags(admission) == []
    assert count_of(admission, table, "all") == (0, 0, 0, 0)


def test_no_more_are_listed_than_asked_for_and_all_are_counted(extract, flags):
    days = [f"P-2,work_training,2026-02-{day:02},1,3" for day in range(1, 11)]
    extract.write("follow_up", [FOLLOW_UP, *days])

    admission = extract.admit(max_listed_per_rule=3)

    assert len(flags(admission)) == 3
    assert count_of(admission, "follow_up", "episode_known")[-1] == 10
    assert "10 rows break the rule episode_known; the first 3" in str(
        admission.assumptions["assumption"].to_list()
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "sv",
            "Stämmer det här? datum ska inte ligga före den första raden i tabellen participation "
            "med samma pseudonym och insatskod. Stämmer det ändå, så låt raden stå som den är.",
        ),
        (
            "en",
            "Is this right? The follow-up is no earlier than the person's first start in the "
            "intervention. If it is right all the same, leave the row as it is.",
        ),
    ],
)
def test_the_letter_asks_whether_a_flagged_row_is_right(
    extract, contracts_folder, tmp_path, language, said
):
    heading = "pseudonym,insatskod,datum,närvaroandel,fysisk förmåga"
    extract.write("follow_up", [heading, "P-1,work_training,2026-01-11,1,3"])

    paths = write_letters(
        extract.admit(),
        extract.folder,
        contracts_folder,
        tmp_path / "letters",
        words=words(language),
    )

    with zipfile.ZipFile(paths[0]) as book:
        cells = book.read("xl/sharedStrings.xml").decode("utf-8").replace("&apos;", "'")
    assert said in cells


def test_a_posting_told_twice_may_be_removed_and_a_count_of_places_may_not(
    extract, contracts_folder
):
    posting = "Norr,2025,{},booked,4010,,,900000,SEK"
    extract.write("account", [ACCOUNT, posting.format(1), posting.format(2)])
    extract.write("capacity", [CAPACITY, "work_training,2026-02-01,1,,,,"])
    delivery, contracts, mapping, _ = read_extract(extract.folder, contracts_folder, None)

    faults = find_faults(extract.admit(), delivery, contracts, mapping, words("sv"))

    assert [(fault.row.table, fault.row.line, fault.row.may_remove) for fault in faults] == [
        ("account", 2, True),
        ("account", 3, True),
        ("capacity", 2, False),
    ]
    assert not any(fault.is_removal_proposed for fault in faults)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_rule_of_the_contracts_has_its_sentence(contracts_folder, language):
    for contract in load_contracts(contracts_folder).values():
        names = {name: name for name in contract.column_names}
        for rule in contract.rules:
            assert rule_in_words(rule, contract, names, words(language))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("        severity: flag\n", "", r'rule "episode_known" needs the severity flag'),
        ("to: participation.start", "to: participation.begin", r'"participation.begin"'),
        ("to: participation.start", "to: nothing.start", r'"nothing.start"'),
        ("rule: no_personnummer }", "rule: no_personnummer }\n        severity: flag", "cannot"),
    ],
)
def test_a_contract_that_says_it_otherwise_is_refused(contracts_folder, tmp_path, old, new, fault):
    for path in contracts_folder.glob("*.odcs.yaml"):
        text = path.read_text(encoding="utf-8")
        if path.name.startswith("follow_up"):
            assert old in text
            text = text.replace(old, new)
        (tmp_path / path.name).write_text(text, encoding="utf-8")

    with pytest.raises(Exception, match=re.escape(fault) if '"' not in fault else fault):
        load_contracts(tmp_path)
