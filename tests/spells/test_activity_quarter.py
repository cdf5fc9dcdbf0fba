"""The activity requirement in a quarter, counted by hand."""

from datetime import date

import polars as pl
import pytest

from evalkit.errors import ParameterError
from evalkit.line import tables as line
from evalkit.spells import activity_quarter

PERSONS = pl.DataFrame({"person_id": list("ABCDE"), "district": ["Norr"] * 3 + ["Söder"] * 2})


def _table(name, rows):
    return pl.concat([line.table(name).empty(), pl.DataFrame(rows)], how="diagonal_relaxed")


def test_counts_of_a_quarter_by_obstacle():
    plans = _table(
        "activity_plan",
        [
            # Both plans of A hold: the later one's obstacle counts.
            {
                "person_id": "A",
                "start": date(2026, 8, 1),
                "end": date(2026, 11, 1),
                "obstacle": "unemployed",
            },
            {
                "person_id": "A",
                "start": date(2026, 11, 1),
                "end": None,
                "obstacle": "language",
                "grounds_handed_over": date(2026, 12, 31),
            },
            # Ended before the quarter; begins after it.
            {"person_id": "B", "start": date(2026, 7, 1), "end": date(2026, 10, 1)},
            {"person_id": "C", "start": date(2027, 1, 1), "end": None},
            {
                "person_id": "D",
                "start": date(2026, 10, 1),
                "end": None,
                "decision": "reduced",
                "decision_date": date(2026, 11, 5),
                "grounds_handed_over": date(2026, 9, 30),
            },
            {
                "person_id": "E",
                "start": date(2026, 10, 1),
                "end": None,
                "decision": "refused",
                "decision_date": date(2027, 1, 5),
                "obstacle": "language",
            },
        ],
    )
    months = _table(
        "activity_month",
        [
            {
                "person_id": "A",
                "month": date(2026, 12, 1),
                "activity_type": "language",
                "invalid_absence_hours": 4.0,
            },
            {
                "person_id": "D",
                "month": date(2026, 9, 1),
                "activity_type": "language",
                "invalid_absence_hours": 4.0,
            },
            {
                "person_id": "E",
                "month": date(2026, 10, 1),
                "activity_type": "language",
                "invalid_absence_hours": 0.0,
            },
        ],
    )

    table = activity_quarter(plans, months, PERSONS, quarter="2026-Q4")

    n = {
        row[:3]: row[3]
        for row in table.select("district", "obstacle", "measure", "n_persons").rows()
    }
    assert [
        n["all", "all", m]
        for m in ("assigned", "invalid_absence", "grounds_handed_over", "refused_or_reduced")
    ] == [3, 1, 1, 1]
    assert n["Norr", "language", "assigned"] == n["Norr", "language", "invalid_absence"] == 1
    assert n["Söder", "not_stated", "refused_or_reduced"] == 1
    assert n["Söder", "language", "refused_or_reduced"] == 0
    assert set(table["quarter"]) == {"2026-Q4"}


def test_a_quarter_that_cannot_be_read_is_refused():
    with pytest.raises(ParameterError, match="A quarter could not be read"):
        activity_quarter(
            line.table("activity_plan").empty(),
            line.table("activity_month").empty(),
            PERSONS,
            quarter="2026-Q5",
        )
