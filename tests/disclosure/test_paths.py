"""Paths month by month: of how many people, in which months, of which states."""

import polars as pl
import pytest

from evalkit.disclosure import protect_estimates
from evalkit.disclosure.paths import path_months, states_together

KEYS = {"name": "path", "unit": "share", "source": "test", "grade": "M"}


def test_a_path_of_many_is_monthly_and_one_of_fewer_stands_at_the_quoted_months():
    assert path_months(299, 20) == [0, 3, 6, 9, 12, 18, 20]
    assert path_months(300, 4) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("counts", "together"),
    [
        ({"work": [60, 70], "studies": [9, 8], "training": [5, 0]}, []),
        # One small state alone would still be told: the next smallest joins it.
        ({"work": [60, 70], "studies": [9, 8], "training": [3, 9]}, ["studies", "training"]),
        ({"work": [60, 70], "studies": [2, 4], "training": [3, 9]}, ["studies", "training"]),
        ({"work": [60, 70], "studies": [2, 0], "training": [3, 9], "sick": [30, 9]},
         ["studies", "training"]),
    ],
)  # fmt: skip
def test_states_of_one_to_four_people_are_told_together(counts, together):
    assert states_together(counts, kept={"work"}) == together


def test_what_an_effect_is_about_is_told_on_its_own():
    assert states_together({"work": [3], "studies": [2], "sick": [9]}, kept={"work"}) == [
        "sick",
        "studies",
    ]


def _path(**columns) -> pl.DataFrame:
    rows = {
        "month": [0, 3, 6],
        "estimate": [0.0, 0.113, 0.24],
        "n_fewest": 60,
        "person_change": 0.018,
    }
    rows |= {"n_moved": [None, 5, 9], "n_in_state": [60, 7, 14]}
    return pl.DataFrame(rows | columns).with_columns(
        pl.col("month", "n_fewest", "n_moved", "n_in_state").cast(pl.Int32)
    )


@pytest.mark.parametrize(
    ("columns", "statuses"),
    [
        ({}, ["ok", "ok", "ok"]),
        ({"n_fewest": 49}, ["suppressed"] * 3),
        ({"n_moved": [None, 4, 9]}, ["ok", "suppressed", "ok"]),
        ({"n_in_state": [60, 4, 14]}, ["ok", "suppressed", "ok"]),
        ({"n_in_state": [60, None, 0]}, ["ok", "suppressed", "ok"]),
    ],
)
def test_a_month_is_shown_where_enough_people_stand_behind_it(columns, statuses):
    published = protect_estimates(
        _path(**columns),
        keys=["month"],
        values=["estimate"],
        n_persons="n_fewest",
        change="person_change",
        is_path=True,
        **KEYS,
    )

    assert published.data["status"].to_list() == statuses


def test_a_path_has_the_step_of_what_one_person_changes():
    published = protect_estimates(
        _path(),
        keys=["month"],
        values=["estimate"],
        n_persons="n_fewest",
        change="person_change",
        is_path=True,
        **KEYS,
    )

    assert published.data["estimate"].to_list() == [0.0, 0.12, 0.24]
