from datetime import date

import polars as pl
import pytest

from evalkit.line.delivered import delivered
from evalkit.line.tables import table
from evalkit.spells import spells_by_characteristic

SPELLS = [
    ("p1", "h1", date(2020, 3, 1)),
    ("p2", "h1", date(2020, 5, 1)),
    ("p3", "h2", date(2021, 1, 1)),
]
COLUMNS = {name: one.schema for name, one in delivered().items()}


def _spells():
    rows = [
        {
            "person_id": p,
            "household_id": h,
            "spell_no": 1,
            "district": "North",
            "start": start,
            "entry": 0,
            "months": 3,
            "exit": "work",
        }
        for p, h, start in SPELLS
    ]
    return pl.DataFrame(rows, schema=table("support_spells").schema)


def _people(**columns):
    given = pl.DataFrame({"person_id": ["p1", "p2", "p3"], **columns})
    return pl.concat(
        [pl.DataFrame(schema=COLUMNS["person"]), given.cast({"birth_year": pl.Int32})],
        how="diagonal_relaxed",
    )


def _members(obstacles):
    rows = [
        (h, p, start, "lead", obstacle, None)
        for (p, h, start), obstacle in zip(SPELLS, obstacles, strict=True)
    ]
    # The obstacle of a later month is not that of the spell's start.
    rows.append(("h1", "p1", date(2020, 4, 1), "lead", "language", None))
    filled = list(COLUMNS["household_member"].items())[: len(rows[0])]
    return pl.DataFrame(rows, schema=dict(filled), orient="row")


def _groups(table, characteristic):
    return dict(
        table.filter(characteristic=characteristic).select("person_id", "group").iter_rows()
    )


def test_spells_have_the_sex_age_and_obstacle_of_their_first_month():
    people = _people(sex=["female", "male", None], birth_year=[1996, 1995, 1960])

    table = spells_by_characteristic(
        _spells(), people, _members(["unemployed", "language", None]), age_bands=(25, 50)
    )

    assert _groups(table, "sex") == {"p1": "female", "p2": "male", "p3": "not_known"}
    assert _groups(table, "age") == {"p1": "–24", "p2": "25–49", "p3": "50–"}
    assert _groups(table, "obstacle") == {"p1": "unemployed", "p2": "language", "p3": "not_known"}


def test_an_obstacle_is_that_of_the_first_month_seen_where_the_spell_began_before_the_extract():
    earlier = _spells().with_columns(
        start=pl.col("start").dt.offset_by("-4mo"), entry=pl.lit(4, pl.Int32)
    )
    people = _people(sex=["female", "male", None], birth_year=[1996, 1995, 1960])

    table = spells_by_characteristic(
        earlier, people, _members(["unemployed", "language", "social"]), age_bands=(25, 50)
    )

    assert _groups(table, "obstacle") == {"p1": "unemployed", "p2": "language", "p3": "social"}


def test_a_characteristic_that_was_not_delivered_is_not_there():
    people = _people(sex=["female", "male", "male"], birth_year=[None, None, None])

    table = spells_by_characteristic(
        _spells(), people, _members([None, None, None]).head(3), age_bands=(25,)
    )

    assert table["characteristic"].unique().to_list() == ["sex"]


@pytest.mark.parametrize("characteristic", ["sex", "age", "obstacle"])
def test_groups_of_a_characteristic_add_up_to_all_spells(characteristic):
    people = _people(sex=["female", None, "male"], birth_year=[1996, None, 1960])

    table = spells_by_characteristic(
        _spells(), people, _members(["unemployed", None, "other"]), age_bands=(25, 50)
    )

    assert table.filter(characteristic=characteristic)["person_id"].sort().to_list() == [
        "p1",
        "p2",
        "p3",
    ]
