import polars as pl

from evalkit.monitoring.steps.ladder import ladder, places_after
from tests.monitoring.steps.people import episode


def places(tables, followed) -> dict[tuple[str, int], str]:
    found = places_after(tables, followed)
    return {
        (person, step): place
        for person, step, place in found.select("person_id", "ladder_step", "place").iter_rows()
    }


def test_places_are_those_of_the_month_a_year_after_the_start(make, followed):
    tables = make(
        participation=[
            episode("works", "training", 12, 30),
            episode("up", "training", 12, 20),
            episode("up", "coaching", 22, 26),
            episode("same", "training", 12, 30),
            episode("down", "coaching", 12, 15),
            episode("down", "outreach", 20),
            episode("benefit", "training", 12, 20),
            episode("support", "training", 12, 20),
            episode("moved", "training", 12, None),
            episode("nobody_knows", "training", 12, 20),
        ],
        lived=[
            ("works", "work", 24, 25),
            ("up", "support", 0, 48),
            ("same", "support", 0, 48),
            ("benefit", "sickness_benefit", 20, 48),
            ("support", "support", 0, 48),
            ("moved", "out", 20, 48),
            ("nobody_knows", "unknown", 20, 48),
        ],
    )

    found = places(tables, followed)

    assert found == {
        ("works", 2): "self_support",
        ("up", 2): "up",
        ("up", 4): "on_support",
        ("same", 2): "same",
        ("down", 4): "down",
        ("down", 1): "same",
        ("benefit", 2): "out_otherwise",
        ("support", 2): "on_support",
        ("moved", 2): "out_otherwise",
        ("nobody_knows", 2): "unknown",
    }


def test_an_end_in_the_month_looked_at_leaves_it_free(make, followed):
    tables = make(
        participation=[episode("a", "training", 12, 24), episode("b", "training", 12, 25)],
        lived=[("a", "support", 0, 48), ("b", "support", 0, 48)],
    )

    assert places(tables, followed) == {("a", 2): "on_support", ("b", 2): "same"}


def test_starts_are_counted_that_have_been_followed_and_are_not_too_old(make, followed):
    tables = make(
        participation=[
            episode("late", "training", 36),
            episode("last", "training", 35),
            episode("first", "training", 0),
        ],
    )

    assert set(places_after(tables, followed)["person_id"]) == {"last", "first"}


def test_a_person_counts_once_per_step(make, followed):
    tables = make(
        participation=[episode("a", "training", 4, 6), episode("a", "training", 10, 40)],
        lived=[("a", "support", 0, 48)],
    )

    found = places_after(tables, followed)

    assert found.select("begins", "place").rows() == [(2020 * 12 + 4, "same")]


def test_ladder_counts_each_step_whole_in_the_area_and_the_city(make, followed):
    tables = make(
        participation=[episode(str(n), "training", 12, 30 if n < 3 else 20) for n in range(5)],
        lived=[(str(n), "support", 0, 48) for n in range(5)],
    )

    found = ladder(tables, followed).filter(pl.col("n_persons") > 0)

    assert found.filter(district="all").select("answer", "n_persons", "share").rows() == [
        ("all", 5, 1.0),
        ("on_support", 2, 0.4),
        ("same", 3, 0.6),
    ]
    assert found.filter(district="North").height == 3


def test_ladder_is_empty_where_nobody_delivered_steps(make, followed):
    tables = make(participation=[episode("a", "training", 12)], steps={"training": None})

    assert ladder(tables, followed).is_empty()
