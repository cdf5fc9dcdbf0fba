"""Of how many people of the last year each field is registered: by hand, and planted."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from evalkit import monitoring
from evalkit.line.delivered import delivered
from evalkit.monitoring_rules import MonitoringRules

JUNE = date(2026, 6, 1)
NAMES = (
    *("person", "household_member", "participation", "follow_up", "plan", "assessment"),
    "livelihood",
)
TWO = {"person": [("a", "North"), ("b", "North"), ("c", "South")]}
COLUMNS = {
    "person": ("person_id", "district"),
    "participation": ("person_id", "start", "planned_end", "end", "end_reason"),
    "follow_up": ("person_id", "date", "self_rating"),
    "plan": ("person_id", "kind", "date", "has_goals"),
    "assessment": ("person_id", "date"),
    "household_member": ("person_id", "month", "role", "support_obstacle"),
    "livelihood": ("person_id", "start", "end", "state"),
}


def tables_of(**rows):
    """Delivered tables with these rows; their other columns are empty."""
    made = {}
    for name in NAMES:
        table = delivered()[name].empty()
        given = pl.DataFrame(
            rows.get(name, []),
            schema={column: table.schema[column] for column in COLUMNS[name]},
            orient="row",
        )
        made[name] = pl.concat([table, given], how="diagonal")
    return made


def numbers(tables, *, through=JUNE, **pooled):
    rows = monitoring.completeness(tables, MonitoringRules(pooled=pooled), through=through)
    return {
        (row["district"], row["base"], row["field"]): (row["n_persons"], row["n_whole"])
        for row in rows.to_dicts()
    }


def test_a_person_counts_once_by_the_latest_start_of_the_year():
    tables = tables_of(
        **TWO,
        participation=[
            ("a", date(2025, 8, 1), date(2025, 12, 1), None, None),
            ("a", date(2026, 2, 1), None, None, None),
            ("b", date(2026, 3, 1), date(2026, 9, 1), None, None),
            ("c", date(2025, 6, 30), None, None, None),  # a day before the year
            ("c", date(2026, 7, 1), None, None, None),  # a day after it
        ],
    )

    found = numbers(tables)

    assert found["North", "started", "planned_end"] == (1, 2)
    assert found["all", "started", "all"] == (2, 2)
    assert ("South", "started", "all") not in found


def test_the_end_reason_is_asked_of_those_who_ended():
    tables = tables_of(
        **TWO,
        participation=[
            ("a", date(2024, 1, 1), None, date(2026, 1, 1), "work"),
            ("b", date(2024, 1, 1), None, date(2026, 6, 30), None),
            ("c", date(2024, 1, 1), None, None, None),
        ],
    )

    assert numbers(tables)["all", "ended", "end_reason"] == (1, 2)


def test_an_assessment_after_the_start_does_not_count():
    start = date(2026, 3, 1)
    tables = tables_of(
        **TWO,
        participation=[(person, start, None, None, None) for person in "abc"],
        assessment=[("a", start), ("b", date(2026, 3, 2))],
    )

    assert numbers(tables)["all", "started", "assessment"] == (1, 3)


def test_assessments_that_nobody_delivered_are_no_field():
    tables = tables_of(**TWO, participation=[("a", JUNE, None, None, None)])

    assert ("all", "started", "assessment") not in numbers(tables)


def test_a_decision_is_no_paper_with_goals():
    tables = tables_of(
        **TWO,
        plan=[("a", "decision", JUNE, None), ("b", "work_plan", JUNE, 0)],
    )

    # No goals is an answer, too.
    assert numbers(tables)["all", "planned", "goals"] == (1, 1)


def test_an_obstacle_not_stated_and_children_do_not_count():
    tables = tables_of(
        **TWO,
        household_member=[
            ("a", JUNE, "lead", "unemployed"),
            ("b", JUNE, "co_applicant", "not_stated"),
            ("c", JUNE, "child", "unemployed"),
        ],
    )

    assert numbers(tables)["all", "on_support", "support_obstacle"] == (1, 2)


def test_who_left_support_is_known_by_a_state_of_the_last_month():
    tables = tables_of(
        **TWO,
        household_member=[(person, date(2026, 4, 1), "lead", None) for person in "abc"],
        livelihood=[
            ("a", date(2026, 5, 1), None, "work"),
            ("b", date(2026, 5, 1), JUNE, "work"),  # over when June begins
            ("c", date(2026, 5, 1), None, "unknown"),
        ],
    )

    assert numbers(tables)["all", "left_support", "livelihood"] == (1, 3)


def test_pooled_districts_count_together():
    tables = tables_of(**TWO, follow_up=[("a", JUNE, 3), ("c", JUNE, None)])

    found = numbers(tables, both=("North", "South"))

    assert found["both", "followed_up", "self_rating"] == (1, 2)
    assert ("North", "followed_up", "all") not in found


def test_nothing_is_said_where_only_persons_are_known():
    assert numbers(tables_of(**TWO)) == {}


@pytest.mark.parametrize("seed", range(20))
def test_what_is_left_out_on_purpose_is_found_exactly(seed):
    rng = np.random.default_rng(seed)
    people = [f"p{i}" for i in range(300)]
    district = rng.choice(["North", "South"], 300)
    is_left_out = rng.random(300) < np.where(district == "North", 0.4, 0.0)
    tables = tables_of(
        person=list(zip(people, district, strict=True)),
        participation=[
            (person, JUNE, None if out else date(2026, 9, 1), None, None)
            for person, out in zip(people, is_left_out, strict=True)
        ],
    )

    found = numbers(tables)

    n_north, n_south = (int((district == name).sum()) for name in ("North", "South"))
    assert found["North", "started", "planned_end"] == (n_north - int(is_left_out.sum()), n_north)
    assert found["South", "started", "planned_end"] == (n_south, n_south)
