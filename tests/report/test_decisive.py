"""The assumed values that decide, on the page of methods: what each moves, those that move most
first.
"""

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.line.columns import schema_of
from evalkit.line.published import PUBLISHED
from evalkit.report.method.decisive import what_decides
from evalkit.report.shell import brief_of
from evalkit.words import words_of_run

WAIT = "start_now_rather_than_wait"


def published(name, rows, *, n_persons=100):
    table = PUBLISHED[name]
    names = [*table.keys, *table.values, *{key for row in rows for key in row} - {*table.columns}]
    schema = schema_of(*(n for n in names if not n.startswith("name_")))
    data = pl.DataFrame(
        [{column: row.get(column) for column in names} for row in rows],
        schema=schema | {n: pl.String() for n in names if n.startswith("name_")},
    )
    return protect_estimates(
        data.with_columns(pl.lit(n_persons, dtype=pl.Int32).alias("n_guarded")),
        name=name,
        keys=list(table.keys),
        values=[column for column in names if column not in table.keys],
        n_persons="n_guarded",
        unit=table.unit,
        source="made up for this test",
        grade="L",
    )


def price(key, grade, *, unit="share"):
    names = {f"name_{language}": f"{key} {language}" for language in ("en", "sv")}
    about = {"price": key, "value": 0.3, "unit": unit, "source": "made up", "value_grade": grade}
    return about | names


def moved(key, perspective, swing, *, district="all", intervention="work_training", high=0.5):
    return {
        **{"district": district, "intervention_id": intervention, "estimand": WAIT},
        **{"perspective": perspective, "parameter": key, "value": 0.3, "low": 0.1, "high": high},
        **{"value_at_low": 0.0, "value_at_high": swing, "swing": swing, "currency": "SEK"},
    }


PRICES = [
    price("burden", "L"),
    price("fading", "L", unit="months"),
    price("wage", "H"),
    price("idle", "L"),
]
SWINGS = [
    moved("burden", "society", 9_000.0),
    moved("burden", "society", 12_000.0, intervention="coaching"),
    moved("burden", "district", 0.0),
    moved("burden", "society", 99_000.0, district="Norr"),
    moved("fading", "society", 3_000.0, high=None),
    moved("fading", "district", 20_000.0, high=None),
    moved("wage", "society", 50_000.0),
    moved("idle", "society", 0.0),
    moved("effect", "society", 70_000.0),
]


@pytest.fixture
def section(run):
    """The section, from rows of prices and of value_tornado."""

    def write(prices, swings, language="en"):
        tables = {
            name: published(name, rows)
            for name, rows in (("prices", prices), ("value_tornado", swings))
            if rows
        }
        return what_decides(brief_of(run, "all", tables, {}, words_of_run(run, language)))

    return write


def cells(section):
    (block,) = section.blocks
    (table,) = block.tables
    return [
        [str(getattr(cell, "striptags", lambda cell=cell: cell)()) for cell in row]
        for row in table.rows
    ]


def test_assumed_values_that_move_anything_stand_by_what_they_move_most(section):
    rows = cells(section(PRICES, SWINGS))

    assert [row[0] for row in rows] == ["fading en", "burden en"]
    # Of all districts together, in the intervention where it moves most.
    assert [rows[1][at].split(" (")[0] for at in (3, 4, 5)] == ["SEK 12,000", "–", "–"]
    assert [rows[0][at].split(" (")[0] for at in (3, 4, 5)] == ["SEK 3,000", "–", "SEK 20,000"]
    assert {row[6] for row in rows} == {"L"}


def test_a_range_without_end_says_so(section):
    assert cells(section(PRICES, SWINGS, "sv"))[0][2].endswith("utan slut")


def test_the_lead_names_what_moves_most_and_whose_sum(section):
    lead = section(PRICES, SWINGS).leads[0].striptags()

    assert "“fading en” moves most: by up to SEK 20,000 per start, for the district" in lead


def test_where_nothing_assumed_moves_a_sum_that_is_said(section):
    told = section([price("burden", "H")], SWINGS)

    assert "No assumed price moves a sum" in told.leads[0]
    assert told.blocks == ()


def test_where_nothing_is_valued_there_is_no_section(section):
    assert section(PRICES, []) is None
