"""The optional tables: absent they are said, present they are held to their contracts."""

import pytest

from evalkit.intake.contracts.contract import load_contracts
from evalkit.line.delivered import delivered

OPTIONAL = {
    "capacity": "work_training,2026-01-01,10,50000,4000,SEK,2026",
    "assessment": "P-1,2026-01-05,housing,0.5,fia_assessment",
    "follow_up": "P-1,work_training,2026-02-12,0.8,3,3,4,5,1,1,1,0,1,case_worker",
    "plan": "P-1,work_training,work_plan,2026-01-12,1,1,0,1",
    "account": "Norr,2026,1,booked,4512,,holiday_job,-1500.5,SEK",
    "population": "Norr,2026,female,18-24,1200",
    "need": "Norr,2026-01-01,fine_motor_tasks,7",
    "outreach": "Norr,2026-01-01,neet,20,11,4",
    "activity_plan": "P-1,2026-01-01,,2025-12-20,unemployed,20,1,10,5,,active,,,",
    "activity_month": "P-1,2026-01-01,workplace,80,60,8,4.5,7.5,",
    "action": "Norr,A-1,young_adults,2026-01-01,,running,200000,SEK,local,Mentorer,Mentors,"
    "Jobbtorg Norr,neet,youth_outreach coaching",
}


def _header(table: str) -> str:
    return ",".join(delivered()[table].schema)


def test_absent_optional_tables_are_said_and_no_error(extract):
    admission = extract.admit(max_rejected_share=0)

    said = admission.assumptions.filter(
        assumption="was not delivered; what rests on it is left out"
    )["table"].to_list()
    assert sorted(said) == sorted(OPTIONAL)
    assert not set(OPTIONAL) & set(admission.tables)


@pytest.mark.parametrize("table", OPTIONAL)
def test_a_clean_optional_table_is_admitted(extract, table):
    extract.write(table, [_header(table), OPTIONAL[table]])

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables[table].height == 1
    assert admission.tables[table].schema == delivered()[table].schema


@pytest.mark.parametrize(
    ("table", "old", "new", "rule"),
    [
        ("capacity", "work_training", "coaching", "intervention_known"),
        ("capacity", "2026-01-01", "2026-01-02", "month_is_first_day"),
        ("capacity", ",10,", ",-1,", "places_in_range"),
        ("capacity", "50000,4000,SEK", "50000,,", "fixed_cost_has_currency"),
        ("capacity", "50000,4000,SEK,2026", ",4000,SEK,", "variable_cost_has_price_year"),
        ("assessment", "0.5", "5", "rating_share_in_range"),
        ("assessment", "housing", "Trivs bra hemma", "life_area_has_form"),
        ("assessment", "P-1", "P-9", "person_known"),
        ("follow_up", "0.8", "80", "attendance_share_in_range"),
        ("follow_up", ",3,3,4,5,", ",3,3,6,5,", "social_ability_in_range"),
        ("follow_up", "1,1,1,0,1", "1,1,1,0,2", "is_motivated_in_list"),
        ("follow_up", "case_worker", "boss", "responsible_role_in_list"),
        ("plan", "work_plan", "letter", "kind_in_list"),
        ("account", "booked", "spent", "side_in_list"),
        ("account", "Norr", "Väster", "district_known"),
        ("population", "18-24", "young", "age_group_has_form"),
        ("need", "fine_motor_tasks", "more_staff", "need_in_list"),
        ("outreach", "20,11,4", "20,21,4", "reached_among_known"),
        ("outreach", "20,11,4", "20,11,12", "entered_among_reached"),
        ("action", "young_adults", "old_adults", "theme_in_list"),
        ("action", "2026-01-01,,", "2026-01-01,2025-01-01,", "end_after_start"),
        ("action", "200000,SEK", "200000,", "amount_has_currency"),
        ("activity_plan", ",20,1,", ",41,1,", "target_is_explained,weekly_target_hours_in_range"),
        ("activity_plan", ",20,1,", ",30,1,", "target_is_explained"),
        ("activity_plan", ",20,1,", ",15,1,", "target_is_explained"),
        ("activity_plan", ",20,1,10,", ",31,1,,", "target_is_explained"),
        ("activity_plan", ",20,1,10,5,,", ",15,1,10,5,Familjens skäl,", "target_reason_has_form"),
        ("activity_plan", "active,,,", "active,,refused,", "decision_has_date"),
        ("activity_plan", "active,,,", "active,,,2026-02-01", "decision_date_has_decision"),
        ("activity_plan", "unemployed", "lazy", "obstacle_in_list"),
        ("activity_plan", "2026-01-01,,", "2026-01-01,2025-12-31,", "end_after_start"),
        ("activity_plan", "P-1", "P-9", "person_known"),
        ("activity_month", "workplace", "gym", "activity_type_in_list"),
        ("activity_month", ",80,", ",79.9,", "hours_add_up"),
        ("activity_month", ",80,", ",,", "assignment_has_hours,hours_add_up"),
        ("activity_month", "2026-01-01", "2026-01-02", "month_is_first_day"),
        ("activity_month", "workplace", "own_job_search", "own_search_is_not_assigned"),
        ("activity_month", "7.5,", "7.5,3", "own_search_hours_of_own_search"),
    ],
)
def test_a_bad_row_of_an_optional_table_is_set_aside(extract, rejections, table, old, new, rule):
    assert old in OPTIONAL[table]
    extract.write(table, [_header(table), OPTIONAL[table].replace(old, new, 1)])

    admission = extract.admit(max_rejected_share=1)

    assert rejections(admission) == [(table, name, 2) for name in rule.split(",")]


