import polars as pl

from evalkit.spells import occupied_places, shared_places


def episodes_of(month, rows):
    """person, intervention, first and last month (inside), provider."""
    return pl.DataFrame(
        [(person, kind, month(first), month(last + 1), provider) for person, kind, first, last, provider in rows],
        schema=["person_id", "intervention_id", "start", "end", "provider_district"],
        orient="row",
    )


def test_occupied_places_counts_the_people_of_each_month(month):
    episodes = episodes_of(month, [("A", "train", 1, 3, "Hill"), ("B", "train", 2, 2, "Hill"), ("C", "coach", 3, 3, "Hill")])

    table = occupied_places(episodes)

    assert table.rows() == [
        ("coach", month(3), 1, 1),
        ("train", month(1), 1, 1),
        ("train", month(2), 2, 1),
        ("train", month(3), 1, 0),
    ]


def test_whoever_is_still_there_fills_a_place_through_the_last_month(month):
    ended = episodes_of(month, [("A", "train", 1, 2, "Hill"), ("B", "coach", 3, 3, "Hill")])
    running = episodes_of(month, [("C", "train", 2, 2, "Hill")]).with_columns(end=pl.lit(None, dtype=pl.Date))
    people = pl.DataFrame({"person_id": ["A", "B", "C"], "district": ["Hill", "Hill", "Harbour"]})

    episodes = pl.concat([ended, running])

    assert occupied_places(episodes).filter(intervention_id="train").rows() == [
        ("train", month(1), 1, 1),
        ("train", month(2), 2, 1),
        ("train", month(3), 1, 0),
    ]
    assert shared_places(episodes, people)["month"].to_list() == [month(2), month(3)]


def test_without_episodes_no_place_is_filled(month):
    assert occupied_places(episodes_of(month, [("A", "train", 1, 2, "Hill")]).clear()).is_empty()


def test_occupied_places_counts_no_month_of_an_episode_that_ends_as_it_starts(month):
    assert occupied_places(episodes_of(month, [("A", "train", 2, 1, "Hill")])).is_empty()


def test_shared_places_counts_what_is_used_outside_the_home_district(month):
    rows = [("A", "train", 1, 3, "Hill"), ("B", "train", 2, 3, "Harbour"), ("C", "train", 3, 3, "Hill")]
    people = pl.DataFrame({"person_id": ["A", "B", "C"], "district": ["Harbour"] * 3})

    table = shared_places(episodes_of(month, rows), people, n_months=2)

    assert table.rows() == [(month(2), "Harbour", "Hill", "train", 1), (month(3), "Harbour", "Hill", "train", 2)]
