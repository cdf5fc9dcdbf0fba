"""Those who started, by hand: what it asked of them and where they were later."""

from datetime import date

import polars as pl

from evalkit.line.tables import table
from evalkit.monitoring.programme.starters import after_start, what_it_asks
from evalkit.params import Extract

EXTRACT = Extract.model_validate(
    {"folder": "x", "first_month": "2017-01", "data_through": "2018-12"}
)


def _episodes(*rows):
    return pl.DataFrame(
        [
            {"person_id": person, "intervention_id": what, "start": start, "hours_per_week": hours}
            for person, what, start, hours in rows
        ],
        schema={
            name: table("episodes").schema[name]
            for name in ("person_id", "intervention_id", "start", "hours_per_week")
        },
    )


def _lives(*rows):
    return pl.DataFrame(
        [
            {"person_id": person, "start_month": first, "stop_month": stop, "from_state": state}
            for person, first, stop, state in rows
        ],
        schema=table("state_intervals").schema,
    )


def test_hours_are_the_mean_of_those_whose_hours_are_known():
    start = date(2017, 6, 1)
    asks = what_it_asks(
        _episodes(
            ("a", "course", start, 10.0),
            ("a", "course", start, 20.0),
            ("b", "course", start, 30.0),
            ("c", "course", start, None),
            ("d", "help", start, None),
        )
    )

    assert asks.rows() == [("course", 2, 20.0, 30.0)]


def test_of_those_who_started_from_support_where_they_were_is_counted():
    june = date(2017, 6, 1)
    starts = _episodes(
        ("works", "course", june, None),
        ("works", "course", date(2017, 9, 1), None),
        ("stays", "course", june, None),
        ("not_from_support", "course", june, None),
        ("too_late", "course", date(2018, 3, 1), None),
        ("at_once", "course", date(2017, 1, 1), None),
    )
    lives = _lives(
        ("works", 0, 10, "support"),
        ("works", 10, 18, "work"),
        ("works", 18, 24, "support"),
        ("stays", 0, 24, "support"),
        ("not_from_support", 0, 24, "work"),
        ("too_late", 0, 24, "support"),
        ("at_once", 0, 24, "support"),
    )

    after = after_start(starts, lives, extract=EXTRACT, months=(12, 24))

    assert after.rows() == [
        ("course", "without_support", 12, "all", 2, 1.0, 2),
        ("course", "without_support", 12, "yes", 1, 0.5, 2),
        ("course", "work", 12, "all", 2, 1.0, 2),
        ("course", "work", 12, "yes", 1, 0.5, 2),
    ]


def test_work_is_not_told_where_nobody_knows_of_any():
    starts = _episodes(("a", "course", date(2017, 6, 1), None))
    lives = _lives(("a", 0, 10, "support"), ("a", 10, 24, "unknown"))

    after = after_start(starts, lives, extract=EXTRACT, months=(12,))

    assert set(after["outcome"]) == {"without_support"}
    assert after.filter(answer="yes")["n_persons"].to_list() == [1]
