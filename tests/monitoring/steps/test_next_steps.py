import polars as pl

from evalkit.monitoring.steps.follow_ups import first_of_each, follow_ups_on_the_way
from evalkit.monitoring.steps.next_steps import (
    episodes_on_ladder,
    months_lived,
    with_next_step,
)
from tests.monitoring.steps.people import episode, follow_up


def months_to_next(tables, followed) -> dict[str, int | None]:
    found = with_next_step(
        first_of_each(follow_ups_on_the_way(tables)),
        episodes_on_ladder(tables),
        months_lived(tables["state_intervals"], followed),
        followed,
    )
    return dict(found.select("person_id", "months_to_next").iter_rows())


def test_next_step_is_whichever_comes_first(make, followed):
    tables = make(
        participation=[
            episode("handed", "training", 0, 5, end_reason="job_centre"),
            episode("higher", "training", 0, 9, end_reason="completed"),
            episode("higher", "coaching", 4),
            episode("works", "training", 0, 9, end_reason="work"),
            episode("both", "training", 0, 8, end_reason="job_centre"),
            episode("both", "coaching", 3),
            episode("none", "training", 0, 9, end_reason="completed"),
        ],
        follow_up=[
            follow_up(who, "training", 1) for who in ("handed", "higher", "works", "both", "none")
        ],
        lived=[("works", "support", 0, 7), ("works", "work", 7, 48), ("none", "support", 0, 48)],
    )

    found = months_to_next(tables, followed)

    assert found == {"handed": 4, "higher": 3, "works": 6, "both": 2, "none": None}


def test_a_lower_step_an_old_hand_over_and_another_episodes_end_are_no_next_step(make, followed):
    tables = make(
        participation=[
            episode("lower", "training", 0, 9),
            episode("lower", "outreach", 5),
            episode("again", "training", 0, 3, end_reason="job_centre"),
            episode("again", "training", 6, 20, end_reason="completed"),
            episode("beside", "training", 0, 20, end_reason="completed"),
            episode("beside", "outreach", 2, 6, end_reason="job_centre"),
        ],
        follow_up=[
            follow_up("lower", "training", 1),
            follow_up("again", "training", 7),
            follow_up("beside", "training", 1),
        ],
    )

    assert months_to_next(tables, followed) == {"lower": None, "again": None, "beside": None}


def test_who_works_already_is_not_asked(make, followed):
    tables = make(
        participation=[episode("a", "training", 0)],
        follow_up=[follow_up("a", "training", 3)],
        lived=[("a", "work", 2, 48)],
    )

    assert months_to_next(tables, followed) == {}


def test_what_comes_after_the_last_known_month_is_not_seen(make, followed):
    tables = make(
        participation=[episode("a", "training", 40, 49, end_reason="job_centre")],
        follow_up=[follow_up("a", "training", 41)],
    )

    assert months_to_next(tables, followed) == {"a": None}


def test_follow_ups_outside_their_episode_or_on_the_highest_step_are_left_out(make):
    tables = make(
        participation=[episode("a", "training", 2, 6), episode("b", "coaching", 0)],
        follow_up=[
            follow_up("a", "training", 1),
            follow_up("a", "training", 3),
            follow_up("a", "training", 6),
            follow_up("b", "coaching", 1),
        ],
    )

    found = follow_ups_on_the_way(tables)

    assert found["month"].to_list() == [2020 * 12 + 3]


def test_nobody_is_left_out_where_no_step_is_declared(make):
    tables = make(
        participation=[episode("a", "training", 0)],
        follow_up=[follow_up("a", "training", 1)],
        steps={"training": None},
    )

    assert follow_ups_on_the_way(tables).height == 1


def test_an_index_with_an_unanswered_criterion_is_none(make):
    tables = make(
        participation=[episode("a", "training", 0)],
        follow_up=[
            follow_up("a", "training", 1, is_motivated=None),
            follow_up("a", "training", 4, is_motivated=0),
        ],
    )

    assert follow_ups_on_the_way(tables)["n_criteria"].to_list() == [None, 4]


def test_the_district_is_where_the_episode_began_else_the_persons(make):
    tables = make(
        participation=[
            episode("a", "training", 0, home_district="South"),
            episode("b", "training", 0),
        ],
    )

    assert episodes_on_ladder(tables)["district"].to_list() == ["South", "North"]
    assert episodes_on_ladder(tables).schema["ladder_step"] == pl.Int32
