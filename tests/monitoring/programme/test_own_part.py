"""The person's own part, by hand."""

from datetime import date

import polars as pl

from evalkit.line.delivered import delivered
from evalkit.monitoring.programme.own_part import own_part


def _delivered(name, rows):
    return pl.DataFrame(rows, schema=delivered()[name].schema)


def _plan(person, kind="work_plan", **says):
    return {"person_id": person, "intervention_id": "course", "kind": kind, **says}


def _rating(person, month, rating):
    when = date(2020, month, 1)
    course = {"person_id": person, "intervention_id": "course"}
    return {**course, "date": when, "self_rating": rating}


def test_a_person_counts_once_and_papers_that_are_no_plan_do_not():
    plan = _delivered(
        "plan",
        [
            _plan("a", has_own_view=0, has_goals=1),
            _plan("a", kind="joint_action_plan", has_own_view=1, has_goals=0),
            _plan("b", has_own_view=0),
            _plan("c", kind="assignment", has_own_view=1),
            _plan("d"),
        ],
    )

    part = own_part(plan, _delivered("follow_up", []))

    assert part.rows() == [
        ("course", "goals", "all", 1, 1.0, 1),
        ("course", "goals", "yes", 1, 1.0, 1),
        ("course", "own_view", "all", 2, 1.0, 2),
        ("course", "own_view", "yes", 1, 0.5, 2),
    ]


def test_the_first_rating_says_whether_a_change_could_be_seen():
    follow_up = _delivered(
        "follow_up",
        [
            _rating("a", 2, 3),
            _rating("a", 1, 1),
            _rating("b", 1, 5),
            _rating("c", 1, None),
            _rating("c", 2, 4),
        ],
    )

    part = own_part(_delivered("plan", []), follow_up)

    assert part.rows() == [
        ("course", "highest", "all", 3, 1.0, 3),
        ("course", "highest", "yes", 1, 1 / 3, 3),
        ("course", "lowest", "all", 3, 1.0, 3),
        ("course", "lowest", "yes", 1, 1 / 3, 3),
    ]