@pytest.mark.parametrize(
    "row",
    [
        "P-1,2026-01-01,,,,40,0,0,,,,,,",
        "P-1,2026-01-01,,,,0,1,35,,,,,,",
        "P-1,2026-01-01,,,,15,,,,,,,,",
        "P-1,2026-01-01,,,,15,0,0,,studies,,,,",
        "P-1,2026-01-01,,,,40,0,0,,,ended,2026-02-03,reduced,2026-02-20",
    ],
)
def test_a_plan_of_hours_at_the_ceiling_or_explained_is_admitted(extract, row):
    extract.write("activity_plan", [_header("activity_plan"), row])

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["activity_plan"].height == 1


def test_own_job_search_has_hours_of_its_own(extract):
    row = "P-1,2026-01-01,own_job_search,,0,,,,12"
    extract.write("activity_month", [_header("activity_month"), row])

    admission = extract.admit(max_rejected_share=0)

    assert admission.tables["activity_month"]["own_search_hours"].to_list() == [12]


def test_obstacles_of_plans_are_those_of_households(contracts_folder):
    contracts = load_contracts(contracts_folder)

    labels = [
        next(column.labels for column in contracts[table].columns if column.name == name)
        for table, name in (
            ("activity_plan", "obstacle"),
            ("household_member", "support_obstacle"),
        )
    ]
    assert labels[0] == labels[1]


@pytest.mark.parametrize(
    ("table", "column", "cell", "rule"),
    [
        ("person", "education", "PhD", "education_in_list"),
        ("person", "years_in_country", "-3", "years_in_country_in_range"),
        ("person", "target_groups", "Unga vuxna", "target_groups_has_form"),
        ("income_support", "month_paid", "2026-02-25", "month_paid_is_first_day"),
        ("income_support", "support_since", "2025-11-12", "support_since_is_first_day"),
        ("income_support", "support_since", "2027-01-01", "support_since_not_after_month"),
        ("income_support", "household_type", "3", "household_type_in_list"),
        ("household_member", "support_obstacle", "lazy", "support_obstacle_in_list"),
        ("participation", "hours_per_week", "400", "hours_per_week_in_range"),
        ("participation", "home_district", "Väster", "home_district_known"),
        ("participation", "end_reason", "Fick jobb hos morbror", "end_reason_has_form"),
        ("intervention", "ladder_step", "0", "ladder_step_in_range"),
    ],
)
def test_a_bad_cell_in_a_further_column_is_set_aside(
    extract, rejections, table, column, cell, rule
):
    lines = (extract.folder / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    extract.write(
        table,
        [f"{lines[0]},{column}", *[f"{line}," for line in lines[1:-1]], f"{lines[-1]},{cell}"],
    )

    rejected = [
        found for found in rejections(extract.admit(max_rejected_share=1)) if found[0] == table
    ]

    assert rejected == [(table, rule, len(lines))]
