import polars as pl

from evalkit.spells import months_per_start, occupied_places, shared_places, starts_by_district


def episodes_of(month, rows):
    """person, intervention, first and last month (inside), provider."""
    return pl.DataFrame(
        [
            (person, kind, month(first), month(last + 1), provider)
            for person, kind, first, last, provider in rows
        ],
        schema=["person_id", "intervention_id", "start", "end", "provider_district"],
        orient="row",
    )


def test_occupied_places_counts_the_people_of_each_month(month):
    episodes = episodes_of(
        month,
        [("A", "train", 1, 3, "Hill"), ("B", "train", 2, 2, "Hill"), ("C", "coach", 3, 3, "Hill")],
    )

    table = occupied_places(episodes, month(3))

    assert table.rows() == [
        ("coach", month(3), 1, 1),
        ("train", month(1), 1, 1),
        ("train", month(2), 2, 1),
        ("train", month(3), 1, 0),
    ]


def test_without_episodes_no_place_is_filled(month):
    assert occupied_places(
        episodes_of(month, [("A", "train", 1, 2, "Hill")]).clear(), month(3)
    ).is_empty()


def test_occupied_places_counts_no_month_of_an_episode_that_ends_as_it_starts(month):
    assert occupied_places(episodes_of(month, [("A", "train", 2, 1, "Hill")]), month(3)).is_empty()


def test_shared_places_counts_what_is_used_outside_the_home_district(month):
    rows = [
        ("A", "train", 1, 3, "Hill"),
        ("B", "train", 2, 3, "Harbour"),
        ("C", "train", 3, 3, "Hill"),
    ]
    people = pl.DataFrame({"person_id": ["A", "B", "C"], "district": ["Harbour"] * 3})

    table = shared_places(episodes_of(month, rows), people, data_through=month(3), n_months=2)

    assert table.rows() == [
        (month(2), "Harbour", "Hill", "train", 1, 2),
        (month(3), "Harbour", "Hill", "train", 2, 2),
    ]


def test_running_episodes_fill_their_places_to_the_last_month_known(month):
    running = episodes_of(month, [("A", "train", 2, 2, "Hill")]).with_columns(
        end=pl.lit(None, pl.Date)
    )
    people = pl.DataFrame({"person_id": ["A"], "district": ["Harbour"]})

    occupied = occupied_places(running, month(4))

    assert occupied.select("month", "n_occupied", "n_started").rows() == [
        (month(2), 1, 1),
        (month(3), 1, 0),
        (month(4), 1, 0),
    ]
    assert shared_places(running, people, data_through=month(4), n_months=2)["month"].to_list() == [
        month(3),
        month(4),
    ]


def test_an_episode_within_a_month_fills_a_place_of_that_month(month):
    within = episodes_of(month, [("A", "train", 2, 2, "Hill")]).with_columns(
        start=pl.lit(month(2)) + pl.duration(days=2), end=pl.lit(month(2)) + pl.duration(days=20)
    )

    assert occupied_places(within, month(4)).rows() == [("train", month(2), 1, 1)]


def test_starts_stand_in_the_district_that_pays_support_then_else_at_home(month):
    rows = [
        ("A", "train", 3, 4, "Hill"),
        ("A", "train", 6, 6, "Hill"),
        ("A", "train", 9, 9, "Hill"),
        ("B", "train", 3, 3, "Hill"),
    ]
    spells = pl.DataFrame(
        {
            "person_id": ["A", "A"],
            "district": ["Marsh", "Hill"],
            "start": [month(1), month(6)],
            "end": [month(3), month(8)],
        }
    )
    people = pl.DataFrame({"person_id": ["A", "B"], "district": ["Harbour", "Harbour"]})

    found = starts_by_district(episodes_of(month, rows), spells, people)

    # A's first period ends with month 2, the month before the start; in month 9 nothing is paid any
    # more, nor ever to B.
    assert found.rows() == [
        ("Harbour", "train", month(3), 1),
        ("Harbour", "train", month(9), 1),
        ("Hill", "train", month(6), 1),
        ("Marsh", "train", month(3), 1),
    ]


def test_a_start_fills_a_place_as_long_as_people_stay_not_as_planned(month):
    # Of three who start from month 2 on, one stays three months and two stay one; A began before,
    # and fills a month of the extract's.
    rows = [
        ("A", "train", 1, 2, "Hill"),
        ("B", "train", 2, 4, "Hill"),
        ("C", "train", 3, 3, "Hill"),
        ("D", "train", 4, 4, "Hill"),
        ("E", "coach", 1, 1, "Hill"),
    ]
    occupied = occupied_places(episodes_of(month, rows), month(6))

    assert months_per_start(occupied, month(2)).rows() == [("train", 2.0)]
