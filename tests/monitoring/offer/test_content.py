import polars as pl
from offer_town import (
    CODES,
    interventions,
    params,
    rows_of,
    spells,
    starts,
    tables,
)

from evalkit.monitoring.offer.content import offer_content

PEOPLE = rows_of(
    "person",
    ("person_id", "district", "sex"),
    ("ann", "Harbour", "female"),
    ("bo", "Harbour", "male"),
    ("cy", "Hill", "male"),
    ("di", "Hill", "female"),
    ("el", "Hill", None),
)
REGISTER = interventions(
    ("workshop", "work_training", "painting carpentry supervision", None),
    ("sewing", "work_training", "textile", None),
    ("talks", "coaching", "coaching", None),
    ("club", "other", None, None),
)
BEGUN = starts(
    ("ann", "Harbour", "workshop", 13, None),
    ("bo", "Harbour", "workshop", 14, None),
    ("bo", "Harbour", "talks", 20, None),
    ("cy", "Hill", "workshop", 12, None),  # before the last twelve months
    ("di", "Hill", "sewing", 24, None),
    ("el", "Hill", "workshop", 24, None),
    ("el", "Hill", "club", 24, None),
)
ON_SUPPORT = spells(
    ("ann", "Harbour", 1, 14),
    ("bo", "Harbour", 1, 13),  # not in the last twelve months
    ("di", "Hill", 22, None),
)


def content_of(register=REGISTER):
    given = tables(person=PEOPLE, intervention=register, support_spells=ON_SUPPORT)
    return offer_content(given, BEGUN, codes=CODES, params=params())


def numbers(table, district):
    columns = ("content", "n_persons", "n_women", "n_known_sex", "n_interventions")
    rows = table.filter(pl.col("district") == district).select(columns).rows()
    return {name: rest for name, *rest in rows}


def test_offer_content_counts_people_by_what_is_done_and_women_among_those_of_known_sex():
    city = numbers(content_of(), "all")

    assert city["painting"] == city["carpentry"] == [3, 1, 2, 1]
    assert city["textile"] == [1, 1, 1, 1]
    assert city["guidance"] == [1, 0, 1, 1]
    assert city["other"] == [1, 0, 0, 1]
    assert city["usual_with_men"] == [3, 1, 2, 1]
    assert city["usual_with_women"] == [1, 1, 1, 1]
    assert city["tasks"] == [4, 2, 3, 2]
    assert city["all"] == [4, 2, 3, 4]


def test_offer_content_sets_everybody_on_support_in_the_months_beside_them():
    assert numbers(content_of(), "all")["on_support"] == [2, 2, 2, None]
    assert numbers(content_of(), "Harbour")["on_support"] == [1, 1, 1, None]


def test_offer_content_names_what_nobody_offers_once_for_the_city():
    table = content_of()

    assert numbers(table, "all")["administration"] == [None, None, None, 0]
    assert "administration" not in numbers(table, "Hill")
    assert numbers(table, "Harbour")["textile"] == [0, 0, 0, 1]


def test_offer_content_says_nothing_where_the_register_tells_no_content():
    assert content_of(interventions(("club", "other", None, None))).is_empty()
