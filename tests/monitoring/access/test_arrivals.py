"""Who counts as having come to support, and what came first: by hand."""

from datetime import date

import polars as pl

from evalkit.line.tables import table
from evalkit.monitoring.access.arrivals import arrivals
from evalkit.monitoring_rules import MonitoringRules

# The data end so late that all are followed.
END = date(2026, 1, 1)


def spell(person, start, end, *, exit=None, number=1, known=True, entry=0, district="North"):
    months = (end.year - start.year) * 12 + end.month - start.month
    return {
        "person_id": person,
        "spell_no": number,
        "household_id": person,
        "cluster_id": person,
        "district": district,
        "start": start,
        "end": end,
        "entry": entry,
        "months": months,
        "exit": exit,
        "is_start_known": known,
        "weight": 1.0,
        "characteristic": "sex",
        "group": "female",
    }


def came(spells, starts, **rules):
    """What `arrivals` makes of spells and of (person, month of start, of end)."""
    last = spell("last", date(2020, 1, 1), END)
    rows = pl.DataFrame([last, *spells])
    episodes = pl.DataFrame(
        [
            {"person_id": person, "episode_no": n, "start": start, "end": end}
            for n, (person, start, end) in enumerate(starts)
        ],
        schema={name: table("episodes").schema[name] for name in ("person_id", "episode_no")}
        | {"start": pl.Date, "end": pl.Date},
    )
    people = arrivals(
        pl.concat([table("support_spells").empty(), rows], how="diagonal_relaxed"),
        episodes.with_columns(intervention_id=pl.lit("coaching")),
        rules=MonitoringRules(**rules),
    )
    return {
        row["person_id"]: (row["months"], row["event"])
        for row in people.iter_rows(named=True)
        if row["person_id"] != "last"
    }


ELSEWHERE = ("z", date(2024, 1, 1), date(2024, 5, 1))


def test_a_start_counts_from_the_first_month_on_support():
    spells = [spell("a", date(2024, 1, 1), date(2024, 11, 1), exit="work")]

    assert came(spells, [("a", date(2024, 1, 1), None)]) == {"a": (1, "start")}
    assert came(spells, [("a", date(2024, 4, 1), None)]) == {"a": (4, "start")}


def test_support_that_ends_first_and_death_or_a_move_are_told_apart():
    spells = [
        spell("a", date(2024, 1, 1), date(2024, 4, 1), exit="work"),
        spell("b", date(2024, 1, 1), date(2024, 3, 1), exit="out"),
    ]

    assert came(spells, [ELSEWHERE, ("a", date(2024, 6, 1), None)]) == {
        "a": (3, "left_support"),
        "b": (2, "out"),
    }


def test_a_start_in_the_month_after_the_last_on_support_comes_before_its_end():
    spells = [spell("a", date(2024, 1, 1), date(2024, 4, 1), exit="training")]

    assert came(spells, [("a", date(2024, 4, 1), None)]) == {"a": (3, "start")}


def test_whoever_is_in_an_intervention_when_support_begins_is_not_counted():
    spells = [spell("a", date(2024, 3, 1), date(2024, 9, 1), exit="work")]

    assert came(spells, [("a", date(2024, 1, 1), date(2024, 5, 1))]) == {}
    assert came(spells, [("a", date(2024, 1, 1), None)]) == {}


def test_whoever_was_in_one_before_counts_as_starting_again():
    spells = [spell("a", date(2024, 3, 1), date(2024, 9, 1), exit="work")]
    before = ("a", date(2023, 1, 1), date(2024, 3, 1))

    assert came(spells, [before]) == {"a": (6, "left_support")}
    assert came(spells, [before, ("a", date(2024, 5, 1), None)]) == {"a": (3, "start")}


def test_everybody_counts_once_with_the_first_spell_that_was_seen_to_begin():
    spells = [
        spell("a", date(2022, 1, 1), date(2022, 3, 1), exit="work", known=False),
        spell("a", date(2023, 1, 1), date(2023, 6, 1), exit="work", number=2),
        spell("a", date(2024, 1, 1), date(2024, 9, 1), number=3),
        spell("b", date(2023, 1, 1), date(2024, 1, 1), entry=4),
    ]

    assert came(spells, [ELSEWHERE]) == {"a": (5, "left_support")}


def test_only_those_count_who_came_in_the_counted_years_and_can_be_followed():
    """The last month with support is December 2025: those who came by January 2025 are followed
    for twelve months.
    """
    spells = [
        spell("early", date(2023, 1, 1), date(2023, 6, 1), exit="work"),
        spell("first", date(2023, 2, 1), date(2023, 6, 1), exit="work"),
        spell("latest", date(2025, 1, 1), date(2025, 6, 1), exit="work"),
        spell("late", date(2025, 2, 1), date(2025, 6, 1), exit="work"),
    ]

    assert set(came(spells, [ELSEWHERE], access_years=2)) == {"first", "latest"}


def test_districts_that_are_pooled_are_one_area():
    rows = pl.DataFrame(
        [
            spell("a", date(2024, 1, 1), END, district="North"),
            spell("b", date(2024, 1, 1), END, district="East"),
        ]
    )
    spells = pl.concat([table("support_spells").empty(), rows], how="diagonal_relaxed")
    episodes = pl.DataFrame(
        {"person_id": ["a"], "start": [date(2024, 2, 1)], "end": [None]},
        schema_overrides={"end": pl.Date},
    )

    people = arrivals(spells, episodes, rules=MonitoringRules(pooled={"Both": ("North", "East")}))

    assert people["district"].to_list() == ["Both", "Both"]


def test_nobody_is_counted_where_nobody_is_in_an_intervention():
    assert came([spell("a", date(2024, 1, 1), END)], []) == {}
