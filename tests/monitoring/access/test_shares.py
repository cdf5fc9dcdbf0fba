"""Shares who start, as they are counted: by hand."""

from datetime import date

import polars as pl
import pytest

from evalkit.monitoring.access.shares import access, access_curves, access_interventions
from evalkit.monitoring_rules import MonitoringRules

RULES = MonitoringRules()


@pytest.fixture
def people():
    """Ten people in two districts; women start in months 2, 5 and 9, men in 3 and 14."""
    started = {"a": 2, "b": 5, "c": 9, "f": 3, "g": 14}
    rows = [
        {
            "person_id": person,
            "cluster_id": person,
            "district": "North" if person in "abcfd" else "South",
            "weight": 1.0,
            "start": date(2024, 1, 1),
            "end": date(2025, 6, 1),
            "year": 2024,
            "counted_from": date(2023, 1, 1),
            "counted_through": date(2024, 12, 1),
            "sex": "female" if person < "f" else "male",
            "months": started.get(person, 17 if person in "dh" else 6),
            "event": "start" if person in started else None if person in "dh" else "left_support",
        }
        for person in "abcdefghij"
    ]
    held = dict.fromkeys(("age", "origin", "education", "obstacle"), "not_known")
    return pl.DataFrame(rows).with_columns(**{name: pl.lit(word) for name, word in held.items()})


def _row(table, **values):
    return table.row(
        by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in values.items()), named=True
    )


def test_starts_are_counted_soon_and_within_the_year(people):
    table = access(people, rules=RULES)

    of_women = {"district": "all", "characteristic": "sex", "group": "female"}
    soon = _row(table, **of_women, measure="soon", answer="yes")
    within = _row(table, **of_women, measure="within", answer="yes")
    everybody = _row(table, **of_women, measure="within", answer="all")
    assert (soon["n_persons"], within["n_persons"], everybody["n_persons"]) == (2, 3, 5)
    assert (within["n_whole"], within["share"], within["median_months"]) == (5, 0.6, 5)


def test_groups_add_up_to_all_and_districts_to_the_city(people):
    table = access(people, rules=RULES).filter(answer="yes", measure="within")

    assert _row(table, district="all", group="all")["n_persons"] == 4
    assert table.filter(district="all", characteristic="sex")["n_persons"].sum() == 4
    assert table.filter(pl.col("district") != "all", group="all")["n_persons"].sum() == 4


def test_groups_are_counted_in_the_city_alone(people):
    of_groups = access(people, rules=RULES).filter(pl.col("group") != "all")

    assert set(of_groups["district"]) == {"all"}


def test_what_nobody_is_told_apart_by_is_not_there(people):
    assert set(access(people, rules=RULES)["characteristic"]) == {"all", "sex"}


def test_each_intervention_is_counted_once_per_person_and_while_on_support(people):
    starts = [
        ("a", "coaching", date(2024, 2, 1)),
        ("a", "coaching", date(2024, 5, 1)),
        ("a", "training", date(2024, 5, 1)),
        ("b", "training", date(2023, 5, 1)),
        ("g", "training", date(2025, 2, 1)),
    ]
    episodes = pl.DataFrame(starts, schema=["person_id", "intervention_id", "start"], orient="row")
    register = pl.DataFrame({"intervention_id": ["coaching", "training", "youth"]})

    table = access_interventions(people, episodes, register, rules=RULES).filter(
        district="all", answer="yes"
    )

    assert dict(table.select("intervention_id", "n_persons").iter_rows()) == {
        "coaching": 1,
        "training": 1,
        "youth": 0,
    }
    assert set(table["n_whole"]) == {10}


def test_the_curve_of_starts_is_the_share_who_have_started(people):
    """Everybody is followed at least to month 14, or something has happened to them."""
    curve = access_curves(people, rules=RULES).filter(district="all", event="start")

    months = dict(curve.select("month", "estimate").iter_rows())
    assert [round(months[month], 6) for month in (0, 2, 6, 12, 14)] == [0, 0.1, 0.3, 0.4, 0.5]


def test_what_came_first_adds_up_to_all_of_whom_something_is_known(people):
    curves = access_curves(people, rules=RULES).filter(district="all", month=12)

    assert curves["estimate"].sum() == pytest.approx(0.4 + 0.3)
