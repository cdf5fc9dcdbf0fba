"""Episodes: planned length from what was planned, running episodes without an end."""

from datetime import date

import polars as pl
import pytest

from evalkit.line.tables import table
from evalkit.spells import build_episodes

THROUGH = date(2026, 6, 1)


@pytest.fixture
def episodes_of():
    """Episodes of participation rows (person, start, end, planned end) in an intervention that
    usually takes `usual` months.
    """

    def build(rows, usual=None):
        participation = pl.DataFrame(
            [
                {
                    "person_id": person,
                    "intervention_id": "coaching",
                    "start": start,
                    "end": end,
                    "planned_end": planned,
                }
                for person, start, end, planned in rows
            ],
            schema=table("participation").schema,
        )
        coaching = {
            "intervention_id": "coaching",
            "name": "Coaching",
            "kind": "coaching",
            "planned_months": usual,
        }
        intervention = pl.DataFrame([coaching], schema=table("intervention").schema)
        return build_episodes(participation, intervention, data_through=THROUGH)

    return build


@pytest.mark.parametrize(
    ("planned_end", "usual", "expected"),
    [
        (date(2026, 4, 15), None, 3),
        (date(2026, 4, 16), None, 4),
        (date(2026, 1, 20), None, 1),
        (date(2026, 4, 15), 6, 3),
        (None, 6, 6),
        (None, None, None),
    ],
)
def test_episodes_take_the_planned_length_from_the_plan(episodes_of, planned_end, usual, expected):
    episodes = episodes_of([("A", date(2026, 1, 15), date(2026, 2, 1), planned_end)], usual)

    assert episodes["planned_months"].to_list() == [expected]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (None, (None, True)),
        (date(2026, 7, 2), (None, True)),
        (date(2026, 7, 1), (date(2026, 7, 1), False)),
        (date(2026, 3, 1), (date(2026, 3, 1), False)),
    ],
)
def test_episodes_run_when_no_end_is_known_by_the_last_month(episodes_of, end, expected):
    episodes = episodes_of([("A", date(2026, 1, 15), end, None)])

    assert episodes.select("end", "is_running").row(0) == expected


def test_episodes_leave_out_what_begins_after_the_last_month(episodes_of):
    episodes = episodes_of(
        [("A", date(2026, 6, 30), None, None), ("B", date(2026, 7, 1), None, None)]
    )

    assert episodes["person_id"].to_list() == ["A"]


def test_episodes_are_numbered_by_start_in_each_person(episodes_of):
    rows = [
        ("B", date(2026, 1, 1), None, None),
        ("A", date(2026, 5, 1), None, None),
        ("A", date(2026, 2, 1), date(2026, 3, 1), None),
    ]

    episodes = episodes_of(rows)

    assert episodes.select("person_id", "episode_no", "start").rows() == [
        ("A", 1, date(2026, 2, 1)),
        ("A", 2, date(2026, 5, 1)),
        ("B", 1, date(2026, 1, 1)),
    ]


def test_episodes_of_northern_ireland_are_its_training_spells(northern_ireland):
    episodes = build_episodes(
        northern_ireland["participation"],
        northern_ireland["intervention"],
        data_through=date(1999, 6, 1),
    )

    assert (episodes.height, episodes["is_running"].sum()) == (299, 8)
