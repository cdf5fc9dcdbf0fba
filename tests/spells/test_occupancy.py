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


def test_occupied_places_counts_no_month_of_an_episode_that_ends_as_it_starts(month):
    assert occupied_places(episodes_of(month, [("A", "train", 2, 1, "Hill")])).is_empty()


def test_shared_places_counts_what_is_used_outside_the_home_district(month):
    rows = [("A", "train", 1, 3, "Hill"), ("B", "train", 2, 3, "Harbour"), ("C", "train", 3, 3, "Hill")]
    people = pl.DataFrame({"person_id": ["A", "B", "C"], "district": ["Harbour"] * 3})

    table = shared_places(episodes_of(month, rows), people, n_months=2)

    assert table.rows() == [(month(2), "Harbour", "Hill", "train", 1), (month(3), "Harbour", "Hill", "train", 2)]
