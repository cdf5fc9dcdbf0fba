"""Kolada's count: who ended, what counts as a result, and which source is believed."""

from datetime import date

import polars as pl
import pytest

from evalkit.line import tables as line
from evalkit.spells import Extent, ended_participants, ended_participation
from evalkit.spells.ended_participation import with_ranges
from evalkit.tables import conform

EXTENT = Extent(first_month=date(2026, 1, 1), data_through=date(2026, 12, 1), max_gap_months=1)


def _participation(*rows):
    names = ["person_id", "intervention_id", "start", "end", "end_reason"]
    table = pl.DataFrame(
        rows,
        schema=dict.fromkeys(names[:2], pl.String)
        | dict.fromkeys(names[2:4], pl.Date)
        | {"end_reason": pl.String},
        orient="row",
    )
    return pl.concat([line.table("participation").empty(), table], how="diagonal")


def _count(participation, *, livelihood=(), states=(), year=2026):
    ids = participation["person_id"].unique().sort()
    person = pl.DataFrame({"person_id": ids, "district": ["Norr"] * len(ids)})
    lived = pl.DataFrame(
        livelihood,
        schema={"person_id": pl.String, "start": pl.Date, "end": pl.Date, "state": pl.String},
        orient="row",
    )
    intervals = pl.DataFrame(
        [(p, start, "Norr", stop, state, None, 1.0) for p, start, stop, state in states],
        schema=line.table("state_intervals").schema | {},
        orient="row",
    )
    ended = ended_participants(
        participation,
        lived,
        conform(intervals, "state_intervals"),
        person,
        year=year,
        extent=EXTENT,
    )
    return dict(ended.select("person_id", "answer").rows())


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        ("work", "work"),
        ("subsidised_work", "subsidised_work"),
        ("sheltered_work", "other"),
        ("higher_education", "studies"),
        ("training", "other"),
        ("moved", "other"),
        ("unknown", "unknown"),
    ],
)
def test_what_counts_as_a_result(state, answer):
    ended = _participation(("A", "coaching", date(2026, 1, 5), date(2026, 3, 1), None))

    assert _count(ended, livelihood=[("A", date(2026, 3, 1), None, state)]) == {"A": answer}


def test_livelihood_is_believed_before_the_reason_and_the_reason_before_the_months_support():
    ended = _participation(
        *((p, "coaching", date(2026, 1, 5), date(2026, 3, 1), "work") for p in "AB"),
        ("C", "coaching", date(2026, 1, 5), date(2026, 3, 1), "no_code_of_a_state"),
        ("D", "coaching", date(2026, 1, 5), date(2026, 3, 1), None),
    )
    on_support = [(p, 0, 12, "support") for p in "ABC"]

    answers = _count(
        ended, livelihood=[("A", date(2026, 3, 1), None, "pension")], states=on_support
    )

    assert answers == {"A": "other", "B": "work", "C": "other", "D": "unknown"}


def test_the_first_whole_month_after_the_end_is_asked_for():
    ended = _participation(("A", "coaching", date(2026, 1, 5), date(2026, 3, 16), None))
    lives = [
        ("A", date(2026, 3, 1), date(2026, 4, 1), "pension"),
        ("A", date(2026, 4, 1), date(2026, 5, 1), "work"),
    ]

    assert _count(ended, livelihood=lives) == {"A": "work"}


def test_who_goes_on_elsewhere_has_not_ended_and_nobody_counts_twice():
    ended = _participation(
        # Goes on in another one the same day, for good.
        ("A", "coaching", date(2026, 1, 5), date(2026, 3, 1), "work"),
        ("A", "training", date(2026, 3, 1), None, None),
        # Ends twice: the last one counts.
        ("B", "coaching", date(2026, 1, 5), date(2026, 3, 1), "studies"),
        ("B", "coaching", date(2026, 6, 1), date(2026, 9, 1), "work"),
        # Ends in another year.
        ("C", "coaching", date(2025, 1, 5), date(2025, 12, 1), "work"),
    )

    assert _count(ended) == {"B": "work"}


def test_counts_by_part_and_answer_with_wilsons_range():
    answers = ["work"] * 10 + ["studies"] * 10 + ["other"] * 70 + ["unknown"] * 10
    ended = pl.DataFrame(
        {"person_id": [str(i) for i in range(100)], "district": ["Norr"] * 100, "answer": answers}
    )

    table = with_ranges(ended_participation(ended, year=2026))

    rows = {
        row[:3]: row[3:]
        for row in table.select(
            "district", "part", "answer", "n_persons", "share", "ci_lower", "ci_upper"
        ).rows()
    }
    assert len(rows) == 2 * 7
    assert rows["Norr", "result", "all"][:2] == (20, 0.2)
    # Agresti & Coull (1998), table 1 conventions: 20 of 100 is 13.3 to 28.9 per cent.
    assert rows["all", "result", "all"][2:] == pytest.approx((0.1334, 0.2888), abs=5e-5)
    assert rows["Norr", "result", "subsidised_work"][0] == 0
    assert rows["Norr", "no_result", "unknown"][0] == 10
